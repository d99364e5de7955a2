// SPDX-License-Identifier: Apache-2.0
// The leased override of a health check: asked for, renewed, taken back through the API, beside the
// loop that samples. Functions and callbacks: the loop's thread; calls are made on another.
#ifndef TOOL_DRILL_OVERRIDE_H
#define TOOL_DRILL_OVERRIDE_H

#include "os/loop.h"
#include "tool/client.h"

struct drill_override;

enum drill_override_event {
    DRILL_OVERRIDE_SET,     /* accepted for the first time */
    DRILL_OVERRIDE_RENEWED, /* or not: `why` */
    DRILL_OVERRIDE_CLEARED,
};

/** Everything is kept until drill_override_free. */
struct drill_override_options {
    struct loop *loop;
    const struct tool_client *client; /* nobody else uses it meanwhile */
    const char *health_check_id;
    unsigned lease_s;
    /** `why` NULL: it is so since the call that was sent at `sent_ns`; else why it failed. */
    void (*on_event)(void *user, enum drill_override_event event, int64_t sent_ns,
                     const struct errctx *why);
    void *user;
};

/** Starts a thread: watch signals before. Asks for nothing yet. */
struct drill_override *drill_override_new(const struct drill_override_options *options) MUST_USE;

/** The check counts as unhealthy from now on, renewed until it is cleared. */
void drill_override_set(struct drill_override *o);

/** No longer. */
void drill_override_clear(struct drill_override *o);

/**
 * Ends the thread; clears what may still be set, which blocks. Errors: those of the call: then the
 * override ends by itself with its lease. NULL is fine.
 */
enum err drill_override_free(struct drill_override *o, struct errctx *ec) MUST_USE;

#endif
