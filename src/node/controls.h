// SPDX-License-Identifier: Apache-2.0
// The controls that a node follows, and how it proves to them who it is: the same for the agent and
// for the edge, which each follow them by feeds of their own.
#ifndef NODE_CONTROLS_H
#define NODE_CONTROLS_H

#include "base/limits.h"
#include "base/settings.h"
#include "net/address.h"
#include "net/identity.h"
#include "net/tls.h"

/** --control, and the control of this node. */
#define CONTROLS_MAX (SETTINGS_LIST_MAX_ITEMS + 1)

struct control_address {
    const char *url;
    struct net_address address;
};

struct controls {
    struct control_address items[CONTROLS_MAX];
    size_t count;
};

/**
 * This node's own control first, where it runs one (`own`: where that listens for nodes, else
 * NULL), then those of --control. Texts are the settings' or in `a`.
 * Errors: ERR_INVALID for a --control that is no URL of a control.
 */
enum err controls_find(struct arena *a, const struct settings *settings,
                       const struct net_address *own, struct controls *out, struct errctx *ec)
    MUST_USE;

/** The URL of a machine of the fleet: https and an address. `setting` names it in the error. */
enum err controls_parse_url(const char *url, const char *setting, struct net_address *out,
                            struct errctx *ec) MUST_USE;

/**
 * For calls to controls, which must show a certificate under the fleet root. *out_fleet_root: its
 * certificate, PEM, in `a`. Errors: those of file_read while the fleet root is not there yet.
 */
enum err controls_open_tls(struct arena *a, const struct net_identity *identity,
                           const char *fleet_root_path, struct net_tls **out_tls,
                           struct slice *out_fleet_root, struct errctx *ec) MUST_USE;

#endif
