// SPDX-License-Identifier: Apache-2.0
// The collector: a stream to each checker, decisions, the file of states. On its loop's thread, but
// for the writing of the file, which a worker does.
//
// 1. `stations` are sorted by node id, as the plan's checkers; each has a listener.
// 2. A decision is never nearer than COLLECTOR_APART_NS to the one before, but for a new plan's: so
//    many checkers, whose tables come at different times, cost no more than that.
// 3. At most one write of the file is under way. A decision that changed something begins one, else
//    the end of the one under way does: as decisions are apart, so are they. One that failed is
//    tried again at the next tick.
#include "health/collector.h"

#include "base/alloc.h"
#include "base/check.h"
#include "feed/listener.h"
#include "health/limits.h"
#include "metrics/counters.h"
#include "os/file.h"
#include "os/pool.h"

#include <stdlib.h>

#define FILE_MODE 0600

/** One checker. */
struct station {
    struct collector *collector;
    const struct release_checker *checker; /* of the plan */
    struct feed_listener *listener;
    struct ballot ballot;
    struct quorum_voter tally; /* as of the last decision */
    struct outlier outlier;
    bool is_outlier;
    bool is_fresh;     /* as was told last */
    struct errctx why; /* its stream ended for the last time */
};

/** The writing of the file. */
struct save {
    struct pool_job job;
    char *path;
    struct buf text;
    enum err result;
    struct errctx why;
    bool is_under_way;
    bool is_due; /* the last write failed */
    bool is_told;
};

struct collector {
    struct collector_options options;
    struct net_tls *tls;
    struct pool *pool; /* of one worker; NULL without a path */
    struct save save;
    bool is_ending;           /* nothing begins any more */
    struct health_plan *plan; /* NULL: none yet */
    struct quorum *quorum;
    struct station **stations;
    size_t station_count;
    struct loop_timer tick;
    struct loop_timer soon;
    int64_t decided_ns;
    bool is_gathered;  /* the votes there are may decide */
    int64_t gather_ns; /* since when some count, while they may not; 0: none does */
};

static struct quorum_now now_is(void)
{
    return (struct quorum_now){time_monotonic_ns(), time_unix_ms() / MS_PER_S};
}

static void tell(const struct collector *c, const struct collector_event *event)
{
    if (c->options.on_event != NULL)
        c->options.on_event(c->options.user, event);
}

/* ---- the file */

/* On the worker. */
static void save_run(struct pool_job *job, void *worker_state)
{
    struct save *save = CONTAINER_OF(job, struct save, job);
    (void)worker_state;
    save->why = (struct errctx){0};
    save->result = file_replace(save->path, buf_slice(&save->text), FILE_MODE, &save->why);
}

/* Begins to write, where there is something new. */
static bool save_begin(struct collector *c)
{
    const struct quorum_now now = now_is();
    if (c->save.path == NULL || c->save.is_under_way ||
        (!quorum_is_changed(c->quorum) && !c->save.is_due))
        return false;
    buf_clear(&c->save.text);
    quorum_encode(c->quorum, &now, &c->save.text);
    c->save.is_under_way = true;
    return true;
}

static void save_changes(struct collector *c)
{
    if (save_begin(c))
        CHECK(pool_submit(c->pool, &c->save.job)); /* its queue is empty */
}

static void save_done(struct pool_job *job)
{
    struct save *save = CONTAINER_OF(job, struct save, job);
    struct collector *c = CONTAINER_OF(save, struct collector, save);
    save->is_under_way = false;
    save->is_due = save->result != ERR_OK;
    if (save->is_due && !save->is_told)
        tell(c, &(struct collector_event){.kind = COLLECTOR_NOT_WRITTEN, .why = &save->why});
    save->is_told = save->is_due;
    if (!save->is_due && !c->is_ending)
        save_changes(c);
}

/* What was known before; without it every check is as if nobody had voted on it. */
static void read_states(struct collector *c)
{
    AUTO_ARENA struct arena a = {0};
    struct errctx why = {0};
    struct slice text;
    const struct quorum_now now = now_is();
    enum err e = file_read(&a, c->save.path, STATE_FILE_MAX_BYTES, &text, &why);
    if (e == ERR_NOT_FOUND)
        return;
    if (e == ERR_OK)
        e = quorum_restore(c->quorum, text, &now, &why);
    if (e != ERR_OK)
        tell(c, &(struct collector_event){.kind = COLLECTOR_NOT_READ, .why = &why});
}

/* ---- decisions */

static void tell_of(struct station *s, enum collector_event_kind kind)
{
    const struct collector_event event = {.kind = kind,
                                          .checker = s->checker,
                                          .disagreements = s->tally.disagreements,
                                          .why = s->why.text[0] == '\0' ? NULL : &s->why};
    tell(s->collector, &event);
}

/* Whether its votes count, and whether it is alone with them. */
static void look_at(struct station *s, int64_t now_ns)
{
    bool is_fresh = ballot_is_fresh(&s->ballot, now_ns);
    bool is_outlier = outlier_look(&s->outlier, &s->tally, now_ns);
    if (is_fresh != s->is_fresh)
        tell_of(s, is_fresh ? COLLECTOR_CHECKER_FRESH : COLLECTOR_CHECKER_LOST);
    if (is_outlier != s->is_outlier)
        tell_of(s, is_outlier ? COLLECTOR_OUTLIER : COLLECTOR_OUTLIER_OVER);
    s->is_fresh = is_fresh;
    s->is_outlier = is_outlier;
}

static void show(const struct collector *c, const struct check_states *states)
{
    size_t fresh = 0;
    size_t outliers = 0;
    for (size_t i = 0; i < c->station_count; i++) {
        fresh += c->stations[i]->is_fresh;
        outliers += c->stations[i]->is_outlier;
    }
    metrics_set(METRIC_HEALTH_CHECKERS, c->station_count);
    metrics_set(METRIC_HEALTH_CHECKERS_FRESH, fresh);
    metrics_set(METRIC_HEALTH_OUTLIERS, outliers);
    metrics_set(METRIC_HEALTH_CHECKS, c->plan->check_count);
    metrics_set(METRIC_HEALTH_UNHEALTHY, states->unhealthy_count);
    metrics_set(METRIC_HEALTH_FROZEN, states->frozen_count);
    metrics_add(METRIC_HEALTH_CHANGES, states->changed_count);
    metrics_add(METRIC_HEALTH_FLAPS, states->flap_count);
}

/* Whether votes may decide. The first checker that is heard after a start, or after all were lost,
 * may be the one that is wrong: so the others are waited for, but not for long. */
static bool gather(struct collector *c, int64_t now_ns)
{
    size_t trusted = 0;
    size_t fresh = 0;
    for (size_t i = 0; i < c->station_count; i++) {
        const struct station *s = c->stations[i];
        trusted += !s->checker->is_excluded;
        fresh += !s->checker->is_excluded && ballot_is_fresh(&s->ballot, now_ns);
    }
    if (fresh == 0) {
        c->is_gathered = false;
        c->gather_ns = 0;
        return false;
    }
    if (c->gather_ns == 0)
        c->gather_ns = now_ns;
    if (fresh == trusted || now_ns - c->gather_ns >= COLLECTOR_GATHER_NS)
        c->is_gathered = true;
    return c->is_gathered;
}

static void decide(struct collector *c)
{
    struct quorum_voter voters[CHECKERS_MAX];
    struct check_states states;
    const struct quorum_now now = now_is();
    if (c->plan == NULL)
        return;
    size_t count = gather(c, now.ns) ? c->station_count : 0;
    for (size_t i = 0; i < c->station_count; i++) {
        const struct station *s = c->stations[i];
        voters[i] =
            (struct quorum_voter){.ballot = &s->ballot, .is_excluded = s->checker->is_excluded};
    }
    quorum_decide(c->quorum, voters, count, &now);
    for (size_t i = 0; i < c->station_count; i++) {
        c->stations[i]->tally = voters[i];
        look_at(c->stations[i], now.ns);
    }
    quorum_states(c->quorum, &states);
    show(c, &states);
    c->options.on_states(c->options.user, &states);
    c->decided_ns = now.ns;
    if (quorum_is_changed(c->quorum))
        save_changes(c);
}

static void on_soon(struct loop_timer *timer)
{
    decide(timer->user);
}

static void on_tick(struct loop_timer *timer)
{
    struct collector *c = timer->user;
    decide(c);
    save_changes(c);
}

static void decide_soon(struct collector *c)
{
    int64_t wait_ns = c->decided_ns + COLLECTOR_APART_NS - time_monotonic_ns();
    wait_ns = wait_ns > COLLECTOR_SOON_NS ? wait_ns : COLLECTOR_SOON_NS;
    if (c->soon.loop == NULL)
        loop_timer_set(c->options.loop, &c->soon, wait_ns, 0);
}

/* ---- stations */

static const enum metric refusals[BALLOT_RESULT_COUNT] = {
    [BALLOT_REPEATED] = METRIC_HEALTH_TABLES_REPEATED,
    [BALLOT_OTHER_RUN] = METRIC_HEALTH_TABLES_OTHER_RUN,
    [BALLOT_LATE] = METRIC_HEALTH_TABLES_LATE,
    [BALLOT_DAMAGED] = METRIC_HEALTH_TABLES_DAMAGED,
};

static enum err on_votes(void *user, struct slice votes, struct errctx *ec)
{
    struct station *s = user;
    struct errctx why = {0};
    const struct ballot_now now = {time_monotonic_ns(), time_unix_ms()};
    enum ballot_result result = ballot_take(&s->ballot, votes, &now, &why);
    if (result == BALLOT_TAKEN) {
        metrics_add(METRIC_HEALTH_TABLES_TAKEN, 1);
        decide_soon(s->collector);
        return ERR_OK;
    }
    metrics_add(refusals[result], 1);
    return result == BALLOT_REPEATED ? ERR_OK : err_set(ec, why.code, "%s", why.text);
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct station *s = user;
    if (is_up)
        ballot_connected(&s->ballot);
    else
        s->why = *why;
}

static struct net_address address_of(const struct release_checker *checker)
{
    struct net_address address = {0};
    if (checker->address_bytes == sizeof(address.in.sin_addr)) {
        address.in.sin_family = AF_INET;
        memcpy(&address.in.sin_addr, checker->address, sizeof(address.in.sin_addr));
        address.len = sizeof(address.in);
    } else {
        address.in6.sin6_family = AF_INET6;
        memcpy(&address.in6.sin6_addr, checker->address, sizeof(address.in6.sin6_addr));
        address.len = sizeof(address.in6);
    }
    net_address_set_port(&address, checker->port);
    return address;
}

static void station_follow(struct station *s)
{
    const struct collector *c = s->collector;
    const struct feed_client_options options = {.address = address_of(s->checker),
                                                .tls = c->tls,
                                                .silence_ns = COLLECTOR_FRESH_NS,
                                                .backoff_first_ns = COLLECTOR_BACKOFF_FIRST_NS,
                                                .backoff_last_ns = COLLECTOR_BACKOFF_LAST_NS};
    const struct feed_listener_handler handler = {on_votes, on_state, s};
    s->listener = feed_listener_new(c->options.loop, &options, s->checker->public_key, &handler);
}

static struct station *station_new(struct collector *c, const struct release_checker *checker)
{
    struct station *s = NEW(struct station);
    s->collector = c;
    s->checker = checker;
    ballot_init(&s->ballot, c->options.keeps_failures);
    station_follow(s);
    return s;
}

static void station_free(struct station *s)
{
    feed_listener_free(s->listener);
    ballot_fini(&s->ballot);
    free(s);
}

static bool is_same_server(const struct release_checker *a, const struct release_checker *b)
{
    return a->address_bytes == b->address_bytes && a->port == b->port &&
           memcmp(a->address, b->address, a->address_bytes) == 0 &&
           memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0;
}

/* The checker as a newer plan has it. */
static void station_update(struct station *s, const struct release_checker *checker)
{
    bool has_moved = !is_same_server(s->checker, checker);
    s->checker = checker;
    if (!has_moved)
        return;
    feed_listener_free(s->listener);
    station_follow(s);
}

static void set_stations(struct collector *c, const struct health_plan *plan)
{
    size_t count = min_size(plan->checker_count, CHECKERS_MAX);
    struct station **stations = mem_new(count, sizeof(*stations));
    size_t old = 0;
    for (size_t i = 0; i < count; i++) {
        const struct release_checker *checker = &plan->checkers[i];
        while (old < c->station_count &&
               strcmp(c->stations[old]->checker->node_id, checker->node_id) < 0)
            station_free(c->stations[old++]);
        if (old < c->station_count &&
            strcmp(c->stations[old]->checker->node_id, checker->node_id) == 0) {
            stations[i] = c->stations[old++];
            station_update(stations[i], checker);
        } else {
            stations[i] = station_new(c, checker);
        }
    }
    while (old < c->station_count)
        station_free(c->stations[old++]);
    free(c->stations);
    c->stations = stations;
    c->station_count = count;
}

void collector_set_plan(struct collector *c, struct health_plan *plan)
{
    struct health_plan *before = c->plan;
    c->plan = health_plan_ref(plan);
    set_stations(c, plan);
    quorum_set_plan(c->quorum, plan);
    decide(c);
    health_plan_unref(before);
}

/* ---- life */

enum err collector_new(const struct collector_options *options, struct collector **out,
                       struct errctx *ec)
{
    const struct net_identity *identity = options->identity;
    struct net_tls *tls;
    enum err e = net_tls_fleet_client_new(identity->cert_pem, identity->key_pem, (struct slice){0},
                                          &tls, ec);
    if (e != ERR_OK)
        return e;
    struct collector *c = NEW(struct collector);
    c->options = *options;
    c->tls = tls;
    c->quorum = quorum_new();
    c->soon = (struct loop_timer){.on_time = on_soon, .user = c};
    c->tick = (struct loop_timer){.on_time = on_tick, .user = c};
    c->save.job = (struct pool_job){.run = save_run, .on_done = save_done};
    if (options->path != NULL) {
        c->save.path = mem_strdup(options->path);
        c->pool =
            pool_new(options->loop, &(struct pool_options){.thread_count = 1, .queue_limit = 1});
        read_states(c);
    }
    loop_timer_set(options->loop, &c->tick, COLLECTOR_TICK_NS, COLLECTOR_TICK_NS);
    *out = c;
    return ERR_OK;
}

void collector_free(struct collector *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->station_count; i++)
        station_free(c->stations[i]);
    loop_timer_stop(&c->soon);
    loop_timer_stop(&c->tick);
    c->is_ending = true;
    pool_free(c->pool);
    if (save_begin(c)) {
        save_run(&c->save.job, NULL);
        save_done(&c->save.job);
    }
    quorum_free(c->quorum);
    health_plan_unref(c->plan);
    net_tls_free(c->tls);
    buf_fini(&c->save.text);
    free(c->save.path);
    free(c->stations);
    free(c);
}

/* ---- views */

void collector_checkers(const struct collector *c, struct arena *a, struct checker_view **out,
                        size_t *out_count)
{
    int64_t now_ns = time_monotonic_ns();
    struct checker_view *views = arena_array(a, c->station_count, sizeof(*views));
    for (size_t i = 0; i < c->station_count; i++) {
        const struct station *s = c->stations[i];
        const struct ballot *b = &s->ballot;
        views[i] = (struct checker_view){
            .checker = s->checker,
            .is_fresh = ballot_is_fresh(b, now_ns),
            .is_outlier = s->is_outlier,
            .disagreements = s->tally.disagreements,
            .age_ms = b->has_table ? (now_ns - b->received_ns) / NS_PER_MS : -1};
    }
    *out = views;
    *out_count = c->station_count;
}

static struct vote_view view_of(const struct collector *c, const struct station *s,
                                const struct vote *v, int64_t now_ns)
{
    const struct ballot *b = &s->ballot;
    ptrdiff_t place = health_plan_find(c->plan, &v->check);
    int64_t age_ms = ballot_vote_age_ns(b, v, now_ns) / NS_PER_MS;
    struct vote_view view = {
        .checker = s->checker, .vote = *v, .checked_unix_ms = time_unix_ms() - age_ms};
    view.is_counted = place >= 0 && !s->checker->is_excluded &&
                      quorum_counts(b, v, c->plan->checks[place].check, now_ns);
    if (b->failures != NULL) {
        const struct ballot_failure *failure = &b->failures[v - b->table.votes];
        view.last_failure = failure->vote;
        view.failed_unix_ms = failure->unix_ms;
    }
    return view;
}

void collector_votes(const struct collector *c, struct arena *a, const struct check_id *check,
                     struct vote_view **out, size_t *out_count)
{
    int64_t now_ns = time_monotonic_ns();
    size_t count = 0;
    struct vote_view *views = arena_array(a, c->station_count, sizeof(*views));
    for (size_t i = 0; i < c->station_count; i++) {
        const struct station *s = c->stations[i];
        const struct vote *v =
            s->ballot.has_table ? vote_table_find(&s->ballot.table, check) : NULL;
        if (v != NULL)
            views[count++] = view_of(c, s, v, now_ns);
    }
    *out = views;
    *out_count = count;
}
