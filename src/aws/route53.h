// SPDX-License-Identifier: Apache-2.0
// The Route 53 shapes as C structs, made from route53_shapes.def, which documents their fields.
// A field named x has has_x where C has no value for "absent"; lists have x_count.
// Owner: everything points into one arena.
#ifndef AWS_ROUTE53_H
#define AWS_ROUTE53_H

#include "aws/shape.h"

// clang-format off
#include "aws/shape_clear.h"
#include "aws/shape_structs.h"
#include "aws/route53_enums.def"
#include "aws/route53_shapes.def"
#include "aws/shape_clear.h"
// clang-format on

/** "CNAME"; the text of a type as sent. */
const char *r53_rr_type_text(enum r53_rr_type type);

/** "UPSERT"; the text of an action as sent. */
const char *r53_change_action_text(enum r53_change_action action);

#endif
