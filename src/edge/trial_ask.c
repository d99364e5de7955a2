// SPDX-License-Identifier: Apache-2.0
// Asking a world. Runs on the one thread of a trial process.
#include "edge/trial_ask.h"

#include "base/buf.h"
#include "base/check.h"
#include "cache/judge.h"
#include "edge/answer.h"
#include "edge/forward.h"
#include "http/parse.h"
#include "http/write.h"

/* When the trial's requests come in and their answers too, Unix time in milliseconds: any will do,
 * and one that does not move makes the same questions each time. */
#define TRIAL_NOW_MS 1700000000000

/* What comes back is what was written here: an origin's own limits are its matter. */
static const struct http_limits limits = {
    .target_bytes = 1u << 20, .head_bytes = 1u << 20, .field_count = 1u << 12};

static const struct edge_identity identity = {
    .via = "1.1 weir-trial.invalid (Weir)",
    .pop = "TRIAL1-P1",
    .https_port = 443,
};

static const char request_id[EDGE_REQUEST_ID_SIZE] =
    "weirtrialweirtrialweirtrialweirtrialweirtrialweirtrial==";

static const char *const origin_answers[TRIAL_ORIGIN_ANSWERS] = {
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: max-age=60, s-maxage=120\r\n"
    "ETag: \"1\"\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 12\r\n\r\n",
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nVary: Accept-Encoding, "
    "Cookie\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nVary: *\r\nCache-Control: no-store\r\nConnection: x-hop\r\nX-Hop: "
    "1\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: https://www.example.com/elsewhere\r\n"
    "Content-Length: 0\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 500 Internal Server Error\r\nCache-Control: private\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0 503 Service Unavailable\r\nRetry-After: 120\r\nAge: 7\r\n\r\n",
};

/** Whether the head comes back from its bytes as it went in. */
static bool is_head_whole(struct arena *a, const struct http_response *head, bool is_head_request)
{
    AUTO_BUF struct buf bytes = {0};
    struct http_response back;
    struct http_parse_result result;
    struct http_response sent = *head;
    sent.minor_version = 1;
    http_write_response(&bytes, &sent);
    return http_parse_response(a, buf_slice(&bytes), is_head_request, &limits, &back, &result) ==
               HTTP_PARSE_DONE &&
           back.status == head->status && back.fields.count == head->fields.count;
}

static const char *answer_ourselves(const struct edge_decision *decision,
                                    const struct edge_viewer *viewer, struct arena *a)
{
    struct edge_own_answer answer;
    struct http_response head;
    struct slice body;
    edge_answer_decision(decision, &answer);
    edge_answer_own(&identity, viewer, &answer, a, &head, &body);
    bool is_head = slice_equal(viewer->request->method, SLICE_LIT("HEAD"));
    if (!is_head_whole(a, &head, is_head))
        return "malformed head of an answer";
    if (decision->action == EDGE_REDIRECT && decision->location.len == 0)
        return "redirect to nowhere";
    return head.status >= 500 ? "answer became a 5xx" : NULL;
}

/** Whether what goes to the origin is one request, as it was meant. */
static bool is_sent_whole(struct arena *a, const struct http_request *sent)
{
    AUTO_BUF struct buf bytes = {0};
    struct http_request back;
    struct http_parse_result result;
    if (!http_request_is_sendable(sent))
        return false;
    http_write_request(&bytes, sent);
    return http_parse_request(a, buf_slice(&bytes), &limits, &back, &result) == HTTP_PARSE_DONE &&
           slice_equal(back.target, sent->target) && back.fields.count == sent->fields.count;
}

/** The origin answered: what is stored of it, and what the viewer gets. */
static const char *answer_from_origin(const struct edge_decision *decision,
                                      const struct edge_viewer *viewer, size_t which,
                                      struct arena *a)
{
    bool is_head = slice_equal(decision->sent.method, SLICE_LIT("HEAD"));
    struct http_response response;
    struct http_parse_result result;
    struct http_fields stored = {0};
    struct http_response head;
    struct cache_verdict verdict;
    enum http_parse parsed = http_parse_response(a, slice_str(origin_answers[which]), is_head,
                                                 &limits, &response, &result);
    CHECK(parsed == HTTP_PARSE_DONE);
    const struct cache_answer judged = {
        .sent = &decision->sent,
        .response = &response,
        .policy = &decision->behavior->cache,
        .error_min_ttl_s = edge_error_ttl_s(decision->distribution, response.status),
        .has_authorization_in_key = edge_shares_authorization(decision),
        .forwards_cookies = edge_forwards_cookies(decision->behavior),
        .caches_options = (decision->behavior->cached_methods & RELEASE_OPTIONS) != 0,
        .request_unix_ms = TRIAL_NOW_MS,
        .response_unix_ms = TRIAL_NOW_MS + 1,
    };
    cache_judge(&cache_rules_cdn, &judged, a, &verdict);
    cache_stored_fields(a, &judged, &verdict, &stored);
    const struct edge_answer answer = {.result = EDGE_MISS,
                                       .status = response.status,
                                       .fields = &stored,
                                       .policy = &decision->behavior->cache,
                                       .body_kind = response.body_kind,
                                       .body_length = response.body_length,
                                       .has_age = verdict.is_storable,
                                       .age_s = verdict.initial_age_s};
    edge_answer_head(&identity, viewer, &answer, a, &head);
    return is_head_whole(a, &head, is_head) ? NULL : "malformed head of an answer";
}

const char *trial_ask(const struct edge_world *w, const struct trial_question *question,
                      struct arena *a)
{
    const struct edge_viewer viewer = {.request = question->request,
                                       .peer = question->peer,
                                       .request_id = request_id,
                                       .is_tls = question->is_tls};
    struct edge_decision decision;
    CHECK(question->origin_answer < TRIAL_ORIGIN_ANSWERS);
    edge_decide(w, &identity, &viewer, a, &decision);
    if (decision.action == EDGE_REFUSE || decision.action == EDGE_REDIRECT ||
        decision.action == EDGE_ALIVE)
        return answer_ourselves(&decision, &viewer, a);
    edge_decide_forward(&identity, &viewer, a, &decision);
    if (!is_sent_whole(a, &decision.sent))
        return "malformed request to the origin";
    return answer_from_origin(&decision, &viewer, question->origin_answer, a);
}
