// SPDX-License-Identifier: Apache-2.0
// The commands for people at a terminal: clients of Weir's own APIs, and the demo. Each is called
// by cmd on the main thread of a process that does nothing else, writes to standard output, says
// what went wrong on standard error, and answers the exit status of the program.
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include "base/settings.h"

/** `weir node VERB ...`; argv starts at the verb, NULL behind the last. */
int tool_node(int argc, char **argv) MUST_USE;

/** `weir checker VERB ...`; argv starts at the verb, NULL behind the last. */
int tool_checker(int argc, char **argv) MUST_USE;

/** `weir health VERB ...`; argv starts at the verb, NULL behind the last. */
int tool_health(int argc, char **argv) MUST_USE;

/** `weir set VERB ...`; argv starts at the verb, NULL behind the last. */
int tool_set(int argc, char **argv) MUST_USE;

/** `weir zone VERB ...`; argv starts at the verb, NULL behind the last. */
int tool_zone(int argc, char **argv) MUST_USE;

/** `weir tsig VERB ...`; argv starts at the verb, NULL behind the last. */
int tool_tsig(int argc, char **argv) MUST_USE;

/** `weir drill ...`; argv starts behind the noun. 0: objective met, 1: not met, 2: not done. */
int tool_drill(int argc, char **argv) MUST_USE;

/** `weir status ...`; argv starts behind the noun. */
int tool_status(int argc, char **argv) MUST_USE;

/**
 * The part of `weir up --demo` that no other client could tell from its own work: waits until the
 * node serves, fills an account without zones through the API, and prints what to try. Runs in a
 * process of its own; settings borrowed.
 */
int tool_demo(const struct settings *settings) MUST_USE;

/**
 * What the demo wants set before the node starts: states of health checks come from DIR/health
 * where no --health-file is set. Writes that path, of `size` bytes at most, for the settings to
 * refer to.
 */
void tool_demo_settings(struct settings *settings, char *path, size_t size);

#endif
