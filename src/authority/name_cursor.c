// SPDX-License-Identifier: Apache-2.0
// The walk over the names of a zone. Runs on the TCP thread for transfers, and on the builder.
#include "authority/name_cursor.h"

#include "base/check.h"

/* An inner node on the way down, and which of its children was taken. */
struct step {
    struct name_inner *inner;
    unsigned nibble;
};

struct walk {
    struct name_key key; /* the least that is looked for */
    struct step steps[TRIE_KEY_NIBBLES];
    unsigned count;
};

static int compare_keys(const struct name_key *a, const struct name_key *b)
{
    if (a->zone != b->zone)
        return a->zone < b->zone ? -1 : 1;
    return (a->owner > b->owner) - (a->owner < b->owner);
}

/* How the key compares with what all keys below the node begin with. */
static int compare_prefix(const struct name_key *key, const struct name_inner *inner)
{
    for (unsigned depth = 0; depth < inner->node.depth; depth++) {
        unsigned left = name_key_nibble(key, depth);
        unsigned right = name_key_nibble(&inner->prefix, depth);
        if (left != right)
            return left < right ? -1 : 1;
    }
    return 0;
}

/* The first child from `nibble` on; TRIE_FAN_OUT where there is none. */
static unsigned child_from(const struct name_inner *inner, unsigned nibble)
{
    while (nibble < TRIE_FAN_OUT && inner->children[nibble] == NULL)
        nibble++;
    return nibble;
}

/* The child where the search goes on, whose keys are all above the key unless *is_bound. */
static struct name_node *descend(struct walk *w, struct name_inner *inner, bool *is_bound)
{
    int order = *is_bound ? compare_prefix(&w->key, inner) : -1;
    if (order > 0)
        return NULL;
    unsigned least = order == 0 ? name_key_nibble(&w->key, inner->node.depth) : 0;
    unsigned nibble = child_from(inner, least);
    *is_bound = order == 0 && nibble == least;
    if (nibble == TRIE_FAN_OUT)
        return NULL;
    CHECK(w->count < TRIE_KEY_NIBBLES);
    w->steps[w->count++] = (struct step){.inner = inner, .nibble = nibble};
    return inner->children[nibble];
}

/* The next node to the right of the way that was taken; NULL: there is none. */
static struct name_node *go_back(struct walk *w)
{
    while (w->count > 0) {
        struct step *step = &w->steps[w->count - 1];
        step->nibble = child_from(step->inner, step->nibble + 1);
        if (step->nibble < TRIE_FAN_OUT)
            return step->inner->children[step->nibble];
        w->count--;
    }
    return NULL;
}

static size_t first_from(const struct name_leaf *leaf, const struct name_key *key)
{
    size_t low = 0;
    size_t high = leaf->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(&leaf->keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first entry whose key is not below w->key; false where there is none. */
static bool seek(struct walk *w, struct name_node *node, struct name_run *out)
{
    bool is_bound = true;
    while (node != NULL) { /* ends: each turn goes down, or to the right */
        struct name_node *next = NULL;
        if (!node->is_leaf) {
            next = descend(w, name_inner_of(node), &is_bound);
        } else {
            const struct name_leaf *leaf = name_leaf_of(node);
            size_t first = is_bound ? first_from(leaf, &w->key) : 0;
            if (first < leaf->count) {
                *out = (struct name_run){.leaf = leaf, .first = first, .count = 1};
                return true;
            }
        }
        if (next == NULL) {
            next = go_back(w);
            is_bound = false;
        }
        node = next;
    }
    return false;
}

bool name_cursor_next(struct name_cursor *c, struct name_run *out)
{
    struct walk w = {.key = {.zone = c->zone, .owner = c->owner}};
    struct name_run run;
    if (c->is_over || !seek(&w, c->tree->top, &run))
        return false;
    const struct name_leaf *leaf = run.leaf;
    const struct name_key *key = &leaf->keys[run.first];
    if (key->zone != c->zone)
        return false;
    while (run.first + run.count < leaf->count &&
           compare_keys(&leaf->keys[run.first + run.count], key) == 0)
        run.count++;
    c->owner = key->owner + 1;
    c->is_over = key->owner == UINT64_MAX;
    *out = run;
    return true;
}
