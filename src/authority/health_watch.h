// SPDX-License-Identifier: Apache-2.0
// Reads the file of --health-file, and again whenever it changes.
#ifndef AUTHORITY_HEALTH_WATCH_H
#define AUTHORITY_HEALTH_WATCH_H

#include "authority/health_file.h"
#include "os/loop.h"

struct health_watch;

struct health_watch_options {
    struct loop *loop;
    struct registry *health; /* ids of health checks */
    const char *path;        /* kept */
    /** What the file says now; borrowed until return. */
    void (*on_said)(void *user, const struct health_said *said, size_t count);
    void *user;
};

/**
 * Reads the file, and begins to look at it. A file that cannot be read is logged and counted, once
 * for each content, and what was said before stays. One that is missing at first is logged alone.
 * Main thread of the role.
 */
struct health_watch *health_watch_start(const struct health_watch_options *options) MUST_USE;
void health_watch_free(struct health_watch *w); /* NULL is fine */

#endif
