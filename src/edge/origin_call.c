// SPDX-License-Identifier: Apache-2.0
// One call to an origin: its name, its addresses, attempts, the end. Run by the resolver, the HTTP
// client and its own timer, on the thread's loop.
//
//   QUEUED -> RESOLVING -> ATTEMPT -------------------------------> ENDED: freed, on_end
//      |          |         ^    | no connection, or no answer to        ^
//      |          |         +----+ GET and HEAD in time: the next        |
//      |          |                one, as long as there are some        |
//      +----------+--- no place in time, no address that may be used ----+
//
// 1. No callback before origin_call_start returns: what fails by then ends by the timer.
// 2. A byte of a request body goes to one connection only: it waits in `upload` until there is a
//    connection that takes it, and after that there is no further attempt.
// 3. The call is freed, and its place given on, before on_end: that may start another call.
// 4. An address is checked against the forbidden networks before it is connected to, by each call;
//    the HTTP client connects to that very address or takes a connection to it.
#include "edge/origin_call.h"

#include "base/alloc.h"
#include "base/check.h"
#include "edge/origin_priv.h"
#include "metrics/counters.h"

#include <stdlib.h>

/* Bytes of a body that is not open yet, and may still come. */
static bool upload_has_room(const struct origin_upload *u)
{
    return buf_len(&u->waiting) < HTTP_UPLOAD_BYTES;
}

static uint16_t origin_port(const struct origin_call *call)
{
    const struct release_origin *origin = call->options.origin;
    return call->options.is_https ? origin->https_port : origin->http_port;
}

/* The end: everything is given back, then the caller hears of it. */
static void call_finish(struct origin_call *call, enum origin_failure failure)
{
    struct origin_call_handler handler = call->handler;
    void *user = call->user;
    struct errctx why = call->why;
    if (failure != ORIGIN_OK)
        (void)err_wrap(&why, "origin '%s'", call->options.origin->domain_name);
    origin_failure_count(failure);
    origin_call_free(call);
    if (handler.on_end != NULL)
        handler.on_end(user, failure, &why);
}

void origin_call_fail(struct origin_call *call, enum origin_failure failure)
{
    CHECK(failure != ORIGIN_OK && call->http == NULL);
    call->state = ORIGIN_ENDED;
    call->failure = failure;
    loop_timer_set(call->client->loop, &call->timer, 0, 0);
}

static void on_timer(struct loop_timer *timer)
{
    struct origin_call *call = (struct origin_call *)timer->user;
    if (call->state == ORIGIN_QUEUED) {
        (void)err_set(&call->why, ERR_TIMEOUT, "no connection was free in time");
        call->failure = ORIGIN_BUSY;
    }
    call_finish(call, call->failure);
}

/* Attempts. */

static void attempt_start(struct origin_call *call);

static void on_http_head(void *user, const struct http_response *head)
{
    struct origin_call *call = (struct origin_call *)user;
    call->has_head = true;
    call->place->good = call->addresses[(call->first + call->attempt) % call->address_count];
    call->place->has_good = true;
    if (call->handler.on_head != NULL)
        call->handler.on_head(call->user, head);
}

static void on_http_body(void *user, struct slice data)
{
    struct origin_call *call = (struct origin_call *)user;
    if (call->handler.on_body != NULL)
        call->handler.on_body(call->user, data);
}

/* The connection takes the body from now on, or has room again. */
static void on_http_writable(void *user)
{
    struct origin_call *call = (struct origin_call *)user;
    struct origin_upload *u = &call->upload;
    bool has_room = true;
    if (!u->is_open) {
        u->is_open = true;
        has_room = http_call_send(call->http, buf_slice(&u->waiting));
        buf_fini(&u->waiting);
        if (u->has_ended)
            http_call_send_end(call->http);
    }
    if (!u->wants_room || !has_room || u->has_ended)
        return;
    u->wants_room = false;
    if (call->handler.on_writable != NULL)
        call->handler.on_writable(call->user);
}

/* Whether a further attempt may help, and does no harm. */
static bool may_try_again(const struct origin_call *call, const struct http_call_end *end,
                          enum origin_failure failure)
{
    if (call->has_head || call->upload.is_open ||
        call->attempt + 1 >= call->options.origin->connection_attempts)
        return false;
    bool has_no_connection =
        failure == ORIGIN_REFUSED || failure == ORIGIN_TLS || failure == ORIGIN_CONNECT_TIMEOUT;
    return has_no_connection ||
           (failure == ORIGIN_RESPONSE_TIMEOUT && end->stage < HTTP_STAGE_BODY && call->may_repeat);
}

/* The address did not do: others come first from now on. */
static void address_blame(struct origin_call *call)
{
    const struct net_address *address =
        &call->addresses[(call->first + call->attempt) % call->address_count];
    struct origin_place *p = call->place;
    if (p->has_good && !net_address_equal(&p->good, address))
        return;
    p->has_good = false;
    p->next = (uint32_t)((call->first + call->attempt + 1) % call->address_count);
}

static void on_http_end(void *user, const struct http_call_end *end)
{
    struct origin_call *call = (struct origin_call *)user;
    enum origin_failure failure = origin_failure_of(end);
    call->http = NULL;
    if (failure != ORIGIN_OK) {
        call->why = *end->why;
        if (failure != ORIGIN_BUSY)
            address_blame(call);
    }
    if (!may_try_again(call, end, failure)) {
        call_finish(call, failure);
        return;
    }
    metrics_add(METRIC_ORIGIN_RETRIES, 1);
    call->attempt++;
    attempt_start(call);
}

static void attempt_start(struct origin_call *call)
{
    static const struct http_call_handler handler = {.on_head = on_http_head,
                                                     .on_body = on_http_body,
                                                     .on_writable = on_http_writable,
                                                     .on_end = on_http_end};
    const struct origin_client_options *client = &call->client->options;
    const struct release_origin *origin = call->options.origin;
    struct http_call_options options = {
        .address = call->addresses[(call->first + call->attempt) % call->address_count],
        .tls = call->options.is_https ? client->tls : NULL,
        .server_name = call->options.is_https ? call->server_name : NULL,
        .other_name = call->options.is_https ? call->other_name : NULL,
        .connect_timeout_ns = origin->connection_timeout_s * client->second_ns,
        .response_timeout_ns = origin->response_timeout_s * client->second_ns,
        .keep_timeout_ns = origin->keepalive_timeout_s * client->second_ns,
        .body_limit_bytes = call->options.body_limit_bytes,
        .limits = client->limits,
        .is_fresh = call->attempt > 0,
    };
    call->state = ORIGIN_ATTEMPT;
    call->http = http_call_start(call->client->http, &options, &call->request, SLICE_LIT(""),
                                 &handler, call);
    http_call_pause(call->http, call->is_paused);
}

/* Addresses. */

/* Keeps those that may be connected to; the last forbidden one is for the log. */
static void addresses_take(struct origin_call *call, const struct resolver_answer *answer)
{
    const struct network_list *forbidden = call->client->options.forbidden;
    call->addresses =
        (struct net_address *)arena_array(&call->arena, answer->count, sizeof(struct net_address));
    for (size_t i = 0; i < answer->count; i++) {
        struct net_address address = answer->addresses[i];
        net_address_set_port(&address, origin_port(call));
        if (forbidden == NULL || !network_list_has(forbidden, &address)) {
            call->addresses[call->address_count++] = address;
            continue;
        }
        char text[NET_ADDRESS_TEXT_SIZE];
        net_address_format(&address, text);
        (void)err_set(&call->why, ERR_DENIED, "%s is where origins must not be", text);
    }
}

/* Where the attempts begin: at the last that answered, else one after the other. */
static size_t first_address(const struct origin_call *call)
{
    const struct origin_place *p = call->place;
    for (size_t i = 0; i < call->address_count && p->has_good; i++) {
        if (net_address_equal(&p->good, &call->addresses[i]))
            return i;
    }
    return p->next % call->address_count;
}

static void on_addresses(struct resolver_query *q, const struct resolver_answer *answer)
{
    struct origin_call *call = (struct origin_call *)q->user;
    if (answer->count == 0) {
        call->why = *answer->why;
        origin_call_fail(call, ORIGIN_NO_ADDRESS);
        return;
    }
    addresses_take(call, answer);
    if (call->address_count == 0) {
        origin_call_fail(call, ORIGIN_FORBIDDEN);
        return;
    }
    call->first = first_address(call);
    attempt_start(call);
}

void origin_call_begin(struct origin_call *call)
{
    call->state = ORIGIN_RESOLVING;
    call->query.on_answer = on_addresses;
    call->query.user = call;
    (void)resolver_ask(call->client->resolver, &call->query, call->options.origin->domain_name);
}

/* The start. */

static void request_copy(struct origin_call *call, const struct http_request *request)
{
    struct arena *a = &call->arena;
    call->request = (struct http_request){
        .method = arena_copy(a, request->method),
        .target = arena_copy(a, request->target),
        .body_kind = request->body_kind,
        .body_length = request->body_length,
    };
    for (size_t i = 0; i < request->fields.count; i++)
        http_fields_add(a, &call->request.fields, arena_copy(a, request->fields.items[i].name),
                        arena_copy(a, request->fields.items[i].value));
}

/* Whether the text can be a DNS name; then it is no address with a colon. */
static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.data[i];
        bool is_good = (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
                       b == '-' || b == '.' || b == '_';
        if (!is_good)
            return false;
    }
    return text.len > 0 && text.len <= EDGE_HOST_MAX_BYTES;
}

/*
 * A certificate for the origin's name will do, and one for the Host that it is sent, which is also
 * its SNI (CloudFront: RequestAndResponseBehaviorCustomOrigin, "HTTPS to the origin").
 */
static void names_choose(struct origin_call *call)
{
    const char *domain_name = call->options.origin->domain_name;
    struct slice own = slice_str(domain_name);
    if (own.len > 1 && own.data[0] == '[')
        domain_name = arena_str(&call->arena, slice_sub(own, 1, own.len - 2));
    const struct slice *field = http_fields_get(&call->request.fields, "host");
    struct slice host = field == NULL ? SLICE_LIT("") : *field;
    host = slice_sub(host, 0, slice_find(host, ':'));
    struct net_address literal;
    bool is_other =
        is_name(host) && !slice_equal_nocase(host, own) && !net_address_parse_ip(host, &literal);
    call->server_name = is_other ? arena_str(&call->arena, host) : domain_name;
    call->other_name = is_other ? domain_name : NULL;
}

struct origin_call *origin_call_start(struct origin_client *c,
                                      const struct origin_call_options *options,
                                      const struct http_request *request,
                                      const struct origin_call_handler *handler, void *user)
{
    CHECK(!options->is_https || c->options.tls != NULL);
    struct origin_call *call = NEW(struct origin_call);
    call->client = c;
    call->options = *options;
    call->handler = *handler;
    call->user = user;
    call->may_repeat = slice_equal(request->method, SLICE_LIT("GET")) ||
                       slice_equal(request->method, SLICE_LIT("HEAD"));
    call->timer.on_time = on_timer;
    call->timer.user = call;
    arena_init(&call->arena);
    list_init(&call->queue);
    list_push_back(&c->calls, &call->node);
    request_copy(call, request);
    if (options->is_https)
        names_choose(call);
    metrics_add(METRIC_ORIGIN_CALLS, 1);
    origin_client_admit(call);
    return call;
}

/* What the caller calls meanwhile. */

bool origin_call_send(struct origin_call *call, struct slice data)
{
    struct origin_upload *u = &call->upload;
    CHECK(call->request.body_kind != HTTP_BODY_NONE && !u->has_ended);
    bool has_room = true;
    if (call->state == ORIGIN_ENDED)
        return true;
    if (u->is_open) {
        has_room = http_call_send(call->http, data);
    } else {
        buf_append(&u->waiting, data);
        has_room = upload_has_room(u);
    }
    u->wants_room = u->wants_room || !has_room;
    return has_room;
}

void origin_call_send_end(struct origin_call *call)
{
    struct origin_upload *u = &call->upload;
    CHECK(call->request.body_kind != HTTP_BODY_NONE && !u->has_ended);
    u->has_ended = true;
    if (u->is_open && call->http != NULL)
        http_call_send_end(call->http);
}

void origin_call_pause(struct origin_call *call, bool is_paused)
{
    call->is_paused = is_paused;
    if (call->http != NULL)
        http_call_pause(call->http, is_paused);
}

void origin_call_free(struct origin_call *call)
{
    if (call->http != NULL)
        http_call_cancel(call->http);
    resolver_cancel(&call->query);
    loop_timer_stop(&call->timer);
    list_remove(&call->node);
    origin_client_release(call);
    buf_fini(&call->upload.waiting);
    arena_fini(&call->arena);
    free(call);
}

void origin_call_cancel(struct origin_call *call)
{
    origin_call_free(call);
}
