// SPDX-License-Identifier: Apache-2.0
// Votes from a checker's server to who follows them, over TLS.
#include "base/time.h"
#include "feed/limits.h"
#include "feed/listener.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** A server that has votes and nothing else, and who follows them. */
struct stage {
    struct fixture f;
    struct feed_listener *listener;
    uint8_t server_key[ED25519_PUBLIC_BYTES];
    struct slice votes;
    uint64_t run;
    uint64_t number;
    size_t asked_count; /* times that the server's owner was asked */

    size_t came_count;
    size_t came_bytes;  /* of the newest */
    uint8_t came_first; /* its first byte */
    enum err verdict;   /* of the next votes */
    size_t up_count;
    size_t down_count;
    enum err down_code;
};

static bool is_admitted(void *user, const uint8_t key[ED25519_PUBLIC_BYTES])
{
    struct stage *s = user;
    return s->f.admits && memcmp(key, s->f.client_key, ED25519_PUBLIC_BYTES) == 0;
}

static struct slice newest_votes(void *user, uint64_t *out_run, uint64_t *out_number)
{
    struct stage *s = user;
    s->asked_count++;
    *out_run = s->run;
    *out_number = s->number;
    return s->votes;
}

static enum err on_votes(void *user, struct slice votes, struct errctx *ec)
{
    struct stage *s = user;
    enum err verdict = s->verdict;
    s->came_count++;
    s->came_bytes = votes.len;
    s->came_first = votes.data[0];
    s->verdict = ERR_OK;
    return verdict == ERR_OK ? ERR_OK : err_set(ec, verdict, "not believed");
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct stage *s = user;
    s->up_count += is_up;
    s->down_count += !is_up;
    if (!is_up)
        s->down_code = why->code;
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){0};
    fixture_init(&s->f);
    memcpy(s->server_key, s->f.server_key, sizeof(s->server_key));
    s->f.source =
        (struct feed_source){.is_admitted = is_admitted, .newest_votes = newest_votes, .user = s};
    fixture_start_server(&s->f);
}

static void stage_fini(struct stage *s)
{
    feed_listener_free(s->listener);
    fixture_stop_server(&s->f);
    fixture_fini(&s->f);
}

static void listen_to(struct stage *s)
{
    const struct feed_listener_handler handler = {on_votes, on_state, s};
    s->listener = feed_listener_new(s->f.loop, &s->f.options, s->server_key, &handler);
}

static void publish(struct stage *s, const void *votes, size_t len, uint64_t number)
{
    s->votes = slice_of(votes, len);
    s->run = 9;
    s->number = number;
    if (s->f.server != NULL)
        feed_server_announce(s->f.server);
}

static void each_table_comes_as_it_is_made_and_the_newest_at_once(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    publish(&s, "old", 3, 1);
    publish(&s, "newer", 5, 2);
    listen_to(&s);
    RUN_UNTIL(&s.f, s.came_count == 1);
    assert_int_equal(s.came_bytes, 5);
    assert_true(feed_listener_is_up(s.listener));
    for (uint64_t n = 3; n <= 5; n++) {
        publish(&s, "table", n, n);
        RUN_UNTIL(&s.f, s.came_count == n - 1);
        assert_int_equal(s.came_bytes, n);
    }
    feed_server_announce(s.f.server); /* nothing new */
    fixture_run_for(&s.f, 50 * NS_PER_MS);
    assert_int_equal(s.came_count, 4);
    stage_fini(&s);
}

static void before_the_first_table_the_stream_is_up_and_silent(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    listen_to(&s);
    RUN_UNTIL(&s.f, s.up_count == 1);
    fixture_run_for(&s.f, 50 * NS_PER_MS);
    assert_int_equal(s.came_count, 0);
    publish(&s, "a", 1, 1);
    RUN_UNTIL(&s.f, s.came_count == 1);
    stage_fini(&s);
}

static void the_largest_tables_pass_and_a_slow_reader_misses_some_but_not_the_newest(void **state)
{
    (void)state;
    static uint8_t table[FEED_FRAME_MAX_BYTES];
    enum { MANY = 60 };
    struct stage s;
    stage_init(&s);
    listen_to(&s);
    RUN_UNTIL(&s.f, s.up_count == 1);
    for (uint64_t n = 1; n <= MANY; n++) { /* the reader has no turn meanwhile */
        table[0] = (uint8_t)n;
        publish(&s, table, sizeof(table), n);
    }
    RUN_UNTIL(&s.f, s.came_first == MANY);
    assert_int_equal(s.came_bytes, sizeof(table));
    assert_in_range(s.came_count, 2, MANY / 2);
    assert_int_equal(s.down_count, 0);
    stage_fini(&s);
}

static void a_checker_with_another_key_is_not_believed(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    publish(&s, "forged", 6, 1);
    s.server_key[0] ^= 1;
    listen_to(&s);
    RUN_UNTIL(&s.f, s.down_count == 1);
    assert_int_equal(s.down_code, ERR_DENIED);
    fixture_run_for(&s.f, 100 * NS_PER_MS); /* nor at the next attempts */
    assert_int_equal(s.came_count, 0);
    assert_int_equal(s.up_count, 0);
    stage_fini(&s);
}

static void who_is_not_admitted_gets_no_votes(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    publish(&s, "votes", 5, 1);
    s.f.admits = false;
    listen_to(&s);
    RUN_UNTIL(&s.f, s.down_count == 1);
    assert_int_equal(s.down_code, ERR_DENIED);
    assert_int_equal(s.came_count, 0);
    s.f.admits = true;
    RUN_UNTIL(&s.f, s.came_count == 1);
    s.f.admits = false;
    publish(&s, "more", 4, 2);
    RUN_UNTIL(&s.f, s.down_count == 2);
    assert_int_equal(s.came_count, 1);
    stage_fini(&s);
}

static void
votes_that_are_refused_end_the_stream_and_the_next_one_begins_with_the_newest(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.verdict = ERR_CORRUPT;
    publish(&s, "bad", 3, 1);
    listen_to(&s);
    RUN_UNTIL(&s.f, s.down_count == 1);
    assert_int_equal(s.down_code, ERR_CORRUPT);
    RUN_UNTIL(&s.f, s.came_count == 2); /* sent again over a new connection */
    assert_int_equal(s.up_count, 2);
    stage_fini(&s);
}

static void a_silent_checker_is_lost_and_found_again(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.f.options.silence_ns = 100 * NS_PER_MS;
    publish(&s, "a", 1, 1);
    listen_to(&s);
    RUN_UNTIL(&s.f, s.down_count == 1);
    assert_int_equal(s.down_code, ERR_TIMEOUT);
    publish(&s, "ab", 2, 2);
    RUN_UNTIL(&s.f, s.came_bytes == 2);
    stage_fini(&s);
}

static void a_checker_serves_votes_alone_and_others_none(void **state)
{
    (void)state;
    struct stage s;
    const struct slice none = {0};
    uint8_t hash[SHA256_BYTES] = {0};
    stage_init(&s);
    publish(&s, "votes", 5, 1);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/votes", none), 200);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/votes?after=1.1", none), 400);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/votes", none), 405);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/pointers?after=0.0", none), 404);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/invalidations", none), 404);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/report", none), 404);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/chunks", slice_of(hash, sizeof(hash))),
                     404);
    fixture_stop_server(&s.f);
    s.f.source.newest_votes = NULL;
    fixture_start_server(&s.f);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/votes", none), 404);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_comes_as_it_is_made_and_the_newest_at_once),
        cmocka_unit_test(before_the_first_table_the_stream_is_up_and_silent),
        cmocka_unit_test(the_largest_tables_pass_and_a_slow_reader_misses_some_but_not_the_newest),
        cmocka_unit_test(a_checker_with_another_key_is_not_believed),
        cmocka_unit_test(who_is_not_admitted_gets_no_votes),
        cmocka_unit_test(
            votes_that_are_refused_end_the_stream_and_the_next_one_begins_with_the_newest),
        cmocka_unit_test(a_silent_checker_is_lost_and_found_again),
        cmocka_unit_test(a_checker_serves_votes_alone_and_others_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
