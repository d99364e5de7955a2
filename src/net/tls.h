// SPDX-License-Identifier: Apache-2.0
// TLS contexts: what a listener shows and what a client demands. The connections are net/stream.h.
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/err.h"
#include "base/slice.h"

/**
 * Immutable settings of many connections.
 * Threads: any may make connections from it. Owner: net_tls_..._new gives, net_tls_free takes.
 */
struct net_tls;

/** For clients of the APIs: TLS 1.2 and 1.3, no client certificate. PEM texts borrowed. */
enum err net_tls_server_new(struct slice cert_chain_pem, struct slice key_pem,
                            struct net_tls **out_tls, struct errctx *ec) MUST_USE;

/**
 * Between machines of a fleet: TLS 1.3 only, both sides show a certificate. A server here accepts
 * any Ed25519 certificate and leaves it to the caller to look up the key
 * (net_stream_peer_key): who is admitted is the caller's matter.
 */
enum err net_tls_fleet_server_new(struct slice cert_pem, struct slice key_pem,
                                  struct net_tls **out_tls, struct errctx *ec) MUST_USE;

/**
 * The client side of the same. With `authority_pem` the server's certificate must be certified by
 * it for TLS server use (names are not compared: addresses change, the fleet root does not);
 * empty: any Ed25519 certificate, checked by the caller through net_stream_peer_key.
 */
enum err net_tls_fleet_client_new(struct slice cert_pem, struct slice key_pem,
                                  struct slice authority_pem, struct net_tls **out_tls,
                                  struct errctx *ec) MUST_USE;

/** A client that trusts `authority_pem` and checks the server's name or address. */
enum err net_tls_client_new(struct slice authority_pem, struct net_tls **out_tls, struct errctx *ec)
    MUST_USE;

/**
 * A client for origins of others: trusts the PEM certificates in the file `authorities_path` (NULL:
 * none, so that every handshake fails) and checks the server's name or address. TLS 1.2 and 1.3,
 * with the older cipher suites of 1.2 that origins still need. Blocks on the disk.
 * Errors: ERR_NOT_FOUND, ERR_DENIED, ERR_IO, ERR_CORRUPT for a file without a certificate.
 */
enum err net_tls_origin_client_new(const char *authorities_path, struct net_tls **out_tls,
                                   struct errctx *ec) MUST_USE;

/**
 * A client that only looks whether endpoints of others answer. With `authorities_path` as
 * net_tls_origin_client_new; NULL: neither certificates nor names are verified, and everything from
 * TLS 1.0 on is spoken, with any cipher suite that encrypts. `sends_name`: the server's name goes
 * into the handshake (SNI). Errors: as net_tls_origin_client_new.
 */
enum err net_tls_probe_client_new(const char *authorities_path, bool sends_name,
                                  struct net_tls **out_tls, struct errctx *ec) MUST_USE;

void net_tls_free(struct net_tls *tls);

/** What tells this context from any other of the process, freed ones too; 0 for NULL. */
uint64_t net_tls_id(const struct net_tls *tls);

#endif
