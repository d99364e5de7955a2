// SPDX-License-Identifier: Apache-2.0
// The parameters of SVCB and HTTPS records (RFC 9460): text, wire form, rules. Called by parser,
// formatter and check of record data; any thread.
#ifndef DNS_SVC_PARAMS_PRIV_H
#define DNS_SVC_PARAMS_PRIV_H

#include "base/arena.h"
#include "dns/problem_priv.h"

/** Whether keys rise and each value has the form of its key (section 2.2). */
bool svc_params_are_formed(struct slice params);

/** Which rule well-formed parameters break together (sections 7.1.1 and 8). */
enum dns_problem svc_params_broken_rule(struct slice params);

/**
 * `alpn="h2,h3" port=8443` to wire form, keys in order whatever their order in the text; in `a`.
 * *out is untouched unless NONE.
 */
enum dns_problem svc_params_parse(struct arena *a, struct slice text, struct slice *out);

/** Most characters that svc_params_format writes per byte: `no-default-alpn,` in a list of keys. */
#define SVC_PARAMS_TEXT_BYTES_PER_BYTE ((size_t)8)

/** The text of well-formed parameters; returns its end. */
char *svc_params_format(char *to, struct slice params);

#endif
