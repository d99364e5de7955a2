// SPDX-License-Identifier: Apache-2.0
// Shapes: the structures that requests and answers are made of, described as constant tables. The C
// structs and these tables come from the same rows (route53_shapes.def, cloudfront_shapes.def), by
// two inclusions; one parser and one writer (xml.h) and one binder (bind.h) serve them all.
#ifndef AWS_SHAPE_H
#define AWS_SHAPE_H

#include "base/macros.h"

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/** The name of the member that keeps unknown elements: no element can be called so. */
#define AWS_UNKNOWN_NAME "*"

/** The descriptor of a shape: AWS_SHAPE_OF(r53_change) is `aws_shape_r53_change`. */
#define AWS_SHAPE_OF(c_name) AWS_SHAPE_PASTE(c_name)
#define AWS_SHAPE_PASTE(c_name) aws_shape_##c_name

/** How a member looks in C and in XML. */
enum aws_type {
    AWS_TEXT, /* const char *; NULL: absent */
    AWS_ID,   /* const char *, bare in C, with `prefix` in answers; requests may have either */
    AWS_STRIPPED_ID, /* const char *, bare in C and in answers; requests may have the prefix */
    AWS_BOOL,        /* bool, with has_... */
    AWS_NUMBER,      /* int64_t, with has_... */
    AWS_TIME,        /* int64_t, milliseconds of Unix time, with has_... */
    AWS_ENUM,        /* enum; 0: absent */
    AWS_STRUCTURE,   /* struct *; NULL: absent */
    AWS_TEXTS,       /* const char **, with has_... and ..._count: a named wrapper */
    AWS_LIST,        /* array of struct, with has_... and ..._count: a named wrapper */
    AWS_FLAT_LIST,   /* the same without a wrapper */
    AWS_QUANTITY,    /* int64_t: how many elements the counted list beside it was sent to have */
    AWS_UNKNOWN,     /* struct slice: XML of child elements that the shape does not know */
};

/** Where a member travels in a request or an answer. */
enum aws_location {
    AWS_IN_BODY,
    AWS_IN_PATH,
    AWS_IN_QUERY,
    AWS_IN_HEADER,
    AWS_IN_PAYLOAD, /* an AWS_STRUCTURE that is the whole body, its shape the root */
};

struct aws_enum_value {
    const char *text; /* as sent; NULL ends the table */
    unsigned value;   /* never 0, which stands for absent */
    /* Above 0: `text` is followed by a decimal number up to this, which `value` is increased by. */
    unsigned number_max;
};

struct aws_shape;

struct aws_member {
    const char *name; /* element, label, parameter or header; NULL ends the table */
    enum aws_type type;
    enum aws_location location;
    bool is_required;
    bool is_counted;     /* lists: beside an AWS_QUANTITY, and left out where they are empty */
    size_t offset;       /* of the field in the struct */
    size_t has_offset;   /* of its has_... (types that have one) */
    size_t count_offset; /* of its ..._count (lists); AWS_QUANTITY: of its list's */
    int64_t min;         /* length in characters, value, or number of list elements */
    int64_t max;
    const char *element;                 /* lists: name of each element */
    const char *prefix;                  /* ids: "/hostedzone/" */
    const struct aws_enum_value *values; /* AWS_ENUM */
    const struct aws_shape *shape;       /* AWS_STRUCTURE and lists of structures */
};

struct aws_shape {
    const char *name; /* AWS's name; of the root element where the shape is a whole document */
    size_t size;      /* of the C struct */
    const struct aws_member *members;
};

#endif
