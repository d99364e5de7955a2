// SPDX-License-Identifier: Apache-2.0
// Record sets as the zone commands compare them: those of a file and those of a zone in one form.
#ifndef TOOL_ZONE_SETS_H
#define TOOL_ZONE_SETS_H

#include "aws/route53.h"
#include "base/arena.h"
#include "base/err.h"
#include "dns/name.h"

/** What a set is that a master file can or cannot say. */
enum zone_kind {
    ZONE_PLAIN,  /* values, and nothing else */
    ZONE_ALIAS,  /* an alias without a policy */
    ZONE_POLICY, /* a set with an identifier, a health check or another member of a policy */
};

/** One set; everything lives in the arena of whoever made it. */
struct zone_set {
    struct slice owner;    /* wire form, lower case */
    struct slice sort_key; /* dns_name_sort_key of it */
    uint16_t type;
    enum zone_kind kind;
    uint32_t ttl_s;      /* of a plain set, as the next two */
    struct slice *rdata; /* canonical wire form, sorted, each once */
    size_t rdata_count;
    const struct r53_record_set *listed; /* as the API has it; NULL in a file */
    unsigned line;                       /* of its first record in a file, from 1; 0 in a zone */
};

/** Sets in the order of the API's listings: by owner, then type. */
struct zone_sets {
    struct zone_set *items;
    size_t count;
};

/** By owner and type: 0 where both are the same. */
int zone_set_compare(const struct zone_set *a, const struct zone_set *b);

/** Sorts the sets, and the values of each, of which one that stands twice is kept once. */
void zone_sets_sort(struct zone_sets *sets);

/** Whether two plain sets say the same. */
bool zone_set_is_same(const struct zone_set *a, const struct zone_set *b);

/** The set that the API lists; ERR_CORRUPT where its name or a value is none. `listed` is kept. */
enum err zone_set_of_listed(struct arena *a, const struct r53_record_set *listed,
                            struct zone_set *out, struct errctx *ec) MUST_USE;

/** A plain set as the API takes it. */
void zone_set_to_api(struct arena *a, const struct zone_set *set, struct r53_record_set *out);

/** "www.example.com. AAAA", with the name as master files have it. In `a`. */
const char *zone_set_title(struct arena *a, const struct zone_set *set);

#endif
