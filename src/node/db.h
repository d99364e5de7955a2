// SPDX-License-Identifier: Apache-2.0
// node.db: what this node holds on its own disk, so that it starts and serves without anybody:
// chunks, the newest pointer, and what was tried, applied, proven, rejected. The agent writes,
// role processes and trials read.
//
// Writes gather in one transaction until node_db_commit: nothing is durable, or seen by another
// connection, before. A chunk is *staged* until everything below it is on the disk as well, then
// it is *whole*; so what an unfinished fetch brought is kept and never mistaken for a release.
#ifndef NODE_DB_H
#define NODE_DB_H

#include "base/map.h"
#include "release/chunk.h"

#include <stdbool.h>

/**
 * One connection to DIR/node.db.
 * Threads: one at a time. Fork: a child opens its own and never touches an inherited one.
 */
struct node_db;

/**
 * Opens DIR/node.db. The writer makes it where it is missing, and anew where it is damaged or of
 * another format, after node_db_set_aside. A reader waits for nobody and changes nothing.
 * Errors: ERR_IO; ERR_CORRUPT (readers only), ERR_NOT_FOUND (readers only).
 */
enum err node_db_open(const char *dir, bool is_writer, struct node_db **out_db, struct errctx *ec)
    MUST_USE;
void node_db_close(struct node_db *db);

/** Moves a damaged file out of the way: node.db.damaged, over an older one. */
enum err node_db_set_aside(const char *dir, struct errctx *ec) MUST_USE;

/**
 * Reads chunks from this database, unpacked and verified; staged ones, too. Valid as long as it is
 * open. Errors: ERR_NOT_FOUND, ERR_CORRUPT, ERR_IO.
 */
struct chunk_source node_db_source(struct node_db *db);

/** The packed bytes as they travel, in `a`; for peers. */
enum err node_db_packed_chunk(struct node_db *db, struct arena *a, const struct chunk_hash *hash,
                              struct slice *out_packed, struct errctx *ec) MUST_USE;

enum node_chunk_state { NODE_CHUNK_ABSENT, NODE_CHUNK_STAGED, NODE_CHUNK_WHOLE };

/** What the database holds of a chunk. */
enum err node_db_chunk_state(struct node_db *db, const struct chunk_hash *hash,
                             enum node_chunk_state *out_state, struct errctx *ec) MUST_USE;
/** Adds a chunk, staged; one that is there stays as it is. The bytes were verified. */
enum err node_db_put_chunk(struct node_db *db, const struct chunk_hash *hash, struct slice packed,
                           struct errctx *ec) MUST_USE;
/** The chunk is whole from now on. */
enum err node_db_unstage(struct node_db *db, const struct chunk_hash *hash, struct errctx *ec)
    MUST_USE;

/** Makes all writes since the last commit durable, or loses them all. Nothing to do is fine. */
enum err node_db_commit(struct node_db *db, struct errctx *ec) MUST_USE;
/** Loses them all; after a write that failed, which may have lost those before it. */
void node_db_rollback(struct node_db *db);

/** What happened to a root on this node; steps only rise, but for REJECTED. */
enum node_root_step {
    NODE_ROOT_FETCHED = 1, /* whole on this disk, and so in all later steps but REJECTED */
    NODE_ROOT_TRYING,      /* noted before the trial */
    NODE_ROOT_TRIED,
    NODE_ROOT_APPLIED,
    NODE_ROOT_PROVEN,
    NODE_ROOT_REJECTED, /* until a pointer of a higher sequence offers it anew */
};

#define NODE_REASON_SIZE 256

struct node_root {
    struct chunk_hash hash;
    enum node_root_step step;
    bool was_proven;
    uint64_t at_epoch; /* of the pointer under which the step happened */
    uint64_t at_sequence;
    int64_t at_unix_ms;
    char reason[NODE_REASON_SIZE]; /* of a rejection, or of a trial that is repeated */
};

/** Adds a root's row, or replaces it. */
enum err node_db_put_root(struct node_db *db, const struct node_root *root, struct errctx *ec)
    MUST_USE;
/** Newest first. */
enum err node_db_list_roots(struct node_db *db, struct arena *a, struct node_root **out_roots,
                            size_t *out_count, struct errctx *ec) MUST_USE;
/** Removes the row; the chunks go with the next collection. */
enum err node_db_forget_root(struct node_db *db, const struct chunk_hash *hash, struct errctx *ec)
    MUST_USE;

/** Single values. */
enum node_fact {
    NODE_FACT_SERVING,        /* hash of the root that is served; durable before roles are told */
    NODE_FACT_SIGNED_POINTER, /* the newest one, as it came; for peers */
    NODE_FACT_POINTER,        /* the same after it was verified: the encoded Pointer alone */
    NODE_FACT_VERSION,        /* of the program that wrote last */
    NODE_FACT_COUNT
};
/** Sets a value. */
enum err node_db_set_fact(struct node_db *db, enum node_fact fact, struct slice value,
                          struct errctx *ec) MUST_USE;
/** The value in `a`; ERR_NOT_FOUND before the first. */
enum err node_db_fact(struct node_db *db, struct arena *a, enum node_fact fact,
                      struct slice *out_value, struct errctx *ec) MUST_USE;

/**
 * Stages every chunk whose hash is no key of `marked`: it may be removed. Commits.
 */
enum err node_db_stage_others(struct node_db *db, const struct map *marked, struct errctx *ec)
    MUST_USE;
/** Removes at most `limit` staged chunks, and commits. 0 removed: none is left. */
enum err node_db_sweep(struct node_db *db, unsigned limit, unsigned *out_removed, struct errctx *ec)
    MUST_USE;

#endif
