// SPDX-License-Identifier: Apache-2.0
// The errors of names and values in the words of the Route 53 API. Called by the text parsers of
// this room, on any thread.
#ifndef DNS_PROBLEM_PRIV_H
#define DNS_PROBLEM_PRIV_H

#include "base/err.h"
#include "base/slice.h"

enum dns_problem {
    DNS_PROBLEM_NONE,
#define DNS_PROBLEM_DEF(symbol, severity, code, prose) DNS_PROBLEM_##symbol,
#include "dns/problems.def"
#undef DNS_PROBLEM_DEF
};

/** What is wrong, in words alone. Static storage. */
const char *dns_problem_prose(enum dns_problem problem);

/** "FATAL problem: CODE (PROSE) encountered with 'NAME'"; ERR_INVALID. */
enum err dns_problem_of_name(struct errctx *ec, enum dns_problem problem, struct slice text);

/** "Invalid Resource Record: 'FATAL problem: CODE (PROSE) encountered with 'VALUE''". */
enum err dns_problem_of_value(struct errctx *ec, enum dns_problem problem, struct slice text);

#endif
