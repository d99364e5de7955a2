// SPDX-License-Identifier: Apache-2.0
// Distributions between the store and whoever reads them. Called by the API's workers and the
// compiler.
#include "aws/cf_distribution.h"

#include "aws/xml.h"

struct slice cf_distribution_body_encode(struct arena *a, const struct cf_distribution_body *body)
{
    AUTO_BUF struct buf text = {0};
    aws_xml_write(&text, &AWS_SHAPE_OF(cf_distribution_body), NULL, body);
    return arena_copy(a, buf_slice(&text));
}

enum err cf_distribution_body_decode(struct arena *a, struct slice text,
                                     struct cf_distribution_body *out, struct errctx *ec)
{
    struct aws_fault fault = {.arena = a};
    struct cf_distribution_body body = {0};
    if (aws_xml_parse(AWS_CLOUDFRONT, &AWS_SHAPE_OF(cf_distribution_body), text, &body, &fault) !=
        AWS_OK)
        return err_set(ec, ERR_CORRUPT, "stored distribution: %s", fault.message);
    *out = body;
    return ERR_OK;
}
