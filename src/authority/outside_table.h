// SPDX-License-Identifier: Apache-2.0
// What outside targets of aliases answer, as queries see it: by number, the very records that an
// answer copies. Made anew by the watch of outside names (or for a trial) and never changed.
#ifndef AUTHORITY_OUTSIDE_TABLE_H
#define AUTHORITY_OUTSIDE_TABLE_H

#include "authority/name_record.h"
#include "dns/types.h"

/** What is known of an outside target. */
enum outside_state {
    OUTSIDE_UNKNOWN, /* not resolved yet */
    OUTSIDE_FRESH,   /* its last resolution gave addresses */
    OUTSIDE_KEPT,    /* resolution fails; the last good addresses stand */
    OUTSIDE_ABSENT,  /* no such name, or no address of this type */
    OUTSIDE_FAILED,  /* resolution fails, and no good addresses are left */
};

/** One outside target. */
struct outside_entry {
    uint16_t type;       /* DNS_TYPE_A or DNS_TYPE_AAAA */
    uint16_t count;      /* records; 0: it cannot be answered and is unhealthy */
    uint32_t body_bytes; /* of the records */
    const uint8_t *body; /* the records as name_record.h packs them, their TTL at most 60 s */
    enum outside_state state;
};

/**
 * Owner:   whoever made it. Threads: any may read.
 */
struct outside_table {
    uint32_t count; /* numbers of the registry of outside targets below this may be known */
    bool is_assumed;
    struct outside_entry entries[]; /* by number */
};

/** A table for trials, which resolve nothing: every target has one address (RFC 5737, RFC 3849). */
extern const struct outside_table outside_assumed;
extern const struct outside_entry outside_assumed_v4;
extern const struct outside_entry outside_assumed_v6;

/** What is known of a number; NULL: nothing. `t` NULL: no table. `type` is the target's. */
static inline const struct outside_entry *outside_table_entry(const struct outside_table *t,
                                                              uint32_t number, uint16_t type)
{
    if (t == NULL)
        return NULL;
    if (t->is_assumed)
        return type == DNS_TYPE_AAAA ? &outside_assumed_v6 : &outside_assumed_v4;
    return number < t->count ? &t->entries[number] : NULL;
}

/**
 * The records of an outside target as a set to be answered under the alias's owner. False: none
 * that may be used; the target is unhealthy. Borrowed from the table. Any thread, no lock.
 */
static inline bool outside_table_find(const struct outside_table *t, uint32_t number, uint16_t type,
                                      struct record_set *out)
{
    const struct outside_entry *entry = outside_table_entry(t, number, type);
    if (entry == NULL || entry->count == 0)
        return false;
    *out = (struct record_set){.type = entry->type,
                               .count = entry->count,
                               .body_bytes = entry->body_bytes,
                               .body = entry->body};
    return true;
}

/** The name of an outside target in its registry, in `a`: type in network order, name in wire form.
 */
struct slice outside_key(struct arena *a, uint16_t type, struct slice name);

/** What is known of one number, as input of a table. */
struct outside_answer {
    uint16_t type; /* 0: the number is unknown, and nothing else counts */
    enum outside_state state;
    uint32_t ttl_s;
    const uint8_t *addresses; /* `count` of them, 4 bytes each for A, 16 for AAAA; borrowed */
    unsigned count;
};

/** The table of `count` numbers; all is copied. Free it with outside_table_free. */
struct outside_table *outside_table_new(const struct outside_answer *answers, uint32_t count)
    MUST_USE;
void outside_table_free(struct outside_table *t); /* NULL is fine */

#endif
