// SPDX-License-Identifier: Apache-2.0
// Migrations: numbered SQL files, compiled in by tools/embed_sql.py.
#ifndef CONTROL_STORE_MIGRATE_PRIV_H
#define CONTROL_STORE_MIGRATE_PRIV_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct sql;

struct migration {
    unsigned number; /* 1, 2, ... without a gap; 0: run at every start */
    const char *name;
    const char *text;
};

/** By number. */
extern const struct migration migrations[];
extern const size_t migration_count;

/**
 * Applies what the store lacks, each migration in a transaction of its own that also records it.
 * Errors: ERR_UNSUPPORTED where the store has a migration that this binary does not know.
 */
enum err migrate(struct sql *sql, int timeout_ms, int64_t now_unix_ms, struct errctx *ec) MUST_USE;

#endif
