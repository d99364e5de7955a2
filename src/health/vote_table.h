// SPDX-License-Identifier: Apache-2.0
// What one checker found, of all checks: the table that it sends each second, of the same size
// whether all is well or not. Pure.
#ifndef HEALTH_VOTE_TABLE_H
#define HEALTH_VOTE_TABLE_H

#include "base/arena.h"
#include "base/err.h"

/** A health check's id, a UUID, as bytes: never given to another check. */
#define CHECK_ID_BYTES 16
struct check_id {
    uint8_t bytes[CHECK_ID_BYTES];
};

/** From the text of a UUID; false where it is none. */
bool check_id_parse(struct slice text, struct check_id *out);
#define CHECK_ID_TEXT_SIZE 37
/** Lower case. */
void check_id_format(const struct check_id *id, char out[CHECK_ID_TEXT_SIZE]);

/** The numbers are sent. */
enum vote_state {
    VOTE_UNKNOWN = 0, /* never yet as many equal results in a row as the threshold says */
    VOTE_HEALTHY = 1,
    VOTE_UNHEALTHY = 2,
};

/** How a probe ended; the numbers are sent. */
enum probe_outcome {
    PROBE_NONE = 0,         /* none has ended yet */
    PROBE_PASSED = 1,       /* detail: the status of HTTP, 0 of TCP */
    PROBE_NOT_RESOLVED = 2, /* the name has no address, or its servers did not answer */
    PROBE_CONNECT_TIMEOUT = 3,
    PROBE_CONNECT_FAILED = 4, /* detail: errno */
    PROBE_TLS_FAILED = 5,
    PROBE_RESPONSE_TIMEOUT = 6, /* no whole head of an answer in time */
    PROBE_BAD_RESPONSE = 7,     /* not HTTP, or too large a head */
    PROBE_BAD_STATUS = 8,       /* detail: the status */
    PROBE_BODY_TIMEOUT = 9,     /* the string did not come in time */
    PROBE_NO_MATCH = 10,        /* the string is not in the body's first bytes */
    PROBE_CLOSED = 11,          /* the endpoint ended the connection before its answer was whole */
    PROBE_OWN_FAILURE = 12,     /* the checker lacked a descriptor or memory: no result */
    PROBE_OUTCOME_COUNT
};

/** One check in one checker's table. */
struct vote {
    struct check_id check;
    enum vote_state state;
    enum probe_outcome outcome; /* of the newest probe that ended */
    uint16_t detail;
    uint32_t age_ms;        /* since that probe ended, when the table was made */
    uint16_t connect_ms;    /* of that probe: until the connection stood ... */
    uint16_t tls_ms;        /* ... TLS stood; 0 without TLS ... */
    uint16_t first_byte_ms; /* ... the first byte of the answer came; 0 of TCP. 65535: more */
};

struct vote_table {
    uint64_t run;       /* random at each start of the checker */
    uint64_t number;    /* rises with each table of a run, from 1 */
    uint64_t made_ms;   /* by the checker's monotonic clock: tells tables that were held up */
    struct vote *votes; /* sorted by check, none twice */
    size_t count;
};

#define VOTE_TABLE_HEAD_BYTES 32
#define VOTE_BYTES 30

/** In `a`: VOTE_TABLE_HEAD_BYTES and VOTE_BYTES for each vote. CHECKs that the table is one, with
 *  VOTES_MAX votes at most. */
struct slice vote_table_encode(struct arena *a, const struct vote_table *t);
/** Errors: ERR_CORRUPT for bytes that break any of the above; ERR_UNSUPPORTED of another form. In
 *  `a`. */
enum err vote_table_decode(struct arena *a, struct slice bytes, struct vote_table *out,
                           struct errctx *ec) MUST_USE;

/** As memcmp. */
int check_id_compare(const struct check_id *a, const struct check_id *b);
/** Of a table's votes, or NULL. */
const struct vote *vote_table_find(const struct vote_table *t, const struct check_id *check);

/** Whether the outcome is one of an endpoint that failed. */
bool probe_outcome_is_failure(enum probe_outcome outcome);

/** A sentence for people, such as "Failure: HTTP Status Code 503"; Route 53 has such texts. */
struct slice vote_reason(struct arena *a, const struct vote *v);

#endif
