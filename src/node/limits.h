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
#define NODE_AGENT_PATIENCE 6 /* times --watchdog: the agent reads a whole disk at times */
#define NODE_IMPATIENCE_NS (1 * NS_PER_S)    /* a second SIGTERM sooner is the first one, doubled */
#define NODE_HEARTBEAT_THREADS 257           /* the main loop and up to 256 serving threads */
#define NODE_BIND_RETRY_NS (500 * NS_PER_MS) /* after a service address could not be bound */
#define NODE_HEARTBEAT_NS (100 * NS_PER_MS)  /* of a role's main loop; threads: once a second */
#define NODE_LOCK_WAIT_NS (3 * NS_PER_S)     /* for the processes of a killed supervisor to end */
#define NODE_LOCK_RETRY_NS (20 * NS_PER_MS)
#define NODE_LISTENERS_MAX 256            /* addresses of all services of a node */
#define NODE_PORT_TRIES 16                /* free ports tried for one address, UDP and TCP */
#define NODE_CHANNEL_WAITING 64           /* messages that may wait in one channel */
#define NODE_ABORT_WAIT_NS (5 * NS_PER_S) /* from the watchdog's SIGABRT to SIGKILL */

/* What the agent decides (design, invariants 2 to 4). */
#define NODE_FACTS_MAX 256                   /* roots that a node knows something of */
#define NODE_HELD_MAX 64                     /* of these, roots kept on disk ... */
#define NODE_HELD_GRACE_MS (3600 * MS_PER_S) /* ... and how long those without a use are kept */
#define NODE_PROVEN_KEPT 3                   /* the newest proven roots are never forgotten */
#define NODE_REJECTED_KEPT 64                /* rejections remembered */
#define NODE_CRASH_LOOP_NS (60 * NS_PER_S)   /* two crashes of a role within it are a loop */
#define NODE_APPLY_AGAIN_NS (2 * NS_PER_S)   /* a role that did not answer is told again */

/* The agent's work. */
#define NODE_TICK_NS NS_PER_S                 /* reports, timers, the pin */
#define NODE_ACT_ROUNDS 8                     /* of deciding and doing, before other events */
#define NODE_STORE_AGAIN_NS (1 * NS_PER_S)    /* after a write to node.db failed */
#define NODE_FETCH_FIRST_NS (100 * NS_PER_MS) /* back-off of a fetch that failed ... */
#define NODE_FETCH_LAST_NS (10 * NS_PER_S)    /* ... doubled up to this */
#define NODE_FETCH_CHUNKS_MAX (1u << 22)      /* chunks of one root */
#define NODE_FETCH_COMMIT_CHUNKS 128          /* a batch of so many is made durable at once */
#define NODE_WALK_PER_TURN 64                 /* chunks read from disk in one turn of the loop */
#define NODE_SWEEP_PER_TURN 128               /* chunks removed in one turn */
#define NODE_COLLECT_EVERY_NS (60 * NS_PER_S) /* between collections of unused chunks */
#define NODE_CHECK_EVERY_NS (60 * NS_PER_S)   /* between readings of a whole root */
#define NODE_COLLECT_WAIT_NS (50 * NS_PER_MS) /* a collection waits for a fetch to end */
#define NODE_PEER_AFTER_NS (1 * NS_PER_S)     /* without any control: peers are asked */
#define NODE_FLEET_ROOT_MAX_BYTES (16u << 10)
#define NODE_PIN_MAX_BYTES 256
#define NODE_POP_NAME_MAX_BYTES 32u       /* X-Amz-Cf-Pop, of every answer */
#define NODE_POINTER_MAX_BYTES (1u << 20) /* a wave of RELEASE_WAVE_MAX nodes fits */
#define NODE_DB_BUSY_MS 5000              /* SQLite waits so long for a lock of another process */

/* The trial. */
/* CPU time: for a change, then for each chunk that is read besides (many, where many names of a
 * large zone changed), and the most, which is also that of a first root. */
#define NODE_TRIAL_FAST_MS 200
#define NODE_TRIAL_CHUNK_US 1000
#define NODE_TRIAL_CAREFUL_MS 5000
#define NODE_TRIAL_TOP_UP_MS 20 /* what chunks add is given to the timer in such steps */
#define NODE_TRIAL_SANITIZER_TIMES 10
#define NODE_TRIAL_WALL_NS (10 * NS_PER_S)
#define NODE_TRIAL_MEMORY_BYTES ((size_t)256 << 20) /* beyond what the agent has */

/* The admin page. */
#define NODE_ADMIN_CONNECTIONS 256 /* of the admin page; loopback, so one client may have all */

#endif
