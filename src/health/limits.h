// SPDX-License-Identifier: Apache-2.0
// Every bound of the room health, with unit and source.
#ifndef HEALTH_LIMITS_H
#define HEALTH_LIMITS_H

#include "base/time.h"
#include "release/limits.h"

/* Times of a probe (Route 53): until the connection stands, TLS included; of TCP checks; from then
 * on until the head is whole; from then on until the string was found. Until its name is resolved
 * (ours). */
#define PROBE_CONNECT_NS (4 * NS_PER_S)
#define PROBE_TCP_CONNECT_NS (10 * NS_PER_S)
#define PROBE_HEAD_NS (2 * NS_PER_S)
#define PROBE_BODY_NS (2 * NS_PER_S)
#define PROBE_RESOLVE_NS (4 * NS_PER_S)

/* An answer (Route 53): bytes of its head, of its body that are searched. Field lines (ours). */
#define PROBE_HEAD_MAX_BYTES ((size_t)16384)
#define PROBE_BODY_MAX_BYTES ((size_t)5120)
#define PROBE_FIELDS_MAX ((size_t)512)

/* Reads of one connection at once; bytes of one. */
#define PROBE_READS_PER_TURN 8
#define PROBE_READ_BYTES ((size_t)16384)

/* Probes under way: of all checks, some 20,000 when each takes its whole time; of one check, where
 * its interval is shorter than that. */
#define PROBES_MAX ((size_t)65536)
#define PROBES_OF_CHECK_MAX 64

/* How often probes begin and time limits are looked at; the least interval; a probe that begins so
 * much later than its time counts as late; those that would be later than this wait for their next
 * turn, so that they do not all begin at once after the process stood still. */
#define PROBER_TICK_NS (10 * NS_PER_MS)
#define PROBER_INTERVAL_MIN_NS (200 * NS_PER_MS)
#define PROBE_LATE_NS (100 * NS_PER_MS)
#define PROBE_SKIP_NS (500 * NS_PER_MS)

/* A checker that stood still for so long (stopped, suspended, starved) has been passed over by the
 * nodes, or soon would have been (COLLECTOR_FRESH_NS), and forgets what it knew. */
#define PROBER_GAP_NS (2 * NS_PER_S)

/* Checks that probe each 30 s (Route 53), as multiples of the others' 10 s. */
#define PROBER_SLOW_FACTOR 3

/* Names of endpoints that are resolved; the least TTL of their addresses. */
#define PROBER_NAMES_MAX ((size_t)32768)
#define PROBER_TTL_MIN_NS (1 * NS_PER_S)

/* Authorities of a Debian system, which HTTPS endpoints are verified by unless a setting says else.
 */
#define PROBER_SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

/* Votes of one table: a frame of the feeds holds them (30 bytes each, 2 MiB at most). */
#define VOTES_MAX ((size_t)RELEASE_CHECKS_MAX)

/* Checkers that a role follows. */
#define CHECKERS_MAX ((size_t)RELEASE_CHECKERS_MAX)

/* A checker makes a table each second; one that did not rise for so long does not count, and the
 * stream of one that is silent for so long is opened anew. */
#define VOTES_EVERY_NS NS_PER_S
#define COLLECTOR_FRESH_NS (3 * NS_PER_S)

/* After a start, and after all checkers were lost, the first that is heard waits so long for the
 * others before its votes decide: longer than the last back-off, shorter than a root waits for the
 * states of its checks. */
#define COLLECTOR_GATHER_NS (1500 * NS_PER_MS)

/* Back-off to a checker that cannot be reached. */
#define COLLECTOR_BACKOFF_FIRST_NS (100 * NS_PER_MS)
#define COLLECTOR_BACKOFF_LAST_NS (1 * NS_PER_S)

/* A table was held up where it comes so much later after it was made than the quickest of its
 * connection. Two clocks may drift apart by this share of the time (NTP slews by 500 ppm). */
#define BALLOT_LATE_NS (3 * NS_PER_S)
#define BALLOT_DRIFT_DIVISOR 1000

/* Healthy when more than this share of the counted votes say so, percent (Route 53: 18). */
#define QUORUM_PERCENT 18

/* Intervals of a check, nominal (Route 53). */
#define CHECK_INTERVAL_NS (10 * NS_PER_S)
#define CHECK_SLOW_INTERVAL_NS (30 * NS_PER_S)

/* A change of a check's state so soon after the one before is a flap. */
#define QUORUM_FLAP_NS (300 * NS_PER_S)

/* Checks that are in no plan now and whose states are kept, for the root that has them again. */
#define QUORUM_ABSENT_MAX ((size_t)4096)

/* A checker is an outlier that is against all others on so many checks, or on more than half of
 * those that they share, for so long; others: so many at least. */
#define OUTLIER_CHECKS 10
#define OUTLIER_NS (30 * NS_PER_S)
#define OUTLIER_OTHERS_LEAST 2

/* The file of states: bytes of it (61 for each check at most). States are decided on so often when
 * no votes come, and a write that failed is tried again. */
#define STATE_FILE_MAX_BYTES ((size_t)16 << 20)
#define COLLECTOR_TICK_NS NS_PER_S

/* When votes came, a decision follows so soon, so that votes of several checkers share it, but not
 * nearer to the one before than this. */
#define COLLECTOR_SOON_NS (20 * NS_PER_MS)
#define COLLECTOR_APART_NS (200 * NS_PER_MS)

#endif
