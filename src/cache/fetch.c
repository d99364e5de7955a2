// SPDX-License-Identifier: Apache-2.0
// Look-ups, and the collapse of requests to the origin: who leads, who waits, what becomes of it.
//
//     cache_find -> MISS -> join -+-> leads: fetch in the entry -> publish, refresh, release, fail
//                                 |
//                                 +-> waits -----------------------------> mailed -> on_outcome
//                                 +-> it ended since the look-up --------> mailed -> on_outcome
//                                            (cancel: at any point before on_outcome)
//
// Invariants
//  1. A fetch is in its entry from join to its end; then every waiter is mailed, under the same
//     lock of the shard under which its object enters the index. So a join finds the fetch, or
//     what came of it.
//  2. A fetch is stamped before its request leaves. One that an invalidation has outdated since is
//     not joined; another one takes its place for those who come, and it ends for its own waiters.
//  3. What is published outdated enters no index, and is given to waiters only who joined before
//     the invalidation.
//  4. A fetch that revalidates counts from the generation at which what it revalidates was still
//     valid, so no 304 revives what was invalidated in between.
#include "base/alloc.h"
#include "base/check.h"
#include "cache/cache_priv.h"
#include "cache/fill_priv.h"
#include "cache/object_priv.h"
#include "cache/scope_priv.h"
#include "cache/thread_priv.h"
#include "os/rcu.h"

#include <stdlib.h>

/** Owner: the thread that leads it. It is the request's memory, not the cache's. */
struct cache_fetch {
    struct cache_thread *thread;
    struct cache_scope *scope; /* a reference */
    uint64_t stamp;            /* generation of the scope */
    uint64_t number;           /* of the feed */
    struct cache_shard *shard;
    struct cache_entry *entry; /* NULL: there was no memory for one; nobody can join */
    size_t presence_slot;      /* counted from before it is stamped to its end */
    struct list in_entry;
    struct list waiters; /* struct cache_waiter.node; shard lock */
    bool is_head;
    struct cache_object *stale; /* a reference; what it revalidates, or NULL */
    struct arena arena;         /* holds the two below */
    struct slice vary;   /* as the newest object of the key has it: what tells variants apart */
    struct slice values; /* of the leader */
};

/* What an entry holds for a request. Online, or under the shard's lock. */
static enum cache_found find_in(struct cache_entry *e, const struct cache_request *request,
                                struct cache_object **out)
{
    bool is_marked = false;
    struct cache_object *o = rcu_read_ptr(&e->objects);
    for (; o != NULL; o = rcu_read_ptr(&o->next)) {
        if (o->is_marker) {
            is_marked = is_marked || request->now_ns < o->marker_until_ns;
        } else if (object_fits(o, request) && !object_is_outdated(o, request->key->uri)) {
            *out = o;
            return CACHE_OBJECT;
        }
    }
    return is_marked ? CACHE_UNSHAREABLE : CACHE_MISS;
}

enum cache_found cache_find(struct cache_thread *t, const struct cache_request *request,
                            struct cache_object **out)
{
    struct cache_entry *e = index_find(t->cache, request->key);
    if (e == NULL)
        return CACHE_MISS;
    enum cache_found found = find_in(e, request, out);
    if (found == CACHE_OBJECT && !atomic_load_explicit(&(*out)->is_visited, memory_order_relaxed))
        atomic_store_explicit(&(*out)->is_visited, true, memory_order_relaxed);
    return found;
}

/* What became unfit leaves the entry: outdated, lost, markers that ended. Lock held. */
static void purge(struct cache_shard *s, struct cache_entry *e, const struct cache_request *request)
{
    struct cache_object *next;
    for (struct cache_object *o = e->objects; o != NULL; o = next) {
        next = o->next;
        bool is_lost = o->body != NULL && atomic_load(&o->body->is_lost);
        bool is_over = o->is_marker && request->now_ns >= o->marker_until_ns;
        bool is_outdated = !o->is_marker && object_is_outdated(o, request->key->uri);
        if (is_outdated)
            count(&e->cache->counts.outdated);
        if (is_lost || is_over || is_outdated)
            index_unlink(s, o);
    }
}

/* A waiter hears what came of it, on its thread. */
static void run_mail(struct cache_mail *m)
{
    struct cache_waiter *w = CONTAINER_OF(m, struct cache_waiter, mail);
    struct cache_outcome_info info = w->info;
    struct cache_object *o = info.object;
    bool is_claim = w->is_claim;
    w->thread->waiters--;
    w->thread = NULL;
    if (info.outcome == CACHE_FETCH_OBJECT && o->head.verdict.vary.len > 0 &&
        !vary_matches(o->head.verdict.vary, o->head.vary_values, w->sent)) {
        info =
            (struct cache_outcome_info){.outcome = CACHE_FETCH_RELEASED, .is_other_variant = true};
    }
    w->on_outcome(w, &info);
    if (is_claim)
        body_unclaim(o->body);
    cache_object_unref(o);
}

static void mail_outcome(struct cache_waiter *w, const struct cache_outcome_info *info)
{
    w->info = *info;
    if (info->object != NULL) {
        cache_object_ref(info->object);
        w->is_claim = info->object->body != NULL;
        if (w->is_claim)
            body_claim(info->object->body);
    }
    thread_mail(w->thread, &w->mail);
}

static void waiter_init(struct cache_waiter *w, struct cache_thread *t,
                        const struct cache_request *request)
{
    CHECK(w->thread == NULL && w->on_outcome != NULL);
    w->thread = t;
    w->shard = index_shard(t->cache, request->key);
    list_init(&w->node);
    w->mail = (struct cache_mail){.run = run_mail};
    list_init(&w->mail.node);
    w->sent = request->sent;
    w->joined_generation = scope_generation(request->scope);
    w->info = (struct cache_outcome_info){0};
    w->is_claim = false;
    t->waiters++;
}

void cache_waiter_cancel(struct cache_waiter *w)
{
    struct cache_thread *t = w->thread;
    if (t == NULL)
        return;
    (void)pthread_mutex_lock(&w->shard->lock);
    list_remove(&w->node);
    (void)pthread_mutex_unlock(&w->shard->lock);
    thread_unmail(t, &w->mail);
    if (w->is_claim)
        body_unclaim(w->info.object->body);
    cache_object_unref(w->info.object);
    w->thread = NULL;
    t->waiters--;
}

/* Something that ended since the look-up answers the join: an object that is not the one to be
 * revalidated, and new enough; or a marker. Lock held. */
static bool join_ended(struct cache_entry *e, const struct cache_request *request,
                       struct cache_waiter *w)
{
    struct cache_object *o = NULL;
    struct cache_outcome_info info = {.outcome = CACHE_FETCH_RELEASED};
    enum cache_found found = find_in(e, request, &o);
    if (found == CACHE_MISS)
        return false;
    if (found == CACHE_OBJECT) {
        bool is_new = o->head.response_ns >= request->now_ns ||
                      cache_object_age_s(o, request->now_ns) < o->head.verdict.lifetime_s;
        if (o == request->stale || !is_new || !cache_verdict_was_fresh(&o->head.verdict))
            return false;
        info = (struct cache_outcome_info){.outcome = CACHE_FETCH_OBJECT, .object = o};
    }
    mail_outcome(w, &info);
    return true;
}

/* The fetch that the request may wait for, or NULL; of many, among the newest. Lock held. */
static struct cache_fetch *find_fetch(struct cache_entry *e, const struct cache_request *request)
{
    unsigned left = e->cache->variant_limit;
    for (struct list *node = e->fetches.prev; node != &e->fetches && left > 0; node = node->prev) {
        struct cache_fetch *f = LIST_ENTRY(node, struct cache_fetch, in_entry);
        bool is_outdated = scope_generation(f->scope) != f->stamp &&
                           scope_last_match(f->scope, request->key->uri) > f->stamp;
        if (f->scope == request->scope && !is_outdated && (!f->is_head || request->is_head) &&
            vary_matches(f->vary, f->values, request->sent))
            return f;
        left--;
    }
    return NULL;
}

/* What tells variants of the key apart, as far as that is known. Lock held. */
static void note_variant(struct cache_fetch *f, const struct cache_request *request)
{
    struct cache_object *o = f->entry == NULL ? NULL : f->entry->objects;
    while (o != NULL && o->is_marker)
        o = o->next;
    if (o == NULL || o->head.verdict.vary.len == 0)
        return;
    f->vary = arena_copy(&f->arena, o->head.verdict.vary);
    f->values = cache_vary_values(&f->arena, f->vary, request->sent);
}

/* Where the filter of uris counts what the request is for. */
static size_t slot_of(const struct cache *c, const struct cache_request *request)
{
    return presence_slot(c, scope_id(request->scope), request->key->uri);
}

/* A fetch that the thread leads, in the entry (or NULL). Lock held. */
static struct cache_fetch *fetch_new(struct cache_thread *t, const struct cache_request *request,
                                     struct cache_shard *s, struct cache_entry *e)
{
    struct cache_fetch *f = NEW(struct cache_fetch);
    arena_init(&f->arena);
    f->thread = t;
    f->scope = scope_ref(request->scope);
    f->presence_slot = slot_of(t->cache, request);
    presence_add(t->cache, f->presence_slot);
    f->number = cache_scope_number(f->scope);
    f->stamp = scope_generation(f->scope);
    if (request->stale != NULL) {
        f->stale = request->stale;
        f->stamp = object_valid_at(f->stale, f->stamp);
        cache_object_ref(f->stale);
    }
    f->shard = s;
    f->entry = e;
    f->is_head = request->is_head;
    list_init(&f->waiters);
    list_init(&f->in_entry);
    note_variant(f, request);
    if (e != NULL)
        list_push_back(&e->fetches, &f->in_entry);
    t->fetches++;
    return f;
}

/* Out of its entry already. */
static void fetch_free(struct cache_fetch *f)
{
    CHECK(list_is_empty(&f->waiters));
    f->thread->fetches--;
    cache_object_unref(f->stale);
    cache_scope_unref(f->scope);
    arena_fini(&f->arena);
    free(f);
}

/* The key's entry, made where there is none; NULL where there is no memory for it. The lock is
 * held, and given back for a moment. */
static struct cache_entry *entry_get(struct cache *c, struct cache_shard *s,
                                     const struct cache_request *request)
{
    const struct cache_key *key = request->key;
    struct cache_entry *e = index_find(c, key);
    if (e != NULL)
        return e;
    (void)pthread_mutex_unlock(&s->lock);
    struct cache_entry *fresh = index_entry_new(c, key, slot_of(c, request));
    (void)pthread_mutex_lock(&s->lock);
    e = index_find(c, key);
    if (e == NULL && fresh != NULL) {
        index_entry_link(c, fresh);
        return fresh;
    }
    index_entry_free(fresh);
    return e;
}

/* The waiter joins what is under way, or has just ended. Lock held. */
static bool join(struct cache_entry *e, const struct cache_request *request, struct cache_waiter *w)
{
    if (join_ended(e, request, w))
        return true;
    struct cache_fetch *f = find_fetch(e, request);
    if (f == NULL)
        return false;
    list_push_back(&f->waiters, &w->node);
    count(&e->cache->counts.collapsed);
    return true;
}

bool cache_fetch_join(struct cache_thread *t, const struct cache_request *request,
                      struct cache_waiter *w, struct cache_fetch **out_fetch)
{
    struct cache_shard *s = index_shard(t->cache, request->key);
    waiter_init(w, t, request);
    (void)pthread_mutex_lock(&s->lock);
    struct cache_entry *e = entry_get(t->cache, s, request);
    if (e != NULL)
        purge(s, e, request);
    bool has_joined = e != NULL && join(e, request, w);
    if (!has_joined) {
        *out_fetch = fetch_new(t, request, s, e);
        w->thread = NULL;
        t->waiters--;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return has_joined;
}

uint64_t cache_fetch_stamp(const struct cache_fetch *f)
{
    return f->number;
}

/* Every waiter hears the same. Lock held. */
static void mail_all(struct cache_fetch *f, const struct cache_outcome_info *info)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &f->waiters) {
        list_remove(node);
        mail_outcome(LIST_ENTRY(node, struct cache_waiter, node), info);
    }
}

/* Waiters get the object, but for those who joined after an invalidation (0: there was none) that
 * it does not satisfy; and none gets what must be validated before each use, which may be the
 * leader's own. Lock held. */
static void mail_object(struct cache_fetch *f, struct cache_object *o, uint64_t outdated_at)
{
    const struct cache_outcome_info object = {.outcome = CACHE_FETCH_OBJECT, .object = o};
    const struct cache_outcome_info alone = {.outcome = CACHE_FETCH_RELEASED};
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &f->waiters) {
        struct cache_waiter *w = LIST_ENTRY(node, struct cache_waiter, node);
        bool is_too_old = outdated_at > 0 && w->joined_generation >= outdated_at;
        bool is_shared = !is_too_old && cache_verdict_was_fresh(&o->head.verdict);
        list_remove(node);
        mail_outcome(w, is_shared ? &object : &alone);
    }
}

/* Takes the fetch out of its entry. Lock held. */
static void leave_entry(struct cache_fetch *f)
{
    list_remove(&f->in_entry);
    if (f->entry != NULL)
        index_entry_tidy(f->shard, f->entry);
}

/* What the new object takes the place of: all that its request would have found, and markers. Lock
 * held. */
static void replace(struct cache_shard *s, struct cache_entry *e, const struct cache_object *o,
                    const struct cache_request *request)
{
    struct cache_object *next;
    for (struct cache_object *old = e->objects; old != NULL; old = next) {
        next = old->next;
        bool is_like = old->is_marker || object_fits(old, request);
        if (is_like && (!o->head.is_head_only || old->head.is_head_only))
            index_unlink(s, old);
    }
}

/* The fetch ends with the object, whose one reference goes to the index, or where no index takes it
 * lasts until the thread was offline. */
static void conclude(struct cache_fetch *f, const struct cache_request *request,
                     struct cache_object *o)
{
    struct cache *c = f->thread->cache;
    (void)pthread_mutex_lock(&f->shard->lock);
    struct cache_entry *e = f->entry;
    if (e == NULL)
        e = entry_get(c, f->shard, request);
    uint64_t now = scope_generation(f->scope);
    uint64_t last = now == o->stamp ? 0 : scope_last_match(f->scope, request->key->uri);
    uint64_t outdated_at = last > o->stamp ? last : 0;
    if (outdated_at == 0 && e != NULL) {
        replace(f->shard, e, o, request);
        atomic_store_explicit(&o->checked, now, memory_order_relaxed);
        index_link(f->shard, e, o);
        count(&c->counts.stored);
    } else {
        reclaim_retire(&c->reclaim, &o->retired, 0);
    }
    mail_object(f, o, outdated_at);
    list_remove(&f->in_entry);
    if (e != NULL)
        index_entry_tidy(f->shard, e);
    (void)pthread_mutex_unlock(&f->shard->lock);
    fetch_free(f);
}

/* An object with a body to be filled; false where there is no memory. */
static bool make_filled(struct cache_fetch *f, const struct cache_head *head,
                        struct cache_object **out_object, struct cache_fill **out_fill)
{
    struct cache *c = f->thread->cache;
    struct cache_body *b = body_new(c, head->has_length, head->length_bytes);
    if (b == NULL)
        return false;
    struct cache_fill *fill = fill_new(f->thread, b);
    struct cache_object *o = fill == NULL ? NULL : object_new(c, f->scope, head, b);
    if (o == NULL) {
        if (fill != NULL)
            fill_drop(fill);
        body_unref(b);
        return false;
    }
    fill_start(fill, o);
    *out_object = o;
    *out_fill = fill;
    return true;
}

bool cache_fetch_publish(struct cache_fetch *f, const struct cache_request *request,
                         const struct cache_head *head, struct cache_object **out_object,
                         struct cache_fill **out_fill)
{
    struct cache *c = f->thread->cache;
    bool has_body = !head->is_head_only && !(head->has_length && head->length_bytes == 0);
    struct cache_object *o = NULL;
    struct cache_fill *fill = NULL;
    if (!has_body)
        o = object_new(c, f->scope, head, NULL);
    else
        (void)make_filled(f, head, &o, &fill);
    if (o == NULL) {
        count(&c->counts.refusals);
        return false;
    }
    o->stamp = f->stamp;
    conclude(f, request, o);
    *out_object = o;
    *out_fill = fill;
    return true;
}

/* The object with the new head, over the body whose front is held; NULL where that cannot be. */
static struct cache_object *make_refreshed(struct cache_fetch *f, struct cache_object *stale,
                                           const struct cache_head *head)
{
    struct cache_body *b = stale->body;
    if (b != NULL && atomic_load(&b->is_lost))
        return NULL;
    struct cache_object *o = object_new(f->thread->cache, f->scope, head, b);
    if (o == NULL)
        return NULL;
    if (b != NULL)
        body_ref(b);
    o->stamp = object_valid_at(stale, f->stamp);
    return o;
}

bool cache_fetch_refresh(struct cache_fetch *f, const struct cache_request *request,
                         struct cache_object *stale, const struct cache_head *head,
                         struct cache_object **out_object)
{
    struct cache *c = f->thread->cache;
    struct cache_body *b = stale->body;
    if (b != NULL)
        body_claim(b);
    struct cache_object *o = make_refreshed(f, stale, head);
    if (o != NULL) {
        conclude(f, request, o);
        *out_object = o;
    } else {
        count(&c->counts.refusals);
    }
    if (b != NULL)
        body_unclaim(b);
    return o != NULL;
}

/* What was stored of the fetch's variant is gone, and a marker says so. Lock held. */
static void mark(struct cache_fetch *f, struct cache_object *marker)
{
    struct cache_object *next;
    for (struct cache_object *o = f->entry->objects; o != NULL; o = next) {
        next = o->next;
        bool is_same = slice_equal(o->head.verdict.vary, f->vary) &&
                       slice_equal(o->head.vary_values, f->values) &&
                       (!f->is_head || o->head.is_head_only);
        if (o->is_marker || is_same || o == f->stale)
            index_unlink(f->shard, o);
    }
    if (marker != NULL) {
        index_link(f->shard, f->entry, marker);
        count(&f->thread->cache->counts.markers);
    }
}

void cache_fetch_release(struct cache_fetch *f, bool marks)
{
    struct cache *c = f->thread->cache;
    const struct cache_outcome_info info = {.outcome = CACHE_FETCH_RELEASED};
    bool has_mark = marks && f->entry != NULL;
    struct cache_object *marker = NULL;
    if (has_mark)
        marker = object_new_marker(c, f->scope, loop_now_ns(f->thread->loop) + c->marker_ns);
    (void)pthread_mutex_lock(&f->shard->lock);
    if (has_mark)
        mark(f, marker);
    mail_all(f, &info);
    leave_entry(f);
    (void)pthread_mutex_unlock(&f->shard->lock);
    fetch_free(f);
}

void cache_fetch_fail(struct cache_fetch *f, unsigned status, int reason)
{
    const struct cache_outcome_info info = {
        .outcome = CACHE_FETCH_FAILED, .status = status, .reason = reason};
    (void)pthread_mutex_lock(&f->shard->lock);
    mail_all(f, &info);
    leave_entry(f);
    (void)pthread_mutex_unlock(&f->shard->lock);
    fetch_free(f);
}
