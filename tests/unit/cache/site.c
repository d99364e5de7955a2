// SPDX-License-Identifier: Apache-2.0
#include "cache/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "os/rcu.h"
#include "shared/test_arena.h"

#include <pthread.h>
#include <sched.h>

#define DEADLINE_NS (20 * NS_PER_S)

void site_join(struct site *s, struct cache *cache)
{
    rcu_thread_register();
    s->cache = cache;
    s->arena = &arena;
    s->loop = loop_new(false);
    loop_set_wait_hooks(s->loop, rcu_offline, rcu_online);
    s->thread = cache_thread_new(cache, s->loop);
    s->scope = cache_scope_get(cache, "D1");
}

void site_leave(struct site *s)
{
    cache_scope_unref(s->scope);
    cache_thread_free(s->thread);
    loop_free(s->loop);
    rcu_thread_unregister();
}

void site_init(struct site *s, const struct cache_options *options)
{
    site_join(s, cache_new(options));
}

void site_fini(struct site *s)
{
    site_leave(s);
    cache_free(s->cache);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

void site_turn(struct site *s)
{
    loop_post(s->loop, stop, s->loop);
    loop_run(s->loop);
    rcu_offline();
    (void)sched_yield();
    rcu_online();
}

void site_until(struct site *s, bool (*claim)(void *arg), void *arg)
{
    int64_t deadline_ns = time_monotonic_ns() + DEADLINE_NS;
    while (!claim(arg)) {
        assert_true(time_monotonic_ns() < deadline_ns);
        site_turn(s);
    }
}

struct bytes_claim {
    const struct cache *cache;
    size_t bytes;
};

static bool holds_at_most(void *arg)
{
    const struct bytes_claim *claim = arg;
    return cache_memory_bytes(claim->cache) <= claim->bytes;
}

void site_until_bytes(struct site *s, size_t bytes)
{
    struct bytes_claim claim = {s->cache, bytes};
    site_until(s, holds_at_most, &claim);
}

struct cache_request site_get(const struct site *s, const char *uri, const char *field)
{
    static const struct release_cache_policy policy = {
        .headers = {.mode = RELEASE_SELECT_NONE},
        .cookies = {.mode = RELEASE_SELECT_NONE},
        .queries = {.mode = RELEASE_SELECT_ALL},
    };
    struct http_fields *sent = ARENA_NEW(s->arena, struct http_fields);
    struct slice rest = slice_str(field);
    struct slice name;
    if (field != NULL && slice_split(&rest, ':', &name))
        http_fields_add(s->arena, sent, name, slice_trim(rest));
    struct slice query = slice_str(uri);
    struct slice path;
    (void)slice_split(&query, '?', &path);
    struct cache_key_input input = {
        .distribution_id = "D1", .policy = &policy, .path = path, .query = query, .fields = sent};
    struct cache_key *key = ARENA_NEW(s->arena, struct cache_key);
    cache_key_build(s->arena, &input, key);
    return (struct cache_request){
        .key = key, .scope = s->scope, .sent = sent, .now_ns = loop_now_ns(s->loop)};
}

struct cache_head site_head(const struct site *s, const struct cache_request *request,
                            const char *vary)
{
    struct cache_head head = {
        .status = 200,
        .verdict = {.is_storable = true, .lifetime_s = 60, .vary = slice_str(vary)},
        .response_ns = loop_now_ns(s->loop),
        .is_head_only = request->is_head,
    };
    http_fields_add_str(s->arena, &head.fields, "Content-Type", "text/plain");
    head.vary_values = cache_vary_values(s->arena, head.verdict.vary, request->sent);
    return head;
}

struct cache_head site_head_of(const struct site *s, const struct cache_request *request,
                               uint64_t length_bytes)
{
    struct cache_head head = site_head(s, request, "");
    http_fields_add_str(s->arena, &head.fields, "ETag", "\"one\"");
    head.has_length = true;
    head.length_bytes = length_bytes;
    return head;
}

struct cache_fetch *site_lead(const struct site *s, const struct cache_request *request)
{
    struct waiting w;
    struct cache_fetch *f = NULL;
    waiting_init(&w);
    assert_false(cache_fetch_join(s->thread, request, &w.waiter, &f));
    return f;
}

void site_store(const struct site *s, const struct cache_request *request,
                const struct cache_head *head, const char *body)
{
    struct cache_request again = *request;
    struct cache_object *o = NULL;
    if (cache_find(s->thread, request, &o) == CACHE_OBJECT)
        again.stale = o;
    struct cache_fetch *f = site_lead(s, &again);
    struct cache_fill *fill;
    assert_true(cache_fetch_publish(f, request, head, &o, &fill));
    if (fill != NULL) {
        (void)cache_fill_append(fill, slice_str(body));
        cache_fill_end(fill, true);
    }
}

const char *site_find(const struct site *s, const struct cache_request *request)
{
    struct cache_object *o = NULL;
    switch (cache_find(s->thread, request, &o)) {
    case CACHE_MISS:
        return NULL;
    case CACHE_UNSHAREABLE:
        return "";
    case CACHE_OBJECT:
        break;
    }
    struct slice whole = cache_object_whole(o);
    assert_non_null(whole.data);
    return arena_str(&arena, whole);
}

static void note_outcome(struct cache_waiter *waiter, const struct cache_outcome_info *info)
{
    struct waiting *w = waiter->user;
    w->outcomes++;
    w->info = *info;
    if (info->object != NULL)
        cache_object_ref(info->object);
}

void waiting_init(struct waiting *w)
{
    *w = (struct waiting){.waiter = {.on_outcome = note_outcome}};
    w->waiter.user = w;
}

void waiting_join(struct waiting *w, const struct site *s, const struct cache_request *request)
{
    struct cache_fetch *f = NULL;
    waiting_init(w);
    assert_true(cache_fetch_join(s->thread, request, &w->waiter, &f));
}

void waiting_fini(struct waiting *w)
{
    cache_waiter_cancel(&w->waiter);
    cache_object_unref(w->info.object);
    w->info.object = NULL;
}

static void note_wake(struct cache_reader *r)
{
    struct viewer *v = r->user;
    v->wakes++;
    v->last = CACHE_READ_DATA;
}

void viewer_init(struct viewer *v, const struct site *s, struct cache_object *o)
{
    *v = (struct viewer){.reader = {.on_ready = note_wake}, .object = o};
    v->reader.user = v;
    assert_true(cache_reader_init(&v->reader, s->thread, o));
    cache_object_ref(o);
}

/* The pattern of test bodies: a period that no slice is a multiple of, and as much again, so that a
 * run of that length starts anywhere in it. */
enum { PERIOD = 65521 };
static uint8_t pattern[2 * PERIOD];

static void make_pattern(void)
{
    struct prng random;
    prng_init_fixed(&random, 7);
    for (size_t i = 0; i < PERIOD; i++)
        pattern[i] = pattern[i + PERIOD] = (uint8_t)prng_next(&random);
}

struct slice site_bytes(uint64_t from, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_pattern);
    return slice_of(pattern + from % PERIOD, size < PERIOD ? size : PERIOD);
}

static void check_bytes(uint64_t from, struct slice bytes)
{
    while (bytes.len > 0) {
        struct slice expected = site_bytes(from, bytes.len);
        assert_true(slice_equal(slice_sub(bytes, 0, expected.len), expected));
        from += expected.len;
        bytes = slice_sub(bytes, expected.len, bytes.len);
    }
}

size_t viewer_read(struct viewer *v, size_t bytes)
{
    size_t got = 0;
    while (got < bytes) {
        struct slice data;
        v->last = cache_reader_next(&v->reader, &data);
        if (v->last != CACHE_READ_DATA)
            break;
        assert_true(data.len > 0);
        data = slice_sub(data, 0, bytes - got);
        check_bytes(v->reader.position, data);
        cache_reader_consume(&v->reader, data.len);
        got += data.len;
    }
    return got;
}

void viewer_fini(struct viewer *v)
{
    cache_reader_fini(&v->reader);
    cache_object_unref(v->object);
    v->object = NULL;
}

static void note_room(void *user)
{
    struct leader *l = user;
    l->rooms++;
    l->may_send = true;
}

static void note_abandoned(void *user)
{
    struct leader *l = user;
    l->is_abandoned = true;
}

void leader_init(struct leader *l, const struct site *s, const struct cache_request *request,
                 const struct cache_head *head)
{
    leader_publish(l, site_lead(s, request), request, head);
}

void leader_publish(struct leader *l, struct cache_fetch *f, const struct cache_request *request,
                    const struct cache_head *head)
{
    *l = (struct leader){.may_send = true};
    assert_true(cache_fetch_publish(f, request, head, &l->object, &l->fill));
    cache_object_ref(l->object);
    struct cache_fill_handler handler = {
        .on_room = note_room, .on_abandoned = note_abandoned, .user = l};
    cache_fill_set_handler(l->fill, &handler);
}

void leader_send(struct leader *l, uint64_t bytes)
{
    while (bytes > 0 && l->may_send) {
        size_t now = bytes < 16384 ? (size_t)bytes : 16384;
        l->may_send = cache_fill_append(l->fill, site_bytes(l->sent, now));
        l->sent += now;
        bytes -= now;
    }
}

void leader_fini(struct leader *l, bool is_whole)
{
    if (l->fill != NULL)
        cache_fill_end(l->fill, is_whole);
    cache_object_unref(l->object);
    *l = (struct leader){0};
}
