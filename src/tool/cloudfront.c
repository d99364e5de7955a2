// SPDX-License-Identifier: Apache-2.0
// CloudFront calls of tools. Called on the main thread of a command.
#include "tool/cloudfront.h"

#include "base/uri.h"
#include "tool/api.h"

#define DISTRIBUTION_PATH "/2020-05-31/distribution"

static const char *path_of(struct arena *a, const char *id, const char *suffix)
{
    struct slice coded = uri_encode(a, slice_str(id), false);
    return arena_printf(a, DISTRIBUTION_PATH "/%.*s%s", SLICE_FMT(coded), suffix);
}

enum err tool_cloudfront_list(const struct tool_client *c, struct arena *a,
                              struct cf_distribution_list *out, struct errctx *ec)
{
    const struct tool_api_call call = {
        .operation = AWS_CLOUDFRONT_ListDistributions,
        .path = DISTRIBUTION_PATH,
        .response = &AWS_SHAPE_OF(cf_distribution_list),
    };
    return tool_api_call(c, a, &call, out, NULL, ec);
}

enum err tool_cloudfront_create(const struct tool_client *c, struct arena *a,
                                const struct cf_distribution_config *config,
                                struct cf_distribution *out, struct errctx *ec)
{
    const struct tool_api_call call = {
        .operation = AWS_CLOUDFRONT_CreateDistribution,
        .path = DISTRIBUTION_PATH,
        .request = &AWS_SHAPE_OF(cf_distribution_config),
        .input = config,
        .response = &AWS_SHAPE_OF(cf_distribution),
    };
    return tool_api_call(c, a, &call, out, NULL, ec);
}

enum err tool_cloudfront_get(const struct tool_client *c, struct arena *a, const char *id,
                             struct cf_distribution *out, const char **out_etag, struct errctx *ec)
{
    struct http_fields fields;
    const struct tool_api_call call = {
        .operation = AWS_CLOUDFRONT_GetDistribution,
        .path = path_of(a, id, ""),
        .response = &AWS_SHAPE_OF(cf_distribution),
    };
    enum err e = tool_api_call(c, a, &call, out, &fields, ec);
    if (e != ERR_OK || out_etag == NULL)
        return e;
    const struct slice *etag = http_fields_get(&fields, "ETag");
    if (etag == NULL)
        return err_set(ec, ERR_CORRUPT, "answer of GetDistribution: no ETag");
    *out_etag = arena_str(a, *etag);
    return ERR_OK;
}

enum err tool_cloudfront_update(const struct tool_client *c, struct arena *a, const char *id,
                                const char *etag, const struct cf_distribution_config *config,
                                struct errctx *ec)
{
    struct cf_distribution updated;
    const struct tool_api_call call = {
        .operation = AWS_CLOUDFRONT_UpdateDistribution,
        .path = path_of(a, id, "/config"),
        .if_match = etag,
        .request = &AWS_SHAPE_OF(cf_distribution_config),
        .input = config,
        .response = &AWS_SHAPE_OF(cf_distribution),
    };
    return tool_api_call(c, a, &call, &updated, NULL, ec);
}
