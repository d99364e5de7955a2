// SPDX-License-Identifier: Apache-2.0
// The health table of the dns role: the states that the votes of all checkers come to, and over
// them what an operator says in the file of --health-file.
#ifndef AUTHORITY_HEALTH_BOARD_H
#define AUTHORITY_HEALTH_BOARD_H

#include "authority/service.h"
#include "health/plan.h"

struct health_board;

/**
 * Begins to keep the service's table, from the states of before at first. Main thread of the role;
 * `health`, the registry of ids of health checks, is borrowed until health_board_free.
 * Errors: of the node's identity.
 */
enum err health_board_start(struct dns_service *service, struct registry *health,
                            struct health_board **out, struct errctx *ec) MUST_USE;

/** Takes the table out of the scene and frees it. Main thread, after the builder thread has ended.
 *  NULL is fine. */
void health_board_free(struct health_board *b);

/**
 * The plan of the root that is served next. Returns once the table has the states of all its
 * checks, so that no query sees the root without them. The first plan of a process waits for votes,
 * too, where the states of before lack some: else a new name server would call all healthy. Waits
 * HEALTH_SETTLE_S at most. Builder thread.
 */
void health_board_settle(struct health_board *b, struct health_plan *plan);

#endif
