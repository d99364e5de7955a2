// SPDX-License-Identifier: Apache-2.0
// The request to an origin, made of the viewer's: path, body, and the fields that policies name.
// Pure; any thread.
// Source: CloudFront Developer Guide, RequestAndResponseBehaviorCustomOrigin and
// controlling-origin-requests; docs/http.md.
#ifndef EDGE_FORWARD_H
#define EDGE_FORWARD_H

#include "edge/decide.h"

/**
 * The viewer's fields as keys and origins see them: without those that only an edge may set
 * (CloudFront-*, X-Amz-Cf-*, X-Edge-*, X-Weir-*) and those that a Connection field lists, with the
 * CloudFront-* fields that a policy of the behaviour names, as far as they are known here, and with
 * the host that the request is about as Host, whatever that field said. What is no part of this
 * must be in no key: else one viewer could have another's answer made without it.
 * In `a`, or the request's own.
 */
const struct http_fields *edge_viewer_fields(struct arena *a, const struct edge_viewer *viewer,
                                             const struct release_behavior *b);

/**
 * See edge_decide_forward, whose work it is: method, target, fields with Host, framing of the body
 * as the viewer's. Conditions and ranges go along exactly where d->action is EDGE_PASS.
 */
void edge_forward(const struct edge_identity *identity, const struct edge_viewer *viewer,
                  struct arena *a, const struct edge_decision *d, struct http_request *out);

/** Adds the viewer's preconditions and ranges: for an answer that serves this viewer alone. */
void edge_forward_conditions(struct arena *a, const struct http_fields *viewer,
                             struct http_fields *sent);

/** Adds If-None-Match and If-Modified-Since from a stored answer; false: it has no validator. */
bool edge_forward_validators(struct arena *a, const struct http_fields *stored,
                             struct http_fields *sent);

/** Whether a policy of the behaviour sends cookies to the origin. */
bool edge_forwards_cookies(const struct release_behavior *b);

/** Whether all requests of one key bring the origin the same Authorization: it is in the key, or a
 *  field of the origin's own. */
bool edge_shares_authorization(const struct edge_decision *d);

/** Whether a request has been here before: its CDN-Loop (RFC 8586) names the distribution. */
bool edge_is_loop(const struct edge_distribution *d, const struct http_fields *fields);

#endif
