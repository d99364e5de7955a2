// SPDX-License-Identifier: Apache-2.0
// Who has applied which invalidations. Called by invalidations.c on the rollout's thread.
#include "control/rollout/completion.h"

#include "base/alloc.h"
#include "base/check.h"

#include <stdlib.h>

/** A node that follows, or did a short while ago. */
struct completion_node {
    char id[NODE_ID_SIZE];
    size_t stream_count;
    uint64_t applied; /* number in the epoch of `newest`; 0: nothing */
    int64_t since_ns; /* when it came, said something new, or was last told something new after
                         it had all */
    int64_t gone_ns;  /* since when it has no stream, while it has none */
};

void completion_init(struct completion *c, const struct completion_limits *limits, int64_t now_ns)
{
    *c = (struct completion){.limits = *limits, .started_ns = now_ns};
    map_init(&c->nodes);
}

void completion_fini(struct completion *c)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&c->nodes, &cursor)) != NULL)
        free(entry->value);
    map_fini(&c->nodes);
}

static struct completion_node *find(const struct completion *c, const char *id)
{
    return map_get(&c->nodes, slice_str(id));
}

void completion_see(struct completion *c, struct feed_position newest, int64_t now_ns)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    CHECK(feed_position_compare(newest, c->newest) >= 0);
    while ((entry = map_next(&c->nodes, &cursor)) != NULL) {
        struct completion_node *n = entry->value;
        if (n->applied >= c->newest.number)
            n->since_ns = now_ns;
    }
    c->newest = newest;
}

/** What a position that a node names is worth: it may have what is there no more. */
static uint64_t number_of(const struct completion *c, struct feed_position p)
{
    if (p.epoch != c->newest.epoch)
        return 0;
    return p.number < c->newest.number ? p.number : c->newest.number;
}

void completion_come(struct completion *c, const char *node_id, struct feed_position after,
                     int64_t now_ns)
{
    struct completion_node *n = find(c, node_id);
    if (n == NULL) {
        n = NEW(struct completion_node);
        (void)memccpy(n->id, node_id, '\0', sizeof(n->id) - 1);
        (void)map_put(&c->nodes, slice_str(node_id), n);
    }
    n->stream_count++;
    n->applied = number_of(c, after); /* less than before: it began anew */
    n->since_ns = now_ns;
}

void completion_go(struct completion *c, const char *node_id, int64_t now_ns)
{
    struct completion_node *n = find(c, node_id);
    CHECK(n != NULL && n->stream_count > 0);
    n->stream_count--;
    n->gone_ns = now_ns;
}

void completion_applied(struct completion *c, const char *node_id, struct feed_position at,
                        int64_t now_ns)
{
    struct completion_node *n = find(c, node_id);
    uint64_t number = number_of(c, at);
    if (n == NULL || number <= n->applied)
        return;
    n->applied = number;
    n->since_ns = now_ns;
}

static bool is_gone(const struct completion *c, const struct completion_node *n, int64_t now_ns)
{
    return n->stream_count == 0 && now_ns - n->gone_ns >= c->limits.grace_ns;
}

static bool is_silent(const struct completion *c, const struct completion_node *n, int64_t now_ns)
{
    return n->applied < c->newest.number && now_ns - n->since_ns >= c->limits.silent_ns;
}

void completion_tidy(struct completion *c, int64_t now_ns)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&c->nodes, &cursor)) != NULL) {
        struct completion_node *n = entry->value;
        if (!is_gone(c, n, now_ns))
            continue;
        free(map_remove(&c->nodes, slice_str(n->id)));
        cursor = 0; /* the map has changed */
    }
}

/** Whether it may follow, but is not there: nobody knows what it has applied. */
static bool is_missing(const struct completion *c, const struct roster_node *r)
{
    bool may_follow = !r->is_heard || (r->serves & STORE_ROLE_EDGE) != 0;
    return roster_is_served(r) && may_follow && find(c, r->id) == NULL;
}

static bool any_is_missing(const struct completion *c, const struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        if (is_missing(c, roster->nodes[i]))
            return true;
    }
    return false;
}

static void take_min(int64_t *least, int64_t value)
{
    *least = value < *least ? value : *least;
}

struct completion_verdict completion_judge(const struct completion *c, const struct roster *roster,
                                           int64_t now_ns)
{
    struct completion_verdict verdict = {.again_at_ns = INT64_MAX};
    uint64_t least = c->newest.number;
    bool has_admitted = false;
    size_t cursor = 0;
    const struct map_entry *entry;
    int64_t settled_ns = c->started_ns + c->limits.settle_ns;
    if (now_ns < settled_ns && any_is_missing(c, roster)) {
        verdict.again_at_ns = settled_ns;
        return verdict;
    }
    while ((entry = map_next(&c->nodes, &cursor)) != NULL) {
        const struct completion_node *n = entry->value;
        const struct roster_node *r = roster_get(roster, n->id);
        if (r == NULL || !roster_is_served(r) || is_gone(c, n, now_ns) || is_silent(c, n, now_ns))
            continue;
        if (n->stream_count == 0 && n->applied < c->newest.number)
            take_min(&verdict.again_at_ns, n->gone_ns + c->limits.grace_ns);
        if (n->applied < c->newest.number)
            take_min(&verdict.again_at_ns, n->since_ns + c->limits.silent_ns);
        least = n->applied < least ? n->applied : least;
        has_admitted = has_admitted || r->state == STORE_NODE_ADMITTED;
    }
    verdict.upto = has_admitted ? least : 0;
    return verdict;
}

struct completion_counts completion_count(const struct completion *c, int64_t now_ns)
{
    struct completion_counts counts = {0};
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&c->nodes, &cursor)) != NULL) {
        const struct completion_node *n = entry->value;
        counts.followers += n->stream_count > 0;
        counts.silent += n->stream_count > 0 && is_silent(c, n, now_ns);
    }
    return counts;
}
