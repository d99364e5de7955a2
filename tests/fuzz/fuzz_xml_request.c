// SPDX-License-Identifier: Apache-2.0
/*
 * Bodies of API requests. The first byte chooses a shape. Property: what was parsed, written and
 * parsed again is written the same (parse and write agree).
 */
#include "aws/route53.h"
#include "aws/xml.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct aws_shape *const shapes[] = {
    &AWS_SHAPE_OF(r53_change_record_sets_request),
    &AWS_SHAPE_OF(r53_create_hosted_zone_request),
    &AWS_SHAPE_OF(r53_update_hosted_zone_comment_request),
    &AWS_SHAPE_OF(r53_sets),
    &AWS_SHAPE_OF(r53_zone_body),
    &AWS_SHAPE_OF(r53_create_hosted_zone_response),
};

/* Parses and writes; false where the text is refused. */
static bool rewrite(const struct aws_shape *shape, struct slice text, struct buf *out)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct aws_fault fault = {.arena = &arena};
    void *value = arena_alloc(&arena, shape->size);
    if (aws_xml_parse(AWS_ROUTE53, shape, text, value, &fault) != AWS_OK) {
        CHECK(fault.message != NULL);
        return false;
    }
    aws_xml_write(out, shape, aws_service_namespace(AWS_ROUTE53), value);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct aws_shape *shape = shapes[data[0] % ARRAY_LEN(shapes)];
    AUTO_BUF struct buf first = {0};
    AUTO_BUF struct buf second = {0};
    if (!rewrite(shape, slice_of(data + 1, size - 1), &first))
        return 0;
    bool is_parsed = rewrite(shape, buf_slice(&first), &second);
    CHECK(is_parsed);
    CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    return 0;
}
