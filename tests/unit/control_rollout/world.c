// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

const struct saying says_idle = {.applied = FIRST_ROOT, .tried = FIRST_ROOT};
const struct saying says_tried = {.applied = FIRST_ROOT, .tried = 2};
const struct saying says_applied = {.applied = 2, .tried = 2};
const struct saying says_rejected = {
    .applied = FIRST_ROOT, .tried = FIRST_ROOT, .rejected = 2, .reason = "trial: SIGSEGV"};
const struct saying says_crashed = {.applied = FIRST_ROOT,
                                    .tried = FIRST_ROOT,
                                    .proven = FIRST_ROOT,
                                    .rejected = 2,
                                    .reason = "crashed twice"};
const struct saying says_proved = {.applied = 2, .tried = 2, .proven = 2};

struct chunk_hash root_of(unsigned number)
{
    struct chunk_hash root = {0};
    root.bytes[0] = (uint8_t)number;
    root.bytes[1] = (uint8_t)(number >> 8);
    return root;
}

void world_lead(struct world *w, uint64_t epoch)
{
    struct core_start start = {
        .epoch = epoch,
        .published = w->core.published,
        .stable = w->core.stable,
        .newest_version = w->core.newest_version,
    };
    core_lead(&w->core, &start, w->now_ns);
}

void world_init(struct world *w)
{
    *w = (struct world){.now_ns = 1000 * S};
    core_init(&w->core, &rollout_default_limits.core);
    w->core.published = (struct position){1, 5};
    w->core.stable = (struct core_release){root_of(FIRST_ROOT), FIRST_VERSION};
    w->core.newest_version = FIRST_VERSION;
    world_lead(w, 1);
    w->now_ns += ROLLOUT_SETTLE_NS;
}

void world_fini(struct world *w)
{
    core_fini(&w->core);
}

struct roster_node *world_add(struct world *w, const char *id)
{
    const struct store_node row = {.id = id, .state = STORE_NODE_ADMITTED, .address = ""};
    return roster_add(&w->core.roster, &row);
}

void world_say(struct world *w, const char *id, struct saying saying)
{
    const char *roles[1 + STORE_ROLE_COUNT] = {"control"};
    unsigned serves = saying.roles == 0 ? STORE_ROLE_DNS : saying.roles;
    size_t role_count = 1;
    for (unsigned i = 0; i < STORE_ROLE_COUNT; i++) {
        if (!saying.lacks_role && (serves & 1u << i) != 0)
            roles[role_count++] = roster_role_names[i];
    }
    struct position at = saying.at.epoch == 0 ? w->core.published : saying.at;
    const struct release_report report = {
        .node_id = id,
        .roles = roles,
        .role_count = role_count,
        .version = "1",
        .epoch = at.epoch,
        .sequence = at.sequence,
        .applied = root_of(saying.applied),
        .proven = root_of(saying.proven),
        .tried = root_of(saying.tried),
        .rejected = root_of(saying.rejected),
        .rejected_reason = saying.reason == NULL ? "" : saying.reason,
        .is_pinned = saying.is_pinned,
    };
    struct roster_node *n = roster_get(&w->core.roster, id);
    assert_non_null(n);
    core_hear(&w->core, n, &report, w->now_ns);
}

void world_add_serving(struct world *w, const char *id)
{
    world_add_serving_as(w, id, STORE_ROLE_DNS);
}

void world_add_serving_as(struct world *w, const char *id, unsigned roles)
{
    (void)world_add(w, id);
    world_say(w, id, (struct saying){.applied = FIRST_ROOT, .tried = FIRST_ROOT, .roles = roles});
    if (world_next(w) == CORE_INSYNC)
        world_do(w, CORE_INSYNC);
}

enum core_action_kind world_next(struct world *w)
{
    core_next(&w->core, w->now_ns, &w->action);
    return w->action.kind;
}

void world_do(struct world *w, enum core_action_kind kind)
{
    assert_int_equal(world_next(w), kind);
    core_done(&w->core, &w->action, w->now_ns);
}

void world_cut(struct world *w, uint64_t version, unsigned root)
{
    if (world_next(w) == CORE_INSYNC)
        world_do(w, CORE_INSYNC);
    assert_int_equal(world_next(w), CORE_CUT);
    assert_int_equal(w->action.version, version);
    const struct core_release candidate = {root_of(root), version};
    core_cut(&w->core, &candidate, false);
}

void world_offer_to_two(struct world *w, uint64_t version)
{
    world_init(w);
    world_add_serving(w, "a");
    world_add_serving(w, "b");
    core_see_version(&w->core, version);
    world_cut(w, version, 2);
    world_do(w, CORE_OFFER);
}

void world_wave_of_two(struct world *w, uint64_t version)
{
    world_offer_to_two(w, version);
    world_say(w, "a", says_tried);
    world_say(w, "b", says_tried);
    world_do(w, CORE_OFFER);
    assert_string_equal(w->core.wave.ids[0], "a");
}

void world_stable_on_two(struct world *w)
{
    world_wave_of_two(w, V(1));
    world_say(w, "a", says_applied);
    world_do(w, CORE_PROMOTE);
    world_say(w, "a", says_applied);
    world_say(w, "b", says_applied);
    world_do(w, CORE_INSYNC);
}
