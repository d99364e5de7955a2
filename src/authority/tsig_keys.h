// SPDX-License-Identifier: Apache-2.0
// The keys of transaction signatures, as the file of --tsig-keys lists them. Made on the main
// thread of the role, read by every thread that answers.
#ifndef AUTHORITY_TSIG_KEYS_H
#define AUTHORITY_TSIG_KEYS_H

#include "authority/limits.h"
#include "crypto/hash.h"
#include "dns/name.h"

/** One key, by value: who signs several messages keeps a copy. */
struct tsig_key {
    struct dns_name name; /* in lower case */
    enum hmac_hash hash;
    uint8_t secret_bytes;
    uint8_t secret[TSIG_SECRET_MAX_BYTES];
};

/** Unchanged once made. */
struct tsig_keys {
    size_t count;
    struct tsig_key keys[];
};

/**
 * Reads lines NAME ALGORITHM SECRET: a domain name, hmac-sha256, hmac-sha384 or hmac-sha512, and
 * the secret in base64. Empty lines and those that begin with '#' are passed over.
 * Errors: ERR_INVALID with the line's number. Owner of *out: the caller, who frees it with
 * tsig_keys_free, which also wipes it.
 */
enum err tsig_keys_parse(struct slice text, struct tsig_keys **out, struct errctx *ec) MUST_USE;
void tsig_keys_free(struct tsig_keys *keys); /* NULL is fine */

/**
 * The file at the path, which its owner alone may read (mode 0600 or less).
 * Errors: as tsig_keys_parse, ERR_DENIED for another mode, ERR_NOT_FOUND, ERR_IO.
 */
enum err tsig_keys_read(const char *path, struct tsig_keys **out, struct errctx *ec) MUST_USE;

/** The key of the name (wire form, lower case); NULL: none, or `keys` is NULL. */
const struct tsig_key *tsig_keys_find(const struct tsig_keys *keys, struct slice name);

/** "hmac-sha256." in wire form. */
struct slice tsig_algorithm_name(enum hmac_hash hash);

#endif
