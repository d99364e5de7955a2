// SPDX-License-Identifier: Apache-2.0
// The serving side of the feeds: pointers held open, chunks by hash, reports. Used by control and
// by each node for its peers; on the owner's loop thread.
//
// A follower is an exchange whose answer does not end. It is sent the newest pointer only: one that
// reads slowly misses those in between, and never has more than one waiting (is_blocked).
#include "base/alloc.h"
#include "base/check.h"
#include "base/list.h"
#include "feed/feed.h"
#include "feed/frame_priv.h"
#include "feed/limits.h"
#include "metrics/counters.h"
#include "net/identity.h"

#include <stdlib.h>

struct feed_server {
    struct loop *loop;
    struct feed_source source;
    struct http_server_options http_options;
    struct http_server *http;
    struct list followers; /* struct request */
    size_t follower_count;
    struct loop_timer heartbeat;
};

/** One exchange; lives in its arena. */
struct request {
    struct feed_server *server;
    struct http_exchange *exchange;
    const struct route *route;
    uint8_t key[ED25519_PUBLIC_BYTES];
    struct buf body;

    struct list follower; /* of a follower: in server.followers; else a list of its own */
    bool is_blocked;      /* more than FEED_OUTPUT_BYTES wait for the peer */
    uint64_t epoch;       /* of the newest pointer sent, or held by the peer before */
    uint64_t sequence;

    size_t next_chunk; /* of a fetch: the next hash of the body to answer */
};

/** What a path does once its request is complete, and when its answer may go on. */
struct route {
    const char *path;
    const char *method;
    void (*on_complete)(struct request *r);
    void (*on_writable)(struct request *r);
};

static void reply(struct http_exchange *x, unsigned status)
{
    http_reply(x, status, NULL, (struct slice){0});
}

/* The head of an answer whose length is not known. */
static void respond(struct request *r)
{
    struct http_response head = {.status = 200, .body_kind = HTTP_BODY_CHUNKED};
    http_fields_add_str(http_exchange_arena(r->exchange), &head.fields, "Content-Type",
                        "application/octet-stream");
    http_respond(r->exchange, &head);
}

/* False when the peer reads too slowly for more. */
static bool send_frame(struct request *r, struct slice payload)
{
    uint8_t head[FEED_FRAME_HEAD_BYTES];
    feed_frame_head(payload.len, head);
    bool has_room = http_send_body(r->exchange, slice_of(head, sizeof(head)));
    return payload.len > 0 ? http_send_body(r->exchange, payload) : has_room;
}

static bool is_admitted(const struct request *r)
{
    return r->server->source.is_admitted(r->server->source.user, r->key);
}

/* Pointers. */

/* Sends the newest pointer where the follower lacks it; says whether it did. */
static bool send_newest(struct request *r)
{
    uint64_t epoch = 0;
    uint64_t sequence = 0;
    const struct feed_source *source = &r->server->source;
    struct slice pointer = source->newest_pointer(source->user, &epoch, &sequence);
    bool is_newer = epoch > r->epoch || (epoch == r->epoch && sequence > r->sequence);
    if (pointer.len == 0 || !is_newer)
        return false;
    r->epoch = epoch;
    r->sequence = sequence;
    r->is_blocked = !send_frame(r, pointer);
    metrics_add(METRIC_FEED_POINTERS_SENT, 1);
    return true;
}

/* "after=EPOCH.SEQUENCE" */
static bool parse_after(struct slice query, uint64_t *out_epoch, uint64_t *out_sequence)
{
    struct slice name = SLICE_LIT("after=");
    struct slice rest = slice_sub(query, name.len, query.len);
    struct slice epoch;
    return slice_starts_with(query, name) && slice_split(&rest, '.', &epoch) &&
           slice_parse_u64(epoch, UINT64_MAX, out_epoch) &&
           slice_parse_u64(rest, UINT64_MAX, out_sequence);
}

static void follow(struct request *r)
{
    struct feed_server *s = r->server;
    struct slice query = http_exchange_request(r->exchange)->query;
    if (!parse_after(query, &r->epoch, &r->sequence)) {
        reply(r->exchange, 400);
        return;
    }
    if (s->follower_count == FEED_FOLLOWERS_MAX) {
        metrics_add(METRIC_FEED_SHED, 1);
        reply(r->exchange, 503);
        return;
    }
    list_push_back(&s->followers, &r->follower);
    metrics_set(METRIC_FEED_FOLLOWERS, ++s->follower_count);
    respond(r);
    if (!send_newest(r))
        r->is_blocked = !send_frame(r, (struct slice){0});
}

static void follow_on(struct request *r)
{
    r->is_blocked = false;
    (void)send_newest(r);
}

/* Sends the newest pointer, or at least a sign of life, to whoever has room and is still welcome.
 */
static void tell_followers(struct feed_server *s, bool is_heartbeat)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &s->followers) {
        struct request *r = LIST_ENTRY(node, struct request, follower);
        if (!is_admitted(r)) {
            metrics_add(METRIC_FEED_REFUSED, 1);
            http_abort(r->exchange);
            continue;
        }
        if (!r->is_blocked && !send_newest(r) && is_heartbeat)
            r->is_blocked = !send_frame(r, (struct slice){0});
    }
}

static void on_heartbeat(struct loop_timer *timer)
{
    tell_followers(timer->user, true);
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
        has_room = send_frame(r, is_there ? packed : (struct slice){0});
        r->next_chunk++;
    }
    if (r->next_chunk == count)
        http_end(r->exchange);
}

static void fetch(struct request *r)
{
    size_t len = buf_len(&r->body);
    if (len == 0 || len % SHA256_BYTES != 0 || len > (size_t)FEED_FETCH_MAX_CHUNKS * SHA256_BYTES) {
        reply(r->exchange, 400);
        return;
    }
    respond(r);
    send_chunks(r);
}

/* Reports. */

static void report(struct request *r)
{
    const struct feed_source *source = &r->server->source;
    if (source->on_report == NULL) {
        reply(r->exchange, 404);
        return;
    }
    AUTO_ARENA struct arena a = {0};
    struct release_report decoded;
    if (release_report_decode(&a, buf_slice(&r->body), &decoded, NULL) != ERR_OK) {
        reply(r->exchange, 400);
        return;
    }
    char sender[NODE_ID_SIZE];
    node_id_format(r->key, sender);
    if (strcmp(sender, decoded.node_id) != 0) {
        metrics_add(METRIC_FEED_REFUSED, 1);
        reply(r->exchange, 403);
        return;
    }
    metrics_add(METRIC_FEED_REPORTS, 1);
    source->on_report(source->user, r->key, &decoded);
    reply(r->exchange, 204);
}

static const struct route routes[] = {
    {"/feed/pointers", "GET", follow, follow_on},
    {"/feed/chunks", "POST", fetch, send_chunks},
    {"/feed/report", "POST", report, NULL},
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
    if (!http_exchange_peer_key(x, r->key) || !is_admitted(r)) {
        metrics_add(METRIC_FEED_REFUSED, 1);
        reply(x, 403);
        return;
    }
    unsigned status;
    r->route = route_of(http_exchange_request(x), &status);
    if (r->route == NULL) {
        reply(x, status);
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
    if (!list_is_empty(&r->follower)) {
        list_remove(&r->follower);
        metrics_set(METRIC_FEED_FOLLOWERS, --r->server->follower_count);
    }
    buf_fini(&r->body);
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
    tell_followers(s, false);
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
