// SPDX-License-Identifier: Apache-2.0
// What a node that serves viewers says of itself: its point of presence, the addresses under which
// viewers reach it, and where it is. Pure.
#ifndef NODE_PRESENCE_H
#define NODE_PRESENCE_H

#include "base/settings.h"
#include "base/slice.h"

struct presence {
    const char *pop;
    const char *location;    /* "" unknown */
    struct slice *addresses; /* 4 or 16 bytes each */
    size_t address_count;    /* 0: none was given, and the listener's is a wildcard */
};

/**
 * From --pop, --location, --advertise, else the address of the first --http. In `a`.
 * Errors: ERR_INVALID naming the setting.
 */
enum err presence_of(const struct settings *settings, struct arena *a, struct presence *out,
                     struct errctx *ec) MUST_USE;

#endif
