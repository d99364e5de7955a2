// SPDX-License-Identifier: Apache-2.0
// The rollout's thread: a loop that wakes for commits, reports and time, asks the core what to do
// next, and does it. Everything happens in this order on this thread; only the collector and the
// readers of the status are elsewhere.
#include "control/rollout/rollout.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/counters.h"
#include "metrics/log.h"
#include "net/tls.h"
#include "os/process.h"

#include <signal.h>

/* Actions of one turn: many carried versions are the longest chain; then other events come in. */
#define ACTIONS_PER_TURN 64

void rollout_schedule(struct rollout *r)
{
    loop_timer_set(r->loop, &r->run, 0, 0);
}

static void run_at(struct rollout *r, int64_t at_ns)
{
    int64_t now_ns = time_monotonic_ns();
    loop_timer_set(r->loop, &r->run, at_ns > now_ns ? at_ns - now_ns : 0, 0);
}

static enum err act(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    if (action->kind == CORE_CUT)
        return rollout_cut(r, action->version, ec);
    return rollout_act(r, action, ec);
}

/** Logs once that the store is older than what nodes hold, and which node says so. */
static void tell_behind(struct rollout *r)
{
    const struct roster_node *ahead = r->core->is_leader ? core_ahead(r->core) : NULL;
    bool is_behind = ahead != NULL;
    if (is_behind && !r->is_behind_told)
        LOG(LOG_ERROR, "a node holds a newer pointer than the store: nothing is published",
            LOG_STR("node", ahead->id), LOG_U64("epoch", ahead->at.epoch),
            LOG_U64("sequence", ahead->at.sequence),
            LOG_U64("store_epoch", r->core->published.epoch),
            LOG_U64("store_sequence", r->core->published.sequence));
    r->is_behind_told = is_behind;
}

/** Logs each node that begins to reject the stable release, which stays for the others. */
static void tell_rejections(struct rollout *r)
{
    for (size_t i = 0; i < r->core->roster.count; i++) {
        struct roster_node *n = r->core->roster.nodes[i];
        bool rejects = core_rejects_stable(r->core, n, time_monotonic_ns());
        if (rejects && !n->is_rejection_told)
            LOG(LOG_ERROR,
                "a node rejects the stable release, which is not taken back: changes wait for it",
                LOG_STR("node", n->id), LOG_STR("reason", n->reason));
        n->is_rejection_told = rejects;
    }
}

/** Does what there is to do now; arms the timer for what there is later. */
static void run(struct rollout *r)
{
    struct core_action action = {.kind = CORE_NOTHING};
    bool is_changed = false;
    r->has_yielded = false;
    for (unsigned i = 0; i < ACTIONS_PER_TURN; i++) {
        struct errctx ec = {0};
        core_next(r->core, time_monotonic_ns(), &action);
        if (action.kind == CORE_NOTHING)
            break;
        is_changed = true;
        bool is_done = act(r, &action, &ec) == ERR_OK;
        if (is_done && atomic_load(&r->wake_posted))
            break; /* what was committed meanwhile may be an invalidation */
        if (is_done)
            continue;
        LOG(LOG_ERROR, "the rollout begins anew from the store", LOG_ERR(&ec));
        rollout_unlead(r);
        break;
    }
    if (action.kind != CORE_NOTHING)
        rollout_schedule(r);
    else if (action.at_ns < INT64_MAX)
        run_at(r, action.at_ns);
    tell_behind(r);
    if (is_changed)
        rollout_write_status(r);
}

static void on_run(struct loop_timer *timer)
{
    struct rollout *r = timer->user;
    if (r->are_pops_due) {
        rollout_write_checkers(r, time_monotonic_ns());
        rollout_write_pops(r, time_monotonic_ns());
    }
    run(r);
}

/** Versions and nodes as the store has them now. */
static void look(struct rollout *r)
{
    uint64_t version = 0;
    struct errctx ec = {0};
    enum err err = store_version(r->writer, &version, &ec);
    if (err == ERR_OK)
        err = rollout_read_nodes(r, &ec);
    if (err == ERR_OK)
        core_see_version(r->core, version);
    else
        LOG(LOG_WARNING, "store cannot be read", LOG_ERR(&ec));
}

/** Lets what was written to nodes leave before a compile begins, which may take long. */
static void yield(struct rollout *r)
{
    r->has_yielded = true;
    loop_timer_set(r->loop, &r->run, ROLLOUT_YIELD_NS, 0);
}

static void on_wake(void *rollout)
{
    struct rollout *r = rollout;
    atomic_store(&r->wake_posted, false);
    if (atomic_load(&r->is_stopping)) {
        loop_stop(r->loop);
        return;
    }
    bool is_told = invalidations_read(r->invalidations);
    look(r);
    if (is_told && !r->has_yielded)
        yield(r);
    else
        run(r);
}

void rollout_wake(void *rollout)
{
    struct rollout *r = rollout;
    if (!atomic_exchange(&r->wake_posted, true))
        loop_post(r->loop, on_wake, r);
}

static void on_tick(struct loop_timer *timer)
{
    struct rollout *r = timer->user;
    rollout_renew(r);
    look(r);
    run(r);
    tell_rejections(r);
    rollout_write_checkers(r, time_monotonic_ns());
    rollout_write_pops(r, time_monotonic_ns());
    rollout_drop_pending(r, time_monotonic_ns());
    rollout_collect_if_due(r, time_monotonic_ns());
    invalidations_tick(r->invalidations);
    rollout_count(r);
    rollout_write_status(r);
}

/** A long compile goes on: the lease must not run out meanwhile. */
static void on_flush(void *user)
{
    struct rollout *r = user;
    uint64_t epoch = 0;
    if (time_monotonic_ns() - r->lease_taken_ns < r->limits.tick_ns)
        return;
    r->lease_taken_ns = time_monotonic_ns();
    if (store_lease_take(r->writer, r->options.holder, time_unix_ms(), r->limits.lease_ms, &epoch,
                         NULL) != ERR_OK)
        LOG(LOG_WARNING, "the lease cannot be renewed");
}

static void *thread_main(void *arg)
{
    struct rollout *r = arg;
    crash_report_thread_start();
    metrics_bind_thread(METRICS_CONTROL, ROLLOUT_METRICS_SLOT);
    loop_run(r->loop);
    return NULL;
}

static enum err fleet_of(const struct control_keys *keys, uint8_t out[SHA256_BYTES],
                         struct errctx *ec)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    enum err err = cert_public_key(keys->fleet_root_pem, public_key, ec);
    if (err != ERR_OK)
        return err;
    sha256(slice_of(public_key, sizeof(public_key)), out);
    if (keys->control_pem.len == 0)
        return err_set(ec, ERR_DENIED, "no certificate for the listener of the nodes");
    return ERR_OK;
}

static enum err open_parts(struct rollout *r, struct errctx *ec)
{
    const struct control_keys *keys = r->options.keys;
    enum err err = fleet_of(keys, r->fleet, ec);
    if (err == ERR_OK)
        err = net_tls_fleet_server_new(keys->control_pem, keys->identity.key_pem, &r->tls, ec);
    if (err == ERR_OK)
        err = store_connect(r->options.store, &r->reader, ec);
    if (err == ERR_OK)
        err = store_connect(r->options.store, &r->writer, ec);
    if (err == ERR_OK)
        err = rollout_first_start(r->writer, &r->options, &r->seed, ec);
    if (err == ERR_OK)
        err = rollout_read_nodes(r, ec);
    if (err == ERR_OK)
        err = invalidations_new(r, &r->invalidations, ec);
    return err;
}

static void rollout_free(struct rollout *r)
{
    chunk_collector_free(r->collector);
    feed_server_free(r->feed);
    invalidations_free(r->invalidations);
    loop_timer_stop(&r->tick);
    loop_timer_stop(&r->run);
    loop_free(r->loop);
    chunk_box_fini(&r->box);
    held_set_fini(&r->stable_held);
    held_set_fini(&r->candidate_held);
    core_fini(r->core);
    mem_cleanup(&r->core);
    store_disconnect(r->reader);
    store_disconnect(r->writer);
    net_tls_free(r->tls);
    buf_fini(&r->pointer);
    buf_fini(&r->status_text);
    pthread_mutex_destroy(&r->status_lock);
    mem_cleanup(&r);
}

/** Signals are the main thread's. */
static int thread_start(struct rollout *r)
{
    sigset_t all;
    sigset_t before;
    CHECK(sigfillset(&all) == 0);
    CHECK(sigdelset(&all, SIGSEGV) == 0 && sigdelset(&all, SIGBUS) == 0 &&
          sigdelset(&all, SIGILL) == 0 && sigdelset(&all, SIGFPE) == 0 &&
          sigdelset(&all, SIGABRT) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, &all, &before) == 0);
    int failure = pthread_create(&r->thread, NULL, thread_main, r);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return failure;
}

static struct rollout *rollout_new(const struct rollout_options *options)
{
    struct rollout *r = NEW(struct rollout);
    r->options = *options;
    r->limits = options->limits == NULL ? rollout_default_limits : *options->limits;
    r->core = NEW(struct core);
    core_init(r->core, &r->limits.core);
    r->loop = loop_new(false);
    r->tick = (struct loop_timer){.on_time = on_tick, .user = r};
    r->run = (struct loop_timer){.on_time = on_run, .user = r};
    pthread_mutex_init(&r->status_lock, NULL);
    held_set_init(&r->stable_held);
    held_set_init(&r->candidate_held);
    return r;
}

enum err rollout_start(const struct rollout_options *options, struct rollout **out_rollout,
                       struct errctx *ec)
{
    struct rollout *r = rollout_new(options);
    enum err err = open_parts(r, ec);
    if (err != ERR_OK) {
        chunk_box_init(&r->box, NULL);
        rollout_free(r);
        return err_wrap(ec, "rollout");
    }
    chunk_box_init(&r->box, r->writer);
    r->box.on_flush = on_flush;
    r->box.user = r;
    const struct feed_source source = rollout_feed_source(r);
    r->feed = feed_server_new(r->loop, r->tls, &source);
    feed_server_listen(r->feed, options->nodes_fd);
    r->collector = chunk_collector_new(r->loop, options->store, rollout_collected, r);
    r->collected_ns = time_monotonic_ns();
    rollout_write_status(r);
    loop_timer_set(r->loop, &r->tick, 0, r->limits.tick_ns);
    int failure = thread_start(r);
    if (failure != 0) {
        rollout_free(r);
        return err_set(ec, ERR_LIMIT, "rollout: thread: %s", strerrordesc_np(failure));
    }
    *out_rollout = r;
    return ERR_OK;
}

void rollout_stop(struct rollout *r)
{
    if (r == NULL)
        return;
    atomic_store(&r->is_stopping, true);
    rollout_wake(r);
    CHECK(pthread_join(r->thread, NULL) == 0);
    rollout_free(r);
}
