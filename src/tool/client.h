// SPDX-License-Identifier: Apache-2.0
// A client of Weir's own APIs for tools: one signed call at a time, which may block.
#ifndef TOOL_CLIENT_H
#define TOOL_CLIENT_H

#include "http/client.h"
#include "tool/credentials.h"
#include "tool/endpoint.h"
#include "tool/json.h"

/**
 * Where the APIs are, and who calls.
 * Owner:   tool_client_open fills one in place, tool_client_close takes it back; zeroed is fine.
 * Threads: one at a time.
 */
struct tool_client {
    struct tool_endpoint endpoint;
    struct net_tls *tls; /* NULL: plain */
    struct tool_credentials credentials;
};

struct tool_client_options {
    const char *data_dir;
    const char *endpoint; /* URL; NULL: the API that DIR/ready.json names */
    bool is_of_node;      /* only the node's own key, whatever the environment says */
};

/**
 * Finds endpoint and key; connects to nothing yet. Texts live in `a` as long as the client.
 * TLS trusts DIR/ca.pem and checks the host of the endpoint.
 * Errors: ERR_UNAVAILABLE where no node serves there or it runs no control; those of the parts.
 */
enum err tool_client_open(struct arena *a, const struct tool_client_options *options,
                          struct tool_client *out_client, struct errctx *ec) MUST_USE;
void tool_client_close(struct tool_client *client);
#define AUTO_CLIENT CLEANUP(tool_client_close)

/** One call; everything borrowed. */
struct tool_call {
    const char *service; /* that the signature names: "route53", "weir" */
    const char *method;
    const char *path;         /* percent-coded */
    const char *query;        /* without '?'; NULL: none */
    const char *content_type; /* of the body; NULL: none */
    const char *if_match;     /* NULL: none */
    struct slice body;
};

/**
 * Signs, calls, waits for the whole answer, whatever its status.
 * Errors: those of http_call_wait, with the endpoint named.
 */
enum err tool_client_call(const struct tool_client *client, struct arena *a,
                          const struct tool_call *call, struct http_answer *out_answer,
                          struct errctx *ec) MUST_USE;

/**
 * One operation of the service weir: a JSON object there and back.
 * input       borrowed
 * out_output  given
 * Errors: ERR_DENIED for 401 and 403, ERR_NOT_FOUND for 404, ERR_CONFLICT for 409, ERR_UNAVAILABLE
 * for 5xx, else ERR_INVALID, each with the code and the message of the answer; ERR_CORRUPT where
 * the answer is no JSON object.
 */
enum err tool_weir_call(const struct tool_client *client, struct arena *a, const char *operation,
                        const json_t *input, json_t **out_output, struct errctx *ec) MUST_USE;

/** What a refused call means to its caller, by HTTP status. Pure. */
enum err tool_status_err(unsigned http_status);

/** GET of a page without a signature, for the admin pages; any status. */
enum err tool_get(struct arena *a, const char *address_text, const char *path,
                  struct http_answer *out_answer, struct errctx *ec) MUST_USE;

#endif
