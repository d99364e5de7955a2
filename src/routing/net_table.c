// SPDX-License-Identifier: Apache-2.0
// Tables of networks. Made by whoever loads a file or a release, looked up on the answer path.
//
// A table is two things of each address family:
//   intervals  what holds for each full address: disjoint, merged, and so also how far it reaches
//   blocks     the networks themselves, sorted, each with the one around it: for clients that are
//              networks, who must not find a block that is longer than they are
//
// Invariants:
//   1. Blocks are sorted by bits, then length; no two are equal. So the narrowest block around a
//      network is the last block at or before it, or one of those around that one.
//   2. The value of an interval is that of the narrowest block around each of its addresses.
#include "routing/net_table.h"

#include "base/alloc.h"
#include "base/check.h"
#include "routing/limits.h"
#include "routing/net_intervals_priv.h"

#include <stdlib.h>

#define NO_BLOCK UINT32_MAX

struct block {
    uint64_t bits;
    uint32_t value;
    uint32_t around; /* the next wider block around it; NO_BLOCK */
    uint8_t length;
};

struct net_family {
    struct net_intervals intervals;
    struct block *blocks; /* NULL in a table by address */
    size_t block_count;
    uint8_t longest; /* of all networks: clients with as many bits find what their addresses do */
};

struct net_table {
    struct net_family v4;
    struct net_family v6;
    size_t count;
    bool is_by_address;
};

/* An entry with its place among those given, so that the last of equal ones is told. */
struct sort_row {
    struct net_table_entry entry;
    size_t order;
};

/* Blocks around the place that a sweep has come to. */
struct sweep {
    struct net_family *family;
    struct {
        uint64_t last; /* its last key */
        uint32_t value;
        uint32_t block; /* its number */
    } open[NET_TABLE_DEPTH_MAX];
    size_t depth;
};

static int compare_keys(const struct net_key *a, const struct net_key *b)
{
    if (a->is_v6 != b->is_v6)
        return a->is_v6 ? 1 : -1;
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    return (a->length > b->length) - (a->length < b->length);
}

static int compare_rows(const void *a, const void *b)
{
    const struct sort_row *left = a;
    const struct sort_row *right = b;
    int order = compare_keys(&left->entry.network, &right->entry.network);
    return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

static uint64_t last_key(const struct net_key *network)
{
    return network->length == NET_KEY_BITS ? network->bits
                                           : network->bits | UINT64_MAX >> network->length;
}

static void check_entry(const struct net_table_entry *e)
{
    CHECK(e->value != NET_TABLE_NONE);
    CHECK(e->network.length <= (e->network.is_v6 ? NET_KEY_BITS : 32));
    CHECK(e->network.length == NET_KEY_BITS || (e->network.bits << e->network.length) == 0);
}

/* Sorted and each network once: `entries` itself where it is so, else fresh memory in *out_own. */
static const struct net_table_entry *sorted(const struct net_table_entry *entries, size_t *count,
                                            struct net_table_entry **out_own)
{
    bool is_sorted = true;
    for (size_t i = 0; i < *count; i++) {
        check_entry(&entries[i]);
        if (i > 0 && compare_keys(&entries[i - 1].network, &entries[i].network) >= 0)
            is_sorted = false;
    }
    *out_own = NULL;
    if (is_sorted)
        return entries;
    struct sort_row *rows AUTO_FREE = mem_new(*count, sizeof(*rows));
    for (size_t i = 0; i < *count; i++)
        rows[i] = (struct sort_row){.entry = entries[i], .order = i};
    qsort(rows, *count, sizeof(*rows), compare_rows);
    struct net_table_entry *own = mem_new(*count, sizeof(*own));
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (kept > 0 && compare_keys(&own[kept - 1].network, &rows[i].entry.network) == 0)
            kept--;
        own[kept++] = rows[i].entry;
    }
    *count = kept;
    *out_own = own;
    return own;
}

/* Leaves the blocks that end before `key`. */
static void leave_before(struct sweep *s, uint64_t key)
{
    while (s->depth > 0 && s->open[s->depth - 1].last < key) {
        s->depth--;
        uint32_t value = s->depth > 0 ? s->open[s->depth - 1].value : NET_TABLE_NONE;
        net_intervals_append(&s->family->intervals, s->open[s->depth].last + 1, value);
    }
}

static void enter(struct sweep *s, const struct net_table_entry *e)
{
    struct net_family *f = s->family;
    f->longest = e->network.length > f->longest ? e->network.length : f->longest;
    leave_before(s, e->network.bits);
    CHECK(s->depth < NET_TABLE_DEPTH_MAX);
    net_intervals_append(&f->intervals, e->network.bits, e->value);
    if (f->blocks != NULL) {
        f->blocks[f->block_count] = (struct block){
            .bits = e->network.bits,
            .value = e->value,
            .around = s->depth > 0 ? s->open[s->depth - 1].block : NO_BLOCK,
            .length = e->network.length,
        };
    }
    s->open[s->depth].last = last_key(&e->network);
    s->open[s->depth].value = e->value;
    s->open[s->depth].block = (uint32_t)f->block_count++;
    s->depth++;
}

/* `entries` sorted, of one family. */
static void fill_family(struct net_family *f, const struct net_table_entry *entries, size_t count,
                        bool is_v6, bool is_by_address)
{
    net_intervals_init(&f->intervals, is_v6);
    if (!is_by_address && count > 0)
        f->blocks = mem_alloc(count * sizeof(*f->blocks));
    struct sweep s = {.family = f};
    for (size_t i = 0; i < count; i++)
        enter(&s, &entries[i]);
    /* What is still open at the last key of all has no end. */
    leave_before(&s, UINT64_MAX);
    net_intervals_seal(&f->intervals);
}

static struct net_table *new_table(const struct net_table_entry *entries, size_t count,
                                   bool is_by_address)
{
    CHECK(count <= NET_TABLE_NETWORKS_MAX);
    struct net_table_entry *own AUTO_FREE = NULL;
    const struct net_table_entry *all = sorted(entries, &count, &own);
    size_t v4_count = 0;
    while (v4_count < count && !all[v4_count].network.is_v6)
        v4_count++;
    struct net_table *t = NEW(struct net_table);
    t->count = count;
    t->is_by_address = is_by_address;
    fill_family(&t->v4, all, v4_count, false, is_by_address);
    fill_family(&t->v6, count > v4_count ? all + v4_count : NULL, count - v4_count, true,
                is_by_address);
    return t;
}

struct net_table *net_table_new(const struct net_table_entry *entries, size_t count)
{
    return new_table(entries, count, false);
}

struct net_table *net_table_new_by_address(const struct net_table_entry *entries, size_t count)
{
    return new_table(entries, count, true);
}

void net_table_free(struct net_table *t)
{
    if (t == NULL)
        return;
    net_intervals_fini(&t->v4.intervals);
    net_intervals_fini(&t->v6.intervals);
    free(t->v4.blocks);
    free(t->v6.blocks);
    free(t);
}

static bool is_at_or_before(const struct block *b, const struct net_key *key)
{
    return b->bits < key->bits || (b->bits == key->bits && b->length <= key->length);
}

static bool contains(const struct block *b, const struct net_key *key)
{
    return b->length <= key->length &&
           (b->length == 0 || (b->bits ^ key->bits) >> (NET_KEY_BITS - b->length) == 0);
}

/* The value of the narrowest block around a network; NET_TABLE_NONE. */
static uint32_t find_block(const struct net_family *f, const struct net_key *key)
{
    size_t low = 0;
    size_t high = f->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_at_or_before(&f->blocks[middle], key))
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t number = low == 0 ? NO_BLOCK : (uint32_t)(low - 1);
    while (number != NO_BLOCK && !contains(&f->blocks[number], key))
        number = f->blocks[number].around;
    return number == NO_BLOCK ? NET_TABLE_NONE : f->blocks[number].value;
}

bool net_table_find(const struct net_table *t, const struct net_key *client, uint32_t *out_value,
                    uint8_t *out_scope)
{
    const struct net_family *f = client->is_v6 ? &t->v6 : &t->v4;
    size_t interval = net_intervals_find(&f->intervals, client->bits);
    uint32_t value = f->intervals.values[interval];
    unsigned scope = net_intervals_reach(&f->intervals, interval, client->bits);
    if (client->length < f->longest && !t->is_by_address) {
        uint32_t of_address = value;
        value = find_block(f, client);
        /* Its addresses fare otherwise, each by itself. */
        if (value != of_address && scope <= client->length)
            scope = client->length + 1U;
    }
    *out_scope = (uint8_t)scope;
    if (value == NET_TABLE_NONE)
        return false;
    *out_value = value;
    return true;
}

size_t net_table_count(const struct net_table *t)
{
    return t->count;
}

size_t net_table_bytes(const struct net_table *t)
{
    return sizeof(*t) + net_intervals_bytes(&t->v4.intervals) +
           net_intervals_bytes(&t->v6.intervals) +
           (t->is_by_address ? 0 : t->count * sizeof(struct block));
}
