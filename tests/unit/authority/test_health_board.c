// SPDX-License-Identifier: Apache-2.0
// The health table of the dns role: states of plans, an operator's file over them, and that who
// applies a root waits for its table. A thread stands in for the builder.
#include "authority/health_board.h"
#include "authority/health_table.h"
#include "authority/limits.h"
#include "base/time.h"
#include "health/plans.h"
#include "health/quorum.h"
#include "os/file.h"
#include "shared/temp_dir.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CHECKS = 3 };

struct stage {
    struct arena arena;
    char dir[TEMP_DIR_SIZE];
    struct settings settings;
    struct role_context context;
    struct dns_service service;
    struct registry *health;
    struct health_board *board;
    const char *file;
    struct health_plan *plan; /* for the builder */
    int64_t took_ns;          /* its wait */
};

void role_heartbeat(struct role_context *context, unsigned thread_index)
{
    (void)context;
    (void)thread_index;
}

void role_drained(struct role_context *context)
{
    (void)context;
}

static void start_board(struct stage *s)
{
    assert_int_equal(health_board_start(&s->service, s->health, &s->board, NULL), ERR_OK);
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){0};
    temp_dir_make(s->dir, "board");
    s->file = arena_strdup(&s->arena, temp_dir_file(s->dir, "said"));
    s->settings.data = s->dir;
    s->settings.health_file = s->file;
    s->context = (struct role_context){.settings = &s->settings, .loop = loop_new(true)};
    service_init(&s->service);
    s->service.context = &s->context;
    s->health = registry_new();
    (void)registry_number(s->health, SLICE_LIT("another")); /* numbers are no places */
    start_board(s);
}

static void stage_fini(struct stage *s)
{
    health_board_free(s->board);
    assert_null(s->service.next.health);
    service_fini(&s->service);
    registry_free(s->health);
    loop_free(s->context.loop);
    temp_dir_remove(s->dir);
    arena_fini(&s->arena);
}

/* Checks that an operator posts, of the numbers from 1 on: healthy where the letter is 'h'. */
static struct health_plan *posted(struct stage *s, const char *states)
{
    struct release_health_check checks[CHECKS] = {{.id = NULL}};
    unsigned numbers[CHECKS];
    size_t count = strlen(states);
    assert_true(count <= CHECKS);
    for (unsigned i = 0; i < count; i++) {
        numbers[i] = i + 1;
        checks[i] = (struct release_health_check){.kind = RELEASE_CHECK_POSTED,
                                                  .is_posted_healthy = states[i] == 'h'};
    }
    return plan_of(&s->arena, numbers, checks, count);
}

static void stop(struct loop_timer *timer)
{
    loop_stop(timer->user);
}

static void run_for(struct stage *s, int64_t ns)
{
    struct loop_timer timer = {.on_time = stop, .user = s->context.loop};
    loop_timer_set(s->context.loop, &timer, ns, 0);
    loop_run(s->context.loop);
}

static void stop_loop(void *loop)
{
    loop_stop(loop);
}

static void *build(void *user)
{
    struct stage *s = user;
    int64_t began_ns = time_monotonic_ns();
    health_board_settle(s->board, s->plan);
    s->took_ns = time_monotonic_ns() - began_ns;
    loop_post(s->context.loop, stop_loop, s->context.loop);
    return NULL;
}

/* The builder thread applies a root with this plan, while the main loop runs. */
static void settle(struct stage *s, struct health_plan *plan)
{
    pthread_t builder;
    s->plan = plan;
    assert_int_equal(pthread_create(&builder, NULL, build, s), 0);
    loop_run(s->context.loop);
    assert_int_equal(pthread_join(builder, NULL), 0);
}

static bool is_healthy(struct stage *s, unsigned check)
{
    char text[CHECK_ID_TEXT_SIZE];
    struct check_id id = id_of(check);
    check_id_format(&id, text);
    return health_table_is_healthy(s->service.next.health,
                                   registry_number(s->health, slice_str(text)));
}

static void say(struct stage *s, const char *text)
{
    assert_int_equal(file_replace(s->file, slice_str(text), 0600, NULL), ERR_OK);
    run_for(s, 3 * HEALTH_WATCH_NS);
}

#define FIRST "00000000-0000-0000-0000-000000000001"
#define SECOND "00000000-0000-0000-0000-000000000002"

static void a_root_waits_until_the_table_has_its_checks(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    settle(&s, posted(&s, "hu"));
    assert_true(s.took_ns < NS_PER_S);
    assert_true(is_healthy(&s, 1));
    assert_false(is_healthy(&s, 2));
    settle(&s, posted(&s, "uhu"));
    assert_false(is_healthy(&s, 1));
    assert_true(is_healthy(&s, 2));
    assert_false(is_healthy(&s, 3));
    settle(&s, posted(&s, "u")); /* queries of the root before still see what they need */
    assert_false(is_healthy(&s, 3));
    run_for(&s, (HEALTH_SETTLE_S + 2) * NS_PER_S); /* a check that was deleted is healthy */
    assert_false(is_healthy(&s, 1));
    assert_true(is_healthy(&s, 3));
    stage_fini(&s);
}

static void a_table_that_says_the_same_is_not_replaced(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    settle(&s, posted(&s, "hu"));
    const struct health_table *table = s.service.next.health;
    settle(&s, posted(&s, "hu"));
    run_for(&s, 1500 * NS_PER_MS); /* a decision at least */
    assert_ptr_equal(s.service.next.health, table);
    stage_fini(&s);
}

static void what_the_operators_file_says_wins(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    settle(&s, posted(&s, "hu"));
    say(&s, FIRST " unhealthy\n" SECOND " healthy\n");
    assert_false(is_healthy(&s, 1));
    assert_true(is_healthy(&s, 2));
    settle(&s, posted(&s, "hu"));
    assert_false(is_healthy(&s, 1));
    say(&s, "broken\n"); /* refused: what was said stays */
    assert_false(is_healthy(&s, 1));
    say(&s, FIRST " unhealthy\n");
    assert_false(is_healthy(&s, 2)); /* as it is without the file */
    say(&s, "");
    assert_true(is_healthy(&s, 1));
    stage_fini(&s);
}

/* A check with an endpoint, and a checker that nobody reaches. */
static struct health_plan *probed(struct stage *s)
{
    const struct release_health_check check = {
        .kind = RELEASE_CHECK_HTTP, .port = 80, .threshold = 3};
    struct health_plan *p = plan_of(&s->arena, (unsigned[]){1}, &check, 1);
    p->checkers = ARENA_NEW(&s->arena, struct release_checker);
    *p->checkers = (struct release_checker){.node_id = "aaaaaaaaaaaaaaaa",
                                            .address = {127, 0, 0, 1},
                                            .address_bytes = 4,
                                            .port = 1,
                                            .region = ""};
    p->checker_count = 1;
    return p;
}

static void the_first_root_waits_for_votes_where_nothing_is_known_but_not_for_ever(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    settle(&s, probed(&s));
    assert_in_range(s.took_ns, HEALTH_SETTLE_S * NS_PER_S * 9 / 10, 5 * NS_PER_S);
    assert_true(is_healthy(&s, 1));
    settle(&s, probed(&s)); /* the next one does not */
    assert_true(s.took_ns < NS_PER_S);
    stage_fini(&s);
}

static void a_start_with_states_on_the_disk_waits_for_nobody(void **state)
{
    (void)state;
    struct stage s;
    struct errctx ec = {0};
    stage_init(&s);
    health_board_free(s.board);
    const char *path = arena_strdup(&s.arena, temp_dir_file(s.dir, "dns-health"));
    struct quorum *q = quorum_new();
    AUTO_BUF struct buf text = {0};
    const struct quorum_now now = {time_monotonic_ns(), time_unix_ms() / MS_PER_S};
    quorum_set_plan(q, posted(&s, "u"));
    quorum_decide(q, NULL, 0, &now);
    quorum_encode(q, &now, &text);
    quorum_free(q);
    assert_int_equal(file_replace(path, buf_slice(&text), 0600, &ec), ERR_OK);
    start_board(&s);
    settle(&s, probed(&s));
    assert_true(s.took_ns < NS_PER_S);
    assert_false(is_healthy(&s, 1));
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_waits_until_the_table_has_its_checks),
        cmocka_unit_test(a_table_that_says_the_same_is_not_replaced),
        cmocka_unit_test(what_the_operators_file_says_wins),
        cmocka_unit_test(the_first_root_waits_for_votes_where_nothing_is_known_but_not_for_ever),
        cmocka_unit_test(a_start_with_states_on_the_disk_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
