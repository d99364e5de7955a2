// SPDX-License-Identifier: Apache-2.0
// What differs between two name trees, evenly sampled where it is much. Called by
// the trial, and by the builder thread for the deltas of transferred zones.
#ifndef AUTHORITY_NAME_DIFF_H
#define AUTHORITY_NAME_DIFF_H

#include "authority/name_tree.h"

/** Called for each name found. A failure ends the walk. */
struct name_diff_visitor {
    enum err (*on_name)(void *user, const struct name_key *key, const struct name_record *record,
                        struct errctx *ec);
    void *user;
};

/**
 * Visits names of `tree` that `other` holds differently or not at all, at most `limit` of them:
 * where there are more, each differing subtree gets its share. Both trees are lazy (or loaded);
 * only subtrees that differ are read.
 */
enum err name_diff(const struct name_tree *tree, const struct name_tree *other, size_t limit,
                   const struct name_diff_visitor *visitor, struct errctx *ec) MUST_USE;

#endif
