// SPDX-License-Identifier: Apache-2.0
// What checkers say of health checks, as control tells it: the checks and checkers of the newest
// release of the store, and a collector that follows their votes in control's process.
#ifndef CMD_HEALTH_STATUS_H
#define CMD_HEALTH_STATUS_H

#include "control/api/api.h"
#include "control/store/store.h"
#include "net/identity.h"

/** Owner: the control role. Threads: the loop's, but for health_status_ask. */
struct health_status;

/** Starts to follow. Store and loop are borrowed until health_status_free. Errors: those of
 *  store_connect and collector_new. */
enum err health_status_new(struct loop *loop, struct store *store,
                           const struct net_identity *identity, struct health_status **out,
                           struct errctx *ec) MUST_USE;
/** Nobody asks any more. NULL is fine. */
void health_status_free(struct health_status *h);

/**
 * The observe_health of struct api_options, with its user. Any thread but the loop's, which
 * answers. Errors: ERR_UNAVAILABLE where it does not within two seconds.
 */
enum err health_status_ask(struct health_status *h, struct arena *a,
                           const struct api_health_question *question, struct api_observations *out,
                           struct errctx *ec) MUST_USE;

/** The health_of of struct api_options, with its user. Any thread. */
struct api_health health_status_of(struct health_status *h, const char *check_id);
/** The checker_of of struct api_options, with its user. Any thread. */
struct api_checker health_status_checker(struct health_status *h, const char *node_id);

/** The states of all checks, as text of --health-file, in `a`. Any thread. */
struct slice health_status_text(struct health_status *h, struct arena *a) MUST_USE;

#endif
