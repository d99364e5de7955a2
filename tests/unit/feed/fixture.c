// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include "base/random.h"
#include "base/time.h"
#include "crypto/cert.h"
#include "net/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_S = 10 };

static bool is_admitted(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    struct fixture *f = user;
    return f->admits && memcmp(public_key, f->client_key, ED25519_PUBLIC_BYTES) == 0;
}

static struct slice newest_pointer(void *user, uint64_t *out_epoch, uint64_t *out_sequence)
{
    struct fixture *f = user;
    *out_epoch = f->epoch;
    *out_sequence = f->sequence;
    return f->pointer;
}

static enum err packed_chunk(void *user, struct arena *a, const struct chunk_hash *hash,
                             struct slice *out_packed, struct errctx *ec)
{
    struct fixture *f = user;
    const struct slice *plain = map_get(&f->chunks, slice_of(hash->bytes, SHA256_BYTES));
    if (plain == NULL)
        return err_set(ec, ERR_NOT_FOUND, "no such chunk");
    *out_packed = chunk_pack(a, *plain);
    return ERR_OK;
}

static void on_report(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                      const struct release_report *report)
{
    struct fixture *f = user;
    assert_memory_equal(public_key, f->client_key, ED25519_PUBLIC_BYTES);
    assert_true(f->report_count < NOTES);
    (void)snprintf(f->reported[f->report_count++], sizeof(f->reported[0]), "%s", report->version);
}

static void on_pointer(void *user, struct slice signed_pointer)
{
    struct fixture *f = user;
    assert_true(f->pointer_count < NOTES && signed_pointer.len < sizeof(f->pointers[0]));
    memcpy(f->pointers[f->pointer_count++], signed_pointer.data, signed_pointer.len);
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct fixture *f = user;
    assert_int_equal(feed_client_is_up(f->client), is_up);
    if (is_up) {
        f->up_count++;
        return;
    }
    f->down_count++;
    f->down_code = why->code;
    assert_true(why->text[0] != '\0');
}

static struct slice make_certificate(struct fixture *f, struct signing_key *key)
{
    struct cert_spec spec = {.purpose = CERT_TLS_PEER,
                             .common_name = "node",
                             .now_unix_s = time_unix_ms() / MS_PER_S,
                             .days = 1};
    struct slice pem;
    assert_int_equal(cert_issue(&f->arena, &spec, key, NULL, &pem, NULL), ERR_OK);
    return pem;
}

static void make_tls(struct fixture *f)
{
    struct signing_key *server = signing_key_make();
    struct signing_key *client = signing_key_make();
    memcpy(f->server_key, signing_key_public(server), ED25519_PUBLIC_BYTES);
    memcpy(f->client_key, signing_key_public(client), ED25519_PUBLIC_BYTES);
    node_id_format(f->client_key, f->node_id);
    struct slice server_pem = make_certificate(f, server);
    struct slice client_pem = make_certificate(f, client);
    struct errctx ec = {0};
    assert_int_equal(net_tls_fleet_server_new(server_pem, signing_key_pem(&f->arena, server),
                                              &f->server_tls, &ec),
                     ERR_OK);
    assert_int_equal(net_tls_fleet_client_new(client_pem, signing_key_pem(&f->arena, client),
                                              (struct slice){0}, &f->client_tls, &ec),
                     ERR_OK);
    signing_key_free(server);
    signing_key_free(client);
}

static void on_deadline(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("nothing happened in %d s", DEADLINE_S);
}

void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.admits = true};
    f->loop = loop_new(true);
    f->deadline.on_time = on_deadline;
    map_init(&f->chunks);
    make_tls(f);
    struct net_address any;
    struct net_listen_options options = {0};
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL), ERR_OK);
    assert_int_equal(net_listen_tcp(&any, &options, &f->listen_fd, &f->address, NULL), ERR_OK);
    f->source = (struct feed_source){.is_admitted = is_admitted,
                                     .newest_pointer = newest_pointer,
                                     .packed_chunk = packed_chunk,
                                     .on_report = on_report,
                                     .user = f};
    f->options = (struct feed_client_options){.address = f->address,
                                              .tls = f->client_tls,
                                              .backoff_first_ns = 10 * NS_PER_MS,
                                              .backoff_last_ns = 50 * NS_PER_MS};
}

void fixture_fini(struct fixture *f)
{
    feed_client_free(f->client);
    feed_server_free(f->server);
    loop_timer_stop(&f->deadline);
    loop_free(f->loop);
    net_tls_free(f->server_tls);
    net_tls_free(f->client_tls);
    map_fini(&f->chunks);
    arena_fini(&f->arena);
    (void)close(f->listen_fd);
}

void fixture_start_server(struct fixture *f)
{
    f->server = feed_server_new(f->loop, f->server_tls, &f->source);
    feed_server_listen(f->server, f->listen_fd);
}

void fixture_stop_server(struct fixture *f)
{
    feed_server_free(f->server);
    f->server = NULL;
}

void fixture_start_client(struct fixture *f)
{
    struct feed_client_handler handler = {on_pointer, on_state, f};
    f->client = feed_client_new(f->loop, &f->options, &handler);
}

void fixture_publish(struct fixture *f, const char *text, uint64_t epoch, uint64_t sequence)
{
    f->pointer = slice_str(text);
    f->epoch = epoch;
    f->sequence = sequence;
    if (f->server != NULL)
        feed_server_announce(f->server);
}

struct chunk_hash fixture_add_chunk(struct fixture *f, size_t size)
{
    uint8_t *data = arena_alloc(&f->arena, size);
    random_bytes(data, size);
    struct slice *plain = ARENA_NEW(&f->arena, struct slice);
    *plain = slice_of(data, size);
    struct chunk_hash hash = chunk_hash_of(*plain);
    (void)map_put(&f->chunks, slice_of(hash.bytes, SHA256_BYTES), plain);
    return hash;
}

static void stop(struct loop_timer *timer)
{
    loop_stop(timer->user);
}

void fixture_run_for(struct fixture *f, int64_t ns)
{
    struct loop_timer timer = {.on_time = stop, .user = f->loop};
    loop_timer_set(f->loop, &timer, ns, 0);
    loop_run(f->loop);
}

void fixture_arm(struct fixture *f)
{
    loop_timer_set(f->loop, &f->deadline, DEADLINE_S * NS_PER_S, 0);
}

void fixture_turn(struct fixture *f)
{
    fixture_run_for(f, NS_PER_MS);
}

/** What one plain call of a test waits for. */
struct asked {
    unsigned status;
    bool is_over;
};

static void on_asked_head(void *user, const struct http_response *head)
{
    struct asked *asked = user;
    asked->status = head->status;
}

static void on_asked_end(void *user, const struct http_call_end *end)
{
    (void)end;
    struct asked *asked = user;
    asked->is_over = true;
}

unsigned fixture_status(struct fixture *f, const char *method, const char *target,
                        struct slice body)
{
    struct http_client *http = http_client_new(f->loop);
    struct http_request request = {.method = slice_str(method), .target = slice_str(target)};
    http_fields_add_str(&f->arena, &request.fields, "Host", "test");
    struct http_call_options options = {.address = f->address, .tls = f->options.tls};
    struct http_call_handler handler = {.on_head = on_asked_head, .on_end = on_asked_end};
    struct asked asked = {0};
    struct http_call *call = http_call_start(http, &options, &request, body, &handler, &asked);
    assert_non_null(call);
    RUN_UNTIL(f, asked.is_over || asked.status != 0);
    http_client_free(http);
    return asked.status;
}
