// SPDX-License-Identifier: Apache-2.0
// Samples of a drill. On the loop of the command.
//
//   each interval:  query ----> answer, or none in time --> AUTHORITY
//                   resolver has an answer: at once ------> RESOLVER --> request --> REQUEST
//                   resolver has none: waits for the query's, as its client does
//
// A query's number is its place in the lane AUTHORITY, so its answer is told by it; those of the
// same interval have the same time.
#include "tool/drill_sampler.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/check.h"
#include "http/client.h"
#include "os/file.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A query that was sent. */
struct query {
    bool is_waiting;
    uint16_t id;
    size_t place;          /* in the lane AUTHORITY */
    bool is_for_resolver;  /* the resolver waits for the answer */
    size_t resolver_place; /* then in the lane RESOLVER */
    int64_t sent_ns;
};

/* A request under way. */
struct request {
    struct drill_sampler *sampler;
    struct http_call *call; /* NULL: free */
    enum drill_lane lane;
    size_t place;
    unsigned status;
};

struct drill_sampler {
    struct drill_sampler_options options;
    int fd;
    struct loop_io io;
    struct loop_timer timer;
    struct http_client *client;
    struct drill_resolver resolver;
    struct query queries[TOOL_DRILL_QUERIES_MAX]; /* by id, which counts up */
    struct request requests[TOOL_DRILL_REQUESTS_MAX];
    uint16_t next_id;
    size_t next_address; /* of the primary, for requests to itself */
    bool is_full;
};

static struct net_address address_of(const struct drill_address *address, uint16_t type,
                                     uint16_t port)
{
    struct net_address out = {0};
    if (type == DNS_TYPE_A) {
        out.in.sin_family = AF_INET;
        memcpy(&out.in.sin_addr, address->bytes, sizeof(out.in.sin_addr));
        out.len = sizeof(out.in);
    } else {
        out.in6.sin6_family = AF_INET6;
        memcpy(&out.in6.sin6_addr, address->bytes, sizeof(out.in6.sin6_addr));
        out.len = sizeof(out.in6);
    }
    net_address_set_port(&out, port);
    return out;
}

static struct drill_sample *sample_at(struct drill_sampler *s, enum drill_lane lane, size_t place)
{
    return &s->options.timeline->lanes[lane].items[place];
}

/* A new sample; false once there is no room, which is told once. */
static bool add_sample(struct drill_sampler *s, enum drill_lane lane, int64_t at_ns,
                       size_t *out_place)
{
    if (!s->is_full && drill_timeline_add(s->options.timeline, lane, at_ns, out_place))
        return true;
    if (!s->is_full)
        s->options.on_full(s->options.user);
    s->is_full = true;
    return false;
}

static void end_sample(struct drill_sampler *s, enum drill_lane lane, size_t place,
                       enum drill_verdict verdict, uint32_t ttl_s)
{
    struct drill_sample *sample = sample_at(s, lane, place);
    sample->verdict = verdict;
    sample->ttl_s = ttl_s;
    sample->is_ended = true;
}

/* ---- requests */

static void on_head(void *user, const struct http_response *head)
{
    struct request *r = user;
    r->status = head->status;
}

/* A body longer than the limit is an answer all the same. */
static void on_end(void *user, const struct http_call_end *end)
{
    struct request *r = user;
    struct drill_sample *sample = sample_at(r->sampler, r->lane, r->place);
    bool is_whole = end->result == ERR_OK || end->result == ERR_LIMIT;
    sample->is_good = is_whole && r->status >= 200 && r->status < 400;
    sample->is_ended = true;
    r->call = NULL;
}

static void request_of(struct arena *a, const struct drill_http *http, struct http_request *out)
{
    *out = (struct http_request){.method = SLICE_LIT("GET"), .target = slice_str(http->path)};
    http_fields_add_str(a, &out->fields, "Host", http->host);
    http_fields_add_str(a, &out->fields, "User-Agent", "weir-drill");
}

static struct http_call_options call_options(const struct drill_http *http,
                                             const struct drill_address *address, uint16_t type)
{
    return (struct http_call_options){.address = address_of(address, type, http->port),
                                      .connect_timeout_ns = TOOL_DRILL_REQUEST_NS,
                                      .response_timeout_ns = TOOL_DRILL_REQUEST_NS,
                                      .body_limit_bytes = TOOL_DRILL_BODY_MAX_BYTES,
                                      .is_fresh = true};
}

static struct request *free_request(struct drill_sampler *s)
{
    for (size_t i = 0; i < TOOL_DRILL_REQUESTS_MAX; i++)
        if (s->requests[i].call == NULL)
            return &s->requests[i];
    return NULL;
}

/* Sends a request; `verdict` is what the address is. NULL as address: a request that cannot be sent
 * fails at once. With all places taken none is sent: each ends in time, so more cannot be needed.
 */
static void send_request(struct drill_sampler *s, enum drill_lane lane, int64_t at_ns,
                         const struct drill_address *address, enum drill_verdict verdict)
{
    static const struct http_call_handler handler = {.on_head = on_head, .on_end = on_end};
    AUTO_ARENA struct arena a = {0};
    size_t place;
    struct request *r = free_request(s);
    if (r == NULL || !add_sample(s, lane, at_ns, &place))
        return;
    struct drill_sample *sample = sample_at(s, lane, place);
    sample->verdict = verdict;
    sample->is_ended = address == NULL;
    if (address == NULL)
        return;
    struct http_request request;
    request_of(&a, &s->options.http, &request);
    const struct http_call_options options =
        call_options(&s->options.http, address, s->options.target->type);
    *r = (struct request){.sampler = s, .lane = lane, .place = place};
    r->call = http_call_start(s->client, &options, &request, (struct slice){0}, &handler, r);
}

/* ---- answers */

/* What the client of the resolver does with an answer; NULL: the resolver got none. */
static void use_answer(struct drill_sampler *s, size_t place, const struct drill_answer *answer)
{
    enum drill_verdict verdict =
        answer != NULL ? drill_target_verdict(s->options.target, answer) : DRILL_NOWHERE;
    end_sample(s, DRILL_RESOLVER, place, verdict, 0);
    if (!s->options.http.is_on)
        return;
    bool has_address = verdict != DRILL_NOWHERE;
    /* Of several addresses a client takes the first, which the name server rotates; what the
     * request meets is what that one is. */
    const struct drill_address *first = has_address ? &answer->addresses.items[0] : NULL;
    if (has_address)
        verdict = drill_addresses_have(&s->options.target->addresses, first) ? DRILL_PRIMARY
                                                                             : DRILL_OTHER;
    send_request(s, DRILL_REQUEST, sample_at(s, DRILL_RESOLVER, place)->at_ns, first, verdict);
}

/*
 * The resolver has an answer, or gave up on the query `last_id` (NULL): clients that wait for it go
 * on, in the order in which they asked. One answer serves all; a failure those who asked until
 * then.
 */
static void serve_waiting(struct drill_sampler *s, uint16_t last_id,
                          const struct drill_answer *answer)
{
    for (size_t i = TOOL_DRILL_QUERIES_MAX; i > 0; i--) {
        uint16_t id = (uint16_t)(s->next_id - i);
        struct query *q = &s->queries[id % TOOL_DRILL_QUERIES_MAX];
        if (!q->is_for_resolver || q->id != id)
            continue;
        q->is_for_resolver = false;
        use_answer(s, q->resolver_place, answer);
        if (answer == NULL && id == last_id)
            return;
    }
}

/* A query has its answer, or gets none (NULL). */
static void end_query(struct drill_sampler *s, struct query *q, const struct drill_answer *answer)
{
    bool is_usable = answer != NULL &&
                     (answer->rcode == DNS_RCODE_NOERROR || answer->rcode == DNS_RCODE_NXDOMAIN);
    q->is_waiting = false;
    end_sample(s, DRILL_AUTHORITY, q->place,
               is_usable ? drill_target_verdict(s->options.target, answer) : DRILL_NOWHERE,
               is_usable ? answer->ttl_s : 0);
    if (!q->is_for_resolver)
        return;
    if (is_usable)
        drill_resolver_take(&s->resolver, answer, loop_now_ns(s->options.loop));
    serve_waiting(s, q->id, is_usable ? answer : NULL);
}

static void on_readable(struct loop_io *io, unsigned events)
{
    struct drill_sampler *s = io->user;
    (void)events;
    /* Each datagram answers a query, so as many at once as there may be queries. */
    for (size_t i = 0; i < TOOL_DRILL_QUERIES_MAX; i++) {
        uint8_t bytes[TOOL_DRILL_ANSWER_MAX_BYTES];
        struct drill_answer answer;
        uint16_t id;
        ssize_t len = recv(s->fd, bytes, sizeof(bytes), 0);
        if (len < 0)
            return;
        if (!drill_answer_read(slice_of(bytes, (size_t)len), &s->options.target->owner,
                               s->options.target->type, &id, &answer))
            continue;
        struct query *q = &s->queries[id % TOOL_DRILL_QUERIES_MAX];
        if (q->is_waiting && q->id == id)
            end_query(s, q, &answer);
    }
}

/* ---- each interval */

static void end_late_queries(struct drill_sampler *s, int64_t now_ns)
{
    for (size_t i = TOOL_DRILL_QUERIES_MAX; i > 0; i--) {
        struct query *q = &s->queries[(uint16_t)(s->next_id - i) % TOOL_DRILL_QUERIES_MAX];
        if (q->is_waiting && now_ns - q->sent_ns >= TOOL_DRILL_QUERY_NS)
            end_query(s, q, NULL);
    }
}

static void send_query(struct drill_sampler *s, int64_t now_ns)
{
    uint8_t bytes[DRILL_QUERY_SIZE];
    uint16_t id = s->next_id++;
    struct query *q = &s->queries[id % TOOL_DRILL_QUERIES_MAX];
    CHECK(!q->is_waiting); /* the shortest interval and TOOL_DRILL_QUERY_NS leave room */
    struct query fresh = {.id = id, .sent_ns = now_ns, .is_waiting = true};
    size_t place;
    if (!add_sample(s, DRILL_AUTHORITY, now_ns, &fresh.place) ||
        !add_sample(s, DRILL_RESOLVER, now_ns, &place))
        return;
    const struct drill_answer *cached = drill_resolver_get(&s->resolver, now_ns);
    fresh.is_for_resolver = cached == NULL;
    fresh.resolver_place = place;
    *q = fresh;
    const struct drill_target *target = s->options.target;
    size_t len = drill_query_write(bytes, id, &target->owner, target->type);
    if (send(s->fd, bytes, len, 0) < 0) {
        /* Refused, no route: as if no answer came. */
        end_query(s, q, NULL);
    }
    if (cached != NULL)
        use_answer(s, place, cached);
}

static void on_time(struct loop_timer *timer)
{
    struct drill_sampler *s = timer->user;
    int64_t now_ns = loop_now_ns(s->options.loop);
    end_late_queries(s, now_ns);
    if (!s->is_full)
        send_query(s, now_ns);
    if (s->options.is_direct && !s->is_full) {
        const struct drill_addresses *primary = &s->options.target->addresses;
        send_request(s, DRILL_DIRECT, now_ns, &primary->items[s->next_address % primary->count],
                     DRILL_PRIMARY);
        s->next_address++;
    }
    s->options.timeline->end_ns = now_ns;
    s->options.on_interval(s->options.user);
}

/* ---- life */

static enum err connect_udp(const struct net_address *server, int flags, int *out_fd,
                            struct errctx *ec)
{
    char text[NET_ADDRESS_TEXT_SIZE];
    net_address_format(server, text);
    int fd = socket(server->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0)
        return err_errno(ec, "socket");
    if (connect(fd, &server->sa, server->len) != 0) {
        enum err e = err_errno(ec, "%s", text);
        close(fd);
        return e;
    }
    *out_fd = fd;
    return ERR_OK;
}

enum err drill_sampler_new(const struct drill_sampler_options *options, struct drill_sampler **out,
                           struct errctx *ec)
{
    int fd = -1;
    CHECK(!options->is_direct || options->target->addresses.count > 0);
    CHECK(options->interval_ns * (int64_t)TOOL_DRILL_QUERIES_MAX > TOOL_DRILL_QUERY_NS);
    enum err e = connect_udp(&options->server, SOCK_NONBLOCK, &fd, ec);
    if (e != ERR_OK)
        return e;
    struct drill_sampler *s = NEW(struct drill_sampler);
    s->options = *options;
    s->fd = fd;
    s->client = http_client_new(options->loop);
    s->io = (struct loop_io){.on_ready = on_readable, .user = s};
    s->timer = (struct loop_timer){.on_time = on_time, .user = s};
    loop_io_set(options->loop, &s->io, fd, LOOP_READ);
    loop_timer_set(options->loop, &s->timer, 1, options->interval_ns);
    *out = s;
    return ERR_OK;
}

void drill_sampler_free(struct drill_sampler *s)
{
    if (s == NULL)
        return;
    loop_timer_stop(&s->timer);
    loop_io_stop(&s->io);
    http_client_free(s->client);
    close(s->fd);
    free(s);
}

void drill_sampler_ask_anew(struct drill_sampler *s)
{
    s->resolver = (struct drill_resolver){0};
}

/* ---- one of each, at the start */

enum err drill_ask(const struct drill_target *target, const struct net_address *server,
                   struct drill_answer *out, struct errctx *ec)
{
    const struct timeval limit = {.tv_sec = TOOL_DRILL_QUERY_NS / NS_PER_S};
    uint8_t query[DRILL_QUERY_SIZE];
    uint8_t bytes[TOOL_DRILL_ANSWER_MAX_BYTES];
    uint16_t id;
    AUTO_FD int fd = -1;
    enum err e = connect_udp(server, 0, &fd, ec);
    if (e != ERR_OK)
        return e;
    size_t len = drill_query_write(query, 1, &target->owner, target->type);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        send(fd, query, len, 0) < 0)
        return err_errno(ec, "query");
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    if (got < 0)
        return err_set(ec, ERR_TIMEOUT, "the name server does not answer");
    if (!drill_answer_read(slice_of(bytes, (size_t)got), &target->owner, target->type, &id, out))
        return err_set(ec, ERR_CORRUPT, "the name server answers with what is no answer");
    return ERR_OK;
}

bool drill_request(const struct drill_http *http, const struct drill_address *address,
                   uint16_t type)
{
    AUTO_ARENA struct arena a = {0};
    struct http_request request;
    struct http_answer answer;
    struct errctx ec = {0};
    request_of(&a, http, &request);
    const struct http_call_options options = call_options(http, address, type);
    enum err e = http_call_wait(&a, &options, &request, (struct slice){0}, &answer, &ec);
    return e == ERR_LIMIT || (e == ERR_OK && answer.status >= 200 && answer.status < 400);
}
