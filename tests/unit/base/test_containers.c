// SPDX-License-Identifier: Apache-2.0
// Lists and maps: order, removal while walking, growth, agreement with a plain array.

#include "base/arena.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/** An element of a list. */
struct item {
    int number;
    struct list node;
};

static void a_list_keeps_order_and_bears_removal_while_walking(void **state)
{
    (void)state;
    struct list head;
    list_init(&head);
    assert_null(LIST_FIRST(&head, struct item, node));
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    for (size_t i = 0; i < 3; i++)
        list_push_back(&head, &items[i].node);

    int expected = 0;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &head) {
        assert_int_equal(LIST_ENTRY(node, struct item, node)->number, expected++);
        list_remove(node);
        list_remove(node); /* harmless */
    }
    assert_int_equal(expected, 3);
    assert_true(list_is_empty(&head));
}

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    AUTO_MAP struct map m;
    map_init(&m);
    size_t cursor = 0;
    assert_null(map_get(&m, SLICE_LIT("a")));
    assert_null(map_remove(&m, SLICE_LIT("a")));
    assert_null(map_next(&m, &cursor));
}

static void put_replaces_and_returns_what_was_there(void **state)
{
    (void)state;
    AUTO_MAP struct map m;
    map_init(&m);
    int one = 1;
    int two = 2;
    char key[] = "key";
    assert_null(map_put(&m, slice_str(key), &one));
    key[0] = 'x'; /* the map has a copy */
    assert_ptr_equal(map_put(&m, SLICE_LIT("key"), &two), &one);
    assert_ptr_equal(map_get(&m, SLICE_LIT("key")), &two);
    assert_null(map_put(&m, slice_of(NULL, 0), &one)); /* the empty key is one too */
    assert_ptr_equal(map_get(&m, SLICE_LIT("")), &one);
    assert_int_equal(m.count, 2);
}

enum { KEYS = 600, STEPS = 60000 };

static struct slice key_of(uint32_t number, char text[16])
{
    int len = snprintf(text, 16, "k%u", number);
    return slice_of(text, (size_t)len);
}

static void a_map_agrees_with_an_array_over_random_steps(void **state)
{
    (void)state;
    AUTO_MAP struct map m;
    map_init(&m);
    static char values[KEYS];
    void *expected[KEYS] = {NULL};
    struct prng random;
    prng_init_fixed(&random, 2026);
    size_t count = 0;
    for (size_t step = 0; step < STEPS; step++) {
        char text[16];
        uint32_t k = prng_below(&random, KEYS);
        struct slice key = key_of(k, text);
        if (prng_below(&random, 2) == 0) {
            assert_ptr_equal(map_put(&m, key, &values[k]), expected[k]);
            count += expected[k] == NULL;
            expected[k] = &values[k];
        } else {
            assert_ptr_equal(map_remove(&m, key), expected[k]);
            count -= expected[k] != NULL;
            expected[k] = NULL;
        }
        assert_int_equal(m.count, count);
        k = prng_below(&random, KEYS);
        assert_ptr_equal(map_get(&m, key_of(k, text)), expected[k]);
    }
    size_t cursor = 0;
    while (map_next(&m, &cursor) != NULL)
        count--;
    assert_int_equal(count, 0);
}

static void a_table_grows_when_three_quarters_are_full(void **state)
{
    (void)state;
    AUTO_MAP struct map m;
    map_init(&m);
    char text[16];
    for (uint32_t i = 0; i < MAP_CAPACITY_MIN / 4 * 3; i++)
        (void)map_put(&m, key_of(i, text), &m);
    assert_int_equal(m.capacity, MAP_CAPACITY_MIN);
    (void)map_put(&m, SLICE_LIT("one more"), &m);
    assert_int_equal(m.capacity, 2 * MAP_CAPACITY_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_keeps_order_and_bears_removal_while_walking),
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(put_replaces_and_returns_what_was_there),
        cmocka_unit_test(a_map_agrees_with_an_array_over_random_steps),
        cmocka_unit_test(a_table_grows_when_three_quarters_are_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
