// SPDX-License-Identifier: Apache-2.0
// A non-blocking byte stream over a connected socket, plain or TLS, with one way to use both.
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "net/tls.h"

#include <stdbool.h>
#include <stdint.h>

enum net_io {
    NET_IO_OK,
    NET_IO_AGAIN,  /* try again when net_stream_wants() is ready */
    NET_IO_CLOSED, /* orderly end of what the peer sends */
    NET_IO_FAILED, /* reset, protocol error, refused certificate: close it */
};

/**
 * Owner: net_stream_new gives one, net_stream_free takes it and closes the descriptor.
 * Threads: one at a time.
 */
struct net_stream;

/**
 * tls          NULL for a plain stream; else kept until the stream is freed
 * server_name  client side of TLS: the name or address to check and to send as SNI; else NULL
 */
struct net_stream *net_stream_new(int fd, const struct net_tls *tls, bool is_server,
                                  const char *server_name) MUST_USE;
void net_stream_free(struct net_stream *s);

/** Client side of TLS, before the handshake: a certificate for this name is accepted, too.
 *  Without effect on other streams. */
void net_stream_accept_name(struct net_stream *s, const char *name);

/** The descriptor stays the stream's. */
int net_stream_fd(const struct net_stream *s);
bool net_stream_is_tls(const struct net_stream *s);

/** TLS handshake; NET_IO_OK at once on a plain stream. Read and write do it when needed, too. */
enum net_io net_stream_handshake(struct net_stream *s);

/** Reads at most `size` bytes; *out_count > 0 exactly with NET_IO_OK. */
enum net_io net_stream_read(struct net_stream *s, void *out, size_t size, size_t *out_count);

/** Writes some of the bytes; *out_count > 0 exactly with NET_IO_OK. */
enum net_io net_stream_write(struct net_stream *s, struct slice data, size_t *out_count);

/** Bytes that a read would give without waiting for the socket (TLS keeps some). */
bool net_stream_has_pending(const struct net_stream *s);

/** LOOP_READ or LOOP_WRITE: what the last operation that said AGAIN waits for. */
unsigned net_stream_wants(const struct net_stream *s);

/** Sends the orderly end (TLS close_notify, shutdown of the write side). Does not wait. */
void net_stream_shutdown(struct net_stream *s);

/** Why the last operation failed, for a log line; static or the stream's storage. */
const char *net_stream_error(const struct net_stream *s);

/** The peer's Ed25519 public key (32 bytes); false without TLS or where it showed none. */
bool net_stream_peer_key(const struct net_stream *s, uint8_t out_public[32]);

#endif
