// SPDX-License-Identifier: Apache-2.0
// Removing chunks that no kept root reaches: mark and sweep over node.db, a few chunks in each
// turn of the loop.
#ifndef NODE_COLLECT_H
#define NODE_COLLECT_H

#include "node/db.h"
#include "os/loop.h"

struct node_collector;

struct node_collector_options {
    struct loop *loop;
    struct node_db *db;
    unsigned kinds; /* bits: what is kept of a root */
    /** Whether a fetch is under way: what it relies on cannot be told from what nothing needs. */
    bool (*is_fetching)(void *user);
    /** It ended; ERR_OK, or why it gave up (the next one begins anew). */
    void (*on_end)(void *user, enum err result, const struct errctx *ec);
    void *user;
};

/** The options are copied. */
struct node_collector *node_collector_new(const struct node_collector_options *options) MUST_USE;
void node_collector_free(struct node_collector *c);

/** Begins; `roots` are whole on disk, and all that is kept. Not while one is under way. */
void node_collector_start(struct node_collector *c, const struct chunk_hash *roots, size_t count);

/** One more root has become whole meanwhile, and is kept. */
void node_collector_keep(struct node_collector *c, const struct chunk_hash *root);

/** Whether it is under way. */
bool node_collector_is_active(const struct node_collector *c);

#endif
