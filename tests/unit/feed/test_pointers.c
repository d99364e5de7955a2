// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_follower_gets_the_newest_pointer_and_each_that_comes(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_publish(&f, "one", 1, 1);
    fixture_start_server(&f);
    fixture_start_client(&f);
    RUN_UNTIL(&f, f.pointer_count == 1);
    assert_int_equal(f.up_count, 1);
    fixture_publish(&f, "two", 1, 2);
    RUN_UNTIL(&f, f.pointer_count == 2);
    fixture_publish(&f, "next epoch", 2, 1);
    RUN_UNTIL(&f, f.pointer_count == 3);
    fixture_publish(&f, "older", 1, 9);
    fixture_publish(&f, "newest", 2, 2);
    RUN_UNTIL(&f, f.pointer_count == 4);
    assert_string_equal(f.pointers[0], "one");
    assert_string_equal(f.pointers[1], "two");
    assert_string_equal(f.pointers[2], "next epoch");
    assert_string_equal(f.pointers[3], "newest");
    assert_int_equal(f.down_count, 0);
    fixture_fini(&f);
}

static void a_pointer_that_is_held_is_not_sent_again(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_publish(&f, "held", 3, 7);
    fixture_start_server(&f);
    f.options.after_epoch = 3;
    f.options.after_sequence = 7;
    fixture_start_client(&f);
    RUN_UNTIL(&f, f.up_count == 1);
    fixture_publish(&f, "newer", 3, 8);
    RUN_UNTIL(&f, f.pointer_count == 1);
    assert_string_equal(f.pointers[0], "newer");
    feed_client_set_after(f.client, 3, 8);

    fixture_stop_server(&f);
    RUN_UNTIL(&f, f.down_count == 1);
    fixture_start_server(&f);
    RUN_UNTIL(&f, f.up_count == 2);
    fixture_publish(&f, "last", 3, 9);
    RUN_UNTIL(&f, f.pointer_count == 2);
    assert_string_equal(f.pointers[1], "last");
    fixture_fini(&f);
}

static void a_node_comes_up_by_itself_once_it_is_admitted(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.admits = false;
    fixture_publish(&f, "one", 1, 1);
    fixture_start_server(&f);
    fixture_start_client(&f);
    RUN_UNTIL(&f, f.down_count == 1);
    assert_int_equal(f.down_code, ERR_DENIED);
    assert_int_equal(f.pointer_count, 0);
    f.admits = true;
    RUN_UNTIL(&f, f.pointer_count == 1);
    assert_int_equal(f.down_count, 1); /* told once, however often it was refused */
    fixture_fini(&f);
}

static void a_node_that_is_removed_loses_its_stream(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_start_server(&f);
    fixture_start_client(&f);
    RUN_UNTIL(&f, f.up_count == 1);
    f.admits = false;
    fixture_publish(&f, "secret", 1, 1);
    RUN_UNTIL(&f, f.down_count == 1);
    assert_int_equal(f.pointer_count, 0);
    fixture_fini(&f);
}

static void silence_is_noticed_and_the_client_comes_back(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.options.silence_ns = 100 * NS_PER_MS;
    fixture_start_server(&f);
    fixture_start_client(&f);
    RUN_UNTIL(&f, f.down_count == 1);
    assert_int_equal(f.down_code, ERR_TIMEOUT);
    RUN_UNTIL(&f, f.up_count == 2);
    fixture_fini(&f);
}

static void heartbeats_keep_a_quiet_stream_up(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.options.silence_ns = 300 * NS_PER_MS;
    fixture_start_server(&f);
    feed_server_set_heartbeat(f.server, 20 * NS_PER_MS);
    fixture_start_client(&f);
    RUN_UNTIL(&f, f.up_count == 1);
    fixture_run_for(&f, 900 * NS_PER_MS);
    assert_int_equal(f.down_count, 0);
    assert_int_equal(f.pointer_count, 0);
    fixture_fini(&f);
}

static void a_client_waits_for_a_server_that_is_not_there_yet(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.options.silence_ns = 50 * NS_PER_MS; /* the kernel connects us: nobody answers */
    fixture_start_client(&f);
    f.options.silence_ns = 0;
    fixture_publish(&f, "one", 1, 1);
    fixture_run_for(&f, 100 * NS_PER_MS);
    assert_int_equal(f.up_count, 0);
    fixture_start_server(&f);
    RUN_UNTIL(&f, f.pointer_count >= 1);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follower_gets_the_newest_pointer_and_each_that_comes),
        cmocka_unit_test(a_pointer_that_is_held_is_not_sent_again),
        cmocka_unit_test(a_node_comes_up_by_itself_once_it_is_admitted),
        cmocka_unit_test(a_node_that_is_removed_loses_its_stream),
        cmocka_unit_test(silence_is_noticed_and_the_client_comes_back),
        cmocka_unit_test(heartbeats_keep_a_quiet_stream_up),
        cmocka_unit_test(a_client_waits_for_a_server_that_is_not_there_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
