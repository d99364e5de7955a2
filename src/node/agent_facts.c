// SPDX-License-Identifier: Apache-2.0
// What the agent knows of single roots, and what it says of them to control. Part of the pure
// decision core; called by agent_state.c and by the agent, on its only thread.
#include "node/agent_facts_priv.h"

#include "base/check.h"

#include <stdio.h>

bool fact_is_usable(const struct node_root *root)
{
    return root->step == NODE_ROOT_TRIED || root->step == NODE_ROOT_APPLIED ||
           root->step == NODE_ROOT_PROVEN;
}

static const struct agent_fact *find(const struct agent_state *s, const struct chunk_hash *root)
{
    for (size_t i = 0; i < s->fact_count; i++) {
        if (!s->facts[i].is_forgotten && chunk_hash_equal(&s->facts[i].root.hash, root))
            return &s->facts[i];
    }
    return NULL;
}

struct agent_fact *fact_find(struct agent_state *s, const struct chunk_hash *root)
{
    const struct agent_fact *fact = find(s, root);
    return fact == NULL ? NULL : &s->facts[fact - s->facts];
}

const struct node_root *agent_state_root(const struct agent_state *s, const struct chunk_hash *root)
{
    const struct agent_fact *fact = find(s, root);
    return fact == NULL ? NULL : &fact->root;
}

/** Order of age: the pointer under which it happened, then the time. */
static bool is_newer(const struct node_root *a, const struct node_root *b)
{
    if (a->at_epoch != b->at_epoch)
        return a->at_epoch > b->at_epoch;
    if (a->at_sequence != b->at_sequence)
        return a->at_sequence > b->at_sequence;
    return a->at_unix_ms > b->at_unix_ms;
}

static bool is_proven(const struct node_root *root)
{
    return root->was_proven && fact_is_usable(root);
}

/** How many other facts of the same kind are newer. */
static size_t rank(const struct agent_state *s, const struct agent_fact *fact,
                   bool (*is_kind)(const struct node_root *root))
{
    size_t newer = 0;
    for (size_t i = 0; i < s->fact_count; i++) {
        const struct agent_fact *other = &s->facts[i];
        if (other != fact && !other->is_forgotten && is_kind(&other->root) &&
            is_newer(&other->root, &fact->root))
            newer++;
    }
    return newer;
}

static bool is_rejected(const struct node_root *root)
{
    return root->step == NODE_ROOT_REJECTED;
}

static bool is_not_rejected(const struct node_root *root)
{
    return root->step != NODE_ROOT_REJECTED;
}

/** Whether a decision may still ask for this root. */
static bool is_needed(const struct agent_state *s, const struct agent_fact *fact)
{
    const struct chunk_hash *hash = &fact->root.hash;
    const struct chunk_hash *named[] = {&s->serving, &s->before, &s->pin, &s->stable,
                                        &s->candidate};
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        if (chunk_hash_equal(hash, named[i]))
            return true;
    }
    if (fact->root.step == NODE_ROOT_TRYING)
        return true; /* the trial reads it */
    return is_proven(&fact->root) && rank(s, fact, is_proven) < NODE_PROVEN_KEPT;
}

/** The oldest fact of a kind that nothing needs, or NULL. */
static struct agent_fact *oldest_unneeded(struct agent_state *s,
                                          bool (*is_kind)(const struct node_root *root))
{
    struct agent_fact *oldest = NULL;
    for (size_t i = 0; i < s->fact_count; i++) {
        struct agent_fact *fact = &s->facts[i];
        if (fact->is_forgotten || !is_kind(&fact->root) || is_needed(s, fact))
            continue;
        if (oldest == NULL || is_newer(&oldest->root, &fact->root))
            oldest = fact;
    }
    return oldest;
}

void fact_forget(struct agent_state *s, struct agent_fact *fact)
{
    fact->is_forgotten = true;
    fact->is_dirty = true;
    s->is_collection_due = true;
}

static size_t count_of(const struct agent_state *s, bool (*is_kind)(const struct node_root *root))
{
    size_t count = 0;
    for (size_t i = 0; i < s->fact_count; i++)
        count += !s->facts[i].is_forgotten && is_kind(&s->facts[i].root);
    return count;
}

/** Forgets the oldest of a kind until at most `most` are left, or only needed ones. */
static void keep_at_most(struct agent_state *s, bool (*is_kind)(const struct node_root *root),
                         size_t most)
{
    for (size_t count = count_of(s, is_kind); count > most; count--) {
        struct agent_fact *fact = oldest_unneeded(s, is_kind);
        if (fact == NULL)
            return;
        fact_forget(s, fact);
    }
}

/**
 * Where a new fact goes. One of the same root whose removal waits for the disk is replaced, there
 * too. A full table gives the place of another such one, whose row is found at the next start and
 * forgotten again.
 */
static size_t place_for(const struct agent_state *s, const struct chunk_hash *root)
{
    size_t forgotten = NODE_FACTS_MAX;
    for (size_t i = 0; i < s->fact_count; i++) {
        if (!s->facts[i].is_forgotten)
            continue;
        if (chunk_hash_equal(&s->facts[i].root.hash, root))
            return i;
        forgotten = i;
    }
    return s->fact_count < NODE_FACTS_MAX ? s->fact_count : forgotten;
}

struct agent_fact *fact_make(struct agent_state *s, const struct chunk_hash *root)
{
    struct agent_fact *fact = fact_find(s, root);
    if (fact != NULL)
        return fact;
    keep_at_most(s, is_not_rejected, s->options.held_max - 1);
    keep_at_most(s, is_rejected, NODE_REJECTED_KEPT - 1);
    size_t place = place_for(s, root);
    CHECK(place < NODE_FACTS_MAX);
    if (place == s->fact_count)
        s->fact_count++;
    s->facts[place] = (struct agent_fact){
        .root = {.hash = *root, .step = NODE_ROOT_FETCHED},
        .is_new = true,
    };
    return &s->facts[place];
}

void fact_set(struct agent_state *s, struct agent_fact *fact, enum node_root_step step,
              const char *reason, struct agent_now now)
{
    struct node_root *root = &fact->root;
    root->step = step;
    root->was_proven = root->was_proven || step == NODE_ROOT_PROVEN;
    root->at_epoch = s->epoch;
    root->at_sequence = s->sequence;
    root->at_unix_ms = now.unix_ms;
    (void)snprintf(root->reason, sizeof(root->reason), "%s", reason == NULL ? "" : reason);
    fact->is_dirty = true;
    if (step == NODE_ROOT_REJECTED)
        s->is_collection_due = true;
}

void agent_state_forget(struct agent_state *s, struct agent_now now)
{
    for (size_t i = 0; i < s->fact_count; i++) {
        struct agent_fact *fact = &s->facts[i];
        int64_t age_ms = now.unix_ms - fact->root.at_unix_ms;
        bool is_old = age_ms > s->options.held_grace_ms;
        if (!fact->is_forgotten && is_old && !is_rejected(&fact->root) && !is_needed(s, fact))
            fact_forget(s, fact);
    }
    keep_at_most(s, is_not_rejected, s->options.held_max);
    keep_at_most(s, is_rejected, NODE_REJECTED_KEPT);
}

void agent_state_stored(struct agent_state *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->fact_count; i++) {
        if (s->facts[i].is_forgotten)
            continue;
        s->facts[kept] = s->facts[i];
        s->facts[kept].is_new = false;
        s->facts[kept++].is_dirty = false;
    }
    s->fact_count = kept;
}

void agent_state_not_stored(struct agent_state *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->fact_count; i++) {
        if (!s->facts[i].is_new || is_rejected(&s->facts[i].root))
            s->facts[kept++] = s->facts[i];
    }
    s->fact_count = kept;
}

bool agent_state_may_serve(const struct agent_state *s, bool is_serving_stored)
{
    const struct agent_fact *fact = find(s, &s->serving);
    return is_serving_stored || (fact != NULL && !fact->is_dirty);
}

bool agent_fact_is_held(const struct agent_state *s, const struct agent_fact *fact)
{
    if (fact->is_forgotten)
        return false;
    return !is_rejected(&fact->root) || chunk_hash_equal(&fact->root.hash, &s->serving);
}

/** The newest fact of a kind, but for one root (NULL: no exception); or NULL. */
static const struct node_root *newest_of(const struct agent_state *s,
                                         bool (*is_kind)(const struct node_root *root),
                                         const struct chunk_hash *other_than)
{
    const struct node_root *newest = NULL;
    for (size_t i = 0; i < s->fact_count; i++) {
        const struct node_root *root = &s->facts[i].root;
        bool is_excepted = other_than != NULL && chunk_hash_equal(&root->hash, other_than);
        if (s->facts[i].is_forgotten || is_excepted || !is_kind(root))
            continue;
        if (newest == NULL || is_newer(root, newest))
            newest = root;
    }
    return newest;
}

const struct node_root *agent_state_newest_proven(const struct agent_state *s,
                                                  const struct chunk_hash *other_than)
{
    return newest_of(s, is_proven, other_than);
}

/** Of the roots that the pointer names the first of a kind, else the newest of all; or NULL. */
static const struct node_root *most_wanted(const struct agent_state *s,
                                           bool (*is_kind)(const struct node_root *root))
{
    const struct chunk_hash *named[] = {&s->candidate, &s->stable};
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        const struct node_root *root = agent_state_root(s, named[i]);
        if (root != NULL && is_kind(root))
            return root;
    }
    return newest_of(s, is_kind, NULL);
}

/** The root whose proof counts: what is served, where it is proven, else the newest proven one. */
static const struct node_root *proven_root(const struct agent_state *s)
{
    const struct node_root *serving = agent_state_root(s, &s->serving);
    if (serving != NULL && is_proven(serving))
        return serving;
    return newest_of(s, is_proven, NULL);
}

void agent_state_report(const struct agent_state *s, struct arena *a,
                        struct release_report *out_report)
{
    struct release_report *r = out_report;
    r->epoch = s->epoch;
    r->sequence = s->sequence;
    r->applied = s->applied;
    r->is_pinned = !chunk_hash_is_zero(&s->pin);
    r->rejected_reason = "";
    const struct node_root *root = proven_root(s);
    if (root != NULL)
        r->proven = root->hash;
    root = most_wanted(s, fact_is_usable);
    if (root != NULL)
        r->tried = root->hash;
    root = most_wanted(s, is_rejected);
    if (root != NULL) {
        r->rejected = root->hash;
        r->rejected_reason = arena_strdup(a, root->reason);
    }
    r->held = arena_array(a, s->fact_count, sizeof(*r->held));
    for (size_t i = 0; i < s->fact_count; i++) {
        if (agent_fact_is_held(s, &s->facts[i]))
            r->held[r->held_count++] = s->facts[i].root.hash;
    }
}
