// SPDX-License-Identifier: Apache-2.0
// Plans from roots: both tries read whole, sorted, children found, an order in which each check
// comes after those that it asks. Runs on builder threads, in trials and in control.
#include "health/plan.h"

#include "base/alloc.h"
#include "base/check.h"
#include "release/limits.h"

#include <stdlib.h>

/** A plan being made. */
struct plan_load {
    struct health_plan *plan;
    const struct chunk_source *source;
    size_t check_room;
    size_t checker_room;
};

/* Room for one more element of `size` bytes. */
static void *grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room == 0 ? 64 : 2 * *room;
    return mem_resize(items, *room, size);
}

/** The entry's value, in the plan's arena. */
static enum err read_value(struct plan_load *l, const struct trie_entry *entry,
                           struct slice *out_value, struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct slice value;
    enum err e = trie_entry_value(&scratch, entry, l->source, &value, ec);
    if (e == ERR_OK)
        *out_value = arena_copy(&l->plan->arena, value);
    return e;
}

static enum err add_check(void *user, const struct trie_entry *before,
                          const struct trie_entry *after, struct errctx *ec)
{
    (void)before;
    struct plan_load *l = user;
    struct health_plan *p = l->plan;
    struct plan_check *c;
    struct slice value;
    if (p->check_count == RELEASE_CHECKS_MAX)
        return err_set(ec, ERR_LIMIT, "more than %u health checks", RELEASE_CHECKS_MAX);
    struct release_health_check *check = ARENA_NEW(&p->arena, struct release_health_check);
    enum err e = read_value(l, after, &value, ec);
    if (e == ERR_OK)
        e = release_health_check_decode(&p->arena, value, check, ec);
    if (e != ERR_OK)
        return e;
    if (!slice_equal(after->id, slice_str(check->id)))
        return err_set(ec, ERR_CORRUPT, "health check '%s' under another's id", check->id);
    p->checks = grow(p->checks, p->check_count, &l->check_room, sizeof(*p->checks));
    c = &p->checks[p->check_count++];
    *c = (struct plan_check){.check = check, .encoded = value};
    bool is_id = check_id_parse(after->id, &c->id);
    CHECK(is_id); /* what decodes has one */
    return ERR_OK;
}

static enum err add_checker(void *user, const struct trie_entry *before,
                            const struct trie_entry *after, struct errctx *ec)
{
    (void)before;
    struct plan_load *l = user;
    struct health_plan *p = l->plan;
    struct release_checker checker;
    struct slice value;
    if (p->checker_count == RELEASE_CHECKERS_MAX)
        return err_set(ec, ERR_LIMIT, "more than %u checkers", RELEASE_CHECKERS_MAX);
    enum err e = read_value(l, after, &value, ec);
    if (e == ERR_OK)
        e = release_checker_decode(&p->arena, value, &checker, ec);
    if (e != ERR_OK)
        return e;
    if (!slice_equal(after->id, slice_str(checker.node_id)))
        return err_set(ec, ERR_CORRUPT, "checker '%s' under another's id", checker.node_id);
    p->checkers = grow(p->checkers, p->checker_count, &l->checker_room, sizeof(*p->checkers));
    p->checkers[p->checker_count++] = checker;
    return ERR_OK;
}

static int compare_checks(const void *a, const void *b)
{
    const struct plan_check *left = a;
    const struct plan_check *right = b;
    return memcmp(left->id.bytes, right->id.bytes, CHECK_ID_BYTES);
}

static int compare_checkers(const void *a, const void *b)
{
    const struct release_checker *left = a;
    const struct release_checker *right = b;
    return strcmp(left->node_id, right->node_id);
}

static void find_children(struct health_plan *p, struct plan_check *c)
{
    size_t count = c->check->child_count;
    c->children = arena_array(&p->arena, count, sizeof(*c->children));
    for (size_t i = 0; i < count; i++) {
        struct check_id id;
        bool is_id = check_id_parse(slice_str(c->check->children[i]), &id);
        CHECK(is_id); /* what decodes has such children */
        ptrdiff_t place = health_plan_find(p, &id);
        if (place >= 0)
            c->children[c->child_count++] = (uint32_t)place;
    }
}

/** The walk that orders checks: those under way, each with the child it is at. */
struct ordering {
    struct health_plan *plan;
    size_t ordered; /* filled of plan->order */
    uint32_t *path; /* places of checks, each a child of the one before */
    uint32_t *next; /* by place: children that were looked at */
    bool *is_met;   /* by place */
};

/* Puts the check behind all below it; one that is met again ends its branch, also in a circle. */
static void order_below(struct ordering *o, uint32_t start)
{
    size_t depth = 1;
    if (o->is_met[start])
        return;
    o->is_met[start] = true;
    o->path[0] = start;
    while (depth > 0) {
        uint32_t place = o->path[depth - 1];
        const struct plan_check *c = &o->plan->checks[place];
        if (o->next[place] == c->child_count) {
            o->plan->order[o->ordered++] = place;
            depth--;
            continue;
        }
        uint32_t child = c->children[o->next[place]++];
        if (!o->is_met[child]) {
            o->is_met[child] = true;
            o->path[depth++] = child;
        }
    }
}

static void order_checks(struct health_plan *p)
{
    AUTO_ARENA struct arena scratch = {0};
    size_t count = p->check_count;
    struct ordering o = {
        .plan = p,
        .path = arena_array(&scratch, count, sizeof(*o.path)),
        .next = arena_array(&scratch, count, sizeof(*o.next)),
        .is_met = arena_array(&scratch, count, sizeof(*o.is_met)),
    };
    p->order = arena_array(&p->arena, count, sizeof(*p->order));
    for (size_t i = 0; i < count; i++)
        order_below(&o, (uint32_t)i);
    CHECK(o.ordered == count);
}

static void finish(struct health_plan *p)
{
    if (p->check_count > 1)
        qsort(p->checks, p->check_count, sizeof(*p->checks), compare_checks);
    if (p->checker_count > 1)
        qsort(p->checkers, p->checker_count, sizeof(*p->checkers), compare_checkers);
    for (size_t i = 0; i < p->check_count; i++)
        find_children(p, &p->checks[i]);
    order_checks(p);
}

enum err health_plan_load(const struct release_root *root, const struct chunk_source *source,
                          struct health_plan *before, struct health_plan **out, struct errctx *ec)
{
    const struct trie_ref *checks = &root->tries[RELEASE_HEALTH_CHECK];
    const struct trie_ref *checkers = &root->tries[RELEASE_CHECKER];
    const struct trie_ref nothing = {0};
    if (before != NULL && chunk_hash_equal(&before->checks_trie, &checks->chunk) &&
        chunk_hash_equal(&before->checkers_trie, &checkers->chunk)) {
        *out = health_plan_ref(before);
        return ERR_OK;
    }
    struct health_plan *p = NEW(struct health_plan);
    p->refs = 1;
    p->checks_trie = checks->chunk;
    p->checkers_trie = checkers->chunk;
    struct plan_load load = {.plan = p, .source = source};
    struct trie_diff_visitor visitor = {.on_entry = add_check, .user = &load};
    enum err e = trie_diff(&nothing, checks, source, &visitor, ec);
    visitor.on_entry = add_checker;
    if (e == ERR_OK)
        e = trie_diff(&nothing, checkers, source, &visitor, ec);
    if (e != ERR_OK) {
        health_plan_unref(p);
        return err_wrap(ec, "health checks");
    }
    finish(p);
    *out = p;
    return ERR_OK;
}

struct health_plan *health_plan_ref(struct health_plan *p)
{
    p->refs++;
    return p;
}

void health_plan_unref(struct health_plan *p)
{
    if (p == NULL || --p->refs > 0)
        return;
    arena_fini(&p->arena);
    free(p->checks);
    free(p->checkers);
    free(p);
}

ptrdiff_t health_plan_find(const struct health_plan *p, const struct check_id *id)
{
    const struct plan_check key = {.id = *id};
    const struct plan_check *found =
        p->check_count == 0
            ? NULL
            : bsearch(&key, p->checks, p->check_count, sizeof(*p->checks), compare_checks);
    return found == NULL ? -1 : found - p->checks;
}
