// SPDX-License-Identifier: Apache-2.0
// The descriptors of the Route 53 shapes, from the same rows as their structs. Constant data.
#include "aws/route53.h"

#include "base/check.h"

// clang-format off
#include "aws/shape_tables.h"
#include "aws/route53_enums.def"
#include "aws/route53_shapes.def"
// clang-format on

static const char *text_of(const struct aws_enum_value *values, unsigned value)
{
    for (; values->text != NULL; values++)
        if (values->value == value)
            return values->text;
    CHECK_MSG(false, "no text for the value %u", value);
    return NULL;
}

const char *r53_rr_type_text(enum r53_rr_type type)
{
    return text_of(values_of_r53_rr_type, type);
}

const char *r53_change_action_text(enum r53_change_action action)
{
    return text_of(values_of_r53_change_action, action);
}
