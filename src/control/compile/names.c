// SPDX-License-Identifier: Apache-2.0
// Touched names and their ancestors. Called by the compiler, on the rollout's thread.
//
// Invariants, for every touched name:
// 1. A name exists where it holds sets or has children.
// 2. child_count is the number of names one label below it, inside the zone, that exist.
// 3. Both hold before and after names_set, so the trie's content depends on the objects alone and
//    not on the order in which they came.
#include "control/compile/names_priv.h"

#include "base/check.h"
#include "dns/name.h"

/** One touched name. */
struct touched {
    struct trie_key key;
    struct slice id;
    struct release_name name;
};

void names_init(struct names *n, struct arena *a, const struct names_before *before)
{
    *n = (struct names){.arena = a, .before = *before};
    map_init(&n->by_id);
}

void names_fini(struct names *n)
{
    map_fini(&n->by_id);
}

/** The name as the trie before had it: zeroed where it did not exist. */
static enum err load(struct names *n, struct touched *t, struct errctx *ec)
{
    struct slice value;
    struct slice owner = t->name.owner;
    const struct trie_object object = {.key = t->key, .id = t->id};
    enum err e = trie_get(n->arena, &n->before.trie, &object, n->before.source, &value, ec);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = release_name_decode(n->arena, value, &t->name, ec);
    if (e == ERR_OK && !slice_equal(t->name.owner, owner))
        e = err_set(ec, ERR_CORRUPT, "a name stands under another's key");
    return e;
}

static enum err touch(struct names *n, const struct names_zone *zone, struct slice owner,
                      struct touched **out, struct errctx *ec)
{
    struct slice id = release_name_id(n->arena, zone->id, owner);
    struct touched *t = map_get(&n->by_id, id);
    if (t == NULL) {
        t = ARENA_NEW(n->arena, struct touched);
        t->key = trie_key_of(&n->before.seed, slice_str(zone->id), owner);
        t->id = id;
        t->name.owner = arena_copy(n->arena, owner);
        enum err e = load(n, t, ec);
        if (e != ERR_OK)
            return e;
        map_put(&n->by_id, id, t);
        n->count++;
    }
    *out = t;
    return ERR_OK;
}

static bool exists(const struct touched *t)
{
    return t->name.set_count > 0 || t->name.child_count > 0;
}

/** A name below `owner`'s parent came into being or ended: counts it, up to the apex. */
static enum err count_at_parents(struct names *n, const struct names_zone *zone, struct slice owner,
                                 bool has_come, struct errctx *ec)
{
    while (!dns_name_equal(owner, zone->apex)) {
        struct touched *parent = NULL;
        owner = dns_name_parent(owner, 1);
        enum err e = touch(n, zone, owner, &parent, ec);
        if (e != ERR_OK)
            return e;
        bool existed = exists(parent);
        if (!has_come && parent->name.child_count == 0)
            return err_set(ec, ERR_CORRUPT, "the children of a name were counted wrongly");
        parent->name.child_count += has_come ? 1 : UINT32_MAX; /* one more, or one less */
        if (exists(parent) == existed)
            return ERR_OK;
    }
    return ERR_OK;
}

enum err names_set(struct names *n, const struct names_zone *zone, struct slice owner,
                   const struct release_set *sets, size_t set_count, struct errctx *ec)
{
    if (!dns_name_is_within(owner, zone->apex))
        return err_set(ec, ERR_CORRUPT, "a name lies outside its zone %s", zone->id);
    struct touched *t = NULL;
    enum err e = touch(n, zone, owner, &t, ec);
    if (e != ERR_OK)
        return e;
    bool existed = exists(t);
    t->name.sets = arena_array(n->arena, set_count, sizeof(*sets));
    if (set_count > 0)
        memcpy(t->name.sets, sets, set_count * sizeof(*sets));
    t->name.set_count = set_count;
    if (exists(t) == existed)
        return ERR_OK;
    return count_at_parents(n, zone, t->name.owner, !existed, ec);
}

struct trie_change *names_changes(struct names *n, size_t *out_count)
{
    struct trie_change *changes = arena_array(n->arena, n->count, sizeof(*changes));
    size_t count = 0;
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&n->by_id, &cursor)) != NULL) {
        const struct touched *t = entry->value;
        struct trie_change *change = &changes[count++];
        change->key = t->key;
        change->id = t->id;
        if (exists(t))
            change->value = release_name_encode(n->arena, &t->name);
    }
    CHECK(count == n->count);
    *out_count = count;
    return changes;
}
