// SPDX-License-Identifier: Apache-2.0
// Checkers, the nodes that probe, as objects (STORE_CHECKER): written by the rollout from what
// nodes report, marked by an operator through the API, compiled into releases.
#ifndef CONTROL_STORE_CHECKERS_H
#define CONTROL_STORE_CHECKERS_H

#include "control/store/fleet.h"

struct store_checker {
    const char *node_id;
    uint8_t public_key[STORE_NODE_KEY_BYTES]; /* Ed25519 */
    uint8_t address[16];                      /* where it serves its votes; the first bytes count */
    uint8_t address_bytes;                    /* 4 or 16 */
    uint16_t port;                            /* above 0 */
    const char *region;                       /* as its node says where it is; "" unknown */
    bool is_excluded;                         /* an operator does not trust it */
};

/** The body of its object, in `a`; and back, in `a`: ERR_CORRUPT. */
struct slice store_checker_encode(struct arena *a, const struct store_checker *checker);
enum err store_checker_decode(struct arena *a, const char *node_id, struct slice body,
                              struct store_checker *out, struct errctx *ec) MUST_USE;

/** The first `limit` ones, by node id. */
enum err store_checker_list(struct store_conn *c, struct arena *a, size_t limit,
                            struct store_checker **out_checkers, size_t *out_count,
                            struct errctx *ec) MUST_USE;

/** Inside a write transaction. *out_is_changed: it was not so before. ERR_NOT_FOUND. */
enum err store_checker_exclude(struct store_conn *c, const char *node_id, bool is_excluded,
                               bool *out_is_changed, struct errctx *ec) MUST_USE;

#endif
