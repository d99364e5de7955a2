// SPDX-License-Identifier: Apache-2.0
// DNS messages (RFC 1035 section 4, RFC 6891): parsing of queries, writing of answers. Pure, no
// allocation. The writer is a sticky cursor: overflow marks it, callers check once per record set.
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "dns/name.h"

/** What a query asks; names and options point into the message. */
struct dns_query {
    uint16_t id;
    uint16_t flags; /* as received, host order */
    uint8_t opcode;
    struct slice question;   /* QNAME, QTYPE, QCLASS as sent: echoed byte for byte */
    struct slice qname_sent; /* wire form in the sender's case */
    struct dns_name qname;   /* in lower case */
    uint16_t qtype;
    uint16_t qclass;
    bool has_edns;
    bool dnssec_ok;
    uint8_t edns_version;
    uint16_t edns_udp_bytes;   /* as the client says; 512 without EDNS */
    struct slice edns_options; /* the OPT data, structurally checked */
    size_t tsig_at; /* where the TSIG record starts, which is the last; 0: there is none */
};

enum dns_parse {
    DNS_PARSE_OK,
    DNS_PARSE_DROP,    /* no answer: shorter than a header, or itself a response */
    DNS_PARSE_FORMERR, /* answer FORMERR; all but the question's fields are set, and those too
                          where question.len > 0 */
};

/**
 * Parses a query: exactly one question for opcode QUERY (RFC 9619), or none where there is an OPT
 * (which is good with a cookie only: RFC 7873 section 5.4; question.len is 0, and the caller looks
 * at the options); no answer records, at most one OPT (root owner), in the additional section;
 * a TSIG record, if any, comes last (RFC 8945 section 5.1; dns/tsig.h reads it); other additional
 * records and those of the authority section are passed over; bytes behind the message are FORMERR.
 * For opcodes other than QUERY only the header is read (OK, question.len 0). A compressed QNAME is
 * FORMERR. Options of a later version of EDNS are not looked at. message  kept until the query is
 * answered Cost: one pass over the message, no allocation.
 */
enum dns_parse dns_query_parse(struct slice message, struct dns_query *out);

/** The serial that an IXFR query names: of the SOA in its authority section (RFC 1995 section 3).
 */
bool dns_query_ixfr_serial(struct slice message, const struct dns_query *query,
                           uint32_t *out_serial);

/**
 * Names that were written and what follows from them, for compression: once so many are known,
 * later ones are written but not remembered.
 */
#define DNS_WRITER_NAMES 32

/**
 * A message being written. Owner: the caller, one at a time.
 * Invariant: len <= limit; once `is_full`, nothing more is written. A record that did not fit
 * left nothing behind, so the message is well-formed at all times.
 */
struct dns_writer {
    uint8_t *data;
    size_t limit;          /* bytes that may be used now */
    size_t reserved_bytes; /* behind the limit, kept for OPT */
    size_t len;
    bool is_full;
    uint16_t class;     /* of records: CHAOS where the question's is, else IN */
    uint16_t counts[4]; /* question, answer, authority, additional; the header has the same */
    /* Each name's offset and its length uncompressed; the whole question name comes first. */
    uint16_t name_offsets[DNS_WRITER_NAMES];
    uint8_t name_bytes[DNS_WRITER_NAMES];
    unsigned name_count;
};

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

/**
 * Starts a response to the query in `data`: header and the question echoed. Of the query's flags
 * only RD is copied (RFC 1035 section 4.1.1).
 * limit  12 to 65535 bytes; where the question does not fit, the writer is full from the start
 */
void dns_writer_start(struct dns_writer *w, uint8_t *data, size_t limit,
                      const struct dns_query *query);

/** Keeps `bytes` of the limit free for OPT; dns_writer_opt gives them back. */
void dns_writer_reserve(struct dns_writer *w, size_t bytes);

/**
 * One record of the writer's class. The owner is compressed against what was written before, and so
 * are names in the data where dns_rdata_name_offset says that they may be.
 * section  not before that of an earlier record
 * owner    a well-formed wire name, in lower case
 * rdata    has passed dns_rdata_check, or is of a type that this room does not know
 */
void dns_writer_record(struct dns_writer *w, enum dns_section section, struct slice owner,
                       uint16_t type, uint32_t ttl_s, struct slice rdata);

/** Counts records that the caller wrote behind `len` itself, and moved it on. */
void dns_writer_count(struct dns_writer *w, enum dns_section section, unsigned more);

/** A point to return to when a record set does not fit whole. */
struct dns_writer_mark {
    size_t len;
    uint16_t counts[4];
    unsigned name_count;
};
struct dns_writer_mark dns_writer_mark(const struct dns_writer *w);
/** Takes back all that was written since the mark, and the overflow with it. */
void dns_writer_rewind(struct dns_writer *w, struct dns_writer_mark mark);

/**
 * The OPT record of a response (RFC 6891 section 6.1.1), with the high bits of the rcode, into what
 * dns_writer_reserve kept. Nothing is written while `is_full`: rewind first.
 */
void dns_writer_opt(struct dns_writer *w, uint16_t udp_bytes, unsigned rcode, bool dnssec_ok,
                    struct slice options);

/** Completes the header: flags (QR and opcode are set by dns_writer_start) and the low rcode bits.
 */
void dns_writer_finish(struct dns_writer *w, uint16_t flags, unsigned rcode);

/**
 * Writes the shortest response there is: header, and the question where it was readable and fits.
 * Returns its length. limit  12 bytes at least
 */
size_t dns_write_error(uint8_t *data, size_t limit, const struct dns_query *query, unsigned rcode);

#endif
