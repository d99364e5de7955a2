// SPDX-License-Identifier: Apache-2.0
// Which node stands in which point of presence. Pure; the rollout's thread.
#include "control/rollout/pops.h"

#include "base/check.h"
#include "control/rollout/checkers.h"

#include <stdlib.h>
#include <string.h>

/** A node in a point of presence. */
struct member {
    const char *pop;
    const char *location;
    struct release_pop_node node;
};

/** All of them, while they are gathered. */
struct members {
    struct arena *arena;
    struct member *items;
    size_t count;
};

/** The port that the store has of a node; 0: none. */
static uint16_t stored_port(const struct pops *stored, const struct roster_node *n)
{
    const struct release_pop *pop = pops_find(stored, n->pop);
    for (size_t i = 0; pop != NULL && i < pop->node_count; i++) {
        if (strcmp(pop->nodes[i].node_id, n->id) == 0)
            return pop->nodes[i].http_port;
    }
    return 0;
}

static void add_heard(struct members *m, const struct roster_node *n, uint16_t http_port)
{
    struct slice *addresses = arena_array(m->arena, n->address_count, sizeof(*addresses));
    size_t count = 0;
    for (size_t i = 0; i < n->address_count; i++) {
        const struct roster_address *address = &n->addresses[i];
        if (roster_address_is_ones(address))
            addresses[count++] = slice_of(address->bytes, address->len);
    }
    m->items[m->count++] = (struct member){
        .pop = n->pop,
        .location = n->location,
        .node = {.node_id = n->id,
                 .addresses = addresses,
                 .address_count = count,
                 .http_port = http_port},
    };
}

/** Whether the node stays where the store has it: it said nothing to this control yet. */
static bool stays(const struct roster *roster, const char *node_id)
{
    const struct roster_node *n = roster_get(roster, node_id);
    return n != NULL && n->state == STORE_NODE_ADMITTED && !n->is_heard;
}

static void add_stored(struct members *m, const struct roster *roster, const struct release_pop *p)
{
    for (size_t i = 0; i < p->node_count; i++) {
        if (stays(roster, p->nodes[i].node_id))
            m->items[m->count++] =
                (struct member){.pop = p->name, .location = p->location, .node = p->nodes[i]};
    }
}

static int compare_members(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    int order = strcmp(left->pop, right->pop);
    return order != 0 ? order : strcmp(left->node.node_id, right->node.node_id);
}

/** The members from `first` on that stand in one point of presence. */
static struct release_pop pop_of(struct arena *a, const struct member *first, size_t count)
{
    struct release_pop pop = {.name = first->pop, .location = ""};
    pop.node_count = min_size(count, RELEASE_POP_NODES_MAX);
    pop.nodes = arena_array(a, pop.node_count, sizeof(*pop.nodes));
    for (size_t i = 0; i < pop.node_count; i++) {
        pop.nodes[i] = first[i].node;
        if (pop.location[0] == '\0')
            pop.location = first[i].location;
    }
    return pop;
}

static void group(struct members *m, struct pops *out)
{
    if (m->count > 1)
        qsort(m->items, m->count, sizeof(*m->items), compare_members);
    out->items = arena_array(m->arena, m->count, sizeof(*out->items));
    for (size_t first = 0, end = 0; first < m->count; first = end) {
        while (end < m->count && strcmp(m->items[first].pop, m->items[end].pop) == 0)
            end++;
        if (out->count < ROLLOUT_POPS_MAX)
            out->items[out->count++] = pop_of(m->arena, &m->items[first], end - first);
    }
}

void pops_wanted(struct arena *a, const struct roster *roster, const struct pops *stored,
                 struct pops *out)
{
    size_t most = roster->count;
    for (size_t i = 0; i < stored->count; i++)
        most += stored->items[i].node_count;
    struct members m = {.arena = a, .items = arena_array(a, most, sizeof(struct member))};
    for (size_t i = 0; i < stored->count; i++)
        add_stored(&m, roster, &stored->items[i]);
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_node *n = roster->nodes[i];
        if (n->state == STORE_NODE_ADMITTED && n->is_heard && n->pop[0] != '\0' &&
            (n->serves & STORE_ROLE_EDGE) != 0)
            add_heard(&m, n, n->http_port != 0 ? n->http_port : stored_port(stored, n));
    }
    for (size_t i = 0; i < m.count && checkers_lacking(roster) != NULL; i++)
        m.items[i].node.http_port = 0;
    CHECK(m.count <= most);
    *out = (struct pops){0};
    group(&m, out);
}

const struct release_pop *pops_find(const struct pops *pops, const char *name)
{
    for (size_t i = 0; i < pops->count; i++) {
        if (strcmp(pops->items[i].name, name) == 0)
            return &pops->items[i];
    }
    return NULL;
}

const struct roster_node *pops_lacking(const struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_node *n = roster->nodes[i];
        if (n->state == STORE_NODE_ADMITTED && n->is_heard && !n->knows_pops)
            return n;
    }
    return NULL;
}
