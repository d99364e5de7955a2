// SPDX-License-Identifier: Apache-2.0
// The limits of this room, with unit and source.
#ifndef CONTROL_API_LIMITS_H
#define CONTROL_API_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/** Calls that wait for a worker; past it 503, which SDKs retry with a back-off. */
#define API_QUEUE_LIMIT 256

/** Listeners of one API: plain and TLS, and room. */
#define API_LISTENERS_MAX 8

/** Body of one call, bytes: what the parser takes (aws/limits.h). */
#define API_BODY_MAX_BYTES ((uint64_t)4 << 20)

/**
 * Bodies of all calls that were not answered yet, bytes. They are collected before anybody has
 * shown a key; past it 503. Of each body the first bytes are not counted, so that strangers who
 * fill this do not shut out calls of a usual size.
 */
#define API_BODIES_MAX_BYTES ((uint64_t)256 << 20)
#define API_BODY_FREE_BYTES ((uint64_t)32 << 10)

/**
 * Calls a second of one client (an address, or a /64 of IPv6) whose signature is nobody's; past it
 * 503 for every call of the client, without a worker.
 */
#define API_STRANGERS_PER_S 50

/** Accounts, or clients, whose rate is watched; beyond it the longest idle one is forgotten. */
#define API_ACCOUNTS_MAX ((size_t)1024)

/** Zones in one page of a listing. Source: Route 53, ListHostedZones, MaxItems. */
#define API_ZONES_PAGE_MAX ((size_t)100)

/** Distributions, and invalidations, in one page. Source: CloudFront, MaxItems. */
#define API_DISTRIBUTIONS_PAGE_MAX ((size_t)100)
#define API_INVALIDATIONS_PAGE_MAX ((size_t)100)

/** Distributions of one account; CloudFront's quota begins at 200. */
#define API_DISTRIBUTIONS_MAX 10000u

/** CIDR collections, locations and blocks in one page. Route 53 names no number. */
#define API_CIDR_PAGE_MAX ((size_t)1000)

/** CIDR collections of one account; Route 53's quota is 5. */
#define API_CIDR_COLLECTIONS_MAX 1000u

/** Checkers of the fleet: a release holds no more. */
#define API_CHECKERS_MAX ((size_t)256)

/** Health checks in one page. Source: Route 53, ListHealthChecks, MaxItems. */
#define API_HEALTH_CHECKS_PAGE_MAX ((size_t)100)

/** Hints beside an answer: record sets that one call looks at for them, each with a look at its
 *  check; bytes of the header field from which on no further one is added. */
#define API_HINT_SETS_MAX ((size_t)1000)
#define API_HINTS_BYTES ((size_t)4096)

/** Health checks in one page of ListHealthStates: some 200 bytes each. */
#define API_HEALTH_STATES_PAGE ((size_t)1000)

/** Health checks of one account; Route 53's quota is 200. One checker probes 20,000 on one core. */
#define API_HEALTH_CHECKS_MAX 20000u

/** Health checks of all accounts together. A root with more than RELEASE_CHECKS_MAX is refused by
 *  each node, so that nobody's changes would get through; what is left is for those of points of
 *  presence. */
#define API_HEALTH_CHECKS_ALL_MAX 60000u

/** Seconds that one call overrides the state of a check: a drill that died leaves nothing failed
 *  over for longer. As long as nodes honour one. */
#define API_OVERRIDE_MAX_S 60

/** Seconds that a new state of a check may be made to stay at least. */
#define API_HOLD_DOWN_MAX_S 3600

/** Addresses that checkers probe from, in one answer. */
#define API_CHECKER_RANGES_MAX ((size_t)1000)

/** Traffic policies, versions and instances in one page. Source: Route 53, MaxItems. */
#define API_TRAFFIC_PAGE_MAX ((size_t)100)

/** Traffic policies and instances of one account; Route 53's quotas are 50 and 5. */
#define API_TRAFFIC_POLICIES_MAX 5000u
#define API_TRAFFIC_INSTANCES_MAX 10000u

/** Locations in one page. Source: Route 53, ListGeoLocations, MaxItems. */
#define API_LOCATIONS_PAGE_MAX ((size_t)100)

/** Record sets in one page. Source: Route 53, ListResourceRecordSets, MaxItems. */
#define API_SETS_PAGE_MAX ((size_t)300)

/** Characters of a change's comment. Source: Route 53, ChangeInfo, Comment. */
#define API_COMMENT_MAX_BYTES ((size_t)256)

/** Zones of a delegation set that are read at a time to be written anew; bounds memory alone. */
#define API_REWRITE_PAGE_ZONES ((size_t)1000)

/** Zones of one name that one look reads: as many as there are delegation sets, and more. */
#define API_SAME_NAME_MAX ((size_t)64)

/** Of one zone: keys and networks that may take it by transfer, and who is told of its changes. As
 *  many as a release holds. */
#define API_TRANSFER_KEYS_MAX 64
#define API_TRANSFER_PREFIXES_MAX 256
#define API_TRANSFER_NOTIFY_MAX 64

#endif
