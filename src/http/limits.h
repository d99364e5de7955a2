// SPDX-License-Identifier: Apache-2.0
// The bounds of http/. Those that no RFC fixes are defaults of struct http_limits, so that a
// listener or a test can set its own.
#ifndef HTTP_LIMITS_H
#define HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/** Limits of one side of a connection. */
struct http_limits {
    size_t target_bytes;     /* request target; past it 414 */
    size_t head_bytes;       /* start line and fields together; past it 431 */
    size_t field_count;      /* fields of one head; past it 431 */
    uint16_t long_status;    /* instead of 414 and 431; 0: those */
    uint64_t body_bytes;     /* of one message; past it 413 */
    size_t output_bytes;     /* bytes of answer held for a slow reader before writers must wait */
    int64_t head_timeout_ns; /* from the first byte of a head to its end; then 408 */
    int64_t idle_timeout_ns; /* a kept connection without a request */
    int64_t body_timeout_ns; /* without a byte of the request body */
    int64_t body_total_timeout_ns; /* of the whole request body; not while the handler pauses it */
    int64_t write_timeout_ns;      /* without progress of a write */
    int64_t half_close_timeout_ns; /* after the peer ended its side, without progress of a write */
    int64_t linger_timeout_ns;     /* after the last answer: for the peer to read it and close */
    uint32_t connection_count;     /* of one server; past it the newest is closed with 503 */
    uint32_t connections_per_client; /* of one address, or one /64 of IPv6; as connection_count */
    uint32_t request_count;          /* on one connection, then it is closed */
};

/** As an initialiser of constants, and as a value. */
#define HTTP_LIMITS_INIT                                                                           \
    {                                                                                              \
        .target_bytes = 8192, .head_bytes = 20480, .field_count = 128, .body_bytes = 4u << 20,     \
        .output_bytes = 256u << 10, .head_timeout_ns = 10000000000,                                \
        .idle_timeout_ns = 60000000000, .body_timeout_ns = 30000000000,                            \
        .body_total_timeout_ns = 300000000000, .write_timeout_ns = 30000000000,                    \
        .half_close_timeout_ns = 5000000000, .linger_timeout_ns = 2000000000,                      \
        .connection_count = 10000, .connections_per_client = 256, .request_count = 100000          \
    }
#define HTTP_LIMITS_DEFAULT ((struct http_limits)HTTP_LIMITS_INIT)

enum {
    HTTP_EMPTY_LINES = 2,             /* before a request (RFC 9112 section 2.2 wants one) */
    HTTP_CHUNK_LINE_BYTES = 256,      /* a chunk's size with its extensions */
    HTTP_EXTENSION_BYTES = 16 * 1024, /* all chunk extensions of one body */
    HTTP_TRAILER_BYTES = 8 * 1024,    /* all trailers of one body */

    HTTP_READ_BYTES = 16 * 1024,  /* one read; also one TLS record */
    HTTP_LINGER_BYTES = 16 << 20, /* discarded behind the last answer, so that it is seen */
    HTTP_ACCEPTS_PER_TURN = 64,   /* connections taken from a listener at once */
    HTTP_ROUNDS_PER_TURN = 64,    /* steps of one connection at once */
    HTTP_SHED_CONNECTIONS = 64,   /* beyond the limits of connections, while their 503 leaves */
    HTTP_ACCEPT_PAUSE_MS = 100,   /* without accepting when descriptors have run out */
    HTTP_RETRY_AFTER_S = 1,       /* told to a client that is turned away */

    HTTP_CLIENT_IDLE = 64,              /* connections that one client keeps, where none is set */
    HTTP_CLIENT_IDLE_MS = 30 * 1000,    /* less than idle_timeout_ns of our own server */
    HTTP_CLIENT_UNSAFE_IDLE_MS = 1000,  /* of a connection for what cannot be sent twice */
    HTTP_UPLOAD_BYTES = 64 << 10,       /* of a request body, held for a slow server */
    HTTP_INFO_ANSWERS = 16,             /* 1xx heads before the final one */
    HTTP_CLIENT_TIMEOUT_MS = 30 * 1000, /* where a call's options name none */
    HTTP_WAIT_BODY_BYTES = 64 << 20,    /* of an answer, where a tool names no limit */
};

#endif
