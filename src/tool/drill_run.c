// SPDX-License-Identifier: Apache-2.0
// One drill. On the main thread of the command: checks that block, then a loop until it is over.
//
// 1. Nothing is said to have failed before all was well for a while, and the alternatives answer.
// 2. From the first call on the override is renewed until it is cleared; however the loop ends,
//    drill_override_free clears it. What ends the process without that leaves the lease to end it.
#include "tool/drill_run.h"

#include "base/check.h"
#include "base/time.h"
#include "tool/drill_override.h"

#include <signal.h>
#include <stdio.h>

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

struct run {
    const struct drill_run_options *options;
    struct drill_timeline *timeline;
    struct drill_course course;
    struct loop *loop;
    struct loop_signal signals[ARRAY_LEN(ending_signals)];
    struct drill_sampler *sampler;
    struct drill_override *override;
    unsigned ready_count; /* intervals since the failure was due */
    bool is_calling;      /* an override is on its way: nothing else is decided */
    bool has_told_outage;
    bool has_told_return;
    const char *cut_short;
    enum err result;
    struct errctx failure;
};

/* A line of progress, with the time since the start. */
static void say(const struct run *run, const char *words)
{
    double at_s = (double)(loop_now_ns(run->loop) - run->timeline->start_ns) / (double)NS_PER_S;
    (void)printf("%7.1f s  %s\n", at_s, words);
    (void)fflush(stdout);
}

static void stop(struct run *run, const char *cut_short)
{
    run->cut_short = cut_short;
    loop_stop(run->loop);
}

static void fail(struct run *run, const struct errctx *why)
{
    run->result = why->code;
    run->failure = *why;
    stop(run, "a call of the API failed");
}

/* ---- what happens */

static void on_signal(struct loop_signal *sig, int signo)
{
    struct run *run = sig->user;
    (void)signo;
    stop(run, "it was interrupted");
}

static void on_full(void *user)
{
    struct run *run = user;
    stop(run, "it saw more than it can keep");
}

static void on_event(void *user, enum drill_override_event event, int64_t sent_ns,
                     const struct errctx *why)
{
    struct run *run = user;
    if (event == DRILL_OVERRIDE_RENEWED) {
        if (why != NULL)
            (void)fprintf(stderr, "weir drill: the override was not renewed: %s\n", why->text);
        return;
    }
    run->is_calling = false;
    if (why != NULL) {
        fail(run, why);
    } else if (event == DRILL_OVERRIDE_SET) {
        run->timeline->failed_ns = sent_ns;
        say(run, "the primary is said to have failed");
    } else {
        run->timeline->back_ns = sent_ns;
        say(run, "the primary is put back");
    }
}

static void give_up(struct run *run, const char *reason)
{
    run->result = err_set(&run->failure, ERR_INVALID, "%s", reason);
    stop(run, reason);
}

/* Clients are worst off whose resolver asked just before the failure: so does ours. It asks at the
 * next interval, and has its answer by the one after. */
static void start_failure(struct run *run)
{
    if (run->ready_count++ == 0)
        drill_sampler_ask_anew(run->sampler);
    if (run->ready_count <= 2)
        return;
    run->is_calling = true;
    drill_override_set(run->override);
}

static void take_step(struct run *run, enum drill_step step, const char *reason)
{
    switch (step) {
    case DRILL_GO_ON:
        break;
    case DRILL_FAIL:
        start_failure(run);
        break;
    case DRILL_RETURN:
        run->is_calling = true;
        drill_override_clear(run->override);
        break;
    case DRILL_FINISH:
        stop(run, NULL);
        break;
    case DRILL_GIVE_UP:
        give_up(run, reason);
        break;
    }
}

/* A real outage, once it shows, and its end. */
static void tell_outage(struct run *run)
{
    const struct drill_timeline *t = run->timeline;
    if (t->is_override)
        return;
    if (t->failed_ns != 0 && !run->has_told_outage)
        say(run, "the primary has failed");
    if (t->back_ns != 0 && !run->has_told_return)
        say(run, "the primary is back");
    run->has_told_outage = t->failed_ns != 0;
    run->has_told_return = t->back_ns != 0;
}

static void on_interval(void *user)
{
    struct run *run = user;
    const char *reason = NULL;
    if (run->is_calling)
        return;
    enum drill_step step = drill_next(&run->course, run->timeline, loop_now_ns(run->loop), &reason);
    tell_outage(run);
    take_step(run, step, reason);
}

/* ---- before */

/* The addresses of a primary that is an alias are those that are answered while all is well. */
static enum err find_addresses(struct drill_target *t, const struct net_address *server,
                               struct errctx *ec)
{
    struct drill_answer answer = {0};
    enum err e = drill_ask(t, server, &answer, ec);
    if (e != ERR_OK || t->addresses.count > 0)
        return e;
    if (answer.addresses.count == 0)
        return err_set(ec, ERR_INVALID, "the name server has no address of %s", t->name);
    if (drill_addresses_meet(&answer.addresses, &t->alternatives))
        return err_set(ec, ERR_INVALID, "the primary has failed already");
    t->addresses = answer.addresses;
    return ERR_OK;
}

/* A drill that takes clients to where nobody answers would be an outage. */
static enum err check_alternatives(const struct drill_run_options *o, struct errctx *ec)
{
    const struct drill_addresses *others = &o->target->alternatives;
    if (!o->http.is_on || others->count == 0)
        return ERR_OK;
    for (size_t i = 0; i < others->count; i++)
        if (drill_request(&o->http, &others->items[i], o->target->type))
            return ERR_OK;
    return err_set(ec, ERR_INVALID, "no other set answers requests: the drill would be an outage");
}

static void set_course(struct run *run)
{
    const struct drill_run_options *o = run->options;
    int64_t settle_ns =
        o->target->is_exclusive ? TOOL_DRILL_SETTLE_NS : TOOL_DRILL_SETTLE_SHARED_NS;
    int64_t fail_ns = (int64_t)o->target->ttl_s * NS_PER_S + TOOL_DRILL_FAIL_NS;
    if (fail_ns < o->rto_ns + settle_ns)
        fail_ns = o->rto_ns + settle_ns;
    run->course = (struct drill_course){.before_ns = TOOL_DRILL_BEFORE_NS,
                                        .settle_ns = settle_ns,
                                        .fail_ns = fail_ns,
                                        .outage_ns = TOOL_DRILL_OUTAGE_NS};
}

/* ---- the loop */

static void watch_signals(struct run *run, bool is_on)
{
    for (size_t i = 0; i < ARRAY_LEN(ending_signals); i++) {
        if (is_on) {
            run->signals[i] = (struct loop_signal){.on_signal = on_signal, .user = run};
            loop_signal_set(run->loop, &run->signals[i], ending_signals[i]);
        } else {
            loop_signal_stop(&run->signals[i]);
        }
    }
}

static enum err sample(struct run *run, struct errctx *ec)
{
    const struct drill_run_options *o = run->options;
    const struct drill_override_options override = {.loop = run->loop,
                                                    .client = o->client,
                                                    .health_check_id = o->target->health_check_id,
                                                    .lease_s = o->lease_s,
                                                    .on_event = on_event,
                                                    .user = run};
    const struct drill_sampler_options sampling = {.loop = run->loop,
                                                   .target = o->target,
                                                   .server = o->server,
                                                   .http = o->http,
                                                   .is_direct =
                                                       !run->timeline->is_override && o->http.is_on,
                                                   .interval_ns = o->interval_ns,
                                                   .timeline = run->timeline,
                                                   .on_interval = on_interval,
                                                   .on_full = on_full,
                                                   .user = run};
    enum err e = drill_sampler_new(&sampling, &run->sampler, ec);
    if (e != ERR_OK)
        return e;
    if (run->timeline->is_override)
        run->override = drill_override_new(&override);
    say(run, "all is to be well before anything fails");
    if (o->target->ttl_s >= TOOL_DRILL_TOLD_TTL_S)
        (void)printf("           answers are kept for up to %u s, and the drill takes longer\n",
                     o->target->ttl_s);
    loop_run(run->loop);
    drill_sampler_free(run->sampler);
    struct errctx left = {0};
    if (drill_override_free(run->override, &left) != ERR_OK)
        return err_set(ec, left.code,
                       "the override could not be taken back (%s): it ends by itself within %u s",
                       left.text, o->lease_s);
    if (run->result != ERR_OK && ec != NULL)
        *ec = run->failure;
    return run->result;
}

enum err drill_run(const struct drill_run_options *options, struct drill_timeline *timeline,
                   const char **out_cut_short, struct errctx *ec)
{
    struct run run = {.options = options, .timeline = timeline};
    enum err e = find_addresses(options->target, &options->server, ec);
    if (e == ERR_OK)
        e = check_alternatives(options, ec);
    if (e != ERR_OK)
        return e;
    run.loop = loop_new(true);
    timeline->is_exclusive = options->target->is_exclusive;
    timeline->start_ns = loop_now_ns(run.loop);
    set_course(&run);
    watch_signals(&run, true);
    e = sample(&run, ec);
    watch_signals(&run, false);
    loop_free(run.loop);
    if (e == ERR_OK)
        *out_cut_short = run.cut_short;
    return e;
}
