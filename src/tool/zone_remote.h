// SPDX-License-Identifier: Apache-2.0
// A zone behind the API, as the zone commands use it.
#ifndef TOOL_ZONE_REMOTE_H
#define TOOL_ZONE_REMOTE_H

#include "tool/client.h"
#include "tool/zone_sets.h"

struct zone_remote {
    const char *id; /* bare; NULL: there is no such zone yet */
    struct dns_name apex;
};

/**
 * Finds the zone of an id ("Z...", "/hostedzone/Z...") or a name. Errors: ERR_NOT_FOUND for an id
 * that no zone has, ERR_CONFLICT for a name that several have, ERR_INVALID for no name. A name
 * without a zone is found with id NULL.
 */
enum err zone_remote_find(const struct tool_client *c, struct arena *a, const char *word,
                          struct zone_remote *out, struct errctx *ec) MUST_USE;

/** The same, of a zone that has to be there: ERR_NOT_FOUND for a name without a zone, too. */
enum err zone_remote_get(const struct tool_client *c, struct arena *a, const char *word,
                         struct zone_remote *out, struct errctx *ec) MUST_USE;

/** Creates the zone and sets its id. */
enum err zone_remote_create(const struct tool_client *c, struct arena *a, struct zone_remote *zone,
                            struct errctx *ec) MUST_USE;

/** All sets of the zone, sorted; page after page. */
enum err zone_remote_list(const struct tool_client *c, struct arena *a,
                          const struct zone_remote *zone, struct zone_sets *out, struct errctx *ec)
    MUST_USE;

/**
 * Sends one batch, again and later where the API says so (Throttling, PriorRequestNotComplete).
 * *out_change_id lives in `a`.
 */
enum err zone_remote_change(const struct tool_client *c, struct arena *a,
                            const struct zone_remote *zone, struct r53_change_batch *batch,
                            const char **out_change_id, struct errctx *ec) MUST_USE;

/** Waits until the change is INSYNC. Errors: ERR_TIMEOUT with what the API says of it. */
enum err zone_remote_wait(const struct tool_client *c, const char *change_id, struct errctx *ec)
    MUST_USE;

#endif
