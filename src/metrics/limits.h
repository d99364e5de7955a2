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

#endif
