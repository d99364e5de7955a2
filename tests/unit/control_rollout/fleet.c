// SPDX-License-Identifier: Apache-2.0
#include "fleet.h"

#include "base/alloc.h"
#include "control/rollout/chunks.h"
#include "control/store/zones.h"
#include "net/socket.h"
#include "release/objects.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DEADLINE_NS (20 * NS_PER_S)
#define TURN_NS (5 * NS_PER_MS)
#define BEAT_NS (100 * NS_PER_MS)
#define ACCOUNT "000000000000"

static const char *const object_ids[3] = {"x", "y", "z"};

/** Fails the test with the words of the context. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        struct errctx ec = {0};                                                                    \
        if ((call) != ERR_OK)                                                                      \
            fail_msg("%s: %s", #call, ec.text);                                                    \
    } while (0)

/* ---- the nodes */

static void put_report(struct fake_node *n)
{
    AUTO_ARENA struct arena a = {0};
    const char *features[] = {RELEASE_FEATURE_POPS, RELEASE_FEATURE_CHECKS};
    static const uint8_t own_ip[] = {127, 0, 0, 1};
    const char *roles[3];
    size_t role_count = 0;
    uint8_t ip[4] = {0};
    struct slice address = slice_of(ip, sizeof(ip));
    if (n->pop != NULL)
        assert_int_equal(inet_pton(AF_INET, n->ip, ip), 1);
    roles[role_count++] = "dns";
    if (n->is_edge)
        roles[role_count++] = "edge";
    if (n->votes_port != 0)
        roles[role_count++] = "check";
    const struct release_report report = {
        .node_id = n->identity.node_id,
        .roles = roles,
        .role_count = role_count,
        .version = "test",
        .epoch = n->at.epoch,
        .sequence = n->at.sequence,
        .applied = n->applied.root,
        .proven = n->proven.root,
        .tried = n->tried,
        .rejected = n->rejected,
        .rejected_reason = n->reason == NULL ? "" : n->reason,
        .held = &n->applied.root,
        .held_count = chunk_hash_is_zero(&n->applied.root) ? 0 : 1,
        .features = features,
        .feature_count = ARRAY_LEN(features),
        .pop = n->pop,
        .addresses = &address,
        .address_count = n->pop == NULL ? 0 : 1,
        .votes_address = n->votes_port == 0 ? (struct slice){0} : slice_of(own_ip, sizeof(own_ip)),
        .votes_port = n->votes_port,
    };
    if (!n->is_silent)
        feed_client_report(n->client, release_report_encode(&a, &report));
}

static bool has_value(const struct seen *release, uint8_t value)
{
    return value != 0 && memchr(release->values, value, sizeof(release->values)) != NULL;
}

/** Reads a release where control keeps it. */
static struct seen look_at(struct fleet *f, const struct chunk_hash *hash)
{
    AUTO_ARENA struct arena a = {0};
    struct seen seen = {.root = *hash};
    const struct chunk_source source = store_chunk_source(f->conn);
    struct slice bytes;
    struct release_root root;
    OK(source.get(source.user, &a, hash, &bytes, &ec));
    OK(release_root_decode(&a, bytes, &root, &ec));
    for (size_t i = 0; i < ARRAY_LEN(object_ids); i++) {
        struct slice value;
        struct release_node node;
        struct slice id = slice_str(object_ids[i]);
        const struct trie_object object = {
            .key = trie_key_of(&root.seed, id, slice_of(NULL, 0)),
            .id = id,
        };
        enum err err = trie_get(&a, &root.tries[RELEASE_NODE], &object, &source, &value, NULL);
        if (err == ERR_NOT_FOUND)
            continue;
        assert_int_equal(err, ERR_OK);
        OK(release_node_decode(&a, value, &node, &ec));
        seen.values[i] = node.public_key[0];
    }
    return seen;
}

/** The trial; false where the release was refused before or is now. */
static bool passes(struct fake_node *n, const struct seen *release)
{
    if (chunk_hash_equal(&n->rejected, &release->root))
        return false;
    if (has_value(release, n->bad_value)) {
        n->rejected = release->root;
        n->reason = "trial failed";
        return false;
    }
    n->tried = release->root;
    return true;
}

static void follow(struct fake_node *n, const struct release_pointer *p)
{
    n->at = (struct position){p->epoch, p->sequence};
    bool was_offered = chunk_hash_equal(&n->rejected, &n->stable.root) ||
                       chunk_hash_equal(&n->rejected, &n->candidate.root);
    n->stable = look_at(n->fleet, &p->stable);
    n->candidate = look_at(n->fleet, &p->candidate);
    bool is_offered = chunk_hash_equal(&n->rejected, &n->stable.root) ||
                      chunk_hash_equal(&n->rejected, &n->candidate.root);
    if (is_offered && !was_offered)
        n->rejected = (struct chunk_hash){0};
    bool is_in_wave = release_pointer_has_node(p, n->identity.node_id);
    const struct seen *target = is_in_wave ? &n->candidate : &n->stable;
    const struct seen *other = is_in_wave ? &n->stable : &n->candidate;
    bool is_usable = passes(n, target);
    (void)passes(n, other);
    if (is_usable && has_value(target, n->deadly_value) && !has_value(&n->applied, n->deadly_value))
        n->proven = n->applied;
    if (is_usable)
        n->applied = *target;
}

static void on_pointer(void *user, struct slice signed_pointer)
{
    AUTO_ARENA struct arena a = {0};
    struct fake_node *n = user;
    struct release_pointer p;
    OK(release_pointer_verify(&a, signed_pointer, n->fleet->keys->fleet_root_pem,
                              time_unix_ms() / MS_PER_S, &p, &ec));
    const struct position at = {p.epoch, p.sequence};
    n->pointer_count++;
    if (position_compare(at, n->at) <= 0)
        return;
    follow(n, &p);
    put_report(n);
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct fake_node *n = user;
    n->down_code = is_up ? ERR_OK : why->code;
}

/** Once stable for everybody, a deadly release takes the node down to what it had proven. */
static void on_beat(struct loop_timer *timer)
{
    struct fake_node *n = timer->user;
    bool is_stable = chunk_hash_equal(&n->applied.root, &n->stable.root);
    if (is_stable && has_value(&n->applied, n->deadly_value)) {
        n->rejected = n->applied.root;
        n->reason = "crashed twice";
        n->applied = n->proven;
        n->tried = n->proven.root;
    }
    put_report(n);
}

struct fake_node *fleet_add(struct fleet *f)
{
    assert_true(f->node_count < NODES_MAX);
    struct fake_node *n = &f->nodes[f->node_count];
    *n = (struct fake_node){.fleet = f};
    const char *dir = f->dir;
    if (f->node_count++ > 0) {
        dir = arena_printf(&f->arena, "%s/node%zu", f->dir, f->node_count);
        assert_int_equal(mkdir(dir, 0700), 0);
    }
    OK(net_identity_open(dir, time_unix_ms() / MS_PER_S, &n->identity, &ec));
    OK(net_tls_fleet_client_new(n->identity.cert_pem, n->identity.key_pem, f->keys->fleet_root_pem,
                                &n->tls, &ec));
    const struct feed_client_options options = {.address = f->address,
                                                .tls = n->tls,
                                                .backoff_first_ns = 10 * NS_PER_MS,
                                                .backoff_last_ns = 50 * NS_PER_MS};
    const struct feed_client_handler handler = {on_pointer, on_state, n};
    n->client = feed_client_new(f->loop, &options, &handler);
    n->beat = (struct loop_timer){.on_time = on_beat, .user = n};
    loop_timer_set(f->loop, &n->beat, 0, BEAT_NS);
    return n;
}

void fleet_remove(struct fleet *f, struct fake_node *n)
{
    (void)f;
    feed_client_free(n->client);
    n->client = NULL;
    loop_timer_stop(&n->beat);
    net_tls_free(n->tls);
    n->tls = NULL;
    net_identity_fini(&n->identity);
}

const char *fleet_serves(const struct fake_node *n)
{
    static char text[4];
    for (size_t i = 0; i < sizeof(n->applied.values); i++)
        text[i] = (char)('0' + n->applied.values[i]);
    return text;
}

/* ---- control */

static void on_commit(void *user)
{
    struct fleet *f = user;
    struct rollout *rollout = atomic_load(&f->rollout);
    if (rollout != NULL)
        rollout_wake(rollout);
}

static void open_store(struct fleet *f)
{
    OK(store_open("sqlite", f->dir, &f->store, &ec));
    store_on_commit(f->store, on_commit, f);
    OK(store_connect(f->store, &f->conn, &ec));
}

static void add_delegation_set(struct fleet *f)
{
    const struct store_delegation_set set = {
        .id = "N1",
        .names = {"ns-1.weir.test.", "ns-2.weir.test.", "ns-3.weir.test.", "ns-4.weir.test."},
    };
    OK(store_begin_write(f->conn, &ec));
    OK(store_delegation_set_add(f->conn, &set, &ec));
    OK(store_commit(f->conn, &ec));
}

static void on_time(struct loop_timer *timer)
{
    struct fleet *f = timer->user;
    loop_stop(f->loop);
}

void fleet_init(struct fleet *f)
{
    *f = (struct fleet){.limits = rollout_default_limits, .holder = "one"};
    f->limits.core.settle_ns = 100 * NS_PER_MS;
    f->limits.core.cut_gap_ns = 20 * NS_PER_MS;
    f->limits.tick_ns = 50 * NS_PER_MS;
    f->limits.pops_gap_ns = 0;
    temp_dir_make(f->dir, "rollout");
    f->loop = loop_new(true);
    f->deadline = (struct loop_timer){.on_time = on_time, .user = f};
    const struct control_keys_options options = {
        .dir = f->dir, .now_unix_s = time_unix_ms() / MS_PER_S, .nodes_host = "127.0.0.1"};
    OK(control_keys_open(&options, &f->keys, &ec));
    struct net_address any;
    const struct net_listen_options listen = {0};
    OK(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, &ec));
    OK(net_listen_tcp(&any, &listen, &f->listen_fd, &f->address, &ec));
    open_store(f);
    add_delegation_set(f);
}

void fleet_start(struct fleet *f)
{
    static const char *const address = "127.0.0.1";
    struct rollout *rollout = NULL;
    const struct rollout_options options = {
        .store = f->store,
        .keys = f->keys,
        .holder = f->holder,
        .nodes_fd = f->listen_fd,
        .builtin = {.platform = "weir.test",
                    .cdn_domain = "cdn.weir.test",
                    .addresses = &address,
                    .address_count = 1},
        .limits = &f->limits,
    };
    OK(rollout_start(&options, &rollout, &ec));
    atomic_store(&f->rollout, rollout);
}

void fleet_stop(struct fleet *f)
{
    rollout_stop(atomic_exchange(&f->rollout, NULL));
}

void fleet_fini(struct fleet *f)
{
    for (size_t i = 0; i < f->node_count; i++) {
        if (f->nodes[i].client != NULL)
            fleet_remove(f, &f->nodes[i]);
    }
    fleet_stop(f);
    store_disconnect(f->conn);
    store_close(f->store);
    control_keys_free(f->keys);
    (void)close(f->listen_fd);
    loop_timer_stop(&f->deadline);
    loop_free(f->loop);
    temp_dir_remove(f->dir);
    arena_fini(&f->arena);
}

void fleet_arm(struct fleet *f)
{
    f->end_ns = time_monotonic_ns() + DEADLINE_NS;
}

void fleet_turn(struct fleet *f)
{
    if (time_monotonic_ns() > f->end_ns)
        fail_msg("nothing happened in time");
    fleet_run_for(f, TURN_NS);
}

void fleet_run_for(struct fleet *f, int64_t ns)
{
    loop_timer_set(f->loop, &f->deadline, ns, 0);
    loop_run(f->loop);
}

/* ---- the API's part */

static void put_object(struct fleet *f, const char *id, uint8_t value)
{
    uint8_t body[ED25519_PUBLIC_BYTES + 1] = {value};
    const struct store_object object = {
        .kind = STORE_NODE,
        .group = id,
        .is_deleted = value == 0,
        .body = slice_of(body, value == 0 ? 0 : sizeof(body)),
    };
    OK(store_object_put(f->conn, &object, &ec));
}

uint64_t fleet_change(struct fleet *f, const char *id, const char *assignments)
{
    struct store_change change = {
        .id = id,
        .account_id = ACCOUNT,
        .roles = STORE_ROLE_DNS,
        .submitted_unix_ms = time_unix_ms(),
    };
    OK(store_begin_write(f->conn, &ec));
    OK(store_take_version(f->conn, &change.version, &ec));
    for (const char *at = assignments; *at != '\0'; at += at[3] == '\0' ? 3 : 4) {
        const char name[2] = {at[0], '\0'};
        put_object(f, name, (uint8_t)(at[2] - '0'));
    }
    OK(store_change_add(f->conn, &change, &ec));
    OK(store_commit(f->conn, &ec));
    return change.version;
}

static struct store_change get_change(struct fleet *f, const char *id)
{
    struct store_change change;
    OK(store_change_get(f->conn, &f->arena, ACCOUNT, id, &change, &ec));
    return change;
}

bool fleet_is_insync(struct fleet *f, const char *id)
{
    return get_change(f, id).is_insync;
}

const char *fleet_held_reason(struct fleet *f, const char *id)
{
    const char *reason = get_change(f, id).held_reason;
    return reason == NULL ? "" : reason;
}

struct store_rollout fleet_rollout(struct fleet *f)
{
    struct store_rollout row = {0};
    OK(store_rollout_get(f->conn, &f->arena, &row, &ec));
    return row;
}

void fleet_decide(struct fleet *f, const struct fake_node *n, enum store_node_state state)
{
    struct store_node row;
    OK(store_begin_write(f->conn, &ec));
    OK(store_node_get(f->conn, &f->arena, n->identity.node_id, &row, &ec));
    row.state = state;
    OK(store_node_put(f->conn, &row, &ec));
    put_object(f, n->identity.node_id, 9);
    OK(store_commit(f->conn, &ec));
}
