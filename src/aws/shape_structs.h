// SPDX-License-Identifier: Apache-2.0
// The row macros of the shape tables, as C declarations: enums, structs and the names of their
// descriptor tables. Included before a .def file; has no include guard on purpose.
// NOLINTBEGIN(bugprone-macro-parentheses): what a declaration names cannot stand in parentheses
#define ENUM_BEGIN(c_name) enum c_name { c_name##_absent,
#define VALUE(c_value, text) c_value,
#define NUMBERED(c_value, text, largest) c_value,
#define ENUM_END                                                                                   \
    }                                                                                              \
    ;

#define SHAPE_BEGIN(name)                                                                          \
    extern const struct aws_shape AWS_SHAPE_OF(SHAPE);                                             \
    struct SHAPE {
#define TEXT(field, name, location, need, shortest, longest) const char *field;
#define ID(field, name, location, need, prefix) const char *field;
#define STRIPPED_ID(field, name, location, need, prefix) const char *field;
#define BOOL(field, name, location, need) bool has_##field, field;
#define NUMBER(field, name, location, need, smallest, largest)                                     \
    bool has_##field;                                                                              \
    int64_t field;
#define TIME(field, name, location, need)                                                          \
    bool has_##field;                                                                              \
    int64_t field;
#define ENUM(field, name, location, need, c_enum) enum c_enum field;
#define STRUCTURE(field, name, need, c_shape) struct c_shape *field;
#define TEXTS(field, name, need, element, least, longest)                                          \
    bool has_##field;                                                                              \
    size_t field##_count;                                                                          \
    const char **field;
#define LIST(field, name, need, element, least, c_shape)                                           \
    bool has_##field;                                                                              \
    size_t field##_count;                                                                          \
    struct c_shape *field;
#define FLAT_LIST(field, element, need, least, c_shape)                                            \
    bool has_##field;                                                                              \
    size_t field##_count;                                                                          \
    struct c_shape *field;
#define COUNTED_TEXTS(field, element, longest)                                                     \
    int64_t field##_quantity;                                                                      \
    bool has_##field;                                                                              \
    size_t field##_count;                                                                          \
    const char **field;
#define COUNTED_LIST(field, element, c_shape)                                                      \
    int64_t field##_quantity;                                                                      \
    bool has_##field;                                                                              \
    size_t field##_count;                                                                          \
    struct c_shape *field;
#define KEEP_UNKNOWN struct slice unknown;
#define PAYLOAD(field, name, need, c_shape) struct c_shape *field;
#define SHAPE_END                                                                                  \
    }                                                                                              \
    ;
// NOLINTEND(bugprone-macro-parentheses)
