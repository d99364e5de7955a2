// SPDX-License-Identifier: Apache-2.0
// Record sets that a decision stands behind, as they lie in memory: aliases, and groups of sets of
// one name and type that share a routing policy. Written by the builder thread, read by all.
//
//     tree:    kind (1: enum tree_kind), then
//     alias:   struct alias_head, then the length of the target's name (1), name in wire form
//     group:   struct group_head, its members (struct member_head), then for each of them
//              length of the identifier (2), identifier, set (name_record.h: records or an alias)
//
// A tree is the body of a set that counts no records (name_record.h). Nothing is aligned: heads are
// copied out.
#ifndef AUTHORITY_TREE_RECORD_H
#define AUTHORITY_TREE_RECORD_H

#include "authority/name_record.h"
#include "routing/routing.h"

enum tree_kind { TREE_ALIAS = 1, TREE_GROUP = 2 };

/* In place of a health check's number: there is none. */
#define HEALTH_NONE UINT32_MAX

struct alias_head {
    struct name_key key; /* of the target; of an outside one zeroed */
    uint32_t outside;    /* number of an outside target */
    uint32_t health; /* number of the alias's own check, or HEALTH_NONE; in a group: the member's */
    bool is_outside;
    bool evaluates; /* EvaluateTargetHealth */
};

struct group_head {
    uint32_t collection; /* IP_BASED: its number among registries->locations */
    uint16_t count;      /* 1..ROUTING_MEMBERS_MAX */
    uint8_t policy;      /* enum routing_policy */
};

struct member_head {
    struct routing_member routing;
    uint32_t health; /* number of its check, or HEALTH_NONE */
    uint32_t at;     /* where identifier and set begin, behind the members */
};

/** A set's tree as its readers see it; borrowed. */
struct alias_record {
    struct alias_head head;
    struct slice name; /* of the target, wire form */
};
struct group_record {
    struct group_head head;
    const uint8_t *members;
    const uint8_t *behind; /* identifiers and sets */
};
struct member_record {
    uint32_t health;
    struct slice identifier;
    struct record_set set; /* records, or an alias */
};

/** The kind of a tree (record_set_is_tree). */
static inline enum tree_kind tree_record_kind(const struct record_set *tree)
{
    return (enum tree_kind)tree->body[0];
}

struct alias_record alias_record_read(const struct record_set *tree);
struct group_record group_record_read(const struct record_set *tree);
struct member_record group_record_member(const struct group_record *group, unsigned index);
/** What the policy needs to know of all members, copied to `out`. */
void group_record_routing(const struct group_record *group,
                          struct routing_member out[ROUTING_MEMBERS_MAX]);

/**
 * Appends the tree of an alias, or of `count` sets of one type that share a policy.
 * Errors: ERR_CORRUPT, also for a region or a place that this program does not know.
 */
enum err tree_record_pack_alias(const struct name_packing *packing, const struct release_set *set,
                                struct buf *out, struct errctx *ec) MUST_USE;
enum err tree_record_pack_group(const struct name_packing *packing, const struct release_set *sets,
                                size_t count, struct buf *out, struct errctx *ec) MUST_USE;

/** The key of a collection's location ("ID/NAME") among registries->locations; of the collection
 *  itself: its id. In `a`. */
struct slice location_key(struct arena *a, const char *collection_id, const char *location);

#endif
