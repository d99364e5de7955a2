// SPDX-License-Identifier: Apache-2.0
// Answers as a server may send them, to GET and to HEAD. The same properties as for requests.
#include "fuzz_http.h"
#include "http/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The first finding when the bytes come one by one. */
static enum http_parse parse_by_byte(struct slice bytes, bool is_head,
                                     struct http_parse_result *result)
{
    struct arena a = {0};
    enum http_parse found = HTTP_PARSE_MORE;
    for (size_t i = 0; i <= bytes.len && found == HTTP_PARSE_MORE; i++) {
        struct http_response response;
        arena_reset(&a);
        found = http_parse_response(&a, slice_sub(bytes, 0, i), is_head, &fuzz_limits, &response,
                                    result);
    }
    arena_fini(&a);
    return found;
}

static void check_written_again(struct arena *a, const struct http_response *response, bool is_head)
{
    AUTO_BUF struct buf text = {0};
    struct http_response again;
    struct http_parse_result result;
    http_write_response(&text, response);
    CHECK(http_parse_response(a, buf_slice(&text), is_head, &fuzz_limits_wide, &again, &result) ==
          HTTP_PARSE_DONE);
    CHECK(result.head_bytes == buf_len(&text));
    CHECK(response->status == again.status && response->minor_version == again.minor_version);
    CHECK(response->body_kind == again.body_kind && response->body_length == again.body_length);
    CHECK(response->keep_alive == again.keep_alive);
    fuzz_same_fields(&response->fields, &again.fields);
}

static void check(struct slice bytes, bool is_head)
{
    AUTO_ARENA struct arena a = {0};
    struct http_response response;
    struct http_parse_result at_once;
    struct http_parse_result by_byte;
    enum http_parse found =
        http_parse_response(&a, bytes, is_head, &fuzz_limits, &response, &at_once);
    fuzz_same_result(found, &at_once, parse_by_byte(bytes, is_head, &by_byte), &by_byte);
    if (found != HTTP_PARSE_DONE)
        return;
    CHECK(response.status >= 100 && response.status <= 599);
    CHECK(!is_head || response.body_kind == HTTP_BODY_NONE);
    check_written_again(&a, &response, is_head);
    fuzz_body(response.body_kind, response.body_length,
              slice_sub(bytes, at_once.head_bytes, bytes.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(slice_of(data, size), false);
    check(slice_of(data, size), true);
    return 0;
}
