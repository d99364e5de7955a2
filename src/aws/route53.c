// SPDX-License-Identifier: Apache-2.0
// The descriptors of the Route 53 shapes, from the same rows as their structs. Constant data.
#include "aws/route53.h"

#include "base/check.h"
#include "dns/types.h"

// clang-format off
#include "aws/shape_tables.h"
#include "aws/route53_enums.def"
#include "aws/route53_shapes.def"
#include "aws/route53_health_shapes.def"
#include "aws/route53_traffic_shapes.def"
// clang-format on

static const char *text_of(const struct aws_enum_value *values, unsigned value)
{
    for (; values->text != NULL; values++)
        if (values->value == value)
            return values->text;
    CHECK_MSG(false, "no text for the value %u", value);
    return NULL;
}

const char *r53_rr_type_text(struct arena *a, enum r53_rr_type type)
{
    if (type < R53_TYPE_NUMBERED)
        return text_of(values_of_r53_rr_type, type);
    return arena_printf(a, "TYPE%u", (unsigned)type - R53_TYPE_NUMBERED);
}

uint16_t r53_rr_type_number(enum r53_rr_type type)
{
    if (type >= R53_TYPE_NUMBERED)
        return (uint16_t)(type - R53_TYPE_NUMBERED);
    uint16_t number = 0;
    bool is_known = dns_type_parse(slice_str(text_of(values_of_r53_rr_type, type)), &number);
    CHECK(is_known);
    return number;
}

enum r53_rr_type r53_rr_type_of_number(uint16_t number)
{
    for (unsigned type = R53_TYPE_A; type < R53_TYPE_NUMBERED; type++)
        if (r53_rr_type_number(type) == number)
            return type;
    return (enum r53_rr_type)(R53_TYPE_NUMBERED + number);
}

const char *r53_change_action_text(enum r53_change_action action)
{
    return text_of(values_of_r53_change_action, action);
}

const char *r53_health_type_text(enum r53_health_check_type type)
{
    return text_of(values_of_r53_health_check_type, type);
}

const char *r53_tag_resource_text(enum r53_tag_resource_type type)
{
    return text_of(values_of_r53_tag_resource_type, type);
}
