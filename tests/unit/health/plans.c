// SPDX-License-Identifier: Apache-2.0
#include "plans.h"

#include "base/check.h"

struct check_id id_of(unsigned number)
{
    struct check_id id = {{0}};
    id.bytes[CHECK_ID_BYTES - 2] = (uint8_t)(number >> 8);
    id.bytes[CHECK_ID_BYTES - 1] = (uint8_t)number;
    return id;
}

const char **children_of(struct arena *a, const unsigned *numbers, size_t count)
{
    const char **ids = arena_array(a, count, sizeof(*ids));
    for (size_t i = 0; i < count; i++) {
        char *text = arena_alloc(a, CHECK_ID_TEXT_SIZE);
        struct check_id id = id_of(numbers[i]);
        check_id_format(&id, text);
        ids[i] = text;
    }
    return ids;
}

static size_t place_of(const struct health_plan *p, const char *text)
{
    struct check_id id;
    CHECK(check_id_parse(slice_str(text), &id));
    for (size_t i = 0; i < p->check_count; i++) {
        if (check_id_compare(&p->checks[i].id, &id) == 0)
            return i;
    }
    return p->check_count;
}

static void link_children(struct arena *a, const struct health_plan *p, struct plan_check *check)
{
    const struct release_health_check *c = check->check;
    check->children = arena_array(a, c->child_count, sizeof(*check->children));
    for (size_t i = 0; i < c->child_count; i++) {
        size_t place = place_of(p, c->children[i]);
        if (place < p->check_count)
            check->children[check->child_count++] = (uint32_t)place;
    }
}

/* Children come first in the order: as many rounds as checks may lie behind one another. */
static void set_order(struct arena *a, struct health_plan *p)
{
    size_t count = 0;
    bool *is_done = arena_array(a, p->check_count, sizeof(*is_done));
    for (size_t round = 0; round < p->check_count; round++) {
        for (size_t i = 0; i < p->check_count; i++) {
            bool is_due = !is_done[i];
            for (size_t c = 0; c < p->checks[i].child_count; c++)
                is_due = is_due && is_done[p->checks[i].children[c]];
            if (is_due)
                p->order[count++] = (uint32_t)i;
            is_done[i] = is_done[i] || is_due;
        }
    }
    CHECK(count == p->check_count);
}

struct health_plan *plan_of(struct arena *a, const unsigned *numbers,
                            const struct release_health_check *checks, size_t count)
{
    struct health_plan *p = ARENA_NEW(a, struct health_plan);
    p->refs = 1;
    p->check_count = count;
    p->checks = arena_array(a, count, sizeof(*p->checks));
    p->order = arena_array(a, count, sizeof(*p->order));
    for (size_t i = 0; i < count; i++) {
        struct release_health_check *check = ARENA_NEW(a, struct release_health_check);
        *check = checks[i];
        check->id = children_of(a, &numbers[i], 1)[0];
        p->checks[i].id = id_of(numbers[i]);
        p->checks[i].check = check;
    }
    for (size_t i = 0; i < count; i++)
        link_children(a, p, &p->checks[i]);
    set_order(a, p);
    return p;
}

struct slice table_of(struct arena *a, const struct vote_table *t)
{
    return vote_table_encode(a, t);
}
