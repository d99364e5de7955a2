// SPDX-License-Identifier: Apache-2.0
// Walking the names of a loaded tree in the order of their keys, one step at a time: all names of
// one zone lie together. Any thread that holds the tree.
#ifndef AUTHORITY_NAME_CURSOR_H
#define AUTHORITY_NAME_CURSOR_H

#include "authority/name_tree.h"

/** Where a walk stands. Embedded by value. */
struct name_cursor {
    const struct name_tree *tree; /* loaded whole; borrowed */
    uint64_t zone;                /* of the keys that are visited */
    uint64_t owner;               /* the least that was not visited yet */
    bool is_over;
};

/** A walk over all names of the zone. */
static inline struct name_cursor name_cursor_of(const struct name_tree *tree, uint64_t zone)
{
    return (struct name_cursor){.tree = tree, .zone = zone};
}

/** Names that share a key, which are nearly always one: entries of one leaf. */
struct name_run {
    const struct name_leaf *leaf;
    size_t first;
    size_t count;
};

/** The next names; false at the end. Cost: one walk down the tree. */
bool name_cursor_next(struct name_cursor *c, struct name_run *out);

/** A name of the run. */
static inline struct name_record name_run_record(const struct name_run *run, size_t index)
{
    return name_record_read(name_leaf_packed(run->leaf, run->first + index).data);
}

#endif
