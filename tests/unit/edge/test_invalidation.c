// SPDX-License-Identifier: Apache-2.0
// Frames of the feed into a cache, of which the scopes' numbers say what reached them.
#include "edge/invalidation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct slice one_path = SLICE_LIT("/a");
static const struct slice everything = SLICE_LIT("/*");

/** An edge that knows the distributions A and B. */
struct stage {
    struct edge_invalidations state;
    struct cache_scope *a;
    struct cache_scope *b;
};

static void stage_init(struct stage *s)
{
    const struct cache_options options = {.memory_bytes = (size_t)16 << 20};
    *s = (struct stage){.state = {.cache = cache_new(&options)}};
    s->a = cache_scope_get(s->state.cache, "A");
    s->b = cache_scope_get(s->state.cache, "B");
}

static void stage_fini(struct stage *s)
{
    cache_scope_unref(s->a);
    cache_scope_unref(s->b);
    cache_free(s->state.cache);
}

static bool apply(struct stage *s, const char *id, uint64_t epoch, uint64_t number, bool is_last)
{
    const struct feed_invalidation i = {.at = {epoch, number},
                                        .is_last = is_last,
                                        .distribution_id = slice_str(id),
                                        .paths = id[0] == '\0' ? &everything : &one_path,
                                        .path_count = 1};
    return edge_invalidations_apply(&s->state, &i);
}

static void a_frame_reaches_its_distribution_and_no_other(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_true(apply(&s, "", 1, 4, true));
    assert_true(apply(&s, "A", 1, 5, true));
    assert_int_equal(cache_scope_number(s.a), 5);
    assert_int_equal(cache_scope_number(s.b), 4);
    assert_int_equal(s.state.at.number, 5);
    stage_fini(&s);
}

static void the_place_moves_with_the_last_frame_of_a_number(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_true(apply(&s, "", 1, 4, true));
    assert_false(apply(&s, "A", 1, 5, false));
    assert_int_equal(cache_scope_number(s.a), 5); /* what came has taken effect */
    assert_int_equal(s.state.at.number, 4);
    assert_true(apply(&s, "A", 1, 5, true));
    assert_int_equal(s.state.at.number, 5);
    stage_fini(&s);
}

static void what_another_control_told_already_is_passed_over(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_true(apply(&s, "", 1, 4, true));
    assert_true(apply(&s, "A", 1, 6, true));
    assert_false(apply(&s, "B", 1, 5, true));
    assert_false(apply(&s, "A", 1, 6, true));
    assert_int_equal(cache_scope_number(s.b), 4);
    assert_int_equal(s.state.at.number, 6);
    stage_fini(&s);
}

static void a_distribution_that_is_not_known_gets_no_place(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_true(apply(&s, "C", 1, 5, true));
    assert_int_equal(s.state.at.number, 5);
    assert_null(cache_scope_find(s.state.cache, "C"));
    stage_fini(&s);
}

static void a_lost_history_drops_everything_and_may_set_the_place_back(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_true(apply(&s, "", 1, 4, true));
    assert_true(apply(&s, "A", 1, 9, true));
    assert_true(apply(&s, "", 1, 7, true)); /* the store was set back */
    assert_int_equal(cache_scope_number(s.a), 7);
    assert_int_equal(cache_scope_number(s.b), 7);
    assert_int_equal(s.state.at.number, 7);
    assert_true(apply(&s, "A", 1, 8, true)); /* another one than before */
    assert_int_equal(cache_scope_number(s.a), 8);
    assert_true(apply(&s, "", 2, 1, true));
    assert_int_equal(s.state.at.epoch, 2);
    assert_int_equal(s.state.at.number, 1);
    assert_true(apply(&s, "B", 2, 2, true));
    assert_int_equal(cache_scope_number(s.b), 2);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_reaches_its_distribution_and_no_other),
        cmocka_unit_test(the_place_moves_with_the_last_frame_of_a_number),
        cmocka_unit_test(what_another_control_told_already_is_passed_over),
        cmocka_unit_test(a_distribution_that_is_not_known_gets_no_place),
        cmocka_unit_test(a_lost_history_drops_everything_and_may_set_the_place_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
