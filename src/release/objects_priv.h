// SPDX-License-Identifier: Apache-2.0
// What the files of objects share: record sets inside of names, networks inside of zones and
// collections. Private to release/; any thread.
#ifndef RELEASE_OBJECTS_PRIV_H
#define RELEASE_OBJECTS_PRIV_H

#include "release/objects.h"
#include "release/wire_priv.h"

/** The current value as an id in `a`; NULL where it is none, and the message is bad then. */
const char *wire_id(struct arena *a, struct wire_reader *r);

struct slice prefix_encode(struct arena *a, const struct release_prefix *p);
/** Reads the current element of a repeated field of Prefix. */
void prefix_read(struct wire_reader *outer, struct release_prefix *p);

/** Whether there is a client that may transfer, and nothing beyond the limits. */
bool transfer_is_valid(const struct release_transfer *t);
struct slice transfer_encode(struct arena *a, const struct release_transfer *t);
/** Reads the current element; NULL, and the message is bad then, where it is not valid. */
struct release_transfer *transfer_read(struct arena *a, struct wire_reader *outer);

/** Whether a set keeps to the limits and has what its policy needs, and nothing of another's. */
bool set_is_valid(const struct release_set *s);
/** Whether a valid set may stand behind another one of its name. */
bool set_may_follow(const struct release_set *s, const struct release_set *before);

struct slice set_encode(struct arena *a, const struct release_set *s);
/** Reads the current element of a repeated field of Set. */
void set_read(struct arena *a, struct wire_reader *outer, struct release_set *s);

#endif
