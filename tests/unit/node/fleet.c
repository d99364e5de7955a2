// SPDX-License-Identifier: Apache-2.0
#include "fleet.h"

#include "base/time.h"
#include "crypto/cert.h"
#include "net/socket.h"
#include "os/file.h"
#include "os/process.h"
#include "run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the control */

static bool is_admitted(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    (void)user;
    (void)public_key;
    return true;
}

static struct slice newest_pointer(void *user, uint64_t *out_epoch, uint64_t *out_sequence)
{
    const struct fleet *f = user;
    *out_epoch = f->epoch;
    *out_sequence = f->sequence;
    return f->pointer;
}

static enum err packed_chunk(void *user, struct arena *a, const struct chunk_hash *hash,
                             struct slice *out_packed, struct errctx *ec)
{
    const struct fleet *f = user;
    struct slice packed;
    if (!kit_packed(f->kit, hash, &packed))
        return err_set(ec, ERR_NOT_FOUND, "no such chunk");
    *out_packed = arena_copy(a, packed);
    return ERR_OK;
}

static void on_report(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                      const struct release_report *report)
{
    (void)public_key;
    struct fleet *f = user;
    arena_reset(&f->report_arena);
    f->report = (struct release_report){
        .node_id = arena_strdup(&f->report_arena, report->node_id),
        .sequence = report->sequence,
        .applied = report->applied,
        .proven = report->proven,
        .tried = report->tried,
        .rejected = report->rejected,
        .rejected_reason = arena_strdup(&f->report_arena, report->rejected_reason),
    };
    f->report_count++;
}

static struct slice certify(struct fleet *f, enum cert_purpose purpose, struct signing_key *key,
                            bool by_root)
{
    struct cert_spec spec = {.purpose = purpose,
                             .common_name = "test",
                             .now_unix_s = time_unix_ms() / MS_PER_S,
                             .days = 2};
    struct cert_issuer issuer = {.cert_pem = f->root_pem, .key = f->root_key};
    struct slice pem;
    assert_int_equal(cert_issue(&f->arena, &spec, key, by_root ? &issuer : NULL, &pem, NULL),
                     ERR_OK);
    return pem;
}

static void listen_on(int *out_fd, struct net_address *out_address)
{
    struct net_address any;
    struct net_listen_options options = {0};
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL), ERR_OK);
    assert_int_equal(net_listen_tcp(&any, &options, out_fd, out_address, NULL), ERR_OK);
}

void fleet_init(struct fleet *f, struct loop *loop, struct kit *kit)
{
    *f = (struct fleet){.loop = loop, .kit = kit, .epoch = 1};
    f->root_key = signing_key_make();
    f->root_pem = certify(f, CERT_AUTHORITY, f->root_key, false);
    f->release_key = signing_key_make();
    f->release_pem = certify(f, CERT_RELEASE_KEY, f->release_key, true);
    struct signing_key *server_key = signing_key_make();
    struct slice server_pem = certify(f, CERT_TLS_SERVER, server_key, true);
    assert_int_equal(
        net_tls_fleet_server_new(server_pem, signing_key_pem(&f->arena, server_key), &f->tls, NULL),
        ERR_OK);
    signing_key_free(server_key);
    listen_on(&f->listen_fd, &f->address);
    struct feed_source source = {.is_admitted = is_admitted,
                                 .newest_pointer = newest_pointer,
                                 .packed_chunk = packed_chunk,
                                 .on_report = on_report,
                                 .user = f};
    f->server = feed_server_new(loop, f->tls, &source);
    feed_server_listen(f->server, f->listen_fd);
}

void fleet_stop_control(struct fleet *f)
{
    if (f->server == NULL)
        return;
    feed_server_free(f->server);
    f->server = NULL;
    (void)close(f->listen_fd);
}

void fleet_fini(struct fleet *f)
{
    fleet_stop_control(f);
    net_tls_free(f->tls);
    signing_key_free(f->root_key);
    signing_key_free(f->release_key);
    arena_fini(&f->report_arena);
    arena_fini(&f->arena);
}

struct slice fleet_sign(struct fleet *f, uint64_t sequence, const struct chunk_hash *stable,
                        const struct chunk_hash *candidate, const char *node_id)
{
    const char *wave[] = {node_id};
    struct release_pointer p = {.epoch = f->epoch,
                                .sequence = sequence,
                                .stable = *stable,
                                .candidate = *candidate,
                                .wave = wave,
                                .wave_count = node_id == NULL ? 0 : 1};
    sha256(slice_of(signing_key_public(f->root_key), ED25519_PUBLIC_BYTES), p.fleet);
    return release_pointer_sign(&f->arena, &p, f->release_key, f->release_pem);
}

void fleet_publish_bytes(struct fleet *f, struct slice bytes, uint64_t sequence)
{
    f->pointer = bytes;
    f->sequence = sequence;
    if (f->server != NULL)
        feed_server_announce(f->server);
}

void fleet_publish(struct fleet *f, const struct chunk_hash *root)
{
    uint64_t sequence = f->sequence + 1;
    fleet_publish_bytes(f, fleet_sign(f, sequence, root, root, NULL), sequence);
}

/* ---- a node */

static void on_message(void *user, const struct channel_message *m)
{
    struct test_node *n = user;
    assert_true(n->said_count < FLEET_NOTES);
    n->said[n->said_count++] = *m;
}

static struct role roles[] = {
    [FLEET_CONTROL] = {.name = "control", .metrics_role = METRICS_CONTROL},
    [FLEET_DNS] = {.name = "dns", .metrics_role = METRICS_DNS},
};

static void make_files(struct test_node *n)
{
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    assert_int_equal(net_identity_open(n->kit.dir, now_unix_s, &n->identity, NULL), ERR_OK);
    const char *path = arena_printf(&n->kit.arena, "%s/fleet-root.pem", n->kit.dir);
    assert_int_equal(file_replace(path, n->fleet->root_pem, 0644, NULL), ERR_OK);
    n->node.fleet_root_path = path;
}

static void make_settings(struct test_node *n)
{
    char text[NET_ADDRESS_TEXT_SIZE];
    net_address_format(&n->fleet->address, text);
    n->control[0] = arena_printf(&n->kit.arena, "https://%s", text);
    n->settings.data = n->kit.dir;
    n->settings.pop = "TST50-P1";
    n->settings.control = (struct settings_list){.items = n->control, .count = 1};
    n->settings.proven_ms = 3600000;
    n->node.settings = &n->settings;
}

void test_node_set_kinds(unsigned kinds)
{
    roles[FLEET_DNS].kinds = kinds;
}

void test_node_init(struct test_node *n, struct fleet *f, const struct role_release_ops *ops)
{
    *n = (struct test_node){.fleet = f};
    kit_init(&n->kit);
    make_files(n);
    make_settings(n);
    roles[FLEET_DNS].release = ops;
    roles[FLEET_DNS].kinds = RELEASE_KIND_BIT(RELEASE_NAME);
    n->node.nodes_fd = -1;
    n->node.role_count = 2;
    for (size_t i = 0; i < 2; i++) {
        struct node_role *entry = &n->node.roles[i];
        entry->role = &roles[i];
        entry->samples = sample_ring_new();
        channel_pair(&entry->agent_fd, &entry->role_agent_fd);
    }
    channel_pair(&n->node.supervisor_agent_fd, &n->node.agent_supervisor_fd);
    listen_on(&n->node.admin_fd, &n->node.admin_bound);
    listen_on(&n->node.peer_fd, &n->node.peer_bound);
    n->supervisor =
        (struct channel){.fd = n->node.supervisor_agent_fd, .on_message = on_message, .user = n};
    n->role = (struct channel){
        .fd = n->node.roles[FLEET_DNS].role_agent_fd, .on_message = on_message, .user = n};
    channel_start(f->loop, &n->supervisor);
    channel_start(f->loop, &n->role);
}

const char *test_node_peer_url(struct test_node *n)
{
    char text[NET_ADDRESS_TEXT_SIZE];
    net_address_format(&n->node.peer_bound, text);
    return arena_printf(&n->kit.arena, "https://%s", text);
}

void test_node_start(struct test_node *n)
{
    pid_t parent = getpid();
    n->pid = fork();
    assert_true(n->pid >= 0);
    if (n->pid == 0) {
        process_die_with_parent(parent);
        node_agent_main(&n->node);
    }
}

int test_node_end(struct test_node *n, int signo)
{
    int status = 0;
    assert_int_equal(kill(n->pid, signo), 0);
    assert_int_equal(waitpid(n->pid, &status, 0), n->pid);
    n->pid = 0;
    return status;
}

void test_node_fini(struct test_node *n)
{
    if (n->pid != 0) {
        int status = test_node_end(n, SIGTERM);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    channel_stop(&n->supervisor);
    channel_stop(&n->role);
    const int fds[] = {n->node.admin_fd, n->node.peer_fd, n->node.supervisor_agent_fd,
                       n->node.agent_supervisor_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        (void)close(fds[i]);
    for (size_t i = 0; i < 2; i++) {
        (void)close(n->node.roles[i].agent_fd);
        (void)close(n->node.roles[i].role_agent_fd);
    }
    net_identity_fini(&n->identity);
    kit_fini(&n->kit);
}

void test_node_tell(struct test_node *n, enum channel_kind kind, int64_t pid, const char *text)
{
    struct channel_message m = {.kind = kind, .role = FLEET_DNS, .number = pid};
    (void)snprintf(m.text, sizeof(m.text), "%s", text);
    channel_send(kind == CHANNEL_ROLE_HELLO || kind == CHANNEL_APPLY_FAILED
                     ? n->node.roles[FLEET_DNS].role_agent_fd
                     : n->node.supervisor_agent_fd,
                 &m);
}

void test_node_applied(struct test_node *n, int64_t pid, const struct chunk_hash *root)
{
    struct channel_message m = {
        .kind = CHANNEL_APPLIED, .role = FLEET_DNS, .number = pid, .root = *root};
    channel_send(n->node.roles[FLEET_DNS].role_agent_fd, &m);
}

bool test_node_has_said(const struct test_node *n, enum channel_kind kind,
                        const struct chunk_hash *root)
{
    for (size_t i = 0; i < n->said_count; i++) {
        if (n->said[i].kind == kind && (root == NULL || chunk_hash_equal(&n->said[i].root, root)))
            return true;
    }
    return false;
}

struct expectation {
    const struct test_node *node;
    enum channel_kind kind;
    const struct chunk_hash *root;
};

static bool is_met(void *arg)
{
    const struct expectation *e = arg;
    return test_node_has_said(e->node, e->kind, e->root);
}

void test_node_expect(struct test_node *n, enum channel_kind kind, const struct chunk_hash *root)
{
    struct expectation e = {n, kind, root};
    run_until(n->fleet->loop, is_met, &e);
    n->said_count = 0;
}

unsigned test_node_get(struct test_node *n, struct arena *a, const char *path, const char **out)
{
    return test_node_get_as(n, a, "localhost", path, out);
}

unsigned test_node_get_as(struct test_node *n, struct arena *a, const char *host, const char *path,
                          const char **out)
{
    struct http_call_options options = {.address = n->node.admin_bound,
                                        .connect_timeout_ns = 5 * NS_PER_S,
                                        .response_timeout_ns = 5 * NS_PER_S,
                                        .body_limit_bytes = 1u << 20};
    struct http_request request = {.method = SLICE_LIT("GET"), .target = slice_str(path)};
    struct http_answer answer;
    struct errctx ec = {0};
    http_fields_add_str(a, &request.fields, "Host", host);
    if (http_call_wait(a, &options, &request, (struct slice){0}, &answer, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    *out = arena_str(a, answer.body);
    return answer.status;
}
