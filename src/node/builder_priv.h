// SPDX-License-Identifier: Apache-2.0
// The builder thread of a role: loads a root off the main thread and swaps it in.
#ifndef NODE_BUILDER_PRIV_H
#define NODE_BUILDER_PRIV_H

#include "node/role.h"

struct builder;

/** What came of one root; on the loop's thread. */
struct builder_result {
    struct chunk_hash root;
    enum err result;
    struct errctx ec;
};

struct builder_options {
    const char *data_dir;
    const struct role_release_ops *ops;
    void *role_state;
    void (*on_result)(void *user, const struct builder_result *result);
    void *user;
};

/** Starts the thread. The options are copied. */
struct builder *builder_new(struct loop *loop, const struct builder_options *options) MUST_USE;

/** Asks for a root; one that waits is replaced by a newer one. Loop thread. */
void builder_apply(struct builder *b, const struct chunk_hash *root);

/** Tells the role that the root is the stable one, if it is what is served then. Loop thread. */
void builder_settle(struct builder *b, const struct chunk_hash *root);

/**
 * Finishes the root in hand and ends the thread. Loop thread, which runs no posts afterwards: a
 * result still on its way is dropped with the loop.
 */
void builder_free(struct builder *b);

#endif
