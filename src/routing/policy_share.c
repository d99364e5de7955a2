// SPDX-License-Identifier: Apache-2.0
// Weighted, failover and multivalue groups, whose choice does not depend on the client. Called by
// routing.c on the answer path.
#include "routing/policy_priv.h"

#include "base/check.h"

/* Members that a draw found unhealthy. */
struct drawn {
    uint64_t bits[ROUTING_MEMBERS_MAX / 64];
};

static bool is_out(const struct drawn *d, unsigned member)
{
    return (d->bits[member / 64] >> (member % 64) & 1) != 0;
}

static void put_out(struct drawn *d, unsigned member)
{
    d->bits[member / 64] |= 1ULL << (member % 64);
}

/* A member's lots in the round of the positive weights, or in that of the zero ones. */
static uint32_t lots_of(const struct routing_call *call, unsigned member, bool is_zero_round)
{
    uint8_t weight = call->group->members[member].weight;
    return is_zero_round ? weight == 0 : weight;
}

/*
 * Draws until one is healthy; those drawn in vain are out of the next draw, so that each healthy
 * one has its share among the healthy. Sets *first to the first one drawn, which has its share
 * among all, unless an earlier round did.
 */
static uint16_t draw_round(struct routing_call *call, bool is_zero_round, uint16_t *first)
{
    unsigned count = call->group->count;
    uint32_t total = 0;
    for (unsigned i = 0; i < count; i++)
        total += lots_of(call, i, is_zero_round);
    struct drawn out = {0};
    while (total > 0) {
        uint32_t ticket = routing_draw(call, total);
        unsigned member = 0;
        while (is_out(&out, member) || ticket >= lots_of(call, member, is_zero_round)) {
            ticket -= is_out(&out, member) ? 0 : lots_of(call, member, is_zero_round);
            member++;
        }
        if (*first == ROUTING_NO_MEMBER)
            *first = (uint16_t)member;
        if (routing_asks_health(call, member))
            return (uint16_t)member;
        put_out(&out, member);
        total -= lots_of(call, member, is_zero_round);
    }
    return ROUTING_NO_MEMBER;
}

enum routing_outcome routing_choose_weighted(struct routing_call *call, struct routing_choice *out)
{
    uint16_t first = ROUTING_NO_MEMBER;
    uint16_t chosen = draw_round(call, false, &first);
    if (chosen == ROUTING_NO_MEMBER)
        chosen = draw_round(call, true, &first);
    if (chosen != ROUTING_NO_MEMBER)
        return routing_one(out, chosen, ROUTING_CHOSEN);
    return routing_one(out, first, ROUTING_LAST);
}

enum routing_outcome routing_choose_failover(struct routing_call *call, struct routing_choice *out)
{
    unsigned last = 0; /* what is answered where nothing is healthy: the primary, if there is one */
    for (unsigned round = 0; round < 2; round++) {
        bool is_secondary = round == 1;
        for (unsigned i = 0; i < call->group->count; i++) {
            if (call->group->members[i].is_secondary != is_secondary)
                continue;
            if (!is_secondary)
                last = i;
            if (routing_asks_health(call, i))
                return routing_one(out, i, ROUTING_CHOSEN);
        }
    }
    return routing_one(out, last, ROUTING_LAST);
}

enum routing_outcome routing_choose_multivalue(struct routing_call *call,
                                               struct routing_choice *out)
{
    uint16_t order[ROUTING_MEMBERS_MAX]; /* shuffled up to `i` */
    unsigned count = call->group->count;
    for (unsigned i = 0; i < count; i++)
        order[i] = (uint16_t)i;
    out->count = 0;
    for (unsigned i = 0; i < count && out->count < ROUTING_MULTIVALUE_MAX; i++) {
        unsigned other = i + routing_draw(call, count - i);
        uint16_t member = order[other];
        order[other] = order[i];
        order[i] = member;
        if (routing_asks_health(call, member))
            out->members[out->count++] = member;
    }
    if (out->count > 0)
        return ROUTING_CHOSEN;
    out->count = count < ROUTING_MULTIVALUE_MAX ? count : ROUTING_MULTIVALUE_MAX;
    for (unsigned i = 0; i < out->count; i++)
        out->members[i] = order[i];
    return ROUTING_LAST;
}
