// SPDX-License-Identifier: Apache-2.0
// The demo's distribution and the two origins behind it. Called by the demo.
#ifndef TOOL_DEMO_CDN_H
#define TOOL_DEMO_CDN_H

#include "aws/cloudfront.h"
#include "tool/client.h"
#include "tool/demo_origin.h"

/**
 * Owner: demo_cdn_provide fills one in place, demo_cdn_fini takes it back; zeroed is fine.
 */
struct demo_cdn {
    const char *id;          /* NULL: there is no distribution of the demo */
    const char *domain_name; /* of the distribution */
    struct demo_origin *pages;
    struct demo_origin *api;
};

/** The configuration of a new distribution in front of origins on these ports. In `a`. */
struct cf_distribution_config *demo_cdn_config(struct arena *a, uint16_t pages_port,
                                               uint16_t api_port);

/**
 * Starts the origins, and finds the distribution or makes it; one of an earlier start is led to
 * the ports that are free now. In an account that has other distributions alone none is made. The
 * origins answer while the loop runs. Errors: those of the API and of demo_origin_new.
 */
enum err demo_cdn_provide(const struct tool_client *client, struct loop *loop, struct arena *a,
                          struct demo_cdn *out, struct errctx *ec) MUST_USE;
void demo_cdn_fini(struct demo_cdn *cdn);

/** Waits until every edge serves it. */
enum err demo_cdn_wait(const struct tool_client *client, const struct demo_cdn *cdn,
                       struct errctx *ec) MUST_USE;

#endif
