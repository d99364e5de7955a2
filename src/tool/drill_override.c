// SPDX-License-Identifier: Apache-2.0
// The override of a drill. On the loop of the command; its calls on a thread of their own, one at a
// time.
#include "tool/drill_override.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "os/pool.h"
#include "tool/limits.h"

#include <stdlib.h>

struct drill_override {
    struct drill_override_options options;
    struct pool *pool;
    struct loop_timer renewal;
    bool is_wanted; /* set, and not yet to be cleared */
    bool may_be_set;
    bool was_set; /* the first call succeeded */
    bool is_free; /* drill_override_free: no further call is begun */
    /* The call under way: */
    struct pool_job job;
    bool is_busy;
    bool is_clearing;
    int64_t sent_ns;
    enum err result;
    struct errctx failure;
};

/* Healthy is null to clear. */
static enum err call(const struct drill_override_options *options, bool is_clearing,
                     struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_JSON json_t *input =
        is_clearing ? json_pack("{s:s, s:n}", "HealthCheckId", options->health_check_id, "Healthy")
                    : json_pack("{s:s, s:b, s:i}", "HealthCheckId", options->health_check_id,
                                "Healthy", 0, "LeaseSeconds", (int)options->lease_s);
    AUTO_JSON json_t *output = NULL;
    return tool_weir_call(options->client, &a, "SetHealthOverride", input, &output, ec);
}

/* On the worker. */
static void run_call(struct pool_job *job, void *worker_state)
{
    struct drill_override *o = CONTAINER_OF(job, struct drill_override, job);
    (void)worker_state;
    o->sent_ns = time_monotonic_ns();
    o->failure = (struct errctx){0};
    o->result = call(&o->options, o->is_clearing, &o->failure);
}

static void start_call(struct drill_override *o)
{
    o->is_busy = true;
    o->is_clearing = !o->is_wanted;
    o->may_be_set = true;
    CHECK(pool_submit(o->pool, &o->job));
}

static void on_done(struct pool_job *job)
{
    struct drill_override *o = CONTAINER_OF(job, struct drill_override, job);
    bool is_good = o->result == ERR_OK;
    bool is_outdated = o->is_clearing != !o->is_wanted;
    enum drill_override_event event = o->is_clearing ? DRILL_OVERRIDE_CLEARED
                                      : o->was_set   ? DRILL_OVERRIDE_RENEWED
                                                     : DRILL_OVERRIDE_SET;
    o->is_busy = false;
    if (o->is_clearing && is_good)
        o->may_be_set = false;
    o->was_set = o->was_set || (!o->is_clearing && is_good);
    if (o->is_free)
        return;
    if (is_outdated)
        start_call(o);
    o->options.on_event(o->options.user, event, o->sent_ns, is_good ? NULL : &o->failure);
}

static void renew(struct loop_timer *timer)
{
    struct drill_override *o = timer->user;
    if (!o->is_busy)
        start_call(o);
}

struct drill_override *drill_override_new(const struct drill_override_options *options)
{
    const struct pool_options pool = {.thread_count = 1, .queue_limit = 1};
    struct drill_override *o = NEW(struct drill_override);
    o->options = *options;
    o->pool = pool_new(options->loop, &pool);
    o->renewal = (struct loop_timer){.on_time = renew, .user = o};
    o->job = (struct pool_job){.run = run_call, .on_done = on_done};
    return o;
}

void drill_override_set(struct drill_override *o)
{
    int64_t period_ns = (int64_t)o->options.lease_s * NS_PER_S / TOOL_DRILL_RENEWALS;
    o->is_wanted = true;
    loop_timer_set(o->options.loop, &o->renewal, period_ns, period_ns);
    if (!o->is_busy)
        start_call(o);
}

void drill_override_clear(struct drill_override *o)
{
    o->is_wanted = false;
    loop_timer_stop(&o->renewal);
    if (!o->is_busy)
        start_call(o);
}

enum err drill_override_free(struct drill_override *o, struct errctx *ec)
{
    if (o == NULL)
        return ERR_OK;
    loop_timer_stop(&o->renewal);
    o->is_free = true;
    pool_free(o->pool);
    enum err e = o->may_be_set ? call(&o->options, true, ec) : ERR_OK;
    free(o);
    return e;
}
