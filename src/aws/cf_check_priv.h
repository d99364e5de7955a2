// SPDX-License-Identifier: Apache-2.0
// What the rules of a distribution share: refusals, and questions about texts. Private to aws/.
#ifndef AWS_CF_CHECK_PRIV_H
#define AWS_CF_CHECK_PRIV_H

#include "aws/cloudfront.h"
#include "aws/error.h"

/** Sent, and not empty. */
bool cf_is_set(const char *text);

/** Refuses a value that CloudFront knows and this version of Weir does not serve. */
enum aws_error cf_unavailable(struct aws_fault *fault, enum aws_error code, const char *what);

/** InvalidArgument "The parameter NAME ..."; `finding` says the rest. */
enum aws_error cf_invalid(struct aws_fault *fault, const char *name, const char *finding);

/** InvalidArgument where the number is not within; an absent one is fine. */
enum aws_error cf_check_range(struct aws_fault *fault, const char *name, bool is_sent,
                              int64_t value, const int64_t limits[2]);

/** Labels of letters, digits, - and _, 253 characters at most, no final dot. */
bool cf_is_host_name(const char *text);

/** An IPv4 or IPv6 address, bare. */
bool cf_is_address(const char *text);

/** A token of RFC 9110 section 5.6.2, at most `longest` characters. */
bool cf_is_token(const char *text, size_t longest);

/** At most `longest` characters: ASCII letters, digits and those of `others`. */
bool cf_has_only(const char *text, const char *others, size_t longest);

/** What may stand in a path of a URI, percent-encoded where needed, at most `longest` characters.
 */
bool cf_is_path(const char *text, size_t longest);

/** Whether any of the texts is this one, letters of either case. */
bool cf_lists(const char *const *texts, size_t count, const char *text);

/** The rules of all origins of a configuration. */
enum aws_error cf_check_origins(const struct cf_origins *origins, struct aws_fault *fault);

/** The rules of the default behaviour and of all others. */
enum aws_error cf_check_behaviors(const struct cf_distribution_config *config,
                                  struct aws_fault *fault);

#endif
