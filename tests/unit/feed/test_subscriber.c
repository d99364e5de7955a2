// SPDX-License-Identifier: Apache-2.0
// Invalidations from a log through a server to subscribers, over TLS, and their acknowledgements.
#include "base/time.h"
#include "feed/limits.h"
#include "feed/subscriber.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/** A server with a log, and a subscriber that applies at once. */
struct stage {
    struct fixture f;
    struct feed_log *log;
    struct feed_subscriber *subscriber;
    uint64_t number; /* of the newest entry */

    size_t follower_count; /* as the server's owner was told */
    struct feed_position after;
    struct feed_position acknowledged;
    size_t acknowledgements;

    struct feed_position at; /* of the subscriber */
    size_t path_count;       /* that it was given, everything apart */
    size_t all_count;        /* times that it dropped everything */
    size_t up_count;
    size_t down_count;
    enum err down_code;
};

static void on_follower(void *user, const uint8_t key[ED25519_PUBLIC_BYTES],
                        const struct feed_position *after)
{
    struct stage *s = user;
    assert_memory_equal(key, s->f.client_key, ED25519_PUBLIC_BYTES);
    assert_true(after != NULL || s->follower_count > 0);
    s->follower_count = after != NULL ? s->follower_count + 1 : s->follower_count - 1;
    if (after != NULL)
        s->after = *after;
}

static void on_applied(void *user, const uint8_t key[ED25519_PUBLIC_BYTES],
                       const struct feed_position *at)
{
    struct stage *s = user;
    assert_memory_equal(key, s->f.client_key, ED25519_PUBLIC_BYTES);
    s->acknowledged = *at;
    s->acknowledgements++;
}

static void on_invalidation(void *user, const struct feed_invalidation *i)
{
    struct stage *s = user;
    bool is_all = i->distribution_id.len == 0;
    s->all_count += is_all;
    s->path_count += is_all ? 0 : i->path_count;
    if (!i->is_last)
        return;
    s->at = i->at;
    feed_subscriber_applied(s->subscriber, i->at);
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct stage *s = user;
    s->up_count += is_up;
    s->down_count += !is_up;
    if (!is_up)
        s->down_code = why->code;
}

/* The callbacks of the fixture expect the fixture. */
static bool is_admitted(void *user, const uint8_t key[ED25519_PUBLIC_BYTES])
{
    struct stage *s = user;
    return s->f.admits && memcmp(key, s->f.client_key, ED25519_PUBLIC_BYTES) == 0;
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){0};
    fixture_init(&s->f);
    s->log = feed_log_new(NULL);
    feed_log_begin(s->log, &(struct feed_log_start){.epoch = 5});
    s->f.source = (struct feed_source){.is_admitted = is_admitted,
                                       .invalidations = s->log,
                                       .on_follower = on_follower,
                                       .on_applied = on_applied,
                                       .user = s};
    fixture_start_server(&s->f);
}

static void stage_fini(struct stage *s)
{
    feed_subscriber_free(s->subscriber);
    fixture_stop_server(&s->f);
    assert_int_equal(s->follower_count, 0);
    feed_log_free(s->log);
    fixture_fini(&s->f);
}

static void subscribe(struct stage *s)
{
    const struct feed_subscriber_handler handler = {on_invalidation, on_state, s};
    s->subscriber = feed_subscriber_new(s->f.loop, &s->f.options, &handler);
}

static void invalidate(struct stage *s, const struct slice *paths, size_t count)
{
    const struct feed_log_entry entry = {.number = ++s->number,
                                         .distribution_id = SLICE_LIT("E1"),
                                         .paths = paths,
                                         .path_count = count};
    feed_log_add(s->log, &entry);
    if (s->f.server != NULL)
        feed_server_announce(s->f.server);
}

static const struct slice one_path = SLICE_LIT("/a");

#define ACKNOWLEDGED(s, n) ((s)->acknowledged.epoch == 5 && (s)->acknowledged.number == (n))

static void an_invalidation_arrives_and_is_acknowledged(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    subscribe(&s);
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, 0));
    assert_int_equal(s.follower_count, 1);
    assert_int_equal(s.after.epoch, 0); /* it came with nothing */
    assert_int_equal(s.all_count, 1);
    for (uint64_t n = 1; n <= 3; n++) {
        invalidate(&s, &one_path, 1);
        RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, n));
        assert_int_equal(s.path_count, n);
    }
    assert_int_equal(s.all_count, 1);
    stage_fini(&s);
}

static void the_newest_of_many_acknowledgements_is_enough(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct stage s;
    stage_init(&s);
    subscribe(&s);
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, 0));
    for (unsigned i = 0; i < MANY; i++)
        invalidate(&s, &one_path, 1);
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, MANY));
    assert_int_equal(s.path_count, MANY);
    assert_true(s.acknowledgements < MANY / 2);
    stage_fini(&s);
}

static void a_subscriber_that_was_cut_off_catches_up(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    subscribe(&s);
    invalidate(&s, &one_path, 1);
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, 1));
    fixture_stop_server(&s.f);
    RUN_UNTIL(&s.f, s.down_count == 1);
    invalidate(&s, &one_path, 1);
    invalidate(&s, &one_path, 1);
    s.path_count = s.all_count = 0;
    fixture_start_server(&s.f);
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, 3));
    assert_int_equal(s.after.epoch, 5); /* what it has counts without another word */
    assert_int_equal(s.after.number, 1);
    assert_int_equal(s.path_count, 2);
    assert_int_equal(s.all_count, 0);
    stage_fini(&s);
}

static void the_largest_invalidation_passes_in_pieces_while_others_wait(void **state)
{
    (void)state;
    enum { PATHS = 3000 };
    static char text[4000];
    static struct slice paths[PATHS];
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    for (size_t i = 0; i < PATHS; i++)
        paths[i] = slice_of(text, sizeof(text));
    struct stage s;
    stage_init(&s);
    subscribe(&s);
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, 0));
    invalidate(&s, paths, PATHS);
    invalidate(&s, &one_path, 1);
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, 2));
    assert_int_equal(s.path_count, PATHS + 1);
    stage_fini(&s);
}

static void a_node_that_is_not_admitted_gets_nothing_and_none_that_is_removed(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.f.admits = false;
    subscribe(&s);
    RUN_UNTIL(&s.f, s.down_count == 1);
    assert_int_equal(s.down_code, ERR_DENIED);
    assert_int_equal(s.follower_count, 0);
    s.f.admits = true;
    RUN_UNTIL(&s.f, ACKNOWLEDGED(&s, 0));
    s.f.admits = false;
    invalidate(&s, &one_path, 1);
    RUN_UNTIL(&s.f, s.down_count == 2);
    assert_int_equal(s.path_count, 0);
    assert_int_equal(s.follower_count, 0);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/applied", SLICE_LIT("5.1")), 403);
    stage_fini(&s);
}

static void heartbeats_keep_a_quiet_subscription_up(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.f.options.silence_ns = 300 * NS_PER_MS;
    feed_server_set_heartbeat(s.f.server, 20 * NS_PER_MS);
    subscribe(&s);
    RUN_UNTIL(&s.f, s.up_count == 1);
    fixture_run_for(&s.f, 900 * NS_PER_MS);
    assert_int_equal(s.down_count, 0);
    stage_fini(&s);
}

static void requests_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    const struct slice none = {0};
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/invalidations", none), 200);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/invalidations?after=5.0", none), 200);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/invalidations?after=5", none), 400);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/invalidations?before=5.0", none), 400);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/invalidations", none), 405);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/applied", none), 405);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/applied", none), 400);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/applied", SLICE_LIT("5.")), 400);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/applied", SLICE_LIT("5.0\n")), 400);
    assert_int_equal(s.acknowledgements, 0);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/applied", SLICE_LIT("5.0")), 204);
    assert_int_equal(s.acknowledgements, 1);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/pointers?after=0.0", none), 404);
    stage_fini(&s);
}

static void a_peer_has_no_invalidations(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    fixture_stop_server(&s.f);
    s.f.source.invalidations = NULL;
    s.f.source.on_applied = NULL;
    fixture_start_server(&s.f);
    assert_int_equal(fixture_status(&s.f, "GET", "/feed/invalidations", (struct slice){0}), 404);
    assert_int_equal(fixture_status(&s.f, "POST", "/feed/applied", SLICE_LIT("5.0")), 404);
    stage_fini(&s);
}

/* A server that sends what nobody understands. */

static void send_strange_frame(struct http_exchange *x, void *server_user)
{
    size_t *request_count = server_user;
    struct http_response head = {.status = 200, .body_kind = HTTP_BODY_CHUNKED};
    (*request_count)++;
    http_respond(x, &head);
    (void)http_send_body(x, SLICE_LIT("\0\0\0\2\2\0"));
}

static void on_strange_closed(struct http_exchange *x, enum http_close_reason reason)
{
    (void)x;
    (void)reason;
}

static void what_is_no_invalidation_ends_the_stream_and_is_asked_for_less_and_less(void **state)
{
    (void)state;
    static const struct http_handler handler = {.on_request = send_strange_frame,
                                                .on_closed = on_strange_closed};
    struct stage s;
    size_t request_count = 0;
    stage_init(&s);
    fixture_stop_server(&s.f);
    const struct http_server_options options = {.limits = HTTP_LIMITS_DEFAULT,
                                                .tls = s.f.server_tls,
                                                .handler = &handler,
                                                .user = &request_count};
    struct http_server *server = http_server_new(s.f.loop, &options);
    http_server_listen(server, s.f.listen_fd);
    s.f.options.backoff_first_ns = 40 * NS_PER_MS;
    s.f.options.backoff_last_ns = 10 * NS_PER_S;
    subscribe(&s);
    fixture_run_for(&s.f, 500 * NS_PER_MS);
    assert_int_equal(s.down_code, ERR_UNSUPPORTED);
    assert_in_range(request_count, 2, 5); /* pauses of 20, 40, 80, 160, 320 ms at least */
    assert_int_equal(s.at.epoch, 0);
    http_server_free(server);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invalidation_arrives_and_is_acknowledged),
        cmocka_unit_test(the_newest_of_many_acknowledgements_is_enough),
        cmocka_unit_test(a_subscriber_that_was_cut_off_catches_up),
        cmocka_unit_test(the_largest_invalidation_passes_in_pieces_while_others_wait),
        cmocka_unit_test(a_node_that_is_not_admitted_gets_nothing_and_none_that_is_removed),
        cmocka_unit_test(heartbeats_keep_a_quiet_subscription_up),
        cmocka_unit_test(requests_that_make_no_sense_are_refused),
        cmocka_unit_test(a_peer_has_no_invalidations),
        cmocka_unit_test(what_is_no_invalidation_ends_the_stream_and_is_asked_for_less_and_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
