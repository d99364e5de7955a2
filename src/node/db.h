// SPDX-License-Identifier: Apache-2.0
// node.db: what this node holds on its own disk, so that it starts and serves without anybody:
// chunks, the newest pointer, and what was tried, applied, proven, rejected. The agent writes,
// role processes and trials read.
#ifndef NODE_DB_H
#define NODE_DB_H

#include "release/chunk.h"

#include <stdbool.h>

struct node_db;

/** Opens DIR/node.db. A damaged file is set aside (node.db.damaged) by the writer and made anew. */
enum err node_db_open(const char *dir, bool is_writer, struct node_db **out_db, struct errctx *ec)
    MUST_USE;
void node_db_close(struct node_db *db);

/** Reads chunks from this database, unpacked and verified. Valid as long as it is open. */
struct chunk_source node_db_source(struct node_db *db);

bool node_db_has_chunk(struct node_db *db, const struct chunk_hash *hash);
/** The packed bytes as they travel; for peers. */
enum err node_db_packed_chunk(struct node_db *db, struct arena *a, const struct chunk_hash *hash,
                              struct slice *out_packed, struct errctx *ec) MUST_USE;

/** Everything a fetch brings goes in one transaction, so a root on disk is whole or absent. */
enum err node_db_begin(struct node_db *db, struct errctx *ec) MUST_USE;
enum err node_db_commit(struct node_db *db, struct errctx *ec) MUST_USE;
void node_db_rollback(struct node_db *db);
enum err node_db_put_chunk(struct node_db *db, const struct chunk_hash *hash, struct slice packed,
                           struct errctx *ec) MUST_USE;

/** What happened to a root on this node; steps only rise, but for REJECTED. */
enum node_root_step {
    NODE_ROOT_FETCHED = 1,
    NODE_ROOT_TRYING, /* noted before the trial; found at start: the trial took the agent down */
    NODE_ROOT_TRIED,
    NODE_ROOT_APPLIED,
    NODE_ROOT_PROVEN,
    NODE_ROOT_REJECTED, /* until a higher sequence than at_sequence offers it again */
};

struct node_root {
    struct chunk_hash hash;
    enum node_root_step step;
    bool was_proven;
    uint64_t at_epoch; /* of the pointer under which the step happened */
    uint64_t at_sequence;
    int64_t at_unix_ms;
    char reason[256]; /* of a rejection */
};
enum err node_db_put_root(struct node_db *db, const struct node_root *root, struct errctx *ec)
    MUST_USE;
/** Newest first. */
enum err node_db_list_roots(struct node_db *db, struct arena *a, struct node_root **out_roots,
                            size_t *out_count, struct errctx *ec) MUST_USE;
enum err node_db_forget_root(struct node_db *db, const struct chunk_hash *hash, struct errctx *ec)
    MUST_USE;

/** The root that is served (durable before roles are told), and the newest signed pointer. */
enum err node_db_set_serving(struct node_db *db, const struct chunk_hash *root, struct errctx *ec)
    MUST_USE;
enum err node_db_serving(struct node_db *db, struct chunk_hash *out_root, struct errctx *ec)
    MUST_USE;
enum err node_db_set_pointer(struct node_db *db, struct slice signed_pointer, struct errctx *ec)
    MUST_USE;
enum err node_db_pointer(struct node_db *db, struct arena *a, struct slice *out_signed_pointer,
                         struct errctx *ec) MUST_USE;

/** Removes every chunk that no listed root reaches (mark and sweep). */
enum err node_db_collect(struct node_db *db, uint64_t *out_removed, struct errctx *ec) MUST_USE;

#endif
