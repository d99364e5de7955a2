// SPDX-License-Identifier: Apache-2.0
// Heads of requests and responses, line by line (RFC 9112 sections 2 to 5). Pure: called by the
// connections of both sides with all bytes that have arrived of a head.
//
// A finding depends on nothing but the bytes up to where it was made, so feeding a head byte by
// byte ends as feeding it at once. What the fields mean for the message is rules.c's.
#include "http/parse.h"

#include "http/chars_priv.h"
#include "http/rules_priv.h"

/* A walk over the lines of a head. */
struct head_reader {
    struct slice bytes;
    size_t at; /* start of the next line */
    const struct http_limits *limits;
    struct http_parse_result *result;
};

enum http_parse http_parse_bad(struct http_parse_result *result, unsigned status,
                               const char *reason)
{
    *result = (struct http_parse_result){.status = status, .reason = reason};
    return HTTP_PARSE_BAD;
}

/* What a head past a limit is answered with: what HTTP names for it, or the listener's own. */
static unsigned long_status(const struct head_reader *r, unsigned usual)
{
    return r->limits->long_status == 0 ? usual : r->limits->long_status;
}

/* The next line without its CRLF. `usual` answers one that ends past the limit. */
static enum http_parse line_next(struct head_reader *r, unsigned usual, struct slice *out_line)
{
    size_t limit = r->limits->head_bytes;
    size_t end = min_size(r->bytes.len, limit - 1); /* a CR has its LF behind it */
    size_t i = r->at;
    while (i < end && http_class[r->bytes.data[i]] != HTTP_CONTROL &&
           http_class[r->bytes.data[i]] != HTTP_CR && http_class[r->bytes.data[i]] != HTTP_LF)
        i++;
    if (i + 1 >= limit)
        return http_parse_bad(r->result, long_status(r, usual), "the head is too large");
    if (i < end && r->bytes.data[i] == '\n')
        return http_parse_bad(r->result, 400, "a line ends without CR");
    if (i < end && r->bytes.data[i] != '\r')
        return http_parse_bad(r->result, 400, "control character in the head");
    if (i + 1 >= r->bytes.len)
        return HTTP_PARSE_MORE;
    if (r->bytes.data[i + 1] != '\n')
        return http_parse_bad(r->result, 400, "CR without LF");
    *out_line = slice_sub(r->bytes, r->at, i - r->at);
    r->at = i + 2;
    return HTTP_PARSE_DONE;
}

/* Cuts "name: value"; returns what is wrong, or NULL. */
static const char *field_parse(struct slice line, struct http_field *out)
{
    if (http_class[line.data[0]] == HTTP_BLANK)
        return "a folded field line";
    size_t colon = slice_find(line, ':');
    if (colon == line.len)
        return "a field line without a colon";
    struct slice name = slice_sub(line, 0, colon);
    if (colon > 0 && http_class[line.data[colon - 1]] == HTTP_BLANK)
        return "white space between field name and colon";
    if (!http_is_token(name))
        return "a field name is not a token";
    *out = (struct http_field){.name = name,
                               .value = slice_trim(slice_sub(line, colon + 1, line.len))};
    return NULL;
}

/* All field lines and the empty line behind them. */
static enum http_parse fields_parse(struct arena *a, struct head_reader *r, struct http_fields *out)
{
    for (;;) {
        struct slice line;
        enum http_parse found = line_next(r, 431, &line);
        if (found != HTTP_PARSE_DONE || line.len == 0)
            return found;
        if (out->count == r->limits->field_count)
            return http_parse_bad(r->result, long_status(r, 431), "too many fields");
        struct http_field field;
        const char *wrong = field_parse(line, &field);
        if (wrong != NULL)
            return http_parse_bad(r->result, 400, wrong);
        http_fields_add(a, out, field.name, field.value);
    }
}

/* "HTTP/1.x"; returns 0, 400 for another shape, or 505 for another major version. */
static unsigned version_parse(struct slice text, uint8_t *out_minor)
{
    static const struct slice name = SLICE_LIT("HTTP/");
    if (text.len != name.len + 3 || !slice_starts_with(text, name))
        return 400;
    uint8_t major = text.data[name.len];
    uint8_t minor = text.data[name.len + 2];
    if (major < '0' || major > '9' || text.data[name.len + 1] != '.' || minor < '0' || minor > '9')
        return 400;
    if (major != '1')
        return 505;
    *out_minor = (uint8_t)(minor - '0');
    return 0;
}

static enum http_parse request_line_parse(struct head_reader *r, struct slice line,
                                          struct http_request *out)
{
    size_t method_end = slice_find(line, ' ');
    struct slice rest = slice_sub(line, method_end + 1, line.len);
    size_t target_end = slice_find(rest, ' ');
    out->method = slice_sub(line, 0, method_end);
    out->target = slice_sub(rest, 0, target_end);
    if (!http_is_token(out->method))
        return http_parse_bad(r->result, 400, "the method is not a token");
    if (out->target.len > r->limits->target_bytes)
        return http_parse_bad(r->result, long_status(r, 414), "the request target is too long");
    struct slice version = slice_sub(rest, target_end + 1, rest.len);
    unsigned status = version_parse(version, &out->minor_version);
    if (status == 505)
        return http_parse_bad(r->result, 505, "this version of HTTP is not spoken");
    if (status != 0)
        return http_parse_bad(r->result, 400, "the request line has no HTTP version");
    const char *wrong = http_target_split(out);
    return wrong == NULL ? HTTP_PARSE_DONE : http_parse_bad(r->result, 400, wrong);
}

enum http_parse http_parse_request(struct arena *a, struct slice bytes,
                                   const struct http_limits *limits, struct http_request *out,
                                   struct http_parse_result *out_result)
{
    struct head_reader r = {.bytes = bytes, .limits = limits, .result = out_result};
    struct http_request request = {0};
    struct slice line;
    int empty_lines = -1;
    do {
        enum http_parse found = line_next(&r, 414, &line);
        if (found != HTTP_PARSE_DONE)
            return found;
        if (++empty_lines > HTTP_EMPTY_LINES)
            return http_parse_bad(out_result, 400, "empty lines before a request");
    } while (line.len == 0);
    enum http_parse found = request_line_parse(&r, line, &request);
    if (found == HTTP_PARSE_DONE)
        found = fields_parse(a, &r, &request.fields);
    if (found == HTTP_PARSE_DONE)
        found = http_request_rules(&request, out_result);
    if (found != HTTP_PARSE_DONE)
        return found;
    *out = request;
    *out_result = (struct http_parse_result){.head_bytes = r.at};
    return HTTP_PARSE_DONE;
}

/* "HTTP/1.x 200 reason"; the reason may be missing, with its space or without. */
static enum http_parse status_line_parse(struct head_reader *r, struct slice line,
                                         struct http_response *out)
{
    size_t version_end = slice_find(line, ' ');
    unsigned wrong = version_parse(slice_sub(line, 0, version_end), &out->minor_version);
    struct slice digits = slice_sub(line, version_end + 1, 3);
    struct slice reason = slice_sub(line, version_end + 4, line.len);
    uint64_t status;
    if (wrong != 0)
        return http_parse_bad(r->result, wrong, "the status line has no version that is spoken");
    if (digits.len != 3 || !slice_parse_u64(digits, 599, &status) || status < 100 ||
        (reason.len > 0 && reason.data[0] != ' '))
        return http_parse_bad(r->result, 400, "the status line has no valid status");
    out->status = (uint16_t)status;
    return HTTP_PARSE_DONE;
}

enum http_parse http_parse_response(struct arena *a, struct slice bytes, bool is_head_request,
                                    const struct http_limits *limits, struct http_response *out,
                                    struct http_parse_result *out_result)
{
    struct head_reader r = {.bytes = bytes, .limits = limits, .result = out_result};
    struct http_response response = {0};
    struct slice line;
    enum http_parse found = line_next(&r, 431, &line);
    if (found == HTTP_PARSE_DONE)
        found = status_line_parse(&r, line, &response);
    if (found == HTTP_PARSE_DONE)
        found = fields_parse(a, &r, &response.fields);
    if (found == HTTP_PARSE_DONE)
        found = http_response_rules(&response, is_head_request, out_result);
    if (found != HTTP_PARSE_DONE)
        return found;
    *out = response;
    *out_result = (struct http_parse_result){.head_bytes = r.at};
    return HTTP_PARSE_DONE;
}
