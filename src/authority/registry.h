// SPDX-License-Identifier: Apache-2.0
// Names that loaded record sets refer to by a small number: health checks, outside targets of
// aliases. Numbers are given once and never again to another name, so that what several roots
// share means the same in all of them.
#ifndef AUTHORITY_REGISTRY_H
#define AUTHORITY_REGISTRY_H

#include "base/arena.h"

/**
 * Owner:   the role (or a trial). Threads: any; each call takes a lock, so none is on the way of an
 *          answer.
 */
struct registry;

struct registry *registry_new(void);
void registry_free(struct registry *r); /* NULL is fine */

/** The number of the name, a new one for a new name. */
uint32_t registry_number(struct registry *r, struct slice name);

/**
 * Whoever loads what refers to a number holds it, and drops it when that is freed; a number without
 * holders stays the name's. Holds count.
 */
void registry_hold(struct registry *r, uint32_t number);
void registry_drop(struct registry *r, uint32_t number);

/** Whether each number below `numbers`, which were given, has holders. */
void registry_held(struct registry *r, bool *out_is_held, uint32_t numbers);

/** Numbers below this were given. */
uint32_t registry_count(struct registry *r);

/** The name of a number that was given, in `a`. */
struct slice registry_name(struct registry *r, struct arena *a, uint32_t number);

#endif
