// SPDX-License-Identifier: Apache-2.0
// Steps: the default root object, whether the cache takes part, the cache key.
#include "edge/forward.h"
#include "edge/path.h"
#include "edge/steps_priv.h"

enum edge_step_end edge_step_root_object(struct edge_walk *w)
{
    struct edge_decision *d = w->decision;
    const char *object = d->distribution->config.default_root_object;
    if (object[0] != '\0' && slice_equal(d->path, SLICE_LIT("/")))
        d->path = edge_path_escape(w->arena, slice_str(arena_printf(w->arena, "/%s", object)));
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
    d->fields = edge_viewer_fields(w->arena, w->viewer, d->behavior);
    struct cache_key_input input = {.distribution_id = d->distribution->config.id,
                                    .policy = &d->behavior->cache,
                                    .path = d->path,
                                    .query = w->viewer->request->query,
                                    .fields = d->fields,
                                    .is_options = d->method == RELEASE_OPTIONS};
    cache_key_build(w->arena, &input, &d->key);
    return EDGE_STEP_NEXT;
}
