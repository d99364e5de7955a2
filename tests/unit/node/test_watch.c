// SPDX-License-Identifier: Apache-2.0
#include "node/watch_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>

#include <cmocka.h>

#define SILENCE_NS 100

static void beat(struct node_heartbeats *h, size_t thread)
{
    atomic_fetch_add(&h->beats[thread], 1);
}

static const char *verdict(struct watch *w, const struct node_heartbeats *h, int64_t now_ns)
{
    return watch_verdict(w, h, now_ns, SILENCE_NS);
}

static void a_heart_that_stops_is_noticed_after_the_silence(void **state)
{
    (void)state;
    struct node_heartbeats *h = heartbeats_new();
    struct watch w = {0};
    beat(h, 0);
    assert_null(verdict(&w, h, 1000));
    assert_null(verdict(&w, h, 1000 + SILENCE_NS));
    assert_string_equal(verdict(&w, h, 1000 + SILENCE_NS + 1), "watchdog");
    beat(h, 0);
    assert_null(verdict(&w, h, 1000 + SILENCE_NS + 2));
    assert_int_equal(munmap(h, sizeof(*h)), 0);
}

static void each_thread_has_its_own_heart(void **state)
{
    (void)state;
    struct node_heartbeats *h = heartbeats_new();
    struct watch w = {0};
    beat(h, 0);
    beat(h, NODE_HEARTBEAT_THREADS - 1);
    assert_null(verdict(&w, h, 1000));
    beat(h, 0);
    assert_string_equal(verdict(&w, h, 1000 + SILENCE_NS + 1), "watchdog");
    assert_int_equal(munmap(h, sizeof(*h)), 0);
}

static void threads_that_never_beat_are_not_watched(void **state)
{
    (void)state;
    struct node_heartbeats *h = heartbeats_new();
    struct watch w = {0};
    assert_null(verdict(&w, h, 1));
    assert_null(verdict(&w, h, 1000000));
    assert_int_equal(munmap(h, sizeof(*h)), 0);
}

static void a_new_process_begins_anew(void **state)
{
    (void)state;
    struct node_heartbeats *h = heartbeats_new();
    struct watch w = {0};
    beat(h, 3);
    assert_null(verdict(&w, h, 1000));
    watch_reset(&w, h);
    assert_null(verdict(&w, h, 1000000));
    assert_int_equal(munmap(h, sizeof(*h)), 0);
}

static void after_our_own_sleep_every_heart_gets_its_time(void **state)
{
    (void)state;
    struct node_heartbeats *h = heartbeats_new();
    struct watch w = {0};
    beat(h, 0);
    assert_null(verdict(&w, h, 1000));
    watch_excuse(&w, 5000);
    assert_null(verdict(&w, h, 5000 + SILENCE_NS));
    assert_non_null(verdict(&w, h, 5000 + SILENCE_NS + 1));
    assert_int_equal(munmap(h, sizeof(*h)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heart_that_stops_is_noticed_after_the_silence),
        cmocka_unit_test(each_thread_has_its_own_heart),
        cmocka_unit_test(threads_that_never_beat_are_not_watched),
        cmocka_unit_test(a_new_process_begins_anew),
        cmocka_unit_test(after_our_own_sleep_every_heart_gets_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
