// SPDX-License-Identifier: Apache-2.0
// Heads of answers to viewers. Pure; called on serving threads and in the trial.
#include "edge/answer.h"

#include "base/buf.h"
#include "base/check.h"

/* Fields that edge_answer_head adds at most. */
enum { ADDED_FIELDS = 6 };

/* Longest number with its sign and a NUL. */
enum { NUMBER_SIZE = 21 };

static const struct slice results[][2] = {
    [EDGE_HIT] = {SLICE_LIT("Hit from weir"), SLICE_LIT("Hit from cloudfront")},
    [EDGE_MISS] = {SLICE_LIT("Miss from weir"), SLICE_LIT("Miss from cloudfront")},
    [EDGE_REFRESH_HIT] = {SLICE_LIT("RefreshHit from weir"),
                          SLICE_LIT("RefreshHit from cloudfront")},
    [EDGE_ERROR] = {SLICE_LIT("Error from weir"), SLICE_LIT("Error from cloudfront")},
    [EDGE_REDIRECTED] = {SLICE_LIT("Redirect from weir"), SLICE_LIT("Redirect from cloudfront")},
    [EDGE_LIMIT_EXCEEDED] = {SLICE_LIT("LimitExceeded from weir"),
                             SLICE_LIT("LimitExceeded from cloudfront")},
};

static const char *const forwarded[] = {
    [EDGE_FORWARDED_BYPASS] = "; fwd=bypass",
    [EDGE_FORWARDED_METHOD] = "; fwd=method",
    [EDGE_FORWARDED_MISS] = "; fwd=miss",
    [EDGE_FORWARDED_STALE] = "; fwd=stale",
};

/* A number as text at the end of `out`. */
static struct slice number_text(int64_t value, char out[NUMBER_SIZE])
{
    uint64_t left = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    size_t at = NUMBER_SIZE;
    do {
        out[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        out[--at] = '-';
    return slice_of(out + at, NUMBER_SIZE - at);
}

/* A text in the making, in memory that is large enough. */
struct text {
    uint8_t *data;
    size_t len;
};

static void text_add(struct text *t, struct slice s)
{
    if (s.len > 0)
        memcpy(t->data + t->len, s.data, s.len);
    t->len += s.len;
}

static void text_add_number(struct text *t, struct slice name, int64_t value)
{
    char digits[NUMBER_SIZE];
    text_add(t, name);
    text_add(t, number_text(value, digits));
}

/* Longest Cache-Status of ours, bytes. */
enum { CACHE_STATUS_BYTES = 128 };

static struct slice cache_status_text(struct arena *a, const struct edge_cache_status *s)
{
    struct text t = {.data = arena_alloc(a, CACHE_STATUS_BYTES)};
    text_add(&t, SLICE_LIT("weir"));
    if (s->is_hit)
        text_add(&t, SLICE_LIT("; hit"));
    if (s->forwarded != EDGE_FORWARDED_NOT)
        text_add(&t, slice_str(forwarded[s->forwarded]));
    if (s->origin_status != 0)
        text_add_number(&t, SLICE_LIT("; fwd-status="), s->origin_status);
    if (s->is_stored)
        text_add(&t, SLICE_LIT("; stored"));
    if (s->is_collapsed)
        text_add(&t, SLICE_LIT("; collapsed"));
    if (s->has_ttl)
        text_add_number(&t, SLICE_LIT("; ttl="), s->ttl_s);
    return slice_of(t.data, t.len);
}

static void add(struct http_fields *f, struct slice name, struct slice value)
{
    f->items[f->count++] = (struct http_field){.name = name, .value = value};
}

/* What each answer says of who gave it; room for it is there. */
static void add_common(struct http_fields *f, const struct edge_identity *identity,
                       const struct edge_viewer *viewer, enum edge_result result)
{
    add(f, SLICE_LIT("X-Cache"), results[result][identity->says_cloudfront]);
    add(f, SLICE_LIT("Via"), slice_str(identity->via));
    add(f, SLICE_LIT("X-Amz-Cf-Pop"), slice_str(identity->pop));
    add(f, SLICE_LIT("X-Amz-Cf-Id"), slice_of(viewer->request_id, EDGE_REQUEST_ID_SIZE - 1));
}

/* Names of fields that an answer without its body must not bring (RFC 9110 section 15.4.5). */
static bool describes_body(struct slice name)
{
    static const char *const names[] = {"content-type", "content-encoding", "content-language",
                                        "content-range", "content-length"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_equal_nocase(name, slice_str(names[i])))
            return true;
    }
    return false;
}

/* Whether viewers are told that the answer depends on a field: those of the key, and the two that
 * caches behind this one always ask about. */
static bool is_told_in_vary(const struct release_cache_policy *policy, struct slice name)
{
    return slice_equal_nocase(name, SLICE_LIT("Accept-Encoding")) ||
           slice_equal_nocase(name, SLICE_LIT("Cookie")) || slice_equal(name, SLICE_LIT("*")) ||
           cache_selects_header(&policy->headers, name);
}

/* What stays of a Vary field; empty: nothing. */
static struct slice told_vary(struct arena *a, const struct release_cache_policy *policy,
                              struct slice vary)
{
    struct text t = {.data = arena_alloc(a, 2 * vary.len + 1)}; /* ", " for each "," */
    struct slice rest = vary;
    struct slice name;
    while (slice_split(&rest, ',', &name)) {
        name = slice_trim(name);
        if (name.len == 0 || !is_told_in_vary(policy, name))
            continue;
        if (t.len > 0)
            text_add(&t, SLICE_LIT(", "));
        text_add(&t, name);
    }
    return slice_of(t.data, t.len);
}

/* Adds one of the fields that came, as far as the viewer gets it. */
static void add_received(struct http_fields *out, const struct edge_answer *answer,
                         const struct http_field *field, struct arena *a)
{
    if (answer->has_age && slice_equal_nocase(field->name, SLICE_LIT("Age")))
        return;
    if (answer->status == 304 && describes_body(field->name))
        return;
    struct slice value = field->value;
    if (slice_equal_nocase(field->name, SLICE_LIT("Vary"))) {
        value = told_vary(a, answer->policy, field->value);
        if (value.len == 0)
            return;
    }
    add(out, field->name, value);
}

void edge_answer_head(const struct edge_identity *identity, const struct edge_viewer *viewer,
                      const struct edge_answer *answer, struct arena *a, struct http_response *out)
{
    size_t capacity = answer->fields->count + ADDED_FIELDS;
    struct http_fields fields = {.items = arena_array(a, capacity, sizeof(struct http_field)),
                                 .capacity = capacity};
    for (size_t i = 0; i < answer->fields->count; i++)
        add_received(&fields, answer, &answer->fields->items[i], a);
    if (answer->has_age) {
        char *digits = arena_alloc(a, NUMBER_SIZE);
        add(&fields, SLICE_LIT("Age"), number_text(answer->age_s, digits));
    }
    add_common(&fields, identity, viewer, answer->result);
    add(&fields, SLICE_LIT("Cache-Status"), cache_status_text(a, &answer->cache_status));
    *out = (struct http_response){.status = answer->status,
                                  .fields = fields,
                                  .body_kind = answer->body_kind,
                                  .body_length = answer->body_length};
}

/* The text with what means something to HTML written out. */
static void append_escaped(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '&':
            buf_append_str(out, "&amp;");
            break;
        case '<':
            buf_append_str(out, "&lt;");
            break;
        case '>':
            buf_append_str(out, "&gt;");
            break;
        case '"':
            buf_append_str(out, "&quot;");
            break;
        default:
            buf_append_byte(out, text.data[i]);
        }
    }
}

/* The page: status, reason and request id. */
static struct slice page(struct arena *a, const struct edge_own_answer *answer,
                         const char *request_id)
{
    AUTO_BUF struct buf out = {0};
    buf_printf(&out,
               "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<title>%u %s</title></head>\n<body><h1>%u %s</h1>\n<p>",
               answer->status, http_reason(answer->status), answer->status,
               http_reason(answer->status));
    append_escaped(&out, slice_str(answer->reason));
    buf_append_str(&out, "</p>\n<hr><p>Generated by Weir. Request ID: ");
    append_escaped(&out, slice_str(request_id));
    buf_append_str(&out, "</p></body></html>\n");
    return arena_copy(a, buf_slice(&out));
}

void edge_answer_own(const struct edge_identity *identity, const struct edge_viewer *viewer,
                     const struct edge_own_answer *answer, struct arena *a,
                     struct http_response *out, struct slice *out_body)
{
    enum { OWN_FIELDS = 9 };
    struct http_fields fields = {.items = arena_array(a, OWN_FIELDS, sizeof(struct http_field)),
                                 .capacity = OWN_FIELDS};
    add(&fields, SLICE_LIT("Server"), SLICE_LIT("Weir"));
    add(&fields, SLICE_LIT("Content-Type"), SLICE_LIT("text/html; charset=utf-8"));
    if (answer->location.len > 0)
        add(&fields, SLICE_LIT("Location"), answer->location);
    if (answer->retry_after_s > 0) {
        char *digits = arena_alloc(a, NUMBER_SIZE);
        add(&fields, SLICE_LIT("Retry-After"), number_text(answer->retry_after_s, digits));
    }
    add_common(&fields, identity, viewer, answer->result);
    const struct edge_cache_status *status = &answer->cache_status;
    if (status->is_hit || status->forwarded != EDGE_FORWARDED_NOT)
        add(&fields, SLICE_LIT("Cache-Status"), cache_status_text(a, status));
    struct slice body = page(a, answer, viewer->request_id);
    *out = (struct http_response){.status = answer->status,
                                  .fields = fields,
                                  .body_kind = HTTP_BODY_LENGTH,
                                  .body_length = body.len};
    *out_body = body;
}

void edge_answer_decision(const struct edge_decision *decision, struct edge_own_answer *out)
{
    static const enum edge_result by_action[] = {
        [EDGE_REFUSE] = EDGE_ERROR, [EDGE_REDIRECT] = EDGE_REDIRECTED, [EDGE_ALIVE] = EDGE_MISS};
    CHECK((size_t)decision->action < ARRAY_LEN(by_action));
    *out = (struct edge_own_answer){.result = by_action[decision->action],
                                    .status = decision->status,
                                    .reason = decision->reason,
                                    .location = decision->location};
}
