// SPDX-License-Identifier: Apache-2.0
// Objects at versions become a root and its chunks. The same content gives the same root on any
// control; a change costs what it touches, however large the rest is.
#ifndef CONTROL_COMPILE_COMPILE_H
#define CONTROL_COMPILE_COMPILE_H

#include "control/store/objects.h"
#include "release/root.h"

/**
 * The content of a release: for each object its newest row at or below `version`, but for the
 * held ones, which are at their own.
 */
struct compile_content {
    uint64_t version;              /* 0: nothing at all */
    const struct store_held *held; /* held_count of them, each object once */
    size_t held_count;
};

/** Where chunks are read and written; the rollout's, over the store. */
struct compile_chunks {
    struct chunk_source source;
    struct chunk_sink sink;
};

/**
 * Compiles the content `after`, starting from a root that was compiled from `before`
 * (before_root all zero and before->version 0 for the first). Reads only objects that differ.
 * conn     in a read or write transaction of the caller
 * seed     the fleet's key of the tries
 * Errors: the store's, the chunks'; ERR_CORRUPT for a body that cannot be read; ERR_INVALID with
 * the object's name for content that must not be served.
 */
struct compile_job {
    struct store_conn *conn;
    struct trie_seed seed;
    struct compile_chunks chunks;
    struct chunk_hash before_root;
    struct compile_content before;
    struct compile_content after;
};
enum err compile_release(const struct compile_job *job, struct chunk_hash *out_root,
                         struct errctx *ec) MUST_USE;

/**
 * Writes the built-in zones (design, section 11), as objects of zones that no account lists: the
 * platform's domain with the addresses of its name servers, and the domain of distributions with
 * those of the points of presence that the store has (STORE_POP), under the name `pops`. The names
 * of distributions there are the API's. Only what differs is written; inside a write transaction.
 * *out_is_changed tells whether a version was taken. Errors: the store's; ERR_INVALID where the
 * domain of distributions moves away from some that exist.
 */
struct compile_builtin {
    const char *platform;         /* "weir.test" */
    const char *cdn_domain;       /* "cdn.weir.test"; another one than the platform's */
    const char *const *addresses; /* IP literals that the names of delegation sets without */
    size_t address_count;         /*   addresses of their own answer with */
};
enum err compile_builtin_zones(struct store_conn *conn, const struct compile_builtin *builtin,
                               bool *out_is_changed, struct errctx *ec) MUST_USE;

#endif
