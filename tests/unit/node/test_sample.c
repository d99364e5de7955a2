// SPDX-License-Identifier: Apache-2.0
#include "node/sample.h"

#include "base/macros.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void free_ring(struct sample_ring *ring)
{
    assert_int_equal(munmap(ring, sizeof(*ring)), 0);
}

static void what_is_put_in_comes_out(void **state)
{
    (void)state;
    struct sample_ring *ring = sample_ring_new();
    uint8_t out[SAMPLE_MAX_BYTES];
    assert_int_equal(sample_ring_get(ring, 0, out), 0);
    sample_ring_put(ring, SLICE_LIT("query"));
    assert_int_equal(sample_ring_get(ring, 0, out), 5);
    assert_memory_equal(out, "query", 5);
    assert_int_equal(sample_ring_get(ring, SAMPLE_COUNT, out), 5); /* it is a ring */
    assert_int_equal(sample_ring_get(ring, 1, out), 0);
    free_ring(ring);
}

static void only_what_is_too_long_is_left_out(void **state)
{
    (void)state;
    struct sample_ring *ring = sample_ring_new();
    uint8_t bytes[SAMPLE_MAX_BYTES + 1] = {1};
    uint8_t out[SAMPLE_MAX_BYTES];
    sample_ring_put(ring, slice_of(bytes, SAMPLE_MAX_BYTES + 1));
    assert_int_equal(sample_ring_get(ring, 0, out), 0);
    sample_ring_put(ring, slice_of(bytes, SAMPLE_MAX_BYTES));
    assert_int_equal(sample_ring_get(ring, 0, out), SAMPLE_MAX_BYTES);
    free_ring(ring);
}

static void the_oldest_is_written_over(void **state)
{
    (void)state;
    struct sample_ring *ring = sample_ring_new();
    uint8_t out[SAMPLE_MAX_BYTES];
    for (unsigned i = 0; i <= SAMPLE_COUNT; i++)
        sample_ring_put(ring, slice_of(&i, sizeof(i)));
    unsigned first = 0;
    assert_int_equal(sample_ring_get(ring, 0, out), sizeof(first));
    memcpy(&first, out, sizeof(first));
    assert_int_equal(first, SAMPLE_COUNT);
    free_ring(ring);
}

static void other_processes_see_it(void **state)
{
    (void)state;
    struct sample_ring *ring = sample_ring_new();
    pid_t pid = fork();
    if (pid == 0) {
        sample_ring_put(ring, SLICE_LIT("child"));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    uint8_t out[SAMPLE_MAX_BYTES];
    assert_int_equal(sample_ring_get(ring, 0, out), 5);
    free_ring(ring);
}

enum { WRITERS = 3, ROUNDS = 20000 };

struct writer {
    struct sample_ring *ring;
    uint8_t letter;
};

static void *write_many(void *arg)
{
    const struct writer *w = arg;
    uint8_t bytes[SAMPLE_MAX_BYTES];
    memset(bytes, w->letter, sizeof(bytes));
    for (size_t i = 0; i < ROUNDS; i++)
        sample_ring_put(w->ring, slice_of(bytes, 1 + i % SAMPLE_MAX_BYTES));
    return NULL;
}

static void a_reader_sees_whole_samples_or_none(void **state)
{
    (void)state;
    struct sample_ring *ring = sample_ring_new();
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ring, (uint8_t)('a' + i)};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    size_t seen = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint8_t out[SAMPLE_MAX_BYTES];
        size_t len = sample_ring_get(ring, i, out);
        for (size_t k = 1; k < len; k++)
            assert_int_equal(out[k], out[0]);
        seen += len > 0;
    }
    for (unsigned i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    uint8_t out[SAMPLE_MAX_BYTES];
    assert_true(seen > 0 || sample_ring_get(ring, 0, out) > 0);
    free_ring(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_comes_out),
        cmocka_unit_test(only_what_is_too_long_is_left_out),
        cmocka_unit_test(the_oldest_is_written_over),
        cmocka_unit_test(other_processes_see_it),
        cmocka_unit_test(a_reader_sees_whole_samples_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
