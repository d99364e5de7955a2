// SPDX-License-Identifier: Apache-2.0
// Viewers of bodies, each on its own thread. While a body fills, a reader is registered with it and
// every step takes the body's lock; once it is settled, a step is one load and pointer arithmetic.
//
//     init -> reading -> next: DATA, consume ... -> END
//                |-- nothing there yet -> WAIT, in_waiting -> mail -> on_ready -> reading
//                |-- doomed by the leader -> mail -> on_ready; next, consume: leaves, CUT or GONE
//
// Invariants
//  1. Bytes from `passed` on are there while the reader is registered and the body is not settled.
//  2. A doomed reader stays registered until its own thread is in one of the calls here, or its
//     mail arrives: so bytes that next gave out stay until the thread is back in its loop.
#include "cache/reader_priv.h"

#include "base/check.h"
#include "cache/cache_priv.h"
#include "cache/object_priv.h"
#include "cache/thread_priv.h"

static bool is_settled(const struct cache_body *b)
{
    return atomic_load_explicit(&b->is_settled, memory_order_acquire);
}

void reader_mail(struct cache_reader *r)
{
    thread_mail(r->thread, &r->mail);
}

void reader_doom(struct cache_reader *r, enum cache_read fate)
{
    r->fate = fate;
    list_remove(&r->in_waiting);
    struct cache_counts *counts = &r->thread->cache->counts;
    count(fate == CACHE_READ_GONE ? &counts->gone : &counts->cut);
    reader_mail(r);
}

/* The body forgets the reader. Lock held, not settled. */
static void leave(struct cache_reader *r)
{
    struct cache_body *b = r->object->body;
    if (!r->is_registered)
        return;
    r->is_registered = false;
    r->piece = NULL;
    list_remove(&r->in_body);
    list_remove(&r->in_waiting);
    body_viewer_moved(b, UINT64_MAX, true);
}

static void run_mail(struct cache_mail *m)
{
    struct cache_reader *r = CONTAINER_OF(m, struct cache_reader, mail);
    struct cache_body *b = r->object->body;
    (void)pthread_mutex_lock(&b->lock);
    if (r->fate != CACHE_READ_DATA && !is_settled(b))
        leave(r);
    (void)pthread_mutex_unlock(&b->lock);
    if (r->on_ready != NULL)
        r->on_ready(r);
}

static bool register_reader(struct cache_reader *r, struct cache_body *b)
{
    (void)pthread_mutex_lock(&b->lock);
    bool has_front = b->front == 0;
    if (has_front && !is_settled(b)) {
        list_push_back(&b->readers, &r->in_body);
        r->is_registered = true;
        b->had_viewers = true;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return has_front;
}

bool cache_reader_init(struct cache_reader *r, struct cache_thread *t, struct cache_object *o)
{
    CHECK(r->object == NULL);
    r->thread = t;
    r->position = 0;
    r->end = UINT64_MAX;
    r->piece = NULL;
    r->passed = 0;
    r->seen_ns = 0;
    r->fate = CACHE_READ_DATA;
    r->is_registered = false;
    r->mail = (struct cache_mail){.run = run_mail};
    list_init(&r->mail.node);
    list_init(&r->in_body);
    list_init(&r->in_waiting);
    if (o->body != NULL && !is_settled(o->body) && !register_reader(r, o->body))
        return false;
    cache_object_ref(o);
    r->object = o;
    t->readers++;
    return true;
}

/* The bytes at the reader's position, of which `filled` are there. Lock held, or settled. */
static struct slice bytes_at(struct cache_reader *r, uint64_t filled)
{
    const struct cache_body *b = r->object->body;
    struct cache_piece *hint = r->epoch == b->epoch ? r->piece : NULL;
    struct cache_piece *p = body_find_piece(b, hint, r->position);
    CHECK(p != NULL);
    r->piece = p;
    r->epoch = b->epoch;
    uint64_t end = p->start + p->capacity;
    end = filled < end ? filled : end;
    end = r->end < end ? r->end : end;
    return slice_of(p->data + (r->position - p->start), (size_t)(end - r->position));
}

/* What there is to be said without more bytes. */
static enum cache_read end_of(const struct cache_body *b)
{
    switch ((enum body_state)atomic_load_explicit(&b->state, memory_order_acquire)) {
    case BODY_FILLING:
        return CACHE_READ_WAIT;
    case BODY_WHOLE:
        return CACHE_READ_END;
    case BODY_CUT:
        break;
    }
    return CACHE_READ_CUT;
}

/* The reader's position, as the others know it. Lock held, not settled. */
static void note_position(struct cache_reader *r)
{
    struct cache_body *b = r->object->body;
    uint64_t before = r->passed;
    uint64_t first_end = b->first == NULL ? 0 : b->first->start + b->first->capacity;
    if (r->position <= before)
        return;
    r->passed = r->position;
    b->fastest = r->position > b->fastest ? r->position : b->fastest;
    body_viewer_moved(b, r->position, before < first_end && r->position >= first_end);
}

/* One step while the body may change. Lock held. */
static enum cache_read next_unsettled(struct cache_reader *r, struct slice *out)
{
    const struct cache_body *b = r->object->body;
    if (r->fate != CACHE_READ_DATA) {
        leave(r);
        return r->fate;
    }
    note_position(r);
    uint64_t filled = atomic_load_explicit(&b->filled, memory_order_relaxed);
    if (r->position < b->front) /* it went back */
        return CACHE_READ_CUT;
    if (r->position < filled) {
        *out = bytes_at(r, filled);
        return CACHE_READ_DATA;
    }
    enum cache_read finding = end_of(b);
    if (finding == CACHE_READ_WAIT && list_is_empty(&r->in_waiting))
        list_push_back(&r->object->body->waiting, &r->in_waiting);
    return finding;
}

enum cache_read cache_reader_next(struct cache_reader *r, struct slice *out)
{
    struct cache_body *b = r->object->body;
    if (b == NULL || r->position >= r->end)
        return CACHE_READ_END;
    if (!is_settled(b)) {
        (void)pthread_mutex_lock(&b->lock);
        bool is_still = !is_settled(b);
        enum cache_read finding = is_still ? next_unsettled(r, out) : CACHE_READ_WAIT;
        (void)pthread_mutex_unlock(&b->lock);
        if (is_still)
            return finding;
    }
    if (r->fate != CACHE_READ_DATA)
        return r->fate;
    uint64_t filled = atomic_load_explicit(&b->filled, memory_order_acquire);
    if (r->position >= filled)
        return end_of(b);
    *out = bytes_at(r, filled);
    return CACHE_READ_DATA;
}

void cache_reader_consume(struct cache_reader *r, size_t bytes)
{
    struct cache_body *b = r->object->body;
    CHECK(b != NULL || bytes == 0);
    r->position += bytes;
    if (b == NULL || is_settled(b))
        return;
    (void)pthread_mutex_lock(&b->lock);
    if (!is_settled(b) && r->is_registered)
        note_position(r);
    (void)pthread_mutex_unlock(&b->lock);
}

void cache_reader_fini(struct cache_reader *r)
{
    if (r->object == NULL)
        return;
    struct cache_body *b = r->object->body;
    bool was_registered = r->is_registered;
    if (was_registered && !is_settled(b)) {
        (void)pthread_mutex_lock(&b->lock);
        if (!is_settled(b))
            leave(r);
        (void)pthread_mutex_unlock(&b->lock);
    }
    if (was_registered || r->mail.is_queued)
        thread_unmail(r->thread, &r->mail);
    r->thread->readers--;
    cache_object_unref(r->object);
    r->object = NULL;
}
