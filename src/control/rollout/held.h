// SPDX-License-Identifier: Apache-2.0
// The set of objects that a release holds back, and which of them belong together: objects of one
// rejected change, changes of one object, the names of a zone whose settings are held. Pure; the
// rollout's thread.
#ifndef CONTROL_ROLLOUT_HELD_H
#define CONTROL_ROLLOUT_HELD_H

#include "base/buf.h"
#include "control/store/objects.h"

/**
 * Rows (object, rejected change): an object has one row for each change that is held for it, all
 * with the same at_version.
 * Owner: whoever called held_set_init; embedded by value.
 */
struct held_set {
    struct arena arena;      /* of the rows' texts */
    struct store_held *rows; /* sorted by object, then change */
    size_t count;
};

void held_set_init(struct held_set *s);
void held_set_fini(struct held_set *s);

/** Replaces the content by these rows, copied; equal (object, change) rows: the first counts. */
void held_set_assign(struct held_set *s, const struct store_held *rows, size_t count);

/** Replaces the content of `to`; they may not be the same. */
void held_set_copy(struct held_set *to, const struct held_set *from);

/** Adds rows, copied; one that is there already stays as it is. */
void held_set_add(struct held_set *s, const struct store_held *rows, size_t count);

/** Whether both have the same rows, reasons included. */
bool held_set_equal(const struct held_set *a, const struct held_set *b);

/** The first row of the object, or NULL. */
const struct store_held *held_set_find(const struct held_set *s, enum store_kind kind,
                                       const char *group, struct slice member);

/**
 * Collects objects that change, then frees what belongs together with any of them.
 *   held_touch_init, held_touch for each object, held_touch_free
 */
struct held_touch {
    const struct held_set *set;
    bool *is_touched; /* by row */
    bool is_any;
};
void held_touch_init(struct held_touch *t, const struct held_set *set);
void held_touch_fini(struct held_touch *t);
/** A name also touches its zone's settings. */
void held_touch(struct held_touch *t, const struct store_object *object);
/** Replaces `out` by the rows that do not belong together with a touched one. */
void held_touch_free(const struct held_touch *t, struct held_set *out);

/** Each object once, as compile wants them; the texts borrowed from the set, the array in `a`. */
void held_set_objects(const struct held_set *s, struct arena *a, struct store_held **out_objects,
                      size_t *out_count);

/** The lowest version above 0 that an object is held at; UINT64_MAX: none. */
uint64_t held_set_oldest(const struct held_set *s);

/** What is noted about a release in the store: what it held, and why it must not come back. */
struct release_note {
    struct held_set held;
    char *crash_reason; /* NULL: none. The note's own. */
};
void release_note_fini(struct release_note *n);
/** Appends the note's bytes. */
void release_note_encode(struct buf *out, const struct held_set *held, const char *crash_reason);
/** Errors: ERR_CORRUPT. `out` is zeroed or finished. */
enum err release_note_decode(struct slice bytes, struct release_note *out, struct errctx *ec)
    MUST_USE;

#endif
