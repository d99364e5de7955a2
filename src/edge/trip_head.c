// SPDX-License-Identifier: Apache-2.0
// What the head of an origin's answer, or a failure before it, means for the cache and for those
// who wait: stored, refreshed, passed through, replaced by a copy that expired. Trips call it.
#include "base/check.h"
#include "base/time.h"
#include "edge/forward.h"
#include "edge/trip_priv.h"
#include "edge/use.h"
#include "metrics/counters.h"

static struct cache_request request_of(const struct edge_trip *t)
{
    return (struct cache_request){.key = &t->decision.key,
                                  .scope = t->decision.distribution->scope,
                                  .sent = &t->decision.sent.fields,
                                  .is_head = t->decision.method == RELEASE_HEAD,
                                  .now_ns = loop_now_ns(t->thread->loop),
                                  .stale = t->stale};
}

static struct cache_answer answer_of(const struct edge_trip *t, const struct http_response *head)
{
    const struct release_behavior *b = t->decision.behavior;
    return (struct cache_answer){
        .sent = &t->decision.sent,
        .response = head,
        .policy = &b->cache,
        .error_min_ttl_s = edge_error_ttl_s(t->decision.distribution, head->status),
        .has_authorization_in_key = edge_shares_authorization(&t->decision),
        .forwards_cookies = edge_forwards_cookies(b),
        .caches_options = (b->cached_methods & RELEASE_OPTIONS) != 0,
        .request_unix_ms = t->sent_unix_ms,
        .response_unix_ms = time_unix_ms()};
}

/* The length of the body that follows, or of the one that a HEAD asks about. */
static bool length_of(const struct http_response *head, uint64_t *out)
{
    if (head->body_kind == HTTP_BODY_LENGTH) {
        *out = head->body_length;
        return true;
    }
    const struct slice *field = http_fields_get(&head->fields, "content-length");
    return head->body_kind == HTTP_BODY_NONE && field != NULL &&
           slice_parse_u64(*field, INT64_MAX, out);
}

static struct cache_head head_of(struct edge_trip *t, uint16_t status,
                                 const struct http_fields *fields,
                                 const struct cache_verdict *verdict)
{
    return (struct cache_head){
        .status = status,
        .fields = *fields,
        .verdict = *verdict,
        .response_ns = loop_now_ns(t->thread->loop),
        .is_head_only = t->decision.method == RELEASE_HEAD,
        .vary_values = cache_vary_values(&t->arena, verdict->vary, &t->decision.sent.fields)};
}

/* Gives an object to the trip's own viewer, if it is still there. */
static void deliver(struct edge_trip *t, struct cache_object *o,
                    const struct edge_delivery *delivery)
{
    struct edge_request *r = edge_trip_take_viewer(t);
    if (r != NULL && !edge_deliver(r, o, delivery))
        edge_request_go_alone(r);
}

/* ---- an expired copy */

/* Whether the copy may stand for an answer that did not come. */
static bool may_use_stale(const struct edge_trip *t)
{
    if (t->stale == NULL)
        return false;
    uint32_t age_s = cache_object_age_s(t->stale, loop_now_ns(t->thread->loop));
    return edge_use_on_error(&cache_object_head(t->stale)->verdict, age_s);
}

/* Those who wait get the copy, and the origin is left alone for a while. */
static void use_stale(struct edge_trip *t, uint16_t status, bool holds)
{
    if (holds) {
        int64_t hold_ns = (int64_t)edge_error_ttl_s(t->decision.distribution, status) * NS_PER_S;
        cache_object_hold(t->stale, loop_now_ns(t->thread->loop) + hold_ns);
    }
    if (t->fetch != NULL)
        cache_fetch_fail(edge_trip_take_fetch(t), status, EDGE_FAILED_HAS_STALE);
    struct edge_request *r = edge_trip_take_viewer(t);
    if (r != NULL)
        edge_request_fail(r, status, EDGE_FAILED_HAS_STALE);
}

/* The same request without conditions: the copy that they were about is gone. */
static void ask_again(struct edge_trip *t)
{
    struct http_fields *sent = &t->decision.sent.fields;
    size_t count = 0;
    for (size_t i = 0; i < sent->count; i++) {
        struct slice name = sent->items[i].name;
        if (!slice_equal_nocase(name, SLICE_LIT("If-None-Match")) &&
            !slice_equal_nocase(name, SLICE_LIT("If-Modified-Since")))
            sent->items[count++] = sent->items[i];
    }
    sent->count = count;
    t->has_validators = false;
    cache_object_unref(t->stale);
    t->stale = NULL;
    origin_call_cancel(t->call);
    edge_trip_call(t);
}

/* Judges the copy's head with what a 304 said of it, as an answer that has just come. */
static struct cache_head updated_head(struct edge_trip *t, const struct http_response *head)
{
    const struct cache_head *old = cache_object_head(t->stale);
    struct http_response updated = {.status = old->status, .minor_version = head->minor_version};
    cache_update_fields(&t->arena, &old->fields, &head->fields, &updated.fields);
    struct cache_answer answer = answer_of(t, &updated);
    struct cache_verdict verdict;
    struct http_fields fields;
    cache_judge(t->thread->service->rules, &answer, &t->arena, &verdict);
    cache_stored_fields(&t->arena, &answer, &verdict, &fields);
    struct cache_head out = head_of(t, old->status, &fields, &verdict);
    out.has_length = old->has_length;
    out.length_bytes = old->length_bytes;
    out.is_head_only = old->is_head_only;
    return out;
}

/* A 304: the copy is good for another while, under a head that is brought up to date. */
static void refresh(struct edge_trip *t, const struct http_response *head)
{
    struct cache_head fresh = updated_head(t, head);
    struct cache_request request = request_of(t);
    struct cache_object *o = t->stale;
    bool is_kept = t->fetch != NULL && fresh.verdict.is_storable;
    struct edge_delivery delivery = {.result = EDGE_REFRESH_HIT,
                                     .cache_status = {.forwarded = EDGE_FORWARDED_STALE,
                                                      .origin_status = 304,
                                                      .is_stored = is_kept}};
    if (is_kept) {
        if (!cache_fetch_refresh(t->fetch, &request, t->stale, &fresh, &o)) {
            ask_again(t);
            return;
        }
        (void)edge_trip_take_fetch(t);
    } else {
        delivery.head = &fresh;
    }
    if (t->fetch != NULL)
        cache_fetch_release(edge_trip_take_fetch(t), true);
    metrics_add(METRIC_EDGE_REFRESHED, 1);
    edge_trip_fill(t, NULL);
    deliver(t, o, &delivery);
}

/* ---- a new answer */

/* What the viewer gets for whom it came: also what is not to be stored of it. */
static void fields_for_viewer(struct edge_trip *t, const struct cache_answer *answer,
                              const struct cache_verdict *verdict, struct http_fields *out)
{
    struct cache_verdict once = *verdict;
    once.passes_set_cookie_once = false;
    cache_stored_fields(&t->arena, answer, &once, out);
}

/* Makes an object of it. False: there is no memory for it. */
static bool store(struct edge_trip *t, const struct cache_answer *answer,
                  const struct cache_verdict *verdict)
{
    const struct http_response *head = answer->response;
    struct http_fields fields;
    cache_stored_fields(&t->arena, answer, verdict, &fields);
    struct cache_head stored = head_of(t, head->status, &fields, verdict);
    stored.has_length = length_of(head, &stored.length_bytes);
    struct cache_request request = request_of(t);
    struct cache_object *o;
    struct cache_fill *fill;
    if (!cache_fetch_publish(t->fetch, &request, &stored, &o, &fill))
        return false;
    (void)edge_trip_take_fetch(t);
    edge_trip_fill(t, fill);
    enum edge_forwarded forwarded = t->stale == NULL ? EDGE_FORWARDED_MISS : EDGE_FORWARDED_STALE;
    struct cache_head own = stored;
    struct edge_delivery delivery = {.result = EDGE_MISS,
                                     .cache_status = {.forwarded = forwarded, .is_stored = true},
                                     .head = verdict->passes_set_cookie_once ? &own : NULL};
    fields_for_viewer(t, answer, verdict, &own.fields);
    deliver(t, o, &delivery);
    return true;
}

/* Goes through to the one viewer, if that is still there. `marks`: nobody is to wait for the next
 * answer either. */
static void pass(struct edge_trip *t, const struct cache_answer *answer,
                 const struct cache_verdict *verdict, bool marks)
{
    if (t->fetch != NULL)
        cache_fetch_release(edge_trip_take_fetch(t), marks && t->decision.collapses);
    if (t->viewer == NULL) {
        edge_trip_cancel(t);
        return;
    }
    struct http_fields fields;
    fields_for_viewer(t, answer, verdict, &fields);
    t->sink = EDGE_SINK_PASS;
    edge_respond_pass(t->viewer, answer->response, &fields, verdict->initial_age_s);
}

/* An unsafe method that succeeds changes what its URI answers (RFC 9111 section 4.4). */
static void touch(const struct edge_trip *t, unsigned status)
{
    enum release_method method = t->decision.method;
    bool is_safe = method == RELEASE_GET || method == RELEASE_HEAD || method == RELEASE_OPTIONS;
    if (!is_safe && status >= 200 && status < 400)
        cache_scope_touch(t->decision.distribution->scope, t->decision.key.uri);
}

/* Whether the answer is kept. Where a policy keeps nothing for any time, errors alone are. */
static bool is_kept(const struct edge_trip *t, const struct cache_verdict *verdict)
{
    return t->fetch != NULL && verdict->is_storable &&
           (t->decision.collapses || cache_verdict_was_fresh(verdict));
}

void edge_trip_take_head(struct edge_trip *t, const struct http_response *head)
{
    touch(t, head->status);
    if (head->status == 304 && t->has_validators) {
        refresh(t, head);
        return;
    }
    bool is_unasked_304 = head->status == 304 && !t->passes_conditions;
    bool is_bad = head->status >= 500 && may_use_stale(t);
    if (is_unasked_304 || is_bad) {
        origin_call_cancel(t->call);
        t->call = NULL;
        if (is_unasked_304) {
            edge_trip_take_failure(t, ORIGIN_MALFORMED);
        } else {
            use_stale(t, head->status, true);
            edge_trip_end(t);
        }
        return;
    }
    struct cache_verdict verdict;
    struct cache_answer answer = answer_of(t, head);
    cache_judge(t->thread->service->rules, &answer, &t->arena, &verdict);
    bool wants_to_keep = is_kept(t, &verdict);
    if (!wants_to_keep || !store(t, &answer, &verdict))
        pass(t, &answer, &verdict, !wants_to_keep);
}

/* ---- no answer */

/* Keeps the failure as an object without fields but one, from which each viewer's page is made.
 * False: it is not to be kept, or there is no memory. */
static bool store_failure(struct edge_trip *t, uint16_t status, enum origin_failure failure)
{
    struct cache_verdict verdict = {0};
    cache_judge_own_error(edge_error_ttl_s(t->decision.distribution, status), &verdict);
    bool is_kind_kept = failure != ORIGIN_BUSY && failure != ORIGIN_FORBIDDEN;
    if (t->fetch == NULL || !is_kind_kept || !verdict.is_storable)
        return false;
    struct http_fields fields = {0};
    edge_failure_note(&t->arena, &fields, failure);
    struct cache_head head = head_of(t, status, &fields, &verdict);
    head.has_length = true;
    struct cache_request request = request_of(t);
    struct cache_object *o;
    struct cache_fill *fill;
    if (!cache_fetch_publish(t->fetch, &request, &head, &o, &fill))
        return false;
    CHECK(fill == NULL);
    (void)edge_trip_take_fetch(t);
    struct edge_delivery delivery = {
        .result = EDGE_ERROR,
        .cache_status = {.forwarded = EDGE_FORWARDED_MISS, .is_stored = true}};
    deliver(t, o, &delivery);
    return true;
}

void edge_trip_take_failure(struct edge_trip *t, enum origin_failure failure)
{
    uint16_t status = (uint16_t)origin_failure_status(failure);
    if (may_use_stale(t)) {
        use_stale(t, status, failure != ORIGIN_BUSY);
    } else if (!store_failure(t, status, failure)) {
        if (t->fetch != NULL)
            cache_fetch_fail(edge_trip_take_fetch(t), status, (int)failure);
        struct edge_request *r = edge_trip_take_viewer(t);
        if (r != NULL)
            edge_request_fail(r, status, (int)failure);
    }
    edge_trip_end(t);
}
