// SPDX-License-Identifier: Apache-2.0
// One signed exchange (RFC 8945): a query is checked, and every message of its answer is signed; or
// a request of our own is signed and its response checked. A function of keys and time; any thread.
#ifndef AUTHORITY_TSIG_H
#define AUTHORITY_TSIG_H

#include "authority/tsig_keys.h"
#include "dns/tsig.h"

/** Embedded by value. `key` is a copy, so that new keys in the file disturb no transfer. */
struct tsig_session {
    bool has_key; /* else the answer carries an unsigned TSIG with the error */
    bool is_continued;
    struct tsig_key key;
    struct dns_tsig tsig;        /* what the next record says; its slices point into this struct */
    uint8_t mac[HMAC_MAX_BYTES]; /* of the query, then of the message signed last */
    size_t mac_bytes;
    uint8_t other[DNS_TSIG_TIME_BYTES];
};

enum tsig_verdict {
    TSIG_GOOD,
    TSIG_NOTAUTH, /* answer NOTAUTH, with the session's error: RFC 8945 section 5.2 */
    TSIG_FORMERR, /* malformed: answer FORMERR without TSIG */
};

/**
 * Checks the query, whose TSIG record starts at `tsig_at`, and begins the session of its answer.
 * keys  NULL: none
 */
enum tsig_verdict tsig_check_query(const struct tsig_keys *keys, struct slice query, size_t tsig_at,
                                   int64_t now_unix_s, struct tsig_session *out);

/** Most bytes that tsig_sign appends to a message of this session. */
size_t tsig_bytes(const struct tsig_session *s);

/** Signs the next message of the answer; returns its new length. It has room for tsig_bytes. */
size_t tsig_sign(struct tsig_session *s, uint8_t *message, size_t len, int64_t now_unix_s);

/** Begins a session with a request of our own under the key; sign it with tsig_sign next. */
void tsig_begin_request(struct tsig_session *out, const struct tsig_key *key, uint16_t id);

/** Whether the response to that request is signed as it has to be. */
bool tsig_check_response(const struct tsig_session *s, struct slice response, int64_t now_unix_s);

#endif
