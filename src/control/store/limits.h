// SPDX-License-Identifier: Apache-2.0
// The limits of this room, with unit and source.
#ifndef CONTROL_STORE_LIMITS_H
#define CONTROL_STORE_LIMITS_H

/** How long a change waits for other writers, milliseconds: what store.h promises. */
#define STORE_BUSY_TIMEOUT_MS 5000

/** Page cache of one connection, KiB: the upper levels of the trees of a million names. */
#define STORE_CACHE_KIB 8192

/**
 * Pages of a write-ahead log past which the checkpointing thread copies it into the database:
 * SQLite's own default, 4 MiB.
 */
#define STORE_WAL_PAGES 1000u

/**
 * Pages of a write-ahead log past which the committing thread copies it itself, before the next
 * writer: 64 MiB. Only reached when commits outrun the checkpointing thread.
 */
#define STORE_WAL_PAGES_MAX 16384u

/** What a write-ahead log file may keep on disk once it was copied, bytes: STORE_WAL_PAGES_MAX. */
#define STORE_WAL_FILE_MAX_BYTES (STORE_WAL_PAGES_MAX * 4096u)

/**
 * Local addresses of all delegation sets together: what one zone of a release may name, because
 * the built-in zone is served on those of every set.
 */
#define STORE_SET_ADDRESSES_MAX 256u

/** Completed invalidations that a distribution keeps; older ones go when one is added. */
#define STORE_INVALIDATIONS_KEPT 1000u

/** Parameters of one statement: the widest table has 11 columns. */
#define SQL_PARAMETERS_MAX 16u

/** Rows that one store_object_forget drops: some 10 ms for other writers. */
#define STORE_FORGET_ROWS_MAX 1000

/** Rows that one store_chunk_sweep looks at, at most. */
#define STORE_SWEEP_ROWS_MAX 10000u

#endif
