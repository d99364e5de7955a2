// SPDX-License-Identifier: Apache-2.0
// Carrying out what the decision core wants: store, fetch, try, serve, tell, report, collect.
// Part of the agent, on its only thread.
//
// Nothing is acted upon before what it rests on is durable: agent_act stores first. Where that
// fails, roles are still told what the disk held before, so that a full disk stops no answer; all
// else waits until a later try succeeds.
#include "node/agent_priv.h"

#include "base/check.h"
#include "base/fault.h"
#include "base/settings.h"
#include "metrics/log.h"
#include "node/tree.h"

#include <stdlib.h>
#include <unistd.h>

static void log_root(enum log_level level, const char *event, const struct chunk_hash *root,
                     const char *reason)
{
    char hex[SHA256_HEX_SIZE];
    slice_hex(slice_of(root->bytes, sizeof(root->bytes)), hex);
    if (reason == NULL)
        LOG(level, event, LOG_STR("root", hex));
    else
        LOG(level, event, LOG_STR("root", hex), LOG_STR("reason", reason));
}

/** Says what became of roots; once, when it is durable. */
static void log_facts(const struct agent *a)
{
    static const struct {
        enum log_level level;
        const char *event;
    } lines[] = {
        [NODE_ROOT_FETCHED] = {LOG_DEBUG, "root fetched"},
        [NODE_ROOT_TRYING] = {LOG_DEBUG, "root is tried"},
        [NODE_ROOT_TRIED] = {LOG_INFO, "root tried"},
        [NODE_ROOT_APPLIED] = {LOG_INFO, "root applied"},
        [NODE_ROOT_PROVEN] = {LOG_INFO, "root proven"},
        [NODE_ROOT_REJECTED] = {LOG_ERROR, "root rejected"},
    };
    for (size_t i = 0; i < a->state.fact_count; i++) {
        const struct agent_fact *fact = &a->state.facts[i];
        const struct node_root *root = &fact->root;
        if (fact->is_dirty && !fact->is_forgotten)
            log_root(lines[root->step].level, lines[root->step].event, &root->hash,
                     root->reason[0] == '\0' ? NULL : root->reason);
    }
}

/* ---- storing */

static enum err store_facts(struct agent *a, struct errctx *ec)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < a->state.fact_count && e == ERR_OK; i++) {
        const struct agent_fact *fact = &a->state.facts[i];
        if (fact->is_dirty)
            e = fact->is_forgotten ? node_db_forget_root(a->db, &fact->root.hash, ec)
                                   : node_db_put_root(a->db, &fact->root, ec);
    }
    return e;
}

static enum err store_all(struct agent *a, struct errctx *ec)
{
    enum err e = store_facts(a, ec);
    if (e == ERR_OK && !a->is_pointer_stored)
        e = node_db_set_fact(a->db, NODE_FACT_SIGNED_POINTER, a->signed_pointer, ec);
    if (e == ERR_OK && !a->is_pointer_stored)
        e = node_db_set_fact(a->db, NODE_FACT_POINTER, a->pointer, ec);
    const struct chunk_hash *serving = &a->state.serving;
    if (e == ERR_OK && !a->is_serving_stored)
        e = node_db_set_fact(a->db, NODE_FACT_SERVING,
                             slice_of(serving->bytes, sizeof(serving->bytes)), ec);
    if (e == ERR_OK && !a->is_version_stored)
        e = node_db_set_fact(a->db, NODE_FACT_VERSION, SLICE_LIT(WEIR_VERSION), ec);
    if (e == ERR_OK)
        e = node_db_commit(a->db, ec);
    return e;
}

static bool has_unstored(const struct agent *a)
{
    for (size_t i = 0; i < a->state.fact_count; i++) {
        if (a->state.facts[i].is_dirty)
            return true;
    }
    return !a->is_pointer_stored || !a->is_serving_stored || !a->is_version_stored;
}

/* node.db failed: rolls back, and ends the process where the file is damaged. */
static void disk_failed(struct agent *a, const struct errctx *ec)
{
    struct errctx own = {0};
    metrics_add(METRIC_NODE_DB_FAILURES, 1);
    if (strcmp(a->disk_reason, ec->text) != 0)
        LOG(LOG_ERROR, "node.db failed", LOG_ERR(ec)); /* once, not at each try */
    (void)snprintf(a->disk_reason, sizeof(a->disk_reason), "%s", ec->text);
    node_db_rollback(a->db);
    if (ec->code != ERR_CORRUPT && ec->code != ERR_NOT_FOUND) {
        loop_timer_set(a->loop, &a->retry, NODE_STORE_AGAIN_NS, 0);
        return;
    }
    /* What the file should hold it does not: all in it can be had again. A new process begins with
     * an empty one, while the roles go on serving. */
    if (node_db_set_aside(a->node->settings->data, &own) != ERR_OK)
        LOG(LOG_ERROR, "node.db not set aside", LOG_ERR(&own));
    LOG(LOG_ERROR, "node.db is damaged and set aside");
    _exit(EXIT_FAILURE);
}

/** Makes everything durable that is not; false where it cannot be now. */
static bool store(struct agent *a)
{
    struct errctx ec = {0};
    if (!has_unstored(a))
        return true;
    if (store_all(a, &ec) != ERR_OK) {
        disk_failed(a, &ec);
        fetch_restart(a->fetch);           /* the rollback took its chunks along ... */
        agent_state_not_stored(&a->state); /* ... and those of roots that had just come */
        return false;
    }
    if (a->disk_reason[0] != '\0')
        LOG(LOG_INFO, "node.db takes writes again");
    a->is_pointer_stored = true;
    a->is_serving_stored = true;
    a->is_version_stored = true;
    a->disk_reason[0] = '\0';
    log_facts(a);
    agent_state_stored(&a->state);
    return true;
}

/* ---- trying */

static const enum metric trial_metrics[] = {
    [TRIAL_PASSED] = METRIC_TRIALS_PASSED,
    [TRIAL_FAILED] = METRIC_TRIALS_FAILED,
    [TRIAL_INTERRUPTED] = METRIC_TRIALS_INTERRUPTED,
    [TRIAL_UNREADABLE] = METRIC_TRIALS_UNREADABLE,
};

/** The root that is being tried; the core knows. */
static bool tried_root(const struct agent *a, struct chunk_hash *out)
{
    for (size_t i = 0; i < a->state.fact_count; i++) {
        const struct agent_fact *fact = &a->state.facts[i];
        if (fact->root.step == NODE_ROOT_TRYING && !fact->is_forgotten) {
            *out = fact->root.hash;
            return true;
        }
    }
    return false;
}

static void trial_ended(void *user, enum trial_outcome outcome, const char *reason)
{
    struct agent *a = user;
    struct chunk_hash root;
    a->trial = NULL;
    metrics_add(trial_metrics[outcome], 1);
    if (outcome == TRIAL_UNREADABLE) {
        struct errctx ec = {0};
        (void)err_set(&ec, ERR_CORRUPT, "%s", reason);
        disk_failed(a, &ec);
    }
    if (tried_root(a, &root)) {
        enum agent_trial told = outcome == TRIAL_PASSED   ? AGENT_TRIAL_PASSED
                                : outcome == TRIAL_FAILED ? AGENT_TRIAL_FAILED
                                                          : AGENT_TRIAL_INTERRUPTED;
        agent_state_trial_ended(&a->state, &root, told, reason, agent_now(a));
    }
    agent_act(a);
}

/** In the trial's process: what it shows is nobody's word. */
static void forget_identity(void *user)
{
    struct agent *a = user;
    net_identity_fini(&a->identity);
}

/** Forks the trial of the root that is noted as being tried, durably. */
static void fork_trial(struct agent *a, const struct chunk_hash *root)
{
    struct errctx ec = {0};
    /* No transaction may be open across the fork, not that of a fetch either. */
    if (node_db_commit(a->db, &ec) != ERR_OK) {
        disk_failed(a, &ec);
        fetch_restart(a->fetch);
        return;
    }
    struct trial_options options = {
        .loop = a->loop,
        .roles = a->node->roles,
        .role_count = a->node->role_count,
        .data_dir = a->node->settings->data,
        .after = *root,
        .forget = forget_identity,
        .on_end = trial_ended,
        .user = a,
    };
    if (agent_state_has_first_root(&a->state))
        options.before = a->state.serving;
    a->trial = trial_start(&options);
}

/* ---- serving */

static void tell_roles(struct agent *a)
{
    size_t role;
    while (agent_state_next_apply(&a->state, agent_now(a), &role)) {
        struct channel_message m = {
            .kind = CHANNEL_APPLY, .role = (int32_t)role, .root = a->state.serving};
        channel_send(a->node->roles[role].agent_fd, &m);
    }
    while (agent_state_next_settle(&a->state, &role)) {
        struct channel_message m = {
            .kind = CHANNEL_STABLE, .role = (int32_t)role, .root = a->state.stable};
        channel_send(a->node->roles[role].agent_fd, &m);
    }
}

/** The supervisor may bind and start the roles; said again until one of them runs. */
static void tell_first_root(struct agent *a)
{
    if (!agent_state_has_first_root(&a->state))
        return;
    for (size_t i = 0; i < a->state.role_count; i++) {
        const struct agent_role *role = &a->state.roles[i];
        if (role->has_release && !role->is_running) {
            struct channel_message m = {.kind = CHANNEL_FIRST_ROOT, .root = a->state.serving};
            channel_send(a->node->agent_supervisor_fd, &m);
            return;
        }
    }
}

/**
 * Whether node.db really holds the root: a role that could not load it may have met a damaged
 * disk. Blocks the loop for as long as reading it all takes, so not more often than once a minute.
 */
void agent_check_disk(struct agent *a, const struct chunk_hash *root)
{
    int64_t now_ns = loop_now_ns(a->loop);
    if (a->checked_ns != 0 && now_ns - a->checked_ns < NODE_CHECK_EVERY_NS)
        return;
    a->checked_ns = now_ns;
    struct errctx ec = {0};
    struct chunk_source source = node_db_source(a->db);
    if (tree_verify(root, a->kinds, &source, &ec) != ERR_OK)
        disk_failed(a, &ec);
}

/* ---- telling control */

/* Sends the report of this moment to every control. */
static void send_report(struct agent *a)
{
    AUTO_ARENA struct arena arena = {0};
    const char *roles[NODE_ROLES_MAX];
    struct release_report report = {
        .node_id = a->identity.node_id,
        .roles = roles,
        .role_count = a->state.role_count,
        .version = WEIR_VERSION,
        .boot = a->boot,
        .pop = a->presence.pop,
        .addresses = a->presence.addresses,
        .address_count = a->presence.address_count,
        .location = a->presence.location,
        .http_port = a->http_port,
        .votes_address = a->checker.votes_address,
        .votes_port = a->checker.votes_port,
        .probe_addresses = a->checker.probe_addresses,
        .probe_address_count = a->checker.probe_address_count,
    };
    for (size_t i = 0; i < a->state.role_count; i++)
        roles[i] = a->state.roles[i].name;
    report.features = arena_array(&arena, release_feature_count, sizeof(const char *));
    for (size_t i = 0; i < release_feature_count; i++)
        report.features[report.feature_count++] = release_features[i];
    agent_state_report(&a->state, &arena, &report);
    feeds_report(a->feeds, release_report_encode(&arena, &report));
}

/* ---- collecting */

static bool is_fetching(void *user)
{
    const struct agent *a = user;
    return fetch_is_active(a->fetch);
}

static void collection_ended(void *user, enum err result, const struct errctx *ec)
{
    struct agent *a = user;
    if (result != ERR_OK)
        disk_failed(a, ec);
}

/** Once a minute at most, when something may be unused. */
static void collect(struct agent *a)
{
    int64_t every_ns = FAULT("collect-at-once") ? 0 : NODE_COLLECT_EVERY_NS;
    struct agent_now now = agent_now(a);
    if (!a->state.is_collection_due || node_collector_is_active(a->collector) ||
        now.ns - a->collected_ns < every_ns)
        return;
    AUTO_ARENA struct arena arena = {0};
    struct chunk_hash *roots = arena_array(&arena, NODE_FACTS_MAX, sizeof(*roots));
    size_t count = 0;
    for (size_t i = 0; i < a->state.fact_count; i++) {
        if (agent_fact_is_held(&a->state, &a->state.facts[i]))
            roots[count++] = a->state.facts[i].root.hash;
    }
    a->state.is_collection_due = false;
    a->collected_ns = now.ns;
    node_collector_start(a->collector, roots, count);
}

/* ---- fetching */

static void root_whole(void *user, const struct chunk_hash *root)
{
    struct agent *a = user;
    agent_state_fetched(&a->state, root, agent_now(a));
    node_collector_keep(a->collector, root);
    agent_act(a);
}

static void root_unusable(void *user, const struct chunk_hash *root, const char *why)
{
    struct agent *a = user;
    agent_state_unusable(&a->state, root, why, agent_now(a));
    agent_act(a);
}

static void fetch_disk_failed(void *user, const struct errctx *why)
{
    disk_failed((struct agent *)user, why);
}

void agent_act_start(struct agent *a)
{
    struct fetch_options fetching = {
        .loop = a->loop,
        .db = a->db,
        .kinds = a->kinds,
        .ask = feeds_ask,
        .ask_user = a->feeds,
        .on_whole = root_whole,
        .on_unusable = root_unusable,
        .on_disk_error = fetch_disk_failed,
        .user = a,
    };
    a->fetch = fetch_new(&fetching);
    struct node_collector_options collecting = {
        .loop = a->loop,
        .db = a->db,
        .kinds = a->kinds,
        .is_fetching = is_fetching,
        .on_end = collection_ended,
        .user = a,
    };
    a->collector = node_collector_new(&collecting);
}

/* ---- all together */

/** One round; what it changes itself is seen by the next one. */
static void act_once(struct agent *a)
{
    struct agent_now now = agent_now(a);
    struct agent_wants wants = agent_state_wants(&a->state);
    if (wants.has_serve) {
        log_root(LOG_INFO, "root to be served", &wants.serve, NULL);
        agent_state_serve(&a->state, &wants.serve, now);
        a->is_serving_stored = false;
        a->served_ns = now.ns;
        a->must_act = true;
    }
    if (wants.has_trial && a->trial == NULL)
        agent_state_trying(&a->state, &wants.trial, now);
    bool is_stored = store(a);
    if (is_stored || agent_state_may_serve(&a->state, a->is_serving_stored)) {
        agent_look_at_self(a);
        tell_first_root(a);
        tell_roles(a);
    }
    if (!is_stored)
        return;
    fetch_want(a->fetch, wants.has_fetch ? &wants.fetch : NULL);
    struct chunk_hash trying;
    if (a->trial == NULL && tried_root(a, &trying))
        fork_trial(a, &trying);
    if (a->state.is_report_due) {
        a->state.is_report_due = false;
        send_report(a);
    }
    collect(a);
}

void agent_act(struct agent *a)
{
    a->must_act = true;
    if (a->is_acting)
        return;
    a->is_acting = true;
    for (unsigned i = 0; a->must_act && i < NODE_ACT_ROUNDS; i++) {
        a->must_act = false;
        act_once(a);
    }
    a->is_acting = false;
}
