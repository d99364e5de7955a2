// SPDX-License-Identifier: Apache-2.0
// Chunks between compile and store. The rollout's thread; marks also on the collector's.
#include "control/rollout/chunks.h"

#include "base/alloc.h"
#include "base/time.h"
#include "control/rollout/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

void chunk_box_init(struct chunk_box *b, struct store_conn *conn)
{
    *b = (struct chunk_box){.conn = conn};
    map_init(&b->waiting);
}

void chunk_box_clear(struct chunk_box *b)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&b->waiting, &cursor)) != NULL)
        free(entry->value);
    map_fini(&b->waiting);
    map_init(&b->waiting);
    b->waiting_bytes = 0;
}

void chunk_box_fini(struct chunk_box *b)
{
    chunk_box_clear(b);
    map_fini(&b->waiting);
}

static struct slice hash_slice(const struct chunk_hash *hash)
{
    return slice_of(hash->bytes, sizeof(hash->bytes));
}

/** A slice and its bytes in one piece of memory. */
static struct slice *packed_copy(struct slice packed)
{
    struct slice *copy = mem_alloc(sizeof(*copy) + packed.len);
    memcpy(copy + 1, packed.data, packed.len);
    *copy = slice_of(copy + 1, packed.len);
    return copy;
}

static enum err write_waiting(struct chunk_box *b, struct errctx *ec)
{
    int64_t now_unix_ms = time_unix_ms();
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&b->waiting, &cursor)) != NULL) {
        const struct slice *packed = entry->value;
        enum err err = store_chunk_put(b->conn, entry->key.data, *packed, now_unix_ms, ec);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

enum err chunk_box_flush(struct chunk_box *b, struct errctx *ec)
{
    if (b->waiting.count == 0)
        return ERR_OK;
    enum err err = store_begin_write(b->conn, ec);
    if (err != ERR_OK)
        return err;
    err = write_waiting(b, ec);
    if (err == ERR_OK)
        err = store_commit(b->conn, ec);
    else
        store_rollback(b->conn);
    if (err == ERR_OK)
        chunk_box_clear(b);
    return err;
}

static enum err box_put(void *user, const struct chunk_hash *hash, struct slice bytes,
                        struct errctx *ec)
{
    struct chunk_box *b = user;
    if (map_get(&b->waiting, hash_slice(hash)) != NULL)
        return ERR_OK;
    AUTO_ARENA struct arena arena = {0};
    struct slice packed = chunk_pack(&arena, bytes);
    map_put(&b->waiting, hash_slice(hash), packed_copy(packed));
    b->waiting_bytes += packed.len;
    if (b->waiting_bytes < ROLLOUT_CHUNK_BATCH_BYTES)
        return ERR_OK;
    enum err err = chunk_box_flush(b, ec);
    if (err == ERR_OK && b->on_flush != NULL)
        b->on_flush(b->user);
    return err;
}

static enum err store_get(void *user, struct arena *a, const struct chunk_hash *hash,
                          struct slice *out_bytes, struct errctx *ec)
{
    struct slice packed = {0};
    enum err err = store_chunk_get(user, a, hash->bytes, &packed, ec);
    if (err == ERR_OK)
        err = chunk_unpack(a, packed, hash, out_bytes, ec);
    return err;
}

static enum err box_get(void *user, struct arena *a, const struct chunk_hash *hash,
                        struct slice *out_bytes, struct errctx *ec)
{
    const struct chunk_box *b = user;
    const struct slice *packed = map_get(&b->waiting, hash_slice(hash));
    if (packed != NULL)
        return chunk_unpack(a, *packed, hash, out_bytes, ec);
    return store_get(b->conn, a, hash, out_bytes, ec);
}

struct compile_chunks chunk_box_chunks(struct chunk_box *b)
{
    return (struct compile_chunks){
        .source = {.get = box_get, .user = b},
        .sink = {.put = box_put, .user = b},
    };
}

struct chunk_source store_chunk_source(struct store_conn *conn)
{
    return (struct chunk_source){.get = store_get, .user = conn};
}

void chunk_marks_init(struct chunk_marks *m)
{
    *m = (struct chunk_marks){0};
    map_init(&m->hashes);
}

void chunk_marks_fini(struct chunk_marks *m)
{
    map_fini(&m->hashes);
}

bool chunk_marks_has(const struct chunk_marks *m, const uint8_t hash[32])
{
    return map_get(&m->hashes, slice_of(hash, SHA256_BYTES)) != NULL;
}

static enum err visit(void *user, const struct chunk_hash *hash, bool *out_enter, struct errctx *ec)
{
    struct chunk_marks *m = user;
    if (m->is_cancelled != NULL && atomic_load(m->is_cancelled))
        return err_set(ec, ERR_CLOSED, "cancelled");
    *out_enter = map_put(&m->hashes, hash_slice(hash), m) == NULL;
    return ERR_OK;
}

enum err chunk_marks_add(struct chunk_marks *m, struct store_conn *conn,
                         const struct chunk_hash *root, struct errctx *ec)
{
    const struct chunk_source source = store_chunk_source(conn);
    const struct release_walk_visitor visitor = {.visit = visit, .user = m};
    return release_walk(root, &source, &visitor, ec);
}
