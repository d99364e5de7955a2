// SPDX-License-Identifier: Apache-2.0
// Tests of os/rcu.h. Under ASan a value freed too early is a report, under TSan a missing order.
#include "os/rcu.h"

#include "base/alloc.h"
#include "base/time.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { READERS = 2, SWAPS = 300 };

struct pair {
    unsigned number;
    unsigned twice; /* always 2 * number */
};

struct world {
    struct pair *pair; /* protected */
    atomic_bool is_over;
    atomic_uint broken_count; /* pairs that were not of one piece, or went back */
};

static struct pair *pair_new(unsigned number)
{
    struct pair *pair = NEW(struct pair);
    *pair = (struct pair){.number = number, .twice = 2 * number};
    return pair;
}

static void *read_pairs(void *arg)
{
    struct world *world = (struct world *)arg;
    unsigned last = 0;
    rcu_thread_register();
    for (unsigned turn = 0; !atomic_load(&world->is_over); turn++) {
        const struct pair *pair = rcu_read_ptr(&world->pair);
        if (pair->twice != 2 * pair->number || pair->number < last)
            atomic_fetch_add(&world->broken_count, 1);
        last = pair->number;
        if (turn % 8 == 0) {
            rcu_offline();
            sched_yield();
            rcu_online();
        } else {
            rcu_quiescent();
        }
    }
    rcu_thread_unregister();
    return NULL;
}

static void readers_see_whole_values_while_a_writer_frees_old_ones(void **state)
{
    (void)state;
    struct world world = {.pair = pair_new(0)};
    pthread_t readers[READERS];
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_pairs, &world), 0);
    for (unsigned i = 1; i <= SWAPS; i++) {
        struct pair *old = rcu_swap_ptr(&world.pair, pair_new(i));
        rcu_wait_readers();
        old->twice = 0; /* nobody may see this */
        free(old);
    }
    atomic_store(&world.is_over, true);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(world.broken_count, 0);
    free(world.pair);
}

static void *wait_then_note(void *arg)
{
    atomic_bool *has_waited = (atomic_bool *)arg;
    rcu_wait_readers();
    atomic_store(has_waited, true);
    return NULL;
}

static void an_online_reader_delays_the_writer_until_it_is_quiescent(void **state)
{
    (void)state;
    atomic_bool has_waited = false;
    pthread_t writer;
    rcu_thread_register();
    assert_int_equal(pthread_create(&writer, NULL, wait_then_note, &has_waited), 0);
    int64_t end_ns = time_monotonic_ns() + 20 * NS_PER_MS;
    while (time_monotonic_ns() < end_ns) {
        assert_false(has_waited);
        sched_yield();
    }
    while (!has_waited) {
        rcu_quiescent();
        sched_yield();
    }
    pthread_join(writer, NULL);
    rcu_thread_unregister();
}

static void an_offline_reader_delays_nobody(void **state)
{
    (void)state;
    atomic_bool has_waited = false;
    pthread_t writer;
    rcu_thread_register();
    rcu_offline();
    assert_int_equal(pthread_create(&writer, NULL, wait_then_note, &has_waited), 0);
    pthread_join(writer, NULL);
    assert_true(has_waited);
    rcu_wait_readers(); /* offline, it may even wait itself: a builder that also reads */
    rcu_online();
    rcu_thread_unregister();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_whole_values_while_a_writer_frees_old_ones),
        cmocka_unit_test(an_online_reader_delays_the_writer_until_it_is_quiescent),
        cmocka_unit_test(an_offline_reader_delays_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
