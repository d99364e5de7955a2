// SPDX-License-Identifier: Apache-2.0
// Calls to one server, and the pauses between attempts. Used by the following sides of the feeds,
// on their loop's thread.
#include "feed/remote_priv.h"

#include "base/check.h"
#include "feed/limits.h"

static int64_t or_default(int64_t wanted_ns, int64_t default_ns)
{
    return wanted_ns > 0 ? wanted_ns : default_ns;
}

void remote_init(struct remote *r, struct loop *loop, const struct feed_client_options *options)
{
    struct feed_client_options *o = &r->options;
    r->loop = loop;
    *o = *options;
    o->silence_ns = or_default(o->silence_ns, FEED_SILENCE_NS);
    o->backoff_first_ns = or_default(o->backoff_first_ns, FEED_BACKOFF_FIRST_NS);
    o->backoff_last_ns = or_default(o->backoff_last_ns, FEED_BACKOFF_LAST_NS);
    CHECK(o->backoff_first_ns <= o->backoff_last_ns);
    r->http = http_client_new(loop);
    prng_init(&r->prng);
    net_address_format(&o->address, r->host);
}

void remote_fini(struct remote *r)
{
    http_client_free(r->http);
}

struct http_call *remote_call(struct remote *r, const struct outgoing *o,
                              const struct http_call_handler *handler, void *user)
{
    AUTO_ARENA struct arena a = {0};
    struct http_request request = {.method = slice_str(o->method), .target = slice_str(o->target)};
    http_fields_add_str(&a, &request.fields, "Host", r->host);
    struct http_call_options options = {.address = r->options.address,
                                        .tls = r->options.tls,
                                        .connect_timeout_ns = FEED_CONNECT_TIMEOUT_NS,
                                        .response_timeout_ns = r->options.silence_ns,
                                        .body_limit_bytes = o->answer_limit_bytes,
                                        .is_fresh = o->is_fresh};
    return http_call_start(r->http, &options, &request, o->body, handler, user);
}

enum err remote_status_err(unsigned status, struct errctx *ec)
{
    switch (status) {
    case 403:
        return err_set(ec, ERR_DENIED, "the server does not admit this node");
    case 503:
        return err_set(ec, ERR_UNAVAILABLE, "the server is overloaded");
    default:
        return err_set(ec, ERR_INVALID, "the server answered with status %u", status);
    }
}

void backoff_wait(struct backoff *b, struct remote *r)
{
    int64_t wait_ns = b->next_ns > 0 ? b->next_ns : r->options.backoff_first_ns;
    int64_t last_ns = r->options.backoff_last_ns;
    b->next_ns = wait_ns < last_ns / 2 ? wait_ns * 2 : last_ns;
    uint64_t cut_ns = prng_next(&r->prng) % ((uint64_t)wait_ns / 2 + 1);
    loop_timer_set(r->loop, &b->timer, wait_ns - (int64_t)cut_ns, 0);
}
