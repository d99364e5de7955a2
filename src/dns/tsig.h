// SPDX-License-Identifier: Apache-2.0
// Transaction signatures (RFC 8945): the TSIG record in messages, and the bytes that its MAC is
// over. Pure: who holds the keys computes the MAC. Called for signed messages alone, any thread.
#ifndef DNS_TSIG_H
#define DNS_TSIG_H

#include "dns/message.h"

/** What the error field says (RFC 8945 section 3). */
enum dns_tsig_error {
    DNS_TSIG_NO_ERROR = 0,
    DNS_TSIG_BADSIG = 16,
    DNS_TSIG_BADKEY = 17,
    DNS_TSIG_BADTIME = 18,
    DNS_TSIG_BADTRUNC = 22,
};

/** Seconds that clocks may differ, as RFC 8945 section 10 recommends. */
#define DNS_TSIG_FUDGE_S 300

/** Bytes of a time in a record, which is all that "other data" ever holds. */
#define DNS_TSIG_TIME_BYTES 6

/** A TSIG record. Slices point into the message that it was read from, or are the caller's. */
struct dns_tsig {
    struct dns_name key;       /* in lower case */
    struct dns_name algorithm; /* in lower case */
    uint64_t time_s;           /* since 1970, 48 bits */
    uint16_t fudge_s;
    struct slice mac; /* empty: unsigned, an error */
    uint16_t original_id;
    uint16_t error; /* enum dns_tsig_error */
    struct slice other;
};

/**
 * Reads the record at `at`, the last of the message (dns_query.tsig_at). Names may be compressed.
 * False where it is malformed: class ANY, TTL 0 and exact lengths are asked for.
 */
bool dns_tsig_read(struct slice message, size_t at, struct dns_tsig *out);

/**
 * Where the TSIG record of any message starts, a response say; 0 where there is none, or the
 * message is malformed, or it is not the last record.
 */
size_t dns_tsig_find(struct slice message);

/** Bytes that dns_tsig_write takes. */
size_t dns_tsig_bytes(const struct dns_tsig *tsig);

/**
 * Appends the record to the message of `len` bytes and counts it; returns the new length.
 * message  has room for dns_tsig_bytes more
 */
size_t dns_tsig_write(uint8_t *message, size_t len, const struct dns_tsig *tsig);

#define DNS_TSIG_PARTS_MAX 5
#define DNS_TSIG_VARIABLES_MAX (2 * DNS_NAME_MAX_BYTES + 32)

/** The text that a MAC is over: its parts behind one another. Parts point into it: do not copy. */
struct dns_tsig_text {
    struct slice parts[DNS_TSIG_PARTS_MAX];
    size_t count;
    uint8_t prior_length[2];
    uint8_t header[DNS_HEADER_BYTES];
    uint8_t variables[DNS_TSIG_VARIABLES_MAX];
};

/** How the text is put together (RFC 8945 section 4.3). */
struct dns_tsig_text_options {
    struct slice prior_mac; /* of the request, or of the message before; empty: a request */
    struct slice message;   /* kept: up to its TSIG record, if it has one */
    bool is_counted;        /* the message counts its TSIG record already */
    bool is_continued;      /* not the first of several: the times alone are signed with it */
};

/** Sets *t; `other` of the record is at most DNS_TSIG_TIME_BYTES long, or the text is not set and
 *  false is returned. */
bool dns_tsig_text_init(struct dns_tsig_text *t, const struct dns_tsig_text_options *options,
                        const struct dns_tsig *tsig);

#endif
