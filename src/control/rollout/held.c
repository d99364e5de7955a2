// SPDX-License-Identifier: Apache-2.0
// Sets of held objects. The rollout's thread, and the collector for notes.
#include "control/rollout/held.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

void held_set_init(struct held_set *s)
{
    *s = (struct held_set){0};
    arena_init(&s->arena);
}

void held_set_fini(struct held_set *s)
{
    arena_fini(&s->arena);
    mem_cleanup(&s->rows);
    s->count = 0;
}

static int compare_objects(const struct store_held *a, const struct store_held *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int by_group = strcmp(a->group, b->group);
    return by_group != 0 ? by_group : slice_compare(a->member, b->member);
}

static int compare_rows(const void *a, const void *b)
{
    const struct store_held *left = a;
    const struct store_held *right = b;
    int by_object = compare_objects(left, right);
    if (by_object != 0)
        return by_object;
    return (left->change_version > right->change_version) -
           (left->change_version < right->change_version);
}

static void copy_row(struct arena *a, const struct store_held *from, struct store_held *to)
{
    *to = *from;
    to->group = arena_strdup(a, from->group);
    to->member = arena_copy(a, from->member);
    to->reason = arena_strdup(a, from->reason);
}

/** Index of the first row that is not below. */
static size_t lower_bound(const struct held_set *s, const struct store_held *row)
{
    size_t low = 0;
    size_t high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_rows(&s->rows[middle], row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_row(const struct held_set *s, const struct store_held *row)
{
    size_t at = lower_bound(s, row);
    return at < s->count && compare_rows(&s->rows[at], row) == 0;
}

void held_set_add(struct held_set *s, const struct store_held *rows, size_t count)
{
    AUTO_FREE struct store_held *added = mem_new(count + 1, sizeof(*added));
    size_t added_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!has_row(s, &rows[i]))
            copy_row(&s->arena, &rows[i], &added[added_count++]);
    }
    if (added_count == 0)
        return;
    s->rows = mem_resize(s->rows, s->count + added_count, sizeof(*s->rows));
    memcpy(s->rows + s->count, added, added_count * sizeof(*added));
    s->count += added_count;
    qsort(s->rows, s->count, sizeof(*s->rows), compare_rows);
    size_t kept = 1;
    for (size_t i = 1; i < s->count; i++) {
        if (compare_rows(&s->rows[i], &s->rows[kept - 1]) != 0)
            s->rows[kept++] = s->rows[i];
    }
    s->count = kept;
}

void held_set_assign(struct held_set *s, const struct store_held *rows, size_t count)
{
    s->count = 0;
    arena_reset(&s->arena);
    held_set_add(s, rows, count);
}

void held_set_copy(struct held_set *to, const struct held_set *from)
{
    CHECK(to != from);
    held_set_assign(to, from->rows, from->count);
}

bool held_set_equal(const struct held_set *a, const struct held_set *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (compare_rows(&a->rows[i], &b->rows[i]) != 0 ||
            a->rows[i].at_version != b->rows[i].at_version ||
            strcmp(a->rows[i].reason, b->rows[i].reason) != 0)
            return false;
    }
    return true;
}

const struct store_held *held_set_find(const struct held_set *s, enum store_kind kind,
                                       const char *group, struct slice member)
{
    const struct store_held wanted = {.kind = kind, .group = group, .member = member};
    size_t at = lower_bound(s, &wanted);
    bool is_there = at < s->count && compare_objects(&s->rows[at], &wanted) == 0;
    return is_there ? &s->rows[at] : NULL;
}

void held_set_objects(const struct held_set *s, struct arena *a, struct store_held **out_objects,
                      size_t *out_count)
{
    struct store_held *objects = arena_array(a, s->count, sizeof(*objects));
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (count == 0 || compare_objects(&s->rows[i], &objects[count - 1]) != 0)
            objects[count++] = s->rows[i];
    }
    *out_objects = objects;
    *out_count = count;
}

uint64_t held_set_oldest(const struct held_set *s)
{
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < s->count; i++) {
        if (s->rows[i].at_version > 0 && s->rows[i].at_version < oldest)
            oldest = s->rows[i].at_version;
    }
    return oldest;
}

/* ---- what belongs together */

void held_touch_init(struct held_touch *t, const struct held_set *set)
{
    *t = (struct held_touch){
        .set = set,
        .is_touched = mem_new(set->count + 1, sizeof(bool)),
    };
}

void held_touch_fini(struct held_touch *t)
{
    mem_cleanup(&t->is_touched);
}

static void touch(struct held_touch *t, enum store_kind kind, const char *group,
                  struct slice member)
{
    const struct store_held *row = held_set_find(t->set, kind, group, member);
    if (row == NULL)
        return;
    t->is_touched[row - t->set->rows] = true;
    t->is_any = true;
}

void held_touch(struct held_touch *t, const struct store_object *object)
{
    touch(t, object->kind, object->group, object->member);
    if (object->kind == STORE_NAME)
        touch(t, STORE_ZONE, object->group, slice_of(NULL, 0));
}

/** Disjoint sets of rows: each points towards the first row of its set. */
static size_t set_of(size_t *parents, size_t row)
{
    while (parents[row] != row) {
        parents[row] = parents[parents[row]];
        row = parents[row];
    }
    return row;
}

static void join(size_t *parents, size_t a, size_t b)
{
    size_t first = set_of(parents, a);
    size_t second = set_of(parents, b);
    if (first < second)
        parents[second] = first;
    else
        parents[first] = second;
}

/** Joins rows of one change, rows of one object, and names to their zone's settings. */
static void join_related(const struct held_set *s, size_t *parents)
{
    AUTO_MAP struct map by_change;
    map_init(&by_change);
    for (size_t i = 0; i < s->count; i++) {
        const struct store_held *row = &s->rows[i];
        struct slice change = slice_of(&row->change_version, sizeof(row->change_version));
        size_t *before = map_put(&by_change, change, &parents[i]);
        if (before != NULL)
            join(parents, i, (size_t)(before - parents));
        if (i > 0 && compare_objects(row, &s->rows[i - 1]) == 0)
            join(parents, i, i - 1);
        const struct store_held *zone =
            row->kind == STORE_NAME ? held_set_find(s, STORE_ZONE, row->group, slice_of(NULL, 0))
                                    : NULL;
        if (zone != NULL)
            join(parents, i, (size_t)(zone - s->rows));
    }
}

void held_touch_free(const struct held_touch *t, struct held_set *out)
{
    const struct held_set *s = t->set;
    AUTO_FREE size_t *parents = mem_new(s->count + 1, sizeof(size_t));
    AUTO_FREE bool *is_free = mem_new(s->count + 1, sizeof(bool));
    AUTO_FREE struct store_held *kept = mem_new(s->count + 1, sizeof(*kept));
    size_t kept_count = 0;
    for (size_t i = 0; i < s->count; i++)
        parents[i] = i;
    join_related(s, parents);
    for (size_t i = 0; i < s->count; i++)
        is_free[set_of(parents, i)] |= t->is_touched[i];
    for (size_t i = 0; i < s->count; i++) {
        if (!is_free[set_of(parents, i)])
            kept[kept_count++] = s->rows[i];
    }
    held_set_assign(out, kept, kept_count);
}
