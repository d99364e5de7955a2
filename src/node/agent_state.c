// SPDX-License-Identifier: Apache-2.0
// The decisions of the agent: which root to fetch, to try, to serve; what counts as proven; what
// ends a crash loop. Pure. Called by the agent on its only thread.
//
// One root on one node:
//
//   offered by a pointer --fetched--> FETCHED --> TRYING --passed--> TRIED --all roles--> APPLIED
//       ^                                ^           |                                       |
//       |                                |  killed by somebody else, once                    |
//       |                                +-----------+                       proven_ms without a
//       crash |                                            | failed, crashed, hung v
//       +--- offered anew --- REJECTED <-------------+------- two crashes, not loaded --- PROVEN
//
// Invariants:
// 1. What is served passed its trial on this node (design, invariant 3).
// 2. (epoch, sequence) only rises (design, invariant 2).
// 3. A rejected root is neither fetched, tried nor told to a role until a pointer of a higher
//    sequence, or a new pin, offers it anew: names it where the one before did not. So a root that
//    stays stable for other nodes is not crashed into again with each change elsewhere.
// 4. At most one root is being tried.
// 5. The newest proven roots, the served one and the one before it are never forgotten.
// 6. While nothing else is usable the served root stays served, crash loop or not.
// 7. Facts that an action rests on are dirty before it is wanted, and its caller stores them first.
#include "node/agent_state.h"

#include "base/check.h"
#include "node/agent_facts_priv.h"

#include <stdio.h>

void agent_state_init(struct agent_state *s, const struct agent_options *options)
{
    CHECK(options->held_max > 0 && options->held_max <= NODE_HELD_MAX);
    *s = (struct agent_state){.options = *options, .applied_ns = AGENT_NEVER};
}

void agent_state_add_role(struct agent_state *s, const char *name, bool has_release)
{
    CHECK(s->role_count < NODE_ROLES_MAX);
    s->roles[s->role_count++] = (struct agent_role){
        .name = name,
        .has_release = has_release,
        .crashed_ns = AGENT_NEVER,
    };
}

static void reject(struct agent_state *s, struct agent_fact *fact, const char *reason,
                   struct agent_now now)
{
    fact_set(s, fact, NODE_ROOT_REJECTED, reason, now);
    s->is_report_due = true;
}

/* ---- what the disk knew */

static void follow(struct agent_state *s, const struct release_pointer *p)
{
    s->has_pointer = true;
    s->epoch = p->epoch;
    s->sequence = p->sequence;
    s->is_in_wave = release_pointer_has_node(p, s->options.node_id);
}

void agent_state_load(struct agent_state *s, const struct agent_memory *memory,
                      struct agent_now now)
{
    CHECK(s->fact_count == 0 && memory->root_count <= NODE_FACTS_MAX);
    if (memory->pointer != NULL) {
        follow(s, memory->pointer);
        s->stable = memory->pointer->stable;
        s->candidate = memory->pointer->candidate;
    }
    for (size_t i = 0; i < memory->root_count; i++)
        s->facts[s->fact_count++] = (struct agent_fact){.root = memory->roots[i]};
    for (size_t i = 0; i < s->fact_count; i++) {
        struct agent_fact *fact = &s->facts[i];
        bool is_rejected = fact->root.step == NODE_ROOT_REJECTED;
        bool is_partial = memory->is_partial != NULL && memory->is_partial[i];
        if (is_rejected ? memory->is_upgraded : is_partial)
            fact_forget(s, fact);
        else if (fact->root.step == NODE_ROOT_TRYING)
            agent_state_trial_ended(s, &fact->root.hash, AGENT_TRIAL_INTERRUPTED,
                                    "trial: the agent ended meanwhile", now);
    }
    const struct node_root *served = agent_state_root(s, &memory->serving);
    if (served != NULL && fact_is_usable(served))
        s->serving = memory->serving;
}

/* ---- offers */

enum agent_verdict agent_state_judge(const struct agent_state *s, const struct release_pointer *p)
{
    struct release_pointer held = {.epoch = s->epoch, .sequence = s->sequence};
    int order = s->has_pointer ? release_pointer_compare(p, &held) : 1;
    if (order == 0)
        return AGENT_POINTER_SAME;
    return order > 0 ? AGENT_POINTER_NEWER : AGENT_POINTER_LOWER;
}

/** The root is offered where another one was: a rejection of it counts no longer. */
static void offer(struct agent_state *s, struct chunk_hash *slot, const struct chunk_hash *root)
{
    if (chunk_hash_equal(slot, root))
        return;
    *slot = *root;
    struct agent_fact *fact = fact_find(s, root);
    if (fact != NULL && fact->root.step == NODE_ROOT_REJECTED)
        fact_forget(s, fact);
}

void agent_state_set_pointer(struct agent_state *s, const struct release_pointer *p)
{
    CHECK(agent_state_judge(s, p) == AGENT_POINTER_NEWER);
    follow(s, p);
    offer(s, &s->stable, &p->stable);
    offer(s, &s->candidate, &p->candidate);
    s->is_report_due = true;
}

void agent_state_set_pin(struct agent_state *s, const struct chunk_hash *root)
{
    if (chunk_hash_equal(&s->pin, root))
        return;
    offer(s, &s->pin, root);
    s->is_report_due = true;
}

/* ---- what is wanted */

/** The root that this node should serve now, or NULL before the first pointer. */
static const struct chunk_hash *preferred(const struct agent_state *s)
{
    if (!chunk_hash_is_zero(&s->pin))
        return &s->pin;
    if (!s->has_pointer)
        return NULL;
    return s->is_in_wave ? &s->candidate : &s->stable;
}

static bool is_usable(const struct agent_state *s, const struct chunk_hash *root)
{
    const struct node_root *fact = agent_state_root(s, root);
    return fact != NULL && fact_is_usable(fact);
}

/** The root to serve: the preferred one, else what is served; what is rejected gives way. */
static const struct chunk_hash *target(const struct agent_state *s)
{
    const struct chunk_hash *root = preferred(s);
    if (root != NULL && is_usable(s, root))
        return root;
    if (is_usable(s, &s->serving))
        return &s->serving;
    const struct node_root *proven = agent_state_newest_proven(s, &s->serving);
    if (proven != NULL)
        return &proven->hash;
    if (is_usable(s, &s->before))
        return &s->before;
    return s->has_pointer && is_usable(s, &s->stable) ? &s->stable : NULL;
}

struct agent_wants agent_state_wants(const struct agent_state *s)
{
    struct agent_wants wants = {0};
    /* What the node would serve goes first; a pin last, because nobody may have that root. */
    const struct chunk_hash *offers[] = {
        s->is_in_wave ? &s->candidate : &s->stable,
        s->is_in_wave ? &s->stable : &s->candidate,
        &s->pin,
    };
    bool is_trying = false;
    for (size_t i = 0; i < s->fact_count; i++)
        is_trying =
            is_trying || (s->facts[i].root.step == NODE_ROOT_TRYING && !s->facts[i].is_forgotten);
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        if (chunk_hash_is_zero(offers[i]))
            continue;
        const struct node_root *root = agent_state_root(s, offers[i]);
        if (root == NULL && !wants.has_fetch) {
            wants.has_fetch = true;
            wants.fetch = *offers[i];
        }
        if (root != NULL && root->step == NODE_ROOT_FETCHED && !wants.has_trial && !is_trying) {
            wants.has_trial = true;
            wants.trial = root->hash;
        }
    }
    const struct chunk_hash *serve = target(s);
    if (serve != NULL && !chunk_hash_equal(serve, &s->serving)) {
        wants.has_serve = true;
        wants.serve = *serve;
    }
    return wants;
}

/* ---- fetched and tried */

void agent_state_fetched(struct agent_state *s, const struct chunk_hash *root, struct agent_now now)
{
    if (fact_find(s, root) == NULL)
        fact_set(s, fact_make(s, root), NODE_ROOT_FETCHED, NULL, now);
}

void agent_state_unusable(struct agent_state *s, const struct chunk_hash *root, const char *why,
                          struct agent_now now)
{
    if (fact_find(s, root) != NULL)
        return;
    char reason[NODE_REASON_SIZE];
    (void)snprintf(reason, sizeof(reason), "fetch: %s", why);
    reject(s, fact_make(s, root), reason, now);
}

void agent_state_trying(struct agent_state *s, const struct chunk_hash *root, struct agent_now now)
{
    struct agent_fact *fact = fact_find(s, root);
    CHECK(fact != NULL && fact->root.step == NODE_ROOT_FETCHED);
    char reason[NODE_REASON_SIZE]; /* of an interrupted trial before this one: kept */
    (void)snprintf(reason, sizeof(reason), "%s", fact->root.reason);
    fact_set(s, fact, NODE_ROOT_TRYING, reason, now);
}

void agent_state_trial_ended(struct agent_state *s, const struct chunk_hash *root,
                             enum agent_trial outcome, const char *reason, struct agent_now now)
{
    struct agent_fact *fact = fact_find(s, root);
    if (fact == NULL || fact->root.step != NODE_ROOT_TRYING)
        return;
    s->is_report_due = true;
    bool was_interrupted = fact->root.reason[0] != '\0';
    if (outcome == AGENT_TRIAL_PASSED)
        fact_set(s, fact, NODE_ROOT_TRIED, NULL, now);
    else if (outcome == AGENT_TRIAL_INTERRUPTED && !was_interrupted)
        fact_set(s, fact, NODE_ROOT_FETCHED, reason, now);
    else
        reject(s, fact, reason, now);
}

/* ---- served */

static bool serves_everywhere(const struct agent_state *s)
{
    for (size_t i = 0; i < s->role_count; i++) {
        const struct agent_role *role = &s->roles[i];
        if (role->has_release && !chunk_hash_equal(&role->applied, &s->serving))
            return false;
    }
    return true;
}

/** Notes when the last role came to serve the root. */
static void check_applied(struct agent_state *s, struct agent_now now)
{
    struct agent_fact *fact = fact_find(s, &s->serving);
    if (fact == NULL || !fact_is_usable(&fact->root) || !serves_everywhere(s))
        return;
    if (s->applied_ns == AGENT_NEVER)
        s->applied_ns = now.ns;
    if (fact->root.step == NODE_ROOT_TRIED)
        fact_set(s, fact, NODE_ROOT_APPLIED, NULL, now);
    if (!chunk_hash_equal(&s->applied, &s->serving)) {
        s->applied = s->serving;
        s->is_report_due = true;
    }
}

void agent_state_serve(struct agent_state *s, const struct chunk_hash *root, struct agent_now now)
{
    CHECK(is_usable(s, root));
    if (is_usable(s, &s->serving) && chunk_hash_equal(&s->applied, &s->serving))
        s->before = s->serving;
    s->serving = *root;
    s->applied_ns = AGENT_NEVER;
    s->is_settled = false;
    check_applied(s, now);
}

bool agent_state_has_first_root(const struct agent_state *s)
{
    return is_usable(s, &s->serving);
}

bool agent_state_next_settle(struct agent_state *s, size_t *out_role)
{
    for (size_t i = 0; s->has_pointer && i < s->role_count; i++) {
        struct agent_role *role = &s->roles[i];
        bool is_stable = role->has_release && chunk_hash_equal(&role->applied, &s->stable) &&
                         !chunk_hash_is_zero(&s->stable);
        bool was_told =
            chunk_hash_equal(&role->settled, &s->stable) && role->settled_pid == role->pid;
        if (!is_stable || was_told)
            continue;
        role->settled = s->stable;
        role->settled_pid = role->pid;
        *out_role = i;
        return true;
    }
    return false;
}

bool agent_state_next_apply(struct agent_state *s, struct agent_now now, size_t *out_role)
{
    if (!is_usable(s, &s->serving))
        return false;
    for (size_t i = 0; i < s->role_count; i++) {
        struct agent_role *role = &s->roles[i];
        bool is_served = chunk_hash_equal(&role->applied, &s->serving);
        bool was_told = chunk_hash_equal(&role->told, &s->serving) &&
                        now.ns - role->told_ns < NODE_APPLY_AGAIN_NS;
        if (!role->has_release || !role->is_running || is_served || was_told)
            continue;
        role->told = s->serving;
        role->told_ns = now.ns;
        *out_role = i;
        return true;
    }
    return false;
}

/* ---- roles */

static struct agent_role *role_at(struct agent_state *s, size_t role)
{
    CHECK(role < s->role_count);
    return &s->roles[role];
}

/** A process of this pid runs; what another one did counts no longer. */
static struct agent_role *role_process(struct agent_state *s, size_t index, int64_t pid)
{
    struct agent_role *role = role_at(s, index);
    if (role->pid != pid) {
        role->pid = pid;
        role->is_ready = false;
        role->applied = role->told = (struct chunk_hash){0};
        if (role->has_release)
            s->applied_ns = AGENT_NEVER;
    }
    role->is_running = true;
    return role;
}

void agent_state_role_started(struct agent_state *s, size_t role, int64_t pid)
{
    (void)role_process(s, role, pid);
}

void agent_state_role_hello(struct agent_state *s, size_t role, int64_t pid)
{
    role_process(s, role, pid)->told = (struct chunk_hash){0};
}

void agent_state_role_ready(struct agent_state *s, size_t role, int64_t pid)
{
    role_process(s, role, pid)->is_ready = true;
}

void agent_state_role_ended(struct agent_state *s, size_t role, int64_t pid)
{
    struct agent_role *r = role_at(s, role);
    if (r->pid != pid)
        return; /* a newer process has spoken already */
    r->is_running = false;
    r->is_ready = false;
    r->applied = r->told = (struct chunk_hash){0};
    if (r->has_release)
        s->applied_ns = AGENT_NEVER;
}

void agent_state_role_crashed(struct agent_state *s, size_t role, int64_t pid, const char *how,
                              struct agent_now now)
{
    struct agent_role *r = role_at(s, role);
    /* A process that crashed before it was told of any root says nothing about one. */
    bool had_root = r->pid != pid || !chunk_hash_is_zero(&r->told);
    agent_state_role_ended(s, role, pid);
    if (!r->has_release || !had_root)
        return;
    s->applied_ns = AGENT_NEVER;
    s->is_settled = false;
    bool is_loop = r->crashed_ns != AGENT_NEVER && now.ns - r->crashed_ns <= NODE_CRASH_LOOP_NS;
    r->crashed_ns = now.ns;
    struct agent_fact *fact = fact_find(s, &s->serving);
    if (!is_loop || fact == NULL || fact->root.step == NODE_ROOT_REJECTED ||
        agent_state_newest_proven(s, &s->serving) == NULL)
        return;
    char reason[NODE_REASON_SIZE];
    (void)snprintf(reason, sizeof(reason), "crashed twice: %s: %s", r->name, how);
    reject(s, fact, reason, now);
    for (size_t i = 0; i < s->role_count; i++)
        s->roles[i].crashed_ns = AGENT_NEVER; /* the next root starts with a clean slate */
}

void agent_state_role_applied(struct agent_state *s, size_t role, int64_t pid,
                              const struct chunk_hash *root, struct agent_now now)
{
    role_process(s, role, pid)->applied = *root;
    check_applied(s, now);
}

void agent_state_role_failed(struct agent_state *s, size_t role, const struct chunk_hash *root,
                             const char *why, struct agent_now now)
{
    struct agent_role *r = role_at(s, role);
    struct agent_fact *fact = fact_find(s, root);
    bool is_current = chunk_hash_equal(root, &s->serving);
    /* What served here before can serve again: it is told once more, a little later. */
    if (!is_current || fact == NULL || fact->root.step != NODE_ROOT_TRIED || fact->root.was_proven)
        return;
    char reason[NODE_REASON_SIZE];
    (void)snprintf(reason, sizeof(reason), "apply: %s: %s", r->name, why);
    reject(s, fact, reason, now);
}

void agent_state_tick(struct agent_state *s, struct agent_now now)
{
    check_applied(s, now);
    if (s->is_settled || s->applied_ns == AGENT_NEVER ||
        now.ns - s->applied_ns < s->options.proven_ns)
        return;
    struct agent_fact *fact = fact_find(s, &s->serving);
    if (fact == NULL || !fact_is_usable(&fact->root))
        return;
    fact_set(s, fact, NODE_ROOT_PROVEN, NULL, now);
    s->is_settled = true;
    s->before = (struct chunk_hash){0};
    s->is_report_due = true;
}
