// SPDX-License-Identifier: Apache-2.0
// Hours of a small fleet in a second: versions good and bad, for one role or for both, nodes that
// come and go, a control that is killed. A root is the set of versions in it, so that every claim
// can be checked.
#include "base/random.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NODES 4     /* two that run dns alone, one edge alone, one both */
#define VERSIONS 40 /* bits of a set; bit 0 is the first content */
#define STEP_NS (50 * MS)
#define STEPS 6000

typedef uint64_t version_set;

/** A node as the agent would be. */
struct sim_node {
    char id[8];
    unsigned roles;
    bool is_online;
    struct position at; /* the pointer it follows */
    version_set stable;
    version_set candidate;
    bool is_in_wave;
    version_set applied;
    version_set proven;
    version_set tried;
    version_set rejected;
    version_set refused[64]; /* what it will not touch until it is offered anew */
    size_t refused_count;
};

struct sim {
    struct world w;
    struct prng prng;
    struct sim_node nodes[NODES];
    version_set fails_trial; /* versions that do, on a node of their roles */
    version_set crashes;     /* versions that pass the trial and crash a node that serves them */
    version_set of_role[STORE_ROLE_COUNT]; /* versions that concern it */
    uint64_t newest;

    /* The store. */
    struct position published;
    version_set stable;
    uint64_t stable_version;
    version_set candidate;
    bool is_offered;
    struct core_wave wave;
    version_set held;
    version_set history[256]; /* stable sets, oldest first */
    size_t history_count;
    version_set crashed[64];
    size_t crashed_count;
};

static struct chunk_hash root_of_set(version_set set)
{
    struct chunk_hash root = {0};
    memcpy(root.bytes, &set, sizeof(set));
    return root;
}

static version_set set_of_root(const struct chunk_hash *root)
{
    version_set set;
    memcpy(&set, root->bytes, sizeof(set));
    return set;
}

static version_set upto(uint64_t version)
{
    return ((version_set)1 << (version + 1)) - 1;
}

/* ---- nodes */

static bool refuses(const struct sim_node *n, version_set root)
{
    for (size_t i = 0; i < n->refused_count; i++) {
        if (n->refused[i] == root)
            return true;
    }
    return false;
}

static void refuse(struct sim_node *n, version_set root)
{
    if (!refuses(n, root) && n->refused_count < ARRAY_LEN(n->refused))
        n->refused[n->refused_count++] = root;
    n->rejected = root;
}

static void forgive(struct sim_node *n, version_set root)
{
    for (size_t i = 0; i < n->refused_count; i++) {
        if (n->refused[i] == root)
            n->refused[i--] = n->refused[--n->refused_count];
    }
    if (n->rejected == root)
        n->rejected = 0;
}

static bool wave_has(const struct core_wave *wave, const char *id)
{
    for (size_t i = 0; i < wave->count; i++) {
        if (strcmp(wave->ids[i], id) == 0)
            return true;
    }
    return false;
}

/** Versions that a node of these roles looks at. */
static version_set of_roles(const struct sim *s, unsigned roles)
{
    version_set set = 0;
    for (unsigned i = 0; i < STORE_ROLE_COUNT; i++)
        set |= (roles & 1u << i) != 0 ? s->of_role[i] : 0;
    return set;
}

static void node_follow(struct sim *s, struct sim_node *n)
{
    version_set candidate = s->is_offered ? s->candidate : s->stable;
    if (position_compare(n->at, s->published) >= 0)
        return;
    n->at = s->published;
    if (candidate != n->candidate && candidate != n->stable)
        forgive(n, candidate);
    if (s->stable != n->candidate && s->stable != n->stable)
        forgive(n, s->stable);
    n->stable = s->stable;
    n->candidate = candidate;
    n->is_in_wave = s->is_offered && wave_has(&s->wave, n->id);
}

static void node_try(const struct sim *s, struct sim_node *n, version_set root)
{
    if (root == 0 || refuses(n, root))
        return;
    if ((root & s->fails_trial & of_roles(s, n->roles)) != 0)
        refuse(n, root);
    else
        n->tried = root;
}

static void node_work(struct sim *s, struct sim_node *n)
{
    node_follow(s, n);
    bool crashes = (n->applied & s->crashes & of_roles(s, n->roles)) != 0;
    if (n->applied != 0 && crashes && n->proven != 0) {
        refuse(n, n->applied);
        n->applied = n->proven;
    } else if (n->applied != 0 && prng_below(&s->prng, 100) == 0) {
        n->proven = n->applied;
    }
    node_try(s, n, n->stable);
    node_try(s, n, n->candidate);
    version_set target = n->is_in_wave ? n->candidate : n->stable;
    if (target != 0 && !refuses(n, target))
        n->applied = target;
}

static void node_report(struct sim *s, struct sim_node *n)
{
    const char *roles[STORE_ROLE_COUNT];
    size_t role_count = 0;
    for (unsigned i = 0; i < STORE_ROLE_COUNT; i++) {
        if ((n->roles & 1u << i) != 0)
            roles[role_count++] = roster_role_names[i];
    }
    const struct release_report report = {
        .node_id = n->id,
        .roles = roles,
        .role_count = role_count,
        .version = "1",
        .epoch = n->at.epoch,
        .sequence = n->at.sequence,
        .applied = root_of_set(n->applied),
        .proven = root_of_set(n->proven),
        .tried = root_of_set(n->tried),
        .rejected = root_of_set(n->rejected),
        .rejected_reason = "bad",
    };
    core_hear(&s->w.core, roster_get(&s->w.core.roster, n->id), &report, s->w.now_ns);
}

/* ---- control */

static void control_start(struct sim *s)
{
    struct core *c = &s->w.core;
    core_init(c, &rollout_default_limits.core);
    for (size_t i = 0; i < NODES; i++)
        (void)world_add(&s->w, s->nodes[i].id);
    for (size_t i = 0; i < s->crashed_count; i++) {
        struct chunk_hash root = root_of_set(s->crashed[i]);
        core_refuse_root(c, &root, "crashed");
    }
    const struct core_start start = {
        .epoch = 1,
        .published = s->published,
        .stable = {root_of_set(s->stable), s->stable_version},
        .newest_version = s->newest,
    };
    core_lead(c, &start, s->w.now_ns);
}

static void check_offer(const struct sim *s, const struct core *c)
{
    version_set set = set_of_root(&c->candidate.root);
    for (size_t i = 0; i < s->crashed_count; i++)
        assert_int_not_equal(set, s->crashed[i]);
    assert_int_not_equal(set, s->stable);
}

static void check_promotion(const struct sim *s, const struct core *c)
{
    bool is_applied = false;
    version_set set = set_of_root(&c->candidate.root);
    for (size_t i = 0; i < NODES; i++)
        is_applied = is_applied || s->nodes[i].applied == set || s->nodes[i].rejected == set;
    assert_true(is_applied);
    assert_int_equal(set & s->fails_trial, 0);
}

/** Every version that is not held is served by each node of these roles that was heard lately, and
 *  there is one for each role. */
static void check_insync_of(const struct sim *s, const struct core *c, unsigned roles,
                            uint64_t version)
{
    unsigned seen = 0;
    for (size_t i = 0; i < NODES && version > 0; i++) {
        const struct roster_node *n = roster_get(&c->roster, s->nodes[i].id);
        if ((n->serves & roles) == 0 || !roster_counts(n, s->w.now_ns, ROLLOUT_INSYNC_HEARD_NS))
            continue;
        version_set missing = upto(version) & ~s->held & ~set_of_root(&n->applied);
        assert_int_equal(missing, 0);
        seen |= n->serves;
    }
    assert_true(version == 0 || (seen & roles) == roles);
}

static void check_insync(const struct sim *s, const struct core *c,
                         const struct store_insync *insync)
{
    for (unsigned roles = 1; roles < STORE_ROLE_SETS; roles++)
        check_insync_of(s, c, roles, insync->upto[roles]);
}

static void hold(struct sim *s, uint64_t version)
{
    s->held |= (version_set)1 << version;
    s->stable_version = version;
}

static void add_history(struct sim *s)
{
    if (s->history_count == ARRAY_LEN(s->history)) {
        memmove(&s->history[0], &s->history[1], sizeof(s->history) - sizeof(s->history[0]));
        s->history_count--;
    }
    s->history[s->history_count++] = s->stable;
}

/** False where there is no release to go back to. */
static bool roll_back(struct sim *s, struct core_action *action)
{
    version_set proven = set_of_root(&action->root);
    version_set target = 0;
    for (size_t i = 0; i < s->history_count; i++) {
        bool has_crashed = s->history[i] == s->stable;
        for (size_t k = 0; k < s->crashed_count; k++)
            has_crashed = has_crashed || s->crashed[k] == s->history[i];
        if (!has_crashed && target != proven)
            target = s->history[i];
    }
    if (target == 0)
        return false;
    assert_true(s->crashed_count < ARRAY_LEN(s->crashed));
    s->crashed[s->crashed_count++] = s->stable;
    s->stable = target;
    s->held = upto(s->stable_version) & ~target;
    action->root = root_of_set(target);
    return true;
}

static void cut(struct sim *s, uint64_t version)
{
    const struct core_release candidate = {root_of_set(upto(version) & ~s->held), version};
    core_cut(&s->w.core, &candidate, false);
}

/** Does an action on the store; false for one that came to nothing. */
static bool act(struct sim *s, struct core_action *action)
{
    struct core *c = &s->w.core;
    switch (action->kind) {
    case CORE_CARRY:
        s->stable_version = action->version;
        break;
    case CORE_OFFER:
        check_offer(s, c);
        s->candidate = set_of_root(&c->candidate.root);
        s->is_offered = true;
        s->wave = action->wave;
        break;
    case CORE_PROMOTE:
        check_promotion(s, c);
        s->stable = set_of_root(&c->candidate.root);
        s->stable_version = action->version;
        s->is_offered = false;
        add_history(s);
        break;
    case CORE_WITHDRAW:
    case CORE_HOLD:
        s->is_offered = false;
        if (action->version > 0)
            hold(s, action->version);
        break;
    case CORE_ROLLBACK:
        s->is_offered = false;
        if (roll_back(s, action))
            break;
        core_no_way_back(c);
        return false;
    case CORE_CUT:
    case CORE_NOTHING:
    case CORE_RENEW:
    case CORE_INSYNC:
        break;
    }
    check_insync(s, c, &action->insync);
    return true;
}

static void control_run(struct sim *s)
{
    struct core *c = &s->w.core;
    for (unsigned i = 0; i < 2 * VERSIONS; i++) {
        enum core_action_kind kind = world_next(&s->w);
        if (kind == CORE_NOTHING)
            return;
        if (kind == CORE_CUT) {
            cut(s, s->w.action.version);
            continue;
        }
        uint64_t stable_version = c->stable.version;
        if (!act(s, &s->w.action))
            continue;
        core_done(c, &s->w.action, s->w.now_ns);
        assert_true(position_compare(c->published, s->published) >= 0);
        assert_true(c->stable.version >= stable_version);
        assert_int_equal(c->stable.version, s->stable_version);
        assert_int_equal(set_of_root(&c->stable.root), s->stable);
        s->published = c->published;
    }
    fail_msg("the core does not come to rest");
}

/* ---- everything together */

/** Whether each role of the node is also run by another that is online, and was for long enough to
 *  count: a version that no node of its role could try is another matter. */
static bool has_others(const struct sim *s, const struct sim_node *leaving)
{
    unsigned roles = 0;
    for (size_t i = 0; i < NODES; i++) {
        const struct sim_node *n = &s->nodes[i];
        if (n != leaving && n->is_online && n->rejected != s->stable)
            roles |= n->roles;
    }
    return (roles & leaving->roles) == leaving->roles;
}

static void step(struct sim *s, bool is_calm)
{
    s->w.now_ns += STEP_NS;
    if (!is_calm && s->newest + 4 < VERSIONS && prng_below(&s->prng, 150) == 0) {
        s->newest += 1 + prng_below(&s->prng, 4);
        core_see_version(&s->w.core, s->newest);
    }
    for (size_t i = 0; i < NODES; i++) {
        struct sim_node *n = &s->nodes[i];
        if (is_calm || (!n->is_online && prng_below(&s->prng, 300) == 0))
            n->is_online = true;
        else if (prng_below(&s->prng, 2000) == 0 && has_others(s, n))
            n->is_online = false;
        if (!n->is_online)
            continue;
        node_work(s, n);
        node_report(s, n);
        control_run(s);
    }
    control_run(s);
    if (!is_calm && prng_below(&s->prng, 1000) == 0) {
        core_fini(&s->w.core);
        control_start(s);
    }
}

static void sim_init(struct sim *s, uint64_t seed, bool has_crashes)
{
    *s = (struct sim){.w = {.now_ns = 1000 * S}, .stable = 1, .published = {1, 1}};
    prng_init_fixed(&s->prng, seed);
    add_history(s);
    for (size_t i = 0; i < NODES; i++) {
        struct sim_node *n = &s->nodes[i];
        static const unsigned roles[NODES] = {STORE_ROLE_DNS, STORE_ROLE_EDGE, STORE_ROLE_DNS,
                                              STORE_ROLE_DNS | STORE_ROLE_EDGE};
        (void)snprintf(n->id, sizeof(n->id), "node%zu", i);
        n->roles = roles[i];
        n->is_online = true;
        n->applied = n->proven = n->tried = n->stable = n->candidate = 1;
    }
    for (unsigned v = 1; v < VERSIONS; v++) {
        unsigned fate = prng_below(&s->prng, 6);
        unsigned concerned = 1 + prng_below(&s->prng, STORE_ROLE_SETS - 1);
        for (unsigned i = 0; i < STORE_ROLE_COUNT; i++)
            s->of_role[i] |= (concerned & 1u << i) != 0 ? (version_set)1 << v : 0;
        s->fails_trial |= fate == 0 ? (version_set)1 << v : 0;
        s->crashes |= has_crashes && fate == 1 ? (version_set)1 << v : 0;
    }
    control_start(s);
}

static void live(struct sim *s)
{
    for (unsigned i = 0; i < STEPS; i++)
        step(s, false);
    for (unsigned i = 0; i < STEPS; i++)
        step(s, true);
    const struct core *c = &s->w.core;
    assert_int_equal(c->stable.version, s->newest);
    for (unsigned roles = 1; roles < STORE_ROLE_SETS; roles++)
        assert_int_equal(c->insync.upto[roles], s->newest);
    assert_int_equal(s->stable & (s->fails_trial | s->crashes), 0);
    assert_int_equal(s->stable | s->held, upto(s->newest));
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(s->nodes[i].applied, s->stable);
}

static void every_good_version_and_no_bad_one_is_served_in_the_end(void **state)
{
    (void)state;
    static struct sim s;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        sim_init(&s, seed, false);
        live(&s);
        assert_int_equal(s.stable, upto(s.newest) & ~s.fails_trial);
        world_fini(&s.w);
    }
}

static void versions_that_crash_nodes_later_do_not_stay(void **state)
{
    (void)state;
    static struct sim s;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        sim_init(&s, seed, true);
        live(&s);
        world_fini(&s.w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_good_version_and_no_bad_one_is_served_in_the_end),
        cmocka_unit_test(versions_that_crash_nodes_later_do_not_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
