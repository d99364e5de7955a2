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

/* A drill: addresses of one answer and of the sets of a name that it tells apart. */
#define TOOL_DRILL_ADDRESSES_MAX ((size_t)64)
/* Samples of one kind: a day at the default interval; some 30 MB. */
#define TOOL_DRILL_SAMPLES_MAX ((size_t)1000000)
/* How often it looks, by default and within which bounds. */
#define TOOL_DRILL_INTERVAL_MS 100
#define TOOL_DRILL_INTERVAL_MIN_MS 50
#define TOOL_DRILL_INTERVAL_MAX_MS 1000
/* A query without an answer for so long gets none; how many are under way at most: one each
 * shortest interval, and some. A power of two, as their numbers wrap. */
#define TOOL_DRILL_QUERY_NS (1 * NS_PER_S)
#define TOOL_DRILL_QUERIES_MAX ((size_t)32)
#define TOOL_DRILL_ANSWER_MAX_BYTES ((size_t)4096)
/* A client waits so long for a connection, and as long for its answer; what it reads of one. Two
 * requests each shortest interval, and some. */
#define TOOL_DRILL_REQUEST_NS (2 * NS_PER_S)
#define TOOL_DRILL_REQUESTS_MAX ((size_t)192)
#define TOOL_DRILL_BODY_MAX_BYTES ((uint64_t)65536)
/* So many samples in a row are an outage, or its end. */
#define TOOL_DRILL_RUN ((size_t)3)
/* How long it looks on before, and how long all has to be as it should be; longer where several
 * sets are answered at a time, so that one that is rarely chosen shows. */
#define TOOL_DRILL_BEFORE_NS (2 * NS_PER_S)
#define TOOL_DRILL_SETTLE_NS (2 * NS_PER_S)
#define TOOL_DRILL_SETTLE_SHARED_NS (10 * NS_PER_S)
/* Beside the TTL: how long failover and fail back may take before it stops waiting for them. */
#define TOOL_DRILL_FAIL_NS (60 * NS_PER_S)
/* How long it waits for a real outage, and for its end. */
#define TOOL_DRILL_OUTAGE_NS (3600 * NS_PER_S)
/* From this TTL on it tells how long it may take. */
#define TOOL_DRILL_TOLD_TTL_S 30
/* A lease of an override: bounds and default, as the API has them; four renewals each. */
#define TOOL_DRILL_LEASE_MIN_S 4
#define TOOL_DRILL_LEASE_MAX_S 60
#define TOOL_DRILL_RENEWALS 4
/* Objectives: a day, and requests of a day. */
#define TOOL_DRILL_RTO_MAX_S 86400
#define TOOL_DRILL_RPO_MAX 1000000
/* Lines of one table of its report. */
#define TOOL_DRILL_FACTS_MAX ((size_t)12)
/* Parts of one lane that its picture shows; the rest run together. */
#define TOOL_DRILL_PARTS_MAX ((size_t)2000)

/** Pages of health checks that one list reads: more than control has. */
#define TOOL_HEALTH_PAGES_MAX 100u

#endif
