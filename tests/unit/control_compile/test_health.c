// SPDX-License-Identifier: Apache-2.0
// A stored health check as releases hold it, and releases with and without one.
#include "aws/r53_health.h"
#include "base/buf.h"
#include "control/compile/checker_priv.h"
#include "control/compile/compile.h"
#include "control/compile/health_priv.h"
#include "control/compile/pop_priv.h"
#include "control/store/checkers.h"
#include "release/memory_store.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ID "1ae9f1c5-2c2f-4a0c-9d3c-0d1f2f0c8a11"
#define CHILD_A "2ae9f1c5-2c2f-4a0c-9d3c-0d1f2f0c8a11"
#define CHILD_B "3ae9f1c5-2c2f-4a0c-9d3c-0d1f2f0c8a11"

static struct arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* What nodes get of a body. */
static struct release_health_check value_of(const struct r53_health_check_body *body)
{
    struct slice value;
    struct release_health_check check = {0};
    struct slice text = r53_health_encode(&arena, body);
    struct errctx ec = {0};
    if (health_check_value(&arena, ID, text, &value, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    assert_int_equal(release_health_check_decode(&arena, value, &check, NULL), ERR_OK);
    assert_string_equal(check.id, ID);
    return check;
}

static struct release_health_check of_config(struct r53_health_check_config config)
{
    return value_of(&(struct r53_health_check_body){.config = &config});
}

static void an_endpoint_is_probed_as_it_was_configured(void **state)
{
    (void)state;
    struct r53_health_check_config c = {.type = R53_CHECK_HTTPS_STR_MATCH,
                                        .fully_qualified_domain_name = "WWW.Example.com.",
                                        .resource_path = "health?a=b",
                                        .search_string = "ok",
                                        .has_request_interval = true,
                                        .request_interval = 10,
                                        .has_inverted = true,
                                        .inverted = true};
    struct release_health_check r = of_config(c);
    assert_int_equal(r.kind, RELEASE_CHECK_HTTPS);
    assert_int_equal(r.address_bytes, 0);
    assert_string_equal(r.host, "www.example.com");
    assert_string_equal(r.path, "/health?a=b");
    assert_string_equal(r.search, "ok");
    assert_int_equal(r.port, 443);
    assert_int_equal(r.threshold, 3);
    assert_true(r.is_sni && !r.is_slow && r.is_inverted && !r.is_disabled);
    c = (struct r53_health_check_config){.type = R53_CHECK_HTTPS, .ip_address = "fd00::1"};
    r = of_config(c);
    assert_int_equal(r.address_bytes, 16);
    assert_int_equal(r.address[0], 0xfd);
    assert_string_equal(r.path, "/");
    assert_string_equal(r.host, "");
    assert_true(!r.is_sni && r.is_slow); /* there is no name to send */
    c = (struct r53_health_check_config){
        .type = R53_CHECK_TCP, .ip_address = "10.0.0.1", .has_port = true, .port = 25};
    r = of_config(c);
    assert_true(r.kind == RELEASE_CHECK_TCP && r.port == 25 && r.address_bytes == 4);
    assert_string_equal(r.path, "");
}

static void the_longest_texts_fit(void **state)
{
    (void)state;
    AUTO_BUF struct buf search = {0};
    char path[255] = {0};
    memset(path, 'p', sizeof(path) - 1);
    for (size_t i = 0; i < 255; i++)
        buf_append_str(&search, "\xf0\x9f\x8c\x8d");
    struct r53_health_check_config c = {.type = R53_CHECK_HTTP_STR_MATCH,
                                        .ip_address = "10.0.0.1",
                                        .resource_path = path,
                                        .search_string = arena_str(&arena, buf_slice(&search))};
    struct release_health_check r = of_config(c);
    assert_int_equal(strlen(r.path), 255);
    assert_int_equal(strlen(r.search), 1020);
}

static void children_are_sorted_and_counted(void **state)
{
    (void)state;
    const char *children[] = {CHILD_B, CHILD_A};
    struct r53_health_check_config c = {.type = R53_CHECK_CALCULATED,
                                        .has_health_threshold = true,
                                        .health_threshold = 256,
                                        .has_child_health_checks = true,
                                        .child_health_checks = children,
                                        .child_health_checks_count = 2};
    struct release_health_check r = of_config(c);
    assert_true(r.kind == RELEASE_CHECK_CALCULATED && r.child_count == 2);
    assert_string_equal(r.children[0], CHILD_A);
    assert_int_equal(r.healthy_children, 256);
}

static void what_an_operator_said_travels_along(void **state)
{
    (void)state;
    struct r53_health_check_config c = {.type = R53_CHECK_RECOVERY_CONTROL,
                                        .routing_control_arn = "arn"};
    struct r53_health_override override = {.has_healthy = true,
                                           .has_number = true,
                                           .number = 7,
                                           .has_until_unix_s = true,
                                           .until_unix_s = 1000};
    struct r53_health_check_body body = {.config = &c};
    struct release_health_check r = value_of(&body);
    assert_true(r.kind == RELEASE_CHECK_POSTED && r.is_posted_healthy && !r.override.is_there);
    body.has_is_posted_unhealthy = body.is_posted_unhealthy = true;
    body.has_hold_down_s = true;
    body.hold_down_s = 30;
    body.override = &override;
    r = value_of(&body);
    assert_true(!r.is_posted_healthy && r.hold_down_s == 30);
    assert_true(r.override.is_there && !r.override.is_healthy && r.override.number == 7);
    assert_int_equal(r.override.until_unix_s, 1000);
    override.has_until_unix_s = false; /* taken back */
    assert_false(value_of(&body).override.is_there);
}

static void a_body_that_is_none_is_an_error(void **state)
{
    (void)state;
    struct slice value;
    assert_int_equal(health_check_value(&arena, ID, SLICE_LIT("<HealthCheckBody>"), &value, NULL),
                     ERR_CORRUPT);
}

/* A store of its own; objects are put at the next version, releases compiled from the newest. */
struct world {
    char dir[TEMP_DIR_SIZE];
    struct store *store;
    struct store_conn *conn;
    struct memory_store chunks;
    struct compile_job job; /* the next compile */
};

static void world_init(struct world *w)
{
    temp_dir_make(w->dir, "health");
    assert_int_equal(store_open("sqlite", w->dir, &w->store, NULL), ERR_OK);
    assert_int_equal(store_connect(w->store, &w->conn, NULL), ERR_OK);
    memory_store_init(&w->chunks);
    w->job.conn = w->conn;
    w->job.chunks = (struct compile_chunks){.source = w->chunks.source, .sink = w->chunks.sink};
}

static void world_fini(struct world *w)
{
    store_disconnect(w->conn);
    store_close(w->store);
    memory_store_fini(&w->chunks);
    temp_dir_remove(w->dir);
}

static void put_as(struct world *w, enum store_kind kind, const char *group, struct slice body)
{
    const struct store_object object = {
        .kind = kind, .group = group, .is_deleted = body.len == 0, .body = body};
    assert_int_equal(store_begin_write(w->conn, NULL), ERR_OK);
    assert_int_equal(store_take_version(w->conn, &w->job.after.version, NULL), ERR_OK);
    assert_int_equal(store_object_put(w->conn, &object, NULL), ERR_OK);
    assert_int_equal(store_commit(w->conn, NULL), ERR_OK);
}

static void put(struct world *w, struct slice body)
{
    put_as(w, STORE_HEALTH_CHECK, ID, body);
}

static struct release_root compile(struct world *w)
{
    struct release_root root;
    struct chunk_hash hash;
    struct slice bytes;
    assert_int_equal(store_begin_read(w->conn, NULL), ERR_OK);
    assert_int_equal(compile_release(&w->job, &hash, NULL), ERR_OK);
    store_rollback(w->conn);
    w->job.before_root = hash;
    w->job.before = w->job.after;
    assert_int_equal(w->chunks.source.get(w->chunks.source.user, &arena, &hash, &bytes, NULL),
                     ERR_OK);
    assert_int_equal(release_root_decode(&arena, bytes, &root, NULL), ERR_OK);
    return root;
}

static bool names_checks(const struct release_root *root)
{
    for (size_t i = 0; i < root->feature_count; i++)
        if (strcmp(root->features[i], RELEASE_FEATURE_CHECKS) == 0)
            return true;
    return false;
}

static void a_check_is_in_the_release_while_it_exists(void **state)
{
    (void)state;
    struct world w = {.job = {.seed = {.bytes = {7}}}};
    struct r53_health_check_config c = {
        .type = R53_CHECK_TCP, .ip_address = "10.0.0.1", .has_port = true, .port = 25};
    const struct r53_health_check_body body = {.config = &c};
    world_init(&w);
    put(&w, r53_health_encode(&arena, &body));
    struct release_root root = compile(&w);
    assert_int_equal(root.tries[RELEASE_HEALTH_CHECK].entries, 1);
    assert_true(names_checks(&root));
    put(&w, slice_of(NULL, 0));
    root = compile(&w);
    assert_int_equal(root.tries[RELEASE_HEALTH_CHECK].entries, 0);
    assert_false(names_checks(&root));
    world_fini(&w);
}

/* A point of presence with a node at these addresses. */
static void put_pop(struct world *w, uint16_t port, uint8_t first, uint8_t second)
{
    uint8_t addresses[2][4] = {{192, 0, 2, first}, {192, 0, 2, second}};
    struct slice slices[] = {slice_of(addresses[0], 4), slice_of(addresses[1], 4)};
    struct release_pop_node node = {
        .node_id = "n-1", .addresses = slices, .address_count = 2, .http_port = port};
    const struct release_pop pop = {.name = "P1", .location = "", .nodes = &node, .node_count = 1};
    put_as(w, STORE_POP, "P1", release_pop_encode(&arena, &pop));
}

/* The check of an address of it; false where the release has none. */
static bool find_pop_check(struct world *w, const struct release_root *root, uint8_t last,
                           struct release_health_check *out)
{
    const uint8_t address[] = {192, 0, 2, last};
    const char *id = pop_check_id(&arena, "P1", slice_of(address, sizeof(address)));
    const struct trie_object object = {
        .key = trie_key_of(&root->seed, slice_str(id), slice_of(NULL, 0)), .id = slice_str(id)};
    struct slice value;
    if (trie_get(&arena, &root->tries[RELEASE_HEALTH_CHECK], &object, &w->chunks.source, &value,
                 NULL) != ERR_OK)
        return false;
    assert_int_equal(release_health_check_decode(&arena, value, out, NULL), ERR_OK);
    return true;
}

static void a_point_of_presence_brings_its_checks_along(void **state)
{
    (void)state;
    struct world w = {.job = {.seed = {.bytes = {7}}}};
    struct release_health_check c;
    world_init(&w);
    put_pop(&w, 0, 1, 2);
    struct release_root root = compile(&w);
    struct trie_ref none = root.tries[RELEASE_HEALTH_CHECK];
    assert_int_equal(none.entries, 0);
    put_pop(&w, 8080, 1, 2);
    root = compile(&w);
    assert_true(names_checks(&root));
    assert_int_equal(root.tries[RELEASE_HEALTH_CHECK].entries, 2);
    assert_true(find_pop_check(&w, &root, 2, &c));
    assert_int_equal(c.kind, RELEASE_CHECK_HTTP);
    assert_int_equal(c.address[3], 2);
    assert_int_equal(c.port, 8080);
    assert_string_equal(c.path, RELEASE_POP_PROBE_PATH);
    put_pop(&w, 8081, 2, 3);
    root = compile(&w);
    assert_int_equal(root.tries[RELEASE_HEALTH_CHECK].entries, 2);
    assert_false(find_pop_check(&w, &root, 1, &c));
    assert_true(find_pop_check(&w, &root, 2, &c) && c.port == 8081);
    assert_true(find_pop_check(&w, &root, 3, &c));
    put_pop(&w, 8081, 3, 3); /* one address twice is one check */
    root = compile(&w);
    assert_int_equal(root.tries[RELEASE_HEALTH_CHECK].entries, 1);
    put_as(&w, STORE_POP, "P1", slice_of(NULL, 0));
    root = compile(&w);
    assert_int_equal(root.tries[RELEASE_HEALTH_CHECK].entries, 0);
    assert_false(names_checks(&root));
    world_fini(&w);
}

static void a_stored_checker_is_that_of_a_release(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const struct store_checker stored = {.node_id = "n-1",
                                         .public_key = {1, 2, 3},
                                         .address = {192, 0, 2, 1},
                                         .address_bytes = 4,
                                         .port = 0xabcd,
                                         .region = "eu-central-2",
                                         .is_excluded = true};
    struct slice body = store_checker_encode(&a, &stored);
    struct slice value;
    struct release_checker released;
    struct errctx ec = {0};
    assert_int_equal(checker_value(&a, "n-1", body, &value, &ec), ERR_OK);
    assert_int_equal(release_checker_decode(&a, value, &released, &ec), ERR_OK);
    assert_string_equal(released.node_id, "n-1");
    assert_memory_equal(released.public_key, stored.public_key, sizeof(stored.public_key));
    assert_int_equal(released.address_bytes, 4);
    assert_memory_equal(released.address, stored.address, 4);
    assert_int_equal(released.port, 0xabcd);
    assert_string_equal(released.region, "eu-central-2");
    assert_true(released.is_excluded);
    for (size_t len = 0; len < body.len - strlen(stored.region); len++)
        assert_int_equal(checker_value(&a, "n-1", slice_sub(body, 0, len), &value, &ec),
                         ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_endpoint_is_probed_as_it_was_configured, teardown),
        cmocka_unit_test_teardown(the_longest_texts_fit, teardown),
        cmocka_unit_test_teardown(children_are_sorted_and_counted, teardown),
        cmocka_unit_test_teardown(what_an_operator_said_travels_along, teardown),
        cmocka_unit_test_teardown(a_body_that_is_none_is_an_error, teardown),
        cmocka_unit_test_teardown(a_check_is_in_the_release_while_it_exists, teardown),
        cmocka_unit_test(a_stored_checker_is_that_of_a_release),
        cmocka_unit_test(a_point_of_presence_brings_its_checks_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
