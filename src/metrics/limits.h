// SPDX-License-Identifier: Apache-2.0
// Every bound of the room metrics, with its unit and the reason for its size.
#ifndef METRICS_LIMITS_H
#define METRICS_LIMITS_H

/* One log line with its newline, bytes: PIPE_BUF of Linux, up to which a write to a pipe is never
 * mixed with that of another process. What is longer is cut and says truncated. */
#define LOG_LINE_MAX_BYTES 4096

/* The end of a line, kept free for closing quotes, the truncated mark, brace and newline, bytes. */
#define LOG_LINE_TAIL_BYTES 32

/* Tries of a write that signals interrupt. */
#define LOG_WRITE_TRIES 8

/* Threads of one role that may own a slot of counters: more than cores of machines we know, as
 * each costs but METRIC_COUNT cells. One more thread shares the last slot. */
#define METRICS_SLOTS_PER_ROLE 64

/* Zones with counters of their own, one place being of all others: more than the 10,000 that a node
 * is made for. Bytes of an id (Route 53: at most 32 characters) and of a name as text, without the
 * escapes of odd names. */
#define METRICS_ZONES_MAX 16384
#define METRICS_ZONE_ID_MAX_BYTES 40
#define METRICS_ZONE_NAME_MAX_BYTES 255

#endif
