// SPDX-License-Identifier: Apache-2.0
// The bounds of lint/.
#ifndef LINT_LIMITS_H
#define LINT_LIMITS_H

/* Findings of one change: more would not be read, nor fit a header field. */
#define LINT_FINDINGS_MAX 16

/* What clients should see of a failover, seconds: detection and the TTL together. */
#define LINT_RECOVERY_MAX_S 60

/* Until a vote reaches the name servers, seconds. */
#define LINT_VOTES_S 1

/* How long a probe waits for an endpoint that swallows packets, seconds: to connect and then for
 * the answer; of a string match for the body, too; of TCP to connect. */
#define LINT_TIMEOUT_HTTP_S 6
#define LINT_TIMEOUT_MATCH_S 8
#define LINT_TIMEOUT_TCP_S 10

#endif
