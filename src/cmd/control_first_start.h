// SPDX-License-Identifier: Apache-2.0
// What a control needs in its data directory before it can serve.
#ifndef CMD_CONTROL_FIRST_START_H
#define CMD_CONTROL_FIRST_START_H

#include "base/settings.h"
#include "control/cert/cert.h"

/** Opens the keys as the settings ask for. Errors: those of control_keys_open. */
enum err control_open_keys(const struct settings *settings, struct control_keys **out_keys,
                           struct errctx *ec) MUST_USE;

/**
 * Makes the keys, the store, the delegation sets and DIR/credentials where they are missing; safe
 * to repeat after a crash at any point. In a process of its own, before any other starts.
 */
enum err control_prepare(const struct settings *settings, struct errctx *ec) MUST_USE;

#endif
