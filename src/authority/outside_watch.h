// SPDX-License-Identifier: Apache-2.0
// Outside targets of aliases, resolved in the background and kept: whatever loaded roots refer to
// is asked for by the stub resolver before its TTL ends, and what is known becomes a part of the
// scene, so that no query ever waits for a name server.
#ifndef AUTHORITY_OUTSIDE_WATCH_H
#define AUTHORITY_OUTSIDE_WATCH_H

#include "authority/outside_table.h"
#include "os/loop.h"

/** Owner: the role. The main thread's, but for what says otherwise. */
struct outside_watch;

/** Where a new table goes. Main thread; returns once nobody uses the table before. */
typedef void outside_publish_fn(void *user, const struct outside_table *table);

struct outside_watch_options {
    struct loop *loop;         /* of the main thread */
    struct registry *registry; /* of outside targets; kept until outside_watch_free */
    const char *servers;       /* as resolver_channel_new takes them. Borrowed. */
    const char *path;          /* of the file that keeps good addresses. Borrowed. */
    outside_publish_fn *publish;
    void *user;
    int64_t timeout_ns;     /* of one question; 0: OUTSIDE_TIMEOUT_NS, and so on */
    int64_t retry_ns;       /* after the first failure in a row */
    int64_t keep_s;         /* good addresses, after their TTL */
    int64_t keep_unused_ns; /* names that nothing refers to */
};

/**
 * Starts without a name, but with what the file has. A file that is not what was written is logged
 * and ignored. Errors: ERR_INVALID where `servers` is no list of addresses.
 */
enum err outside_watch_new(const struct outside_watch_options *options, struct outside_watch **out,
                           struct errctx *ec) MUST_USE;

/** Saves the file once more. NULL is fine. The table that was published last is freed. */
void outside_watch_free(struct outside_watch *w);

/** A root was loaded or freed: other names may be held by the registry than before. Any thread. */
void outside_watch_look(struct outside_watch *w);

/**
 * As outside_watch_look, and waits, but OUTSIDE_FIRST_WAIT_NS at most, until what the registry
 * holds was asked for once and is published: a root with a new target then starts with its
 * addresses. Any thread but the main one.
 */
void outside_watch_settle(struct outside_watch *w);

#endif
