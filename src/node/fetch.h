// SPDX-License-Identifier: Apache-2.0
// Bringing a root to this node's disk: only what is missing, every chunk verified, whole or not at
// all. Servers take turns; a fetch that fails begins again where it was, after a pause.
#ifndef NODE_FETCH_H
#define NODE_FETCH_H

#include "feed/feed.h"
#include "node/db.h"

struct fetch;

struct fetch_options {
    struct loop *loop;
    struct node_db *db;
    unsigned kinds; /* bits: what is fetched of a root */
    /**
     * Asks a server for chunks, the next one with each `turn`; false where none can be asked now.
     * The handler's on_done comes once, never before this returns.
     */
    void *ask_user;
    bool (*ask)(void *ask_user, unsigned turn, const struct chunk_hash *hashes, size_t count,
                const struct feed_fetch_handler *handler);
    /** Everything that the root needs is in node.db and unstaged: commit. */
    void (*on_whole)(void *user, const struct chunk_hash *root);
    /** The root's chunks are as control signed them, and make no release. */
    void (*on_unusable)(void *user, const struct chunk_hash *root, const char *why);
    /** node.db failed: the transaction is rolled back, the fetch has stopped. */
    void (*on_disk_error)(void *user, const struct errctx *why);
    void *user;
};

/** The options are copied. */
struct fetch *fetch_new(const struct fetch_options *options) MUST_USE;
void fetch_free(struct fetch *f);

/** Wants this root, or nothing (NULL). Asking again for the same one changes nothing. */
void fetch_want(struct fetch *f, const struct chunk_hash *root);

/** Forgets what it knows of the disk's content, as after a rollback; goes on with what is wanted.
 */
void fetch_restart(struct fetch *f);

/**
 * Whether the disk holds all of a root that these kinds need. A node whose roles were others when
 * it fetched the root may lack some. What cannot be told (the disk fails) counts as held: whoever
 * reads it meets that.
 */
bool fetch_is_whole(struct node_db *db, const struct chunk_hash *root, unsigned kinds);

/** Whether a root is on its way. */
bool fetch_is_active(const struct fetch *f);

#endif
