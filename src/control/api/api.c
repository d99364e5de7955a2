// SPDX-License-Identifier: Apache-2.0
// The listeners of the API: requests are collected on the loop, run whole on a worker, answered on
// the loop. Called by cmd; everything here runs on the loop's thread but run_job.
//
//                 on_request      on_request_end       on_done
//   (no exchange) ----------> COLLECTING --------> RUNNING --------> answered, freed
//                                  |                   |
//                    on_closed     v                   v   on_closed
//                               freed              ABANDONED -- on_done --> freed
//
// Invariants: (1) a job's exchange is NULL exactly when ABANDONED; (2) a worker touches only the
// job, never the exchange; (3) an exchange has one job from on_request until it is closed or
// answered.
#include "control/api/api.h"

#include "aws/xml.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "control/api/api_priv.h"
#include "control/api/limits.h"
#include "control/api/throttle.h"
#include "http/server.h"
#include "metrics/counters.h"
#include "os/pool.h"

#include <stdlib.h>

struct listener {
    struct http_server_options options;
    struct http_server *server;
};

struct worker {
    struct api *api;
    struct store_conn *conn;
};

struct api {
    struct loop *loop;
    struct api_options options;
    struct throttle *throttle;  /* of accounts */
    struct throttle *strangers; /* of clients: calls whose signature was nobody's */
    struct worker *workers;     /* options.worker_count */
    struct pool *pool;
    struct listener listeners[API_LISTENERS_MAX];
    size_t listener_count;
    size_t draining;       /* listeners that still have connections */
    uint64_t bodies_bytes; /* sum of counted_bytes of all jobs */
    void (*on_drained)(void *user);
    void *drained_user;
};

/* A call between loop and worker. */
struct job {
    struct pool_job pool_job;
    struct api *api;
    struct http_exchange *exchange; /* NULL once the client left */
    bool is_running;                /* submitted: freed by on_done alone */
    bool is_strangers;              /* run, and refused before anybody had shown a key */
    uint8_t client[NET_ADDRESS_CLIENT_BYTES];
    size_t client_len;
    struct arena arena;
    struct buf body;
    uint64_t counted_bytes; /* of the body, past API_BODY_FREE_BYTES */
    struct api_request request;
    enum aws_service service;
    char request_id[AWS_REQUEST_ID_SIZE];
    struct api_answer answer;
};

/* ---- answers */

static void reply(struct job *j)
{
    const struct aws_output *output = &j->answer.output;
    struct http_fields fields = {0};
    http_fields_add_str(&j->arena, &fields, "x-amzn-RequestId", j->request_id);
    if (output->body.len > 0)
        http_fields_add_str(&j->arena, &fields, "Content-Type", j->answer.content_type);
    for (size_t i = 0; i < output->header_count; i++)
        http_fields_add(&j->arena, &fields, output->headers[i].name, output->headers[i].value);
    http_reply(j->exchange, output->status, &fields, output->body);
}

/* Answers without a worker. */
static void reply_error(struct job *j, enum aws_error error, const char *message)
{
    struct aws_fault fault = {.arena = &j->arena};
    aws_fail(&fault, error, "%s", message);
    j->answer.content_type = j->service == AWS_WEIR ? "application/json" : "text/xml";
    j->answer.output = (struct aws_output){
        .status = aws_error_status(error),
        .body = aws_error_document(&j->arena, j->service, &fault, j->request_id)};
    reply(j);
}

/* ---- jobs */

static void job_free_body(struct job *j)
{
    j->api->bodies_bytes -= j->counted_bytes;
    j->counted_bytes = 0;
    buf_fini(&j->body);
}

static void job_free(struct job *j)
{
    job_free_body(j);
    arena_fini(&j->arena);
    free(j);
}

/* On a worker. */
static void run_job(struct pool_job *pool_job, void *worker_state)
{
    struct job *j = CONTAINER_OF(pool_job, struct job, pool_job);
    struct worker *w = worker_state;
    struct api_call call = {.arena = &j->arena,
                            .conn = w->conn,
                            .options = &w->api->options,
                            .throttle = w->api->throttle,
                            .request = &j->request,
                            .service = j->service,
                            .now_unix_ms = time_unix_ms()};
    memcpy(call.request_id, j->request_id, sizeof(call.request_id));
    api_dispatch(&call, &j->answer);
    j->is_strangers = call.account_id == NULL && j->answer.output.status / 100 == 4;
}

static struct slice client_of(const struct job *j)
{
    return slice_of(j->client, j->client_len);
}

static void on_done(struct pool_job *pool_job)
{
    struct job *j = CONTAINER_OF(pool_job, struct job, pool_job);
    if (j->is_strangers) /* none left: others were under way; the next is turned away */
        (void)throttle_take(j->api->strangers, client_of(j), loop_now_ns(j->api->loop));
    if (j->exchange != NULL) {
        http_exchange_set_user(j->exchange, NULL);
        reply(j);
    }
    job_free(j);
}

/* The worker needs the request although the client may leave: a copy of its own. */
static void copy_request(struct job *j)
{
    const struct http_request *r = http_exchange_request(j->exchange);
    char ip[NET_ADDRESS_TEXT_SIZE];
    net_address_format_ip(http_exchange_peer(j->exchange), ip);
    j->request = (struct api_request){
        .method = arena_copy(&j->arena, r->method),
        .path = arena_copy(&j->arena, r->path),
        .query = arena_copy(&j->arena, r->query),
        .authority = arena_copy(&j->arena, r->authority),
        .headers = arena_array(&j->arena, r->fields.count, sizeof(*j->request.headers)),
        .header_count = r->fields.count,
        .is_tls = http_exchange_is_tls(j->exchange),
        .source_ip = arena_strdup(&j->arena, ip),
    };
    for (size_t i = 0; i < r->fields.count; i++)
        j->request.headers[i] =
            (struct sigv4_header){.name = arena_copy(&j->arena, r->fields.items[i].name),
                                  .value = arena_copy(&j->arena, r->fields.items[i].value)};
}

/* ---- what the HTTP server calls */

/* Who floods with signatures that are nobody's is turned away before a worker looks at them. */
static void turn_away(struct job *j)
{
    j->client_len = net_address_client(http_exchange_peer(j->exchange), j->client);
    if (throttle_has(j->api->strangers, client_of(j), loop_now_ns(j->api->loop)))
        return;
    metrics_add(METRIC_API_TURNED_AWAY, 1);
    reply_error(j, AWS_ServiceUnavailable, "Service is unable to handle request.");
}

static void on_request(struct http_exchange *x, void *server_user)
{
    struct job *j = NEW(struct job);
    uint8_t random[16];
    random_bytes(random, sizeof(random));
    aws_request_id(random, j->request_id);
    j->api = server_user;
    j->exchange = x;
    arena_init(&j->arena);
    http_exchange_set_user(x, j);
    copy_request(j);
    if (!aws_service_of_path(j->request.path, &j->service)) {
        j->service = AWS_ROUTE53; /* whose form of errors every SDK reads */
        reply_error(j, AWS_UnknownOperationException, "No API of this service has such a path");
        return;
    }
    turn_away(j);
}

static void shed(struct job *j)
{
    metrics_add(METRIC_API_SHED, 1);
    reply_error(j, AWS_ServiceUnavailable, "Service is unable to handle request.");
}

/* Whether there is room for a body of `len` bytes; counts it then. */
static bool take_body_bytes(struct job *j, uint64_t len)
{
    struct api *api = j->api;
    uint64_t counted = len > API_BODY_FREE_BYTES ? len - API_BODY_FREE_BYTES : 0;
    uint64_t more = counted - j->counted_bytes;
    if (more > api->options.bodies_bytes - api->bodies_bytes)
        return false;
    api->bodies_bytes += more;
    j->counted_bytes = counted;
    return true;
}

static void on_body(struct http_exchange *x, struct slice data)
{
    struct job *j = http_exchange_user(x);
    if (j == NULL || j->answer.output.status != 0)
        return;
    if (take_body_bytes(j, (uint64_t)buf_len(&j->body) + data.len)) {
        buf_append(&j->body, data);
        return;
    }
    job_free_body(j);
    shed(j);
}

static void on_request_end(struct http_exchange *x)
{
    struct job *j = http_exchange_user(x);
    if (j == NULL || j->answer.output.status != 0)
        return;
    j->request.body = buf_slice(&j->body);
    j->pool_job = (struct pool_job){.run = run_job, .on_done = on_done};
    j->is_running = true;
    if (pool_submit(j->api->pool, &j->pool_job))
        return;
    j->is_running = false;
    shed(j);
}

static void on_closed(struct http_exchange *x, enum http_close_reason reason)
{
    (void)reason;
    struct job *j = http_exchange_user(x);
    if (j == NULL)
        return;
    j->exchange = NULL;
    if (!j->is_running)
        job_free(j);
}

static const struct http_handler handler = {
    .on_request = on_request,
    .on_body = on_body,
    .on_request_end = on_request_end,
    .on_closed = on_closed,
};

/* ---- life of the API */

/* Slots of the role's counters: 0 is the loop's, 1 and on the workers'. */
static void *worker_start(void *user, unsigned index)
{
    struct api *api = user;
    metrics_bind_thread(METRICS_CONTROL, index + 1);
    return &api->workers[index];
}

static enum err connect_workers(struct api *api, struct errctx *ec)
{
    for (unsigned i = 0; i < api->options.worker_count; i++) {
        api->workers[i].api = api;
        enum err err = store_connect(api->options.store, &api->workers[i].conn, ec);
        if (err != ERR_OK)
            return err_wrap(ec, "api worker %u", i);
    }
    return ERR_OK;
}

enum err api_new(struct loop *loop, const struct api_options *options, struct api **out_api,
                 struct errctx *ec)
{
    CHECK(options->worker_count > 0);
    aws_xml_init();
    struct api *api = NEW(struct api);
    api->loop = loop;
    api->options = *options;
    if (api->options.bodies_bytes == 0)
        api->options.bodies_bytes = API_BODIES_MAX_BYTES;
    api->throttle = throttle_new(options->rate_per_s);
    api->strangers = throttle_new(API_STRANGERS_PER_S);
    api->workers = mem_new(options->worker_count, sizeof(*api->workers));
    enum err err = connect_workers(api, ec);
    if (err != ERR_OK) {
        api_free(api);
        return err;
    }
    struct pool_options pool = {.thread_count = options->worker_count,
                                .queue_limit = options->queue_limit == 0 ? API_QUEUE_LIMIT
                                                                         : options->queue_limit,
                                .worker_start = worker_start,
                                .user = api};
    api->pool = pool_new(loop, &pool);
    *out_api = api;
    return ERR_OK;
}

void api_listen(struct api *api, int listen_fd, const struct net_tls *tls)
{
    CHECK(api->listener_count < API_LISTENERS_MAX);
    struct listener *l = &api->listeners[api->listener_count++];
    l->options = (struct http_server_options){
        .limits = api->options.limits, .tls = tls, .handler = &handler, .user = api};
    if (l->options.limits.body_bytes > API_BODY_MAX_BYTES)
        l->options.limits.body_bytes = API_BODY_MAX_BYTES;
    l->server = http_server_new(api->loop, &l->options);
    http_server_listen(l->server, listen_fd);
}

static void listener_drained(void *user)
{
    struct api *api = user;
    CHECK(api->draining > 0);
    if (--api->draining == 0)
        api->on_drained(api->drained_user);
}

void api_drain(struct api *api, void (*on_drained)(void *user), void *user)
{
    CHECK(api->listener_count > 0);
    api->on_drained = on_drained;
    api->drained_user = user;
    api->draining = api->listener_count;
    for (size_t i = 0; i < api->listener_count; i++)
        http_server_drain(api->listeners[i].server, listener_drained, api);
}

void api_free(struct api *api)
{
    if (api == NULL)
        return;
    for (size_t i = 0; i < api->listener_count; i++)
        http_server_free(api->listeners[i].server);
    pool_free(api->pool);
    for (unsigned i = 0; i < api->options.worker_count; i++)
        store_disconnect(api->workers[i].conn);
    throttle_free(api->throttle);
    throttle_free(api->strangers);
    free(api->workers);
    free(api);
}
