// SPDX-License-Identifier: Apache-2.0
// Who a node is: the Ed25519 key made in its data directory, the self-signed certificate that it
// shows to other machines of the fleet, and the node id that follows from the key.
#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/keys.h"

/** Length of a node id with its NUL. */
#define NODE_ID_SIZE 17

/**
 * Owner:   net_identity_open fills one in place, net_identity_fini takes it back; may be moved.
 * Threads: any may read and sign; nothing changes after net_identity_open.
 */
struct net_identity {
    struct arena arena; /* of the PEM texts */
    char node_id[NODE_ID_SIZE];
    struct signing_key *key;
    struct slice key_pem;  /* DIR/identity.key; secret */
    struct slice cert_pem; /* DIR/identity.pem: CERT_TLS_PEER, self-signed, CN = node id */
};

/**
 * Reads DIR/identity.key and DIR/identity.pem, and makes what is missing: both at the first start,
 * the certificate alone after a crash between the two or close to its end (the node id stays).
 * One process at a time: the supervisor calls it before it starts any other; they only read.
 * Blocks on the disk (fsync) where something is made.
 * Errors: ERR_CORRUPT where a file is damaged, where the two differ, or where the certificate is
 * there without its key (a lost identity is never replaced silently); ERR_IO, ERR_DENIED.
 */
enum err net_identity_open(const char *dir, int64_t now_unix_s, struct net_identity *out_identity,
                           struct errctx *ec) MUST_USE;

/** Wipes the key. Zeroed memory is fine. */
void net_identity_fini(struct net_identity *identity);

/**
 * The id of the node with this key: the first 10 bytes of SHA-256(public key) in lower-case
 * base32 (RFC 4648 section 6, no padding), 16 characters. Pure.
 */
void node_id_format(const uint8_t public_key[ED25519_PUBLIC_BYTES], char out[NODE_ID_SIZE]);

#endif
