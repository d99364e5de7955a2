// SPDX-License-Identifier: Apache-2.0
// The steps of a request on its way down to the cache. Each is a function of what is known so far;
// decide.c runs them in the order of its table.
#ifndef EDGE_STEPS_PRIV_H
#define EDGE_STEPS_PRIV_H

#include "edge/decide.h"

/** What a step reads, and the decision that it adds to. */
struct edge_walk {
    const struct edge_world *world;
    const struct edge_identity *identity;
    const struct edge_viewer *viewer;
    struct arena *arena;
    struct slice host; /* of the request, in lower case; set by the first step */
    struct edge_decision *decision;
};

enum edge_step_end {
    EDGE_STEP_NEXT,    /* on to the next step */
    EDGE_STEP_DECIDED, /* action, status and reason are set: no step follows */
};

/** Refuses with the status; `reason` is static. */
enum edge_step_end edge_step_refuse(struct edge_walk *w, uint16_t status, const char *reason);

/* step_distribution.c */
enum edge_step_end edge_step_host(struct edge_walk *w);
enum edge_step_end edge_step_alive(struct edge_walk *w);
enum edge_step_end edge_step_distribution(struct edge_walk *w);
enum edge_step_end edge_step_enabled(struct edge_walk *w);

/* step_behavior.c */
enum edge_step_end edge_step_behavior(struct edge_walk *w);
enum edge_step_end edge_step_method(struct edge_walk *w);
enum edge_step_end edge_step_body(struct edge_walk *w);

/* step_protocol.c */
enum edge_step_end edge_step_loop(struct edge_walk *w);
enum edge_step_end edge_step_protocol(struct edge_walk *w);

/* step_key.c */
enum edge_step_end edge_step_root_object(struct edge_walk *w);
enum edge_step_end edge_step_caching(struct edge_walk *w);
enum edge_step_end edge_step_key(struct edge_walk *w);

#endif
