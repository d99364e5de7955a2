// SPDX-License-Identifier: Apache-2.0
// The client of tools. Called on the main thread of a command, which it may block.
#include "tool/client.h"

#include "aws/sigv4.h"
#include "base/check.h"
#include "base/time.h"
#include "os/file.h"
#include "tool/environment.h"
#include "tool/limits.h"
#include "tool/ready.h"

#include <stdlib.h>
#include <string.h>

#define WEIR_API_PATH "/weir/2026-01-01/"

/** The URL of the API that ready.json names. */
static enum err endpoint_of_node(struct arena *a, const char *data_dir, const char **out_url,
                                 struct errctx *ec)
{
    struct tool_ready ready;
    enum err e = tool_ready_read(a, data_dir, &ready, ec);
    if (e != ERR_OK)
        return e;
    if (ready.api == NULL && ready.api_https == NULL)
        return err_set(ec, ERR_UNAVAILABLE,
                       "the node of '%s' runs no control; --endpoint names another", data_dir);
    *out_url = ready.api != NULL ? arena_printf(a, "http://%s", ready.api)
                                 : arena_printf(a, "https://%s", ready.api_https);
    return ERR_OK;
}

static enum err open_tls(struct arena *a, const char *data_dir, struct net_tls **out_tls,
                         struct errctx *ec)
{
    struct slice authority_pem;
    const char *path = arena_printf(a, "%s/ca.pem", data_dir);
    enum err e = file_read(a, path, TOOL_CREDENTIALS_MAX_BYTES, &authority_pem, ec);
    if (e == ERR_OK)
        e = net_tls_client_new(authority_pem, out_tls, ec);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "authority of TLS endpoints");
}

enum err tool_client_open(struct arena *a, const struct tool_client_options *options,
                          struct tool_client *out_client, struct errctx *ec)
{
    struct tool_client client = {0};
    const char *url = options->endpoint;
    enum err e = ERR_OK;
    if (url == NULL)
        e = endpoint_of_node(a, options->data_dir, &url, ec);
    if (e == ERR_OK)
        e = tool_endpoint_parse(a, url, &client.endpoint, ec);
    if (e == ERR_OK)
        e = options->is_of_node
                ? tool_credentials_of_node(a, options->data_dir, &client.credentials, ec)
                : tool_credentials_find(a, options->data_dir, &client.credentials, ec);
    if (e == ERR_OK && client.endpoint.is_tls)
        e = open_tls(a, options->data_dir, &client.tls, ec);
    if (e == ERR_OK)
        *out_client = client;
    return e;
}

void tool_client_close(struct tool_client *client)
{
    net_tls_free(client->tls);
    client->tls = NULL;
}

/** Adds the headers that carry the signature. */
static void sign(struct arena *a, const struct tool_client *client, const struct tool_call *call,
                 struct http_request *request)
{
    struct sigv4_header covered[TOOL_CALL_HEADERS_MAX];
    CHECK(request->fields.count <= TOOL_CALL_HEADERS_MAX);
    for (size_t i = 0; i < request->fields.count; i++)
        covered[i] = (struct sigv4_header){.name = request->fields.items[i].name,
                                           .value = request->fields.items[i].value};
    struct sigv4_request signed_request = {
        .method = request->method,
        .path = request->path,
        .query = request->query,
        .headers = covered,
        .header_count = request->fields.count,
    };
    sha256_hex(call->body, signed_request.body_sha256);
    const char *region = tool_variable("AWS_DEFAULT_REGION");
    const struct sigv4_sign_options options = {
        .key_id = slice_str(client->credentials.key_id),
        .secret = slice_str(client->credentials.secret),
        .session_token = slice_str(client->credentials.session_token),
        .region = slice_str(region != NULL ? region : "us-east-1"),
        .service = call->service,
        .now_unix_s = time_unix_ms() / MS_PER_S,
    };
    struct sigv4_header added[SIGV4_SIGN_HEADERS];
    size_t count = sigv4_sign(a, &signed_request, &options, added);
    for (size_t i = 0; i < count; i++)
        http_fields_add(a, &request->fields, added[i].name, added[i].value);
}

enum err tool_client_call(const struct tool_client *client, struct arena *a,
                          const struct tool_call *call, struct http_answer *out_answer,
                          struct errctx *ec)
{
    bool has_query = call->query != NULL && call->query[0] != '\0';
    const char *target = has_query ? arena_printf(a, "%s?%s", call->path, call->query) : call->path;
    struct http_request request = {
        .method = slice_str(call->method),
        .target = slice_str(target),
        .path = slice_str(call->path),
        .query = slice_str(has_query ? call->query : ""),
    };
    http_fields_add_str(a, &request.fields, "Host", client->endpoint.authority);
    if (call->content_type != NULL)
        http_fields_add_str(a, &request.fields, "Content-Type", call->content_type);
    if (call->if_match != NULL)
        http_fields_add_str(a, &request.fields, "If-Match", call->if_match);
    sign(a, client, call, &request);
    const struct http_call_options options = {
        .address = client->endpoint.address,
        .tls = client->tls,
        .server_name = client->endpoint.host,
        .connect_timeout_ns = TOOL_CONNECT_TIMEOUT_NS,
        .response_timeout_ns = TOOL_RESPONSE_TIMEOUT_NS,
        .body_limit_bytes = TOOL_ANSWER_MAX_BYTES,
    };
    enum err e = http_call_wait(a, &options, &request, call->body, out_answer, ec);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "%s", client->endpoint.authority);
}

enum err tool_status_err(unsigned http_status)
{
    switch (http_status) {
    case 401:
    case 403:
        return ERR_DENIED;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    default:
        return http_status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID;
    }
}

/** The failure that an answer of the weir service reports; `object` may be anything. */
static enum err weir_failure(const struct http_answer *answer, const json_t *object,
                             struct errctx *ec)
{
    const char *code = json_string_value(json_object_get(object, "Code"));
    const char *message = json_string_value(json_object_get(object, "Message"));
    enum err kind = tool_status_err(answer->status);
    if (code == NULL)
        return err_set(ec, kind, "the API answered %u %s", answer->status,
                       http_reason(answer->status));
    return err_set(ec, kind, "%s: %s", code, message != NULL ? message : "");
}

enum err tool_weir_call(const struct tool_client *client, struct arena *a, const char *operation,
                        const json_t *input, json_t **out_output, struct errctx *ec)
{
    char *text = json_dumps(input, JSON_COMPACT);
    struct slice body = arena_copy(a, slice_str(text));
    free(text);
    const struct tool_call call = {
        .service = "weir",
        .method = "POST",
        .path = arena_printf(a, WEIR_API_PATH "%s", operation),
        .content_type = "application/json",
        .body = body,
    };
    struct http_answer answer;
    enum err e = tool_client_call(client, a, &call, &answer, ec);
    if (e != ERR_OK)
        return e;
    AUTO_JSON json_t *output =
        json_loadb((const char *)answer.body.data, answer.body.len, JSON_REJECT_DUPLICATES, NULL);
    if (answer.status >= 300)
        return weir_failure(&answer, output, ec);
    if (!json_is_object(output))
        return err_set(ec, ERR_CORRUPT, "%s answered what is no JSON object", operation);
    *out_output = json_incref(output);
    return ERR_OK;
}

enum err tool_get(struct arena *a, const char *address_text, const char *path,
                  struct http_answer *out_answer, struct errctx *ec)
{
    struct http_call_options options = {
        .connect_timeout_ns = TOOL_CONNECT_TIMEOUT_NS,
        .response_timeout_ns = TOOL_RESPONSE_TIMEOUT_NS,
        .body_limit_bytes = TOOL_ANSWER_MAX_BYTES,
    };
    enum err e = net_address_parse(slice_str(address_text), &options.address, ec);
    if (e != ERR_OK)
        return e;
    struct http_request request = {.method = SLICE_LIT("GET"), .target = slice_str(path)};
    http_fields_add_str(a, &request.fields, "Host", address_text);
    e = http_call_wait(a, &options, &request, (struct slice){0}, out_answer, ec);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "%s", address_text);
}
