// SPDX-License-Identifier: Apache-2.0
// The nodes of the fleet, in the service weir: what an operator decides about them. Called by the
// dispatcher on a worker, inside a transaction. What nodes run is known to the rollout alone; it
// comes through the callback of api_options.
#include "control/api/api_priv.h"

#include "base/check.h"
#include "base/time.h"
#include "control/store/fleet.h"

static const char *const state_texts[] = {
    [STORE_NODE_PENDING] = "PENDING",   [STORE_NODE_ADMITTED] = "ADMITTED",
    [STORE_NODE_CORDONED] = "CORDONED", [STORE_NODE_DRAINING] = "DRAINING",
    [STORE_NODE_REMOVED] = "REMOVED",
};

/** One decision: from which states to which. */
struct decision {
    const char *name;
    enum store_node_state to;
    unsigned from; /* bits 1 << state */
};

#define FROM(state) (1u << STORE_NODE_##state)

static json_t *node_json(const struct store_node *node)
{
    char first_seen[TIME_ISO8601_SIZE];
    time_format_iso8601(node->first_seen_unix_ms, first_seen);
    CHECK((size_t)node->state < ARRAY_LEN(state_texts));
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s}", "Id", node->id, "State", state_texts[node->state],
                  "Address", node->address, "FirstSeen", first_seen);
    CHECK(object != NULL);
    return object;
}

/* ---- ListNodes */

/* What the rollout says, or an empty object where it is not there or not JSON. */
json_t *api_fleet_status(struct api_call *c)
{
    if (c->options->node_status == NULL)
        return json_object();
    struct slice text = c->options->node_status(c->options->user, c->arena);
    json_t *status = json_loadb((const char *)text.data, text.len, 0, NULL);
    if (json_is_object(status))
        return status;
    json_decref(status);
    return json_object();
}

enum aws_error api_list_nodes(struct api_call *c, const json_t *in, json_t *out)
{
    (void)in;
    struct store_node *nodes;
    size_t count;
    struct errctx ec = {0};
    enum err err = store_node_list(c->conn, c->arena, &nodes, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    json_t *status = api_fleet_status(c);
    json_t *by_id = json_object_get(status, "Nodes");
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (nodes[i].state == STORE_NODE_REMOVED)
            continue;
        json_t *node = node_json(&nodes[i]);
        json_t *known = json_object_get(by_id, nodes[i].id);
        if (json_is_object(known))
            json_object_update_missing(node, known);
        json_array_append_new(list, node);
    }
    json_object_update(out, status);
    json_object_set_new(out, "Nodes", list);
    json_decref(status);
    return AWS_OK;
}

/* ---- decisions */

static enum aws_error find_node(struct api_call *c, const json_t *in, struct store_node *out)
{
    struct errctx ec = {0};
    const char *id = json_string_value(json_object_get(in, "Id"));
    if (id == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput, "A text 'Id' is expected");
    enum err err = store_node_get(c->conn, c->arena, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchNode, "No node found with ID: %s",
                        aws_echo(c->arena, id));
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

static enum aws_error decide(struct api_call *c, const json_t *in, json_t *out,
                             const struct decision *d)
{
    struct store_node node = {0};
    struct errctx ec = {0};
    enum aws_error error = find_node(c, in, &node);
    if (error != AWS_OK)
        return error;
    bool is_there = node.state == d->to;
    if (!is_there && (d->from & (1u << node.state)) == 0)
        return aws_fail(&c->fault, AWS_InvalidNodeState, "%s: node %s is %s", d->name, node.id,
                        state_texts[node.state]);
    node.state = d->to;
    enum err err = is_there ? ERR_OK : store_node_put(c->conn, &node, &ec);
    if (err == ERR_OK && !is_there)
        err = store_node_put_object(c->conn, &node, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = arena_printf(c->arena, "/node/%s", node.id);
    json_object_set_new(out, "Node", node_json(&node));
    return AWS_OK;
}

enum aws_error api_admit_node(struct api_call *c, const json_t *in, json_t *out)
{
    static const struct decision d = {"AdmitNode", STORE_NODE_ADMITTED,
                                      FROM(PENDING) | FROM(REMOVED)};
    return decide(c, in, out, &d);
}

enum aws_error api_cordon_node(struct api_call *c, const json_t *in, json_t *out)
{
    static const struct decision d = {"CordonNode", STORE_NODE_CORDONED, FROM(ADMITTED)};
    return decide(c, in, out, &d);
}

enum aws_error api_uncordon_node(struct api_call *c, const json_t *in, json_t *out)
{
    static const struct decision d = {"UncordonNode", STORE_NODE_ADMITTED,
                                      FROM(CORDONED) | FROM(DRAINING)};
    return decide(c, in, out, &d);
}

enum aws_error api_drain_node(struct api_call *c, const json_t *in, json_t *out)
{
    static const struct decision d = {"DrainNode", STORE_NODE_DRAINING,
                                      FROM(ADMITTED) | FROM(CORDONED)};
    return decide(c, in, out, &d);
}

enum aws_error api_remove_node(struct api_call *c, const json_t *in, json_t *out)
{
    static const struct decision d = {"RemoveNode", STORE_NODE_REMOVED,
                                      FROM(PENDING) | FROM(ADMITTED) | FROM(CORDONED) |
                                          FROM(DRAINING)};
    return decide(c, in, out, &d);
}
