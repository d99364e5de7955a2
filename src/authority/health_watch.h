// SPDX-License-Identifier: Apache-2.0
// Keeps the health table of the dns role as the file of --health-file says, and reads it again
// whenever it changes.
#ifndef AUTHORITY_HEALTH_WATCH_H
#define AUTHORITY_HEALTH_WATCH_H

#include "authority/service.h"

struct health_watch;

/**
 * Reads the file, and begins to look at it; NULL where none is set. A file that cannot be read is
 * logged and counted, once for each content, and the table before stays (none at first: all checks
 * are healthy). One that is missing at first is logged alone. Main thread of the role. Owner: the
 * caller, who frees it before the service.
 * health  registry of ids of health checks; borrowed until health_watch_free
 */
struct health_watch *health_watch_start(struct dns_service *service, struct registry *health);

/** Takes the table out of the scene and frees it. Main thread. NULL is fine. */
void health_watch_free(struct health_watch *w);

/**
 * Reads states of health checks, a line each: ID, then `healthy` or `unhealthy`; what begins with
 * '#' is a comment. Of an id that is there twice the last line counts.
 * *out_unhealthy  numbers of the unhealthy ones in `a`
 * Errors: ERR_INVALID with the line's number.
 */
enum err health_file_parse(struct arena *a, struct slice text, struct registry *health,
                           struct slice *out_unhealthy, struct errctx *ec) MUST_USE;

#endif
