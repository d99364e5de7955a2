// SPDX-License-Identifier: Apache-2.0
// Objects: made with one allocation for the head's copy, found fit or not, freed with their last
// reference. Any thread.
#include "cache/object_priv.h"

#include "base/check.h"
#include "base/time.h"
#include "cache/cache_priv.h"
#include "cache/scope_priv.h"

static size_t head_bytes(const struct cache_head *head)
{
    size_t bytes = head->verdict.vary.len + head->vary_values.len;
    for (size_t i = 0; i < head->fields.count; i++)
        bytes += head->fields.items[i].name.len + head->fields.items[i].value.len;
    return bytes;
}

static struct slice copy_to(uint8_t **at, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    struct slice copy = slice_of(*at, bytes.len);
    *at += bytes.len;
    return copy;
}

/* The head's copy: fields, then bytes, at `room`. */
static void copy_head(struct cache_head *to, const struct cache_head *head, void *room)
{
    struct http_field *items = room;
    uint8_t *at = (uint8_t *)(items + head->fields.count);
    *to = *head;
    for (size_t i = 0; i < head->fields.count; i++) {
        items[i].name = copy_to(&at, head->fields.items[i].name);
        items[i].value = copy_to(&at, head->fields.items[i].value);
    }
    to->fields = (struct http_fields){items, head->fields.count, head->fields.count};
    to->verdict.vary = copy_to(&at, head->verdict.vary);
    to->vary_values = copy_to(&at, head->vary_values);
}

/* After the grace period: the index's reference. */
static void release_retired(struct cache_retired *retired)
{
    cache_object_unref(CONTAINER_OF(retired, struct cache_object, retired));
}

struct cache_object *object_new(struct cache *c, struct cache_scope *scope,
                                const struct cache_head *head, struct cache_body *body)
{
    size_t size = sizeof(struct cache_object) + head->fields.count * sizeof(struct http_field) +
                  head_bytes(head);
    struct cache_object *o = memory_new(&c->memory, size);
    if (o == NULL)
        return NULL;
    atomic_init(&o->refs, 1);
    o->cache = c;
    o->scope = scope_ref(scope);
    o->size_bytes = size;
    o->body = body;
    o->retired.release = release_retired;
    list_init(&o->retired.node);
    list_init(&o->in_queue);
    copy_head(&o->head, head, o + 1);
    atomic_fetch_add_explicit(&c->object_count, 1, memory_order_relaxed);
    return o;
}

struct cache_object *object_new_marker(struct cache *c, struct cache_scope *scope, int64_t until_ns)
{
    struct cache_head none = {0};
    struct cache_object *o = object_new(c, scope, &none, NULL);
    if (o != NULL) {
        o->is_marker = true;
        o->marker_until_ns = until_ns;
    }
    return o;
}

void cache_object_ref(struct cache_object *o)
{
    unsigned before = atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
    CHECK(before > 0);
}

void cache_object_unref(struct cache_object *o)
{
    if (o == NULL || atomic_fetch_sub(&o->refs, 1) > 1)
        return;
    struct cache *c = o->cache;
    body_unref(o->body);
    cache_scope_unref(o->scope);
    memory_free(&c->memory, o, o->size_bytes);
    atomic_fetch_sub_explicit(&c->object_count, 1, memory_order_relaxed);
}

const struct cache_head *cache_object_head(const struct cache_object *o)
{
    return &o->head;
}

uint32_t cache_object_age_s(const struct cache_object *o, int64_t now_ns)
{
    int64_t since_s = (now_ns - o->head.response_ns) / NS_PER_S;
    uint64_t age_s = o->head.verdict.initial_age_s + (uint64_t)(since_s > 0 ? since_s : 0);
    return age_s < INT32_MAX ? (uint32_t)age_s : INT32_MAX;
}

struct slice cache_object_whole(const struct cache_object *o)
{
    const struct cache_body *b = o->body;
    if (b == NULL)
        return SLICE_LIT("");
    if (!atomic_load_explicit(&b->is_settled, memory_order_acquire) ||
        atomic_load_explicit(&b->state, memory_order_relaxed) != BODY_WHOLE)
        return slice_of(NULL, 0);
    if (b->first == NULL)
        return SLICE_LIT("");
    if (b->first != b->last || b->front > 0)
        return slice_of(NULL, 0);
    return slice_of(b->first->data, (size_t)atomic_load_explicit(&b->filled, memory_order_relaxed));
}

bool cache_object_length(const struct cache_object *o, uint64_t *out_bytes)
{
    const struct cache_body *b = o->body;
    if (o->head.has_length) {
        *out_bytes = o->head.length_bytes;
        return true;
    }
    if (b == NULL || atomic_load_explicit(&b->state, memory_order_acquire) != BODY_WHOLE)
        return false;
    *out_bytes = atomic_load_explicit(&b->filled, memory_order_relaxed);
    return true;
}

void cache_object_hold(struct cache_object *o, int64_t until_ns)
{
    atomic_store_explicit(&o->held_until_ns, until_ns, memory_order_relaxed);
}

int64_t cache_object_held_until_ns(const struct cache_object *o)
{
    return atomic_load_explicit(&o->held_until_ns, memory_order_relaxed);
}

bool object_is_outdated(struct cache_object *o, struct slice uri)
{
    uint64_t now = scope_generation(o->scope);
    if (LIKELY(atomic_load_explicit(&o->checked, memory_order_relaxed) == now))
        return false;
    if (scope_last_match(o->scope, uri) > o->stamp)
        return true;
    atomic_store_explicit(&o->checked, now, memory_order_relaxed);
    return false;
}

uint64_t object_valid_at(const struct cache_object *o, uint64_t most)
{
    uint64_t checked = atomic_load_explicit(&o->checked, memory_order_relaxed);
    return checked < most ? checked : most;
}

bool object_fits(const struct cache_object *o, const struct cache_request *request)
{
    if (o->is_marker || o->scope != request->scope || (o->head.is_head_only && !request->is_head))
        return false;
    if (o->body != NULL && atomic_load_explicit(&o->body->is_lost, memory_order_acquire))
        return false;
    return o->head.verdict.vary.len == 0 ||
           (request->sent != NULL &&
            vary_matches(o->head.verdict.vary, o->head.vary_values, request->sent));
}

size_t object_cost(const struct cache_object *o)
{
    if (atomic_load(&o->refs) > 1)
        return 0;
    size_t cost = memory_cost(o->size_bytes);
    if (o->body != NULL && atomic_load(&o->body->refs) == 1)
        cost += memory_cost(sizeof(*o->body)) + o->body->held_bytes;
    return cost;
}

bool object_has_validator(const struct cache_object *o)
{
    return o->head.has_length && cache_strong_etag(&o->head.fields).len > 0;
}
