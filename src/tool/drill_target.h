// SPDX-License-Identifier: Apache-2.0
// What a drill is about: the sets of one name and type, which of them fails, and its health check.
#ifndef TOOL_DRILL_TARGET_H
#define TOOL_DRILL_TARGET_H

#include "aws/route53.h"
#include "tool/drill_answer.h"
#include "tool/drill_timeline.h"

struct tool_client;

/** Texts and the rest live in the arena of whoever asked. */
struct drill_target {
    const char *zone_id;
    const char *name;  /* with a final dot */
    const char *title; /* the same without it */
    struct dns_name owner;
    uint16_t type; /* DNS_TYPE_A or DNS_TYPE_AAAA */
    const char *type_text;
    const char *policy;  /* "failover", "weighted", ... */
    bool is_exclusive;   /* failover: one set at a time is answered */
    size_t set_count;    /* of the name and type */
    const char *primary; /* SetIdentifier of the set that fails */
    const char *health_check_id;
    const struct r53_health_check_config *check;
    uint32_t ttl_s;                      /* of the primary; 0 of an alias */
    bool is_alias;                       /* the addresses of the primary are elsewhere */
    struct drill_addresses addresses;    /* of the primary; none of an alias */
    struct drill_addresses alternatives; /* of the other sets, as far as they are no aliases */
};

/** What is asked for; borrowed. */
struct drill_wanted {
    const char *zone; /* id or name */
    const char *name;
    const char *type; /* "A", "AAAA" */
    const char *set;  /* SetIdentifier; NULL: the primary, or the first with a health check */
};

/**
 * Finds it through the API. Errors: those of the calls, ERR_NOT_FOUND where there are no such sets,
 * ERR_INVALID where they cannot fail over: one set only, or no health check.
 */
enum err drill_target_find(const struct tool_client *client, struct arena *a,
                           const struct drill_wanted *wanted, struct drill_target *out,
                           struct errctx *ec) MUST_USE;

/**
 * The part of it that calls nobody: which of `count` sets fails. `out` has zone_id, name, owner and
 * type; the rest but `check` is set.
 */
enum err drill_target_choose(struct arena *a, const struct r53_record_set *sets, size_t count,
                             const char *identifier, struct drill_target *out, struct errctx *ec)
    MUST_USE;

/** Where an answer leads. */
enum drill_verdict drill_target_verdict(const struct drill_target *target,
                                        const struct drill_answer *answer);

/** "192.0.2.1, 192.0.2.2", in `a`; "-" for none. */
const char *drill_addresses_text(struct arena *a, const struct drill_addresses *list,
                                 uint16_t type);

#endif
