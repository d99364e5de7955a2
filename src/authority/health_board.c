// SPDX-License-Identifier: Apache-2.0
// The board. Everything runs on the main loop of the role, but for health_board_settle.
//
// 1. A number's state stays as it was last, also once its check is in no plan: queries may still
//    see the root before.
// 2. A published table never changes, and is freed after the next one took its place. One that says
//    the same as the one before is not published.
#include "authority/health_board.h"

#include "authority/health_table.h"
#include "authority/health_watch.h"
#include "authority/limits.h"
#include "base/alloc.h"
#include "base/check.h"
#include "health/collector.h"
#include "metrics/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/** A plan on its way from the builder thread; under the lock. */
struct handover {
    struct health_plan *plan; /* with a reference; NULL: none waits */
    uint64_t asked;
    uint64_t done; /* the table has the states of the plan that was asked for then */
};

struct health_board {
    struct dns_service *service;
    struct registry *health;
    struct collector *collector;
    struct health_watch *watch;     /* NULL: no file is set */
    const struct health_plan *plan; /* that `numbers` is of; the collector holds it */
    uint32_t *numbers;              /* of the plan's checks */
    bool *is_unhealthy;             /* by number, as the votes say */
    bool lacks_votes;               /* about some checks, and checkers may have them */
    size_t slots;                   /* of is_unhealthy */
    struct health_said *said;       /* by the operator */
    size_t said_count;
    struct health_table *table; /* in the scene; NULL: none yet */
    int64_t log_second;         /* lines of this second: */
    size_t log_lines;
    size_t log_left_out;
    int64_t forget_ns;       /* when states of checks that are gone go; 0: there are none */
    size_t frozen_count;     /* as was logged last */
    int64_t frozen_since_ns; /* 0: all have votes */

    uint64_t taken; /* plans, as next.asked counts them */
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct handover next;
};

/* ---- the table */

static void scene_set_health(struct scene *scene, const void *table)
{
    scene->health = table;
}

static void replace_table(struct health_board *b, struct health_table *table)
{
    struct health_table *before = b->table;
    b->table = table;
    service_set_part(b->service, scene_set_health, table);
    health_table_free(before);
}

static void need_slot(struct health_board *b, uint32_t number)
{
    if (number < b->slots)
        return;
    size_t slots = max_size((size_t)number + 1, 2 * b->slots);
    b->is_unhealthy = mem_resize(b->is_unhealthy, slots, sizeof(*b->is_unhealthy));
    memset(b->is_unhealthy + b->slots, 0, (slots - b->slots) * sizeof(*b->is_unhealthy));
    b->slots = slots;
}

/* What the votes and the operator say together. */
static struct health_table *make_table(const struct health_board *b)
{
    size_t count = 0;
    AUTO_FREE bool *is_unhealthy = mem_new(b->slots, sizeof(*is_unhealthy));
    AUTO_FREE uint32_t *numbers = mem_new(b->slots, sizeof(*numbers));
    if (b->slots > 0)
        memcpy(is_unhealthy, b->is_unhealthy, b->slots * sizeof(*is_unhealthy));
    for (size_t i = 0; i < b->said_count; i++)
        is_unhealthy[b->said[i].number] = !b->said[i].is_healthy;
    for (size_t i = 0; i < b->slots; i++) {
        if (is_unhealthy[i])
            numbers[count++] = (uint32_t)i;
    }
    return health_table_new(numbers, count);
}

static void refresh(struct health_board *b)
{
    struct health_table *table = make_table(b);
    if (b->table != NULL && health_table_equal(b->table, table))
        health_table_free(table);
    else
        replace_table(b, table);
}

static void on_said(void *user, const struct health_said *said, size_t count)
{
    struct health_board *b = user;
    free(b->said);
    b->said = mem_new(count, sizeof(*b->said));
    b->said_count = count;
    for (size_t i = 0; i < count; i++) {
        b->said[i] = said[i];
        need_slot(b, said[i].number);
    }
    refresh(b);
}

/* ---- the log */

/* Whether one more line about a check may be written in this second. */
static bool may_log(struct health_board *b)
{
    int64_t second = time_monotonic_ns() / NS_PER_S;
    if (second != b->log_second && b->log_left_out > 0) {
        const struct log_field fields[] = {LOG_U64("changes", b->log_left_out)};
        log_write(LOG_WARNING, "more health checks changed", fields, ARRAY_LEN(fields));
    }
    if (second != b->log_second)
        b->log_lines = b->log_left_out = 0;
    b->log_second = second;
    bool may = b->log_lines < HEALTH_LOG_LINES_PER_S;
    b->log_lines += may;
    return may;
}

static void log_changes(struct health_board *b, const struct check_states *states)
{
    for (size_t i = 0; i < states->changed_count; i++) {
        uint32_t place = states->changed[i];
        if (!may_log(b)) {
            b->log_left_out++;
            continue;
        }
        const struct log_field fields[] = {LOG_STR("check", states->plan->checks[place].check->id)};
        if (states->is_healthy[place])
            log_write(LOG_INFO, "health check is healthy", fields, ARRAY_LEN(fields));
        else
            log_write(LOG_WARNING, "health check is unhealthy", fields, ARRAY_LEN(fields));
    }
    int64_t now_ns = time_monotonic_ns();
    if (states->frozen_count == 0)
        b->frozen_since_ns = 0;
    else if (b->frozen_since_ns == 0)
        b->frozen_since_ns = now_ns;
    /* After a start votes come at once: that is no alarm. */
    bool is_settling =
        states->frozen_count > 0 && now_ns - b->frozen_since_ns < HEALTH_SETTLE_S * NS_PER_S;
    if (states->frozen_count == b->frozen_count || is_settling)
        return;
    b->frozen_count = states->frozen_count;
    const struct log_field fields[] = {LOG_U64("frozen", states->frozen_count),
                                       LOG_U64("checks", states->plan->check_count),
                                       LOG_STR("see", "weir checker list")};
    if (states->frozen_count > 0)
        log_write(LOG_ERROR, "no votes count: health checks stay as they were", fields,
                  ARRAY_LEN(fields));
    else
        log_write(LOG_INFO, "votes count about all health checks again", fields,
                  ARRAY_LEN(fields) - 1);
}

static void on_event(void *user, const struct collector_event *event)
{
    static const struct {
        enum log_level level;
        const char *text;
    } words[] = {
        [COLLECTOR_CHECKER_FRESH] = {LOG_INFO, "votes of a checker count"},
        [COLLECTOR_CHECKER_LOST] = {LOG_WARNING, "votes of a checker count no longer"},
        [COLLECTOR_OUTLIER] = {LOG_WARNING, "a checker is against all others"},
        [COLLECTOR_OUTLIER_OVER] = {LOG_INFO, "a checker is no longer against all others"},
        [COLLECTOR_NOT_READ] = {LOG_WARNING, "states of health checks from before not read"},
        [COLLECTOR_NOT_WRITTEN] = {LOG_WARNING, "states of health checks not written"},
    };
    (void)user;
    struct log_field fields[4];
    size_t count = 0;
    CHECK((size_t)event->kind < ARRAY_LEN(words) && words[event->kind].text != NULL);
    if (event->checker != NULL)
        fields[count++] = LOG_STR("checker", event->checker->node_id);
    if (event->kind == COLLECTOR_OUTLIER)
        fields[count++] = LOG_U64("disagreements", event->disagreements);
    if (event->kind == COLLECTOR_OUTLIER)
        fields[count++] = LOG_STR("see", "weir checker exclude");
    if (event->why != NULL && event->kind != COLLECTOR_CHECKER_FRESH)
        fields[count++] = LOG_ERR(event->why);
    log_write(words[event->kind].level, words[event->kind].text, fields, count);
}

/* ---- states */

static void number_checks(struct health_board *b, const struct health_plan *plan)
{
    free(b->numbers);
    b->numbers = mem_new(plan->check_count, sizeof(*b->numbers));
    for (size_t i = 0; i < plan->check_count; i++) {
        b->numbers[i] = registry_number(b->health, slice_str(plan->checks[i].check->id));
        need_slot(b, b->numbers[i]);
    }
    b->plan = plan;
}

/* Whoever waits for the plan that was taken last waits no longer. */
static void note_done(struct health_board *b)
{
    (void)pthread_mutex_lock(&b->lock);
    b->next.done = b->taken;
    (void)pthread_cond_broadcast(&b->cond);
    (void)pthread_mutex_unlock(&b->lock);
}

/* A check that is gone is healthy, once no query is answered by the root that had it. */
static void forget_gone(struct health_board *b)
{
    if (b->forget_ns == 0 || time_monotonic_ns() < b->forget_ns)
        return;
    b->forget_ns = 0;
    if (b->slots > 0)
        memset(b->is_unhealthy, 0, b->slots * sizeof(*b->is_unhealthy));
}

static void on_states(void *user, const struct check_states *states)
{
    struct health_board *b = user;
    if (b->plan != states->plan) {
        number_checks(b, states->plan);
        b->forget_ns = time_monotonic_ns() + HEALTH_SETTLE_S * NS_PER_S;
    }
    forget_gone(b);
    for (size_t i = 0; i < states->plan->check_count; i++)
        b->is_unhealthy[b->numbers[i]] = !states->is_healthy[i];
    b->lacks_votes = states->unknown_count > 0 && states->plan->checker_count > 0;
    refresh(b);
    log_changes(b, states);
    if (!b->lacks_votes)
        note_done(b);
}

static void take_plan(void *arg)
{
    struct health_board *b = arg;
    bool is_first = b->taken == 0;
    (void)pthread_mutex_lock(&b->lock);
    struct health_plan *plan = b->next.plan;
    b->taken = b->next.asked;
    b->next.plan = NULL;
    (void)pthread_mutex_unlock(&b->lock);
    if (plan != NULL)
        collector_set_plan(b->collector, plan);
    health_plan_unref(plan);
    if (!is_first)
        note_done(b);
}

void health_board_settle(struct health_board *b, struct health_plan *plan)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HEALTH_SETTLE_S;
    (void)pthread_mutex_lock(&b->lock);
    struct health_plan *before = b->next.plan;
    b->next.plan = health_plan_ref(plan);
    uint64_t asked = ++b->next.asked;
    (void)pthread_mutex_unlock(&b->lock);
    health_plan_unref(before);
    loop_post(b->service->context->loop, take_plan, b);
    if (plan->check_count == 0)
        return;
    int result = 0;
    (void)pthread_mutex_lock(&b->lock);
    while (result != ETIMEDOUT && b->next.done < asked)
        result = pthread_cond_timedwait(&b->cond, &b->lock, &until);
    (void)pthread_mutex_unlock(&b->lock);
}

/* ---- life */

static void init_sync(struct health_board *b)
{
    pthread_condattr_t attributes;
    CHECK(pthread_mutex_init(&b->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&b->cond, &attributes) == 0);
    (void)pthread_condattr_destroy(&attributes);
}

static enum err start_collector(struct health_board *b, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct net_identity identity = {0};
    const char *data = b->service->context->settings->data;
    enum err e = net_identity_open(data, time_unix_ms() / MS_PER_S, &identity, ec);
    if (e != ERR_OK)
        return e;
    const struct collector_options options = {
        .loop = b->service->context->loop,
        .identity = &identity,
        .path = arena_printf(&a, "%s/dns-health", data),
        .on_states = on_states,
        .on_event = on_event,
        .user = b,
    };
    e = collector_new(&options, &b->collector, ec);
    net_identity_fini(&identity);
    return e;
}

enum err health_board_start(struct dns_service *service, struct registry *health,
                            struct health_board **out, struct errctx *ec)
{
    struct health_board *b = NEW(struct health_board);
    const struct health_watch_options watch = {.loop = service->context->loop,
                                               .health = health,
                                               .path = service->context->settings->health_file,
                                               .on_said = on_said,
                                               .user = b};
    b->service = service;
    b->health = health;
    init_sync(b);
    enum err e = start_collector(b, ec);
    if (e != ERR_OK) {
        health_board_free(b);
        return e;
    }
    if (watch.path != NULL)
        b->watch = health_watch_start(&watch);
    *out = b;
    return ERR_OK;
}

void health_board_free(struct health_board *b)
{
    if (b == NULL)
        return;
    health_watch_free(b->watch);
    collector_free(b->collector);
    replace_table(b, NULL);
    health_plan_unref(b->next.plan);
    (void)pthread_cond_destroy(&b->cond);
    (void)pthread_mutex_destroy(&b->lock);
    free(b->is_unhealthy);
    free(b->numbers);
    free(b->said);
    free(b);
}
