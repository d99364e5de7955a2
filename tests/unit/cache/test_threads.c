// SPDX-License-Identifier: Apache-2.0
// Several serving threads at once on a small cache: look-ups, collapsed fetches, fills with slow
// viewers, invalidations, evictions, cancellations, all at random with fixed seeds.
//
// The origin has a version of each uri. Who changes one raises the version, invalidates, and then
// raises the floor: whoever begins a request later must not be served less than the floor. The
// bytes of a body tell its uri and version.
#include "cache/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "os/sanitizer.h"
#include "shared/test_arena.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    THREADS = 3,
    ACTORS = 24, /* of a thread: requests under way */
    URIS = 60,
    GROUP = 10, /* uris that share a prefix */
    TICKS = HAS_SANITIZER ? 1500 : 6000,
    MEMORY_BYTES = 3 << 20,
};

static struct {
    _Atomic unsigned version[URIS];
    _Atomic unsigned floor[URIS];
} origin;

enum actor_state { IDLE, WAITING, LEADING, FILLING, READING };

/* One request: a viewer, and the leader of its fetch where there was none. */
struct actor {
    struct worker *worker;
    enum actor_state state;
    unsigned uri;
    unsigned floor;   /* when it began */
    unsigned version; /* what it leads, or reads */
    uint64_t length;
    bool has_length;
    struct site site; /* with an arena of its own */
    struct arena arena;
    struct cache_request request;
    struct cache_object *stale; /* with a reference; what it revalidates */
    struct cache_waiter waiter;
    struct cache_fetch *fetch;
    struct cache_fill *fill;
    uint64_t sent;
    bool may_send;
    struct cache_reader reader;
    bool may_read;
    bool is_cut; /* its leader ends the body early */
};

struct worker {
    struct cache *cache;
    struct site site;
    struct prng random;
    struct actor actors[ACTORS];
    unsigned served; /* from the cache or by another's fetch */
    unsigned led;
};

static unsigned below(struct actor *a, unsigned bound)
{
    return prng_below(&a->worker->random, bound);
}

/* ---- what bodies hold: runs of 16 bytes "uri, version, run" */

static uint8_t body_byte(unsigned uri, unsigned version, uint64_t position)
{
    uint64_t run = position / 16;
    uint64_t word = run * UINT64_C(0x9e3779b97f4a7c15) + uri * UINT64_C(0xbf58476d1ce4e5b9) +
                    version * UINT64_C(0x94d049bb133111eb);
    return (uint8_t)(word >> (position % 8 * 8));
}

static void check_body(const struct actor *a, struct slice data)
{
    size_t step = HAS_SANITIZER ? 61 : 7;
    for (size_t i = 0; i < data.len; i += step)
        CHECK(data.data[i] == body_byte(a->uri, a->version, a->reader.position + i));
}

/* ---- the viewer */

static void finish(struct actor *a)
{
    cache_waiter_cancel(&a->waiter);
    cache_reader_fini(&a->reader);
    if (a->fetch != NULL)
        cache_fetch_fail(a->fetch, 502, 0);
    if (a->fill != NULL)
        cache_fill_end(a->fill, false);
    cache_object_unref(a->stale);
    arena_fini(&a->arena);
    struct worker *w = a->worker;
    *a = (struct actor){.worker = w};
}

static void stop_reading(struct actor *a)
{
    cache_reader_fini(&a->reader);
    if (a->fill == NULL)
        finish(a);
}

static void read_some(struct actor *a)
{
    size_t left = below(a, 40000);
    while (left > 0) {
        struct slice data;
        switch (cache_reader_next(&a->reader, &data)) {
        case CACHE_READ_DATA:
            data = slice_sub(data, 0, left);
            check_body(a, data);
            cache_reader_consume(&a->reader, data.len);
            left -= data.len;
            break;
        case CACHE_READ_WAIT:
            a->may_read = false;
            return;
        case CACHE_READ_END:
            CHECK(!a->has_length || a->reader.position == a->length);
            stop_reading(a);
            return;
        case CACHE_READ_CUT:
        case CACHE_READ_GONE:
            stop_reading(a);
            return;
        }
    }
}

static void on_ready(struct cache_reader *r)
{
    struct actor *a = r->user;
    a->may_read = true;
}

/* What the object says about itself, checked against what the request may be served. */
static void take_object(struct actor *a, const struct cache_object *o)
{
    const struct http_fields *fields = &cache_object_head(o)->fields;
    uint64_t uri = 0;
    uint64_t version = 0;
    CHECK(slice_parse_u64(*http_fields_get(fields, "x-uri"), URIS, &uri) && uri == a->uri);
    CHECK(slice_parse_u64(*http_fields_get(fields, "x-version"), UINT32_MAX, &version));
    CHECK_MSG(version >= a->floor, "uri %u: version %lu is below %u", a->uri,
              (unsigned long)version, a->floor);
    a->version = (unsigned)version;
    a->has_length = cache_object_length(o, &a->length);
}

static bool begin_reading(struct actor *a, struct cache_object *o)
{
    take_object(a, o);
    a->reader = (struct cache_reader){.on_ready = on_ready, .user = a};
    if (!cache_reader_init(&a->reader, a->worker->site.thread, o))
        return false;
    a->may_read = true;
    a->state = READING;
    return true;
}

static void on_outcome(struct cache_waiter *waiter, const struct cache_outcome_info *info)
{
    struct actor *a = waiter->user;
    CHECK(a->state == WAITING);
    if (info->outcome != CACHE_FETCH_OBJECT) {
        finish(a);
        return;
    }
    a->worker->served++;
    bool is_reading = begin_reading(a, info->object);
    CHECK(is_reading);
}

/* ---- the leader */

static void on_room(void *user)
{
    struct actor *a = user;
    a->may_send = true;
}

static void on_abandoned(void *user)
{
    struct actor *a = user;
    cache_fill_end(a->fill, false);
    a->fill = NULL;
    stop_reading(a);
}

static struct cache_head make_head(struct actor *a)
{
    struct cache_head head = site_head_of(&a->site, &a->request, a->length);
    head.has_length = a->has_length;
    head.response_ns = loop_now_ns(a->site.loop);
    http_fields_add_str(&a->arena, &head.fields, "X-Uri", arena_printf(&a->arena, "%u", a->uri));
    http_fields_add_str(&a->arena, &head.fields, "X-Version",
                        arena_printf(&a->arena, "%u", a->version));
    return head;
}

/* The origin's answer has come. */
static void publish(struct actor *a)
{
    static const uint32_t sizes[] = {500, 5000, 60000, 300000, 4000000};
    a->length = below(a, sizes[below(a, 5)]) + 1;
    a->has_length = below(a, 3) > 0;
    a->is_cut = below(a, 10) == 0;
    struct cache_head head = make_head(a);
    struct cache_object *o;
    if (!cache_fetch_publish(a->fetch, &a->request, &head, &o, &a->fill)) {
        cache_fetch_release(a->fetch, below(a, 2) == 0);
        a->fetch = NULL;
        finish(a);
        return;
    }
    a->fetch = NULL;
    a->sent = 0;
    a->may_send = true;
    struct cache_fill_handler handler = {
        .on_room = on_room, .on_abandoned = on_abandoned, .user = a};
    cache_fill_set_handler(a->fill, &handler);
    a->state = FILLING;
    if (below(a, 4) > 0) { /* else its viewer has gone */
        a->reader = (struct cache_reader){.on_ready = on_ready, .user = a};
        bool is_reading = cache_reader_init(&a->reader, a->site.thread, o);
        CHECK(is_reading);
        a->may_read = true;
    }
}

static void refresh(struct actor *a)
{
    struct cache_object *o;
    take_object(a, a->stale);
    struct cache_head head = make_head(a);
    if (!cache_fetch_refresh(a->fetch, &a->request, a->stale, &head, &o)) {
        publish(a);
        return;
    }
    a->fetch = NULL;
    if (!begin_reading(a, o))
        finish(a);
}

static void answer(struct actor *a)
{
    switch (below(a, 8)) {
    case 0:
        cache_fetch_fail(a->fetch, 504, 1);
        break;
    case 1:
        cache_fetch_release(a->fetch, below(a, 2) == 0);
        break;
    case 2:
    case 3:
        if (a->stale != NULL) {
            refresh(a);
            return;
        }
        publish(a);
        return;
    default:
        publish(a);
        return;
    }
    a->fetch = NULL;
    finish(a);
}

static void send_some(struct actor *a)
{
    uint8_t bytes[16384];
    for (unsigned turns = below(a, 12); turns > 0 && a->may_send; turns--) {
        size_t size = min_size(below(a, sizeof(bytes)) + 1, (size_t)(a->length - a->sent));
        for (size_t i = 0; i < size; i++)
            bytes[i] = body_byte(a->uri, a->version, a->sent + i);
        a->may_send = cache_fill_append(a->fill, slice_of(bytes, size));
        a->sent += size;
        bool is_cut = a->is_cut && a->sent > a->length / 2;
        if (is_cut || a->sent == a->length) {
            cache_fill_end(a->fill, !is_cut);
            a->fill = NULL;
            a->state = READING;
            if (a->reader.object == NULL)
                finish(a);
            return;
        }
    }
}

/* ---- requests */

static void begin(struct actor *a)
{
    a->site = a->worker->site;
    a->site.arena = &a->arena;
    a->uri = below(a, below(a, 2) == 0 ? URIS : 4); /* some are hot */
    a->floor = atomic_load(&origin.floor[a->uri]);
    a->request =
        site_get(&a->site, arena_printf(&a->arena, "/%u/%u", a->uri / GROUP, a->uri % GROUP), NULL);
    struct cache_object *o = NULL;
    enum cache_found found = cache_find(a->site.thread, &a->request, &o);
    if (found == CACHE_UNSHAREABLE)
        return;
    if (found == CACHE_OBJECT && below(a, 20) > 0 && begin_reading(a, o)) {
        a->worker->served++;
        return;
    }
    if (found == CACHE_OBJECT) {
        cache_object_ref(o);
        a->stale = o;
        a->request.stale = o;
    }
    a->waiter = (struct cache_waiter){.on_outcome = on_outcome, .user = a};
    if (cache_fetch_join(a->site.thread, &a->request, &a->waiter, &a->fetch)) {
        a->state = WAITING;
        return;
    }
    a->worker->led++;
    a->version = atomic_load(&origin.version[a->uri]);
    a->state = LEADING;
}

static void step(struct actor *a)
{
    if (a->state != IDLE && a->state != FILLING && below(a, 60) == 0) {
        finish(a); /* the viewer leaves */
        return;
    }
    switch (a->state) {
    case IDLE:
        if (below(a, 3) == 0)
            begin(a);
        if (a->state == IDLE)
            finish(a);
        break;
    case WAITING:
        break;
    case LEADING:
        if (below(a, 4) == 0)
            answer(a);
        break;
    case FILLING:
        send_some(a);
        if (a->state == FILLING && a->reader.object != NULL && below(a, 100) == 0)
            cache_reader_fini(&a->reader);
        if (a->state == FILLING && a->reader.object != NULL && a->may_read)
            read_some(a);
        break;
    case READING:
        if (a->may_read && below(a, 3) > 0)
            read_some(a);
        break;
    }
}

/* ---- changes at the origin */

static void raise_floor(unsigned uri, unsigned version)
{
    unsigned now = atomic_load(&origin.floor[uri]);
    while (now < version && !atomic_compare_exchange_weak(&origin.floor[uri], &now, version))
        continue;
}

static void change(struct worker *w)
{
    unsigned first = prng_below(&w->random, URIS);
    unsigned last = first;
    bool is_group = prng_below(&w->random, 8) == 0;
    if (is_group) {
        first = first / GROUP * GROUP;
        last = first + GROUP - 1;
    }
    unsigned versions[GROUP];
    for (unsigned i = first; i <= last; i++)
        versions[i - first] = atomic_fetch_add(&origin.version[i], 1) + 1;
    char path[32];
    (void)snprintf(path, sizeof(path), is_group ? "/%u/*" : "/%u/%u", first / GROUP, first % GROUP);
    struct slice slice = slice_str(path);
    if (!is_group && prng_below(&w->random, 2) == 0)
        cache_scope_touch(w->site.scope, slice);
    else if (prng_below(&w->random, 50) == 0)
        cache_invalidate_all(w->cache, 1);
    else
        cache_scope_invalidate(w->site.scope, 1, &slice, 1);
    for (unsigned i = first; i <= last; i++)
        raise_floor(i, versions[i - first]);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    site_join(&w->site, w->cache);
    for (unsigned i = 0; i < ACTORS; i++)
        w->actors[i].worker = w;
    for (unsigned tick = 0; tick < TICKS; tick++) {
        for (unsigned i = 0; i < ACTORS; i++)
            step(&w->actors[i]);
        CHECK(cache_memory_bytes(w->cache) <= MEMORY_BYTES);
        if (prng_below(&w->random, 10) == 0)
            change(w);
        site_turn(&w->site);
    }
    for (unsigned i = 0; i < ACTORS; i++)
        finish(&w->actors[i]);
    site_leave(&w->site);
    return NULL;
}

static void run(uint64_t seed)
{
    const struct cache_options options = {.memory_bytes = MEMORY_BYTES, .marker_ns = NS_PER_MS};
    struct cache *cache = cache_new(&options);
    struct worker *workers = mem_new(THREADS, sizeof(*workers));
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].cache = cache;
        prng_init_fixed(&workers[i].random, seed + i);
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].served > TICKS / 10);
        assert_true(workers[i].led > TICKS / 20);
    }
    cache_free(cache); /* checks that nothing is left */
    free(workers);
}

static void nothing_outdated_or_wrong_is_served_whatever_threads_do(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        run(seed * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_outdated_or_wrong_is_served_whatever_threads_do),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
