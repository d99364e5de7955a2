// SPDX-License-Identifier: Apache-2.0
// Fills: the leader's thread copies what the origin sends into slices, and stops reading from the
// origin where nobody is near enough or no memory can be had.
//
//     goes on ---- fastest viewer is ahead_bytes behind ----> is_ahead --- half of that --->
//     on_room
//        |------- room for the next appends not to be had --> is_short --- room ----------> on_room
//        |------- no viewer left, and it cannot be kept ----> is_abandoned ---> on_abandoned
//
// Short of memory:
//   the reclaimer evicts others; what it frees, it offers to those who wait. Where it finds nothing
//   (memory.is_exhausted), or the body is larger than one may be, the body is no longer to be kept
//   (is_passing): it lives on the slices that all its viewers passed. Viewers far behind who can
//   fetch the rest by themselves are sent away, a few in all; else the slowest paces the fill, and
//   is cut when it does not move at all.
//
// Invariants
//  1. Whenever append or fill_new return, CACHE_APPEND_MAX_BYTES more (or the rest of a known
//     length) find room, in the last slice or in `reserved_bytes`; and twice that where they return
//     true.
//  2. A fill always owns at least what invariant 1 asks for, so that it goes on at the pace of its
//     own viewers, whoever holds the rest of the memory.
//  3. Whoever makes the reason to wait go away (viewers, memory) mails the leader under the lock
//     under which the reason was noted.
#include "cache/fill_priv.h"

#include "base/check.h"
#include "cache/cache_priv.h"
#include "cache/limits.h"
#include "cache/object_priv.h"
#include "cache/reader_priv.h"
#include "cache/thread_priv.h"

/* What fits into the reserve: an append that is allowed, and those after it that are not. */
#define RESERVE_BYTES (2 * CACHE_APPEND_MAX_BYTES)

static uint64_t filled_of(const struct cache_body *b)
{
    return atomic_load_explicit(&b->filled, memory_order_relaxed);
}

/* Bytes that may still come, up to `most`. */
static size_t rest_of(const struct cache_body *b, size_t most)
{
    if (!b->has_length || b->length - filled_of(b) >= most)
        return most;
    return (size_t)(b->length - filled_of(b));
}

static size_t held_max(const struct cache_body *b)
{
    return b->is_passing ? b->cache->window_max_bytes : b->cache->body_max_bytes;
}

/* What must be reserved for the next appends to find room. */
static size_t needed_reserve(const struct cache_body *b)
{
    size_t rest = rest_of(b, RESERVE_BYTES);
    return body_room(b) >= rest ? 0 : body_piece_cost(rest);
}

/* Keeps what slices gave up as far as it can use it; gives back the rest. */
static void keep_or_give(struct cache_fill *f, size_t given)
{
    const struct cache *c = f->body->cache;
    size_t most = body_piece_cost(c->slice_bytes) + body_piece_cost(RESERVE_BYTES);
    size_t kept = 0;
    if (f->is_short && f->reserved_bytes < most)
        kept = min_size(given, most - f->reserved_bytes);
    f->reserved_bytes += kept;
    memory_give(&f->body->cache->memory, given - kept);
}

/* Reserves room for the next appends out of the memory, within what the body may hold. */
static bool try_reserve(struct cache_fill *f)
{
    struct cache_body *b = f->body;
    size_t needed = needed_reserve(b);
    if (f->reserved_bytes >= needed)
        return true;
    if (b->held_bytes + needed > held_max(b) ||
        !memory_take(&b->cache->memory, needed - f->reserved_bytes))
        return false;
    f->reserved_bytes = needed;
    return true;
}

/* The same, also at the price that the body cannot be kept; false where it must wait. */
static bool reserve(struct cache_fill *f)
{
    struct cache_body *b = f->body;
    if (try_reserve(f))
        return true;
    bool is_too_large = b->held_bytes + needed_reserve(b) > held_max(b);
    if (!b->is_passing && !is_too_large && !atomic_load(&b->cache->memory.is_exhausted))
        return false; /* the reclaimer is at it */
    b->is_passing = true;
    keep_or_give(f, body_give_up(b));
    return try_reserve(f);
}

/* Bytes of the slice that must be given up next. */
static uint64_t first_end(const struct cache_body *b)
{
    uint64_t filled = filled_of(b);
    uint64_t end = b->first == NULL ? filled : b->first->start + b->first->capacity;
    return end < filled ? end : filled;
}

/* Who holds the first slice, and whether all of them are far behind. */
static unsigned count_holders(const struct cache_fill *f, bool *out_all_lag)
{
    struct cache_body *b = f->body;
    uint64_t end = first_end(b);
    unsigned holders = 0;
    *out_all_lag = true;
    for (struct list *node = b->readers.next; node != &b->readers; node = node->next) {
        const struct cache_reader *r = LIST_ENTRY(node, struct cache_reader, in_body);
        if (r->passed >= end)
            continue;
        holders++;
        if (b->fastest < r->passed + b->cache->ahead_bytes)
            *out_all_lag = false;
    }
    return holders;
}

/* Whether a holder has not moved for the whole time that it may. */
static bool has_stalled(const struct cache_fill *f, struct cache_reader *r)
{
    int64_t now_ns = loop_now_ns(f->thread->loop);
    if (r->seen_ns < f->short_since_ns || r->seen != r->passed) {
        r->seen = r->passed;
        r->seen_ns = now_ns;
    }
    return now_ns - r->seen_ns >= f->body->cache->fill_stall_ns;
}

/* The fill is short: viewers who hold the first slice and lag are sent away, if that helps; those
 * who do not move are cut in the end. Lock held. */
static void press_holders(struct cache_fill *f)
{
    struct cache_body *b = f->body;
    if (!b->is_passing)
        return;
    bool all_lag;
    unsigned holders = count_holders(f, &all_lag);
    bool are_sent_away = f->can_send_away && all_lag && b->claims == 0 &&
                         holders <= CACHE_LAGGARDS_MAX - f->sent_away;
    uint64_t end = first_end(b);
    for (struct list *node = b->readers.next; node != &b->readers; node = node->next) {
        struct cache_reader *r = LIST_ENTRY(node, struct cache_reader, in_body);
        if (r->passed >= end || r->fate != CACHE_READ_DATA)
            continue;
        if (are_sent_away) {
            f->sent_away++;
            reader_doom(r, CACHE_READ_GONE);
        } else if (has_stalled(f, r)) {
            reader_doom(r, CACHE_READ_CUT);
        }
    }
}

static void abandon(struct cache_fill *f)
{
    if (f->is_abandoned)
        return;
    f->is_abandoned = true;
    count(&f->body->cache->counts.abandoned);
    fill_look_again(f);
}

/* Whether the fill has come `distance` further than any viewer; nobody reads: as far as it may. */
static bool is_too_far(const struct cache_fill *f, size_t distance)
{
    const struct cache_body *b = f->body;
    if (!body_has_viewers(b) && !b->is_passing)
        return false;
    return filled_of(b) >= b->fastest + distance;
}

/* Finds out whether the leader may go on, and notes what it waits for. Lock held. */
static bool look(struct cache_fill *f, size_t distance)
{
    struct cache_body *b = f->body;
    bool was_short = f->is_short;
    if (f->is_abandoned)
        return false;
    if (b->has_length && filled_of(b) >= b->length) {
        f->is_ahead = f->is_short = false;
        return true;
    }
    f->is_ahead = is_too_far(f, distance);
    f->is_short = true; /* what is given up meanwhile is kept */
    f->is_short = !reserve(f);
    if (f->is_short && !was_short)
        f->short_since_ns = loop_now_ns(f->thread->loop);
    if (!body_has_viewers(b) && b->is_passing && (b->had_viewers || f->is_ahead || f->is_short))
        abandon(f);
    else if (f->is_short)
        press_holders(f);
    return !f->is_ahead && !f->is_short && !f->is_abandoned;
}

/* Asks for mail as long as memory is what it waits for, and looks at times who holds it up. */
static void arm(struct cache_fill *f, bool is_short)
{
    struct cache *c = f->body->cache;
    if (!is_short) {
        memory_wait_end(&c->memory, f);
        loop_timer_stop(&f->stall_timer);
        return;
    }
    if (memory_wait(&c->memory, f))
        fill_look_again(f); /* room may have come before it was in the list */
    int64_t every_ns = c->fill_stall_ns / CACHE_STALL_LOOKS;
    if (f->stall_timer.loop == NULL)
        loop_timer_set(f->thread->loop, &f->stall_timer, every_ns, every_ns);
}

/* On the leader's thread, while it waits: may it go on now? */
static void look_again(struct cache_fill *f)
{
    struct cache_body *b = f->body;
    (void)pthread_mutex_lock(&b->lock);
    bool was_waiting = f->is_ahead || f->is_short;
    bool goes_on = look(f, was_waiting ? b->cache->ahead_bytes / 2 : b->cache->ahead_bytes);
    bool is_abandoned = f->is_abandoned;
    bool is_short = f->is_short && !is_abandoned;
    (void)pthread_mutex_unlock(&b->lock);

    arm(f, is_short);
    struct cache_fill_handler h = f->handler;
    if (is_abandoned && !f->has_told) {
        f->has_told = true;
        if (h.on_abandoned != NULL)
            h.on_abandoned(h.user);
    } else if (was_waiting && goes_on && h.on_room != NULL) {
        h.on_room(h.user);
    }
}

static void run_mail(struct cache_mail *m)
{
    look_again(CONTAINER_OF(m, struct cache_fill, mail));
}

static void on_stall_timer(struct loop_timer *timer)
{
    look_again(CONTAINER_OF(timer, struct cache_fill, stall_timer));
}

void fill_look_again(struct cache_fill *f)
{
    thread_mail(f->thread, &f->mail);
}

void fill_viewers_moved(struct cache_fill *f, uint64_t position, size_t given)
{
    const struct cache_body *b = f->body;
    keep_or_give(f, given);
    bool helps_short = f->is_short && (given > 0 || position >= filled_of(b));
    bool helps_ahead = f->is_ahead && !is_too_far(f, b->cache->ahead_bytes / 2);
    if (helps_short || helps_ahead || !body_has_viewers(b))
        fill_look_again(f);
}

/* Takes the memory for the first bytes: a slice of exact size where the length is known. */
static bool take_first(struct cache_fill *f)
{
    struct cache_body *b = f->body;
    size_t size = rest_of(b, b->cache->slice_bytes);
    if (b->has_length && memory_take(&b->cache->memory, body_piece_cost(size)))
        body_add_piece(b, size);
    size_t needed = needed_reserve(b);
    if (!memory_take(&b->cache->memory, needed))
        return false;
    f->reserved_bytes = needed;
    return true;
}

struct cache_fill *fill_new(struct cache_thread *t, struct cache_body *b)
{
    struct cache *c = b->cache;
    struct cache_fill *f = memory_new(&c->memory, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->body = b;
    f->thread = t;
    f->mail.run = run_mail;
    f->stall_timer.on_time = on_stall_timer;
    list_init(&f->in_waiting);
    list_init(&f->mail.node);
    if (!take_first(f)) {
        memory_free(&c->memory, f, sizeof(*f));
        return NULL;
    }
    b->is_passing = b->has_length && b->length > c->body_max_bytes;
    return f;
}

void fill_drop(struct cache_fill *f)
{
    struct cache *c = f->body->cache;
    memory_give(&c->memory, f->reserved_bytes);
    memory_free(&c->memory, f, sizeof(*f));
}

void fill_start(struct cache_fill *f, struct cache_object *o)
{
    cache_object_ref(o);
    f->object = o;
    f->body->fill = f;
    f->can_send_away = object_has_validator(o);
    f->thread->fills++;
    count(&f->body->cache->counts.fills);
}

void cache_fill_set_handler(struct cache_fill *f, const struct cache_fill_handler *handler)
{
    f->handler = *handler;
}

/* A slice for bytes of which `wanted` are there; false where there is no room for it. */
static bool add_slice(struct cache_fill *f, size_t wanted)
{
    struct cache_body *b = f->body;
    size_t grown = b->has_length ? SIZE_MAX : (size_t)filled_of(b);
    size_t size = max_size(max_size(grown, wanted), CACHE_FIRST_SLICE_BYTES);
    size = rest_of(b, min_size(size, b->cache->slice_bytes));
    size_t cost = body_piece_cost(size);
    size_t reserve_cost = body_piece_cost(rest_of(b, RESERVE_BYTES));
    if (f->reserved_bytes >= cost + reserve_cost) {
        f->reserved_bytes -= cost;
    } else if (b->held_bytes + cost > held_max(b) || !memory_take(&b->cache->memory, cost)) {
        if (f->reserved_bytes < reserve_cost)
            return false;
        size = rest_of(b, RESERVE_BYTES);
        f->reserved_bytes -= reserve_cost;
    }
    body_add_piece(b, size);
    return true;
}

/* Copies the data; false where more came than was allowed. Lock held. */
static bool put_all(struct cache_fill *f, struct slice data)
{
    struct cache_body *b = f->body;
    data.len = rest_of(b, data.len);
    while (data.len > 0) { /* each turn takes a byte at least */
        if (body_room(b) == 0 && !add_slice(f, data.len))
            return false;
        size_t now = min_size(body_room(b), data.len);
        body_put(b, slice_sub(data, 0, now));
        data = slice_sub(data, now, data.len);
    }
    return true;
}

bool cache_fill_append(struct cache_fill *f, struct slice data)
{
    struct cache_body *b = f->body;
    (void)pthread_mutex_lock(&b->lock);
    if (!f->is_abandoned && !put_all(f, data)) {
        atomic_store(&b->is_lost, true);
        abandon(f);
    }
    body_wake_readers(b);
    bool goes_on = look(f, b->cache->ahead_bytes);
    bool is_short = f->is_short && !f->is_abandoned;
    (void)pthread_mutex_unlock(&b->lock);
    arm(f, is_short);
    return goes_on;
}

/* The body's last state; readers hear of it. Lock held. Returns whether it was lost. */
static bool end_body(struct cache_fill *f, bool is_whole)
{
    struct cache_body *b = f->body;
    is_whole = is_whole && !f->is_abandoned && (!b->has_length || filled_of(b) == b->length);
    if (is_whole) {
        b->has_length = true;
        b->length = filled_of(b);
    } else {
        atomic_store(&b->is_lost, true);
    }
    atomic_store_explicit(&b->state, is_whole ? BODY_WHOLE : BODY_CUT, memory_order_release);
    b->fill = NULL;
    memory_give(&b->cache->memory, f->reserved_bytes);
    body_wake_readers(b);
    if (b->front == 0 || list_is_empty(&b->readers))
        body_settle(b);
    return atomic_load(&b->is_lost);
}

void cache_fill_end(struct cache_fill *f, bool is_whole)
{
    struct cache_body *b = f->body;
    struct cache *c = b->cache;
    (void)pthread_mutex_lock(&b->lock);
    bool is_lost = end_body(f, is_whole);
    (void)pthread_mutex_unlock(&b->lock);
    if (is_lost)
        index_remove(f->object);
    arm(f, false);
    thread_unmail(f->thread, &f->mail);
    f->thread->fills--;
    cache_object_unref(f->object);
    memory_free(&c->memory, f, sizeof(*f));
}
