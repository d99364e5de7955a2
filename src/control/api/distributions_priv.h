// SPDX-License-Identifier: Apache-2.0
// Distributions between rows, objects and shapes. Private to control/api/.
#ifndef CONTROL_API_DISTRIBUTIONS_PRIV_H
#define CONTROL_API_DISTRIBUTIONS_PRIV_H

#include "aws/cf_distribution.h"
#include "control/api/api_priv.h"
#include "control/store/distributions.h"

/** The row of a distribution of the calling account; NoSuchDistribution. */
enum aws_error find_distribution(struct api_call *c, const char *id, struct store_distribution *out)
    MUST_USE;

/** Its configuration as it was accepted. */
enum aws_error load_distribution(struct api_call *c, const char *id,
                                 struct cf_distribution_body *out) MUST_USE;

/** "arn:aws:cloudfront::ACCOUNT:distribution/ID", in the arena. */
const char *distribution_arn(struct api_call *c, const char *id);

/** "Deployed" or "InProgress". */
const char *distribution_status(const struct store_distribution *row);

/** What AliasICPRecordals says of the alternate names; their count is that of the names. */
struct cf_alias_icp_recordal *distribution_recordals(struct api_call *c,
                                                     const struct cf_aliases *aliases);

/** A distribution whole, with its filled-in configuration. */
enum aws_error distribution_shape(struct api_call *c, const struct store_distribution *row,
                                  struct cf_distribution_config *config,
                                  struct cf_distribution **out) MUST_USE;

/** Replaces the tags that are named, for a resource of the calling account. */
enum aws_error put_tags(struct api_call *c, const char *arn, const struct cf_tags *tags) MUST_USE;

/** The page size of a CloudFront listing: `text` (NULL: the most) as a number, at most `most`. */
enum aws_error cf_page_size(struct api_call *c, const char *text, size_t most, size_t *out)
    MUST_USE;

#endif
