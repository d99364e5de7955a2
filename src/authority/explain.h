// SPDX-License-Identifier: Apache-2.0
// What a zone of a root answers to one client, and why: the answer of the serving code with the
// decisions on its way. Called by control for TestDNSAnswer, on a worker's thread.
#ifndef AUTHORITY_EXPLAIN_H
#define AUTHORITY_EXPLAIN_H

#include "authority/answer.h"
#include "authority/trace.h"
#include "dns/edns_subnet.h"
#include "dns/name.h"
#include "node/role.h"

/** One question; everything borrowed. */
struct explain_question {
    const char *zone_id;
    struct dns_name name;
    uint16_t type;
    struct view_address resolver;
    bool has_subnet;
    struct dns_edns_subnet subnet;
    uint64_t random; /* turns record sets, draws among weighted ones */
};

/** What the answer depends on besides the root; everything borrowed. */
struct explain_parts {
    const struct atlas *atlas;  /* NULL: no network is known */
    struct slice health_states; /* as text of --health-file; empty: all checks are healthy */
};

struct explain_answer {
    unsigned rcode;
    const char **values; /* of the answer section's records, value_count of them */
    size_t value_count;
    struct trace trace;
};

/**
 * Answers from the root, of which it reads what the question reaches. Outside targets of aliases
 * are not resolved. Everything in `a`.
 * Errors: the source's, ERR_CORRUPT; ERR_INVALID for states that cannot be read; ERR_NOT_FOUND
 * where the root does not have the zone (yet).
 */
enum err explain(struct arena *a, const struct role_root *root, const struct explain_parts *parts,
                 const struct explain_question *question, struct explain_answer *out,
                 struct errctx *ec) MUST_USE;

#endif
