// SPDX-License-Identifier: Apache-2.0
// What checkers say, for GetHealthCheckStatus. The collector lives on the control role's loop; a
// worker of its own looks for a new release once a second and loads its plan; workers of the API
// leave a question and wait until the loop has answered it.
#include "cmd/health_status.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/time.h"
#include "control/rollout/chunks.h"
#include "control/store/fleet.h"
#include "health/collector.h"
#include "metrics/log.h"
#include "os/pool.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/** How often the store is asked for a newer release: as often as states are made. */
#define HEALTH_STATUS_LOOK_NS NS_PER_S

/** How long a question waits for the loop, which answers at its next turn. */
#define HEALTH_STATUS_WAIT_NS (2 * NS_PER_S)

/** One look for a newer release. The worker's while it is busy, else the loop's. */
struct look {
    struct pool_job job;
    struct store_conn *conn;
    struct chunk_hash root;   /* that the plan was made of */
    struct health_plan *plan; /* NULL: none yet */
    enum err result;
    struct errctx why;
    bool is_new; /* the plan is another than at the look before */
    bool is_busy;
    bool is_failing; /* and that was logged */
};

/** One question, on its asker's stack. */
struct waiting {
    const struct api_health_question *question;
    struct check_id check;
    struct arena *arena; /* of the asker, who sleeps while the loop uses it */
    struct api_observations *out;
    bool is_answered;
    struct waiting *next;
};

struct health_status {
    struct loop *loop;
    struct pool *pool;
    struct look look;
    struct loop_timer tick;
    struct collector *collector;
    pthread_mutex_t lock; /* guards what follows, and each of the questions */
    pthread_cond_t answered;
    struct waiting *questions;
    struct health_plan *states_plan; /* of `states`, by place; NULL: none yet */
    struct api_health *states;       /* on the heap */
    struct api_checker *checkers;    /* by place in the plan; on the heap */
};

/* ---- the plan */

static enum err load_plan(struct look *look, struct health_plan **out, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    const struct chunk_source source = store_chunk_source(look->conn);
    struct store_rollout rollout;
    struct chunk_hash hash;
    struct release_root root;
    struct slice bytes;
    enum err e = store_rollout_get(look->conn, &a, &rollout, ec);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e; /* before the first release */
    memcpy(hash.bytes, rollout.candidate_root, sizeof(hash.bytes));
    if (chunk_hash_equal(&hash, &look->root))
        return ERR_OK;
    e = source.get(source.user, &a, &hash, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(&a, bytes, &root, ec);
    if (e == ERR_OK)
        e = health_plan_load(&root, &source, look->plan, out, ec);
    if (e == ERR_OK)
        look->root = hash;
    return e;
}

/* On the worker. */
static void run_look(struct pool_job *job, void *worker_state)
{
    struct look *look = CONTAINER_OF(job, struct look, job);
    struct health_plan *plan = NULL;
    (void)worker_state;
    look->why = (struct errctx){0};
    look->result = store_begin_read(look->conn, &look->why);
    if (look->result == ERR_OK)
        look->result = load_plan(look, &plan, &look->why);
    store_rollback(look->conn);
    look->is_new = plan != NULL && plan != look->plan;
    if (plan == NULL)
        return;
    health_plan_unref(look->plan);
    look->plan = plan;
}

static void take_plan(struct health_status *h, struct health_plan *plan)
{
    (void)pthread_mutex_lock(&h->lock);
    health_plan_unref(h->states_plan);
    free(h->states);
    free(h->checkers);
    h->checkers =
        (struct api_checker *)mem_new(max_size(plan->checker_count, 1), sizeof(*h->checkers));
    h->states_plan = health_plan_ref(plan);
    h->states = (struct api_health *)mem_new(max_size(plan->check_count, 1), sizeof(*h->states));
    (void)pthread_mutex_unlock(&h->lock);
    collector_set_plan(h->collector, plan);
}

static void look_done(struct pool_job *job)
{
    struct health_status *h = CONTAINER_OF(job, struct health_status, look.job);
    struct look *look = &h->look;
    bool has_failed = look->result != ERR_OK;
    if (has_failed && !look->is_failing)
        LOG(LOG_ERROR, "checks of the newest release not read", LOG_ERR(&look->why));
    look->is_busy = false;
    look->is_failing = has_failed;
    if (look->is_new)
        take_plan(h, look->plan);
}

static void on_tick(struct loop_timer *timer)
{
    struct health_status *h = timer->user;
    if (!h->look.is_busy)
        h->look.is_busy = pool_submit(h->pool, &h->look.job);
}

/* ---- questions */

static const char *address_text(struct arena *a, const struct release_checker *checker)
{
    char text[INET6_ADDRSTRLEN];
    const char *address = inet_ntop(checker->address_bytes == 4 ? AF_INET : AF_INET6,
                                    checker->address, text, sizeof(text));
    CHECK(address != NULL);
    return arena_strdup(a, address);
}

/* On the loop, under the lock. */
static void answer(const struct health_status *h, struct waiting *w)
{
    struct vote_view *views = NULL;
    size_t count = 0;
    collector_votes(h->collector, w->arena, &w->check, &views, &count);
    w->out->items = arena_array(w->arena, count, sizeof(*w->out->items));
    for (size_t i = 0; i < count; i++) {
        const struct vote_view *view = &views[i];
        bool is_of_failure = w->question->is_of_failure;
        const struct vote *vote = is_of_failure ? &view->last_failure : &view->vote;
        if (vote->outcome == PROBE_NONE)
            continue;
        w->out->items[w->out->count++] = (struct api_observation){
            .region = arena_strdup(w->arena, view->checker->region),
            .ip_address = address_text(w->arena, view->checker),
            .status = arena_str(w->arena, vote_reason(w->arena, vote)),
            .checked_unix_ms = is_of_failure ? view->failed_unix_ms : view->checked_unix_ms,
        };
    }
    w->is_answered = true;
}

static void answer_all(void *arg)
{
    struct health_status *h = arg;
    (void)pthread_mutex_lock(&h->lock);
    for (; h->questions != NULL; h->questions = h->questions->next)
        answer(h, h->questions);
    (void)pthread_cond_broadcast(&h->answered);
    (void)pthread_mutex_unlock(&h->lock);
}

/* Under the lock. */
static void forget(struct health_status *h, const struct waiting *w)
{
    struct waiting **at = &h->questions;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
}

/* Under the lock, which is open while it waits. */
static void wait_for_answer(struct health_status *h, const struct waiting *w)
{
    int64_t deadline_ns = time_monotonic_ns() + HEALTH_STATUS_WAIT_NS;
    const struct timespec until = {.tv_sec = deadline_ns / NS_PER_S,
                                   .tv_nsec = deadline_ns % NS_PER_S};
    int result = 0;
    while (!w->is_answered && result == 0)
        result = pthread_cond_timedwait(&h->answered, &h->lock, &until);
}

enum err health_status_ask(struct health_status *h, struct arena *a,
                           const struct api_health_question *question, struct api_observations *out,
                           struct errctx *ec)
{
    struct waiting w = {.question = question, .arena = a, .out = out};
    *out = (struct api_observations){0};
    if (!check_id_parse(slice_str(question->check_id), &w.check))
        return ERR_OK;
    (void)pthread_mutex_lock(&h->lock);
    w.next = h->questions;
    h->questions = &w;
    loop_post(h->loop, answer_all, h);
    wait_for_answer(h, &w);
    if (!w.is_answered)
        forget(h, &w);
    (void)pthread_mutex_unlock(&h->lock);
    return w.is_answered ? ERR_OK : err_set(ec, ERR_UNAVAILABLE, "the loop does not answer");
}

/* ---- the whole */

/* Under the lock. In the order of the plan. */
static void keep_checkers(struct health_status *h)
{
    AUTO_ARENA struct arena a = {0};
    struct checker_view *views = NULL;
    size_t count = 0;
    collector_checkers(h->collector, &a, &views, &count);
    CHECK(count == h->states_plan->checker_count);
    for (size_t i = 0; i < count; i++)
        h->checkers[i] = (struct api_checker){.is_known = true,
                                              .is_fresh = views[i].is_fresh,
                                              .is_outlier = views[i].is_outlier,
                                              .disagreements = views[i].disagreements};
}

static void keep_states(void *user, const struct check_states *states)
{
    struct health_status *h = user;
    CHECK(states->plan == h->states_plan); /* take_plan */
    (void)pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < states->plan->check_count; i++)
        h->states[i] = (struct api_health){states->is_healthy[i] ? API_HEALTHY : API_UNHEALTHY,
                                           states->is_frozen[i]};
    keep_checkers(h);
    (void)pthread_mutex_unlock(&h->lock);
}

struct api_checker health_status_checker(struct health_status *h, const char *node_id)
{
    struct api_checker checker = {0};
    (void)pthread_mutex_lock(&h->lock);
    size_t count = h->states_plan == NULL ? 0 : h->states_plan->checker_count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(h->states_plan->checkers[i].node_id, node_id) == 0)
            checker = h->checkers[i];
    }
    (void)pthread_mutex_unlock(&h->lock);
    return checker;
}

struct api_health health_status_of(struct health_status *h, const char *check_id)
{
    struct api_health health = {0};
    struct check_id id;
    if (!check_id_parse(slice_str(check_id), &id))
        return health;
    (void)pthread_mutex_lock(&h->lock);
    ptrdiff_t place = h->states_plan == NULL ? -1 : health_plan_find(h->states_plan, &id);
    if (place >= 0)
        health = h->states[place];
    (void)pthread_mutex_unlock(&h->lock);
    return health;
}

struct slice health_status_text(struct health_status *h, struct arena *a)
{
    AUTO_BUF struct buf text = {0};
    (void)pthread_mutex_lock(&h->lock);
    size_t count = h->states_plan == NULL ? 0 : h->states_plan->check_count;
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s %s\n", h->states_plan->checks[i].check->id,
                   h->states[i].state == API_UNHEALTHY ? "unhealthy" : "healthy");
    (void)pthread_mutex_unlock(&h->lock);
    return arena_copy(a, buf_slice(&text));
}

static void lock_init(struct health_status *h)
{
    pthread_condattr_t monotonic;
    int result = pthread_mutex_init(&h->lock, NULL);
    result |= pthread_condattr_init(&monotonic);
    result |= pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    result |= pthread_cond_init(&h->answered, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    CHECK(result == 0);
}

enum err health_status_new(struct loop *loop, struct store *store,
                           const struct net_identity *identity, struct health_status **out,
                           struct errctx *ec)
{
    const struct pool_options pool = {.thread_count = 1, .queue_limit = 1};
    struct health_status *h = NEW(struct health_status);
    const struct collector_options options = {.loop = loop,
                                              .identity = identity,
                                              .keeps_failures = true,
                                              .on_states = keep_states,
                                              .user = h};
    h->loop = loop;
    lock_init(h);
    enum err e = store_connect(store, &h->look.conn, ec);
    if (e == ERR_OK)
        e = collector_new(&options, &h->collector, ec);
    if (e != ERR_OK) {
        health_status_free(h);
        return e;
    }
    h->pool = pool_new(loop, &pool);
    h->look.job = (struct pool_job){.run = run_look, .on_done = look_done};
    h->tick = (struct loop_timer){.on_time = on_tick, .user = h};
    loop_timer_set(loop, &h->tick, HEALTH_STATUS_LOOK_NS, HEALTH_STATUS_LOOK_NS);
    *out = h;
    return ERR_OK;
}

void health_status_free(struct health_status *h)
{
    if (h == NULL)
        return;
    loop_timer_stop(&h->tick);
    pool_free(h->pool);
    collector_free(h->collector);
    health_plan_unref(h->look.plan);
    health_plan_unref(h->states_plan);
    free(h->states);
    free(h->checkers);
    store_disconnect(h->look.conn);
    (void)pthread_cond_destroy(&h->answered);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
}
