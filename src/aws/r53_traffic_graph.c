// SPDX-License-Identifier: Apache-2.0
// What the branches of a document lead to: references by id become indices; every rule and endpoint
// is used; no rule leads back to itself. Called while a document is parsed.
#include "aws/r53_traffic_priv.h"

#include "aws/limits.h"

/** Owner: traffic_link, in the arena. By index of the rule. */
struct graph {
    bool *is_reached;          /* from the start */
    bool *is_endpoint_reached; /* by index of the endpoint */
    size_t *incoming;          /* branches that lead to the rule and are not taken yet */
    unsigned *depth;           /* rules above it, on the longest way */
    size_t *queue;             /* rules to go on with; each once */
    size_t queued;
};

static enum aws_error link_one(struct traffic_reader *r, struct r53_traffic_branch *branch)
{
    struct slice id = slice_str(branch->id);
    struct r53_traffic_tree *p = &r->tree;
    const struct r53_traffic_rule *rule = branch->is_rule ? map_get(&r->rules, id) : NULL;
    const struct r53_traffic_endpoint *endpoint =
        branch->is_rule ? NULL : map_get(&r->endpoints, id);
    if (rule == NULL && endpoint == NULL)
        return traffic_refuse(r, "there is no %s '%s'", branch->is_rule ? "rule" : "endpoint",
                              aws_echo(r->arena, branch->id));
    branch->index = (size_t)(branch->is_rule ? rule - p->rules : endpoint - p->endpoints);
    return AWS_OK;
}

static const char *where_of(struct traffic_reader *r, size_t rule)
{
    return arena_printf(r->arena, "Rule '%s'", aws_echo(r->arena, r->tree.rules[rule].id));
}

static enum aws_error link_rule(struct traffic_reader *r, size_t index)
{
    struct r53_traffic_rule *rule = &r->tree.rules[index];
    r->where = where_of(r, index);
    for (size_t i = 0; i < rule->branch_count; i++) {
        struct r53_traffic_branch *branch = &rule->branches[i];
        enum aws_error error = link_one(r, branch);
        if (error != AWS_OK)
            return error;
        bool is_value =
            !branch->is_rule && r->tree.endpoints[branch->index].kind == R53_TRAFFIC_VALUE;
        if (branch->set.has_multi_value_answer && !is_value)
            return traffic_refuse(r, "a multivalue rule leads to endpoints of the Type value "
                                     "alone");
    }
    r->where = NULL;
    return AWS_OK;
}

/* Marks what a branch leads to, and queues a rule that was not seen. */
static void reach(struct graph *g, const struct r53_traffic_branch *branch)
{
    if (!branch->is_rule) {
        g->is_endpoint_reached[branch->index] = true;
        return;
    }
    g->incoming[branch->index]++;
    if (g->is_reached[branch->index])
        return;
    g->is_reached[branch->index] = true;
    g->queue[g->queued++] = branch->index;
}

static enum aws_error check_used(struct traffic_reader *r, struct graph *g)
{
    const struct r53_traffic_tree *p = &r->tree;
    reach(g, &p->start);
    for (size_t done = 0; done < g->queued; done++) {
        const struct r53_traffic_rule *rule = &p->rules[g->queue[done]];
        for (size_t i = 0; i < rule->branch_count; i++)
            reach(g, &rule->branches[i]);
    }
    for (size_t i = 0; i < p->rule_count; i++)
        if (!g->is_reached[i])
            return traffic_refuse(r, "the rule '%s' is not used", p->rules[i].id);
    for (size_t i = 0; i < p->endpoint_count; i++)
        if (!g->is_endpoint_reached[i])
            return traffic_refuse(r, "the endpoint '%s' is not used", p->endpoints[i].id);
    return AWS_OK;
}

/* Takes a way into a rule; once all are taken, its own branches are next. */
static enum aws_error take_way(struct traffic_reader *r, struct graph *g, size_t rule,
                               unsigned depth)
{
    if (g->depth[rule] < depth)
        g->depth[rule] = depth;
    if (depth > R53_TRAFFIC_DEPTH_MAX) {
        r->where = where_of(r, rule);
        return traffic_refuse(r, "it lies below more than %u others", R53_TRAFFIC_DEPTH_MAX);
    }
    if (--g->incoming[rule] == 0)
        g->queue[g->queued++] = rule;
    return AWS_OK;
}

static enum aws_error check_loops(struct traffic_reader *r, struct graph *g)
{
    const struct r53_traffic_tree *p = &r->tree;
    g->queued = 0;
    enum aws_error error = p->start.is_rule ? take_way(r, g, p->start.index, 0) : AWS_OK;
    for (size_t done = 0; done < g->queued; done++) {
        const struct r53_traffic_rule *rule = &p->rules[g->queue[done]];
        unsigned below = g->depth[g->queue[done]] + 1;
        for (size_t i = 0; i < rule->branch_count && error == AWS_OK; i++)
            if (rule->branches[i].is_rule)
                error = take_way(r, g, rule->branches[i].index, below);
    }
    if (error != AWS_OK)
        return error;
    for (size_t i = 0; i < p->rule_count; i++)
        if (g->incoming[i] > 0)
            return traffic_refuse(r,
                                  "the rule '%s' leads back to itself or lies below one that "
                                  "does",
                                  p->rules[i].id);
    return AWS_OK;
}

enum aws_error traffic_link(struct traffic_reader *r)
{
    size_t rules = r->tree.rule_count;
    struct graph g = {
        .is_reached = arena_array(r->arena, rules, sizeof(bool)),
        .is_endpoint_reached = arena_array(r->arena, r->tree.endpoint_count, sizeof(bool)),
        .incoming = arena_array(r->arena, rules, sizeof(size_t)),
        .depth = arena_array(r->arena, rules, sizeof(unsigned)),
        .queue = arena_array(r->arena, rules, sizeof(size_t)),
    };
    enum aws_error error = link_one(r, &r->tree.start);
    for (size_t i = 0; i < rules && error == AWS_OK; i++)
        error = link_rule(r, i);
    if (error == AWS_OK)
        error = check_used(r, &g);
    return error == AWS_OK ? check_loops(r, &g) : error;
}
