// SPDX-License-Identifier: Apache-2.0
// Batches of an import. Called by it on its only thread.
#include "tool/zone_batch.h"

#include "aws/limits.h"
#include "base/check.h"

/* What a batch costs, as the API counts it; and its records, each once. */
struct cost {
    size_t records;
    size_t characters;
    size_t plain_records;
};

static struct cost cost_of(const struct r53_change *change)
{
    const struct r53_record_set *set = change->resource_record_set;
    size_t times = change->action == R53_UPSERT ? 2 : 1;
    struct cost cost = {.records = times * set->resource_records_count,
                        .plain_records = set->resource_records_count};
    for (size_t i = 0; i < set->resource_records_count; i++)
        cost.characters += times * strlen(set->resource_records[i].value);
    return cost;
}

static struct cost sum(struct cost a, struct cost b)
{
    return (struct cost){a.records + b.records, a.characters + b.characters,
                         a.plain_records + b.plain_records};
}

static bool fits(struct cost cost)
{
    return cost.records <= R53_BATCH_MAX_RECORDS && cost.characters <= R53_BATCH_MAX_CHARACTERS;
}

static void make_change(struct arena *a, const struct zone_step *step, struct r53_change *out)
{
    static const enum r53_change_action actions[] = {
        [ZONE_CREATE] = R53_CREATE, [ZONE_CHANGE] = R53_UPSERT, [ZONE_DELETE] = R53_DELETE};
    out->action = actions[step->action];
    out->resource_record_set = ARENA_NEW(a, struct r53_record_set);
    if (step->action == ZONE_DELETE)
        *out->resource_record_set = *step->before->listed;
    else
        zone_set_to_api(a, step->after, out->resource_record_set);
}

static struct slice owner_of(const struct zone_step *step)
{
    return step->after != NULL ? step->after->owner : step->before->owner;
}

/* Steps from `at` on that have its owner. */
static size_t owner_steps(const struct zone_plan *plan, size_t at)
{
    size_t count = 1;
    while (at + count < plan->count &&
           slice_equal(owner_of(&plan->steps[at]), owner_of(&plan->steps[at + count])))
        count++;
    return count;
}

bool zone_batch_next(struct arena *a, const struct zone_plan *plan, size_t *at, const char *comment,
                     struct r53_change_batch *out, size_t *out_records)
{
    struct cost total = {0};
    size_t count = 0;
    size_t room = min_size(plan->count - *at, R53_BATCH_MAX_RECORDS);
    struct r53_change *changes = arena_array(a, room + 1, sizeof(*changes));
    while (*at < plan->count) {
        size_t steps = min_size(owner_steps(plan, *at), room - count);
        struct cost with = total;
        size_t taken = 0;
        for (; taken < steps; taken++) {
            make_change(a, &plan->steps[*at + taken], &changes[count + taken]);
            struct cost more = sum(with, cost_of(&changes[count + taken]));
            if (!fits(more))
                break;
            with = more;
        }
        bool is_whole = taken > 0 && taken == owner_steps(plan, *at);
        if (count > 0 && !is_whole)
            break; /* the owner goes into the next batch, whole if it can */
        CHECK_MSG(taken > 0, "a step of the plan fits no batch");
        count += taken;
        *at += taken;
        total = with;
        if (!is_whole)
            break;
    }
    *out = (struct r53_change_batch){
        .comment = comment, .has_changes = true, .changes = changes, .changes_count = count};
    *out_records = total.plain_records;
    return count > 0;
}
