// SPDX-License-Identifier: Apache-2.0
// Points of presence, from structs to bytes and back. Called by the compiler of control and by the
// edge; any thread.
#include "base/check.h"
#include "release/distribution.h"
#include "release/limits.h"
#include "release/wire_priv.h"

enum pop_field { POP_NAME = 1, POP_LOCATION = 2, POP_NODES = 3 };
enum pop_node_field { POP_NODE_ID = 1, POP_NODE_ADDRESSES = 2, POP_NODE_HTTP_PORT = 3 };

static bool node_is_good(const struct release_pop_node *n)
{
    for (size_t i = 0; i < n->address_count; i++) {
        if (n->addresses[i].len != 4 && n->addresses[i].len != 16)
            return false;
    }
    return text_is_id(slice_str(n->node_id)) && n->address_count <= RELEASE_NODE_ADDRESSES_MAX;
}

const char *release_pop_problem(const struct release_pop *p)
{
    if (!text_is_id(slice_str(p->name)))
        return "its name";
    if (p->location == NULL ||
        !text_is_printable(slice_str(p->location), RELEASE_LOCATION_MAX_BYTES))
        return "its location";
    if (p->node_count == 0 || p->node_count > RELEASE_POP_NODES_MAX)
        return "how many nodes it has";
    for (size_t i = 0; i < p->node_count; i++) {
        if (!node_is_good(&p->nodes[i]))
            return "one of its nodes";
        if (i > 0 && strcmp(p->nodes[i - 1].node_id, p->nodes[i].node_id) >= 0)
            return "the order of its nodes";
    }
    return NULL;
}

struct slice release_pop_encode(struct arena *a, const struct release_pop *p)
{
    CHECK(release_pop_problem(p) == NULL);
    struct buf b = {0};
    wire_put_bytes(&b, POP_NAME, slice_str(p->name));
    wire_put_bytes(&b, POP_LOCATION, slice_str(p->location));
    for (size_t i = 0; i < p->node_count; i++) {
        AUTO_BUF struct buf inner = {0};
        wire_put_bytes(&inner, POP_NODE_ID, slice_str(p->nodes[i].node_id));
        for (size_t j = 0; j < p->nodes[i].address_count; j++)
            wire_put_item(&inner, POP_NODE_ADDRESSES, p->nodes[i].addresses[j]);
        wire_put_number(&inner, POP_NODE_HTTP_PORT, p->nodes[i].http_port);
        wire_put_item(&b, POP_NODES, buf_slice(&inner));
    }
    return wire_take(a, &b);
}

static void read_node(struct arena *a, struct wire_reader *outer, struct release_pop_node *n)
{
    struct slice bytes = wire_item(outer);
    size_t address_count = wire_count(bytes, POP_NODE_ADDRESSES);
    wire_expect(outer, address_count <= RELEASE_NODE_ADDRESSES_MAX);
    if (outer->is_bad)
        return;
    n->addresses = arena_array(a, address_count, sizeof(*n->addresses));
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == POP_NODE_ID) {
            struct slice id = wire_bytes(&r);
            wire_expect(&r, text_is_id(id));
            n->node_id = arena_str(a, id);
        } else if (r.field == POP_NODE_ADDRESSES) {
            n->addresses[n->address_count++] = wire_item(&r);
        } else if (r.field == POP_NODE_HTTP_PORT) {
            n->http_port = (uint16_t)wire_number(&r, UINT16_MAX);
        }
    }
    wire_expect(outer, !r.is_bad);
}

static const char *read_printable(struct arena *a, struct wire_reader *r)
{
    struct slice text = wire_bytes(r);
    wire_expect(r, text_is_printable(text, RELEASE_ID_MAX_BYTES));
    return r->is_bad ? "" : arena_str(a, text);
}

enum err release_pop_decode(struct arena *a, struct slice bytes, struct release_pop *out,
                            struct errctx *ec)
{
    size_t node_count = wire_count(bytes, POP_NODES);
    if (node_count > RELEASE_POP_NODES_MAX)
        return err_set(ec, ERR_CORRUPT, "point of presence: more nodes than any has");
    struct release_pop p = {
        .name = "", .location = "", .nodes = arena_array(a, node_count, sizeof(*p.nodes))};
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == POP_NAME)
            p.name = read_printable(a, &r);
        else if (r.field == POP_LOCATION)
            p.location = read_printable(a, &r);
        else if (r.field == POP_NODES)
            read_node(a, &r, &p.nodes[p.node_count++]);
    }
    enum err err = wire_finish(&r, "point of presence", ec);
    if (err != ERR_OK)
        return err;
    const char *problem = release_pop_problem(&p);
    if (problem != NULL)
        return err_set(ec, ERR_CORRUPT, "point of presence: %s", problem);
    *out = p;
    return ERR_OK;
}
