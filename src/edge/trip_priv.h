// SPDX-License-Identifier: Apache-2.0
// What trip.c and trip_head.c call of each other.
#ifndef EDGE_TRIP_PRIV_H
#define EDGE_TRIP_PRIV_H

#include "edge/pipeline_priv.h"

/* trip.c */

/** Sends `t->decision.sent`. */
void edge_trip_call(struct edge_trip *t);
/** Frees a trip that holds no fetch, fill, viewer or call any more. */
void edge_trip_end(struct edge_trip *t);
/** Likewise, where the call still runs. */
void edge_trip_cancel(struct edge_trip *t);
/** Viewer and trip forget each other; NULL: there was none. */
struct edge_request *edge_trip_take_viewer(struct edge_trip *t);
/** The fetch, to end it. */
struct cache_fetch *edge_trip_take_fetch(struct edge_trip *t);
/** From now on the body fills an object; NULL: there is no body. */
void edge_trip_fill(struct edge_trip *t, struct cache_fill *fill);

/* trip_head.c */

/** The final head came: the sink is chosen, or the trip ends. */
void edge_trip_take_head(struct edge_trip *t, const struct http_response *head);
/** The call ended without a head. Ends the trip. */
void edge_trip_take_failure(struct edge_trip *t, enum origin_failure failure);

#endif
