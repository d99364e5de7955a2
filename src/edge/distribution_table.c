// SPDX-License-Identifier: Apache-2.0
// Buckets of sorted entries, counted and copied on write. Look-ups on serving threads; all else on
// the builder thread or in a trial.
#include "edge/distribution_table.h"

#include "base/alloc.h"
#include "base/check.h"
#include "edge/distribution_priv.h"
#include "edge/limits.h"

#include <stdlib.h>

struct edge_entry {
    struct edge_table_key key;
    struct edge_distribution *value;
};

/** Sorted by hash, text and id of the distribution. */
struct edge_bucket {
    size_t refs; /* tables that hold it; more than one: not to be changed */
    size_t count;
    size_t capacity;
    struct edge_entry entries[];
};

static struct edge_bucket **bucket_of(struct edge_table *t, uint64_t hash)
{
    return &t->buckets[hash % EDGE_TABLE_BUCKETS];
}

static struct edge_bucket *bucket_new(size_t capacity)
{
    struct edge_bucket *b =
        mem_new(1, sizeof(struct edge_bucket) + capacity * sizeof(struct edge_entry));
    b->refs = 1;
    b->capacity = capacity;
    return b;
}

static void bucket_unref(struct edge_bucket *b)
{
    if (b == NULL)
        return;
    CHECK(b->refs > 0);
    if (--b->refs > 0)
        return;
    for (size_t i = 0; i < b->count; i++)
        edge_distribution_unref(b->entries[i].value);
    free(b);
}

/** The bucket as this table's own, with room for one more entry. */
static struct edge_bucket *bucket_own(struct edge_bucket **place)
{
    struct edge_bucket *b = *place;
    if (b != NULL && b->refs == 1 && b->count < b->capacity)
        return b;
    size_t count = b == NULL ? 0 : b->count;
    struct edge_bucket *own = bucket_new(max_size(EDGE_BUCKET_FIRST, count + count / 2 + 1));
    for (size_t i = 0; i < count; i++) {
        own->entries[i] = b->entries[i];
        edge_distribution_ref(own->entries[i].value);
    }
    own->count = count;
    bucket_unref(b);
    *place = own;
    return own;
}

static int compare(const struct edge_entry *e, const struct edge_table_key *key, const char *id)
{
    if (e->key.hash != key->hash)
        return e->key.hash < key->hash ? -1 : 1;
    int order = slice_compare(e->key.text, key->text);
    return order != 0 ? order : strcmp(e->value->config.id, id);
}

/** Index of the first entry that is not below the key and id. */
static size_t lower_bound(const struct edge_bucket *b, const struct edge_table_key *key,
                          const char *id)
{
    size_t low = 0;
    size_t high = b->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&b->entries[middle], key, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void edge_table_share(struct edge_table *to, const struct edge_table *from)
{
    *to = *from;
    for (size_t i = 0; i < EDGE_TABLE_BUCKETS; i++) {
        if (to->buckets[i] != NULL)
            to->buckets[i]->refs++;
    }
}

void edge_table_fini(struct edge_table *t)
{
    for (size_t i = 0; i < EDGE_TABLE_BUCKETS; i++)
        bucket_unref(t->buckets[i]);
    *t = (struct edge_table){0};
}

void edge_table_add(struct edge_table *t, const struct edge_table_key *key,
                    struct edge_distribution *d)
{
    struct edge_bucket *b = bucket_own(bucket_of(t, key->hash));
    size_t at = lower_bound(b, key, d->config.id);
    CHECK(b->count < b->capacity);
    memmove(&b->entries[at + 1], &b->entries[at], (b->count - at) * sizeof(b->entries[0]));
    b->entries[at] = (struct edge_entry){.key = *key, .value = d};
    b->count++;
    edge_distribution_ref(d);
}

void edge_table_remove(struct edge_table *t, const struct edge_table_key *key,
                       struct edge_distribution *d)
{
    struct edge_bucket **place = bucket_of(t, key->hash);
    if (*place == NULL)
        return;
    size_t at = lower_bound(*place, key, d->config.id);
    if (at == (*place)->count || (*place)->entries[at].value != d)
        return;
    struct edge_bucket *b = bucket_own(place);
    b->count--;
    memmove(&b->entries[at], &b->entries[at + 1], (b->count - at) * sizeof(b->entries[0]));
    edge_distribution_unref(d);
}

struct edge_distribution *edge_table_find(const struct edge_table *t,
                                          const struct edge_table_key *key)
{
    const struct edge_bucket *b = t->buckets[key->hash % EDGE_TABLE_BUCKETS];
    if (b == NULL)
        return NULL;
    size_t at = lower_bound(b, key, "");
    if (at == b->count || b->entries[at].key.hash != key->hash ||
        !slice_equal(b->entries[at].key.text, key->text))
        return NULL;
    return b->entries[at].value;
}

struct edge_distribution *edge_table_next(const struct edge_table *t,
                                          struct edge_table_cursor *cursor)
{
    for (; cursor->bucket < EDGE_TABLE_BUCKETS; cursor->bucket++, cursor->entry = 0) {
        const struct edge_bucket *b = t->buckets[cursor->bucket];
        if (b != NULL && cursor->entry < b->count)
            return b->entries[cursor->entry++].value;
    }
    return NULL;
}
