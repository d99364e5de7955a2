// SPDX-License-Identifier: Apache-2.0
// Health checks as rows, and which of them a calculated one is made of. Every text is
// NUL-terminated; results live in the arena given. Every function that changes something is called
// inside a write transaction. What a check looks at is an object (STORE_HEALTH_CHECK).
#ifndef CONTROL_STORE_HEALTH_CHECKS_H
#define CONTROL_STORE_HEALTH_CHECKS_H

#include "control/store/store.h"

struct store_health_check {
    const char *id; /* a UUID in lower case */
    const char *account_id;
    const char *caller_reference;
    uint64_t revision; /* from 1; each update adds one */
};

/**
 * Errors: ERR_EXISTS where the account used the caller reference before, for a check that was
 * removed too; the transaction may go on.
 */
enum err store_health_check_add(struct store_conn *c, const struct store_health_check *check,
                                struct errctx *ec) MUST_USE;
enum err store_health_check_get(struct store_conn *c, struct arena *a, const char *account_id,
                                const char *id, struct store_health_check *out, struct errctx *ec)
    MUST_USE;
/** The check that the account made with this reference; ERR_NOT_FOUND where it was removed. */
enum err store_health_check_get_referenced(struct store_conn *c, struct arena *a,
                                           const char *account_id, const char *caller_reference,
                                           struct store_health_check *out, struct errctx *ec)
    MUST_USE;
/** ERR_NOT_FOUND. */
enum err store_health_check_set_revision(struct store_conn *c, const char *id, uint64_t revision,
                                         struct errctx *ec) MUST_USE;
/** No check may have it as a child any more. ERR_NOT_FOUND. */
enum err store_health_check_remove(struct store_conn *c, const char *id, struct errctx *ec)
    MUST_USE;
enum err store_health_check_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                                  struct errctx *ec) MUST_USE;
/** Those of all accounts. */
enum err store_health_check_count_all(struct store_conn *c, uint64_t *out_count, struct errctx *ec)
    MUST_USE;

/** Which checks, and from where; at most `limit` rows. */
struct store_health_check_query {
    const char *account_id;
    const char *from_id; /* this one and those behind it; "": from the start */
    size_t limit;
};
/** By id. */
enum err store_health_check_list(struct store_conn *c, struct arena *a,
                                 const struct store_health_check_query *query,
                                 struct store_health_check **out_checks, size_t *out_count,
                                 struct errctx *ec) MUST_USE;

/** The check has no children any more. */
enum err store_health_child_clear(struct store_conn *c, const char *parent_id, struct errctx *ec)
    MUST_USE;
/** Both are there; each is added once. */
enum err store_health_child_add(struct store_conn *c, const char *parent_id, const char *child_id,
                                struct errctx *ec) MUST_USE;
/** The id of one check that has it as a child; ERR_NOT_FOUND: none. */
enum err store_health_child_parent(struct store_conn *c, struct arena *a, const char *child_id,
                                   const char **out_parent_id, struct errctx *ec) MUST_USE;
/** Whether a check is among its own children, their children and so on. Cost: all of these. */
enum err store_health_child_is_circle(struct store_conn *c, const char *id, bool *out_is_circle,
                                      struct errctx *ec) MUST_USE;

#endif
