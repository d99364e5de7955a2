// SPDX-License-Identifier: Apache-2.0
// What a call answers when it fails: a code of errors.def and a message for the client, and the
// document that carries them. Pure; any thread.
#ifndef AWS_ERROR_H
#define AWS_ERROR_H

#include "base/arena.h"

/** Which API a request is for. */
enum aws_service { AWS_ROUTE53, AWS_CLOUDFRONT, AWS_WEIR, AWS_SERVICE_COUNT };

/** The service's name in the scope of a signature: "route53", "cloudfront", "weir". */
const char *aws_service_name(enum aws_service service);

/** Namespace of the service's documents; NULL for weir, which speaks JSON. */
const char *aws_service_namespace(enum aws_service service);

/** AWS_OK, then the codes of errors.def in AWS's own spelling (AWS_NoSuchHostedZone, ...). */
enum aws_error {
    AWS_OK = 0,
#define AWS_ERROR(code, status, type) AWS_##code,
#include "aws/errors.def"
#undef AWS_ERROR
};

/** HTTP status of the code. */
unsigned aws_error_status(enum aws_error error);

/**
 * Why a call failed, for its client. The caller sets `arena` before it hands the struct down; a
 * function that fails fills the rest and returns the code.
 */
struct aws_fault {
    struct arena *arena;
    enum aws_error error; /* AWS_OK: none */
    const char *message;  /* in the arena */
};

/** Fills the fault and returns `error`. */
enum aws_error aws_fail(struct aws_fault *fault, enum aws_error error, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/**
 * A value of the client's as an error text shows it: at most AWS_ECHO_MAX_BYTES, not cut inside a
 * character. In `a`, or `value` itself.
 */
const char *aws_echo(struct arena *a, const char *value);

/** "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx" and a NUL. */
#define AWS_REQUEST_ID_SIZE 37

/** A version 4 UUID from 16 random bytes (RFC 9562 section 5.4). */
void aws_request_id(const uint8_t random[16], char out[AWS_REQUEST_ID_SIZE]);

/**
 * The error document: the ErrorResponse form in XML for the AWS services, {"Type", "Code",
 * "Message", "RequestId"} in JSON for weir. In `a`.
 */
struct slice aws_error_document(struct arena *a, enum aws_service service,
                                const struct aws_fault *fault, const char *request_id);

#endif
