// SPDX-License-Identifier: Apache-2.0
// Every bound of the tools, with its unit and the reason for its size.
#ifndef TOOL_LIMITS_H
#define TOOL_LIMITS_H

#include "base/time.h"

#include <stddef.h>

/* Words on a command line besides options: a verb, a delegation set and 256 addresses. */
#define TOOL_WORDS_MAX ((size_t)258)

/* DIR/ready.json: a few services with 64 addresses each at most. */
#define TOOL_READY_MAX_BYTES ((size_t)65536)

/* A credentials file or certificate: people keep many profiles in one. */
#define TOOL_CREDENTIALS_MAX_BYTES ((size_t)1048576)

/* An answer: a thousand nodes or record sets with all that is known of each. */
#define TOOL_ANSWER_MAX_BYTES ((uint64_t)16 << 20)

/* Headers of a call before it is signed: Host and Content-Type, and room. */
#define TOOL_CALL_HEADERS_MAX ((size_t)4)

/* An API that does not answer within these is down to whoever waits at a terminal. */
#define TOOL_CONNECT_TIMEOUT_NS (5 * NS_PER_S)
#define TOOL_RESPONSE_TIMEOUT_NS (30 * NS_PER_S)

/* Columns of one table: as many as a wide terminal shows. */
#define TOOL_TABLE_COLUMNS_MAX ((size_t)12)

/* The text of a zone: a million records, and some. */
#define TOOL_ZONE_TEXT_MAX_BYTES ((size_t)256 << 20)
/* Errors of a zone's text that are shown one by one, and bytes of a word shown in one. */
#define TOOL_ZONE_ERRORS_SHOWN_MAX ((size_t)20)
#define TOOL_ZONE_WORD_SHOWN_MAX_BYTES ((size_t)64)
/* One page of a zone's listing: what Route 53 answers at most. */
#define TOOL_ZONE_PAGE_SETS ((size_t)300)
/* An import that is told to slow down: how often it tries again, and after how long. */
#define TOOL_ZONE_RETRIES_MAX 20
#define TOOL_ZONE_RETRY_NS (500 * NS_PER_MS)
/* How long an import with --wait waits for each change, and how often it looks. */
#define TOOL_ZONE_INSYNC_NS (600 * NS_PER_S)
#define TOOL_ZONE_POLL_NS (100 * NS_PER_MS)
/* An import of fewer records shows no progress; a bar's width; off a terminal, lines for so many
 * parts of the whole. */
#define TOOL_PROGRESS_MIN ((size_t)2000)
#define TOOL_PROGRESS_COLUMNS 30
#define TOOL_PROGRESS_LINES 10

/* The demo: how long a node may take to serve, and a change to be INSYNC; how often to look. */
#define TOOL_DEMO_READY_NS (60 * NS_PER_S)
#define TOOL_DEMO_INSYNC_NS (60 * NS_PER_S)
#define TOOL_DEMO_POLL_NS (50 * NS_PER_MS)
/* How long the slow path of its origins takes. */
#define TOOL_DEMO_SLOW_NS (1 * NS_PER_S)

#endif
