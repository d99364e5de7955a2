// SPDX-License-Identifier: Apache-2.0
// DIR/ready.json: it exists while every role serves, and tells the addresses really bound.
#ifndef NODE_READY_PRIV_H
#define NODE_READY_PRIV_H

#include "node/node.h"

/** Writes it atomically: {"dns": "127.0.0.1:5300", ..., "pid": ...}; several addresses: a list. */
enum err ready_write(const struct node *node, struct errctx *ec) MUST_USE;

/** Takes it away. */
enum err ready_remove(const struct node *node, struct errctx *ec) MUST_USE;

#endif
