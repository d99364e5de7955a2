// SPDX-License-Identifier: Apache-2.0
// Answers without an object: pages of our own, and heads of what goes through.
#include "base/check.h"
#include "edge/limits.h"
#include "edge/pipeline_priv.h"
#include "metrics/counters.h"

/* No field of an origin can have this name: it is no token. */
static const struct slice failure_name = SLICE_LIT(":failure");

void edge_failure_note(struct arena *a, struct http_fields *out, enum origin_failure failure)
{
    CHECK(failure > ORIGIN_OK && failure < ORIGIN_FAILURE_COUNT);
    uint8_t *number = arena_alloc(a, 1);
    *number = (uint8_t)failure;
    http_fields_add(a, out, failure_name, slice_of(number, 1));
}

bool edge_failure_read(const struct http_fields *fields, enum origin_failure *out)
{
    if (fields->count != 1 || !slice_equal(fields->items[0].name, failure_name))
        return false;
    *out = (enum origin_failure)fields->items[0].value.data[0];
    return true;
}

void edge_count_result(enum edge_result result)
{
    static const enum metric metrics[] = {
        [EDGE_HIT] = METRIC_EDGE_HITS,
        [EDGE_MISS] = METRIC_EDGE_MISSES,
        [EDGE_REFRESH_HIT] = METRIC_EDGE_REFRESH_HITS,
        [EDGE_ERROR] = METRIC_EDGE_ERRORS,
        [EDGE_REDIRECTED] = METRIC_EDGE_REDIRECTS,
        [EDGE_LIMIT_EXCEEDED] = METRIC_EDGE_LIMITED,
    };
    metrics_add(metrics[result], 1);
}

void edge_respond_own(struct edge_request *r, const struct edge_own_answer *answer)
{
    struct http_response head;
    struct slice body;
    edge_answer_own(&r->thread->service->identity, &r->viewer, answer,
                    http_exchange_arena(r->exchange), &head, &body);
    r->stage = EDGE_STAGE_ANSWERED;
    edge_count_result(answer->result);
    http_reply(r->exchange, head.status, &head.fields, body);
}

void edge_respond_failure(struct edge_request *r, uint16_t status, int reason,
                          const struct edge_cache_status *cache_status)
{
    CHECK(reason > ORIGIN_OK && reason < ORIGIN_FAILURE_COUNT);
    bool is_overload = status == 503;
    struct edge_own_answer answer = {.result = is_overload ? EDGE_LIMIT_EXCEEDED : EDGE_ERROR,
                                     .status = status,
                                     .reason = origin_failure_text((enum origin_failure)reason),
                                     .retry_after_s = is_overload ? EDGE_RETRY_AFTER_S : 0,
                                     .cache_status = *cache_status};
    edge_respond_own(r, &answer);
}

enum edge_forwarded edge_forwarded_of(const struct edge_request *r)
{
    if (r->decision.action == EDGE_PASS)
        return EDGE_FORWARDED_METHOD;
    if (r->was_released || !r->decision.collapses)
        return EDGE_FORWARDED_BYPASS;
    return r->stale == NULL ? EDGE_FORWARDED_MISS : EDGE_FORWARDED_STALE;
}

/* How the length of an answer that goes through is told. */
static enum http_body_kind body_kind_of(const struct http_response *head, uint64_t *out_length)
{
    *out_length = head->body_length;
    if (head->body_kind == HTTP_BODY_UNTIL_CLOSE)
        return HTTP_BODY_CHUNKED;
    const struct slice *length = http_fields_get(&head->fields, "content-length");
    bool is_told = head->body_kind == HTTP_BODY_NONE && length != NULL &&
                   slice_parse_u64(*length, INT64_MAX, out_length);
    return is_told ? HTTP_BODY_LENGTH : head->body_kind; /* the answer to a HEAD */
}

void edge_respond_pass(struct edge_request *r, const struct http_response *head,
                       const struct http_fields *fields, uint32_t age_s)
{
    struct edge_answer answer = {.result = head->status >= 400 ? EDGE_ERROR : EDGE_MISS,
                                 .status = head->status,
                                 .fields = fields,
                                 .policy = &r->decision.behavior->cache,
                                 .has_age = age_s > 0,
                                 .age_s = age_s,
                                 .cache_status = {.forwarded = edge_forwarded_of(r)}};
    answer.body_kind = body_kind_of(head, &answer.body_length);
    struct http_response out;
    edge_answer_head(&r->thread->service->identity, &r->viewer, &answer,
                     http_exchange_arena(r->exchange), &out);
    r->stage = EDGE_STAGE_PASSING;
    edge_count_result(answer.result);
    metrics_add(METRIC_EDGE_PASSES, 1);
    http_respond(r->exchange, &out);
}
