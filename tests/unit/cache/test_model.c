// SPDX-License-Identifier: Apache-2.0
// Random operations on a cache with room for all, compared with a model that is a plain list: what
// is found after stores, variants, answers to HEAD, markers, 304s and invalidations.
#include "cache/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "shared/test_arena.h"

enum { URIS = 6, ACCEPTS = 3, ITEMS = 64, STEPS = 3000, ROUNDS = 8 };

#define MARKER_NS (3600 * NS_PER_S)

static const char *const uris[URIS] = {"/", "/a", "/a?q", "/ab", "/b/a", "/b/b"};
static const char *const paths[] = {"/", "/a", "/a?q", "/a*", "/b/*", "/b/a", "/a?*", "/nothing"};

/* A stored answer, or a marker. */
struct item {
    bool is_used;
    bool is_marker;
    bool has_vary; /* by Accept */
    bool is_head_only;
    unsigned uri;
    unsigned accept;
    unsigned text; /* number of the step that stored its body */
};

/* What somebody asks for. */
struct ask {
    unsigned uri;
    unsigned accept;
    bool is_head;
};

static struct site site;
static struct prng random_source;
static struct item model[ITEMS]; /* oldest first */

static int setup(void **state)
{
    const struct cache_options options = {.memory_bytes = 64 << 20, .marker_ns = MARKER_NS};
    (void)arena_setup(state);
    site_init(&site, &options);
    return 0;
}

static int teardown(void **state)
{
    site_fini(&site);
    return arena_teardown(state);
}

static unsigned below(unsigned bound)
{
    return prng_below(&random_source, bound);
}

/* ---- the model */

static bool fits(const struct item *i, const struct ask *ask)
{
    return i->is_used && !i->is_marker && i->uri == ask->uri &&
           (!i->has_vary || i->accept == ask->accept) && (!i->is_head_only || ask->is_head);
}

static const struct item *model_find(const struct ask *ask)
{
    for (unsigned i = ITEMS; i > 0; i--) {
        if (fits(&model[i - 1], ask))
            return &model[i - 1];
    }
    return NULL;
}

static bool model_is_marked(const struct ask *ask)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        if (model[i].is_used && model[i].is_marker && model[i].uri == ask->uri)
            return true;
    }
    return false;
}

static void model_add(const struct item *item)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < ITEMS; i++) {
        if (model[i].is_used)
            model[kept++] = model[i];
    }
    assert_true(kept < ITEMS);
    for (unsigned i = kept; i < ITEMS; i++)
        model[i].is_used = false;
    model[kept] = *item;
}

static void model_store(const struct ask *ask, bool has_vary, unsigned text)
{
    bool was_marked_only = model_find(ask) == NULL; /* then the join drops a marker */
    for (unsigned i = 0; i < ITEMS; i++) {
        struct item *old = &model[i];
        bool is_marked = old->is_used && old->is_marker && old->uri == ask->uri;
        if ((is_marked || fits(old, ask)) && (!ask->is_head || old->is_head_only))
            old->is_used = false;
        if (is_marked && was_marked_only)
            old->is_used = false;
    }
    struct item item = {.is_used = true,
                        .has_vary = has_vary,
                        .is_head_only = ask->is_head,
                        .uri = ask->uri,
                        .accept = has_vary ? ask->accept : 0,
                        .text = text};
    model_add(&item);
}

/* What is revalidated goes, and what the newest object's Vary says is the same variant. */
static void model_mark(const struct ask *ask)
{
    const struct item *found = model_find(ask);
    const struct item *newest = NULL;
    for (unsigned i = 0; i < ITEMS; i++) {
        if (model[i].is_used && !model[i].is_marker && model[i].uri == ask->uri)
            newest = &model[i];
    }
    bool has_vary = newest != NULL && newest->has_vary;
    for (unsigned i = 0; i < ITEMS; i++) {
        struct item *old = &model[i];
        bool is_same = !old->is_marker && old->has_vary == has_vary &&
                       (!has_vary || old->accept == ask->accept) &&
                       (!ask->is_head || old->is_head_only);
        if (old->uri == ask->uri && (old->is_marker || is_same || old == found))
            old->is_used = false;
    }
    struct item marker = {.is_used = true, .is_marker = true, .uri = ask->uri};
    model_add(&marker);
}

static void model_invalidate(const char *path)
{
    size_t len = strlen(path);
    bool is_prefix = path[len - 1] == '*';
    for (unsigned i = 0; i < ITEMS; i++) {
        const char *uri = uris[model[i].uri];
        bool is_named = is_prefix ? strncmp(uri, path, len - 1) == 0 : strcmp(uri, path) == 0;
        if (is_named && !model[i].is_marker)
            model[i].is_used = false;
    }
}

/* ---- the cache */

static struct cache_request request_of(const struct ask *ask)
{
    const char *field = arena_printf(&arena, "Accept: %u", ask->accept);
    struct cache_request request = site_get(&site, uris[ask->uri], field);
    request.is_head = ask->is_head;
    struct cache_object *o = NULL;
    if (cache_find(site.thread, &request, &o) == CACHE_OBJECT)
        request.stale = o;
    return request;
}

static struct cache_head head_of(const struct cache_request *request, bool has_vary, unsigned text)
{
    struct cache_head head = site_head(&site, request, has_vary ? "Accept" : "");
    http_fields_add_str(&arena, &head.fields, "X-Text", arena_printf(&arena, "%u", text));
    head.is_head_only = request->is_head;
    return head;
}

static void do_store(const struct ask *ask, unsigned step)
{
    struct cache_request request = request_of(ask);
    if (request.stale == NULL && model_is_marked(ask))
        request.now_ns += 2 * MARKER_NS; /* it has ended, else the join would be released */
    bool has_vary = below(2) == 0;
    struct cache_head head = head_of(&request, has_vary, step);
    site_store(&site, &request, &head, arena_printf(&arena, "%u", step));
    model_store(ask, has_vary, step);
}

static void do_refresh(const struct ask *ask)
{
    struct cache_request request = request_of(ask);
    const struct item *found = model_find(ask);
    if (request.stale == NULL || found->is_head_only != ask->is_head)
        return;
    struct item item = *found;
    struct cache_head head = head_of(&request, item.has_vary, item.text);
    struct cache_object *o;
    assert_true(
        cache_fetch_refresh(site_lead(&site, &request), &request, request.stale, &head, &o));
    model_store(ask, item.has_vary, item.text);
}

static void do_mark(const struct ask *ask)
{
    struct cache_request request = request_of(ask);
    if (request.stale == NULL && model_is_marked(ask))
        return; /* a join would be released */
    model_mark(ask);
    cache_fetch_release(site_lead(&site, &request), true);
}

static void do_invalidate(void)
{
    static uint64_t number;
    const char *path = paths[below(ARRAY_LEN(paths))];
    struct slice slice = slice_str(path);
    if (below(2) == 0 && !slice_ends_with(slice, SLICE_LIT("*")))
        cache_scope_touch(site.scope, slice);
    else
        cache_scope_invalidate(site.scope, ++number, &slice, 1);
    model_invalidate(path);
}

static void check(const struct ask *ask)
{
    struct cache_request request = request_of(ask);
    const struct item *expected = model_find(ask);
    struct cache_object *o = NULL;
    enum cache_found found = cache_find(site.thread, &request, &o);
    if (expected == NULL) {
        assert_int_equal(found, model_is_marked(ask) ? CACHE_UNSHAREABLE : CACHE_MISS);
        return;
    }
    assert_int_equal(found, CACHE_OBJECT);
    const struct slice *text = http_fields_get(&cache_object_head(o)->fields, "x-text");
    const char *wanted = arena_printf(&arena, "%u", expected->text);
    assert_true(slice_equal(*text, slice_str(wanted)));
    assert_int_equal(cache_object_head(o)->is_head_only, expected->is_head_only);
    if (!expected->is_head_only)
        assert_true(slice_equal(cache_object_whole(o), slice_str(wanted)));
}

static void step(unsigned number)
{
    struct ask ask = {below(URIS), below(ACCEPTS), below(4) == 0};
    switch (below(10)) {
    case 0:
        do_invalidate();
        break;
    case 1:
        do_mark(&ask);
        break;
    case 2:
        do_refresh(&ask);
        break;
    case 3:
    case 4:
    case 5:
        do_store(&ask, number);
        break;
    default:
        break;
    }
    for (unsigned i = 0; i < 3; i++) {
        struct ask look = {below(URIS), below(ACCEPTS), below(2) == 0};
        check(&look);
    }
}

static void what_is_found_is_what_the_model_finds(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct slice all = SLICE_LIT("/*");
        prng_init_fixed(&random_source, round);
        for (unsigned i = 0; i < STEPS; i++) {
            step(round * STEPS + i);
            if (i % 50 == 0)
                site_turn(&site);
        }
        cache_scope_invalidate(site.scope, 1, &all, 1);
        model_invalidate("/*");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_found_is_what_the_model_finds, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
