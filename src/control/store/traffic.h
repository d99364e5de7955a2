// SPDX-License-Identifier: Apache-2.0
// Traffic policies, their versions and instances as rows. Every text is NUL-terminated; results
// live in the arena given. Every function that changes something is called inside a write
// transaction.
#ifndef CONTROL_STORE_TRAFFIC_H
#define CONTROL_STORE_TRAFFIC_H

#include "control/store/store.h"

/** One version of a policy, with what all versions share. */
struct store_traffic_policy {
    const char *id; /* a UUID */
    const char *account_id;
    const char *name; /* once in an account */
    uint64_t version; /* from 1 */
    const char *type; /* of the record sets: "A" */
    const char *document;
    const char *comment; /* NULL: none */
};

/**
 * A new policy with the version `policy->version`, which is 1.
 * Errors: ERR_EXISTS where the account has a policy of this name.
 */
enum err store_traffic_add(struct store_conn *c, const struct store_traffic_policy *policy,
                           struct errctx *ec) MUST_USE;
/** One more version of a policy that is there; its number is one more than the last one's. */
enum err store_traffic_add_version(struct store_conn *c, const struct store_traffic_policy *policy,
                                   uint64_t *out_version, struct errctx *ec) MUST_USE;

/** Which version. */
struct store_traffic_key {
    const char *account_id;
    const char *id;
    uint64_t version; /* 0: the newest that is there */
};
enum err store_traffic_get(struct store_conn *c, struct arena *a,
                           const struct store_traffic_key *key, struct store_traffic_policy *out,
                           struct errctx *ec) MUST_USE;
/** comment NULL: none. ERR_NOT_FOUND. */
enum err store_traffic_set_comment(struct store_conn *c, const char *id, uint64_t version,
                                   const char *comment, struct errctx *ec) MUST_USE;
/** The policy goes with its last version; the version has no instance. ERR_NOT_FOUND. */
enum err store_traffic_remove(struct store_conn *c, const char *id, uint64_t version,
                              struct errctx *ec) MUST_USE;
/** Policies of the account; the versions of a policy. */
enum err store_traffic_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                             struct errctx *ec) MUST_USE;
enum err store_traffic_count_versions(struct store_conn *c, const char *id, uint64_t *out_count,
                                      struct errctx *ec) MUST_USE;

/** Which policies or versions, and from where; at most `limit` rows. */
struct store_traffic_query {
    const char *account_id;
    const char *id;        /* policies: from this id on, ""; versions: of this policy */
    uint64_t from_version; /* versions: from this one on */
    size_t limit;
};
/** The newest version of each policy, by id. */
enum err store_traffic_list(struct store_conn *c, struct arena *a,
                            const struct store_traffic_query *query,
                            struct store_traffic_policy **out, size_t *out_count, struct errctx *ec)
    MUST_USE;
/** Versions of a policy, by number. */
enum err store_traffic_list_versions(struct store_conn *c, struct arena *a,
                                     const struct store_traffic_query *query,
                                     struct store_traffic_policy **out, size_t *out_count,
                                     struct errctx *ec) MUST_USE;

struct store_traffic_instance {
    const char *id; /* a UUID */
    const char *account_id;
    const char *zone_id;
    const char *name;      /* escaped text with a final dot, lower case */
    struct slice sort_key; /* dns_name_sort_key of the name */
    const char *type;      /* "A"; once with a name of a zone */
    int64_t ttl_s;
    const char *policy_id;
    uint64_t policy_version;
    const char *change_id;   /* of the change that the last create or update is (objects.h) */
    bool is_update;          /* that was an update */
    bool is_applied;         /* read only: that change is in sync */
    const char *held_reason; /* read only: of that change; NULL: not held */
};
/** Errors: ERR_EXISTS where the zone has an instance of this name and type. */
enum err store_traffic_instance_add(struct store_conn *c, const struct store_traffic_instance *i,
                                    struct errctx *ec) MUST_USE;
enum err store_traffic_instance_get(struct store_conn *c, struct arena *a, const char *account_id,
                                    const char *id, struct store_traffic_instance *out,
                                    struct errctx *ec) MUST_USE;
/** Sets ttl_s, policy_id, policy_version, change_id and is_update. ERR_NOT_FOUND. */
enum err store_traffic_instance_update(struct store_conn *c, const struct store_traffic_instance *i,
                                       struct errctx *ec) MUST_USE;
enum err store_traffic_instance_remove(struct store_conn *c, const char *id, struct errctx *ec)
    MUST_USE;
/** Of an account; those of one version of a policy. */
enum err store_traffic_instance_count(struct store_conn *c, const char *account_id,
                                      uint64_t *out_count, struct errctx *ec) MUST_USE;
enum err store_traffic_instance_count_of(struct store_conn *c, const char *policy_id,
                                         uint64_t version, uint64_t *out_count, struct errctx *ec)
    MUST_USE;

/** Which instances, and from where; at most `limit` rows. */
struct store_traffic_instance_query {
    const char *account_id;
    const char *zone_id;   /* of this zone alone; "": all */
    const char *policy_id; /* of this version alone; "": all */
    uint64_t policy_version;
    const char *from_zone_id; /* from here on, included, by zone id, name, type; "": the start */
    struct slice from_sort_key;
    const char *from_type;
    size_t limit;
};
/** By zone id, name, type. */
enum err store_traffic_instance_list(struct store_conn *c, struct arena *a,
                                     const struct store_traffic_instance_query *query,
                                     struct store_traffic_instance **out, size_t *out_count,
                                     struct errctx *ec) MUST_USE;

#endif
