// SPDX-License-Identifier: Apache-2.0
// Chunks of releases by hash, in a file of their own: derived data. Called by the rollout's thread,
// on the thread that uses the connection.
#include "control/store/fleet.h"

#include "control/store/limits.h"
#include "control/store/store_priv.h"

#define HASH_BYTES 32

static void packed_read(struct sql_reader *r, void *out)
{
    struct slice *packed = (struct slice *)out;
    *packed = sql_get_blob(r);
}

static const struct row_shape packed_shape = {"chunk", sizeof(struct slice), packed_read};

enum err store_chunk_get(struct store_conn *c, struct arena *a, const uint8_t hash[32],
                         struct slice *out_packed, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT packed FROM chunks.chunk WHERE hash = $1",
                        sql_blob(slice_of(hash, HASH_BYTES))),
                    &packed_shape, out_packed, ec);
}

enum err store_chunk_put(struct store_conn *c, const uint8_t hash[32], struct slice packed,
                         int64_t now_unix_ms, struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO chunks.chunk (hash, touched_unix_ms, packed)"
                           " VALUES ($1, $2, $3) ON CONFLICT (hash)"
                           " DO UPDATE SET touched_unix_ms = excluded.touched_unix_ms",
                           sql_blob(slice_of(hash, HASH_BYTES)), sql_number(now_unix_ms),
                           sql_blob(packed)),
                       ec);
}

struct chunk_row {
    uint8_t hash[HASH_BYTES];
    int64_t touched_unix_ms;
};

static void chunk_row_read(struct sql_reader *r, void *out)
{
    struct chunk_row *row = (struct chunk_row *)out;
    sql_get_bytes(r, row->hash, sizeof(row->hash));
    row->touched_unix_ms = sql_get_number(r);
}

static const struct row_shape chunk_row_shape = {"chunk", sizeof(struct chunk_row), chunk_row_read};

static enum err remove_unmarked(struct store_conn *c, const struct store_chunk_sweep *sweep,
                                const struct row_list *list, uint64_t *out_removed,
                                struct errctx *ec)
{
    const struct chunk_row *rows = (const struct chunk_row *)list->items;
    uint64_t removed = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (rows[i].touched_unix_ms >= sweep->before_unix_ms ||
            sweep->is_marked(sweep->user, rows[i].hash))
            continue;
        enum err err = conn_change(c,
                                   SQL("DELETE FROM chunks.chunk WHERE hash = $1",
                                       sql_blob(slice_of(rows[i].hash, HASH_BYTES))),
                                   ec);
        if (err != ERR_OK)
            return err;
        removed++;
    }
    *out_removed = removed;
    return ERR_OK;
}

enum err store_chunk_sweep(struct store_conn *c, struct store_chunk_sweep *sweep,
                           uint64_t *out_removed, bool *out_is_done, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct row_list list = {0};
    uint64_t removed = 0;
    size_t limit = min_size(sweep->limit, STORE_SWEEP_ROWS_MAX);
    enum err err =
        conn_list(c, &arena,
                  SQL("SELECT hash, touched_unix_ms FROM chunks.chunk WHERE hash > $1"
                      " ORDER BY hash LIMIT $2",
                      sql_blob(slice_of(sweep->cursor, HASH_BYTES)), sql_unsigned(limit)),
                  &chunk_row_shape, &list, ec);
    if (err == ERR_OK)
        err = remove_unmarked(c, sweep, &list, &removed, ec);
    if (err != ERR_OK)
        return err;
    if (list.count > 0) {
        const struct chunk_row *rows = (const struct chunk_row *)list.items;
        memcpy(sweep->cursor, rows[list.count - 1].hash, HASH_BYTES);
    }
    *out_removed = removed;
    *out_is_done = list.count < limit;
    return ERR_OK;
}
