// SPDX-License-Identifier: Apache-2.0
// The agent as a process: a real control over TLS on loopback, the test as supervisor and role.
#include "fleet.h"

#include "base/time.h"
#include "node/fetch.h"
#include "os/file.h"
#include "run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The root that the trial finds fault with; set before the agent is forked. */
static struct chunk_hash bad_root;

static enum err try_root(const struct role_root *before, const struct role_root *after,
                         const struct sample_ring *samples, struct errctx *ec)
{
    (void)before;
    (void)samples;
    if (chunk_hash_equal(after->hash, &bad_root))
        return err_set(ec, ERR_INVALID, "www.example.com. TXT: answer became SERVFAIL");
    return ERR_OK;
}

static const struct role_release_ops ops = {.try_root = try_root};

/** One fleet of one node; `roots` are releases that control has. */
struct stage {
    struct kit kit;
    struct loop *loop;
    struct fleet fleet;
    struct test_node node;
    struct chunk_hash roots[4];
};

static void stage_init(struct stage *s)
{
    *s = (struct stage){.loop = loop_new(true)};
    kit_init(&s->kit);
    fleet_init(&s->fleet, s->loop, &s->kit);
    test_node_init(&s->node, &s->fleet, &ops);
    for (unsigned i = 0; i < ARRAY_LEN(s->roots); i++)
        s->roots[i] =
            kit_root_make(&s->kit, &(struct kit_root){.names = 300, .changed = 1, .generation = i});
    bad_root = (struct chunk_hash){0};
}

static void stage_fini(struct stage *s)
{
    test_node_fini(&s->node);
    fleet_fini(&s->fleet);
    loop_free(s->loop);
    kit_fini(&s->kit);
}

/** The dns role starts, as process `pid`, and applies what it is told. */
static void serve(struct stage *s, int64_t pid, const struct chunk_hash *root)
{
    test_node_tell(&s->node, CHANNEL_ROLE_STARTED, pid, "");
    test_node_tell(&s->node, CHANNEL_ROLE_HELLO, pid, "");
    test_node_expect(&s->node, CHANNEL_APPLY, root);
    test_node_applied(&s->node, pid, root);
    test_node_tell(&s->node, CHANNEL_ROLE_READY, pid, "");
}

static bool reports_applied(void *arg)
{
    const struct stage *s = arg;
    return chunk_hash_equal(&s->fleet.report.applied, &s->roots[0]);
}

/** From nothing to serving the first root. */
static void begin(struct stage *s)
{
    fleet_publish(&s->fleet, &s->roots[0]);
    test_node_start(&s->node);
    test_node_expect(&s->node, CHANNEL_FIRST_ROOT, &s->roots[0]);
    serve(s, 100, &s->roots[0]);
    run_until(s->loop, reports_applied, s);
}

static void a_pointer_becomes_a_tried_and_served_root(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    begin(&s);
    assert_string_equal(s.fleet.report.node_id, s.node.identity.node_id);
    assert_int_equal(s.fleet.report.sequence, 1);
    assert_true(chunk_hash_equal(&s.fleet.report.tried, &s.roots[0]));
    fleet_publish(&s.fleet, &s.roots[1]);
    test_node_expect(&s.node, CHANNEL_APPLY, &s.roots[1]);
    stage_fini(&s);
}

static bool reports_rejected(void *arg)
{
    const struct stage *s = arg;
    return chunk_hash_equal(&s->fleet.report.rejected, &s->roots[1]);
}

static void a_root_that_fails_its_trial_is_reported_and_no_role_sees_it(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    bad_root = s.roots[1];
    begin(&s);
    fleet_publish(&s.fleet, &s.roots[1]);
    run_until(s.loop, reports_rejected, &s);
    assert_string_equal(s.fleet.report.rejected_reason,
                        "trial: www.example.com. TXT: answer became SERVFAIL");
    assert_true(chunk_hash_equal(&s.fleet.report.applied, &s.roots[0]));
    fleet_publish(&s.fleet, &s.roots[2]);
    struct chunk_hash third = s.roots[2];
    assert_false(test_node_has_said(&s.node, CHANNEL_APPLY, &s.roots[1]));
    test_node_expect(&s.node, CHANNEL_APPLY, &third);
    stage_fini(&s);
}

static void a_node_starts_from_its_disk_without_control(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    begin(&s);
    assert_true(WIFSIGNALED(test_node_end(&s.node, SIGKILL)));
    fleet_stop_control(&s.fleet);
    s.node.said_count = 0;
    test_node_start(&s.node);
    test_node_expect(&s.node, CHANNEL_FIRST_ROOT, &s.roots[0]);
    serve(&s, 101, &s.roots[0]);
    stage_fini(&s);
}

static bool reports_proven(void *arg)
{
    const struct stage *s = arg;
    return chunk_hash_equal(&s->fleet.report.proven, &s->roots[0]);
}

static bool is_all_on_disk(const struct stage *s, const struct chunk_hash *root)
{
    struct node_db *db;
    assert_int_equal(node_db_open(s->node.kit.dir, false, &db, NULL), ERR_OK);
    bool is_whole = fetch_is_whole(db, root, KIT_KINDS);
    node_db_close(db);
    return is_whole;
}

static void a_role_that_is_added_gets_its_objects_before_the_node_serves_them(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.roots[0] = kit_root_make(&s.kit, &(struct kit_root){.names = 300, .distributions = 300});
    begin(&s);
    assert_false(is_all_on_disk(&s, &s.roots[0]));
    (void)test_node_end(&s.node, SIGTERM);
    test_node_set_kinds(KIT_KINDS);
    s.node.said_count = 0;
    test_node_start(&s.node);
    test_node_expect(&s.node, CHANNEL_FIRST_ROOT, &s.roots[0]);
    assert_true(is_all_on_disk(&s, &s.roots[0]));
    serve(&s, 101, &s.roots[0]);
    stage_fini(&s);
}

static void two_crashes_bring_the_proven_root_back(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.node.settings.proven_ms = 200;
    begin(&s);
    run_until(s.loop, reports_proven, &s);
    assert_true(WIFEXITED(test_node_end(&s.node, SIGTERM)));
    s.node.settings.proven_ms = 3600000;
    s.node.said_count = 0;
    test_node_start(&s.node);
    test_node_expect(&s.node, CHANNEL_FIRST_ROOT, &s.roots[0]);
    serve(&s, 100, &s.roots[0]);
    fleet_publish(&s.fleet, &s.roots[1]);
    test_node_expect(&s.node, CHANNEL_APPLY, &s.roots[1]);
    test_node_applied(&s.node, 100, &s.roots[1]);
    test_node_tell(&s.node, CHANNEL_ROLE_CRASHED, 100, "signal 11 (SEGV)");
    serve(&s, 101, &s.roots[1]);
    test_node_tell(&s.node, CHANNEL_ROLE_CRASHED, 101, "signal 11 (SEGV)");
    serve(&s, 102, &s.roots[0]);
    run_until(s.loop, reports_rejected, &s);
    assert_string_equal(s.fleet.report.rejected_reason, "crashed twice: dns: signal 11 (SEGV)");
    stage_fini(&s);
}

static void write_pin(const struct stage *s, const struct chunk_hash *root)
{
    char path[128];
    char hex[SHA256_HEX_SIZE];
    (void)snprintf(path, sizeof(path), "%s/pin", s->node.kit.dir);
    slice_hex(slice_of(root->bytes, sizeof(root->bytes)), hex);
    assert_int_equal(file_replace(path, slice_str(hex), 0644, NULL), ERR_OK);
}

static void a_pin_file_holds_a_root(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    begin(&s);
    write_pin(&s, &s.roots[1]);
    test_node_expect(&s.node, CHANNEL_APPLY, &s.roots[1]); /* fetched and tried first */
    fleet_publish(&s.fleet, &s.roots[2]);
    run_for(s.loop, 200 * NS_PER_MS);
    assert_false(test_node_has_said(&s.node, CHANNEL_APPLY, &s.roots[2]));
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/pin", s.node.kit.dir);
    assert_int_equal(file_remove(path, NULL), ERR_OK);
    test_node_expect(&s.node, CHANNEL_APPLY, &s.roots[2]);
    stage_fini(&s);
}

static bool contains(struct stage *s, const char *path, const char *text)
{
    AUTO_ARENA struct arena a = {0};
    const char *page;
    assert_int_equal(test_node_get(&s->node, &a, path, &page), 200);
    return strstr(page, text) != NULL;
}

static bool has_refused_both(void *arg)
{
    struct stage *s = arg;
    return contains(s, "/metrics", "outcome=\"lower\"} 1") &&
           contains(s, "/metrics", "outcome=\"unverified\"} ");
}

static void pointers_that_are_lower_or_not_signed_are_refused(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.fleet.sequence = 10;
    begin(&s); /* 11 */
    /* The server says 12 and 13, so that it is asked; the pointers themselves say otherwise. */
    fleet_publish_bytes(&s.fleet, fleet_sign(&s.fleet, 5, &s.roots[1], &s.roots[1], NULL), 12);
    run_for(s.loop, 100 * NS_PER_MS);
    struct slice forged =
        arena_copy(&s.kit.arena, fleet_sign(&s.fleet, 13, &s.roots[1], &s.roots[1], NULL));
    uint8_t *bytes = arena_alloc(&s.kit.arena, forged.len);
    memcpy(bytes, forged.data, forged.len);
    bytes[4] ^= 1; /* in the pointer, behind tag and length */
    fleet_publish_bytes(&s.fleet, slice_of(bytes, forged.len), 13);
    run_until(s.loop, has_refused_both, &s);
    assert_false(test_node_has_said(&s.node, CHANNEL_APPLY, &s.roots[1]));
    assert_true(contains(&s, "/status", "\"sequence\": 11,"));
    stage_fini(&s);
}

static bool is_healthy(void *arg)
{
    struct stage *s = arg;
    AUTO_ARENA struct arena a = {0};
    const char *text;
    return test_node_get(&s->node, &a, "/healthz", &text) == 200;
}

static void tell_control_ready(struct stage *s)
{
    struct channel_message m = {.kind = CHANNEL_ROLE_READY, .role = FLEET_CONTROL, .number = 99};
    channel_send(s->node.node.supervisor_agent_fd, &m);
}

static void the_admin_page_says_how_things_are(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    AUTO_ARENA struct arena a = {0};
    const char *text;
    test_node_start(&s.node);
    assert_int_equal(test_node_get(&s.node, &a, "/healthz", &text), 503);
    assert_string_equal(text, "control does not run\ndns waits for a first release\n");
    fleet_publish(&s.fleet, &s.roots[0]);
    test_node_expect(&s.node, CHANNEL_FIRST_ROOT, &s.roots[0]);
    serve(&s, 100, &s.roots[0]);
    tell_control_ready(&s);
    run_until(s.loop, is_healthy, &s);
    assert_true(contains(&s, "/status", "\"name\": \"dns\", \"running\": true, \"ready\": true"));
    assert_true(contains(&s, "/status", "\"step\": \"applied\""));
    assert_true(contains(&s, "/metrics", "weir_trials_total"));
    assert_int_equal(test_node_get(&s.node, &a, "/", &text), 404);
    test_node_tell(&s.node, CHANNEL_SHUTDOWN, 0, "");
    run_for(s.loop, 20 * NS_PER_MS);
    assert_int_equal(test_node_get(&s.node, &a, "/healthz", &text), 503);
    assert_string_equal(text, "draining\n");
    stage_fini(&s);
}

static void the_admin_page_is_asked_by_address_or_as_localhost(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        unsigned status;
    } cases[] = {
        {"localhost", 200},
        {"LocalHost:5390", 200},
        {"127.0.0.1", 200},
        {"192.0.2.1:5390", 200},
        {"[::1]", 200},
        {"[::1]:5390", 200},
        {"evil.example", 403},
        {"evil.example:5390", 403},
        {"localhost.evil.example", 403},
        {"127.0.0.1.evil.example:5390", 403},
        {"0000000000000000000000000000000000000000000000000000000000000000000000000000.example",
         403},
    };
    struct stage s;
    stage_init(&s);
    AUTO_ARENA struct arena a = {0};
    const char *text;
    test_node_start(&s.node);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(test_node_get_as(&s.node, &a, cases[i].host, "/status", &text),
                         cases[i].status);
    stage_fini(&s);
}

static void an_empty_disk_is_filled_by_a_peer(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct test_node second;
    test_node_init(&second, &s.fleet, &ops);
    s.roots[0] = kit_root_make(
        &s.kit,
        &(struct kit_root){.names = 3000, .node_key = signing_key_public(second.identity.key)});
    begin(&s);
    fleet_stop_control(&s.fleet);
    second.peer[0] = test_node_peer_url(&s.node);
    second.settings.peer = (struct settings_list){.items = second.peer, .count = 1};
    test_node_start(&second);
    test_node_expect(&second, CHANNEL_FIRST_ROOT, &s.roots[0]);
    test_node_fini(&second);
    stage_fini(&s);
}

static void a_stranger_gets_nothing_from_a_peer(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct test_node second;
    test_node_init(&second, &s.fleet, &ops);
    begin(&s);
    fleet_stop_control(&s.fleet);
    second.peer[0] = test_node_peer_url(&s.node);
    second.settings.peer = (struct settings_list){.items = second.peer, .count = 1};
    test_node_start(&second);
    run_for(s.loop, 2 * NS_PER_S);
    assert_false(test_node_has_said(&second, CHANNEL_FIRST_ROOT, NULL));
    test_node_fini(&second);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pointer_becomes_a_tried_and_served_root),
        cmocka_unit_test(a_root_that_fails_its_trial_is_reported_and_no_role_sees_it),
        cmocka_unit_test(a_node_starts_from_its_disk_without_control),
        cmocka_unit_test(a_role_that_is_added_gets_its_objects_before_the_node_serves_them),
        cmocka_unit_test(two_crashes_bring_the_proven_root_back),
        cmocka_unit_test(a_pin_file_holds_a_root),
        cmocka_unit_test(pointers_that_are_lower_or_not_signed_are_refused),
        cmocka_unit_test(the_admin_page_says_how_things_are),
        cmocka_unit_test(the_admin_page_is_asked_by_address_or_as_localhost),
        cmocka_unit_test(an_empty_disk_is_filled_by_a_peer),
        cmocka_unit_test(a_stranger_gets_nothing_from_a_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
