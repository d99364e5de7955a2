// SPDX-License-Identifier: Apache-2.0
// CIDR collections as rows, and the names that route by them. Every text is NUL-terminated; results
// live in the arena given. Every function that changes something is called inside a write
// transaction. Locations and blocks are an object (STORE_CIDR_COLLECTION).
#ifndef CONTROL_STORE_CIDR_H
#define CONTROL_STORE_CIDR_H

#include "control/store/store.h"

struct store_cidr_collection {
    const char *id; /* a UUID */
    const char *account_id;
    const char *name; /* once in an account */
    const char *caller_reference;
    uint64_t revision; /* from 1; each change adds one */
};

/** Errors: ERR_EXISTS where the account has a collection of this name. */
enum err store_cidr_add(struct store_conn *c, const struct store_cidr_collection *collection,
                        struct errctx *ec) MUST_USE;
enum err store_cidr_get(struct store_conn *c, struct arena *a, const char *account_id,
                        const char *id, struct store_cidr_collection *out, struct errctx *ec)
    MUST_USE;
enum err store_cidr_get_named(struct store_conn *c, struct arena *a, const char *account_id,
                              const char *name, struct store_cidr_collection *out,
                              struct errctx *ec) MUST_USE;
/** ERR_NOT_FOUND. */
enum err store_cidr_set_revision(struct store_conn *c, const char *id, uint64_t revision,
                                 struct errctx *ec) MUST_USE;
/** No name may use it any more. ERR_NOT_FOUND. */
enum err store_cidr_remove(struct store_conn *c, const char *id, struct errctx *ec) MUST_USE;
enum err store_cidr_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                          struct errctx *ec) MUST_USE;

/** Which collections, and from where; at most `limit` rows. */
struct store_cidr_query {
    const char *account_id;
    const char *after_id; /* rows after this one; "": from the start */
    size_t limit;
};
/** By id. */
enum err store_cidr_list(struct store_conn *c, struct arena *a,
                         const struct store_cidr_query *query,
                         struct store_cidr_collection **out_collections, size_t *out_count,
                         struct errctx *ec) MUST_USE;

/** A name that routes by a location. */
struct store_cidr_use {
    const char *zone_id;
    struct slice member; /* of the name's object */
    const char *collection_id;
    const char *location;
};
/** The name uses nothing any more. */
enum err store_cidr_use_clear(struct store_conn *c, const char *zone_id, struct slice member,
                              struct errctx *ec) MUST_USE;
/** Each is added once. */
enum err store_cidr_use_add(struct store_conn *c, const struct store_cidr_use *use,
                            struct errctx *ec) MUST_USE;
/** One name that uses the collection, or with `location` its location; ERR_NOT_FOUND: none. */
enum err store_cidr_use_find(struct store_conn *c, struct arena *a, const char *collection_id,
                             const char *location, struct store_cidr_use *out, struct errctx *ec)
    MUST_USE;

#endif
