// SPDX-License-Identifier: Apache-2.0
// Decisions over trees of record sets. Runs on the UDP and TCP threads and in the trial.
//
//     resolve(): group -> choose a member -> its records, or its alias -> the target's set -> again
//     healthy?:  a member's check, and where its alias evaluates the target's health: any set of
//                the target that this client may receive, likewise
//
// Invariants:
// 1. Going down a tree, `depth` rises with each alias; at ALIAS_DEPTH_MAX there is nothing below.
// 2. targets_left falls with each look at a target to judge it. To answer from one takes none away,
//    so that a tree too wide to be judged whole is answered. levels_left bounds that way.
// 3. Each verdict stands for a look at a target at least, so there are no more of them.
#include "authority/resolve.h"

#include "authority/health_table.h"
#include "authority/outside_table.h"
#include "base/check.h"
#include "dns/name.h"

/* A group under decision: what its members' health is asked of. */
struct decision {
    struct resolver_state *r;
    const struct group_record *group;
    unsigned depth;
};

static bool is_member_healthy(void *user, unsigned index);

/* The group as routing sees it. `members` has room for ROUTING_MEMBERS_MAX. */
static struct routing_group routing_view(const struct resolver_state *r,
                                         const struct group_record *group,
                                         struct routing_member *members)
{
    group_record_routing(group, members);
    struct routing_group view = {.policy = (enum routing_policy)group->head.policy,
                                 .members = members,
                                 .count = group->head.count};
    if (view.policy == ROUTING_IP_BASED)
        view.collection =
            collection_table_find(r->scene->world->collections, group->head.collection);
    return view;
}

/* The target's set of the alias's type; false where there is none. */
static bool find_target(const struct resolver_state *r, const struct alias_record *alias,
                        uint16_t type, struct record_set *out)
{
    struct name_record name;
    return name_tree_find(&r->scene->world->names, &alias->head.key, alias->name, &name) &&
           name_record_find(&name, type, out);
}

static bool is_outside_usable(const struct resolver_state *r, const struct alias_record *alias,
                              uint16_t type)
{
    struct record_set set;
    return outside_table_find(r->scene->outside, alias->head.outside, type, &set);
}

/* Whether a group has a healthy answer for this client. */
/* NOLINTNEXTLINE(misc-no-recursion): the depth rises each time, to ALIAS_DEPTH_MAX. */
static bool is_group_healthy(struct resolver_state *r, const struct record_set *tree,
                             unsigned depth)
{
    struct routing_member members[ROUTING_MEMBERS_MAX];
    struct group_record group = group_record_read(tree);
    const struct routing_group view = routing_view(r, &group, members);
    struct decision decision = {.r = r, .group = &group, .depth = depth};
    const struct routing_health health = {.is_healthy = is_member_healthy, .user = &decision};
    return routing_is_healthy(&view, r->client, &health);
}

/*
 * Whether the target of an alias that evaluates it has a healthy answer: follows aliases to
 * records, which are healthy, or to a group. An alias on the way may have a check of its own.
 */
/* NOLINTNEXTLINE(misc-no-recursion): the depth rises each time, to ALIAS_DEPTH_MAX. */
static bool is_target_healthy(struct resolver_state *r, struct record_set set, unsigned depth)
{
    for (; depth < ALIAS_DEPTH_MAX; depth++) { /* `set` is an alias that evaluates */
        struct alias_record alias = alias_record_read(&set);
        if (alias.head.is_outside)
            return is_outside_usable(r, &alias, set.type);
        if (r->targets_left == 0)
            return false;
        r->targets_left--;
        if (!find_target(r, &alias, set.type, &set))
            return false;
        if (!record_set_is_tree(&set))
            return true;
        if (tree_record_kind(&set) == TREE_GROUP)
            return is_group_healthy(r, &set, depth + 1);
        alias = alias_record_read(&set);
        if (!health_table_is_healthy(r->scene->health, alias.head.health))
            return false;
        if (!alias.head.evaluates)
            return true;
    }
    return false;
}

/*
 * is_target_healthy of a member, remembered where it took more than a look at records: deciding a
 * tree level by level, it is asked for again at the next level.
 */
/* NOLINTNEXTLINE(misc-no-recursion): the depth rises each time, to ALIAS_DEPTH_MAX. */
static bool is_branch_healthy(struct resolver_state *r, const struct record_set *alias,
                              unsigned depth)
{
    struct tree_verdicts *known = r->verdicts;
    for (unsigned i = 0; i < known->count; i++) {
        if (known->of[i].alias == alias->body)
            return known->of[i].is_healthy;
    }
    unsigned targets_before = r->targets_left;
    bool is_healthy = is_target_healthy(r, *alias, depth);
    if (targets_before - r->targets_left > 1) {
        CHECK(known->count < ALIAS_VISITS_MAX);
        known->of[known->count++] =
            (struct tree_verdict){.alias = alias->body, .is_healthy = is_healthy};
    }
    return is_healthy;
}

/* NOLINTNEXTLINE(misc-no-recursion): the depth rises each time, to ALIAS_DEPTH_MAX. */
static bool is_member_healthy(void *user, unsigned index)
{
    const struct decision *d = user;
    struct member_record member = group_record_member(d->group, index);
    bool is_healthy = health_table_is_healthy(d->r->scene->health, member.health);
    bool is_alias = record_set_is_tree(&member.set);
    if (is_healthy && is_alias && alias_record_read(&member.set).head.evaluates)
        is_healthy = is_branch_healthy(d->r, &member.set, d->depth);
    if (d->r->trace != NULL && !is_healthy)
        trace_line(d->r->trace, "%*s'%.*s' is unhealthy", (int)(2 * d->depth + 2), "",
                   SLICE_FMT(member.identifier));
    return is_healthy;
}

/* ---- the words of an explanation */

static const char *policy_text(unsigned policy)
{
    static const char *const texts[] = {
        [ROUTING_SIMPLE] = "simple",           [ROUTING_WEIGHTED] = "weighted",
        [ROUTING_LATENCY] = "latency",         [ROUTING_FAILOVER] = "failover",
        [ROUTING_GEOLOCATION] = "geolocation", [ROUTING_GEOPROXIMITY] = "geoproximity",
        [ROUTING_MULTIVALUE] = "multivalue",   [ROUTING_IP_BASED] = "IP-based",
    };
    return policy < ARRAY_LEN(texts) ? texts[policy] : "unknown";
}

static void explain_choice(const struct decision *d, enum routing_outcome outcome,
                           const struct routing_choice *choice)
{
    static const char *const why[] = {
        [ROUTING_CHOSEN] = "",
        [ROUTING_LAST] = " (nothing that this client may get is healthy: as if all were)",
        [ROUTING_NO_MATCH] = "",
    };
    int indent = (int)(2 * d->depth);
    const char *policy = policy_text(d->group->head.policy);
    if (outcome == ROUTING_NO_MATCH)
        trace_line(d->r->trace, "%*s%s, %u sets: no location matches, and there is no default",
                   indent, "", policy, d->group->head.count);
    for (unsigned i = 0; i < choice->count; i++) {
        struct member_record member = group_record_member(d->group, choice->members[i]);
        trace_line(d->r->trace, "%*s%s, %u sets: '%.*s' is chosen%s", indent, "", policy,
                   d->group->head.count, SLICE_FMT(member.identifier), why[outcome]);
    }
}

static void explain_alias(const struct resolver_state *r, const struct alias_record *alias,
                          unsigned depth, const char *what)
{
    char name[DNS_NAME_TEXT_SIZE];
    (void)dns_name_format(alias->name, name);
    trace_line(r->trace, "%*salias%s to %s%s", (int)(2 * depth), "",
               alias->head.evaluates ? ", which evaluates its target's health," : "", name, what);
}

/* ---- answering */

static uint64_t next_random(struct resolver_state *r)
{
    r->random = r->random * 6364136223846793005U + 1442695040888963407U; /* Knuth, MMIX */
    return r->random;
}

/* What a trial asks for: one set of the group, whoever the client is. */
static enum routing_outcome take_branch(struct resolver_state *r, const struct group_record *group,
                                        struct routing_choice *out)
{
    bool has_branch = r->branch <= group->head.count;
    out->count = has_branch ? 1 : 0;
    out->members[0] = (uint16_t)(r->branch - 1);
    r->branch = 0;
    return has_branch ? ROUTING_CHOSEN : ROUTING_NO_MATCH;
}

/* Decides a group: sets what all but an alias come to. True: *out is the chosen member's alias. */
static bool decide(struct resolver_state *r, const struct record_set *tree, unsigned depth,
                   struct resolution *resolution, struct record_set *out, enum resolved *result)
{
    struct routing_member members[ROUTING_MEMBERS_MAX];
    struct routing_choice choice = {.count = 0};
    struct group_record group = group_record_read(tree);
    const struct routing_group view = routing_view(r, &group, members);
    struct decision decision = {.r = r, .group = &group, .depth = depth};
    const struct routing_health health = {.is_healthy = is_member_healthy, .user = &decision};
    enum routing_outcome outcome =
        r->branch > 0 ? take_branch(r, &group, &choice)
                      : routing_choose(&view, r->client, &health, next_random(r), &choice);
    if (r->trace != NULL)
        explain_choice(&decision, outcome, &choice);
    *result = outcome == ROUTING_NO_MATCH ? RESOLVED_NO_MATCH : RESOLVED;
    for (unsigned i = 0; i < choice.count; i++) {
        struct member_record member = group_record_member(&group, choice.members[i]);
        *out = member.set;
        if (record_set_is_tree(&member.set))
            return true;
        resolution->sets[i] = member.set;
    }
    resolution->count = choice.count;
    return false;
}

enum resolved resolve(struct resolver_state *r, const struct record_set *set,
                      struct resolution *out)
{
    struct record_set at = *set;
    enum resolved result = RESOLVED;
    for (unsigned depth = 0; record_set_is_tree(&at); depth++) {
        if (depth == ALIAS_DEPTH_MAX || r->levels_left == 0)
            return RESOLVED_NOTHING;
        r->levels_left--;
        bool is_group = tree_record_kind(&at) == TREE_GROUP;
        if (is_group && !decide(r, &at, depth, out, &at, &result))
            return result;
        struct alias_record alias = alias_record_read(&at);
        if (alias.head.is_outside) {
            out->count = 1;
            bool is_usable =
                outside_table_find(r->scene->outside, alias.head.outside, at.type, &out->sets[0]);
            if (r->trace != NULL)
                explain_alias(r, &alias, depth,
                              is_usable ? ", an outside name" : ", an outside name without answer");
            return is_usable ? RESOLVED : RESOLVED_UNUSABLE;
        }
        bool is_found = find_target(r, &alias, at.type, &at);
        if (r->trace != NULL)
            explain_alias(r, &alias, depth, is_found ? "" : ", which is not there");
        if (!is_found)
            return RESOLVED_NOTHING;
    }
    out->count = 1;
    out->sets[0] = at;
    return RESOLVED;
}
