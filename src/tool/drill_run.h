// SPDX-License-Identifier: Apache-2.0
// One drill from its first look to the primary put back. Blocks the main thread of the command.
#ifndef TOOL_DRILL_RUN_H
#define TOOL_DRILL_RUN_H

#include "tool/client.h"
#include "tool/drill_sampler.h"

/** Everything borrowed. */
struct drill_run_options {
    const struct tool_client *client;
    struct drill_target *target; /* the addresses of an alias are found out */
    struct net_address server;
    struct drill_http http;
    int64_t interval_ns;
    unsigned lease_s;
    int64_t rto_ns; /* of the objective; 0: none. The drill waits at least so long */
};

/**
 * Runs it; what it saw is in `timeline` (zeroed before, but for is_override), also of one that was
 * cut short. The override is gone when it returns, unless the failure says otherwise.
 * *out_cut_short   static text where it did not come to its end; else NULL
 * Errors: ERR_INVALID where it cannot begin, or gave up before anything failed; those of the calls.
 */
enum err drill_run(const struct drill_run_options *options, struct drill_timeline *timeline,
                   const char **out_cut_short, struct errctx *ec) MUST_USE;

#endif
