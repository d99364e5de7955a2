// SPDX-License-Identifier: Apache-2.0
// The collector and checkers on one loop, over loopback with TLS.
#include "base/alloc.h"
#include "base/random.h"
#include "feed/feed.h"
#include "health/collector.h"
#include "health/limits.h"
#include "net/socket.h"
#include "os/file.h"
#include "plans.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHECKERS = 3, CHECKS = 2, DEADLINE_S = 20, EVENTS = 64 };

/** One checker: its server, and what it votes. */
struct checker {
    struct stage *stage;
    struct net_identity identity;
    struct net_tls *tls;
    int fd;
    struct net_address address;
    struct feed_server *server;
    uint64_t run;
    uint64_t number;
    enum vote_state votes[CHECKS];
    bool is_hung; /* it sends what it had */
    struct slice table;
};

struct stage {
    struct arena arena;
    char dir[TEMP_DIR_SIZE];
    struct loop *loop;
    struct loop_timer deadline;
    struct loop_timer second; /* tables are made more often than each second */
    struct checker checkers[CHECKERS];
    struct net_identity identity; /* of the node that collects */
    struct release_health_check checks[CHECKS];
    struct health_plan *plan;
    struct collector *collector;
    bool is_healthy[CHECKS];
    bool is_frozen[CHECKS];
    size_t states_count;
    struct {
        enum collector_event_kind kind;
        const char *node_id;
        enum err why;
    } events[EVENTS];
    size_t event_count;
};

/* ---- checkers */

static bool is_admitted(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    const struct checker *c = user;
    return memcmp(public_key, signing_key_public(c->stage->identity.key), ED25519_PUBLIC_BYTES) ==
           0;
}

static struct slice newest_votes(void *user, uint64_t *out_run, uint64_t *out_number)
{
    const struct checker *c = user;
    *out_run = c->run;
    *out_number = c->number;
    return c->table;
}

static void make_table(struct checker *c)
{
    struct vote votes[CHECKS];
    for (size_t i = 0; i < CHECKS; i++)
        votes[i] = (struct vote){.check = id_of((unsigned)i + 1),
                                 .state = c->votes[i],
                                 .outcome = c->votes[i] == VOTE_UNHEALTHY ? PROBE_BAD_STATUS
                                                                          : PROBE_PASSED,
                                 .detail = 503,
                                 .age_ms = 100};
    const struct vote_table t = {.run = c->run,
                                 .number = ++c->number,
                                 .made_ms = (uint64_t)(time_monotonic_ns() / NS_PER_MS),
                                 .votes = votes,
                                 .count = CHECKS};
    c->table = vote_table_encode(&c->stage->arena, &t);
}

static void publish(struct loop_timer *timer)
{
    struct stage *s = timer->user;
    for (size_t i = 0; i < CHECKERS; i++) {
        struct checker *c = &s->checkers[i];
        if (c->server == NULL)
            continue;
        if (c->is_hung)
            c->run++; /* so that the server takes what it has for something new */
        else
            make_table(c);
        feed_server_announce(c->server);
    }
}

/* A process that starts: its run is a new one. */
static void checker_start(struct checker *c)
{
    const struct feed_source source = {
        .is_admitted = is_admitted, .newest_votes = newest_votes, .user = c};
    random_bytes(&c->run, sizeof(c->run));
    c->number = 0;
    c->is_hung = false;
    make_table(c);
    c->server = feed_server_new(c->stage->loop, c->tls, &source);
    feed_server_listen(c->server, c->fd);
    feed_server_set_heartbeat(c->server, 100 * NS_PER_MS);
}

static void checker_stop(struct checker *c)
{
    feed_server_free(c->server);
    c->server = NULL;
}

static void identity_make(struct stage *s, const char *name, struct net_identity *out)
{
    const char *path = arena_strdup(&s->arena, temp_dir_file(s->dir, name));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(net_identity_open(path, time_unix_ms() / MS_PER_S, out, NULL), ERR_OK);
}

static void checker_init(struct stage *s, size_t index)
{
    static const char *const names[CHECKERS] = {"a", "b", "c"};
    struct checker *c = &s->checkers[index];
    struct net_address any;
    struct net_listen_options options = {0};
    c->stage = s;
    identity_make(s, names[index], &c->identity);
    assert_int_equal(
        net_tls_fleet_server_new(c->identity.cert_pem, c->identity.key_pem, &c->tls, NULL), ERR_OK);
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL), ERR_OK);
    assert_int_equal(net_listen_tcp(&any, &options, &c->fd, &c->address, NULL), ERR_OK);
    for (size_t i = 0; i < CHECKS; i++)
        c->votes[i] = VOTE_HEALTHY;
    checker_start(c);
}

static void checker_fini(struct checker *c)
{
    checker_stop(c);
    net_tls_free(c->tls);
    net_identity_fini(&c->identity);
    (void)close(c->fd);
}

static struct release_checker as_released(const struct checker *c)
{
    struct release_checker r = {.node_id = c->identity.node_id,
                                .address = {127, 0, 0, 1},
                                .address_bytes = 4,
                                .port = net_address_port(&c->address),
                                .region = ""};
    memcpy(r.public_key, signing_key_public(c->identity.key), sizeof(r.public_key));
    return r;
}

/* ---- the collector */

static int by_node_id(const void *a, const void *b)
{
    const struct release_checker *left = a;
    const struct release_checker *right = b;
    return strcmp(left->node_id, right->node_id);
}

/* A plan of the stage's checks and of its first checkers. */
static struct health_plan *make_plan(struct stage *s, size_t checkers)
{
    const unsigned numbers[CHECKS] = {1, 2};
    struct health_plan *p = plan_of(&s->arena, numbers, s->checks, CHECKS);
    p->checkers = arena_array(&s->arena, checkers, sizeof(*p->checkers));
    p->checker_count = checkers;
    for (size_t i = 0; i < checkers; i++)
        p->checkers[i] = as_released(&s->checkers[i]);
    qsort(p->checkers, checkers, sizeof(*p->checkers), by_node_id);
    return p;
}

static void on_states(void *user, const struct check_states *states)
{
    struct stage *s = user;
    assert_int_equal(states->plan->check_count, CHECKS);
    memcpy(s->is_healthy, states->is_healthy, sizeof(s->is_healthy));
    memcpy(s->is_frozen, states->is_frozen, sizeof(s->is_frozen));
    s->states_count++;
}

static void on_event(void *user, const struct collector_event *event)
{
    struct stage *s = user;
    assert_true(s->event_count < EVENTS);
    s->events[s->event_count].kind = event->kind;
    s->events[s->event_count].node_id = event->checker == NULL ? NULL : event->checker->node_id;
    s->events[s->event_count].why = event->why == NULL ? ERR_OK : event->why->code;
    s->event_count++;
}

static size_t count_events(const struct stage *s, enum collector_event_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < s->event_count; i++)
        count += s->events[i].kind == kind;
    return count;
}

static void collect(struct stage *s, const char *path, size_t checkers)
{
    const struct collector_options options = {.loop = s->loop,
                                              .identity = &s->identity,
                                              .path = path,
                                              .keeps_failures = true,
                                              .on_states = on_states,
                                              .on_event = on_event,
                                              .user = s};
    assert_int_equal(collector_new(&options, &s->collector, NULL), ERR_OK);
    s->plan = make_plan(s, checkers);
    collector_set_plan(s->collector, s->plan);
}

static void collect_no_more(struct stage *s)
{
    collector_free(s->collector);
    s->collector = NULL;
}

static void on_deadline(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("nothing happened in %d s", DEADLINE_S);
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){0};
    temp_dir_make(s->dir, "collector");
    s->loop = loop_new(true);
    s->deadline.on_time = on_deadline;
    identity_make(s, "node", &s->identity);
    for (size_t i = 0; i < CHECKERS; i++)
        checker_init(s, i);
    for (size_t i = 0; i < CHECKS; i++)
        s->checks[i] =
            (struct release_health_check){.kind = RELEASE_CHECK_HTTP, .port = 80, .threshold = 1};
    s->second = (struct loop_timer){.on_time = publish, .user = s};
    loop_timer_set(s->loop, &s->second, 50 * NS_PER_MS, 50 * NS_PER_MS);
}

static void stage_fini(struct stage *s)
{
    collect_no_more(s);
    for (size_t i = 0; i < CHECKERS; i++)
        checker_fini(&s->checkers[i]);
    loop_timer_stop(&s->second);
    loop_timer_stop(&s->deadline);
    loop_free(s->loop);
    net_identity_fini(&s->identity);
    temp_dir_remove(s->dir);
    arena_fini(&s->arena);
}

static void stop(struct loop_timer *timer)
{
    loop_stop(timer->user);
}

static void run_for(struct stage *s, int64_t ns)
{
    struct loop_timer timer = {.on_time = stop, .user = s->loop};
    loop_timer_set(s->loop, &timer, ns, 0);
    loop_run(s->loop);
}

#define RUN_UNTIL(s, condition)                                                                    \
    do {                                                                                           \
        loop_timer_set((s)->loop, &(s)->deadline, DEADLINE_S *NS_PER_S, 0);                        \
        while (!(condition))                                                                       \
            run_for((s), 5 * NS_PER_MS);                                                           \
    } while (0)

static void all_vote(struct stage *s, size_t check, enum vote_state state)
{
    for (size_t i = 0; i < CHECKERS; i++)
        s->checkers[i].votes[check] = state;
}

static size_t fresh_count(struct stage *s)
{
    struct checker_view *views;
    size_t count;
    size_t fresh = 0;
    collector_checkers(s->collector, &s->arena, &views, &count);
    for (size_t i = 0; i < count; i++)
        fresh += views[i].is_fresh;
    return fresh;
}

/* ---- tests */

static void what_checkers_find_is_known_well_within_a_second(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    collect(&s, NULL, CHECKERS);
    assert_int_equal(s.states_count, 1); /* at once */
    assert_true(s.is_healthy[0]);
    RUN_UNTIL(&s, fresh_count(&s) == CHECKERS);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    int64_t began_ns = time_monotonic_ns();
    RUN_UNTIL(&s, !s.is_healthy[0]);
    assert_true(time_monotonic_ns() - began_ns < NS_PER_S);
    assert_true(s.is_healthy[1]);
    s.checkers[1].votes[0] = VOTE_HEALTHY; /* one of three is more than 18% */
    RUN_UNTIL(&s, s.is_healthy[0]);
    assert_int_equal(count_events(&s, COLLECTOR_CHECKER_FRESH), CHECKERS);
    assert_int_equal(s.event_count, CHECKERS);
    stage_fini(&s);
}

static void votes_under_a_strange_key_do_not_count(void **state)
{
    (void)state;
    struct stage s;
    struct checker_view *views;
    size_t count;
    stage_init(&s);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    collect(&s, NULL, 0);
    struct health_plan *plan = make_plan(&s, 1);
    plan->checkers[0].public_key[3] ^= 1;
    collector_set_plan(s.collector, plan);
    run_for(&s, 500 * NS_PER_MS);
    collector_checkers(s.collector, &s.arena, &views, &count);
    assert_int_equal(count, 1);
    assert_int_equal(views[0].age_ms, -1);
    assert_true(s.is_healthy[0]);
    collector_set_plan(s.collector, make_plan(&s, 1)); /* the right one */
    RUN_UNTIL(&s, !s.is_healthy[0]);
    stage_fini(&s);
}

static void a_checker_that_resends_its_table_is_lost_after_three_seconds(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    collect(&s, NULL, CHECKERS);
    RUN_UNTIL(&s, fresh_count(&s) == CHECKERS);
    s.checkers[0].is_hung = true;
    run_for(&s, NS_PER_S);
    assert_int_equal(fresh_count(&s), CHECKERS);
    RUN_UNTIL(&s, count_events(&s, COLLECTOR_CHECKER_LOST) == 1);
    assert_int_equal(fresh_count(&s), CHECKERS - 1);
    assert_false(s.is_healthy[0]);
    checker_stop(&s.checkers[0]);
    checker_start(&s.checkers[0]); /* restarted, with nothing of before */
    RUN_UNTIL(&s, fresh_count(&s) == CHECKERS);
    stage_fini(&s);
}

static void without_checkers_states_freeze_and_last_over_a_restart(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    const char *path = arena_strdup(&s.arena, temp_dir_file(s.dir, "states"));
    all_vote(&s, 0, VOTE_UNHEALTHY);
    collect(&s, path, CHECKERS);
    RUN_UNTIL(&s, !s.is_healthy[0]);
    for (size_t i = 0; i < CHECKERS; i++)
        checker_stop(&s.checkers[i]);
    RUN_UNTIL(&s, s.is_frozen[0] && s.is_frozen[1]);
    assert_false(s.is_healthy[0]);
    assert_int_equal(count_events(&s, COLLECTOR_CHECKER_LOST), CHECKERS);
    collect_no_more(&s);
    s.is_healthy[0] = true;
    collect(&s, path, CHECKERS);
    assert_false(s.is_healthy[0]); /* at once, before any checker could be asked */
    assert_true(s.is_frozen[0] && s.is_healthy[1]);
    for (size_t i = 0; i < CHECKERS; i++)
        checker_start(&s.checkers[i]);
    RUN_UNTIL(&s, !s.is_frozen[0]);
    assert_false(s.is_healthy[0]);
    stage_fini(&s);
}

static void the_first_checker_that_is_heard_does_not_decide_alone(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    const char *path = arena_strdup(&s.arena, temp_dir_file(s.dir, "states"));
    collect(&s, path, CHECKERS);
    RUN_UNTIL(&s, fresh_count(&s) == CHECKERS);
    run_for(&s, 500 * NS_PER_MS); /* several decisions */
    collect_no_more(&s);          /* the node restarts, and one of the checkers is wrong */
    s.checkers[0].votes[0] = VOTE_UNHEALTHY;
    checker_stop(&s.checkers[1]);
    checker_stop(&s.checkers[2]);
    collect(&s, path, CHECKERS);
    RUN_UNTIL(&s, fresh_count(&s) == 1);
    run_for(&s, 500 * NS_PER_MS);
    assert_true(s.is_healthy[0] && s.is_frozen[0]);
    checker_start(&s.checkers[1]);
    checker_start(&s.checkers[2]);
    RUN_UNTIL(&s, fresh_count(&s) == CHECKERS && !s.is_frozen[0]);
    assert_true(s.is_healthy[0]);
    checker_stop(&s.checkers[1]); /* who is left when the others are lost decides */
    checker_stop(&s.checkers[2]);
    RUN_UNTIL(&s, !s.is_healthy[0]);
    stage_fini(&s);
}

static void checkers_that_stay_away_are_not_waited_for_long(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.checkers[0].votes[0] = VOTE_UNHEALTHY;
    checker_stop(&s.checkers[1]);
    checker_stop(&s.checkers[2]);
    collect(&s, NULL, CHECKERS);
    RUN_UNTIL(&s, fresh_count(&s) == 1);
    int64_t heard_ns = time_monotonic_ns();
    RUN_UNTIL(&s, !s.is_healthy[0]);
    int64_t waited_ns = time_monotonic_ns() - heard_ns;
    assert_in_range(waited_ns, COLLECTOR_GATHER_NS - NS_PER_S / 2, COLLECTOR_GATHER_NS + NS_PER_S);
    stage_fini(&s);
}

static void states_are_on_the_disk_soon_after_they_change(void **state)
{
    (void)state;
    struct stage s;
    struct stat before;
    struct stat after;
    stage_init(&s);
    const char *path = arena_strdup(&s.arena, temp_dir_file(s.dir, "states"));
    collect(&s, path, CHECKERS);
    RUN_UNTIL(&s, stat(path, &before) == 0);
    run_for(&s, 1500 * NS_PER_MS); /* nothing changes: it is left alone */
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    all_vote(&s, 1, VOTE_UNHEALTHY);
    RUN_UNTIL(&s, stat(path, &after) == 0 && after.st_ino != before.st_ino);
    stage_fini(&s);
}

static bool is_rewritten(const char *path, const struct stat *before)
{
    struct stat now;
    assert_int_equal(stat(path, &now), 0);
    return now.st_ino != before->st_ino || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

/* One that waited for the next second would come most of a second later, each time. */
static void a_change_is_written_with_the_decision_that_made_it(void **state)
{
    (void)state;
    struct stage s;
    struct stat before;
    int64_t waited_ns = 0;
    const int rounds = 6;
    stage_init(&s);
    const char *path = arena_strdup(&s.arena, temp_dir_file(s.dir, "states"));
    collect(&s, path, CHECKERS);
    RUN_UNTIL(&s, fresh_count(&s) == CHECKERS && !s.is_frozen[0]);
    RUN_UNTIL(&s, stat(path, &before) == 0);
    for (int i = 0; i < rounds; i++) {
        bool is_healthy = !s.is_healthy[0];
        assert_int_equal(stat(path, &before), 0);
        all_vote(&s, 0, is_healthy ? VOTE_HEALTHY : VOTE_UNHEALTHY);
        RUN_UNTIL(&s, s.is_healthy[0] == is_healthy);
        int64_t began_ns = time_monotonic_ns();
        RUN_UNTIL(&s, is_rewritten(path, &before));
        waited_ns += time_monotonic_ns() - began_ns;
    }
    assert_true(waited_ns < rounds * (NS_PER_S / 3));
    stage_fini(&s);
}

static void a_damaged_file_is_told_and_begins_anew(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    const char *path = arena_strdup(&s.arena, temp_dir_file(s.dir, "states"));
    assert_int_equal(file_replace(path, SLICE_LIT("weir states of health checks 1\n"), 0600, NULL),
                     ERR_OK);
    collect(&s, path, CHECKERS);
    assert_int_equal(s.events[0].kind, COLLECTOR_NOT_READ);
    assert_int_equal(s.events[0].why, ERR_CORRUPT);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    RUN_UNTIL(&s, !s.is_healthy[0]);
    stage_fini(&s);
}

static void a_file_that_cannot_be_written_is_told_once_and_written_once_it_can(void **state)
{
    (void)state;
    struct stage s;
    struct stat status;
    stage_init(&s);
    const char *dir = arena_strdup(&s.arena, temp_dir_file(s.dir, "later"));
    const char *path = arena_printf(&s.arena, "%s/states", dir);
    collect(&s, path, CHECKERS);
    RUN_UNTIL(&s, count_events(&s, COLLECTOR_NOT_WRITTEN) == 1);
    run_for(&s, 2500 * NS_PER_MS);
    assert_int_equal(count_events(&s, COLLECTOR_NOT_WRITTEN), 1);
    assert_int_equal(mkdir(dir, 0700), 0);
    RUN_UNTIL(&s, stat(path, &status) == 0);
    stage_fini(&s);
}

static void a_new_plan_changes_what_it_changes(void **state)
{
    (void)state;
    struct stage s;
    struct checker_view *views;
    size_t count;
    stage_init(&s);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    collect(&s, NULL, CHECKERS);
    RUN_UNTIL(&s, fresh_count(&s) == CHECKERS && !s.is_healthy[0]);
    size_t states_count = s.states_count;
    struct health_plan *plan = make_plan(&s, 2); /* one checker less, one elsewhere */
    plan->checkers[0].port = 1;
    collector_set_plan(s.collector, plan);
    assert_int_equal(s.states_count, states_count + 1);
    collector_checkers(s.collector, &s.arena, &views, &count);
    assert_int_equal(count, 2);
    RUN_UNTIL(&s, fresh_count(&s) == 1);
    assert_false(s.is_healthy[0]);
    plan = make_plan(&s, 2);
    plan->checkers[0].is_excluded = plan->checkers[1].is_excluded = true;
    collector_set_plan(s.collector, plan);
    RUN_UNTIL(&s, fresh_count(&s) == 2);
    assert_true(s.is_frozen[0]);
    stage_fini(&s);
}

static void each_checkers_newest_vote_and_failure_can_be_seen(void **state)
{
    (void)state;
    struct stage s;
    struct vote_view *views;
    size_t count;
    const struct check_id first = id_of(1);
    const struct check_id absent = id_of(9);
    stage_init(&s);
    s.checkers[0].votes[0] = VOTE_UNHEALTHY;
    collect(&s, NULL, 1);
    RUN_UNTIL(&s, !s.is_healthy[0]);
    s.checkers[0].votes[0] = VOTE_HEALTHY;
    RUN_UNTIL(&s, s.is_healthy[0]);
    collector_votes(s.collector, &s.arena, &first, &views, &count);
    assert_int_equal(count, 1);
    assert_true(views[0].is_counted);
    assert_int_equal(views[0].vote.outcome, PROBE_PASSED);
    assert_int_equal(views[0].last_failure.outcome, PROBE_BAD_STATUS);
    assert_int_equal(views[0].last_failure.detail, 503);
    int64_t now_ms = time_unix_ms();
    assert_in_range(now_ms - views[0].checked_unix_ms, 100, 5000);
    assert_in_range(now_ms - views[0].failed_unix_ms, 100, 10000);
    collector_votes(s.collector, &s.arena, &absent, &views, &count);
    assert_int_equal(count, 0);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_checkers_find_is_known_well_within_a_second),
        cmocka_unit_test(votes_under_a_strange_key_do_not_count),
        cmocka_unit_test(a_checker_that_resends_its_table_is_lost_after_three_seconds),
        cmocka_unit_test(without_checkers_states_freeze_and_last_over_a_restart),
        cmocka_unit_test(the_first_checker_that_is_heard_does_not_decide_alone),
        cmocka_unit_test(checkers_that_stay_away_are_not_waited_for_long),
        cmocka_unit_test(states_are_on_the_disk_soon_after_they_change),
        cmocka_unit_test(a_change_is_written_with_the_decision_that_made_it),
        cmocka_unit_test(a_damaged_file_is_told_and_begins_anew),
        cmocka_unit_test(a_file_that_cannot_be_written_is_told_once_and_written_once_it_can),
        cmocka_unit_test(a_new_plan_changes_what_it_changes),
        cmocka_unit_test(each_checkers_newest_vote_and_failure_can_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
