// SPDX-License-Identifier: Apache-2.0
// Versioned objects: bodies by (kind, group, member, version). The store does not look into a body.
#ifndef CONTROL_STORE_OBJECTS_H
#define CONTROL_STORE_OBJECTS_H

#include "control/store/store.h"

/** Kinds of objects; the numbers are stored. */
enum store_kind {
    STORE_ZONE = 1, /* group: zone id, member: empty; body: the zone's settings */
    STORE_NAME = 2, /* group: zone id, member: sort key of the owner; body: its record sets */
    STORE_NODE = 3, /* group: node id, member: empty; body: see fleet.h */
    STORE_DISTRIBUTION = 4, /* group: distribution id, member: empty; body: cf_distribution_body */
    STORE_POP = 5,          /* group: name of the PoP, member: empty; body: its nodes */
    STORE_CIDR_COLLECTION = 6, /* group: collection id, member: empty; body: r53_cidr.h */
    STORE_TRAFFIC_RULES = 7,   /* group: r53_traffic_zone_id, member: sort key of a name of
                                  its tree (r53_traffic.h); body: its record sets */
    STORE_HEALTH_CHECK = 8,    /* group: check id, member: empty; body: r53_health.h */
    STORE_CHECKER = 9,         /* group: node id, member: empty; body: checkers.h */
};
#define STORE_KIND_LAST STORE_CHECKER

struct store_object {
    enum store_kind kind;
    const char *group;
    struct slice member;
    uint64_t version;
    bool is_deleted; /* the object does not exist from this version on */
    struct slice body;
};

/**
 * Writes the object at the transaction's version (store_take_version), whatever object->version
 * says. Twice in one transaction: the second one stands.
 */
enum err store_object_put(struct store_conn *c, const struct store_object *object,
                          struct errctx *ec) MUST_USE;

/** The newest row of the object that `which` names (kind, group, member); ERR_NOT_FOUND: deleted.
 */
enum err store_object_get(struct store_conn *c, struct arena *a, const struct store_object *which,
                          struct store_object *out, struct errctx *ec) MUST_USE;

/** The newest row at or below `version`; a deletion or nothing is ERR_NOT_FOUND. */
enum err store_object_get_at(struct store_conn *c, struct arena *a,
                             const struct store_object *which, uint64_t version,
                             struct store_object *out, struct errctx *ec) MUST_USE;

/** Which objects of a group, and from where. */
struct store_object_query {
    enum store_kind kind;
    const char *group;
    struct slice from_member; /* included; empty: from the start */
    size_t limit;             /* rows at most */
};
/** Newest rows that exist, by member. */
enum err store_object_list(struct store_conn *c, struct arena *a,
                           const struct store_object_query *query,
                           struct store_object **out_objects, size_t *out_count, struct errctx *ec)
    MUST_USE;

/** Newest rows that exist of a kind whose groups have one object each, by group. */
struct store_object_groups_query {
    enum store_kind kind;
    size_t limit;
};
enum err store_object_list_groups(struct store_conn *c, struct arena *a,
                                  const struct store_object_groups_query *query,
                                  struct store_object **out_objects, size_t *out_count,
                                  struct errctx *ec) MUST_USE;

/**
 * Calls `visit` for each object (kind, group, member; newest row in the range, deletions
 * included, with its body) that has a row with after < version <= upto. Order: kind, group,
 * member. With after = 0 it is the whole content at `upto`. The object is borrowed. The visitor may
 * use the connection, but for this function. Cost: proportional to the rows in the range.
 * Errors: the visitor's, which end the walk; ERR_CONFLICT where 0 < after < a forgotten version.
 */
struct store_object_visitor {
    enum err (*visit)(void *user, const struct store_object *object, struct errctx *ec);
    void *user;
};
enum err store_object_changes(struct store_conn *c, uint64_t after, uint64_t upto,
                              const struct store_object_visitor *visitor, struct errctx *ec)
    MUST_USE;

/**
 * Drops what no release at or above `version` needs: rows that a newer row at or below `version` of
 * the same object covers, and deletions at or below it. What held objects stand at is kept, so say
 * what is held (store_held_replace) before. At most STORE_FORGET_ROWS_MAX rows a call: call again
 * while *out_dropped is that many. From then on store_object_changes refuses 0 < after < version.
 */
enum err store_object_forget(struct store_conn *c, uint64_t version, uint64_t *out_dropped,
                             struct errctx *ec) MUST_USE;

/** The roles that serve releases, as bits: which of them a change concerns. Stored. */
enum store_role { STORE_ROLE_DNS = 1, STORE_ROLE_EDGE = 2 };
#define STORE_ROLE_COUNT 2
#define STORE_ROLE_SETS 4 /* one for each combination of them */

/**
 * A change as GetChange shows it: one row for each version that a client waits for.
 */
struct store_change {
    const char *id; /* "C..." */
    const char *account_id;
    uint64_t version;
    unsigned roles; /* bits: it is in sync once the nodes of all these roles have it */
    int64_t submitted_unix_ms;
    const char *comment;     /* NULL: none */
    bool is_insync;          /* set once, never taken back */
    const char *held_reason; /* NULL: not held */
};
/** Errors: ERR_EXISTS for an id that is taken. */
enum err store_change_add(struct store_conn *c, const struct store_change *change,
                          struct errctx *ec) MUST_USE;
enum err store_change_get(struct store_conn *c, struct arena *a, const char *account_id,
                          const char *id, struct store_change *out, struct errctx *ec) MUST_USE;

/** Up to which version changes are in sync, for each set of roles that they may concern. */
struct store_insync {
    uint64_t upto[STORE_ROLE_SETS]; /* by the bits of the roles; [0] is no set */
};
/** Marks as in sync every change that is not held, up to the version of its set of roles. */
enum err store_change_set_insync(struct store_conn *c, const struct store_insync *insync,
                                 struct errctx *ec) MUST_USE;

/** Which pending changes: those above a version, `limit` at most. */
struct store_pending_query {
    uint64_t after;
    size_t limit;
};
/** Changes that are not in sync, held ones too, by version. */
enum err store_change_list_pending(struct store_conn *c, struct arena *a,
                                   const struct store_pending_query *query,
                                   struct store_change **out_changes, size_t *out_count,
                                   struct errctx *ec) MUST_USE;

/**
 * An object kept at its proven version although newer rows exist. An object that several rejected
 * changes touch has one row for each of them, all with one at_version: (kind, group, member,
 * change_version) is the key, and each of these changes is held.
 */
struct store_held {
    enum store_kind kind;
    const char *group;
    struct slice member;
    uint64_t at_version;     /* what releases use; 0: the object is left out */
    uint64_t change_version; /* the rejected change */
    const char *reason;
};
/**
 * Replaces the whole set of held objects, and held_reason of the changes they stand for.
 * Errors: ERR_EXISTS for an object that is named twice for one change.
 */
enum err store_held_replace(struct store_conn *c, const struct store_held *held, size_t count,
                            struct errctx *ec) MUST_USE;
enum err store_held_list(struct store_conn *c, struct arena *a, struct store_held **out_held,
                         size_t *out_count, struct errctx *ec) MUST_USE;

#endif
