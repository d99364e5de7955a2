// SPDX-License-Identifier: Apache-2.0
// Tags of CloudFront's resources. Called by the dispatcher on a worker, inside a transaction.
#include "aws/cf_distribution_check.h"
#include "aws/limits.h"
#include "control/api/distributions_priv.h"

/* The distribution that an ARN names, of the calling account; others have no tags here. */
static enum aws_error find_resource(struct api_call *c, const char *arn)
{
    struct slice rest = slice_str(arn);
    struct slice prefix =
        slice_str(arena_printf(c->arena, "arn:aws:cloudfront::%s:distribution/", c->account_id));
    struct store_distribution row;
    struct errctx ec = {0};
    if (!slice_starts_with(rest, SLICE_LIT("arn:aws:cloudfront::")) &&
        !slice_starts_with(rest, SLICE_LIT("arn:aws-cn:cloudfront::")))
        return aws_fail(&c->fault, AWS_InvalidArgument,
                        "The parameter Resource is not the ARN of a CloudFront resource.");
    enum err err = ERR_NOT_FOUND;
    if (slice_starts_with(rest, prefix))
        err = store_distribution_get(c->conn, c->arena, c->account_id, arn + prefix.len, &row, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchResource, "The specified resource does not exist.");
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error put_tags(struct api_call *c, const char *arn, const struct cf_tags *tags)
{
    struct errctx ec = {0};
    struct store_tag *all = NULL;
    size_t count = 0;
    enum aws_error error = cf_tags_check(tags, &c->fault);
    if (error != AWS_OK)
        return error;
    enum err err = ERR_OK;
    for (size_t i = 0; i < tags->items_count && err == ERR_OK; i++)
        err = store_tag_put(c->conn, arn,
                            &(struct store_tag){tags->items[i].key, tags->items[i].value}, &ec);
    if (err == ERR_OK)
        err = store_tag_list(c->conn, c->arena, arn, &all, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count > CF_MAX_TAGS)
        return aws_fail(&c->fault, AWS_InvalidTagging, "A resource has at most %zu tags.",
                        CF_MAX_TAGS);
    return AWS_OK;
}

enum aws_error api_tag_resource(struct api_call *c, const void *in, void *out)
{
    const struct cf_tag_resource_request *request = in;
    (void)out;
    c->resource = request->resource;
    enum aws_error error = find_resource(c, request->resource);
    return error == AWS_OK ? put_tags(c, request->resource, request->tags) : error;
}

enum aws_error api_untag_resource(struct api_call *c, const void *in, void *out)
{
    const struct cf_untag_resource_request *request = in;
    struct errctx ec = {0};
    (void)out;
    c->resource = request->resource;
    enum aws_error error = find_resource(c, request->resource);
    if (error != AWS_OK)
        return error;
    enum err err = ERR_OK;
    for (size_t i = 0; i < request->tag_keys->items_count && err == ERR_OK; i++)
        err = store_tag_remove(c->conn, request->resource, request->tag_keys->items[i], &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_list_tags_for_resource(struct api_call *c, const void *in, void *out)
{
    const struct cf_list_tags_request *request = in;
    struct cf_list_tags_result *response = out;
    struct errctx ec = {0};
    struct store_tag *rows = NULL;
    size_t count = 0;
    enum aws_error error = find_resource(c, request->resource);
    if (error != AWS_OK)
        return error;
    enum err err = store_tag_list(c->conn, c->arena, request->resource, &rows, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    struct cf_tags *tags = ARENA_NEW(c->arena, struct cf_tags);
    tags->has_items = true;
    tags->items_count = count;
    tags->items = arena_array(c->arena, count, sizeof(*tags->items));
    for (size_t i = 0; i < count; i++)
        tags->items[i] = (struct cf_tag){.key = rows[i].name, .value = rows[i].value};
    response->tags = tags;
    return AWS_OK;
}
