// SPDX-License-Identifier: Apache-2.0
// The keys and certificates in control's data directory: who signs releases, who control is to
// the nodes, who vouches for the API's listener, what seals the secrets of the store.
#ifndef CONTROL_CERT_CERT_H
#define CONTROL_CERT_CERT_H

#include "crypto/cert.h"
#include "crypto/seal.h"
#include "net/identity.h"

/** What the certificates have to say; all borrowed until control_keys_open returns. */
struct control_keys_options {
    const char *dir; /* the data directory; exists */
    int64_t now_unix_s;
    const char *nodes_host;       /* of the --nodes listener; NULL where there is none */
    const char *const *api_names; /* host of --api-https, names of the platform; api_name_count */
    size_t api_name_count;        /* localhost, 127.0.0.1 and ::1 are in the certificate anyway */
};

/**
 * All keys of a control.
 * Owner:   control_keys_open gives one; control_keys_free takes it.
 * Threads: any may read and sign; nothing changes after control_keys_open.
 */
struct control_keys {
    struct arena arena;                 /* of the PEM texts */
    struct net_identity identity;       /* DIR/identity.key, .pem */
    struct seal_key seal;               /* DIR/seal.key: for the secrets in the store */
    struct signing_key *fleet_root_key; /* DIR/fleet-root.key; NULL where it is kept offline */
    struct slice fleet_root_pem;        /* DIR/fleet-root.pem: what nodes pin */
    struct signing_key *release_key;    /* DIR/release.key: signs the pointers */
    struct slice release_pem;           /* DIR/release.pem: CERT_RELEASE_KEY of the fleet root */
    struct slice control_pem;           /* DIR/control.pem: the identity's key, CERT_TLS_PEER of the
                                           fleet root, for --nodes; empty without that listener */
    struct pem_pair authority;          /* DIR/ca.key, ca.pem; key empty where it is kept offline */
    struct pem_pair api;                /* DIR/api.key, api.pem: CERT_TLS_SERVER of the authority */
};

/**
 * Reads the keys of the data directory and makes what is missing: everything at the first start;
 * after a crash in between the rest; certificates anew where their names have changed or their
 * end is 30 days off. A running control renews by opening once more and taking the new struct.
 * One process at a time. Blocks on the disk (fsync) where something is made.
 * Errors: ERR_CORRUPT where a file is damaged, does not belong to its neighbour, or is missing
 * while something that depends on it is there (nothing that nodes, clients or the store rely on
 * is ever replaced silently; the context says what to restore); ERR_DENIED for a root or an
 * authority that is past its end, and where something must be certified but the key to do so is
 * kept offline; ERR_INVALID for a name that cannot be one; ERR_LIMIT for too many; ERR_IO.
 */
enum err control_keys_open(const struct control_keys_options *options,
                           struct control_keys **out_keys, struct errctx *ec) MUST_USE;

void control_keys_free(struct control_keys *keys);

#endif
