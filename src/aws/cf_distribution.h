// SPDX-License-Identifier: Apache-2.0
// Distributions as the store keeps them: the body of a STORE_DISTRIBUTION object. Called by the API
// and by the compiler, any thread.
#ifndef AWS_CF_DISTRIBUTION_H
#define AWS_CF_DISTRIBUTION_H

#include "aws/cloudfront.h"
#include "base/arena.h"
#include "base/err.h"

/** <DistributionBody> with the id, the domain name and the whole configuration. In `a`. */
struct slice cf_distribution_body_encode(struct arena *a, const struct cf_distribution_body *body);

/** Errors: ERR_CORRUPT. Everything in `a`. */
enum err cf_distribution_body_decode(struct arena *a, struct slice text,
                                     struct cf_distribution_body *out, struct errctx *ec) MUST_USE;

#endif
