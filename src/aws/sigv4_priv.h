// SPDX-License-Identifier: Apache-2.0
// The parts of a signature that verifier and signer share. Private to aws/.
#ifndef AWS_SIGV4_PRIV_H
#define AWS_SIGV4_PRIV_H

#include "aws/sigv4.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR "aws4_request"

/** What goes into the string to sign besides the request. */
struct sigv4_scope {
    struct slice date; /* "20150830" */
    struct slice region;
    struct slice service;
};

/** One way to see a request. */
struct sigv4_canon {
    struct slice path;           /* canonical */
    struct slice query;          /* canonical */
    struct slice signed_headers; /* "host;x-amz-date" */
    struct slice payload;        /* hash, or UNSIGNED-PAYLOAD */
};

/** The path as every service but S3 signs it: normalised, then each segment encoded once more. */
struct slice sigv4_canonical_path(struct arena *a, struct slice path);

/**
 * The query with names and values encoded anew and sorted; X-Amz-Signature is left out. False for
 * broken escapes or more than SIGV4_MAX_PARAMS parameters.
 */
bool sigv4_canonical_query(struct arena *a, struct slice query, struct slice *out) MUST_USE;

/**
 * The value of a header as it is signed: lines joined by commas, trimmed, runs of spaces as one.
 * False where the request has no such header.
 */
bool sigv4_canonical_header(struct arena *a, const struct sigv4_request *request, struct slice name,
                            struct slice *out_value);

/** The canonical request's hash. All signed headers must exist. */
void sigv4_request_hash(struct arena *a, const struct sigv4_request *request,
                        const struct sigv4_canon *canon, char out_hex[SHA256_HEX_SIZE]);

/** The signature, in hex. `date_time` as in X-Amz-Date. */
void sigv4_signature(struct arena *a, struct slice secret, const struct sigv4_scope *scope,
                     struct slice date_time, const char *request_hash,
                     char out_hex[SHA256_HEX_SIZE]);

#endif
