// SPDX-License-Identifier: Apache-2.0
// Health checks: what their configuration may say, what a client left out, what an update makes of
// one, and the body of a STORE_HEALTH_CHECK object. Pure; called by the API and the compiler.
// Source: Route 53 API Reference, HealthCheckConfig, UpdateHealthCheck.
#ifndef AWS_R53_HEALTH_H
#define AWS_R53_HEALTH_H

#include "aws/error.h"
#include "aws/route53.h"
#include "base/err.h"

/** How a check finds out. */
enum r53_health_family {
    R53_HEALTH_ENDPOINT,   /* HTTP, HTTPS, with or without a string, and TCP: checkers probe */
    R53_HEALTH_CALCULATED, /* from other checks */
    R53_HEALTH_POSTED,     /* CLOUDWATCH_METRIC, RECOVERY_CONTROL: as it was last told */
};
enum r53_health_family r53_health_family_of(enum r53_health_check_type type);

/**
 * A configuration in the form in which it is kept and shown: what Route 53 fills in is there, empty
 * texts are absent. Shares with `config`; new parts live in the fault's arena. Whether children
 * exist is the caller's to know. Errors: InvalidInput in Route 53's words where they are known.
 */
enum aws_error r53_health_fill(const struct r53_health_check_config *config,
                               struct r53_health_check_config *out, struct aws_fault *fault)
    MUST_USE;

/** The configuration after an update, filled as above. Errors: InvalidInput. */
enum aws_error r53_health_update(const struct r53_health_check_config *before,
                                 const struct r53_update_health_check_request *request,
                                 struct r53_health_check_config *out, struct aws_fault *fault)
    MUST_USE;

/** Whether two filled configurations say the same. */
bool r53_health_is_same(struct arena *a, const struct r53_health_check_config *one,
                        const struct r53_health_check_config *other);

/** An IP literal of an endpoint: 4 or 16 bytes; 0: it is none that a checker may probe. Private
 *  and loopback addresses are fine: checkers are the operator's own machines. */
size_t r53_health_address(const char *text, uint8_t out[16]);

/** The body of a STORE_HEALTH_CHECK object. In `a`. */
struct slice r53_health_encode(struct arena *a, const struct r53_health_check_body *body);
/** Errors: ERR_CORRUPT. Everything in `a`; the configuration is a filled one. */
enum err r53_health_decode(struct arena *a, struct slice text, struct r53_health_check_body *out,
                           struct errctx *ec) MUST_USE;

#endif
