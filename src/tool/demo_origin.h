// SPDX-License-Identifier: Apache-2.0
// A tiny web server for the demo to put a distribution in front of: every answer tells the origin's
// name, the time and how many requests it has answered, so that a reader sees what came from a
// cache. On the demo's loop.
#ifndef TOOL_DEMO_ORIGIN_H
#define TOOL_DEMO_ORIGIN_H

#include "base/err.h"
#include "os/loop.h"

struct demo_origin;

/**
 * Listens on loopback; `port` 0: any free one. "/slow..." takes a second, "/no-store..." may not be
 * stored; everything else is fresh for an hour. The name is kept. Errors: ERR_IO (the port is
 * taken).
 */
enum err demo_origin_new(struct loop *loop, const char *name, uint16_t port,
                         struct demo_origin **out, struct errctx *ec) MUST_USE;
/** NULL is fine. */
void demo_origin_free(struct demo_origin *o);

/** Where it listens, in host order. */
uint16_t demo_origin_port(const struct demo_origin *o);

#endif
