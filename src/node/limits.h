// SPDX-License-Identifier: Apache-2.0
// The bounds and durations of node/ that are no settings.
#ifndef NODE_LIMITS_H
#define NODE_LIMITS_H

#include "base/time.h"

/* Supervisor. */
#define NODE_RESTART_FIRST_NS                                                                      \
    (50 * NS_PER_MS)                         /* back-off before a process is started again ...     \
                                              */
#define NODE_RESTART_LAST_NS (5 * NS_PER_S)  /* ... doubled up to this ... */
#define NODE_RESTART_CALM_NS (10 * NS_PER_S) /* ... and back to the first after so long alive */
#define NODE_WATCH_NS (250 * NS_PER_MS)      /* between looks at heartbeats and memory */
#define NODE_HEARTBEAT_THREADS 257           /* the main loop and up to 256 serving threads */
#define NODE_BIND_RETRY_NS (500 * NS_PER_MS) /* after a service address could not be bound */
#define NODE_HEARTBEAT_NS (100 * NS_PER_MS)  /* of a role's main loop; threads: once a second */
#define NODE_LOCK_WAIT_NS (3 * NS_PER_S)     /* for the processes of a killed supervisor to end */
#define NODE_LOCK_RETRY_NS (20 * NS_PER_MS)
#define NODE_PORT_TRIES 16      /* free ports tried for one address, UDP and TCP */
#define NODE_CHANNEL_WAITING 64 /* messages that may wait in one channel */

#endif
