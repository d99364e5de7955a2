// SPDX-License-Identifier: Apache-2.0
// Steps: requests that come round again, and the viewer protocol policy: over plain HTTP a
// behaviour may redirect to HTTPS or refuse.
#include "edge/forward.h"
#include "edge/steps_priv.h"

#define HTTPS_PORT 443

enum edge_step_end edge_step_loop(struct edge_walk *w)
{
    if (!edge_is_loop(w->decision->distribution, &w->viewer->request->fields))
        return EDGE_STEP_NEXT;
    return edge_step_refuse(w, 508, "the request came round to the distribution that sent it");
}

/* The same request over HTTPS. The host is one that a distribution answers to, port and path are
 * what the parser let through: nothing in it can end the field or change the authority. */
static struct slice https_location(struct edge_walk *w)
{
    const struct http_request *request = w->viewer->request;
    bool has_port = w->identity->https_port != 0 && w->identity->https_port != HTTPS_PORT;
    const char *port = has_port ? arena_printf(w->arena, ":%u", w->identity->https_port) : "";
    return slice_str(arena_printf(w->arena, "https://%.*s%s%.*s%s%.*s", SLICE_FMT(w->host), port,
                                  SLICE_FMT(request->path), request->query.len > 0 ? "?" : "",
                                  SLICE_FMT(request->query)));
}

enum edge_step_end edge_step_protocol(struct edge_walk *w)
{
    struct edge_decision *d = w->decision;
    if (w->viewer->is_tls || d->behavior->viewer_protocol == RELEASE_VIEWER_ALLOW_ALL)
        return EDGE_STEP_NEXT;
    bool is_safe = (d->method & (RELEASE_GET | RELEASE_HEAD)) != 0;
    /* 307 came with HTTP/1.1: an older client would not send its request again as it was. */
    bool can_redirect = is_safe || w->viewer->request->minor_version > 0;
    if (d->behavior->viewer_protocol == RELEASE_VIEWER_HTTPS_ONLY || !can_redirect)
        return edge_step_refuse(w, 403, "this is served over HTTPS only");
    d->action = EDGE_REDIRECT;
    d->status = is_safe ? 301 : 307;
    d->reason = "this is served over HTTPS";
    d->location = https_location(w);
    return EDGE_STEP_DECIDED;
}
