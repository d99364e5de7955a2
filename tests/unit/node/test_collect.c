// SPDX-License-Identifier: Apache-2.0
#include "node/collect.h"

#include "base/time.h"
#include "kit.h"
#include "node/fetch.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct stage {
    struct kit kit;
    struct loop *loop;
    struct node_db *db;
    unsigned kinds;
    struct node_collector *collector;
    bool is_fetching;
    bool has_ended;
    enum err result;
};

static bool is_fetching(void *user)
{
    const struct stage *s = user;
    return s->is_fetching;
}

static void on_end(void *user, enum err result, const struct errctx *ec)
{
    (void)ec;
    struct stage *s = user;
    s->has_ended = true;
    s->result = result;
}

static void stage_init_for(struct stage *s, unsigned kinds)
{
    *s = (struct stage){.kinds = kinds};
    kit_init(&s->kit);
    s->loop = loop_new(true);
    s->db = kit_open(&s->kit);
    struct node_collector_options options = {.loop = s->loop,
                                             .db = s->db,
                                             .kinds = s->kinds,
                                             .is_fetching = is_fetching,
                                             .on_end = on_end,
                                             .user = s};
    s->collector = node_collector_new(&options);
}

static void stage_init(struct stage *s)
{
    stage_init_for(s, KIT_KINDS);
}

static void stage_fini(struct stage *s)
{
    node_collector_free(s->collector);
    loop_free(s->loop);
    node_db_close(s->db);
    kit_fini(&s->kit);
}

static bool has_ended(void *arg)
{
    const struct stage *s = arg;
    return s->has_ended;
}

static struct chunk_hash store(struct stage *s, unsigned generation)
{
    struct kit_root shape = {
        .names = 20000, .changed = 50, .generation = generation, .has_large = true};
    struct chunk_hash root = kit_root_make(&s->kit, &shape);
    kit_store(&s->kit, s->db, &root);
    return root;
}

static void what_no_kept_root_reaches_is_removed(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash roots[] = {store(&s, 1), store(&s, 2), store(&s, 3)};
    node_collector_start(s.collector, roots, 2);
    assert_true(node_collector_is_active(s.collector));
    run_until(s.loop, has_ended, &s);
    assert_int_equal(s.result, ERR_OK);
    assert_false(node_collector_is_active(s.collector));
    assert_true(kit_is_whole(&s.kit, s.db, &roots[0]));
    assert_true(kit_is_whole(&s.kit, s.db, &roots[1]));
    assert_int_equal(kit_state(s.db, &roots[2]), NODE_CHUNK_ABSENT);
    stage_fini(&s);
}

static void with_nothing_kept_everything_goes(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash root = store(&s, 1);
    node_collector_start(s.collector, NULL, 0);
    run_until(s.loop, has_ended, &s);
    unsigned removed = 9;
    AUTO_MAP struct map none = {0};
    map_init(&none);
    assert_int_equal(kit_state(s.db, &root), NODE_CHUNK_ABSENT);
    assert_int_equal(node_db_stage_others(s.db, &none, NULL), ERR_OK);
    assert_int_equal(node_db_sweep(s.db, 10, &removed, NULL), ERR_OK);
    assert_int_equal(removed, 0);
    stage_fini(&s);
}

static void a_root_that_becomes_whole_meanwhile_is_kept(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash first = store(&s, 1);
    s.is_fetching = true;
    node_collector_start(s.collector, &first, 1);
    run_for(s.loop, 100 * NS_PER_MS);
    assert_true(node_collector_is_active(s.collector)); /* all is marked, and it waits */
    struct chunk_hash second = store(&s, 2);
    node_collector_keep(s.collector, &second);
    s.is_fetching = false;
    run_until(s.loop, has_ended, &s);
    assert_true(kit_is_whole(&s.kit, s.db, &first));
    assert_true(kit_is_whole(&s.kit, s.db, &second));
    stage_fini(&s);
}

static void what_no_role_loads_any_more_is_removed(void **state)
{
    (void)state;
    struct stage s;
    stage_init_for(&s, KIT_KINDS & ~RELEASE_KIND_BIT(RELEASE_DISTRIBUTION));
    struct kit_root shape = {.names = 10, .distributions = 500};
    struct chunk_hash root = kit_root_make(&s.kit, &shape);
    kit_store(&s.kit, s.db, &root);
    assert_true(fetch_is_whole(s.db, &root, KIT_KINDS));
    node_collector_start(s.collector, &root, 1);
    run_until(s.loop, has_ended, &s);
    assert_int_equal(s.result, ERR_OK);
    assert_true(fetch_is_whole(s.db, &root, RELEASE_KIND_BIT(RELEASE_NAME)));
    assert_false(fetch_is_whole(s.db, &root, KIT_KINDS));
    stage_fini(&s);
}

static void a_kept_root_that_is_not_whole_ends_it(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash root = store(&s, 1);
    struct chunk_hash lost = kit_hash(1);
    struct chunk_hash roots[] = {root, lost};
    node_collector_start(s.collector, roots, 2);
    run_until(s.loop, has_ended, &s);
    assert_int_equal(s.result, ERR_NOT_FOUND);
    assert_true(kit_is_whole(&s.kit, s.db, &root)); /* nothing was removed */
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_kept_root_reaches_is_removed),
        cmocka_unit_test(with_nothing_kept_everything_goes),
        cmocka_unit_test(a_root_that_becomes_whole_meanwhile_is_kept),
        cmocka_unit_test(what_no_role_loads_any_more_is_removed),
        cmocka_unit_test(a_kept_root_that_is_not_whole_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
