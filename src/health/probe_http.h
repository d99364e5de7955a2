// SPDX-License-Identifier: Apache-2.0
// What a probe asks over HTTP and what the answer comes to. Pure: bytes in, a finding out.
#ifndef HEALTH_PROBE_HTTP_H
#define HEALTH_PROBE_HTTP_H

#include "base/buf.h"
#include "health/vote_table.h"
#include "http/parse.h"
#include "release/health_check.h"

/** Appends the request of an HTTP or HTTPS check. Bytes of its path that no target can hold are
 *  percent-coded. */
void probe_http_request(struct buf *out, const struct release_health_check *check);

/**
 * One answer as far as it came.
 * Owner:   whoever embeds it, zeroed at first; probe_http_fini ends it.
 * Threads: one at a time.
 */
struct probe_http {
    struct buf head; /* while it is not whole */
    size_t head_at;  /* behind the heads (1xx) that were passed over */
    uint16_t status; /* of the head; 0: it is not whole */
    struct http_body decoder;
    struct buf body; /* its first bytes, PROBE_BODY_MAX_BYTES at most */
};

void probe_http_fini(struct probe_http *p);

/**
 * Takes the next bytes of the answer; `search` is what its body must hold, empty: any, the same
 * each time. PROBE_NONE: more are needed; else the outcome, one of PROBE_PASSED,
 * PROBE_BAD_RESPONSE, PROBE_BAD_STATUS (see p->status), PROBE_NO_MATCH: nothing is to be taken any
 * more. However the bytes are cut into pieces, the outcome is the same. Source: Route 53, how
 * health checks of endpoints are judged: status 2xx or 3xx; the string lies wholly within the first
 * 5,120 bytes of the body; a head of 16,384 bytes at most, as RFC 9112 says.
 */
enum probe_outcome probe_http_take(struct probe_http *p, struct slice search, struct slice bytes);

/** The endpoint ended its side in order, and no outcome was there yet: PROBE_CLOSED, or
 *  PROBE_NO_MATCH where that was the end of the body. */
enum probe_outcome probe_http_close(const struct probe_http *p);

#endif
