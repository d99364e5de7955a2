// SPDX-License-Identifier: Apache-2.0
// A document on its way from JSON to a tree. Private to aws/.
#ifndef AWS_R53_TRAFFIC_PRIV_H
#define AWS_R53_TRAFFIC_PRIV_H

#include "aws/r53_traffic.h"
#include "base/map.h"

#include <jansson.h>

/** Owner: r53_traffic_parse, on its stack. */
struct traffic_reader {
    struct arena *arena;
    struct aws_fault *fault;
    const char *where; /* "Rule 'x'": what is read now; NULL: the document */
    struct r53_traffic_tree tree;
    struct map endpoints; /* struct r53_traffic_endpoint by id */
    struct map rules;     /* struct r53_traffic_rule by id */
};

/** Fills the fault: "The traffic policy document is not valid: " where ": " words. */
enum aws_error traffic_refuse(struct traffic_reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/**
 * A member as text: clients write numbers and truths with quotes or without. NULL: it is not there.
 */
enum aws_error traffic_text(struct traffic_reader *r, const json_t *object, const char *name,
                            const char **out) MUST_USE;

/** Reads the branches of a rule of this type, out of the rule's object. */
enum aws_error traffic_read_branches(struct traffic_reader *r, const json_t *object,
                                     struct r53_traffic_rule *rule) MUST_USE;

/** What each branch leads to; that all is used and no rule leads back to itself. */
enum aws_error traffic_link(struct traffic_reader *r) MUST_USE;

#endif
