// SPDX-License-Identifier: Apache-2.0
// Tests of edge/answer.h and edge/request_id.h: what viewers are told beside the answer itself.
#include "edge/answer.h"

#include "edge/request_id.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct edge_identity identity = {.via = "1.1 n1.cdn.weir.test (Weir)",
                                              .pop = "ZRH50-P1"};

static const char request_id[EDGE_REQUEST_ID_SIZE] =
    "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz_01";

static const struct edge_viewer viewer = {.request_id = request_id};

static void assert_field(const struct http_response *head, const char *name, const char *value)
{
    const struct slice *found = http_fields_get(&head->fields, name);
    if (value == NULL && found == NULL)
        return;
    if (found == NULL || value == NULL || !slice_equal(*found, slice_str(value)))
        fail_msg("%s: '%.*s', want '%s'", name, found == NULL ? 0 : SLICE_FMT(*found), value);
}

/* Selects nothing. */
static const struct release_cache_policy no_key = {
    .headers = {.mode = RELEASE_SELECT_NONE},
};

static struct http_response head_of(const struct edge_answer *answer)
{
    struct http_response head;
    edge_answer_head(&identity, &viewer, answer, &arena, &head);
    return head;
}

static void an_answer_names_the_edge_and_its_result(void **state)
{
    (void)state;
    struct http_fields fields = {0};
    http_fields_add_str(&arena, &fields, "Content-Type", "text/plain");
    http_fields_add_str(&arena, &fields, "Via", "1.1 origin");
    struct edge_answer answer = {.result = EDGE_MISS,
                                 .status = 200,
                                 .fields = &fields,
                                 .policy = &no_key,
                                 .body_kind = HTTP_BODY_LENGTH,
                                 .body_length = 7};
    struct http_response head = head_of(&answer);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body_kind, HTTP_BODY_LENGTH);
    assert_int_equal(head.body_length, 7);
    assert_field(&head, "X-Cache", "Miss from weir");
    assert_field(&head, "X-Amz-Cf-Pop", "ZRH50-P1");
    assert_field(&head, "X-Amz-Cf-Id", request_id);
    assert_field(&head, "Content-Type", "text/plain");
    assert_int_equal(http_fields_count(&head.fields, "via"), 2);
    assert_true(slice_equal(head.fields.items[1].value, SLICE_LIT("1.1 origin")));
}

static void x_cache_has_one_of_two_words(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        [EDGE_HIT] = {"Hit from weir", "Hit from cloudfront"},
        [EDGE_MISS] = {"Miss from weir", "Miss from cloudfront"},
        [EDGE_REFRESH_HIT] = {"RefreshHit from weir", "RefreshHit from cloudfront"},
        [EDGE_ERROR] = {"Error from weir", "Error from cloudfront"},
        [EDGE_REDIRECTED] = {"Redirect from weir", "Redirect from cloudfront"},
        [EDGE_LIMIT_EXCEEDED] = {"LimitExceeded from weir", "LimitExceeded from cloudfront"},
    };
    struct http_fields fields = {0};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        for (size_t k = 0; k < 2; k++) {
            struct edge_identity who = identity;
            who.says_cloudfront = k == 1;
            struct edge_answer answer = {
                .result = (enum edge_result)i, .status = 200, .fields = &fields, .policy = &no_key};
            struct http_response head;
            edge_answer_head(&who, &viewer, &answer, &arena, &head);
            assert_field(&head, "X-Cache", texts[i][k]);
        }
    }
}

static void age_replaces_the_one_that_came(void **state)
{
    (void)state;
    struct http_fields fields = {0};
    http_fields_add_str(&arena, &fields, "aGe", "3");
    struct edge_answer answer = {
        .result = EDGE_HIT, .status = 200, .fields = &fields, .policy = &no_key};
    struct http_response head = head_of(&answer);
    assert_field(&head, "Age", "3"); /* a miss passes it on */
    answer.has_age = true;
    const struct {
        uint32_t age_s;
        const char *text;
    } ages[] = {{0, "0"}, {9, "9"}, {10, "10"}, {UINT32_MAX, "4294967295"}};
    for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
        answer.age_s = ages[i].age_s;
        head = head_of(&answer);
        assert_field(&head, "Age", ages[i].text);
        assert_int_equal(http_fields_count(&head.fields, "age"), 1);
    }
}

static void cache_status_says_what_happened(void **state)
{
    (void)state;
    const struct {
        struct edge_cache_status status;
        const char *text;
    } cases[] = {
        {{.is_hit = true, .has_ttl = true, .ttl_s = 30}, "weir; hit; ttl=30"},
        {{.is_hit = true, .has_ttl = true, .ttl_s = -412}, "weir; hit; ttl=-412"},
        {{.is_hit = true, .has_ttl = true}, "weir; hit; ttl=0"},
        {{.forwarded = EDGE_FORWARDED_MISS, .is_stored = true}, "weir; fwd=miss; stored"},
        {{.forwarded = EDGE_FORWARDED_MISS, .is_collapsed = true}, "weir; fwd=miss; collapsed"},
        {{.forwarded = EDGE_FORWARDED_STALE, .origin_status = 304, .is_stored = true},
         "weir; fwd=stale; fwd-status=304; stored"},
        {{.forwarded = EDGE_FORWARDED_BYPASS}, "weir; fwd=bypass"},
        {{.forwarded = EDGE_FORWARDED_METHOD}, "weir; fwd=method"},
        {{.has_ttl = true, .ttl_s = INT64_MIN}, "weir; ttl=-9223372036854775808"},
    };
    struct http_fields fields = {0};
    http_fields_add_str(&arena, &fields, "Cache-Status", "origin; hit");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct edge_answer answer = {
            .result = EDGE_HIT, .status = 200, .fields = &fields, .cache_status = cases[i].status};
        struct http_response head = head_of(&answer);
        assert_int_equal(http_fields_count(&head.fields, "cache-status"), 2);
        assert_true(
            slice_equal(head.fields.items[head.fields.count - 1].value, slice_str(cases[i].text)));
    }
}

static void vary_tells_what_is_in_the_key(void **state)
{
    (void)state;
    static const char *names[] = {"x-kind"};
    static const struct release_cache_policy by_kind = {
        .headers = {.mode = RELEASE_SELECT_LISTED, .names = names, .name_count = 1}};
    const struct {
        const char *vary;
        const struct release_cache_policy *policy;
        const char *told;
    } cases[] = {
        {"Accept-Encoding", &no_key, "Accept-Encoding"},
        {"accept-encoding,cookie", &no_key, "accept-encoding, cookie"},
        {"User-Agent", &no_key, NULL},
        {" , ", &no_key, NULL},
        {"Origin ,Accept-Encoding, User-Agent", &no_key, "Accept-Encoding"},
        {"X-Kind, Origin", &no_key, NULL},
        {"X-Kind, Origin", &by_kind, "X-Kind"},
        {"*", &no_key, "*"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_fields fields = {0};
        http_fields_add_str(&arena, &fields, "Vary", cases[i].vary);
        struct edge_answer answer = {
            .result = EDGE_HIT, .status = 200, .fields = &fields, .policy = cases[i].policy};
        struct http_response head = head_of(&answer);
        assert_field(&head, "Vary", cases[i].told);
    }
}

static void our_pages_tell_reason_and_request_id_and_escape_all(void **state)
{
    (void)state;
    struct edge_own_answer answer = {.result = EDGE_ERROR,
                                     .status = 502,
                                     .reason = "<script>\"a\" & b</script>",
                                     .retry_after_s = 7,
                                     .cache_status = {.forwarded = EDGE_FORWARDED_MISS}};
    struct http_response head;
    struct slice body;
    edge_answer_own(&identity, &viewer, &answer, &arena, &head, &body);
    const char *text = arena_str(&arena, body);
    assert_non_null(strstr(text, "<title>502 Bad Gateway</title>"));
    assert_non_null(strstr(text, "&lt;script&gt;&quot;a&quot; &amp; b&lt;/script&gt;"));
    assert_null(strstr(text, "<script>"));
    assert_non_null(strstr(text, request_id));
    assert_int_equal(head.body_length, body.len);
    assert_field(&head, "Content-Type", "text/html; charset=utf-8");
    assert_field(&head, "X-Cache", "Error from weir");
    assert_field(&head, "Retry-After", "7");
    assert_field(&head, "Cache-Status", "weir; fwd=miss");
    assert_field(&head, "Location", NULL);
    assert_field(&head, "Server", "Weir");
}

static void a_decision_to_refuse_or_redirect_becomes_an_answer(void **state)
{
    (void)state;
    struct edge_decision redirect = {.action = EDGE_REDIRECT,
                                     .status = 307,
                                     .reason = "elsewhere",
                                     .location = SLICE_LIT("https://a/")};
    struct edge_own_answer answer;
    edge_answer_decision(&redirect, &answer);
    struct http_response head;
    struct slice body;
    edge_answer_own(&identity, &viewer, &answer, &arena, &head, &body);
    assert_int_equal(head.status, 307);
    assert_field(&head, "Location", "https://a/");
    assert_field(&head, "X-Cache", "Redirect from weir");
    assert_field(&head, "Cache-Status", NULL);
    assert_field(&head, "Retry-After", NULL);

    struct edge_decision refusal = {.action = EDGE_REFUSE, .status = 403, .reason = "no"};
    edge_answer_decision(&refusal, &answer);
    assert_int_equal(answer.result, EDGE_ERROR);
    assert_int_equal(answer.location.len, 0);
}

static int compare_ids(const void *left, const void *right)
{
    return memcmp(left, right, EDGE_REQUEST_ID_SIZE);
}

static void request_ids_differ_and_fit_a_url(void **state)
{
    (void)state;
    enum { COUNT = 1000 }; /* more than one stock gives */
    struct edge_id_source source = {.left = 0};
    char(*ids)[EDGE_REQUEST_ID_SIZE] = arena_array(&arena, COUNT, EDGE_REQUEST_ID_SIZE);
    for (size_t i = 0; i < COUNT; i++) {
        edge_id_next(&source, ids[i]);
        assert_int_equal(strlen(ids[i]), EDGE_REQUEST_ID_SIZE - 1);
        assert_int_equal(strspn(ids[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789-_"),
                         EDGE_REQUEST_ID_SIZE - 1);
    }
    qsort(ids, COUNT, EDGE_REQUEST_ID_SIZE, compare_ids);
    for (size_t i = 1; i < COUNT; i++)
        assert_true(compare_ids(ids[i - 1], ids[i]) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_names_the_edge_and_its_result),
        cmocka_unit_test(x_cache_has_one_of_two_words),
        cmocka_unit_test(age_replaces_the_one_that_came),
        cmocka_unit_test(cache_status_says_what_happened),
        cmocka_unit_test(vary_tells_what_is_in_the_key),
        cmocka_unit_test(our_pages_tell_reason_and_request_id_and_escape_all),
        cmocka_unit_test(a_decision_to_refuse_or_redirect_becomes_an_answer),
        cmocka_unit_test(request_ids_differ_and_fit_a_url),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
