// SPDX-License-Identifier: Apache-2.0
// Health checks and checkers as nodes need them: what a checker probes, how the name servers make
// one state of all checkers' votes. Any thread; immutable once decoded.
#ifndef RELEASE_HEALTH_CHECK_H
#define RELEASE_HEALTH_CHECK_H

#include "release/root.h"

/** What a check looks at; the numbers are sent. */
enum release_check_kind {
    RELEASE_CHECK_HTTP = 1,
    RELEASE_CHECK_HTTPS = 2,
    RELEASE_CHECK_TCP = 3,
    RELEASE_CHECK_CALCULATED = 4, /* other checks */
    RELEASE_CHECK_POSTED = 5,     /* what an operator or an alarm said last */
};

#define RELEASE_OVERRIDE_MAX_S 60

/** A state that an operator's drill puts in place of the votes, for a while. */
struct release_override {
    bool is_there;
    bool is_healthy;
    uint64_t number;      /* rises with each renewal; a node honours one RELEASE_OVERRIDE_MAX_S at
                             most after it first saw the number, by its own monotonic clock */
    int64_t until_unix_s; /* nor after this */
};

struct release_health_check {
    const char *id; /* a UUID in lower case */
    enum release_check_kind kind;

    /* Of HTTP, HTTPS, TCP */
    uint8_t address[16];   /* the first `address_bytes` count */
    uint8_t address_bytes; /* 4 or 16; 0: the address of `host` at each probe */
    const char *host;      /* name: Host field, SNI, and what is resolved without an address;
                              "": none (then there is an address) */
    uint16_t port;         /* above 0 */
    const char *path;      /* HTTP(S): request target, "/..." */
    const char *search;    /* HTTP(S): within the first 5,120 bytes of the body; "": any body */
    bool is_sni;           /* HTTPS: `host` is sent in the handshake */
    bool is_slow;          /* a probe each 30 s, else each 10 s */
    uint8_t threshold;     /* 1..10 results in a row that change the state */

    /* Of CALCULATED */
    const char **children; /* ids, sorted, none twice */
    size_t child_count;
    uint32_t healthy_children; /* so many at least; 0: always healthy */

    bool is_posted_healthy; /* POSTED */

    /* Of all */
    bool is_inverted;
    bool is_disabled;     /* healthy, before it is inverted */
    uint32_t hold_down_s; /* how long a new state stays at least; 0: as the votes say */
    struct release_override override;
};

/** A node that probes. */
struct release_checker {
    const char *node_id;
    uint8_t public_key[ED25519_PUBLIC_BYTES]; /* that its votes come from */
    uint8_t address[16];                      /* where it serves them; the first bytes count */
    uint8_t address_bytes;                    /* 4 or 16 */
    uint16_t port;
    const char *region; /* as its node says where it is; "" unknown */
    bool is_excluded;   /* an operator does not trust it: its votes do not count */
};

/** What keeps the struct from being one, or NULL: a static text. Asked before encoding. */
const char *release_health_check_problem(const struct release_health_check *c);
const char *release_checker_problem(const struct release_checker *c);

/** Canonical bytes in `a`; the same content, the same bytes. CHECKs that there is no problem. */
struct slice release_health_check_encode(struct arena *a, const struct release_health_check *c);
struct slice release_checker_encode(struct arena *a, const struct release_checker *c);

/** Errors: ERR_CORRUPT. Everything in `a` or borrowed from `bytes`; what decodes is well-formed. */
enum err release_health_check_decode(struct arena *a, struct slice bytes,
                                     struct release_health_check *out, struct errctx *ec) MUST_USE;
enum err release_checker_decode(struct arena *a, struct slice bytes, struct release_checker *out,
                                struct errctx *ec) MUST_USE;

#endif
