// SPDX-License-Identifier: Apache-2.0
// Target forms, host, framing and persistence (RFC 9112 sections 3, 6, 7.1, 9.3; RFC 9110 sections
// 7.2, 10.1.1). Where a sender and another recipient could disagree on the length or the host of
// a message, it is refused. Pure.
#include "http/rules_priv.h"

#include "base/uri.h"
#include "http/chars_priv.h"

/* Largest body that a Content-Length may announce: lengths stay within int64_t everywhere. */
#define HTTP_CONTENT_LENGTH_MAX ((uint64_t)INT64_MAX)

enum { HTTP_PORT_MAX = 65535 };

/* Characters of a reg-name or of what stands in the brackets of an IP literal (RFC 3986 3.2.2). */
static bool is_host_char(uint8_t byte, bool is_literal)
{
    static const char others[] = "-._~%!$&'()*+,;=";
    bool is_alnum = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                    (byte >= 'A' && byte <= 'Z');
    if (is_alnum || (byte != '\0' && strchr(others, byte) != NULL))
        return true;
    return is_literal && byte == ':';
}

/* host[:port]: a name or address that is not empty, and a port that may be. */
static bool authority_is_valid(struct slice s)
{
    bool is_literal = s.len > 0 && s.data[0] == '[';
    size_t end = slice_find(s, is_literal ? ']' : ':');
    struct slice host = slice_sub(s, is_literal ? 1 : 0, end - (is_literal ? 1 : 0));
    struct slice rest = slice_sub(s, is_literal ? end + 1 : end, s.len);
    if (host.len == 0 || (is_literal && end == s.len))
        return false;
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.data[i], is_literal))
            return false;
    }
    uint64_t port;
    return rest.len == 0 ||
           (rest.data[0] == ':' &&
            (rest.len == 1 || slice_parse_u64(slice_sub(rest, 1, rest.len), HTTP_PORT_MAX, &port)));
}

/* http://authority[/path][?query] */
static const char *absolute_split(struct http_request *request, size_t scheme_len)
{
    struct slice rest = slice_sub(request->target, scheme_len, request->target.len);
    size_t end = min_size(slice_find(rest, '/'), slice_find(rest, '?'));
    request->authority = slice_sub(rest, 0, end);
    if (!authority_is_valid(request->authority))
        return "the request target has no valid host";
    uri_split_target(slice_sub(rest, end, rest.len), &request->path, &request->query);
    if (request->path.len == 0)
        request->path = SLICE_LIT("/");
    return NULL;
}

const char *http_target_split(struct http_request *request)
{
    static const struct slice schemes[] = {SLICE_LIT("http://"), SLICE_LIT("https://")};
    struct slice target = request->target;
    for (size_t i = 0; i < target.len; i++) {
        if (target.data[i] <= ' ' || target.data[i] >= 0x7f || target.data[i] == '#')
            return "the request target holds a character that must be percent-coded";
    }
    if (slice_equal(request->method, SLICE_LIT("CONNECT"))) {
        request->authority = target;
        return authority_is_valid(target) ? NULL : "CONNECT wants host:port";
    }
    if (slice_equal(target, SLICE_LIT("*"))) {
        request->path = target;
        bool is_options = slice_equal(request->method, SLICE_LIT("OPTIONS"));
        return is_options ? NULL : "only OPTIONS may ask for *";
    }
    if (target.len > 0 && target.data[0] == '/') {
        uri_split_target(target, &request->path, &request->query);
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (slice_equal_nocase(slice_sub(target, 0, schemes[i].len), schemes[i]))
            return absolute_split(request, schemes[i].len);
    }
    return "the request target is neither a path nor a URL";
}

/* Host: one valid value for HTTP/1.1, none or one for 1.0. An absolute target overrides it. */
static const char *host_rule(struct http_request *request)
{
    size_t count = http_fields_count(&request->fields, "host");
    if (count > 1)
        return "more than one Host field";
    if (count == 0)
        return request->minor_version == 0 ? NULL : "no Host field";
    const struct slice *host = http_fields_get(&request->fields, "host");
    if (!authority_is_valid(*host))
        return "the Host field is not valid";
    if (request->authority.len == 0)
        request->authority = *host;
    return NULL;
}

/* What the fields say of the body's length. */
struct framing {
    bool is_chunked;
    bool has_length;
    uint64_t length;
    unsigned status; /* 0, or how a request is refused */
    const char *reason;
};

static struct framing framing_bad(unsigned status, const char *reason)
{
    return (struct framing){.status = status, .reason = reason};
}

/* Codings other than exactly "chunked": 501 where the framing would be clear, else 400. */
static struct framing coding_refuse(struct slice value)
{
    struct slice coding;
    size_t chunked_count = 0;
    bool is_last = false;
    bool are_tokens = true;
    while (slice_split(&value, ',', &coding)) {
        coding = slice_trim(coding);
        is_last = slice_equal_nocase(coding, SLICE_LIT("chunked"));
        chunked_count += is_last ? 1 : 0;
        are_tokens = are_tokens && http_is_token(coding);
    }
    if (are_tokens && is_last && chunked_count == 1)
        return framing_bad(501, "a transfer coding that is not understood");
    return framing_bad(400, "Transfer-Encoding must be exactly chunked");
}

static struct framing framing_of(const struct http_fields *fields, uint8_t minor_version)
{
    size_t codings = http_fields_count(fields, "transfer-encoding");
    size_t lengths = http_fields_count(fields, "content-length");
    struct framing f = {0};
    if (codings > 0 && lengths > 0)
        return framing_bad(400, "both Transfer-Encoding and Content-Length");
    if (codings > 1)
        return framing_bad(400, "more than one Transfer-Encoding field");
    if (lengths > 1)
        return framing_bad(400, "more than one Content-Length field");
    if (codings == 1 && minor_version == 0)
        return framing_bad(400, "Transfer-Encoding in HTTP/1.0");
    if (codings == 1) {
        struct slice value = *http_fields_get(fields, "transfer-encoding");
        if (!slice_equal_nocase(value, SLICE_LIT("chunked")))
            return coding_refuse(value);
        f.is_chunked = true;
    }
    if (lengths == 1) {
        struct slice value = *http_fields_get(fields, "content-length");
        if (!slice_parse_u64(value, HTTP_CONTENT_LENGTH_MAX, &f.length))
            return framing_bad(400, "Content-Length is not a valid number");
        f.has_length = true;
    }
    return f;
}

static bool wants_keep_alive(const struct http_fields *fields, uint8_t minor_version)
{
    if (http_fields_has_token(fields, "connection", "close"))
        return false;
    return minor_version >= 1 || http_fields_has_token(fields, "connection", "keep-alive");
}

enum http_parse http_request_rules(struct http_request *request, struct http_parse_result *result)
{
    const char *wrong = host_rule(request);
    if (wrong != NULL)
        return http_parse_bad(result, 400, wrong);
    struct framing f = framing_of(&request->fields, request->minor_version);
    if (f.status != 0)
        return http_parse_bad(result, f.status, f.reason);
    if (f.is_chunked)
        request->body_kind = HTTP_BODY_CHUNKED;
    else if (f.has_length && f.length > 0)
        request->body_kind = HTTP_BODY_LENGTH;
    request->body_length = f.length;
    request->keep_alive = wants_keep_alive(&request->fields, request->minor_version);
    size_t expectations = http_fields_count(&request->fields, "expect");
    if (expectations > 0 && request->minor_version >= 1) {
        const struct slice *expect = http_fields_get(&request->fields, "expect");
        if (expectations > 1 || !slice_equal_nocase(*expect, SLICE_LIT("100-continue")))
            return http_parse_bad(result, 417, "an expectation that is not understood");
        request->expects_continue = true;
    }
    return HTTP_PARSE_DONE;
}

enum http_parse http_response_rules(struct http_response *response, bool is_head_request,
                                    struct http_parse_result *result)
{
    struct framing f = framing_of(&response->fields, response->minor_version);
    if (f.status != 0)
        return http_parse_bad(result, 400, f.reason);
    response->keep_alive = wants_keep_alive(&response->fields, response->minor_version);
    if (is_head_request || response->status < 200 || response->status == 204 ||
        response->status == 304) {
        response->body_kind = HTTP_BODY_NONE;
        return HTTP_PARSE_DONE;
    }
    if (f.is_chunked) {
        response->body_kind = HTTP_BODY_CHUNKED;
    } else if (f.has_length) {
        response->body_kind = f.length > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
        response->body_length = f.length;
    } else {
        response->body_kind = HTTP_BODY_UNTIL_CLOSE;
        response->keep_alive = false;
    }
    return HTTP_PARSE_DONE;
}
