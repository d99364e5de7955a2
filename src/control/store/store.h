// SPDX-License-Identifier: Apache-2.0
// The store of control: what was accepted, at which version, by whom. One interface over an SQL
// engine (SQLite now); every mutation is one durable transaction with its audit row.
//
// Objects, not snapshots: an accepted change takes the next version and writes a row
// (kind, group, member, version) for each object it touches; older rows stay until no release
// needs them. The newest row of an object is what the API lists; a release names a version up to
// which it took rows, and the objects that it holds at an older one.
//
// Every function that changes something is called inside a write transaction (a CHECK says so).
// Expected outcomes that a function names (ERR_NOT_FOUND, ERR_EXISTS, ERR_CONFLICT) leave the
// transaction as it was. After any other failure every later call in it fails too, and so does the
// commit: roll back. Reads need no transaction.
//
// Errors of all: ERR_TIMEOUT (another process is busy), ERR_IO (a full disk too), ERR_CORRUPT,
// ERR_LIMIT (a value beyond SQLite's size).
#ifndef CONTROL_STORE_STORE_H
#define CONTROL_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/** The opened store. Threads: any. */
struct store;

/**
 * One connection. Threads: one at a time (a worker, or the rollout's thread).
 * Invariant: at most one transaction is open on it.
 */
struct store_conn;

/**
 * Opens (and makes, and migrates) the store. url: "sqlite" keeps it in `dir`/control.db.
 * Errors: ERR_UNSUPPORTED for another URL or a store written by a newer Weir, ERR_IO, ERR_CORRUPT.
 */
enum err store_open(const char *url, const char *dir, struct store **out_store, struct errctx *ec)
    MUST_USE;
void store_close(struct store *s);

/** Given; store_disconnect takes it. Errors: those of store_open. */
enum err store_connect(struct store *s, struct store_conn **out_conn, struct errctx *ec) MUST_USE;
void store_disconnect(struct store_conn *c);

/** A consistent view for several reads. */
enum err store_begin_read(struct store_conn *c, struct errctx *ec) MUST_USE;

/**
 * Starts a change. It takes the version row first and holds it to the commit, so that versions
 * are ordered by commit. Waits for another writer (5 s at most, then ERR_TIMEOUT).
 */
enum err store_begin_write(struct store_conn *c, struct errctx *ec) MUST_USE;

/** Durable when it returns ERR_OK (fsync). Whatever it returns, the transaction is over. */
enum err store_commit(struct store_conn *c, struct errctx *ec) MUST_USE;

/** Ends either kind without effect; harmless when none is open. */
void store_rollback(struct store_conn *c);

/** Inside a write transaction: the next version, the same for all of the transaction. */
enum err store_take_version(struct store_conn *c, uint64_t *out_version, struct errctx *ec)
    MUST_USE;

/** The newest version. */
enum err store_version(struct store_conn *c, uint64_t *out_version, struct errctx *ec) MUST_USE;

/**
 * Called after each commit that took a version or added an invalidation, on the committing thread
 * (rollout wakes up).
 * One listener; set before the first connection.
 */
void store_on_commit(struct store *s, void (*fn)(void *user), void *user);

/** Small values of the fleet by name ("fleet.seed", ...); ERR_NOT_FOUND where unset. Values in `a`.
 */
enum err store_meta_get(struct store_conn *c, struct arena *a, const char *name,
                        struct slice *out_value, struct errctx *ec) MUST_USE;
enum err store_meta_set(struct store_conn *c, const char *name, struct slice value,
                        struct errctx *ec) MUST_USE;

/** Who did what: one row for each mutation, in its transaction. */
struct store_audit {
    int64_t at_unix_ms;
    const char *account_id;
    const char *access_key_id; /* "" for the operator's own tools on the machine */
    const char *action;        /* "route53:ChangeResourceRecordSets" */
    const char *resource;      /* "/hostedzone/Z..." */
    const char *request_id;
    const char *source_ip;
    struct slice detail; /* the request as accepted, or empty */
};
enum err store_audit_add(struct store_conn *c, const struct store_audit *row, struct errctx *ec)
    MUST_USE;

/** Access keys of the APIs; the secret is sealed (crypto/seal.h) by the caller. */
struct store_access_key {
    const char *id; /* "AKIA..." */
    const char *account_id;
    const char *user_name;
    struct slice sealed_secret;
    bool is_active;
};
enum err store_access_key_get(struct store_conn *c, struct arena *a, const char *id,
                              struct store_access_key *out, struct errctx *ec) MUST_USE;
enum err store_access_key_add(struct store_conn *c, const struct store_access_key *key,
                              struct errctx *ec) MUST_USE;

#endif
