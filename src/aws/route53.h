// SPDX-License-Identifier: Apache-2.0
// The Route 53 shapes as C structs, made from route53_shapes.def and its like, which document their
// fields.
// A field named x has has_x where C has no value for "absent"; lists have x_count.
// Owner: everything points into one arena.
#ifndef AWS_ROUTE53_H
#define AWS_ROUTE53_H

#include "aws/shape.h"
#include "base/arena.h"

// clang-format off
#include "aws/shape_clear.h"
#include "aws/shape_structs.h"
#include "aws/route53_enums.def"
#include "aws/route53_shapes.def"
#include "aws/route53_health_shapes.def"
#include "aws/route53_traffic_shapes.def"
#include "aws/shape_clear.h"
// clang-format on

/** "CNAME", "TYPE65280"; the text of a type as sent. In `a` where it has no name. */
const char *r53_rr_type_text(struct arena *a, enum r53_rr_type type);

/** The DNS number of a type. */
uint16_t r53_rr_type_number(enum r53_rr_type type);

/** The type of a DNS number: by name where Route 53 has one ("TYPE1" is A), else numbered. */
enum r53_rr_type r53_rr_type_of_number(uint16_t number);

/** "UPSERT"; the text of an action as sent. */
const char *r53_change_action_text(enum r53_change_action action);

/** "HTTPS_STR_MATCH", "healthcheck"; the texts of these as sent. */
const char *r53_health_type_text(enum r53_health_check_type type);
const char *r53_tag_resource_text(enum r53_tag_resource_type type);

#endif
