// SPDX-License-Identifier: Apache-2.0
// Steps: the default root object, whether the cache takes part, the cache key.
#include "edge/steps_priv.h"

/* "/" and the object's name; what a target must not hold as it is gets percent-coded. */
static struct slice object_path(struct arena *a, struct slice object)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *out = arena_alloc(a, 1 + 3 * object.len);
    size_t len = 0;
    out[len++] = '/';
    for (size_t i = 0; i < object.len; i++) {
        uint8_t byte = object.data[i];
        bool is_plain = byte > ' ' && byte < 0x7f && byte != '#' && byte != '?';
        if (is_plain) {
            out[len++] = byte;
            continue;
        }
        out[len++] = '%';
        out[len++] = (uint8_t)digits[byte >> 4];
        out[len++] = (uint8_t)digits[byte & 0xf];
    }
    return slice_of(out, len);
}

enum edge_step_end edge_step_root_object(struct edge_walk *w)
{
    struct edge_decision *d = w->decision;
    const char *object = d->distribution->config.default_root_object;
    if (object[0] != '\0' && slice_equal(d->path, SLICE_LIT("/")))
        d->path = object_path(w->arena, slice_str(object));
    return EDGE_STEP_NEXT;
}

/* A policy without any time to live keeps errors only, for which nobody should have to wait. */
enum edge_step_end edge_step_caching(struct edge_walk *w)
{
    struct edge_decision *d = w->decision;
    bool is_cached = (d->behavior->cached_methods & (unsigned)d->method) != 0;
    bool has_body = edge_request_has_body(w->viewer->request);
    d->action = is_cached && !has_body ? EDGE_LOOK_UP : EDGE_PASS;
    d->collapses = d->action == EDGE_LOOK_UP && d->behavior->cache.max_ttl_s > 0;
    return EDGE_STEP_NEXT;
}

enum edge_step_end edge_step_key(struct edge_walk *w)
{
    struct edge_decision *d = w->decision;
    struct cache_key_input input = {.distribution_id = d->distribution->config.id,
                                    .policy = &d->behavior->cache,
                                    .path = d->path,
                                    .query = w->viewer->request->query,
                                    .fields = &w->viewer->request->fields,
                                    .is_options = d->method == RELEASE_OPTIONS};
    cache_key_build(w->arena, &input, &d->key);
    return EDGE_STEP_NEXT;
}
