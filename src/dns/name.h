// SPDX-License-Identifier: Apache-2.0
// Domain names in wire form: length-prefixed labels up to the root label, uncompressed
// (RFC 1035 section 3.1). Pure.
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "base/arena.h"
#include "base/err.h"
#include "dns/types.h"

/** A name by value. `len` counts the root label; 0 means unset. */
struct dns_name {
    uint8_t len;
    uint8_t wire[DNS_NAME_MAX_BYTES];
};

/**
 * From text, with or without a final dot (always absolute). Letters become lower-case. Escapes:
 * "\ooo" octal with three digits 0-7, as Route 53 writes them; "\." and "\\" as themselves.
 * Other printable ASCII stands for itself; the rest must be escaped.
 * Errors: ERR_INVALID with the text that API clients see, e.g. "FATAL problem: DomainLabelEmpty
 * (Domain label is empty) encountered with 'www..example.com'" (dns/problems.def has all).
 */
enum err dns_name_parse(struct slice text, struct dns_name *out, struct errctx *ec) MUST_USE;

/** Longest text: each byte escaped as four characters, dots and the NUL. */
#define DNS_NAME_TEXT_SIZE (4 * DNS_NAME_MAX_BYTES + 1)

/**
 * Text with a final dot, "." for the root. Bytes outside a-z 0-9 - _ (and letters of upper case,
 * which stay) become "\ooo" in octal, '*' "\052", as ListResourceRecordSets writes them.
 * Returns the length without the NUL.
 */
size_t dns_name_format(struct slice wire, char out[DNS_NAME_TEXT_SIZE]);

/**
 * The same as master files have it (RFC 1035 section 5.1): '*' as itself, bytes outside a-z 0-9 - _
 * as "\DDD" in decimal.
 */
size_t dns_name_format_master(struct slice wire, char out[DNS_NAME_TEXT_SIZE]);

/** The wire bytes as a slice. */
static inline struct slice dns_name_slice(const struct dns_name *n)
{
    return slice_of(n->wire, n->len);
}

/**
 * Bytes of the uncompressed name at the start of `bytes`, the root label included; 0 where there
 * is no well-formed name. The one function here for bytes that nobody has checked.
 */
size_t dns_name_measure(struct slice bytes);

/** Whether two wire names are the same without case. */
bool dns_name_equal(struct slice a, struct slice b);

/** Whether `name` is `ancestor` or below it, without case. */
bool dns_name_is_within(struct slice name, struct slice ancestor);

/** Labels without the root: 0 for ".". */
unsigned dns_name_label_count(struct slice wire);

/** The name without its `count` first labels; the slice points into `wire`. */
struct slice dns_name_parent(struct slice wire, unsigned count);

/** "*." before the name; false when that is too long. */
bool dns_name_wildcard_of(struct slice wire, struct dns_name *out);

/** Whether the first label is "*" alone. */
bool dns_name_is_wildcard(struct slice wire);

/**
 * The key that sorts as Route 53 lists names: labels reversed, each in its text form
 * (com.example.www.), compared bytewise. In `a`.
 */
struct slice dns_name_sort_key(struct arena *a, struct slice wire);

#endif
