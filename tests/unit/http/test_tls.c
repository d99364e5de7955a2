// SPDX-License-Identifier: Apache-2.0
// Tests of http/ over TLS: an API listener with its local authority, and machines of a fleet that
// know each other by their keys.
#include "base/time.h"
#include "crypto/cert.h"
#include "fixture.h"
#include "http/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

/** One call over TLS on a loop of its own. */
struct tls_call {
    struct loop *loop;
    struct http_client *client;
    struct http_call *call;
    unsigned left; /* calls still to make, one after the other */
    unsigned status;
    size_t body_bytes;
    enum err result;
    enum http_stage stage;
    bool has_peer_key;
    uint8_t peer_key[32];
    struct http_call_options options;
    const char *target;
};

static void start(struct tls_call *t);

static void on_head(void *user, const struct http_response *head)
{
    struct tls_call *t = (struct tls_call *)user;
    t->status = head->status;
    t->has_peer_key = http_call_peer_key(t->call, t->peer_key);
}

static void on_body(void *user, struct slice data)
{
    struct tls_call *t = (struct tls_call *)user;
    t->body_bytes += data.len;
}

static void on_end(void *user, const struct http_call_end *end)
{
    struct tls_call *t = (struct tls_call *)user;
    t->result = end->result;
    t->stage = end->stage;
    if (--t->left > 0)
        start(t); /* from on_end: over the kept connection */
    else
        loop_stop(t->loop);
}

static void start(struct tls_call *t)
{
    static const struct http_call_handler handler = {
        .on_head = on_head, .on_body = on_body, .on_end = on_end};
    AUTO_ARENA struct arena a = {0};
    struct http_request request = {.method = SLICE_LIT("GET"), .target = slice_str(t->target)};
    http_fields_add_str(&a, &request.fields, "Host", "localhost");
    t->call = http_call_start(t->client, &t->options, &request, SLICE_LIT(""), &handler, t);
}

/** Makes `count` calls, one after the other; returns how the last one ended. */
static enum err run(struct tls_call *t, const char *target, unsigned count)
{
    t->loop = loop_new(false);
    t->client = http_client_new(t->loop);
    t->target = target;
    t->left = count;
    t->body_bytes = 0;
    start(t);
    loop_run(t->loop);
    http_client_free(t->client);
    loop_free(t->loop);
    return t->result;
}

/** Certificates of one test. */
struct keys {
    struct arena arena;
    struct signing_key *root;
    struct signing_key *control;
    struct signing_key *node;
};

static struct slice issue(struct keys *k, enum cert_purpose purpose, const struct signing_key *key,
                          const struct cert_issuer *issuer)
{
    struct cert_spec spec = {.purpose = purpose,
                             .common_name = "test",
                             .now_unix_s = time_unix_ms() / MS_PER_S,
                             .days = 1};
    struct slice pem;
    assert_int_equal(cert_issue(&k->arena, &spec, key, issuer, &pem, NULL), ERR_OK);
    return pem;
}

static void make_fleet(struct keys *k, struct net_tls **out_server, struct net_tls **out_client)
{
    k->root = signing_key_make();
    k->control = signing_key_make();
    k->node = signing_key_make();
    struct slice root_pem = issue(k, CERT_AUTHORITY, k->root, NULL);
    struct cert_issuer root = {.cert_pem = root_pem, .key = k->root};
    struct slice control_pem = issue(k, CERT_TLS_PEER, k->control, &root);
    struct slice node_pem = issue(k, CERT_TLS_PEER, k->node, NULL);
    assert_int_equal(net_tls_fleet_server_new(control_pem, signing_key_pem(&k->arena, k->control),
                                              out_server, NULL),
                     ERR_OK);
    assert_int_equal(net_tls_fleet_client_new(node_pem, signing_key_pem(&k->arena, k->node),
                                              root_pem, out_client, NULL),
                     ERR_OK);
}

static void free_keys(struct keys *k)
{
    signing_key_free(k->root);
    signing_key_free(k->control);
    signing_key_free(k->node);
    arena_fini(&k->arena);
}

static void make_local(struct keys *k, struct net_tls **out_server, struct net_tls **out_client)
{
    static const char *const names[] = {"localhost"};
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    struct cert_spec spec = {.purpose = CERT_TLS_SERVER,
                             .common_name = "localhost",
                             .alt_names = names,
                             .alt_count = 1,
                             .now_unix_s = now_unix_s,
                             .days = 1};
    struct pem_pair authority;
    struct pem_pair pair;
    assert_int_equal(local_authority_make(&k->arena, now_unix_s, &authority, NULL), ERR_OK);
    assert_int_equal(local_authority_issue(&k->arena, &authority, &spec, &pair, NULL), ERR_OK);
    assert_int_equal(net_tls_server_new(pair.cert_pem, pair.key_pem, out_server, NULL), ERR_OK);
    assert_int_equal(net_tls_client_new(authority.cert_pem, out_client, NULL), ERR_OK);
}

static void machines_of_a_fleet_know_each_other_by_key(void **state)
{
    (void)state;
    struct keys k = {0};
    struct net_tls *server;
    struct net_tls *client;
    struct fixture f;
    make_fleet(&k, &server, &client);
    fixture_init(&f);
    f.tls = server;
    fixture_start(&f);
    struct tls_call t = {.options = {.address = f.address, .tls = client}};
    assert_int_equal(run(&t, "/hello", 3), ERR_OK);
    assert_int_equal(t.status, 200);
    assert_int_equal(t.body_bytes, 3 * 5);
    assert_true(t.has_peer_key);
    assert_memory_equal(t.peer_key, signing_key_public(k.control), 32);
    assert_true(f.has_peer_key);
    assert_memory_equal(f.peer_key, signing_key_public(k.node), 32);
    fixture_stop(&f);
    net_tls_free(server);
    net_tls_free(client);
    free_keys(&k);
}

static void an_api_listener_is_trusted_by_its_authority_and_name(void **state)
{
    (void)state;
    struct keys k = {0};
    struct net_tls *server;
    struct net_tls *client;
    struct fixture f;
    make_local(&k, &server, &client);
    fixture_init(&f);
    f.tls = server;
    fixture_start(&f);
    struct tls_call t = {
        .options = {.address = f.address, .tls = client, .server_name = "localhost"}};
    assert_int_equal(run(&t, "/stream?3000000", 1), ERR_OK);
    assert_int_equal(t.body_bytes, 3000000);
    assert_false(t.has_peer_key); /* it is no Ed25519 key */
    assert_int_equal(run(&t, "/abort", 1), ERR_CLOSED);
    t.options.server_name = "example.com";
    assert_int_equal(run(&t, "/hello", 1), ERR_UNAVAILABLE);
    assert_int_equal(t.stage, HTTP_STAGE_TLS);
    t.options.other_name = "localhost"; /* a certificate for either will do */
    assert_int_equal(run(&t, "/hello", 1), ERR_OK);
    t.options.tls = NULL; /* plain text to a TLS port */
    assert_int_not_equal(run(&t, "/hello", 1), ERR_OK);
    fixture_stop(&f);
    net_tls_free(server);
    net_tls_free(client);
    free_keys(&k);
}

static void a_handshake_has_a_deadline(void **state)
{
    (void)state;
    struct keys k = {0};
    struct net_tls *server;
    struct net_tls *client;
    struct fixture f;
    make_local(&k, &server, &client);
    fixture_init(&f);
    f.tls = server;
    f.limits.head_timeout_ns = 20 * NS_PER_MS;
    fixture_start(&f);
    struct client silent = client_open(&f);
    assert_true(client_sees_end(&silent));
    client_close(&silent);
    fixture_stop(&f);
    net_tls_free(server);
    net_tls_free(client);
    free_keys(&k);
}

static void a_server_that_speaks_no_tls_fails_in_the_handshake(void **state)
{
    (void)state;
    struct keys k = {0};
    struct net_tls *server;
    struct net_tls *client;
    struct fixture f;
    make_local(&k, &server, &client);
    fixture_init(&f);
    fixture_start(&f);
    struct tls_call t = {
        .options = {.address = f.address, .tls = client, .server_name = "localhost"}};
    assert_int_equal(run(&t, "/hello", 1), ERR_UNAVAILABLE);
    assert_int_equal(t.stage, HTTP_STAGE_TLS);
    fixture_stop(&f);
    net_tls_free(server);
    net_tls_free(client);
    free_keys(&k);
}

static void a_full_server_says_so_over_tls_too(void **state)
{
    (void)state;
    struct keys k = {0};
    struct net_tls *server;
    struct net_tls *client;
    struct fixture f;
    make_local(&k, &server, &client);
    fixture_init(&f);
    f.tls = server;
    f.limits.connection_count = 0;
    fixture_start(&f);
    struct tls_call t = {
        .options = {.address = f.address, .tls = client, .server_name = "localhost"}};
    assert_int_equal(run(&t, "/hello", 1), ERR_OK);
    assert_int_equal(t.status, 503);
    fixture_stop(&f);
    net_tls_free(server);
    net_tls_free(client);
    free_keys(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_of_a_fleet_know_each_other_by_key),
        cmocka_unit_test(an_api_listener_is_trusted_by_its_authority_and_name),
        cmocka_unit_test(a_handshake_has_a_deadline),
        cmocka_unit_test(a_server_that_speaks_no_tls_fails_in_the_handshake),
        cmocka_unit_test(a_full_server_says_so_over_tls_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
