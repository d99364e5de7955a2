// SPDX-License-Identifier: Apache-2.0
// The slices of a body. Called by its fill (fill.c) on the leader's thread and by its readers
// (reader.c) on theirs.
#include "cache/body_priv.h"

#include "base/check.h"
#include "cache/cache_priv.h"
#include "cache/fill_priv.h"
#include "cache/limits.h"
#include "cache/reader_priv.h"

struct cache_body *body_new(struct cache *c, bool has_length, uint64_t length)
{
    struct cache_body *b = memory_new(&c->memory, sizeof(*b));
    if (b == NULL)
        return NULL;
    b->cache = c;
    atomic_init(&b->refs, 1);
    b->has_length = has_length;
    b->length = length;
    (void)pthread_mutex_init(&b->lock, NULL);
    list_init(&b->readers);
    list_init(&b->waiting);
    return b;
}

void body_ref(struct cache_body *b)
{
    unsigned before = atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    CHECK(before > 0);
}

static void piece_free(struct cache_piece *p)
{
    memory_slice_free(p, sizeof(*p) + p->capacity);
}

static size_t index_bytes(const struct cache_body *b)
{
    return b->piece_count * sizeof(struct cache_piece *);
}

void body_unref(struct cache_body *b)
{
    if (b == NULL || atomic_fetch_sub(&b->refs, 1) > 1)
        return;
    CHECK(b->fill == NULL && list_is_empty(&b->readers));
    struct cache_memory *m = &b->cache->memory;
    struct cache_piece *p = b->first;
    while (p != NULL) {
        struct cache_piece *next = p->next;
        piece_free(p);
        p = next;
    }
    memory_free(m, b->index, index_bytes(b));
    memory_give(m, b->held_bytes);
    (void)pthread_mutex_destroy(&b->lock);
    memory_free(m, b, sizeof(*b));
}

size_t body_piece_cost(size_t capacity)
{
    return memory_cost(sizeof(struct cache_piece) + capacity);
}

void body_add_piece(struct cache_body *b, size_t capacity)
{
    CHECK(capacity > 0 && body_room(b) == 0);
    struct cache_piece *p = memory_slice_new(sizeof(*p) + capacity);
    p->next = NULL;
    p->start = atomic_load_explicit(&b->filled, memory_order_relaxed);
    p->capacity = capacity;
    b->held_bytes += body_piece_cost(capacity);
    if (b->last == NULL)
        b->first = p;
    else
        __atomic_store_n(&b->last->next, p, __ATOMIC_RELEASE);
    b->last = p;
    b->piece_count++;
}

size_t body_room(const struct cache_body *b)
{
    if (b->last == NULL)
        return 0;
    uint64_t used = atomic_load_explicit(&b->filled, memory_order_relaxed) - b->last->start;
    return b->last->capacity - (size_t)used;
}

void body_put(struct cache_body *b, struct slice data)
{
    CHECK(data.len <= body_room(b));
    if (data.len == 0)
        return;
    uint64_t filled = atomic_load_explicit(&b->filled, memory_order_relaxed);
    memcpy(b->last->data + (filled - b->last->start), data.data, data.len);
    atomic_store_explicit(&b->filled, filled + data.len, memory_order_release);
}

bool body_has_viewers(const struct cache_body *b)
{
    return b->claims > 0 || !list_is_empty(&b->readers);
}

uint64_t body_slowest(struct cache_body *b)
{
    if (b->claims > 0)
        return 0;
    uint64_t slowest = atomic_load_explicit(&b->filled, memory_order_relaxed);
    for (struct list *node = b->readers.next; node != &b->readers; node = node->next) {
        const struct cache_reader *r = LIST_ENTRY(node, struct cache_reader, in_body);
        slowest = r->passed < slowest ? r->passed : slowest;
    }
    return slowest;
}

/* The first piece goes; returns its cost. */
static size_t give_up_first(struct cache_body *b)
{
    struct cache_piece *p = b->first;
    uint64_t filled = atomic_load_explicit(&b->filled, memory_order_relaxed);
    uint64_t end = p->start + p->capacity;
    b->front = end < filled ? end : filled;
    b->first = p->next;
    if (b->first == NULL)
        b->last = NULL;
    b->epoch++;
    size_t cost = body_piece_cost(p->capacity);
    piece_free(p);
    b->piece_count--;
    CHECK(cost <= b->held_bytes);
    b->held_bytes -= cost;
    return cost;
}

size_t body_give_up(struct cache_body *b)
{
    if (!b->is_passing)
        return 0;
    size_t given = 0;
    uint64_t slowest = body_slowest(b);
    uint64_t filled = atomic_load_explicit(&b->filled, memory_order_relaxed);
    while (b->first != NULL && b->first->start + b->first->capacity <= slowest)
        given += give_up_first(b);
    bool is_short = b->fill != NULL && b->fill->is_short;
    if (is_short && b->first != NULL && slowest == filled && b->first->start < filled)
        given += give_up_first(b);
    if (given > 0 && !atomic_exchange(&b->is_lost, true))
        count(&b->cache->counts.passed);
    return given;
}

void body_wake_readers(struct cache_body *b)
{
    bool is_over = atomic_load_explicit(&b->state, memory_order_relaxed) != BODY_FILLING;
    uint64_t filled = atomic_load_explicit(&b->filled, memory_order_relaxed);
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &b->waiting) {
        struct cache_reader *r = LIST_ENTRY(node, struct cache_reader, in_waiting);
        if (!is_over && r->passed >= filled)
            continue; /* of a range further on */
        list_remove(node);
        reader_mail(r);
    }
}

void body_viewer_moved(struct cache_body *b, uint64_t position, bool may_give_up)
{
    size_t given = may_give_up ? body_give_up(b) : 0;
    if (b->fill != NULL)
        fill_viewers_moved(b->fill, position, given);
    else
        memory_give(&b->cache->memory, given);
}

void body_claim(struct cache_body *b)
{
    (void)pthread_mutex_lock(&b->lock);
    b->claims++;
    b->had_viewers = true;
    (void)pthread_mutex_unlock(&b->lock);
}

void body_unclaim(struct cache_body *b)
{
    (void)pthread_mutex_lock(&b->lock);
    CHECK(b->claims > 0);
    b->claims--;
    if (b->claims == 0 && !atomic_load_explicit(&b->is_settled, memory_order_relaxed))
        body_viewer_moved(b, UINT64_MAX, true);
    (void)pthread_mutex_unlock(&b->lock);
}

/* So that a range finds its slice at once; without memory for that it walks. */
static void make_index(struct cache_body *b)
{
    if (b->piece_count <= CACHE_UNINDEXED_SLICES)
        return;
    b->index = memory_new(&b->cache->memory, index_bytes(b));
    size_t i = 0;
    for (struct cache_piece *p = b->first; p != NULL && b->index != NULL; p = p->next)
        b->index[i++] = p;
}

void body_settle(struct cache_body *b)
{
    CHECK(b->fill == NULL && list_is_empty(&b->waiting));
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &b->readers)
        list_remove(node);
    make_index(b);
    atomic_store_explicit(&b->is_settled, true, memory_order_release);
}

static bool piece_holds(const struct cache_piece *p, uint64_t position)
{
    return position >= p->start && position - p->start < p->capacity;
}

/* The last piece that begins at or before the position; the body is settled. */
static struct cache_piece *find_indexed(const struct cache_body *b, uint64_t position)
{
    size_t from = 0;
    size_t to = b->piece_count;
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;
        if (b->index[middle]->start <= position)
            from = middle;
        else
            to = middle;
    }
    return b->index[from];
}

struct cache_piece *body_find_piece(const struct cache_body *b, struct cache_piece *hint,
                                    uint64_t position)
{
    if (hint != NULL && piece_holds(hint, position))
        return hint;
    if (b->index != NULL)
        return find_indexed(b, position);
    struct cache_piece *p = hint != NULL && hint->start < position ? hint : b->first;
    while (p != NULL && !piece_holds(p, position))
        p = __atomic_load_n(&p->next, __ATOMIC_ACQUIRE);
    return p;
}
