// SPDX-License-Identifier: Apache-2.0
// The row macros of the shape tables, as constant descriptors. Included before a .def file by the
// one .c file that owns its tables; has no include guard on purpose.
#define BODY AWS_IN_BODY
#define PATH AWS_IN_PATH
#define QUERY AWS_IN_QUERY
#define HEADER AWS_IN_HEADER
#define REQUIRED true
#define OPTIONAL false

#define AWS_PASTE2(a, b) a##b
#define AWS_PASTE(a, b) AWS_PASTE2(a, b)

#define ENUM_BEGIN(c_name) static const struct aws_enum_value values_of_##c_name[] = {
#define VALUE(c_value, sent) {.text = (sent), .value = (c_value)},
#define NUMBERED(c_value, sent, largest)                                                           \
    {.text = (sent), .value = (c_value), .number_max = (largest)},
#define ENUM_END                                                                                   \
    {                                                                                              \
        0                                                                                          \
    }                                                                                              \
    }                                                                                              \
    ;

#define SHAPE_BEGIN(aws_name)                                                                      \
    static const struct aws_member AWS_PASTE(members_of_, SHAPE)[];                                \
    const struct aws_shape AWS_SHAPE_OF(SHAPE) = {                                                 \
        .name = (aws_name),                                                                        \
        .size = sizeof(struct SHAPE),                                                              \
        .members = AWS_PASTE(members_of_, SHAPE),                                                  \
    };                                                                                             \
    static const struct aws_member AWS_PASTE(members_of_, SHAPE)[] = {
#define AWS_MEMBER_HEAD(field, sent, where, need)                                                  \
    .name = (sent), .location = (where), .is_required = (need),                                    \
    .offset = offsetof(struct SHAPE, field)
#define AWS_MEMBER_HAS(field) .has_offset = offsetof(struct SHAPE, has_##field)
#define AWS_MEMBER_COUNT(field) .count_offset = offsetof(struct SHAPE, field##_count)

#define TEXT(field, sent, where, need, shortest, longest)                                          \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, where, need),                                                 \
        .type = AWS_TEXT,                                                                          \
        .min = (shortest),                                                                         \
        .max = (longest),                                                                          \
    },
#define ID(field, sent, where, need, id_prefix)                                                    \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, where, need),                                                 \
        .type = AWS_ID,                                                                            \
        .min = 0,                                                                                  \
        .max = 32,                                                                                 \
        .prefix = (id_prefix),                                                                     \
    },
#define STRIPPED_ID(field, sent, where, need, id_prefix)                                           \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, where, need),                                                 \
        .type = AWS_STRIPPED_ID,                                                                   \
        .min = 0,                                                                                  \
        .max = 32,                                                                                 \
        .prefix = (id_prefix),                                                                     \
    },
#define BOOL(field, sent, where, need)                                                             \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, where, need),                                                 \
        .type = AWS_BOOL,                                                                          \
        AWS_MEMBER_HAS(field),                                                                     \
    },
#define NUMBER(field, sent, where, need, smallest, largest)                                        \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, where, need),                                                 \
        .type = AWS_NUMBER,                                                                        \
        AWS_MEMBER_HAS(field),                                                                     \
        .min = (smallest),                                                                         \
        .max = (largest),                                                                          \
    },
#define TIME(field, sent, where, need)                                                             \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, where, need),                                                 \
        .type = AWS_TIME,                                                                          \
        AWS_MEMBER_HAS(field),                                                                     \
    },
#define ENUM(field, sent, where, need, c_enum)                                                     \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, where, need),                                                 \
        .type = AWS_ENUM,                                                                          \
        .values = values_of_##c_enum,                                                              \
    },
#define STRUCTURE(field, sent, need, c_shape)                                                      \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, BODY, need),                                                  \
        .type = AWS_STRUCTURE,                                                                     \
        .shape = &AWS_SHAPE_OF(c_shape),                                                           \
    },
#define TEXTS(field, sent, need, item, least, longest)                                             \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, BODY, need),                                                  \
        .type = AWS_TEXTS,                                                                         \
        AWS_MEMBER_HAS(field),                                                                     \
        AWS_MEMBER_COUNT(field),                                                                   \
        .element = (item),                                                                         \
        .min = (least),                                                                            \
        .max = (longest),                                                                          \
    },
#define LIST(field, sent, need, item, least, c_shape)                                              \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, BODY, need),                                                  \
        .type = AWS_LIST,                                                                          \
        AWS_MEMBER_HAS(field),                                                                     \
        AWS_MEMBER_COUNT(field),                                                                   \
        .element = (item),                                                                         \
        .min = (least),                                                                            \
        .shape = &AWS_SHAPE_OF(c_shape),                                                           \
    },
#define FLAT_LIST(field, item, need, least, c_shape)                                               \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, item, BODY, need),                                                  \
        .type = AWS_FLAT_LIST,                                                                     \
        AWS_MEMBER_HAS(field),                                                                     \
        AWS_MEMBER_COUNT(field),                                                                   \
        .element = (item),                                                                         \
        .min = (least),                                                                            \
        .shape = &AWS_SHAPE_OF(c_shape),                                                           \
    },
#define AWS_QUANTITY_OF(field)                                                                     \
    {                                                                                              \
        AWS_MEMBER_HEAD(field##_quantity, "Quantity", BODY, REQUIRED),                             \
        .type = AWS_QUANTITY,                                                                      \
        AWS_MEMBER_COUNT(field),                                                                   \
        .min = 0,                                                                                  \
        .max = INT32_MAX,                                                                          \
    },
#define COUNTED_TEXTS(field, item, longest)                                                        \
    AWS_QUANTITY_OF(field){                                                                        \
        AWS_MEMBER_HEAD(field, "Items", BODY, OPTIONAL),                                           \
        .type = AWS_TEXTS,                                                                         \
        .is_counted = true,                                                                        \
        AWS_MEMBER_HAS(field),                                                                     \
        AWS_MEMBER_COUNT(field),                                                                   \
        .element = (item),                                                                         \
        .max = (longest),                                                                          \
    },
#define COUNTED_LIST(field, item, c_shape)                                                         \
    AWS_QUANTITY_OF(field){                                                                        \
        AWS_MEMBER_HEAD(field, "Items", BODY, OPTIONAL),                                           \
        .type = AWS_LIST,                                                                          \
        .is_counted = true,                                                                        \
        AWS_MEMBER_HAS(field),                                                                     \
        AWS_MEMBER_COUNT(field),                                                                   \
        .element = (item),                                                                         \
        .shape = &AWS_SHAPE_OF(c_shape),                                                           \
    },
#define KEEP_UNKNOWN                                                                               \
    {                                                                                              \
        AWS_MEMBER_HEAD(unknown, AWS_UNKNOWN_NAME, BODY, OPTIONAL),                                \
        .type = AWS_UNKNOWN,                                                                       \
    },
#define PAYLOAD(field, sent, need, c_shape)                                                        \
    {                                                                                              \
        AWS_MEMBER_HEAD(field, sent, AWS_IN_PAYLOAD, need),                                        \
        .type = AWS_STRUCTURE,                                                                     \
        .shape = &AWS_SHAPE_OF(c_shape),                                                           \
    },
#define SHAPE_END                                                                                  \
    {                                                                                              \
        0                                                                                          \
    }                                                                                              \
    }                                                                                              \
    ;
