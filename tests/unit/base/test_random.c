// SPDX-License-Identifier: Apache-2.0
// The generator: fixed sequences, published values, even choices.

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_generator_is_xoshiro256_star_star(void **state)
{
    (void)state;
    /* First values of the authors' reference code from the state 1, 2, 3, 4. */
    struct prng p = {.s = {1, 2, 3, 4}};
    assert_true(prng_next(&p) == 11520);
    assert_true(prng_next(&p) == 0);
    assert_true(prng_next(&p) == 1509978240);
    assert_true(prng_next(&p) == 1215971899390074240);
}

static void the_same_seed_gives_the_same_sequence(void **state)
{
    (void)state;
    struct prng a;
    struct prng b;
    struct prng c;
    prng_init_fixed(&a, 7);
    prng_init_fixed(&b, 7);
    prng_init_fixed(&c, 8);
    uint64_t first = prng_next(&a);
    assert_true(first == prng_next(&b));
    assert_true(first != prng_next(&c));
}

static void choices_stay_below_the_bound_and_are_even(void **state)
{
    (void)state;
    struct prng p;
    prng_init_fixed(&p, 1);
    unsigned counts[3] = {0};
    for (size_t i = 0; i < 30000; i++)
        counts[prng_below(&p, 3)]++;
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        assert_in_range(counts[i], 9600, 10400);
    assert_int_equal(prng_below(&p, 1), 0);
    assert_true(prng_below(&p, UINT32_MAX) < UINT32_MAX);
}

static void kernel_bytes_fill_the_whole_space_and_differ(void **state)
{
    (void)state;
    uint8_t a[1000] = {0};
    uint8_t b[1000] = {0};
    random_bytes(a, sizeof(a) - 1);
    random_bytes(b, sizeof(b) - 1);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(a[999], 0);
    struct prng p;
    struct prng q;
    prng_init(&p);
    prng_init(&q);
    assert_true(prng_next(&p) != prng_next(&q));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_xoshiro256_star_star),
        cmocka_unit_test(the_same_seed_gives_the_same_sequence),
        cmocka_unit_test(choices_stay_below_the_bound_and_are_even),
        cmocka_unit_test(kernel_bytes_fill_the_whole_space_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
