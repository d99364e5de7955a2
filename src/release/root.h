// SPDX-License-Identifier: Apache-2.0
// Roots and signed pointers: the two things that name a release.
#ifndef RELEASE_ROOT_H
#define RELEASE_ROOT_H

#include "crypto/keys.h"
#include "release/trie.h"

enum release_kind {
    RELEASE_ZONE = 1,
    RELEASE_NAME = 2,
    RELEASE_NODE = 3,
    RELEASE_DISTRIBUTION = 4,
    RELEASE_POP = 5,
    RELEASE_CIDR_COLLECTION = 6,
    RELEASE_HEALTH_CHECK = 7,
    RELEASE_CHECKER = 8,
    RELEASE_KIND_COUNT
};

/** A kind as a bit: sets of kinds are masks. */
#define RELEASE_KIND_BIT(kind) (1u << (kind))

#define RELEASE_FORMAT 1
#define RELEASE_FEATURES_MAX 256

/** A decoded root. Owner: the caller; `features` in the arena that was given. */
struct release_root {
    struct trie_seed seed;
    const char **features; /* sorted */
    size_t feature_count;
    struct trie_ref tries[RELEASE_KIND_COUNT]; /* by enum release_kind; zeroed where empty */
};

/** The root's canonical bytes in `a`; its name is their SHA-256, and it is stored as a chunk. */
struct slice release_root_encode(struct arena *a, const struct release_root *root,
                                 struct chunk_hash *out_hash);
enum err release_root_decode(struct arena *a, struct slice bytes, struct release_root *out,
                             struct errctx *ec) MUST_USE;

#define RELEASE_FEATURE_ALIAS "dns.alias" /* sets with an AliasTarget of the same zone */
/* Sets with routing policies and health checks, their collections, aliases to outside names. */
#define RELEASE_FEATURE_POLICIES "dns.policies"
#define RELEASE_FEATURE_RECORDS "dns.records" /* zones, names, sets with rdata */
/* The trie of distributions, and aliases to names of another zone: those of distributions. */
#define RELEASE_FEATURE_DISTRIBUTIONS "edge.distributions"
#define RELEASE_FEATURE_POPS "edge.pops"    /* the trie of points of presence */
#define RELEASE_FEATURE_NODES "fleet.nodes" /* the trie of nodes */
/* The tries of health checks and of checkers. */
#define RELEASE_FEATURE_CHECKS "health.checks"

/** The features that this binary serves, sorted. */
extern const char *const release_features[];
extern const size_t release_feature_count;
/** The first feature of the root that this binary lacks, or NULL. */
const char *release_root_missing_feature(const struct release_root *root);

struct release_pointer {
    uint8_t fleet[SHA256_BYTES];
    uint64_t epoch;
    uint64_t sequence;
    struct chunk_hash stable;
    struct chunk_hash candidate;
    const char **wave; /* node ids */
    size_t wave_count;
};

/** Whether the node runs the candidate. */
bool release_pointer_has_node(const struct release_pointer *p, const char *node_id);

/** (epoch, sequence) order: negative, 0 or positive. */
int release_pointer_compare(const struct release_pointer *a, const struct release_pointer *b);

/** An encoded SignedPointer in `a`. */
struct slice release_pointer_sign(struct arena *a, const struct release_pointer *p,
                                  const struct signing_key *release_key,
                                  struct slice release_key_pem);

/** The Pointer alone, as it is signed; and back, for readers that need not trust it. */
struct slice release_pointer_encode(struct arena *a, const struct release_pointer *p);
enum err release_pointer_decode_unverified(struct arena *a, struct slice bytes,
                                           struct release_pointer *out, struct errctx *ec) MUST_USE;

/**
 * Verifies the chain fleet root -> release key -> pointer, and that it is of this fleet.
 * Errors: ERR_DENIED with the reason, ERR_CORRUPT for bytes that are no pointer.
 */
enum err release_pointer_verify(struct arena *a, struct slice signed_bytes,
                                struct slice fleet_root_pem, int64_t now_unix_s,
                                struct release_pointer *out, struct errctx *ec) MUST_USE;

/** Calls `visit` for every chunk that the root needs, the root's own first, parents before
 *  children; `visit` says whether to go into it (false: it is known to be complete). */
struct release_walk_visitor {
    enum err (*visit)(void *user, const struct chunk_hash *hash, bool *out_enter,
                      struct errctx *ec);
    void *user;
};
enum err release_walk(const struct chunk_hash *root, const struct chunk_source *source,
                      const struct release_walk_visitor *visitor, struct errctx *ec) MUST_USE;

#endif
