// SPDX-License-Identifier: Apache-2.0
// The verbs of `weir zone`, which zone.c tells apart.
#ifndef TOOL_ZONE_H
#define TOOL_ZONE_H

#include "tool/verbs.h"

/** Exit status of an import with --dry-run that would change something. */
#define ZONE_EXIT_DIFFERS 2

/** `weir zone import FILE`. */
enum err zone_run_import(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec) MUST_USE;

/** `weir zone export ZONE`. */
enum err zone_run_export(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec) MUST_USE;

/** `weir zone test ZONE NAME TYPE`. */
enum err zone_run_test(const struct tool_verb *verb, const struct tool_options *o,
                       struct errctx *ec) MUST_USE;

/** `weir zone transfer ZONE`. */
enum err zone_run_transfer(const struct tool_verb *verb, const struct tool_options *o,
                           struct errctx *ec) MUST_USE;

#endif
