// SPDX-License-Identifier: Apache-2.0
// What the other files of this room share of domain names: case folding and the text parser
// without its error words. Any thread.
#ifndef DNS_NAME_PRIV_H
#define DNS_NAME_PRIV_H

#include "dns/name.h"
#include "dns/problem_priv.h"

/**
 * Each byte in lower case. Label lengths (0..63) and pointers (from 192) map to themselves, so a
 * whole wire name may be folded without looking where its labels begin.
 */
extern const uint8_t dns_lower[256];

/** dns_name_parse for callers with their own words; *out is untouched unless NONE. */
enum dns_problem dns_name_parse_text(struct slice text, struct dns_name *out);

/** Copies the three octal digits at `text` (behind a backslash) as one byte; false if none. */
bool dns_octal_read(struct slice text, uint8_t *out_byte);

/** Whose text it is: escapes are octal in the API of Route 53 and decimal in master files. */
enum dns_text { DNS_TEXT_API, DNS_TEXT_MASTER };

/** "\ooo" or "\DDD" into `out`; returns the end. */
char *dns_escape_write(char *out, uint8_t byte, enum dns_text style);

#endif
