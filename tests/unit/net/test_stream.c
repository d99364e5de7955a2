// SPDX-License-Identifier: Apache-2.0
// Tests of net/stream.h and net/tls.h: both ends of a socket pair in one thread.
#include "net/stream.h"

#include "base/alloc.h"
#include "base/time.h"
#include "crypto/cert.h"
#include "os/file.h"
#include "os/loop.h"
#include "shared/temp_dir.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/** Steps of both ends until a handshake must be over. */
enum { STEPS_MAX = 100 };

/** A fleet: a root, a control certified by it, a node with a certificate of its own. */
struct fleet {
    struct arena arena;
    struct signing_key *root_key;
    struct signing_key *control_key;
    struct signing_key *node_key;
    struct slice root_pem;
    struct slice control_pem;
    struct slice node_pem;
};

static struct slice issue(struct fleet *f, enum cert_purpose purpose,
                          const struct signing_key *subject, const struct cert_issuer *issuer)
{
    struct cert_spec spec = {.purpose = purpose,
                             .common_name = "test",
                             .now_unix_s = time_unix_ms() / MS_PER_S,
                             .days = 1};
    struct slice pem;
    struct errctx ec = {0};
    if (cert_issue(&f->arena, &spec, subject, issuer, &pem, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return pem;
}

static int make_fleet(void **state)
{
    struct fleet *f = NEW(struct fleet);
    f->root_key = signing_key_make();
    f->control_key = signing_key_make();
    f->node_key = signing_key_make();
    f->root_pem = issue(f, CERT_AUTHORITY, f->root_key, NULL);
    struct cert_issuer root = {.cert_pem = f->root_pem, .key = f->root_key};
    f->control_pem = issue(f, CERT_TLS_PEER, f->control_key, &root);
    f->node_pem = issue(f, CERT_TLS_PEER, f->node_key, NULL);
    *state = f;
    return 0;
}

static int free_fleet(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    signing_key_free(f->root_key);
    signing_key_free(f->control_key);
    signing_key_free(f->node_key);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

/** Both ends of one connection. */
struct pair {
    struct net_stream *server;
    struct net_stream *client;
};

static struct pair connected(const struct net_tls *server, const struct net_tls *client,
                             const char *name)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    return (struct pair){.server = net_stream_new(fds[0], server, true, NULL),
                         .client = net_stream_new(fds[1], client, false, name)};
}

static void pair_free(struct pair *p)
{
    net_stream_free(p->client);
    net_stream_free(p->server);
}

/** Lets both ends shake hands; true when both are done, false when one failed. */
static bool handshake(const struct pair *p)
{
    enum net_io server = NET_IO_AGAIN;
    enum net_io client = NET_IO_AGAIN;
    for (int i = 0; i < STEPS_MAX && (server == NET_IO_AGAIN || client == NET_IO_AGAIN); i++) {
        client = net_stream_handshake(p->client);
        server = net_stream_handshake(p->server);
        if (client == NET_IO_FAILED || server == NET_IO_FAILED)
            return false;
    }
    return server == NET_IO_OK && client == NET_IO_OK;
}

/** Sends `size` bytes one way and checks them on the other side. */
static void exchange(struct net_stream *from, struct net_stream *to, size_t size)
{
    size_t sent = 0;
    size_t seen = 0;
    uint8_t *bytes = mem_new(size, 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    while (seen < size) {
        size_t count;
        uint8_t got[5000];
        if (sent < size) {
            enum net_io io = net_stream_write(from, slice_of(bytes + sent, size - sent), &count);
            assert_true(io == NET_IO_OK || io == NET_IO_AGAIN);
            sent += io == NET_IO_OK ? count : 0;
        }
        enum net_io io = net_stream_read(to, got, sizeof(got), &count);
        assert_true(io == NET_IO_OK || io == NET_IO_AGAIN);
        if (io == NET_IO_OK) {
            assert_memory_equal(got, bytes + seen, count);
            seen += count;
        }
    }
    free(bytes);
}

/** What holds of every stream: bytes both ways, AGAIN, an orderly end. */
static void check_stream(const struct pair *p)
{
    size_t count = 77;
    uint8_t byte;
    assert_true(handshake(p));
    exchange(p->client, p->server, 300000);
    exchange(p->server, p->client, 300000);
    assert_int_equal(net_stream_read(p->server, &byte, 1, &count), NET_IO_AGAIN);
    assert_int_equal(count, 77);
    assert_int_equal(net_stream_wants(p->server), LOOP_READ);
    net_stream_shutdown(p->client);
    assert_int_equal(net_stream_read(p->server, &byte, 1, &count), NET_IO_CLOSED);
    exchange(p->server, p->client, 10); /* the other way is open still */
}

static void a_plain_stream_carries_bytes_both_ways(void **state)
{
    (void)state;
    uint8_t key[32];
    struct pair p = connected(NULL, NULL, NULL);
    check_stream(&p);
    assert_false(net_stream_is_tls(p.server));
    assert_false(net_stream_peer_key(p.server, key));
    pair_free(&p);
}

static void a_gone_reader_is_a_failure_not_a_signal(void **state)
{
    (void)state;
    struct pair p = connected(NULL, NULL, NULL);
    net_stream_free(p.client);
    size_t count;
    assert_int_equal(net_stream_write(p.server, SLICE_LIT("x"), &count), NET_IO_FAILED);
    assert_string_equal(net_stream_error(p.server), "Broken pipe");
    net_stream_free(p.server);
}

/** Contexts of a fleet's server and client. */
static struct net_tls *fleet_server(struct fleet *f)
{
    struct net_tls *tls;
    struct slice key = signing_key_pem(&f->arena, f->control_key);
    assert_int_equal(net_tls_fleet_server_new(f->control_pem, key, &tls, NULL), ERR_OK);
    return tls;
}

static struct net_tls *fleet_client(struct fleet *f, struct slice authority)
{
    struct net_tls *tls;
    struct slice key = signing_key_pem(&f->arena, f->node_key);
    assert_int_equal(net_tls_fleet_client_new(f->node_pem, key, authority, &tls, NULL), ERR_OK);
    return tls;
}

static void machines_of_a_fleet_show_each_other_their_keys(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    struct net_tls *server = fleet_server(f);
    const struct slice authorities[] = {f->root_pem, {0}};
    for (size_t i = 0; i < ARRAY_LEN(authorities); i++) {
        struct net_tls *client = fleet_client(f, authorities[i]);
        struct pair p = connected(server, client, NULL);
        uint8_t key[32];
        assert_false(net_stream_peer_key(p.server, key)); /* nothing is known before */
        check_stream(&p);
        assert_true(net_stream_is_tls(p.server));
        assert_true(net_stream_peer_key(p.server, key));
        assert_memory_equal(key, signing_key_public(f->node_key), sizeof(key));
        assert_true(net_stream_peer_key(p.client, key));
        assert_memory_equal(key, signing_key_public(f->control_key), sizeof(key));
        pair_free(&p);
        net_tls_free(client);
    }
    net_tls_free(server);
}

static void a_node_refuses_a_control_of_another_fleet(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    struct signing_key *other = signing_key_make();
    struct slice other_root = issue(f, CERT_AUTHORITY, other, NULL);
    struct net_tls *server = fleet_server(f);
    struct net_tls *client = fleet_client(f, other_root);
    struct pair p = connected(server, client, NULL);
    assert_false(handshake(&p));
    assert_true(strlen(net_stream_error(p.client)) > strlen("TLS: "));
    size_t count; /* nothing is sent over what failed */
    assert_int_equal(net_stream_write(p.client, SLICE_LIT("x"), &count), NET_IO_FAILED);
    pair_free(&p);
    net_tls_free(client);
    net_tls_free(server);
    signing_key_free(other);
}

/** A local authority, what it issued for localhost and 127.0.0.1, and contexts of it. */
static void make_local(struct fleet *f, struct net_tls **out_server, struct net_tls **out_client)
{
    static const char *const names[] = {"localhost", "127.0.0.1"};
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    struct cert_spec spec = {.purpose = CERT_TLS_SERVER,
                             .common_name = "localhost",
                             .alt_names = names,
                             .alt_count = ARRAY_LEN(names),
                             .now_unix_s = now_unix_s,
                             .days = 1};
    struct pem_pair authority;
    struct pem_pair pair;
    assert_int_equal(local_authority_make(&f->arena, now_unix_s, &authority, NULL), ERR_OK);
    assert_int_equal(local_authority_issue(&f->arena, &authority, &spec, &pair, NULL), ERR_OK);
    assert_int_equal(net_tls_server_new(pair.cert_pem, pair.key_pem, out_server, NULL), ERR_OK);
    assert_int_equal(net_tls_client_new(authority.cert_pem, out_client, NULL), ERR_OK);
}

static void a_client_checks_the_servers_name_or_address(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    static const struct {
        const char *name;
        bool is_good;
    } cases[] = {{"localhost", true},  {"127.0.0.1", true}, {"example.com", false},
                 {"127.0.0.2", false}, {"::1", false},      {NULL, false}};
    struct net_tls *server;
    struct net_tls *client;
    make_local(f, &server, &client);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pair p = connected(server, client, cases[i].name);
        uint8_t key[32];
        assert_int_equal(handshake(&p), cases[i].is_good);
        assert_false(net_stream_peer_key(p.server, key)); /* it showed none */
        pair_free(&p);
    }
    struct pair p = connected(server, client, "localhost");
    check_stream(&p);
    pair_free(&p);
    net_tls_free(client);
    net_tls_free(server);
}

static void a_certificate_for_another_accepted_name_will_do(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    static const struct {
        const char *name;
        const char *other;
        bool is_good;
    } cases[] = {{"example.com", "localhost", true},
                 {"example.com", "127.0.0.1", true},
                 {"localhost", "example.com", true},
                 {"example.com", "example.net", false},
                 {"", "localhost", false}};
    struct net_tls *server;
    struct net_tls *client;
    make_local(f, &server, &client);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pair p = connected(server, client, cases[i].name);
        net_stream_accept_name(p.client, cases[i].other);
        assert_int_equal(handshake(&p), cases[i].is_good);
        pair_free(&p);
    }
    net_tls_free(client);
    net_tls_free(server);
}

/** Whether the first bytes of the handshake hold the name. */
static bool sends_name(const struct net_tls *client, const char *name)
{
    uint8_t hello[4096];
    size_t count = 0;
    struct pair p = connected(NULL, client, name);
    assert_int_equal(net_stream_handshake(p.client), NET_IO_AGAIN);
    assert_int_equal(net_stream_read(p.server, hello, sizeof(hello), &count), NET_IO_OK);
    pair_free(&p);
    return memmem(hello, count, name, strlen(name)) != NULL;
}

static void a_client_that_probes_verifies_and_sends_what_it_is_told(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    char dir[TEMP_DIR_SIZE];
    struct net_tls *server;
    struct net_tls *strict;
    struct errctx ec = {0};
    temp_dir_make(dir, "tls");
    const char *path = temp_dir_file(dir, "ca.pem");
    make_local(f, &server, &strict);
    net_tls_free(strict);
    assert_int_equal(net_tls_probe_client_new(path, true, &strict, &ec), ERR_NOT_FOUND);
    assert_int_equal(file_replace(path, f->root_pem, 0600, NULL), ERR_OK);
    for (int sni = 0; sni <= 1; sni++) {
        static const char *const names[] = {"localhost", "example.com", NULL};
        struct net_tls *loose;
        assert_int_equal(net_tls_probe_client_new(NULL, sni == 1, &loose, &ec), ERR_OK);
        assert_int_equal(net_tls_probe_client_new(path, sni == 1, &strict, &ec), ERR_OK);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            struct pair p = connected(server, loose, names[i]);
            check_stream(&p);
            pair_free(&p);
            p = connected(server, strict, names[i]); /* of another authority */
            assert_false(handshake(&p));
            pair_free(&p);
        }
        assert_int_equal(sends_name(loose, "example.com"), sni);
        assert_int_equal(sends_name(strict, "example.com"), sni);
        net_tls_free(loose);
        net_tls_free(strict);
    }
    net_tls_free(server);
    temp_dir_remove(dir);
}

/* A context of a server with an RSA key. */
static SSL_CTX *rsa_server(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *cert = X509_new();
    assert_true(ctx != NULL && key != NULL && cert != NULL);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

/* One of TLS 1.2 whose key exchange is over this group alone. */
static SSL_CTX *group_server(const char *group)
{
    SSL_CTX *ctx = rsa_server();
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    EVP_PKEY *params = NULL;
    assert_non_null(maker);
    assert_int_equal(EVP_PKEY_paramgen_init(maker), 1);
    assert_int_equal(EVP_PKEY_CTX_ctrl_str(maker, "group", group), 1);
    assert_int_equal(EVP_PKEY_paramgen(maker, &params), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, "DHE"), 1);
    assert_int_equal(SSL_CTX_set0_tmp_dh_pkey(ctx, params), 1);
    EVP_PKEY_CTX_free(maker);
    return ctx;
}

/* Whether the client shakes hands with a server of this group. */
static bool takes_group(const struct net_tls *client, const char *group)
{
    int fds[2];
    SSL_CTX *ctx = group_server(group);
    SSL *server = SSL_new(ctx);
    enum net_io io = NET_IO_AGAIN;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(SSL_set_fd(server, fds[0]), 1);
    struct net_stream *stream = net_stream_new(fds[1], client, false, NULL);
    for (int i = 0; i < STEPS_MAX && io == NET_IO_AGAIN; i++) {
        io = net_stream_handshake(stream);
        (void)SSL_accept(server);
    }
    net_stream_free(stream);
    SSL_free(server);
    SSL_CTX_free(ctx);
    (void)close(fds[0]);
    ERR_clear_error();
    return io == NET_IO_OK;
}

static void a_server_cannot_choose_the_group_of_a_key_exchange(void **state)
{
    (void)state;
    struct net_tls *client;
    assert_int_equal(net_tls_probe_client_new(NULL, false, &client, NULL), ERR_OK);
    assert_false(takes_group(client, "ffdhe2048"));
    assert_false(takes_group(client, "ffdhe8192"));
    net_tls_free(client);
    assert_int_equal(net_tls_origin_client_new(NULL, &client, NULL), ERR_OK);
    assert_false(takes_group(client, "ffdhe8192"));
    net_tls_free(client);
}

static void a_server_that_sends_tickets_without_end_holds_no_read(void **state)
{
    (void)state;
    enum { TICKETS = 50 };
    int fds[2];
    int left = 0;
    uint8_t byte;
    size_t count;
    size_t reads = 0;
    struct net_tls *client;
    SSL_CTX *ctx = rsa_server();
    SSL *server = SSL_new(ctx);
    assert_int_equal(net_tls_probe_client_new(NULL, false, &client, NULL), ERR_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(SSL_set_fd(server, fds[0]), 1);
    struct net_stream *stream = net_stream_new(fds[1], client, false, NULL);
    for (int i = 0; i < STEPS_MAX && !SSL_is_init_finished(server); i++) {
        (void)net_stream_handshake(stream);
        (void)SSL_accept(server);
    }
    for (int i = 0; i < TICKETS; i++)
        assert_true(SSL_new_session_ticket(server) == 1 && SSL_do_handshake(server) == 1);
    assert_int_equal(SSL_write(server, "x", 1), 1);
    enum net_io io = net_stream_read(stream, &byte, 1, &count);
    assert_int_equal(io, NET_IO_AGAIN);
    assert_int_equal(ioctl(fds[1], FIONREAD, &left), 0);
    assert_true(left > 0); /* the loop calls again, after others */
    for (; io == NET_IO_AGAIN && reads < 2 * STEPS_MAX; reads++)
        io = net_stream_read(stream, &byte, 1, &count);
    assert_int_equal(io, NET_IO_OK);
    assert_true(byte == 'x' && reads >= TICKETS);
    net_stream_free(stream);
    SSL_free(server);
    SSL_CTX_free(ctx);
    net_tls_free(client);
    (void)close(fds[0]);
}

static void a_client_of_origins_trusts_the_file_that_it_is_given(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    char dir[TEMP_DIR_SIZE];
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    struct cert_spec spec = {.purpose = CERT_TLS_SERVER,
                             .common_name = "localhost",
                             .alt_names = (const char *const[]){"localhost"},
                             .alt_count = 1,
                             .now_unix_s = now_unix_s,
                             .days = 1};
    struct pem_pair authority;
    struct pem_pair pair;
    struct net_tls *server;
    struct net_tls *client;
    struct errctx ec = {0};
    temp_dir_make(dir, "tls");
    const char *path = temp_dir_file(dir, "ca.pem");
    assert_int_equal(net_tls_origin_client_new(path, &client, &ec), ERR_NOT_FOUND);
    assert_int_equal(file_replace(path, SLICE_LIT("nothing"), 0600, NULL), ERR_OK);
    assert_int_equal(net_tls_origin_client_new(path, &client, &ec), ERR_CORRUPT);

    assert_int_equal(local_authority_make(&a, now_unix_s, &authority, NULL), ERR_OK);
    assert_int_equal(local_authority_issue(&a, &authority, &spec, &pair, NULL), ERR_OK);
    assert_int_equal(net_tls_server_new(pair.cert_pem, pair.key_pem, &server, NULL), ERR_OK);
    assert_int_equal(file_replace(path, authority.cert_pem, 0600, NULL), ERR_OK);
    for (int is_trusted = 0; is_trusted <= 1; is_trusted++) {
        assert_int_equal(net_tls_origin_client_new(is_trusted ? path : NULL, &client, &ec), ERR_OK);
        struct pair p = connected(server, client, "localhost");
        assert_int_equal(handshake(&p), is_trusted);
        pair_free(&p);
        net_tls_free(client);
    }
    net_tls_free(server);
    temp_dir_remove(dir);
}

static void a_fleet_server_refuses_a_client_without_an_ed25519_certificate(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    struct net_tls *local_server;
    struct net_tls *client;
    make_local(f, &local_server, &client);
    struct net_tls *server = fleet_server(f);
    struct pair p = connected(server, client, "localhost");
    assert_false(handshake(&p));
    pair_free(&p);
    net_tls_free(server);
    net_tls_free(client);
    net_tls_free(local_server);
}

static void an_end_without_its_notice_is_a_failure(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    struct net_tls *server = fleet_server(f);
    struct net_tls *client = fleet_client(f, f->root_pem);
    struct pair p = connected(server, client, NULL);
    assert_true(handshake(&p));
    net_stream_free(p.client); /* closes without close_notify */
    uint8_t byte;
    size_t count;
    assert_int_equal(net_stream_read(p.server, &byte, 1, &count), NET_IO_FAILED);
    net_stream_free(p.server);
    net_tls_free(client);
    net_tls_free(server);
}

static void what_is_no_pem_or_no_pair_is_corrupt(void **state)
{
    struct fleet *f = (struct fleet *)*state;
    struct slice control_key = signing_key_pem(&f->arena, f->control_key);
    struct slice node_key = signing_key_pem(&f->arena, f->node_key);
    struct net_tls *tls = NULL;
    struct errctx ec = {0};
    const struct slice none = {0};
    assert_int_equal(net_tls_server_new(none, control_key, &tls, &ec), ERR_CORRUPT);
    assert_int_equal(net_tls_server_new(f->control_pem, none, &tls, &ec), ERR_CORRUPT);
    assert_int_equal(net_tls_server_new(f->control_pem, node_key, &tls, &ec), ERR_CORRUPT);
    assert_int_equal(net_tls_fleet_server_new(control_key, control_key, &tls, &ec), ERR_CORRUPT);
    assert_int_equal(net_tls_fleet_client_new(f->node_pem, node_key, SLICE_LIT("x"), &tls, &ec),
                     ERR_CORRUPT);
    assert_int_equal(net_tls_client_new(none, &tls, &ec), ERR_CORRUPT);
    assert_null(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_stream_carries_bytes_both_ways),
        cmocka_unit_test(a_gone_reader_is_a_failure_not_a_signal),
        cmocka_unit_test(machines_of_a_fleet_show_each_other_their_keys),
        cmocka_unit_test(a_node_refuses_a_control_of_another_fleet),
        cmocka_unit_test(a_client_checks_the_servers_name_or_address),
        cmocka_unit_test(a_certificate_for_another_accepted_name_will_do),
        cmocka_unit_test(a_client_that_probes_verifies_and_sends_what_it_is_told),
        cmocka_unit_test(a_server_cannot_choose_the_group_of_a_key_exchange),
        cmocka_unit_test(a_server_that_sends_tickets_without_end_holds_no_read),
        cmocka_unit_test(a_client_of_origins_trusts_the_file_that_it_is_given),
        cmocka_unit_test(a_fleet_server_refuses_a_client_without_an_ed25519_certificate),
        cmocka_unit_test(an_end_without_its_notice_is_a_failure),
        cmocka_unit_test(what_is_no_pem_or_no_pair_is_corrupt),
    };
    return cmocka_run_group_tests(tests, make_fleet, free_fleet);
}
