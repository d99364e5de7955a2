// SPDX-License-Identifier: Apache-2.0
// Tells secondaries that a zone has changed (RFC 1996): a NOTIFY over UDP to each target of a zone
// whose serial rose, again and later until one answers. Main thread of the role.
#ifndef AUTHORITY_NOTIFY_H
#define AUTHORITY_NOTIFY_H

#include "authority/world.h"
#include "net/address.h"
#include "os/loop.h"

struct tsig_watch;
struct notify;

/** Everything borrowed. */
struct notify_options {
    struct loop *loop;
    const struct tsig_watch *keys;     /* NULL: none */
    const struct net_address *sources; /* of messages; the first of the target's family counts */
    size_t source_count;
    int64_t wait_ns; /* for the first answer; 0: NOTIFY_WAIT_NS */
};

struct notify *notify_new(const struct notify_options *options);
void notify_free(struct notify *n); /* NULL is fine */

/** Who is to be told what, of one world: a copy that any thread may hand over. */
struct notify_list;
struct notify_list *notify_list_of(const struct world *w);

/**
 * The targets as they are now: those whose serial is another one than they were told are told.
 * Takes the list. Main thread.
 */
void notify_update(struct notify *n, struct notify_list *list);

/** Frees a list that nobody took. NULL is fine. */
void notify_list_free(struct notify_list *list);

#endif
