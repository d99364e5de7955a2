// SPDX-License-Identifier: Apache-2.0
// A viewer's fields on a stored answer: what is selected lies within the body, rising and apart,
// and adds up to the length that is told.
#include "base/check.h"
#include "edge/conditions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct http_fields fields_of(struct arena *a, struct slice lines)
{
    struct http_fields fields = {0};
    struct slice line;
    while (slice_split(&lines, '\n', &line) && fields.count < 16) {
        size_t colon = slice_find(line, ':');
        http_fields_add(a, &fields, slice_sub(line, 0, colon),
                        slice_trim(slice_sub(line, colon + 1, line.len)));
    }
    return fields;
}

static void check_selected(const struct edge_selected *s, uint64_t length)
{
    uint64_t sent = s->trailer.len;
    uint64_t at = 0;
    CHECK(s->status == 200 || s->status == 206 || s->status == 304 || s->status == 412 ||
          s->status == 416);
    if (s->status != 206) {
        CHECK(s->part_count == (s->status == 200 ? 1 : 0));
        return;
    }
    for (size_t i = 0; i < s->part_count; i++) {
        CHECK(s->parts[i].from >= at && s->parts[i].from < s->parts[i].to);
        CHECK(s->parts[i].to <= length);
        at = s->parts[i].to;
        sent += s->parts[i].before.len + s->parts[i].to - s->parts[i].from;
    }
    CHECK(s->part_count > 0 && s->body_kind == HTTP_BODY_LENGTH && s->body_length == sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t lengths[] = {1, 10, 1000000, INT64_MAX};
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct http_fields stored = {0};
    http_fields_add_str(&a, &stored, "ETag", "\"a\"");
    http_fields_add_str(&a, &stored, "Last-Modified", "Sun, 06 Nov 1994 08:00:00 GMT");
    http_fields_add_str(&a, &stored, "Date", "Sun, 06 Nov 1994 09:00:00 GMT");
    struct http_request request = {.method = SLICE_LIT("GET"),
                                   .fields = fields_of(&a, slice_of(data, size))};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct edge_stored of = {.status = 200,
                                 .fields = &stored,
                                 .has_length = true,
                                 .length_bytes = lengths[i],
                                 .has_body = true};
        struct edge_selected s;
        edge_select(&a, &request, &of, SLICE_LIT("B"), &s);
        check_selected(&s, lengths[i]);
        CHECK(s.status == 200 || edge_has_conditions(&request.fields));
    }
    return 0;
}
