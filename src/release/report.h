// SPDX-License-Identifier: Apache-2.0
// A node's report to control (Report in release.proto), as a struct.
#ifndef RELEASE_REPORT_H
#define RELEASE_REPORT_H

#include "release/root.h"

struct release_report {
    const char *node_id;
    const char **roles;
    size_t role_count;
    const char *version;
    uint64_t epoch;
    uint64_t sequence;
    struct chunk_hash applied; /* zero before the first */
    struct chunk_hash proven;
    struct chunk_hash tried;
    struct chunk_hash rejected;
    const char *rejected_reason;
    bool is_pinned;
    const char **features;
    size_t feature_count;
    uint64_t boot;
    struct chunk_hash *held; /* roots on the node's disk */
    size_t held_count;
    const char *pop;         /* its point of presence; "" where it is in none */
    struct slice *addresses; /* 4 or 16 bytes each; under which viewers reach it */
    size_t address_count;
    const char *location;       /* as its settings say; "" unknown */
    struct slice votes_address; /* of a checker: where it serves its votes, 4 or 16 bytes; empty: it
                                   does not */
    uint16_t votes_port;        /* above 0 where there is an address, else 0 */
    struct slice *probe_addresses; /* 4 or 16 bytes each; that it probes from */
    size_t probe_address_count;
    uint16_t http_port; /* where it serves viewers over HTTP; 0: not yet, or not at all */
};

#define RELEASE_REPORT_MAX_BYTES (64u << 10)

/**
 * Canonical bytes in `a`. A reason is cut at 512 bytes, what is not printable ASCII becomes '?'.
 * Decoding gives ERR_CORRUPT; texts and arrays of a decoded report live in `a`.
 */
struct slice release_report_encode(struct arena *a, const struct release_report *r);
enum err release_report_decode(struct arena *a, struct slice bytes, struct release_report *out,
                               struct errctx *ec) MUST_USE;

#endif
