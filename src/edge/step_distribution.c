// SPDX-License-Identifier: Apache-2.0
// Steps: the host asked for, the distribution that answers to it, whether it is enabled.
#include "edge/path.h"
#include "edge/steps_priv.h"

enum edge_step_end edge_step_host(struct edge_walk *w)
{
    w->host = edge_host_normalize(w->arena, w->viewer->request->authority);
    if (w->host.len == 0) /* HTTP/1.0 need not say */
        return edge_step_refuse(w, 400, "the request names no host");
    return EDGE_STEP_NEXT;
}

/* Checkers probe a node at its address. No distribution loses a path by that: its own hosts come
 * first. */
enum edge_step_end edge_step_alive(struct edge_walk *w)
{
    const struct http_request *request = w->viewer->request;
    bool is_read = slice_equal(request->method, SLICE_LIT("GET")) ||
                   slice_equal(request->method, SLICE_LIT("HEAD"));
    if (!is_read || !slice_equal(request->path, SLICE_LIT(RELEASE_POP_PROBE_PATH)) ||
        edge_world_find(w->world, w->host) != NULL)
        return EDGE_STEP_NEXT;
    w->decision->action = EDGE_ALIVE;
    w->decision->status = 200;
    w->decision->reason = "this node serves viewers";
    return EDGE_STEP_DECIDED;
}

/* Whether a name of a certificate stands for the host (RFC 9525 section 6.3). */
static bool name_fits(struct slice name, struct slice host)
{
    if (!slice_starts_with(name, SLICE_LIT("*.")))
        return slice_equal(name, host);
    struct slice parent = slice_sub(host, slice_find(host, '.') + 1, host.len);
    return parent.len > 0 && slice_equal(slice_sub(name, 2, name.len), parent);
}

static bool certificate_fits(const struct edge_identity *identity, struct slice host)
{
    for (size_t i = 0; i < identity->tls_name_count; i++) {
        if (name_fits(slice_str(identity->tls_names[i]), host))
            return true;
    }
    return false;
}

enum edge_step_end edge_step_distribution(struct edge_walk *w)
{
    w->decision->distribution = edge_world_find(w->world, w->host);
    if (w->decision->distribution != NULL)
        return EDGE_STEP_NEXT;
    if (w->viewer->is_tls && !certificate_fits(w->identity, w->host))
        return edge_step_refuse(w, 421, "the certificate that was shown is not for this host");
    return edge_step_refuse(w, 403, "no distribution answers to this host name");
}

enum edge_step_end edge_step_enabled(struct edge_walk *w)
{
    if (w->decision->distribution->config.is_enabled)
        return EDGE_STEP_NEXT;
    return edge_step_refuse(w, 403, "the distribution is disabled");
}
