// SPDX-License-Identifier: Apache-2.0
// Nodes, releases, chunks and the rollout lease as rows.
#ifndef CONTROL_STORE_FLEET_H
#define CONTROL_STORE_FLEET_H

#include "control/store/store.h"

/** What an operator decided about a node. */
enum store_node_state {
    STORE_NODE_PENDING, /* seen, not admitted: gets nothing */
    STORE_NODE_ADMITTED,
    STORE_NODE_CORDONED, /* gets releases, does not count for INSYNC nor for waves */
    STORE_NODE_DRAINING, /* cordoned, and told to leave service */
    STORE_NODE_REMOVED,
};

/** The body of a node's object (STORE_NODE): the public key, then a byte of flags. Stored. */
#define STORE_NODE_KEY_BYTES 32
#define STORE_NODE_BODY_BYTES (STORE_NODE_KEY_BYTES + 1)
#define STORE_NODE_FLAG_DRAINING 1 /* it has to leave service */

struct store_node {
    const char *id;
    uint8_t public_key[STORE_NODE_KEY_BYTES]; /* Ed25519 */
    enum store_node_state state;
    const char *address; /* as first seen or advertised; "" unknown */
    int64_t first_seen_unix_ms;
};
/** ERR_NOT_FOUND where it was never put. */
enum err store_node_get(struct store_conn *c, struct arena *a, const char *id,
                        struct store_node *out, struct errctx *ec) MUST_USE;
/** Adds or replaces. */
enum err store_node_put(struct store_conn *c, const struct store_node *node, struct errctx *ec)
    MUST_USE;
/** Forgets a node that is pending; one that was decided about, or is not there, stays as it is. */
enum err store_node_drop_pending(struct store_conn *c, const char *id, struct errctx *ec) MUST_USE;
enum err store_node_list(struct store_conn *c, struct arena *a, struct store_node **out_nodes,
                         size_t *out_count, struct errctx *ec) MUST_USE;

/**
 * Writes the object by which releases, and through them all nodes, know this node as its row says;
 * one that is removed has none. Takes a version (store_take_version).
 */
enum err store_node_put_object(struct store_conn *c, const struct store_node *node,
                               struct errctx *ec) MUST_USE;

/** The lease of the rollout: `epoch` is its fencing number, checked in every rollout write. */
struct store_lease {
    const char *holder; /* node id and a random number of the process */
    uint64_t epoch;
    int64_t expires_unix_ms;
};
/**
 * Takes or renews the lease in a transaction of its own. A lease taken from another holder (free or
 * expired) raises the epoch. ERR_CONFLICT while another holds it.
 */
enum err store_lease_take(struct store_conn *c, const char *holder, int64_t now_unix_ms,
                          int64_t duration_ms, uint64_t *out_epoch, struct errctx *ec) MUST_USE;

/** Inside a transaction: ERR_CONFLICT when the lease is no longer at this epoch. */
enum err store_lease_check(struct store_conn *c, uint64_t epoch, struct errctx *ec) MUST_USE;

/** Where the rollout stands: one row. */
struct store_rollout {
    uint64_t epoch;
    uint64_t sequence;
    uint8_t stable_root[32]; /* zero before the first */
    uint64_t stable_version;
    uint8_t candidate_root[32]; /* equal to stable_root when nothing is under way */
    uint64_t candidate_version;
    struct slice signed_pointer; /* the newest, as sent to nodes */
};
/** ERR_NOT_FOUND before the first release. */
enum err store_rollout_get(struct store_conn *c, struct arena *a, struct store_rollout *out,
                           struct errctx *ec) MUST_USE;
/** ERR_CONFLICT when the lease's epoch is no longer `row->epoch`. */
enum err store_rollout_put(struct store_conn *c, const struct store_rollout *row, struct errctx *ec)
    MUST_USE;

/** Roots that were stable, newest first; kept while a node runs them, and the last 100. */
struct store_release {
    uint8_t root[32];
    uint64_t version;
    int64_t created_unix_ms;
    struct slice note; /* the rollout's own words about it, opaque here; may be empty */
};
/** Adds it as the newest; replaces the row of a root that was there. */
enum err store_release_add(struct store_conn *c, const struct store_release *release,
                           struct errctx *ec) MUST_USE;
/** The last one added first. */
enum err store_release_list(struct store_conn *c, struct arena *a,
                            struct store_release **out_releases, size_t *out_count,
                            struct errctx *ec) MUST_USE;
/** ERR_NOT_FOUND where it is not listed. */
enum err store_release_remove(struct store_conn *c, const uint8_t root[32], struct errctx *ec)
    MUST_USE;

/**
 * Packed chunks by hash: derived data, in a file of their own (control-chunks.db) that a power cut
 * may set back to an earlier commit, or an operator delete. So: commit chunks in a transaction
 * before the one that publishes their root (it costs no fsync), and where a chunk of a published
 * root is ERR_NOT_FOUND, compile the root again.
 */
enum err store_chunk_get(struct store_conn *c, struct arena *a, const uint8_t hash[32],
                         struct slice *out_packed, struct errctx *ec) MUST_USE;
/** One that exists already only gets its age renewed. */
enum err store_chunk_put(struct store_conn *c, const uint8_t hash[32], struct slice packed,
                         int64_t now_unix_ms, struct errctx *ec) MUST_USE;
/**
 * Removes chunks older than `before_unix_ms` for which `is_marked` says false. Looks at `limit`
 * rows at most a call (and at 10,000), so that, with a transaction for each call, other writers
 * wait no longer than a few milliseconds.
 */
struct store_chunk_sweep {
    bool (*is_marked)(void *user, const uint8_t hash[32]);
    void *user;
    int64_t before_unix_ms;
    size_t limit;
    uint8_t cursor[32]; /* where the next call goes on; zero to start */
};
enum err store_chunk_sweep(struct store_conn *c, struct store_chunk_sweep *sweep,
                           uint64_t *out_removed, bool *out_is_done, struct errctx *ec) MUST_USE;

#endif
