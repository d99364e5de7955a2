// SPDX-License-Identifier: Apache-2.0
// The rules of a distribution's configuration, in CloudFront's codes, and what CloudFront fills in
// where a client left something out. Pure; any thread.
#ifndef AWS_CF_DISTRIBUTION_CHECK_H
#define AWS_CF_DISTRIBUTION_CHECK_H

#include "aws/cloudfront.h"
#include "aws/error.h"

/**
 * Judges a configuration as it was sent. `cdn_domain` is lower case, without a final dot: alternate
 * names may not be below it. What CloudFront knows and this version of Weir does not serve is
 * refused with the code that clients expect for such a value.
 * Errors: the first finding.
 */
enum aws_error cf_distribution_check(const struct cf_distribution_config *config,
                                     const char *cdn_domain, struct aws_fault *fault) MUST_USE;

/** Judges an update against what is there: IllegalUpdate where the caller reference differs. */
enum aws_error cf_distribution_check_update(const struct cf_distribution_config *old,
                                            const struct cf_distribution_config *updated,
                                            struct aws_fault *fault) MUST_USE;

/**
 * Fills in what CloudFront answers for members that a client left out; what was sent is not
 * touched. In `a`. For a configuration that passed the check.
 */
void cf_distribution_fill(struct arena *a, struct cf_distribution_config *config);

/** The alternate names in lower case, in `a`. */
const char *const *cf_distribution_aliases(struct arena *a,
                                           const struct cf_distribution_config *config,
                                           size_t *out_count);

/**
 * Judges a batch: InvalidArgument for a caller reference or a path that is none, BatchTooLarge for
 * more paths than may be in progress at all. *out_wildcards: paths that end in `*`.
 */
enum aws_error cf_invalidation_check(const struct cf_invalidation_batch *batch,
                                     size_t *out_wildcards, struct aws_fault *fault) MUST_USE;

/** Judges tags: InvalidTagging. */
enum aws_error cf_tags_check(const struct cf_tags *tags, struct aws_fault *fault) MUST_USE;

#endif
