// SPDX-License-Identifier: Apache-2.0
// Requests as a client may send them. A head fed byte by byte ends as one fed at once; written out
// again it parses to the same; its body decodes the same in any pieces.
#include "fuzz_http.h"
#include "http/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum http_parse parse(struct arena *a, struct slice bytes, struct http_request *out,
                             struct http_parse_result *result)
{
    return http_parse_request(a, bytes, &fuzz_limits, out, result);
}

/** The first finding when the bytes come one by one. */
static enum http_parse parse_by_byte(struct slice bytes, struct http_parse_result *result)
{
    struct arena a = {0};
    enum http_parse found = HTTP_PARSE_MORE;
    for (size_t i = 0; i <= bytes.len && found == HTTP_PARSE_MORE; i++) {
        struct http_request request;
        arena_reset(&a);
        found = parse(&a, slice_sub(bytes, 0, i), &request, result);
    }
    arena_fini(&a);
    return found;
}

static void check_written_again(struct arena *a, const struct http_request *request)
{
    AUTO_BUF struct buf text = {0};
    struct http_request again;
    struct http_parse_result result;
    CHECK(http_request_is_sendable(request));
    http_write_request(&text, request);
    CHECK(http_parse_request(a, buf_slice(&text), &fuzz_limits_wide, &again, &result) ==
          HTTP_PARSE_DONE);
    CHECK(result.head_bytes == buf_len(&text));
    CHECK(slice_equal(request->method, again.method));
    CHECK(slice_equal(request->target, again.target));
    CHECK(slice_equal(request->path, again.path) && slice_equal(request->query, again.query));
    CHECK(slice_equal(request->authority, again.authority));
    CHECK(request->minor_version == again.minor_version);
    CHECK(request->body_kind == again.body_kind && request->body_length == again.body_length);
    CHECK(request->keep_alive == again.keep_alive);
    CHECK(request->expects_continue == again.expects_continue);
    fuzz_same_fields(&request->fields, &again.fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena a = {0};
    struct slice bytes = slice_of(data, size);
    struct http_request request;
    struct http_parse_result at_once;
    struct http_parse_result by_byte;
    enum http_parse found = parse(&a, bytes, &request, &at_once);
    fuzz_same_result(found, &at_once, parse_by_byte(bytes, &by_byte), &by_byte);
    if (found != HTTP_PARSE_DONE)
        return 0;
    CHECK(request.body_kind != HTTP_BODY_UNTIL_CLOSE);
    CHECK(request.authority.len > 0 || request.minor_version == 0);
    check_written_again(&a, &request);
    fuzz_body(request.body_kind, request.body_length,
              slice_sub(bytes, at_once.head_bytes, bytes.len));
    return 0;
}
