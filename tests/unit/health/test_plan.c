// SPDX-License-Identifier: Apache-2.0
// Plans from roots: what is in them, in which order, and when one is made anew.
#include "base/alloc.h"
#include "base/map.h"
#include "health/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/** Chunks in memory, and the root that is made of them. */
struct fixture {
    struct arena arena;
    struct map chunks; /* hash -> struct slice in the arena */
    struct chunk_source source;
    struct chunk_sink sink;
    struct release_root root;
    size_t gets;
};

static enum err get_chunk(void *user, struct arena *a, const struct chunk_hash *hash,
                          struct slice *out_bytes, struct errctx *ec)
{
    struct fixture *f = user;
    f->gets++;
    const struct slice *bytes = map_get(&f->chunks, slice_of(hash->bytes, SHA256_BYTES));
    if (bytes == NULL)
        return err_set(ec, ERR_NOT_FOUND, "no such chunk");
    *out_bytes = arena_copy(a, *bytes);
    return ERR_OK;
}

static enum err put_chunk(void *user, const struct chunk_hash *hash, struct slice bytes,
                          struct errctx *ec)
{
    (void)ec;
    struct fixture *f = user;
    struct slice *copy = ARENA_NEW(&f->arena, struct slice);
    *copy = arena_copy(&f->arena, bytes);
    map_put(&f->chunks, slice_of(hash->bytes, SHA256_BYTES), copy);
    return ERR_OK;
}

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.source = {get_chunk, f}, .sink = {put_chunk, f}};
    map_init(&f->chunks);
}

static void fixture_fini(struct fixture *f)
{
    map_fini(&f->chunks);
    arena_fini(&f->arena);
}

static void put(struct fixture *f, enum release_kind kind, const char *id, struct slice value)
{
    struct trie_change change = {
        .key = trie_key_of(&f->root.seed, slice_str(id), slice_of(NULL, 0)),
        .id = slice_str(id),
        .value = value,
    };
    const struct trie_io io = {&f->source, &f->sink};
    struct trie_ref after;
    assert_int_equal(trie_update(&f->root.tries[kind], &change, 1, &io, &after, NULL), ERR_OK);
    f->root.tries[kind] = after;
}

/* A check's id from its last digits. */
static const char *id_of(struct fixture *f, unsigned number)
{
    return arena_printf(&f->arena, "00000000-0000-4000-8000-%012x", number);
}

static void put_tcp(struct fixture *f, unsigned number, uint16_t port)
{
    const struct release_health_check c = {.id = id_of(f, number),
                                           .kind = RELEASE_CHECK_TCP,
                                           .address = {192, 0, 2, 1},
                                           .address_bytes = 4,
                                           .host = "",
                                           .path = "",
                                           .search = "",
                                           .port = port,
                                           .threshold = 3};
    put(f, RELEASE_HEALTH_CHECK, c.id, release_health_check_encode(&f->arena, &c));
}

static void put_calculated(struct fixture *f, unsigned number, unsigned first_child,
                           unsigned child_count)
{
    struct release_health_check c = {.id = id_of(f, number),
                                     .kind = RELEASE_CHECK_CALCULATED,
                                     .host = "",
                                     .path = "",
                                     .search = "",
                                     .healthy_children = 1,
                                     .child_count = child_count};
    c.children = arena_array(&f->arena, child_count, sizeof(*c.children));
    for (unsigned i = 0; i < child_count; i++)
        c.children[i] = id_of(f, first_child + i);
    put(f, RELEASE_HEALTH_CHECK, c.id, release_health_check_encode(&f->arena, &c));
}

static void put_checker(struct fixture *f, const char *node_id)
{
    const struct release_checker c = {.node_id = node_id,
                                      .address = {127, 0, 0, 1},
                                      .address_bytes = 4,
                                      .port = 5391,
                                      .region = "eu-central-2"};
    put(f, RELEASE_CHECKER, node_id, release_checker_encode(&f->arena, &c));
}

static struct health_plan *load(struct fixture *f, struct health_plan *before)
{
    struct health_plan *plan = NULL;
    struct errctx ec = {0};
    assert_int_equal(health_plan_load(&f->root, &f->source, before, &plan, &ec), ERR_OK);
    return plan;
}

static void a_root_without_checks_gives_an_empty_plan(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct health_plan *plan = load(&f, NULL);
    struct check_id id = {{0}};
    assert_int_equal(plan->check_count, 0);
    assert_int_equal(plan->checker_count, 0);
    assert_int_equal(health_plan_find(plan, &id), -1);
    health_plan_unref(plan);
    health_plan_unref(NULL);
    fixture_fini(&f);
}

static void checks_and_checkers_are_sorted_and_found(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    enum { CHECKS = 200 };
    for (unsigned i = CHECKS; i > 0; i--)
        put_tcp(&f, i * 7, (uint16_t)i);
    put_checker(&f, "node-b");
    put_checker(&f, "node-a");
    struct health_plan *plan = load(&f, NULL);
    assert_int_equal(plan->check_count, CHECKS);
    for (unsigned i = 0; i < CHECKS; i++) {
        char text[CHECK_ID_TEXT_SIZE];
        check_id_format(&plan->checks[i].id, text);
        assert_string_equal(text, id_of(&f, (i + 1) * 7));
        assert_string_equal(plan->checks[i].check->id, text);
        assert_int_equal(plan->checks[i].check->port, i + 1);
        assert_int_equal(health_plan_find(plan, &plan->checks[i].id), i);
        AUTO_ARENA struct arena a = {0};
        assert_true(slice_equal(plan->checks[i].encoded,
                                release_health_check_encode(&a, plan->checks[i].check)));
    }
    struct check_id missing = plan->checks[0].id;
    missing.bytes[CHECK_ID_BYTES - 1]++;
    assert_int_equal(health_plan_find(plan, &missing), -1);
    assert_int_equal(plan->checker_count, 2);
    assert_string_equal(plan->checkers[0].node_id, "node-a");
    assert_string_equal(plan->checkers[1].node_id, "node-b");
    health_plan_unref(plan);
    fixture_fini(&f);
}

/* Where in the order the check stands that is at this place. */
static size_t turn_of(const struct health_plan *p, ptrdiff_t place)
{
    size_t turn = p->check_count;
    for (size_t i = 0; i < p->check_count; i++) {
        if (p->order[i] == (uint32_t)place) {
            assert_int_equal(turn, p->check_count);
            turn = i;
        }
    }
    assert_true(turn < p->check_count);
    return turn;
}

static void children_come_before_those_that_ask_them(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    put_calculated(&f, 1, 2, 2); /* of 2 and 3 */
    put_calculated(&f, 2, 3, 2); /* of 3 and 4 */
    put_calculated(&f, 3, 4, 3); /* of 4, 5 and one that is not there */
    put_tcp(&f, 4, 80);
    put_tcp(&f, 5, 80);
    struct health_plan *plan = load(&f, NULL);
    assert_int_equal(plan->check_count, 5);
    assert_int_equal(plan->checks[2].child_count, 2);
    assert_int_equal(plan->checks[2].children[0], 3);
    assert_int_equal(plan->checks[2].children[1], 4);
    assert_int_equal(plan->checks[4].child_count, 0);
    for (size_t i = 0; i < plan->check_count; i++) {
        for (size_t child = 0; child < plan->checks[i].child_count; child++)
            assert_true(turn_of(plan, plan->checks[i].children[child]) <
                        turn_of(plan, (ptrdiff_t)i));
    }
    health_plan_unref(plan);
    fixture_fini(&f);
}

static void checks_that_ask_each_other_are_all_in_the_order(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    put_calculated(&f, 1, 2, 1);
    put_calculated(&f, 2, 1, 3); /* of 1, itself and 3 */
    put_calculated(&f, 3, 1, 1);
    put_tcp(&f, 4, 80);
    struct health_plan *plan = load(&f, NULL);
    assert_int_equal(plan->check_count, 4);
    for (ptrdiff_t i = 0; i < 4; i++)
        (void)turn_of(plan, i);
    health_plan_unref(plan);
    fixture_fini(&f);
}

static void the_same_tries_give_the_same_plan(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    put_tcp(&f, 1, 80);
    put_checker(&f, "node-a");
    struct health_plan *plan = load(&f, NULL);
    size_t gets = f.gets;
    struct health_plan *again = load(&f, plan);
    assert_ptr_equal(again, plan);
    assert_int_equal(f.gets, gets);
    health_plan_unref(again);
    put_checker(&f, "node-b");
    again = load(&f, plan);
    assert_ptr_not_equal(again, plan);
    health_plan_unref(plan);
    assert_int_equal(again->check_count, 1);
    assert_int_equal(again->checker_count, 2);
    health_plan_unref(again);
    fixture_fini(&f);
}

static void what_is_no_check_and_chunks_that_are_missing_are_errors(void **state)
{
    (void)state;
    struct fixture f;
    struct health_plan *plan = NULL;
    struct errctx ec = {0};
    fixture_init(&f);
    put_tcp(&f, 1, 80);
    put(&f, RELEASE_HEALTH_CHECK, id_of(&f, 2), SLICE_LIT("none"));
    assert_int_equal(health_plan_load(&f.root, &f.source, NULL, &plan, &ec), ERR_CORRUPT);
    fixture_fini(&f);

    fixture_init(&f);
    put_tcp(&f, 1, 80);
    const struct release_checker c = {
        .node_id = "node-a", .address_bytes = 4, .port = 1, .region = ""};
    put(&f, RELEASE_CHECKER, "node-b", release_checker_encode(&f.arena, &c));
    assert_int_equal(health_plan_load(&f.root, &f.source, NULL, &plan, &ec), ERR_CORRUPT);
    map_fini(&f.chunks);
    map_init(&f.chunks);
    assert_int_equal(health_plan_load(&f.root, &f.source, NULL, &plan, &ec), ERR_NOT_FOUND);
    assert_null(plan);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_without_checks_gives_an_empty_plan),
        cmocka_unit_test(checks_and_checkers_are_sorted_and_found),
        cmocka_unit_test(children_come_before_those_that_ask_them),
        cmocka_unit_test(checks_that_ask_each_other_are_all_in_the_order),
        cmocka_unit_test(the_same_tries_give_the_same_plan),
        cmocka_unit_test(what_is_no_check_and_chunks_that_are_missing_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
