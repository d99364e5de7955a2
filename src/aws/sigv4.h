// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4: verifying requests (header and presigned form) and signing them.
// Source: AWS General Reference, "Signature Version 4 signing process". Pure: the time is an
// argument, secrets come through a callback. Any thread.
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "aws/error.h"
#include "aws/limits.h"
#include "crypto/hash.h"

/** A header field; names compare without case. */
struct sigv4_header {
    struct slice name;
    struct slice value;
};

/** What a signature covers; everything borrowed. */
struct sigv4_request {
    struct slice method;
    struct slice path;                  /* as sent, percent-coded */
    struct slice query;                 /* as sent, without '?' */
    const struct sigv4_header *headers; /* all of the request */
    size_t header_count;
    char body_sha256[SHA256_HEX_SIZE]; /* lower-case hex of the body's hash (sha256_hex) */
};

enum sigv4_secret { SIGV4_SECRET_FOUND, SIGV4_SECRET_UNKNOWN, SIGV4_SECRET_UNAVAILABLE };

struct sigv4_verify_options {
    enum aws_service service; /* that the path belongs to: the scope must name it */
    int64_t now_unix_s;
    bool is_tls; /* UNSIGNED-PAYLOAD is accepted only then */
    /**
     * Gives the secret of an access key, kept until sigv4_verify returns. UNKNOWN answers
     * InvalidClientTokenId, UNAVAILABLE (the store cannot be asked) ServiceUnavailable.
     */
    enum sigv4_secret (*find_secret)(void *user, struct slice key_id, struct slice *out_secret);
    void *user;
};

/** Who signed; slices in the fault's arena. */
struct sigv4_identity {
    struct slice key_id;
    struct slice region;
    bool is_presigned;
};

/**
 * Verifies the request's signature. Errors: MissingAuthenticationToken, IncompleteSignature,
 * InvalidClientTokenId (also for any session token: no key here comes with one),
 * SignatureDoesNotMatch (also for a clock more than SIGV4_SKEW_S away, with the words that SDKs
 * know), ServiceUnavailable. The comparison takes constant time. The path is tried as normalised
 * and encoded once more, then as sent.
 */
enum aws_error sigv4_verify(const struct sigv4_request *request,
                            const struct sigv4_verify_options *options, struct sigv4_identity *out,
                            struct aws_fault *fault) MUST_USE;

struct sigv4_sign_options {
    struct slice key_id;
    struct slice secret;
    struct slice region;
    struct slice session_token; /* empty: none */
    const char *service;        /* "route53", "weir" */
    int64_t now_unix_s;
};

/** Headers that sigv4_sign adds: X-Amz-Date, X-Amz-Security-Token where given, Authorization. */
#define SIGV4_SIGN_HEADERS 3

/**
 * Signs: all headers of the request (Host must be among them) and the added ones are covered.
 * Returns how many of `out` are set; they live in `a`.
 */
size_t sigv4_sign(struct arena *a, const struct sigv4_request *request,
                  const struct sigv4_sign_options *options,
                  struct sigv4_header out[SIGV4_SIGN_HEADERS]) MUST_USE;

#endif
