// SPDX-License-Identifier: Apache-2.0
// A whole node: supervisor, agent and role processes, with roles made of a few lines, following a
// control over TLS on loopback.
#include "fleet.h"

#include "base/alloc.h"
#include "base/time.h"
#include "net/socket.h"
#include "os/file.h"
#include "os/process.h"
#include "run.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a dns role that answers a connection with the name of its root */

struct role_release {
    struct chunk_hash root;
};

struct toy {
    struct role_context *context;
    pthread_mutex_t lock; /* guards serving, which the builder swaps */
    struct role_release *serving;
    struct loop_io io;
    struct loop_timer heart;
    bool is_stuck;
};

static enum err toy_plan(const struct settings *settings, struct role_socket **out_sockets,
                         size_t *out_count, unsigned *out_threads, struct errctx *ec)
{
    static struct role_socket sockets[2];
    (void)settings;
    sockets[0] = (struct role_socket){.kind = ROLE_SOCKET_TCP, .label = "dns"};
    sockets[1] = (struct role_socket){.kind = ROLE_SOCKET_UDP_THREAD, .label = "dns"};
    enum err e = net_address_parse(SLICE_LIT("127.0.0.1:0"), &sockets[0].wanted, ec);
    sockets[1].wanted = sockets[0].wanted;
    *out_sockets = sockets;
    *out_count = 2;
    *out_threads = 2;
    return e;
}

/** One connection, one answer; a connection is also how a test asks for trouble. */
static void toy_accept(struct loop_io *io, unsigned events)
{
    (void)events;
    struct toy *t = io->user;
    struct net_address peer;
    int fd = -1;
    if (net_accept(t->context->sockets[0].fds[0], &fd, &peer, NULL) != ERR_OK || fd < 0)
        return;
    char hex[SHA256_HEX_SIZE];
    (void)pthread_mutex_lock(&t->lock);
    slice_hex(slice_of(t->serving->root.bytes, SHA256_BYTES), hex);
    (void)pthread_mutex_unlock(&t->lock);
    ssize_t written = write(fd, hex, sizeof(hex));
    (void)written;
    (void)close(fd);
}

static void toy_beat(struct loop_timer *timer)
{
    struct toy *t = timer->user;
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/stuck", t->context->settings->data);
    t->is_stuck = t->is_stuck || unlink(path) == 0;
    if (!t->is_stuck)
        role_heartbeat(t->context, 0);
}

static enum err toy_start(struct role_context *context, void **out_state, struct errctx *ec)
{
    (void)ec;
    struct toy *t = NEW(struct toy);
    t->context = context;
    assert_int_equal(pthread_mutex_init(&t->lock, NULL), 0);
    t->heart = (struct loop_timer){.on_time = toy_beat, .user = t};
    loop_timer_set(context->loop, &t->heart, 0, 20 * NS_PER_MS);
    t->io = (struct loop_io){.on_ready = toy_accept, .user = t};
    loop_io_set(context->loop, &t->io, context->sockets[0].fds[0], LOOP_READ);
    *out_state = t;
    return ERR_OK;
}

static void toy_drain(void *state)
{
    struct toy *t = state;
    role_drained(t->context);
}

static void toy_stop(void *state)
{
    struct toy *t = state;
    loop_io_stop(&t->io);
    loop_timer_stop(&t->heart);
    free(t->serving);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

static enum err toy_load(void *role_state, const struct role_root *root,
                         struct role_release *before, struct role_release **out_loaded,
                         struct errctx *ec)
{
    (void)role_state;
    (void)before;
    AUTO_ARENA struct arena a = {0};
    struct slice bytes;
    enum err e = root->source->get(root->source->user, &a, root->hash, &bytes, ec);
    if (e != ERR_OK)
        return e;
    struct role_release *loaded = NEW(struct role_release);
    loaded->root = *root->hash;
    *out_loaded = loaded;
    return ERR_OK;
}

static void toy_apply(void *role_state, struct role_release *loaded)
{
    struct toy *t = role_state;
    (void)pthread_mutex_lock(&t->lock);
    free(t->serving);
    t->serving = loaded;
    (void)pthread_mutex_unlock(&t->lock);
}

static enum err toy_try(const struct role_root *before, const struct role_root *after,
                        const struct sample_ring *samples, struct errctx *ec)
{
    (void)before;
    (void)samples;
    AUTO_ARENA struct arena a = {0};
    struct slice bytes;
    return after->source->get(after->source->user, &a, after->hash, &bytes, ec);
}

static const struct role_release_ops toy_release = {
    .load = toy_load, .apply = toy_apply, .try_root = toy_try};
static const struct role toy_role = {.name = "dns",
                                     .metrics_role = METRICS_DNS,
                                     .release = &toy_release,
                                     .plan = toy_plan,
                                     .start = toy_start,
                                     .drain = toy_drain,
                                     .stop = toy_stop};
static const struct role *const toy_roles[] = {&toy_role, NULL};

/* ---- a node around it */

struct stage {
    struct kit control; /* chunks of the control */
    struct kit kit;     /* data directory of the node */
    struct loop *loop;
    struct fleet fleet;
    struct settings settings;
    pid_t pid; /* of the supervisor */
    struct chunk_hash roots[2];
};

static void load_settings(struct stage *s)
{
    char control[NET_ADDRESS_TEXT_SIZE];
    net_address_format(&s->fleet.address, control);
    const char *args[] = {
        "--data",     s->kit.dir,  "--roles",
        "dns",        "--admin",   "127.0.0.1:0",
        "--watchdog", "500",       "--log-level",
        "error",      "--control", arena_printf(&s->kit.arena, "https://%s", control),
    };
    char *no_environment[] = {NULL};
    struct errctx ec = {0};
    if (settings_load(&s->settings, args, ARRAY_LEN(args), no_environment, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
}

static void stage_start(struct stage *s)
{
    pid_t parent = getpid();
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        process_die_with_parent(parent);
        exit(node_supervise(&s->settings, toy_roles)); /* NOLINT(concurrency-mt-unsafe) */
    }
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){.loop = loop_new(true)};
    kit_init(&s->control);
    kit_init(&s->kit);
    fleet_init(&s->fleet, s->loop, &s->control);
    const char *path = arena_printf(&s->kit.arena, "%s/fleet-root.pem", s->kit.dir);
    assert_int_equal(file_replace(path, s->fleet.root_pem, 0644, NULL), ERR_OK);
    load_settings(s);
    for (unsigned i = 0; i < ARRAY_LEN(s->roots); i++)
        s->roots[i] = kit_root_make(
            &s->control, &(struct kit_root){.names = 300, .changed = 1, .generation = i});
    fleet_publish(&s->fleet, &s->roots[0]);
    stage_start(s);
}

static void stage_end(struct stage *s)
{
    int status = 0;
    assert_int_equal(kill(s->pid, SIGTERM), 0);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void stage_fini(struct stage *s)
{
    fleet_fini(&s->fleet);
    settings_fini(&s->settings);
    loop_free(s->loop);
    kit_fini(&s->kit);
    kit_fini(&s->control);
}

static bool read_ready(const struct stage *s, struct arena *a, const char **out)
{
    struct slice text;
    const char *path = arena_printf(a, "%s/ready.json", s->kit.dir);
    if (file_read(a, path, 4096, &text, NULL) != ERR_OK)
        return false;
    *out = arena_str(a, text);
    return true;
}

static bool is_ready(void *arg)
{
    AUTO_ARENA struct arena a = {0};
    const char *text;
    return read_ready(arg, &a, &text);
}

/** What stands behind a label of ready.json. */
static struct net_address address_of(const struct stage *s, const char *label)
{
    AUTO_ARENA struct arena a = {0};
    const char *text = "";
    struct net_address address;
    assert_true(read_ready(s, &a, &text));
    const char *key = arena_printf(&a, "\"%s\": \"", label);
    const char *at = strstr(text, key);
    assert_non_null(at);
    at += strlen(key);
    struct slice value = slice_of(at, strcspn(at, "\""));
    assert_int_equal(net_address_parse(value, &address, NULL), ERR_OK);
    return address;
}

/** Whether the dns role answers with this root. */
static bool serves(const struct stage *s, const struct chunk_hash *root)
{
    char want[SHA256_HEX_SIZE];
    char got[SHA256_HEX_SIZE] = "";
    struct net_address address = address_of(s, "dns");
    slice_hex(slice_of(root->bytes, SHA256_BYTES), want);
    int fd = socket(address.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct timeval limit = {.tv_sec = 5};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    bool is_answered = connect(fd, &address.sa, address.len) == 0 &&
                       recv(fd, got, sizeof(got), MSG_WAITALL) == (ssize_t)sizeof(got);
    (void)close(fd);
    return is_answered && memcmp(want, got, sizeof(want)) == 0;
}

static bool serves_second(void *arg)
{
    const struct stage *s = arg;
    return is_ready(arg) && serves(s, &s->roots[1]);
}

/** The pid of a process of the node by its name; 0 where there is none. */
static pid_t find_process(const struct stage *s, const char *name)
{
    char command[200];
    (void)snprintf(command, sizeof(command), "/proc/%d/task/%d/children", s->pid, s->pid);
    FILE *file = fopen(command, "r");
    assert_non_null(file);
    int pid = 0;
    pid_t found = 0;
    while (found == 0 && fscanf(file, "%d", &pid) == 1) {
        char path[64];
        char comm[32] = "";
        (void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        FILE *of_child = fopen(path, "r");
        if (of_child == NULL)
            continue;
        if (fscanf(of_child, "%31s", comm) == 1 && strcmp(comm, name) == 0)
            found = pid;
        (void)fclose(of_child);
    }
    (void)fclose(file);
    return found;
}

struct wish {
    struct stage *stage;
    const char *name;
    pid_t not ;
};

static bool is_replaced(void *arg)
{
    const struct wish *w = arg;
    pid_t pid = find_process(w->stage, w->name);
    return pid != 0 && pid != w->not &&is_ready(w->stage);
}

/** Waits until another process than `before` has the name, and the node is ready. */
static void await_replacement(struct stage *s, const char *name, pid_t before)
{
    struct wish w = {s, name, before};
    run_until(s->loop, is_replaced, &w);
}

/* ---- claims */

static void it_serves_what_control_offers_and_ends_in_order(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    run_until(s.loop, is_ready, &s);
    assert_true(serves(&s, &s.roots[0]));
    fleet_publish(&s.fleet, &s.roots[1]);
    run_until(s.loop, serves_second, &s);
    stage_end(&s);
    assert_false(is_ready(&s));
    stage_fini(&s);
}

static void a_killed_role_comes_back_on_the_same_socket(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    run_until(s.loop, is_ready, &s);
    struct net_address before = address_of(&s, "dns");
    pid_t dns = find_process(&s, "dns");
    assert_int_equal(kill(dns, SIGKILL), 0);
    await_replacement(&s, "dns", dns);
    struct net_address after = address_of(&s, "dns");
    assert_true(net_address_equal(&before, &after));
    assert_true(serves(&s, &s.roots[0]));
    stage_end(&s);
    stage_fini(&s);
}

static bool admin_is_healthy(void *arg)
{
    const struct stage *s = arg;
    AUTO_ARENA struct arena a = {0};
    struct http_call_options options = {.address = address_of(s, "admin"),
                                        .connect_timeout_ns = 5 * NS_PER_S,
                                        .response_timeout_ns = 5 * NS_PER_S};
    struct http_request request = {.method = SLICE_LIT("GET"), .target = SLICE_LIT("/healthz")};
    struct http_answer answer = {0};
    http_fields_add_str(&a, &request.fields, "Host", "localhost");
    return http_call_wait(&a, &options, &request, (struct slice){0}, &answer, NULL) == ERR_OK &&
           answer.status == 200;
}

static void a_killed_agent_learns_anew_how_things_stand(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    run_until(s.loop, is_ready, &s);
    run_until(s.loop, admin_is_healthy, &s);
    pid_t agent = find_process(&s, "agent");
    pid_t dns = find_process(&s, "dns");
    assert_int_equal(kill(agent, SIGKILL), 0);
    await_replacement(&s, "agent", agent);
    run_until(s.loop, admin_is_healthy, &s);
    assert_int_equal(find_process(&s, "dns"), dns); /* it went on */
    fleet_publish(&s.fleet, &s.roots[1]);
    run_until(s.loop, serves_second, &s);
    stage_end(&s);
    stage_fini(&s);
}

static void a_thread_whose_heart_stops_is_ended(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    run_until(s.loop, is_ready, &s);
    pid_t dns = find_process(&s, "dns");
    const char *path = arena_printf(&s.kit.arena, "%s/stuck", s.kit.dir);
    assert_int_equal(file_replace(path, SLICE_LIT(""), 0644, NULL), ERR_OK);
    await_replacement(&s, "dns", dns);
    assert_true(serves(&s, &s.roots[0]));
    stage_end(&s);
    stage_fini(&s);
}

static void without_control_it_serves_from_its_disk(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    run_until(s.loop, is_ready, &s);
    fleet_stop_control(&s.fleet);
    assert_int_equal(kill(s.pid, SIGKILL), 0);
    assert_int_equal(waitpid(s.pid, NULL, 0), s.pid);
    const char *path = arena_printf(&s.kit.arena, "%s/ready.json", s.kit.dir);
    assert_int_equal(file_remove(path, NULL), ERR_OK);
    stage_start(&s);
    run_until(s.loop, is_ready, &s);
    assert_true(serves(&s, &s.roots[0]));
    stage_end(&s);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_serves_what_control_offers_and_ends_in_order),
        cmocka_unit_test(a_killed_role_comes_back_on_the_same_socket),
        cmocka_unit_test(a_killed_agent_learns_anew_how_things_stand),
        cmocka_unit_test(a_thread_whose_heart_stops_is_ended),
        cmocka_unit_test(without_control_it_serves_from_its_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
