// SPDX-License-Identifier: Apache-2.0
// Invalidations as rows, numbered over the whole store. Called by the API's workers, and by the
// feed on the rollout's thread. Every function that changes something is called inside a write
// transaction.
#ifndef CONTROL_STORE_INVALIDATIONS_H
#define CONTROL_STORE_INVALIDATIONS_H

#include "control/store/store.h"

struct store_invalidation {
    uint64_t number; /* rising, never given twice */
    const char *id;  /* "I..." */
    const char *distribution_id;
    const char *caller_reference;
    int64_t created_unix_ms;
    const char **paths; /* NULL where a listing leaves them out */
    size_t path_count;
    size_t wildcard_count; /* paths that end in `*` */
    bool is_completed;
};

/**
 * Gives it the next number, whatever invalidation->number says. The commit calls the listener of
 * store_on_commit although no version is taken. Completed ones of the distribution beyond the
 * newest STORE_INVALIDATIONS_KEPT are dropped.
 * Errors: ERR_EXISTS where the distribution has one with this caller reference.
 */
enum err store_invalidation_add(struct store_conn *c, const struct store_invalidation *invalidation,
                                uint64_t *out_number, struct errctx *ec) MUST_USE;
enum err store_invalidation_get(struct store_conn *c, struct arena *a, const char *distribution_id,
                                const char *id, struct store_invalidation *out, struct errctx *ec)
    MUST_USE;
enum err store_invalidation_by_reference(struct store_conn *c, struct arena *a,
                                         const char *distribution_id, const char *caller_reference,
                                         struct store_invalidation *out, struct errctx *ec)
    MUST_USE;

/** Which invalidations of a distribution; at most `limit` rows. */
struct store_invalidation_query {
    const char *distribution_id;
    uint64_t before_number; /* rows below it; 0: from the newest */
    size_t limit;
};
/** Newest first, without their paths. */
enum err store_invalidation_list(struct store_conn *c, struct arena *a,
                                 const struct store_invalidation_query *query,
                                 struct store_invalidation **out_invalidations, size_t *out_count,
                                 struct errctx *ec) MUST_USE;

/** What a distribution has in progress. */
struct store_invalidation_load {
    uint64_t batches;
    uint64_t exact_paths;
    uint64_t wildcard_paths;
};
enum err store_invalidation_in_progress(struct store_conn *c, const char *distribution_id,
                                        struct store_invalidation_load *out, struct errctx *ec)
    MUST_USE;

/* ---- for the feed */

/** Where the numbers stand. */
struct store_invalidation_position {
    uint64_t epoch;     /* of the numbers: another store has another one */
    uint64_t number;    /* the newest; 0: none yet */
    uint64_t forgotten; /* rows up to here may be gone: whoever stands below cannot replay */
};
enum err store_invalidation_position(struct store_conn *c, struct store_invalidation_position *out,
                                     struct errctx *ec) MUST_USE;

/**
 * Calls `visit` for each invalidation above `after`, by number, `limit` at most, one row in memory
 * at a time. The row is borrowed; the visitor does not use the connection.
 * Errors: the visitor's, which end the walk.
 */
struct store_invalidation_visitor {
    enum err (*visit)(void *user, const struct store_invalidation *invalidation, struct errctx *ec);
    void *user;
};
enum err store_invalidation_visit(struct store_conn *c, uint64_t after, size_t limit,
                                  const struct store_invalidation_visitor *visitor,
                                  struct errctx *ec) MUST_USE;

/** The newest number of a distribution. */
struct store_invalidation_newest {
    const char *distribution_id;
    uint64_t number;
};
/** Numbers with after < number <= upto. */
struct store_invalidation_range {
    uint64_t after;
    uint64_t upto;
};
/** Of each distribution that has one in the range, by distribution. */
enum err store_invalidation_newest_by_distribution(struct store_conn *c, struct arena *a,
                                                   const struct store_invalidation_range *range,
                                                   struct store_invalidation_newest **out_rows,
                                                   size_t *out_count, struct errctx *ec) MUST_USE;

/** Marks those in progress with number <= upto as completed. */
enum err store_invalidation_complete(struct store_conn *c, uint64_t upto, uint64_t *out_changed,
                                     struct errctx *ec) MUST_USE;

/** Those in progress over the whole store; numbers and times are 0 where there are none. */
struct store_invalidation_backlog {
    uint64_t count;
    uint64_t oldest_number;
    uint64_t oldest_unix_ms;
};
enum err store_invalidation_pending(struct store_conn *c, struct store_invalidation_backlog *out,
                                    struct errctx *ec) MUST_USE;

#endif
