// SPDX-License-Identifier: Apache-2.0
// Steps: the behaviour for the viewer's path, whether it allows the method, and a body with it.
#include "base/check.h"
#include "edge/steps_priv.h"

/* Methods by name; case counts (RFC 9110 section 9.1). */
static const struct {
    struct slice name;
    enum release_method method;
} methods[] = {
    {SLICE_LIT("GET"), RELEASE_GET},         {SLICE_LIT("HEAD"), RELEASE_HEAD},
    {SLICE_LIT("OPTIONS"), RELEASE_OPTIONS}, {SLICE_LIT("PUT"), RELEASE_PUT},
    {SLICE_LIT("POST"), RELEASE_POST},       {SLICE_LIT("PATCH"), RELEASE_PATCH},
    {SLICE_LIT("DELETE"), RELEASE_DELETE},
};

/* The origin of the behaviour; a release that decodes has it. */
static const struct release_origin *origin_of(const struct release_distribution *d,
                                              const struct release_behavior *b)
{
    size_t low = 0;
    size_t high = d->origin_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(d->origins[middle].id, b->origin_id);
        if (order == 0)
            return &d->origins[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    CHECK_MSG(false, "behaviour without an origin");
}

enum edge_step_end edge_step_behavior(struct edge_walk *w)
{
    struct edge_decision *d = w->decision;
    d->path = w->viewer->request->path;
    if (d->path.data[0] != '/') /* OPTIONS * is about a server, and no path of a distribution */
        return edge_step_refuse(w, 400, "the request is about no path");
    d->behavior = edge_behavior_find(d->distribution, d->path);
    d->origin = origin_of(&d->distribution->config, d->behavior);
    return EDGE_STEP_NEXT;
}

enum edge_step_end edge_step_method(struct edge_walk *w)
{
    struct edge_decision *d = w->decision;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (slice_equal(methods[i].name, w->viewer->request->method))
            d->method = methods[i].method;
    }
    if ((d->behavior->allowed_methods & (unsigned)d->method) != 0)
        return EDGE_STEP_NEXT;
    return edge_step_refuse(w, 403, "the method is not allowed here");
}

enum edge_step_end edge_step_body(struct edge_walk *w)
{
    if (!edge_request_has_body(w->viewer->request) ||
        (w->decision->method & (RELEASE_GET | RELEASE_HEAD)) == 0)
        return EDGE_STEP_NEXT;
    return edge_step_refuse(w, 403, "a GET or HEAD request must not have a body");
}
