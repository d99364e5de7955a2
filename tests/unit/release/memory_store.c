// SPDX-License-Identifier: Apache-2.0
#include "memory_store.h"

#include "base/alloc.h"

#include <stdlib.h>

static struct slice key_of(const struct chunk_hash *hash)
{
    return slice_of(hash->bytes, sizeof(hash->bytes));
}

static enum err get(void *user, struct arena *a, const struct chunk_hash *hash,
                    struct slice *out_bytes, struct errctx *ec)
{
    struct memory_store *s = user;
    s->gets++;
    const struct slice *bytes = map_get(&s->chunks, key_of(hash));
    if (bytes == NULL)
        return err_set(ec, ERR_NOT_FOUND, "no such chunk");
    *out_bytes = arena_copy(a, *bytes);
    return ERR_OK;
}

static enum err put(void *user, const struct chunk_hash *hash, struct slice bytes,
                    struct errctx *ec)
{
    (void)ec;
    struct memory_store *s = user;
    s->puts++;
    struct slice *copy = mem_alloc(sizeof(*copy) + bytes.len);
    uint8_t *data = (uint8_t *)(copy + 1);
    memcpy(data, bytes.data, bytes.len);
    *copy = slice_of(data, bytes.len);
    free(map_put(&s->chunks, key_of(hash), copy));
    return ERR_OK;
}

void memory_store_init(struct memory_store *s)
{
    *s = (struct memory_store){.source = {get, s}, .sink = {put, s}};
    s->io = (struct trie_io){&s->source, &s->sink};
    map_init(&s->chunks);
}

void memory_store_fini(struct memory_store *s)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&s->chunks, &cursor)) != NULL)
        free(entry->value);
    map_fini(&s->chunks);
}

void memory_store_drop(struct memory_store *s, const struct chunk_hash *hash)
{
    free(map_remove(&s->chunks, key_of(hash)));
}
