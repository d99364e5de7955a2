// SPDX-License-Identifier: Apache-2.0
// The names that a compile touches: what they hold afterwards, and which names exist only because
// something below them does (empty non-terminals, RFC 8020, RFC 4592 section 2.2.2).
#ifndef CONTROL_COMPILE_NAMES_PRIV_H
#define CONTROL_COMPILE_NAMES_PRIV_H

#include "base/map.h"
#include "release/objects.h"

/** The trie of names before, and where its chunks are; everything borrowed. */
struct names_before {
    struct trie_seed seed;
    struct trie_ref trie;
    const struct chunk_source *source;
};

/** Touched names by (zone, owner). Owner: the compile; one thread. */
struct names {
    struct arena *arena;
    struct names_before before;
    struct map by_id;
    size_t count;
};

void names_init(struct names *n, struct arena *a, const struct names_before *before);
void names_fini(struct names *n);

/** A zone's place: names at its apex have no parent here. */
struct names_zone {
    const char *id;
    struct slice apex;   /* wire form */
    bool is_transferred; /* by its newest settings: its serial rises with its names */
};

/**
 * The name holds exactly these sets from now on (set_count 0: none). Counts itself in or out at
 * its parents. sets live as long as the arena. Errors: the source's, ERR_CORRUPT.
 */
enum err names_set(struct names *n, const struct names_zone *zone, struct slice owner,
                   const struct release_set *sets, size_t set_count, struct errctx *ec) MUST_USE;

/** The changes of the trie of names; names that ended as they began are among them. In the arena.
 */
struct trie_change *names_changes(struct names *n, size_t *out_count);

#endif
