// SPDX-License-Identifier: Apache-2.0
// The table of steps that a request walks down, and what they share. Called on serving threads and
// in the trial.
#include "edge/decide.h"

#include "edge/forward.h"
#include "edge/limits.h"
#include "edge/steps_priv.h"

/* In this order; the first that decides is the last. */
static const struct {
    const char *name;
    enum edge_step_end (*run)(struct edge_walk *w);
} steps[] = {
    {"host", edge_step_host},                 /* there is one */
    {"alive", edge_step_alive},               /* a checker's probe of this node: 200 */
    {"distribution", edge_step_distribution}, /* answers to it: else 403, 421 */
    {"enabled", edge_step_enabled},           /* else 403 */
    {"loop", edge_step_loop},                 /* was here before: 508 */
    {"behavior", edge_step_behavior},         /* by path */
    {"method", edge_step_method},             /* allowed: else 403 */
    {"body", edge_step_body},                 /* with GET: 403 */
    {"protocol", edge_step_protocol},         /* redirect, HTTPS only */
    {"root-object", edge_step_root_object},   /* for "/" */
    {"caching", edge_step_caching},           /* looked up, or passed */
    {"key", edge_step_key},
};

enum edge_step_end edge_step_refuse(struct edge_walk *w, uint16_t status, const char *reason)
{
    w->decision->action = EDGE_REFUSE;
    w->decision->status = status;
    w->decision->reason = reason;
    return EDGE_STEP_DECIDED;
}

void edge_decide(const struct edge_world *w, const struct edge_identity *identity,
                 const struct edge_viewer *viewer, struct arena *a, struct edge_decision *out)
{
    struct edge_walk walk = {
        .world = w, .identity = identity, .viewer = viewer, .arena = a, .decision = out};
    *out = (struct edge_decision){.action = EDGE_LOOK_UP};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i].run(&walk) == EDGE_STEP_DECIDED) {
            out->step = steps[i].name;
            return;
        }
    }
}

uint64_t edge_error_ttl_s(const struct edge_distribution *d, unsigned status)
{
    const struct release_error_ttl *ttls = d->config.error_ttls;
    size_t low = 0;
    size_t high = d->config.error_ttl_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ttls[middle].status == status)
            return ttls[middle].min_ttl_s;
        if (ttls[middle].status < status)
            low = middle + 1;
        else
            high = middle;
    }
    return EDGE_ERROR_TTL_S;
}

void edge_decide_forward(const struct edge_identity *identity, const struct edge_viewer *viewer,
                         struct arena *a, struct edge_decision *d)
{
    enum release_origin_protocol protocol = d->origin->protocol;
    d->is_https_origin = protocol == RELEASE_ORIGIN_HTTPS_ONLY ||
                         (protocol == RELEASE_ORIGIN_MATCH_VIEWER && viewer->is_tls);
    edge_forward(identity, viewer, a, d, &d->sent);
    d->has_sent = true;
}
