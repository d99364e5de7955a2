// SPDX-License-Identifier: Apache-2.0
// Distributions as rows, and their alternate names. Every text is NUL-terminated; results live in
// the arena given. Every function that changes something is called inside a write transaction. The
// configuration is an object (STORE_DISTRIBUTION).
#ifndef CONTROL_STORE_DISTRIBUTIONS_H
#define CONTROL_STORE_DISTRIBUTIONS_H

#include "control/store/store.h"

struct store_distribution {
    const char *id; /* "E..." */
    const char *account_id;
    const char *caller_reference;
    const char *domain_name; /* lower case, without a final dot */
    const char *etag;        /* of the configuration */
    const char *change_id;   /* of the change that the last create or update is (objects.h) */
    int64_t created_unix_ms;
    int64_t modified_unix_ms;
    bool is_enabled;
    bool is_deployed;        /* read only: that change is in sync */
    const char *held_reason; /* read only: of that change; NULL: not held */
};

/**
 * Errors: ERR_EXISTS where the account used the caller reference before, for a distribution that
 * was removed too; the transaction may go on. The change it names has to be there before it is
 * read.
 */
enum err store_distribution_add(struct store_conn *c, const struct store_distribution *d,
                                struct errctx *ec) MUST_USE;
enum err store_distribution_get(struct store_conn *c, struct arena *a, const char *account_id,
                                const char *id, struct store_distribution *out, struct errctx *ec)
    MUST_USE;
/** Sets etag, change_id, modified_unix_ms and is_enabled. ERR_NOT_FOUND. */
enum err store_distribution_update(struct store_conn *c, const struct store_distribution *d,
                                   struct errctx *ec) MUST_USE;
/** With its aliases and invalidations. ERR_NOT_FOUND. */
enum err store_distribution_remove(struct store_conn *c, const char *id, struct errctx *ec)
    MUST_USE;
enum err store_distribution_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                                  struct errctx *ec) MUST_USE;

/** Which distributions, and from where; at most `limit` rows. */
struct store_distribution_query {
    const char *account_id;
    const char *after_id; /* rows after this one; "": from the start */
    size_t limit;
};
/** By id. */
enum err store_distribution_list(struct store_conn *c, struct arena *a,
                                 const struct store_distribution_query *query,
                                 struct store_distribution **out_distributions, size_t *out_count,
                                 struct errctx *ec) MUST_USE;

/**
 * Replaces the alternate names of a distribution; each is lower case and there once.
 * Errors: ERR_EXISTS where another distribution has one of them; nothing is changed then.
 */
enum err store_alias_replace(struct store_conn *c, const char *distribution_id,
                             const char *const *aliases, size_t count, struct errctx *ec) MUST_USE;

/** A tag of a resource. */
struct store_tag {
    const char *name;
    const char *value; /* NULL: none was given */
};
/** Adds or replaces. */
enum err store_tag_put(struct store_conn *c, const char *resource, const struct store_tag *tag,
                       struct errctx *ec) MUST_USE;
/** One that is not there is fine. */
enum err store_tag_remove(struct store_conn *c, const char *resource, const char *name,
                          struct errctx *ec) MUST_USE;
enum err store_tag_remove_all(struct store_conn *c, const char *resource, struct errctx *ec)
    MUST_USE;
/** By name. */
enum err store_tag_list(struct store_conn *c, struct arena *a, const char *resource,
                        struct store_tag **out_tags, size_t *out_count, struct errctx *ec) MUST_USE;

#endif
