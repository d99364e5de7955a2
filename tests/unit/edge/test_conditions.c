// SPDX-License-Identifier: Apache-2.0
// Tests of edge/conditions.h: what a viewer's preconditions and ranges select of a stored answer.
#include "edge/conditions.h"

#include "http/field_lines.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TAG "ETag: \"a\"\n"
#define WEAK_TAG "ETag: W/\"a\"\n"
#define DATE "Date: Sun, 06 Nov 1994 09:00:00 GMT\n"
#define MODIFIED "Last-Modified: Sun, 06 Nov 1994 08:00:00 GMT\n"
#define BEFORE "Sun, 06 Nov 1994 07:59:59 GMT"
#define SAME "Sun, 06 Nov 1994 08:00:00 GMT"
#define LATER "Sun, 06 Nov 1994 09:00:00 GMT"

/* A GET of a stored 200 of 100 bytes, as far as nothing else is said. */
static struct edge_selected selected(const char *method, const char *viewer, uint16_t status,
                                     const char *lines, struct edge_stored stored)
{
    struct http_request request = {.method = slice_str(method),
                                   .fields = field_lines(&arena, viewer)};
    struct http_fields *fields = ARENA_NEW(&arena, struct http_fields);
    *fields = field_lines(&arena, lines);
    stored.status = status;
    stored.fields = fields;
    struct edge_selected out;
    edge_select(&arena, &request, &stored, SLICE_LIT("B"), &out);
    return out;
}

static const struct edge_stored hundred = {
    .has_length = true, .length_bytes = 100, .has_body = true};

struct condition_case {
    const char *viewer;
    const char *stored;
    uint16_t status;
};

static const struct condition_case condition_cases[] = {
    {"", TAG, 200},
    /* If-None-Match: weakly */
    {"If-None-Match: \"a\"", TAG, 304},
    {"If-None-Match: W/\"a\"", TAG, 304},
    {"If-None-Match: \"a\"", WEAK_TAG, 304},
    {"If-None-Match: \"b\"", TAG, 200},
    {"If-None-Match: \"A\"", TAG, 200},
    {"If-None-Match: a", TAG, 200},
    {"If-None-Match: \"b\", \"a\"", TAG, 304},
    {"If-None-Match: \"b\",W/\"a\"", TAG, 304},
    {"If-None-Match: \"b\"\nIf-None-Match: \"a\"", TAG, 304},
    {"If-None-Match: \"b, \"a\"\"", TAG, 200},
    {"If-None-Match: \"x,\"", "ETag: \"x,\"", 304},
    {"If-None-Match: \"y\", \"x,\"", "ETag: \"x,\"", 304},
    {"If-None-Match: *", TAG, 304},
    {"If-None-Match: *", "", 304},
    {"If-None-Match: \"*\"", TAG, 200},
    {"If-None-Match: \"a\"", "", 200},
    {"If-None-Match:", TAG, 200},
    {"If-None-Match: \"a", TAG, 200},
    /* before If-Modified-Since */
    {"If-None-Match: \"b\"\nIf-Modified-Since: " LATER, TAG MODIFIED, 200},
    {"If-None-Match: \"a\"\nIf-Modified-Since: " BEFORE, TAG MODIFIED, 304},
    {"If-None-Match: \"a\"\nIf-Modified-Since: " LATER, MODIFIED, 200},
    /* If-Modified-Since */
    {"If-Modified-Since: " BEFORE, MODIFIED, 200},
    {"If-Modified-Since: " SAME, MODIFIED, 304},
    {"If-Modified-Since: " LATER, MODIFIED, 304},
    {"If-Modified-Since: Sunday, 06-Nov-94 08:00:00 GMT", MODIFIED DATE, 304},
    {"If-Modified-Since: Sun Nov  6 08:00:00 1994", MODIFIED, 304},
    {"If-Modified-Since: yesterday", MODIFIED, 200},
    {"If-Modified-Since: 0", MODIFIED, 200},
    {"If-Modified-Since: " LATER "\nIf-Modified-Since: " LATER, MODIFIED, 200},
    {"If-Modified-Since: " LATER, "", 200},
    {"If-Modified-Since: " LATER, "Last-Modified: x", 200},
    {"If-Modified-Since: " LATER, DATE, 304}, /* Date stands in for Last-Modified */
    {"If-Modified-Since: " SAME, DATE, 200},
    /* If-Match: strongly, where there is a tag */
    {"If-Match: \"a\"", TAG, 200},
    {"If-Match: \"b\"", TAG, 412},
    {"If-Match: \"b\", \"a\"", TAG, 200},
    {"If-Match: W/\"a\"", TAG, 412},
    {"If-Match: \"a\"", WEAK_TAG, 412},
    {"If-Match: *", TAG, 200},
    {"If-Match: \"a\"", "", 200},
    {"If-Match: \"b\"\nIf-None-Match: \"a\"", TAG, 412},
    {"If-Match: \"a\"\nIf-None-Match: \"a\"", TAG, 304},
    /* If-Unmodified-Since, where there is no If-Match */
    {"If-Unmodified-Since: " BEFORE, MODIFIED, 412},
    {"If-Unmodified-Since: " SAME, MODIFIED, 200},
    {"If-Unmodified-Since: " LATER, MODIFIED, 200},
    {"If-Unmodified-Since: never", MODIFIED, 200},
    {"If-Unmodified-Since: " BEFORE, DATE, 200},
    {"If-Match: \"a\"\nIf-Unmodified-Since: " BEFORE, TAG MODIFIED, 200},
    {"If-Unmodified-Since: " LATER "\nIf-None-Match: \"a\"", TAG MODIFIED, 304},
};

static void preconditions_are_held_against_the_stored_answer_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(condition_cases); i++) {
        const struct condition_case *c = &condition_cases[i];
        struct edge_selected get = selected("GET", c->viewer, 200, c->stored, hundred);
        struct edge_selected head = selected("HEAD", c->viewer, 200, c->stored, hundred);
        if (get.status != c->status || head.status != c->status)
            fail_msg("case %zu: %u and %u, want %u\n%s\n%s", i, get.status, head.status, c->status,
                     c->viewer, c->stored);
        assert_int_equal(get.part_count, c->status == 200 ? 1 : 0);
        assert_int_equal(head.part_count, 0);
    }
}

static void preconditions_are_for_successes_and_for_get_and_head(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        uint16_t stored;
        uint16_t status;
    } cases[] = {
        {"GET", 203, 304}, {"GET", 204, 304},     {"GET", 301, 301},
        {"GET", 404, 404}, {"OPTIONS", 200, 200}, {"HEAD", 404, 404},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct edge_selected out =
            selected(cases[i].method, "If-None-Match: \"a\"", cases[i].stored, TAG, hundred);
        assert_int_equal(out.status, cases[i].status);
    }
}

/* "STATUS from-to": what is sent. */
static const char *sent(const struct edge_selected *s)
{
    const char *text = arena_printf(&arena, "%u", s->status);
    for (size_t i = 0; i < s->part_count; i++) {
        if (s->parts[i].to == UINT64_MAX)
            text = arena_printf(&arena, "%s all", text);
        else
            text = arena_printf(&arena, "%s %ju-%ju", text, (uintmax_t)s->parts[i].from,
                                (uintmax_t)s->parts[i].to);
    }
    return text;
}

static void ranges_are_cut_from_a_stored_200(void **state)
{
    (void)state;
    static const struct {
        const char *viewer;
        const char *stored;
        const char *sent;
    } cases[] = {
        {"Range: bytes=0-9", "", "206 0-10"},
        {"Range: bytes=100-", "", "416"},
        {"Range: bytes=0-9,20-29", "", "206 0-10 20-30"},
        {"Range: bytes=20-29,0-9", "", "200 all"},
        {"Range: bytes=0-9\nRange: bytes=0-9", "", "200 all"},
        {"Range: x", "", "200 all"},
        {"Range: bytes=0-9\nIf-None-Match: \"a\"", TAG, "304"},
        {"Range: bytes=0-9\nIf-Match: \"b\"", TAG, "412"},
        {"Range: bytes=0-9\nIf-None-Match: \"b\"", TAG, "206 0-10"},
        /* If-Range: strongly */
        {"Range: bytes=0-9\nIf-Range: \"a\"", TAG, "206 0-10"},
        {"Range: bytes=0-9\nIf-Range: \"b\"", TAG, "200 all"},
        {"Range: bytes=0-9\nIf-Range: W/\"a\"", WEAK_TAG, "200 all"},
        {"Range: bytes=0-9\nIf-Range: \"a\"", WEAK_TAG, "200 all"},
        {"Range: bytes=0-9\nIf-Range: \"a\"", "", "200 all"},
        {"Range: bytes=0-9\nIf-Range: \"a\", \"b\"", TAG, "200 all"},
        {"Range: bytes=0-9\nIf-Range: *", TAG, "200 all"},
        {"Range: bytes=0-9\nIf-Range: \"a\"\nIf-Range: \"a\"", TAG, "200 all"},
        {"Range: bytes=0-9\nIf-Range:", TAG, "200 all"},
        {"Range: bytes=100-\nIf-Range: \"b\"", TAG, "200 all"},
        {"If-Range: \"b\"", TAG, "200 all"},
        {"Range: bytes=0-9\nIf-Range: " SAME, MODIFIED DATE, "206 0-10"},
        {"Range: bytes=0-9\nIf-Range: " LATER, MODIFIED DATE, "200 all"},
        {"Range: bytes=0-9\nIf-Range: " BEFORE, MODIFIED DATE, "200 all"},
        {"Range: bytes=0-9\nIf-Range: " SAME, MODIFIED "Date: " SAME, "200 all"},
        {"Range: bytes=0-9\nIf-Range: " LATER, DATE, "200 all"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct edge_selected s = selected("GET", cases[i].viewer, 200, cases[i].stored, hundred);
        if (strcmp(sent(&s), cases[i].sent) != 0)
            fail_msg("%s\n%s: '%s', want '%s'", cases[i].viewer, cases[i].stored, sent(&s),
                     cases[i].sent);
    }
}

static void ranges_want_get_a_200_and_a_known_length(void **state)
{
    (void)state;
    static const struct edge_stored filling = {.has_body = true};
    struct edge_selected s = selected("GET", "Range: bytes=0-9", 200, "", filling);
    assert_string_equal(sent(&s), "200 all");
    assert_int_equal(s.body_kind, HTTP_BODY_CHUNKED);
    s = selected("GET", "Range: bytes=0-9", 404, "", hundred);
    assert_string_equal(sent(&s), "404 all");
    s = selected("GET", "Range: bytes=0-9", 203, "", hundred);
    assert_string_equal(sent(&s), "203 all");
    s = selected("HEAD", "Range: bytes=0-9", 200, "", hundred);
    assert_string_equal(sent(&s), "200");
    assert_int_equal(s.body_length, 100);
}

static void the_whole_is_told_with_its_length_as_far_as_it_is_known(void **state)
{
    (void)state;
    static const struct {
        struct edge_stored stored;
        enum http_body_kind kind;
        const char *sent;
    } cases[] = {
        {{.has_length = true, .length_bytes = 5, .has_body = true}, HTTP_BODY_LENGTH, "200 all"},
        {{.has_length = true, .length_bytes = 0, .has_body = true}, HTTP_BODY_LENGTH, "200"},
        {{.has_body = true}, HTTP_BODY_CHUNKED, "200 all"},
        {{.has_length = true, .length_bytes = 5}, HTTP_BODY_LENGTH, "200"},
        {{.has_length = false}, HTTP_BODY_NONE, "200"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct edge_selected s = selected("GET", "", 200, TAG, cases[i].stored);
        assert_int_equal(s.body_kind, cases[i].kind);
        assert_int_equal(s.body_length, cases[i].stored.length_bytes);
        assert_string_equal(sent(&s), cases[i].sent);
        assert_string_equal(field_lines_text(&arena, &s.fields), "ETag: \"a\"");
    }
}

#define HEAD                                                                                       \
    "Content-Type: a/b\nContent-Length: 100\nContent-Range: x\n" TAG "Cache-Control: max-age=5\n"

static void each_status_has_its_fields(void **state)
{
    (void)state;
    struct edge_selected s = selected("GET", "Range: bytes=0-9", 200, HEAD, hundred);
    assert_string_equal(field_lines_text(&arena, &s.fields),
                        "Content-Type: a/b\nETag: \"a\"\nCache-Control: max-age=5\n"
                        "Content-Range: bytes 0-9/100");
    assert_int_equal(s.body_length, 10);
    s = selected("GET", "Range: bytes=100-", 200, HEAD, hundred);
    assert_string_equal(field_lines_text(&arena, &s.fields),
                        "ETag: \"a\"\nContent-Range: bytes */100");
    assert_int_equal(s.body_kind, HTTP_BODY_NONE);
    s = selected("GET", "If-Match: \"b\"", 200, HEAD, hundred);
    assert_string_equal(field_lines_text(&arena, &s.fields), "ETag: \"a\"");
    s = selected("GET", "If-None-Match: \"a\"", 200, TAG "Cache-Control: max-age=5", hundred);
    assert_string_equal(field_lines_text(&arena, &s.fields),
                        "ETag: \"a\"\nCache-Control: max-age=5");
}

static void several_ranges_come_as_one_multipart_body(void **state)
{
    (void)state;
    struct edge_selected s = selected("GET", "Range: bytes=0-1,98-", 200, HEAD, hundred);
    assert_string_equal(field_lines_text(&arena, &s.fields),
                        "ETag: \"a\"\nCache-Control: max-age=5\n"
                        "Content-Type: multipart/byteranges; boundary=B");
    static const char first[] = "--B\r\nContent-Type: a/b\r\nContent-Range: bytes 0-1/100\r\n\r\n";
    static const char second[] =
        "\r\n--B\r\nContent-Type: a/b\r\nContent-Range: bytes 98-99/100\r\n\r\n";
    static const char last[] = "\r\n--B--\r\n";
    assert_int_equal(s.part_count, 2);
    assert_true(slice_equal(s.parts[0].before, slice_str(first)));
    assert_true(slice_equal(s.parts[1].before, slice_str(second)));
    assert_true(slice_equal(s.trailer, slice_str(last)));
    assert_int_equal(s.body_length, strlen(first) + strlen(second) + strlen(last) + 4);
    s = selected("GET", "Range: bytes=0-1,98-", 200, "", hundred);
    assert_true(
        slice_equal(s.parts[0].before, SLICE_LIT("--B\r\nContent-Range: bytes 0-1/100\r\n\r\n")));
}

static void conditions_are_seen(void **state)
{
    (void)state;
    static const char *const with[] = {
        "Range: x",         "if-range: x",          "If-Match: x",
        "If-None-Match: x", "If-Modified-Since: x", "If-Unmodified-Since: x",
        "X: y\nRange: z"};
    static const char *const without[] = {"", "Host: a", "Accept-Ranges: bytes"};
    for (size_t i = 0; i < ARRAY_LEN(with); i++) {
        struct http_fields fields = field_lines(&arena, with[i]);
        assert_true(edge_has_conditions(&fields));
    }
    for (size_t i = 0; i < ARRAY_LEN(without); i++) {
        struct http_fields fields = field_lines(&arena, without[i]);
        assert_false(edge_has_conditions(&fields));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preconditions_are_held_against_the_stored_answer_in_order),
        cmocka_unit_test(preconditions_are_for_successes_and_for_get_and_head),
        cmocka_unit_test(ranges_are_cut_from_a_stored_200),
        cmocka_unit_test(ranges_want_get_a_200_and_a_known_length),
        cmocka_unit_test(the_whole_is_told_with_its_length_as_far_as_it_is_known),
        cmocka_unit_test(each_status_has_its_fields),
        cmocka_unit_test(several_ranges_come_as_one_multipart_body),
        cmocka_unit_test(conditions_are_seen),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
