// SPDX-License-Identifier: Apache-2.0
// A thread that copies write-ahead logs into the database files, so that no request does.
#ifndef CONTROL_STORE_CHECKPOINT_PRIV_H
#define CONTROL_STORE_CHECKPOINT_PRIV_H

#include "base/macros.h"

struct sql;
struct checkpointer;

/** Starts the thread; the connection is its own from now on (taken). */
struct checkpointer *checkpointer_new(struct sql *sql) MUST_USE;

/** Asks for a checkpoint. Any thread; never waits for the disk. */
void checkpointer_wake(struct checkpointer *c);

/** Ends the thread and closes the connection. NULL is fine. */
void checkpointer_free(struct checkpointer *c);

#endif
