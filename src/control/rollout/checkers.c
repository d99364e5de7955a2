// SPDX-License-Identifier: Apache-2.0
// Which nodes are checkers. Pure; the rollout's thread.
#include "control/rollout/checkers.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

const struct store_checker *checkers_find(const struct checkers *checkers, const char *node_id)
{
    for (size_t i = 0; i < checkers->count; i++) {
        if (strcmp(checkers->items[i].node_id, node_id) == 0)
            return &checkers->items[i];
    }
    return NULL;
}

static bool has_votes(const struct roster_node *n)
{
    return n->is_checker && n->votes_port != 0 && roster_address_is_ones(&n->votes_address);
}

/** Whether the node is as the store has it: it said nothing else to this control yet. */
static bool stays(const struct roster_node *n)
{
    bool is_starting = n->is_checker && n->votes_port == 0;
    return n->state == STORE_NODE_ADMITTED && (!n->is_heard || is_starting);
}

static struct store_checker heard(const struct roster_node *n, bool is_excluded)
{
    struct store_checker c = {
        .node_id = n->id,
        .address_bytes = n->votes_address.len,
        .port = n->votes_port,
        .region = n->location,
        .is_excluded = is_excluded,
    };
    memcpy(c.public_key, n->public_key, sizeof(c.public_key));
    memcpy(c.address, n->votes_address.bytes, sizeof(c.address));
    return c;
}

void checkers_wanted(struct arena *a, const struct roster *roster, const struct checkers *stored,
                     struct checkers *out)
{
    *out = (struct checkers){.items = arena_array(a, roster->count, sizeof(*out->items))};
    for (size_t i = 0; i < roster->count && out->count < RELEASE_CHECKERS_MAX; i++) {
        const struct roster_node *n = roster->nodes[i];
        const struct store_checker *before = checkers_find(stored, n->id);
        bool is_excluded = before != NULL && before->is_excluded;
        if (n->state == STORE_NODE_ADMITTED && n->is_heard && has_votes(n))
            out->items[out->count++] = heard(n, is_excluded);
        else if (before != NULL && (stays(n) || (is_excluded && n->state != STORE_NODE_REMOVED)))
            out->items[out->count++] = *before;
    }
}

const struct roster_node *checkers_lacking(const struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_node *n = roster->nodes[i];
        if (n->state == STORE_NODE_ADMITTED && n->is_heard && !n->knows_checks)
            return n;
    }
    return NULL;
}
