// SPDX-License-Identifier: Apache-2.0
// Scalar members: text to field, field to text, and the words for a text that does not fit.
// Shared by the XML codec and the binder; private to aws/.
#ifndef AWS_VALUE_PRIV_H
#define AWS_VALUE_PRIV_H

#include "aws/shape.h"
#include "base/arena.h"
#include "base/buf.h"

/** Why a text does not fit its member. */
enum misfit {
    MISFIT_NONE,
    MISFIT_CHARACTER, /* no character that XML can carry */
    MISFIT_BOOL,
    MISFIT_NUMBER,
    MISFIT_TIME,
    MISFIT_SHORT,
    MISFIT_LONG,
    MISFIT_SMALL,
    MISFIT_LARGE,
    MISFIT_ENUM,
};

/** The address of a member's has_... and of its ..._count. */
bool *member_has(const struct aws_member *m, void *object);
size_t *member_count(const struct aws_member *m, void *object);
/** The same for reading. */
size_t member_count_of(const struct aws_member *m, const void *object);

/** The XML that an AWS_UNKNOWN member keeps; empty where there is none. */
struct slice member_unknown(const struct aws_member *m, const void *object);
void member_set_unknown(const struct aws_member *m, void *object, struct slice xml);
/** What an AWS_QUANTITY member was sent as. */
int64_t member_quantity(const struct aws_member *m, const void *object);

/** A pointer field (text, structure, list). */
void *member_pointer(const struct aws_member *m, const void *object);
/** Sets it. */
void member_set_pointer(const struct aws_member *m, void *object, const void *pointer);

/** Whether the member is there (required numbers and lists always are). */
bool member_is_present(const struct aws_member *m, const void *object);

/** Sets a scalar from its text; the copy lives in `a`. The field is untouched on a misfit. */
enum misfit value_set(struct arena *a, const struct aws_member *m, struct slice text, void *object)
    MUST_USE;

/** Appends the text of a present scalar, not escaped. */
void value_append(struct buf *out, const struct aws_member *m, const void *object);

/** The finding in the words of an XML schema validator, as Route 53 answers for bodies. In `a`. */
const char *misfit_in_xml(struct arena *a, enum misfit misfit, const struct aws_member *m,
                          struct slice text);

/** The finding as "Value 'x' at 'field' failed to satisfy constraint: ...". In `a`. */
const char *misfit_in_request(struct arena *a, enum misfit misfit, const struct aws_member *m,
                              struct slice text);

#endif
