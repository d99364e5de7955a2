// SPDX-License-Identifier: Apache-2.0
// Requests and answers of HTTP probes. Called by probe.c on the loop's thread; pure.
//
// The head is parsed whenever a line has ended, through that line, so that what is not HTTP is
// found before its time is over; a head has PROBE_FIELDS_MAX lines at most, so that is bounded,
// too.
#include "health/probe_http.h"

#include "base/check.h"
#include "health/limits.h"
#include "http/write.h"
#include "net/address.h"

#include <arpa/inet.h>

#define STATUS_SWITCHING 101 /* final, although it is a 1xx */

/* "host", "192.0.2.1", "[2001:db8::1]", and the port where it is not the scheme's. */
static struct slice host_field(struct arena *a, const struct release_health_check *c)
{
    char text[INET6_ADDRSTRLEN] = "";
    const char *host = c->host;
    uint16_t usual = c->kind == RELEASE_CHECK_HTTPS ? 443 : 80;
    if (host[0] == '\0') {
        int family = c->address_bytes == 4 ? AF_INET : AF_INET6;
        CHECK(inet_ntop(family, c->address, text, sizeof(text)) != NULL);
        host = family == AF_INET ? text : arena_printf(a, "[%s]", text);
    }
    return slice_str(c->port == usual ? arena_strdup(a, host)
                                      : arena_printf(a, "%s:%u", host, c->port));
}

static struct slice target_of(struct arena *a, const char *path)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 0;
    char *out = arena_alloc(a, 3 * strlen(path) + 1);
    for (const char *at = path; *at != '\0'; at++) {
        uint8_t byte = (uint8_t)*at;
        if (byte > ' ' && byte < 0x7f) {
            out[len++] = *at;
            continue;
        }
        out[len++] = '%';
        out[len++] = digits[byte >> 4];
        out[len++] = digits[byte & 15];
    }
    return len == 0 ? SLICE_LIT("/") : slice_of(out, len);
}

void probe_http_request(struct buf *out, const struct release_health_check *check)
{
    AUTO_ARENA struct arena a = {0};
    struct http_request request = {
        .method = SLICE_LIT("GET"), .target = target_of(&a, check->path), .minor_version = 1};
    const struct slice agent =
        slice_str(arena_printf(&a, "Weir-Health-Check (check %s)", check->id));
    http_fields_add(&a, &request.fields, SLICE_LIT("Host"), host_field(&a, check));
    http_fields_add(&a, &request.fields, SLICE_LIT("User-Agent"), agent);
    http_fields_add(&a, &request.fields, SLICE_LIT("Accept"), SLICE_LIT("*/*"));
    http_fields_add(&a, &request.fields, SLICE_LIT("Connection"), SLICE_LIT("close"));
    http_write_request(out, &request);
}

void probe_http_fini(struct probe_http *p)
{
    buf_fini(&p->head);
    buf_fini(&p->body);
}

/* Adds a piece of the body; whether the string is in what came so far. */
static bool body_add(struct probe_http *p, struct slice search, struct slice piece)
{
    size_t before = buf_len(&p->body);
    size_t from = before + 1 > search.len ? before + 1 - search.len : 0;
    buf_append(&p->body, slice_sub(piece, 0, PROBE_BODY_MAX_BYTES - before));
    struct slice fresh = buf_slice(&p->body);
    fresh = slice_sub(fresh, from, fresh.len);
    return fresh.len >= search.len &&
           memmem(fresh.data, fresh.len, search.data, search.len) != NULL;
}

static enum probe_outcome body_take(struct probe_http *p, struct slice search, struct slice bytes)
{
    for (;;) { /* each turn uses bytes, or returns */
        struct slice piece = {0};
        size_t used = 0;
        enum http_body_step step = http_body_next(&p->decoder, bytes, &used, &piece);
        bytes = slice_sub(bytes, used, bytes.len);
        switch (step) {
        case HTTP_BODY_DATA:
            if (body_add(p, search, piece))
                return PROBE_PASSED;
            if (buf_len(&p->body) == PROBE_BODY_MAX_BYTES)
                return PROBE_NO_MATCH;
            break;
        case HTTP_BODY_MORE:
            return PROBE_NONE;
        case HTTP_BODY_END:
            return PROBE_NO_MATCH;
        case HTTP_BODY_BAD:
        case HTTP_BODY_LIMIT:
            return PROBE_BAD_RESPONSE;
        }
    }
}

/* What a whole head comes to; `rest` lies behind it. */
static enum probe_outcome head_judge(struct probe_http *p, struct slice search,
                                     const struct http_response *head, struct slice rest)
{
    p->status = head->status;
    if (head->status < 200 || head->status > 399)
        return PROBE_BAD_STATUS;
    if (search.len == 0)
        return PROBE_PASSED;
    http_body_init(&p->decoder, head->body_kind, head->body_length, UINT64_MAX);
    return body_take(p, search, rest);
}

/* As far as lines have ended; all of it where it is too long to be a head. */
static struct slice whole_lines(struct slice text)
{
    if (text.len >= PROBE_HEAD_MAX_BYTES)
        return text;
    const uint8_t *last = text.data == NULL ? NULL : memrchr(text.data, '\n', text.len);
    return slice_sub(text, 0, last == NULL ? 0 : (size_t)(last - text.data) + 1);
}

/* Parses what came of heads. */
static enum probe_outcome head_parse(struct probe_http *p, struct slice search, struct slice text)
{
    AUTO_ARENA struct arena a = {0};
    struct http_limits limits = HTTP_LIMITS_DEFAULT;
    limits.field_count = PROBE_FIELDS_MAX;
    struct slice lines = whole_lines(text);
    while (p->head_at < min_size(lines.len, PROBE_HEAD_MAX_BYTES)) { /* a head ends further on */
        struct http_response head;
        struct http_parse_result result;
        limits.head_bytes = PROBE_HEAD_MAX_BYTES - p->head_at;
        enum http_parse found = http_parse_response(&a, slice_sub(lines, p->head_at, lines.len),
                                                    false, &limits, &head, &result);
        if (found == HTTP_PARSE_BAD)
            return PROBE_BAD_RESPONSE;
        if (found == HTTP_PARSE_MORE)
            break;
        p->head_at += result.head_bytes;
        if (head.status >= 200 || head.status == STATUS_SWITCHING)
            return head_judge(p, search, &head, slice_sub(text, p->head_at, text.len));
    }
    return text.len >= PROBE_HEAD_MAX_BYTES ? PROBE_BAD_RESPONSE : PROBE_NONE;
}

static enum probe_outcome head_take(struct probe_http *p, struct slice search, struct slice bytes)
{
    bool is_first = buf_len(&p->head) == 0;
    bool has_line = bytes.len > 0 && memchr(bytes.data, '\n', bytes.len) != NULL;
    if (!is_first || !has_line) {
        buf_append(&p->head, bytes);
        if (!has_line && buf_len(&p->head) < PROBE_HEAD_MAX_BYTES)
            return PROBE_NONE;
        bytes = buf_slice(&p->head);
    }
    enum probe_outcome outcome = head_parse(p, search, bytes);
    if (is_first && has_line && outcome == PROBE_NONE && p->status == 0)
        buf_append(&p->head, bytes);
    return outcome;
}

enum probe_outcome probe_http_take(struct probe_http *p, struct slice search, struct slice bytes)
{
    return p->status == 0 ? head_take(p, search, bytes) : body_take(p, search, bytes);
}

enum probe_outcome probe_http_close(const struct probe_http *p)
{
    bool is_end = p->status != 0 && p->decoder.kind == HTTP_BODY_UNTIL_CLOSE;
    return is_end ? PROBE_NO_MATCH : PROBE_CLOSED;
}
