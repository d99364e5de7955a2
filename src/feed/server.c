// SPDX-License-Identifier: Apache-2.0
// The serving side of the feeds: who may ask, chunks by hash, reports and acknowledgements; what is
// held open is in streams.c. Used by control and by each node for its peers; on the owner's loop
// thread.
#include "base/alloc.h"
#include "base/check.h"
#include "feed/frame_priv.h"
#include "feed/limits.h"
#include "feed/server_priv.h"
#include "metrics/counters.h"
#include "net/identity.h"

#include <stdlib.h>

void request_reply(struct request *r, unsigned status)
{
    http_reply(r->exchange, status, NULL, (struct slice){0});
}

void request_respond(struct request *r)
{
    struct http_response head = {.status = 200, .body_kind = HTTP_BODY_CHUNKED};
    http_fields_add_str(http_exchange_arena(r->exchange), &head.fields, "Content-Type",
                        "application/octet-stream");
    http_respond(r->exchange, &head);
}

bool request_send_frame(struct request *r, struct slice payload)
{
    uint8_t head[FEED_FRAME_HEAD_BYTES];
    feed_frame_head(payload.len, head);
    bool has_room = http_send_body(r->exchange, slice_of(head, sizeof(head)));
    return payload.len > 0 ? http_send_body(r->exchange, payload) : has_room;
}

bool request_is_admitted(const struct request *r)
{
    return r->server->source.is_admitted(r->server->source.user, r->key);
}

/* Chunks. */

static void send_chunks(struct request *r)
{
    const struct feed_source *source = &r->server->source;
    size_t count = buf_len(&r->body) / SHA256_BYTES;
    AUTO_ARENA struct arena a = {0};
    bool has_room = true;
    while (has_room && r->next_chunk < count) {
        struct chunk_hash hash;
        struct slice packed = {0};
        CHECK(chunk_hash_from(
            slice_sub(buf_slice(&r->body), r->next_chunk * SHA256_BYTES, SHA256_BYTES), &hash));
        arena_reset(&a);
        enum err err = source->packed_chunk(source->user, &a, &hash, &packed, NULL);
        bool is_there = err == ERR_OK && packed.len <= FEED_FRAME_MAX_BYTES;
        metrics_add(is_there ? METRIC_FEED_CHUNKS_SENT : METRIC_FEED_CHUNKS_MISSING, 1);
        has_room = request_send_frame(r, is_there ? packed : (struct slice){0});
        r->next_chunk++;
    }
    if (r->next_chunk == count)
        http_end(r->exchange);
}

static void fetch(struct request *r)
{
    size_t len = buf_len(&r->body);
    if (r->server->source.packed_chunk == NULL) {
        request_reply(r, 404);
        return;
    }
    if (len == 0 || len % SHA256_BYTES != 0 || len > (size_t)FEED_FETCH_MAX_CHUNKS * SHA256_BYTES) {
        request_reply(r, 400);
        return;
    }
    request_respond(r);
    send_chunks(r);
}

/* Reports. */

static void report(struct request *r)
{
    const struct feed_source *source = &r->server->source;
    if (source->on_report == NULL) {
        request_reply(r, 404);
        return;
    }
    AUTO_ARENA struct arena a = {0};
    struct release_report decoded;
    if (release_report_decode(&a, buf_slice(&r->body), &decoded, NULL) != ERR_OK) {
        request_reply(r, 400);
        return;
    }
    char sender[NODE_ID_SIZE];
    node_id_format(r->key, sender);
    if (strcmp(sender, decoded.node_id) != 0) {
        metrics_add(METRIC_FEED_REFUSED, 1);
        request_reply(r, 403);
        return;
    }
    metrics_add(METRIC_FEED_REPORTS, 1);
    source->on_report(source->user, r->key, &decoded);
    request_reply(r, 204);
}

/* Acknowledgements. */

static void applied(struct request *r)
{
    const struct feed_source *source = &r->server->source;
    struct feed_position at;
    if (source->on_applied == NULL) {
        request_reply(r, 404);
        return;
    }
    if (!feed_position_parse(buf_slice(&r->body), &at)) {
        request_reply(r, 400);
        return;
    }
    metrics_add(METRIC_FEED_ACKNOWLEDGEMENTS, 1);
    source->on_applied(source->user, r->key, &at);
    request_reply(r, 204);
}

static const struct route routes[] = {
    {"/feed/pointers", "GET", stream_open, stream_go_on, &stream_pointers},
    {"/feed/invalidations", "GET", stream_open, stream_go_on, &stream_invalidations},
    {"/feed/votes", "GET", stream_open, stream_go_on, &stream_votes},
    {"/feed/chunks", "POST", fetch, send_chunks, NULL},
    {"/feed/report", "POST", report, NULL, NULL},
    {"/feed/applied", "POST", applied, NULL, NULL},
};

/* The route of a request; NULL with the status to answer. */
static const struct route *route_of(const struct http_request *request, unsigned *out_status)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (!slice_equal(request->path, slice_str(routes[i].path)))
            continue;
        if (slice_equal(request->method, slice_str(routes[i].method)))
            return &routes[i];
        *out_status = 405;
        return NULL;
    }
    *out_status = 404;
    return NULL;
}

static void on_request(struct http_exchange *x, void *server_user)
{
    struct request *r = ARENA_NEW(http_exchange_arena(x), struct request);
    r->server = server_user;
    r->exchange = x;
    list_init(&r->follower);
    if (!http_exchange_peer_key(x, r->key) || !request_is_admitted(r)) {
        metrics_add(METRIC_FEED_REFUSED, 1);
        request_reply(r, 403);
        return;
    }
    unsigned status;
    r->route = route_of(http_exchange_request(x), &status);
    if (r->route == NULL) {
        request_reply(r, status);
        return;
    }
    http_exchange_set_user(x, r);
}

static void on_body(struct http_exchange *x, struct slice data)
{
    struct request *r = http_exchange_user(x);
    buf_append(&r->body, data); /* the server's limit of a body holds: FEED_REQUEST_MAX_BYTES */
}

static void on_request_end(struct http_exchange *x)
{
    struct request *r = http_exchange_user(x);
    r->route->on_complete(r);
}

static void on_writable(struct http_exchange *x)
{
    struct request *r = http_exchange_user(x);
    if (r->route->on_writable != NULL)
        r->route->on_writable(r);
}

static void on_closed(struct http_exchange *x, enum http_close_reason reason)
{
    (void)reason;
    struct request *r = http_exchange_user(x);
    if (r == NULL)
        return;
    stream_close(r);
    buf_fini(&r->body);
}

static void on_heartbeat(struct loop_timer *timer)
{
    streams_tell(timer->user, true);
}

static const struct http_handler handler = {
    .on_request = on_request,
    .on_body = on_body,
    .on_request_end = on_request_end,
    .on_writable = on_writable,
    .on_closed = on_closed,
};

struct feed_server *feed_server_new(struct loop *loop, const struct net_tls *tls,
                                    const struct feed_source *source)
{
    struct feed_server *s = NEW(struct feed_server);
    s->loop = loop;
    s->source = *source;
    list_init(&s->followers);
    s->http_options = (struct http_server_options){
        .limits = HTTP_LIMITS_INIT, .tls = tls, .handler = &handler, .user = s};
    s->http_options.limits.body_bytes = FEED_REQUEST_MAX_BYTES;
    s->http_options.limits.output_bytes = FEED_OUTPUT_BYTES;
    s->http_options.limits.connection_count = FEED_CONNECTIONS_MAX;
    s->http_options.limits.connections_per_client = FEED_CONNECTIONS_PER_CLIENT;
    s->http = http_server_new(loop, &s->http_options);
    s->heartbeat.on_time = on_heartbeat;
    s->heartbeat.user = s;
    feed_server_set_heartbeat(s, FEED_HEARTBEAT_NS);
    return s;
}

void feed_server_listen(struct feed_server *s, int listen_fd)
{
    http_server_listen(s->http, listen_fd);
}

void feed_server_announce(struct feed_server *s)
{
    streams_tell(s, false);
}

void feed_server_set_heartbeat(struct feed_server *s, int64_t every_ns)
{
    CHECK(every_ns > 0);
    loop_timer_set(s->loop, &s->heartbeat, every_ns, every_ns);
}

void feed_server_free(struct feed_server *s)
{
    if (s == NULL)
        return;
    http_server_free(s->http); /* every exchange closes: no follower is left */
    CHECK(list_is_empty(&s->followers));
    loop_timer_stop(&s->heartbeat);
    free(s);
}
