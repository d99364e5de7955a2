// SPDX-License-Identifier: Apache-2.0
// CloudFront calls as tools make them. Errors of each: those of tool_api_call.
#ifndef TOOL_CLOUDFRONT_H
#define TOOL_CLOUDFRONT_H

#include "aws/cloudfront.h"
#include "tool/client.h"

/** The first page of ListDistributions. */
enum err tool_cloudfront_list(const struct tool_client *c, struct arena *a,
                              struct cf_distribution_list *out, struct errctx *ec) MUST_USE;

/** CreateDistribution. */
enum err tool_cloudfront_create(const struct tool_client *c, struct arena *a,
                                const struct cf_distribution_config *config,
                                struct cf_distribution *out, struct errctx *ec) MUST_USE;

/** GetDistribution; *out_etag (NULL: not wanted) for an update. */
enum err tool_cloudfront_get(const struct tool_client *c, struct arena *a, const char *id,
                             struct cf_distribution *out, const char **out_etag, struct errctx *ec)
    MUST_USE;

/** UpdateDistribution of what was read with this ETag. */
enum err tool_cloudfront_update(const struct tool_client *c, struct arena *a, const char *id,
                                const char *etag, const struct cf_distribution_config *config,
                                struct errctx *ec) MUST_USE;

#endif
