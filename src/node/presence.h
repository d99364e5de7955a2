// SPDX-License-Identifier: Apache-2.0
// What a node that serves viewers says of itself: its point of presence, the addresses under which
// viewers reach it, and where it is; and what a checker says. Pure.
#ifndef NODE_PRESENCE_H
#define NODE_PRESENCE_H

#include "base/settings.h"
#include "base/slice.h"
#include "net/address.h"

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

/** What a node that probes says of itself. */
struct presence_checker {
    struct slice votes_address; /* 4 or 16 bytes; empty: its listener is a wildcard, and --advertise
                                   names no address of its family */
    uint16_t votes_port;        /* 0 where there is no address */
    struct slice *probe_addresses; /* 4 or 16 bytes each */
    size_t probe_address_count;
};

/**
 * From where its votes are served; a wildcard stands for the first of --advertise. It probes from
 * --check-source, else from --advertise, else from where its votes are. In `a`.
 * Errors: ERR_INVALID naming the setting.
 */
enum err presence_checker_of(const struct settings *settings, const struct net_address *votes,
                             struct arena *a, struct presence_checker *out, struct errctx *ec)
    MUST_USE;

#endif
