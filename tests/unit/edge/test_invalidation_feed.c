// SPDX-License-Identifier: Apache-2.0
// An edge that follows controls over TLS: each a feed server with a log of its own, as if both read
// one store.
#include "base/settings.h"
#include "base/time.h"
#include "crypto/cert.h"
#include "edge/invalidation_feed.h"
#include "feed/feed.h"
#include "net/identity.h"
#include "net/socket.h"
#include "os/file.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONTROLS = 2, DEADLINE_S = 10 };

struct fake_control {
    struct stage *stage;
    int listen_fd;
    struct net_address address;
    const char *url;
    struct feed_log *log;
    struct feed_server *server;
    size_t follower_count;
    struct feed_position after;
    struct feed_position acknowledged;
};

struct stage {
    char dir[TEMP_DIR_SIZE];
    struct loop *loop;
    struct loop_timer deadline;
    struct arena arena;
    struct signing_key *root_key;
    struct slice root_pem;
    struct net_tls *tls;
    struct fake_control controls[CONTROLS];
    const char *urls[CONTROLS];
    uint64_t number; /* of the newest invalidation */

    struct settings settings;
    struct role_context context;
    struct cache *cache;
    struct cache_scope *scope; /* of the distribution A */
    struct invalidation_feed *feed;
};

/* ---- controls */

static bool is_admitted(void *user, const uint8_t key[ED25519_PUBLIC_BYTES])
{
    (void)user;
    (void)key;
    return true;
}

static void on_follower(void *user, const uint8_t key[ED25519_PUBLIC_BYTES],
                        const struct feed_position *after)
{
    (void)key;
    struct fake_control *c = user;
    c->follower_count = after != NULL ? c->follower_count + 1 : c->follower_count - 1;
    if (after != NULL)
        c->after = *after;
}

static void on_applied(void *user, const uint8_t key[ED25519_PUBLIC_BYTES],
                       const struct feed_position *at)
{
    (void)key;
    struct fake_control *c = user;
    c->acknowledged = *at;
}

static void control_start(struct fake_control *c)
{
    const struct feed_source source = {.is_admitted = is_admitted,
                                       .invalidations = c->log,
                                       .on_follower = on_follower,
                                       .on_applied = on_applied,
                                       .user = c};
    c->server = feed_server_new(c->stage->loop, c->stage->tls, &source);
    feed_server_listen(c->server, c->listen_fd);
}

static void control_stop(struct fake_control *c)
{
    feed_server_free(c->server);
    c->server = NULL;
}

static void control_init(struct stage *s, struct fake_control *c)
{
    const struct net_listen_options options = {0};
    char text[NET_ADDRESS_TEXT_SIZE];
    struct net_address any;
    c->stage = s;
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL), ERR_OK);
    assert_int_equal(net_listen_tcp(&any, &options, &c->listen_fd, &c->address, NULL), ERR_OK);
    net_address_format(&c->address, text);
    c->url = arena_printf(&s->arena, "https://%s", text);
    c->log = feed_log_new(NULL);
    feed_log_begin(c->log, &(struct feed_log_start){.epoch = 3});
    control_start(c);
}

static void control_fini(struct fake_control *c)
{
    control_stop(c);
    assert_int_equal(c->follower_count, 0);
    feed_log_free(c->log);
    (void)close(c->listen_fd);
}

/** Control `which` learns of the newest invalidation. */
static void control_read(struct stage *s, size_t which)
{
    const struct slice path = SLICE_LIT("/a");
    const struct feed_log_entry entry = {
        .number = s->number, .distribution_id = SLICE_LIT("A"), .paths = &path, .path_count = 1};
    feed_log_add(s->controls[which].log, &entry);
    if (s->controls[which].server != NULL)
        feed_server_announce(s->controls[which].server);
}

static void invalidate(struct stage *s)
{
    s->number++;
    for (size_t i = 0; i < CONTROLS; i++)
        control_read(s, i);
}

/* ---- the stage */

static struct slice certify(struct stage *s, enum cert_purpose purpose, struct signing_key *key)
{
    const struct cert_spec spec = {.purpose = purpose,
                                   .common_name = "test",
                                   .now_unix_s = time_unix_ms() / MS_PER_S,
                                   .days = 2};
    const struct cert_issuer issuer = {.cert_pem = s->root_pem, .key = s->root_key};
    struct slice pem;
    assert_int_equal(
        cert_issue(&s->arena, &spec, key, s->root_pem.len > 0 ? &issuer : NULL, &pem, NULL),
        ERR_OK);
    return pem;
}

static void make_keys(struct stage *s)
{
    struct signing_key *key = signing_key_make();
    s->root_key = signing_key_make();
    s->root_pem = certify(s, CERT_AUTHORITY, s->root_key);
    struct slice pem = certify(s, CERT_TLS_SERVER, key);
    assert_int_equal(net_tls_fleet_server_new(pem, signing_key_pem(&s->arena, key), &s->tls, NULL),
                     ERR_OK);
    signing_key_free(key);
}

/** The supervisor makes the identity before it starts a role. */
static void make_identity(struct stage *s)
{
    struct net_identity identity = {0};
    assert_int_equal(net_identity_open(s->dir, time_unix_ms() / MS_PER_S, &identity, NULL), ERR_OK);
    net_identity_fini(&identity);
}

static void put_fleet_root(struct stage *s)
{
    assert_int_equal(file_replace(s->context.fleet_root_path, s->root_pem, 0644, NULL), ERR_OK);
}

static void on_deadline(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("nothing happened in %d s", DEADLINE_S);
}

static void stage_init(struct stage *s)
{
    const struct cache_options options = {.memory_bytes = (size_t)16 << 20};
    *s = (struct stage){.loop = loop_new(true)};
    temp_dir_make(s->dir, "edge");
    s->deadline.on_time = on_deadline;
    make_keys(s);
    make_identity(s);
    for (size_t i = 0; i < CONTROLS; i++) {
        control_init(s, &s->controls[i]);
        s->urls[i] = s->controls[i].url;
    }
    s->settings.data = s->dir;
    s->context = (struct role_context){.settings = &s->settings,
                                       .loop = s->loop,
                                       .fleet_root_path =
                                           arena_printf(&s->arena, "%s/fleet-root.pem", s->dir)};
    s->cache = cache_new(&options);
    s->scope = cache_scope_get(s->cache, "A");
}

/** The edge starts: its own control is the first, or both are told by --control. */
static void start(struct stage *s, bool has_own)
{
    s->context.has_control = has_own;
    s->context.nodes_bound = s->controls[0].address;
    if (!has_own)
        s->settings.control = (struct settings_list){.items = s->urls, .count = CONTROLS};
    assert_int_equal(invalidation_feed_new(&s->context, s->cache, &s->feed, NULL), ERR_OK);
}

static void stage_fini(struct stage *s)
{
    invalidation_feed_free(s->feed);
    for (size_t i = 0; i < CONTROLS; i++)
        control_fini(&s->controls[i]);
    cache_scope_unref(s->scope);
    cache_free(s->cache);
    loop_timer_stop(&s->deadline);
    loop_free(s->loop);
    net_tls_free(s->tls);
    signing_key_free(s->root_key);
    temp_dir_remove(s->dir);
    arena_fini(&s->arena);
}

static void on_turn(struct loop_timer *timer)
{
    loop_stop(timer->user);
}

static void turn(struct stage *s)
{
    struct loop_timer timer = {.on_time = on_turn, .user = s->loop};
    loop_timer_set(s->loop, &timer, NS_PER_MS, 0);
    loop_run(s->loop);
}

#define RUN_UNTIL(s, condition)                                                                    \
    do {                                                                                           \
        loop_timer_set((s)->loop, &(s)->deadline, DEADLINE_S *NS_PER_S, 0);                        \
        while (!(condition))                                                                       \
            turn(s);                                                                               \
    } while (0)

#define ACKNOWLEDGED(s, which, n)                                                                  \
    ((s)->controls[which].acknowledged.epoch == 3 &&                                               \
     (s)->controls[which].acknowledged.number == (n))

/* ---- tests */

static void an_invalidation_takes_effect_and_is_acknowledged(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    put_fleet_root(&s);
    start(&s, true);
    RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, 0));
    for (uint64_t n = 1; n <= 3; n++) {
        invalidate(&s);
        RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, n));
        assert_int_equal(cache_scope_number(s.scope), n);
    }
    assert_int_equal(s.controls[1].follower_count, 0);
    stage_fini(&s);
}

static void every_control_is_followed_and_told(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    put_fleet_root(&s);
    start(&s, false);
    RUN_UNTIL(&s, s.controls[0].follower_count == 1 && s.controls[1].follower_count == 1);
    RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, 0) && ACKNOWLEDGED(&s, 1, 0));
    s.number = 1;
    control_read(&s, 1); /* the other has not looked at the store yet */
    RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, 1) && ACKNOWLEDGED(&s, 1, 1));
    control_read(&s, 0);
    invalidate(&s);
    RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, 2) && ACKNOWLEDGED(&s, 1, 2));
    stage_fini(&s);
}

static void without_its_control_it_waits_and_catches_up(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    put_fleet_root(&s);
    start(&s, true);
    invalidate(&s);
    RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, 1));
    control_stop(&s.controls[0]);
    invalidate(&s);
    control_start(&s.controls[0]);
    RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, 2));
    assert_int_equal(s.controls[0].after.epoch, 3);
    assert_int_equal(s.controls[0].after.number, 1);
    assert_int_equal(cache_scope_number(s.scope), 2);
    stage_fini(&s);
}

static void it_waits_for_the_fleet_root(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    start(&s, true);
    turn(&s);
    turn(&s);
    put_fleet_root(&s);
    RUN_UNTIL(&s, ACKNOWLEDGED(&s, 0, 0));
    stage_fini(&s);
}

static void a_control_without_a_certificate_of_the_fleet_is_not_followed(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct signing_key *other = signing_key_make();
    const struct slice real = s.root_pem;
    s.root_pem = (struct slice){0};
    s.root_pem = certify(&s, CERT_AUTHORITY, other);
    put_fleet_root(&s);
    s.root_pem = real;
    start(&s, true);
    for (unsigned i = 0; i < 300; i++)
        turn(&s);
    assert_int_equal(s.controls[0].follower_count, 0);
    signing_key_free(other);
    stage_fini(&s);
}

static void a_control_that_is_no_url_is_an_error(void **state)
{
    (void)state;
    struct stage s;
    struct errctx ec = {0};
    stage_init(&s);
    s.urls[1] = "http://127.0.0.1:1";
    s.settings.control = (struct settings_list){.items = s.urls, .count = CONTROLS};
    assert_int_equal(invalidation_feed_new(&s.context, s.cache, &s.feed, &ec), ERR_INVALID);
    assert_null(s.feed);
    assert_non_null(strstr(ec.text, "--control"));
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invalidation_takes_effect_and_is_acknowledged),
        cmocka_unit_test(every_control_is_followed_and_told),
        cmocka_unit_test(without_its_control_it_waits_and_catches_up),
        cmocka_unit_test(it_waits_for_the_fleet_root),
        cmocka_unit_test(a_control_without_a_certificate_of_the_fleet_is_not_followed),
        cmocka_unit_test(a_control_that_is_no_url_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
