// SPDX-License-Identifier: Apache-2.0
// Rows of latencies. Made by atlas.c, looked up on the answer path.
#include "routing/latency_rows_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"
#include "places/region.h"
#include "routing/limits.h"

#include <stdlib.h>

#define UNKNOWN_MS UINT16_MAX

/* One measurement, as it was given. */
struct sample {
    struct net_key network;
    uint32_t order; /* its place among those given */
    uint16_t region;
    uint16_t latency_ms;
};

struct latency_builder {
    struct sample *samples;
    size_t count;
    size_t capacity;
};

struct latency_rows {
    struct net_table *table; /* networks to numbers of rows; by address */
    uint16_t *rows;          /* row_count times region_count(), milliseconds or UNKNOWN_MS */
    size_t row_count;
};

/* Rows being made; `open` are the networks around the one that is being read. */
struct row_maker {
    struct latency_rows *out;
    size_t row_capacity;
    size_t width;
    struct map numbers; /* bytes of a row to 1 + its number */
    struct {
        struct net_key network;
        uint32_t row;
    } open[NET_TABLE_DEPTH_MAX];
    size_t depth;
};

struct latency_builder *latency_builder_new(void)
{
    return NEW(struct latency_builder);
}

void latency_builder_free(struct latency_builder *b)
{
    if (b == NULL)
        return;
    free(b->samples);
    free(b);
}

void latency_builder_add(struct latency_builder *b, const struct net_key *network, size_t region,
                         uint16_t latency_ms)
{
    CHECK(b->count < NET_TABLE_NETWORKS_MAX);
    CHECK(region < region_count() && latency_ms != UNKNOWN_MS);
    if (b->count == b->capacity) {
        b->capacity = b->capacity + b->capacity / 2 + 64;
        b->samples = mem_resize(b->samples, b->capacity, sizeof(*b->samples));
    }
    b->samples[b->count] = (struct sample){
        .network = *network,
        .order = (uint32_t)b->count,
        .region = (uint16_t)region,
        .latency_ms = latency_ms,
    };
    b->count++;
}

static bool is_same_network(const struct net_key *a, const struct net_key *b)
{
    return a->is_v6 == b->is_v6 && a->bits == b->bits && a->length == b->length;
}

/* IPv4 first, by bits, then length, then in the order given. */
static int compare_samples(const void *a, const void *b)
{
    const struct sample *left = a;
    const struct sample *right = b;
    if (left->network.is_v6 != right->network.is_v6)
        return left->network.is_v6 ? 1 : -1;
    if (left->network.bits != right->network.bits)
        return left->network.bits < right->network.bits ? -1 : 1;
    if (left->network.length != right->network.length)
        return left->network.length < right->network.length ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static bool is_around(const struct net_key *outer, const struct net_key *inner)
{
    return outer->is_v6 == inner->is_v6 && outer->length <= inner->length &&
           (outer->length == 0 ||
            (outer->bits ^ inner->bits) >> (NET_KEY_BITS - outer->length) == 0);
}

static uint32_t number_of_row(struct row_maker *m, const uint16_t *row)
{
    struct slice key = slice_of(row, m->width * sizeof(*row));
    uintptr_t known = (uintptr_t)map_get(&m->numbers, key);
    if (known != 0)
        return (uint32_t)(known - 1);
    struct latency_rows *l = m->out;
    if (l->row_count == m->row_capacity) {
        m->row_capacity = m->row_capacity + m->row_capacity / 2 + 16;
        l->rows = mem_resize(l->rows, m->row_capacity * m->width, sizeof(*l->rows));
    }
    memcpy(l->rows + l->row_count * m->width, row, m->width * sizeof(*row));
    l->row_count++;
    (void)map_put(&m->numbers, key, (void *)(uintptr_t)l->row_count);
    return (uint32_t)l->row_count - 1;
}

/* Reads the samples of one network, `samples` to `end`, and makes its row. */
static uint32_t make_row(struct row_maker *m, const struct sample *samples,
                         const struct sample *end, uint16_t *row)
{
    while (m->depth > 0 && !is_around(&m->open[m->depth - 1].network, &samples->network))
        m->depth--;
    if (m->depth > 0) {
        size_t around = m->open[m->depth - 1].row;
        memcpy(row, m->out->rows + around * m->width, m->width * sizeof(*row));
    } else {
        memset(row, 0xff, m->width * sizeof(*row));
    }
    for (const struct sample *s = samples; s < end; s++)
        row[s->region] = s->latency_ms;
    uint32_t number = number_of_row(m, row);
    CHECK(m->depth < NET_TABLE_DEPTH_MAX);
    m->open[m->depth].network = samples->network;
    m->open[m->depth].row = number;
    m->depth++;
    return number;
}

struct latency_rows *latency_builder_finish(struct latency_builder *b)
{
    struct latency_rows *l = NEW(struct latency_rows);
    struct row_maker m = {.out = l, .width = region_count()};
    map_init(&m.numbers);
    uint16_t *row AUTO_FREE = mem_new(m.width, sizeof(*row));
    struct net_table_entry *entries AUTO_FREE = mem_new(b->count + 1, sizeof(*entries));
    size_t entry_count = 0;
    if (b->count > 0)
        qsort(b->samples, b->count, sizeof(*b->samples), compare_samples);
    for (size_t from = 0, to = 0; from < b->count; from = to) {
        while (to < b->count && is_same_network(&b->samples[from].network, &b->samples[to].network))
            to++;
        uint32_t number = make_row(&m, b->samples + from, b->samples + to, row);
        entries[entry_count++] =
            (struct net_table_entry){.network = b->samples[from].network, .value = number};
    }
    l->table = net_table_new_by_address(entries, entry_count);
    map_fini(&m.numbers);
    free(b->samples);
    *b = (struct latency_builder){0};
    return l;
}

void latency_rows_free(struct latency_rows *l)
{
    if (l == NULL)
        return;
    net_table_free(l->table);
    free(l->rows);
    free(l);
}

bool latency_rows_find(const struct latency_rows *l, const struct net_key *client,
                       const uint16_t *regions, size_t count, uint16_t *out_ms, uint8_t *scope)
{
    uint32_t number = 0;
    uint8_t reach = 0;
    bool is_found = net_table_find(l->table, client, &number, &reach);
    *scope = reach > *scope ? reach : *scope;
    if (!is_found)
        return false;
    const uint16_t *row = l->rows + number * region_count();
    for (size_t i = 0; i < count; i++)
        out_ms[i] = row[regions[i]];
    return true;
}

size_t latency_rows_count(const struct latency_rows *l)
{
    return net_table_count(l->table);
}

size_t latency_rows_bytes(const struct latency_rows *l)
{
    return sizeof(*l) + net_table_bytes(l->table) +
           l->row_count * region_count() * sizeof(*l->rows);
}
