// SPDX-License-Identifier: Apache-2.0
// Hosted zones and delegation sets as rows. Every text is NUL-terminated; results live in the
// arena given. Every function that changes something is called inside a write transaction.
#ifndef CONTROL_STORE_ZONES_H
#define CONTROL_STORE_ZONES_H

#include "control/store/store.h"

/** Names of a delegation set: Route 53 has four. */
#define STORE_SET_NAMES 4

struct store_delegation_set {
    const char *id;                     /* "N..." */
    const char *names[STORE_SET_NAMES]; /* with a final dot, lower case */
    const char *const *addresses;       /* local addresses it is served on; none: all */
    size_t address_count;
    uint32_t position; /* order of choice */
};

/** Errors: ERR_EXISTS for an id that is taken. */
enum err store_delegation_set_add(struct store_conn *c, const struct store_delegation_set *set,
                                  struct errctx *ec) MUST_USE;
/**
 * Replaces the addresses of a set; whether another set has them is the caller's to know.
 * Errors: ERR_NOT_FOUND for an unknown id.
 */
enum err store_delegation_set_put_addresses(struct store_conn *c, const char *id,
                                            const char *const *addresses, size_t count,
                                            struct errctx *ec) MUST_USE;
enum err store_delegation_set_get(struct store_conn *c, struct arena *a, const char *id,
                                  struct store_delegation_set *out, struct errctx *ec) MUST_USE;
/** All, by position. */
enum err store_delegation_set_list(struct store_conn *c, struct arena *a,
                                   struct store_delegation_set **out_sets, size_t *out_count,
                                   struct errctx *ec) MUST_USE;
/**
 * The first set by position that has no zone of this name; ERR_CONFLICT where all have one.
 */
enum err store_delegation_set_for(struct store_conn *c, struct arena *a, const char *zone_name,
                                  struct store_delegation_set *out, struct errctx *ec) MUST_USE;

struct store_zone {
    const char *id; /* "Z..." */
    const char *account_id;
    const char *name;      /* escaped text with a final dot, lower case */
    struct slice sort_key; /* dns_name_sort_key of the name */
    const char *caller_reference;
    const char *comment;           /* NULL: none was given */
    const char *delegation_set_id; /* NULL: none (private zones) */
    bool is_private;
    uint64_t created_version; /* also the zone's order */
    int64_t created_unix_ms;
    uint64_t set_count; /* resource record sets, those of the zone itself included */
};

/**
 * Errors: ERR_EXISTS where the account used the caller reference before, for a zone that was
 * removed too; the transaction may go on.
 */
enum err store_zone_add(struct store_conn *c, const struct store_zone *zone, struct errctx *ec)
    MUST_USE;
enum err store_zone_get(struct store_conn *c, struct arena *a, const char *account_id,
                        const char *id, struct store_zone *out, struct errctx *ec) MUST_USE;
enum err store_zone_set_comment(struct store_conn *c, const char *id, const char *comment,
                                struct errctx *ec) MUST_USE;
/** Adds `delta` to set_count. ERR_INVALID where it would fall below 0. */
enum err store_zone_add_sets(struct store_conn *c, const char *id, int64_t delta, struct errctx *ec)
    MUST_USE;
enum err store_zone_remove(struct store_conn *c, const char *id, struct errctx *ec) MUST_USE;
enum err store_zone_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                          struct errctx *ec) MUST_USE;

/** Which zones, and from where; at most `limit` rows. */
struct store_zone_query {
    const char *account_id;
    const char *after_id;          /* by id: rows after this one; NULL: from the start */
    const char *delegation_set_id; /* only zones of this set; NULL: all */
    bool by_name;                  /* order by (sort_key, id) instead */
    struct slice from_sort_key;    /* by name: from here on, included ... */
    const char *from_id;           /* ... and from this id where the key is equal; NULL: any */
    size_t limit;
};
enum err store_zone_list(struct store_conn *c, struct arena *a,
                         const struct store_zone_query *query, struct store_zone **out_zones,
                         size_t *out_count, struct errctx *ec) MUST_USE;

/** Which zones of a delegation set, of every account: those behind a name and id. */
struct store_set_zones_query {
    const char *delegation_set_id;
    const char *after_name; /* "" from the start */
    const char *after_id;   /* "" from the start */
    size_t limit;
};
/** By (name, id). */
enum err store_zone_list_of_set(struct store_conn *c, struct arena *a,
                                const struct store_set_zones_query *query,
                                struct store_zone **out_zones, size_t *out_count, struct errctx *ec)
    MUST_USE;

#endif
