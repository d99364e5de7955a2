// SPDX-License-Identifier: Apache-2.0
// The service weir: what an operator decides about nodes.
#include "control/store/fleet.h"
#include "control/store/objects.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define WEIR "/weir/2026-01-01/"
#define NODE "abcdefghijklmnop"

static int setup(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    struct errctx ec = {0};
    struct store_node node = {.id = NODE, .address = "192.0.2.1"};
    memset(node.public_key, 9, sizeof(node.public_key));
    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(store_node_put(f->conn, &node, &ec), ERR_OK);
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
    return 0;
}

static const char *decide(struct fixture *f, const char *operation, unsigned status)
{
    return fixture_post(f, arena_printf(&f->arena, WEIR "%s", operation), "{\"Id\": \"" NODE "\"}",
                        status);
}

/* The node's object in the release; false where it has none. */
static bool find_object(struct fixture *f, struct store_object *out)
{
    struct store_object which = {.kind = STORE_NODE, .group = NODE};
    struct errctx ec = {0};
    return store_object_get(f->conn, &f->arena, &which, out, &ec) == ERR_OK;
}

static void a_node_goes_from_pending_to_removed(void **state)
{
    struct fixture *f = *state;
    struct store_object object;
    assert_holds(fixture_post(f, WEIR "ListNodes", "{}", 200), "\"State\":\"PENDING\"");
    assert_false(find_object(f, &object));

    assert_holds(decide(f, "AdmitNode", 200), "\"State\":\"ADMITTED\"");
    assert_true(find_object(f, &object));
    assert_int_equal(object.body.len, STORE_NODE_BODY_BYTES);
    assert_int_equal(object.body.data[0], 9);
    assert_int_equal(object.body.data[STORE_NODE_KEY_BYTES], 0);

    assert_holds(decide(f, "CordonNode", 200), "\"State\":\"CORDONED\"");
    assert_holds(decide(f, "DrainNode", 200), "\"State\":\"DRAINING\"");
    assert_true(find_object(f, &object));
    assert_int_equal(object.body.data[STORE_NODE_KEY_BYTES], STORE_NODE_FLAG_DRAINING);
    assert_holds(decide(f, "UncordonNode", 200), "\"State\":\"ADMITTED\"");
    assert_holds(decide(f, "RemoveNode", 200), "\"State\":\"REMOVED\"");
    assert_false(find_object(f, &object));
    assert_holds(fixture_post(f, WEIR "ListNodes", "", 200), "\"Nodes\":[]");
}

static void each_decision_takes_a_version_once(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    uint64_t before;
    uint64_t after;
    decide(f, "AdmitNode", 200);
    assert_int_equal(store_version(f->conn, &before, &ec), ERR_OK);
    decide(f, "AdmitNode", 200);
    assert_int_equal(store_version(f->conn, &after, &ec), ERR_OK);
    assert_int_equal(before, after);
    decide(f, "CordonNode", 200);
    assert_int_equal(store_version(f->conn, &after, &ec), ERR_OK);
    assert_true(after > before);
}

static void decisions_that_do_not_fit_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_holds(decide(f, "CordonNode", 409), "\"Code\":\"InvalidNodeState\"");
    assert_holds(decide(f, "FrobNode", 404), "\"Code\":\"UnknownOperationException\"");
    assert_holds(fixture_post(f, WEIR "AdmitNode", "{\"Id\": \"nope\"}", 404),
                 "No node found with ID: nope");
    const char *body = arena_printf(&f->arena, "{\"Id\": \"%0300d\"}", 0);
    const char *shown = arena_printf(&f->arena, "No node found with ID: %0256d\"", 0);
    assert_holds(fixture_post(f, WEIR "AdmitNode", body, 404), shown);
    assert_holds(fixture_post(f, WEIR "AdmitNode", "{}", 400), "A text 'Id' is expected");
    assert_holds(fixture_post(f, WEIR "AdmitNode", "[]", 400), "not a JSON object");
    assert_holds(fixture_post(f, WEIR "AdmitNode", "{\"Id\":1,\"Id\":2}", 400),
                 "not a JSON object");
    fixture_get(f, WEIR "ListNodes", "", 405);
}

static struct slice status_of(void *user, struct arena *a)
{
    (void)user;
    return slice_str(arena_strdup(a, "{\"Sequence\": 7, \"Nodes\": {\"" NODE
                                     "\": {\"Roles\": \"dns\", \"Id\": \"never\"}}}"));
}

static void what_the_rollout_knows_is_added(void **state)
{
    struct fixture *f = *state;
    f->options.node_status = status_of;
    const char *text = fixture_post(f, WEIR "ListNodes", "{}", 200);
    assert_holds(text, "\"Sequence\":7");
    assert_holds(text, "\"Roles\":\"dns\"");
    assert_holds(text, "\"Id\":\"" NODE "\"");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_node_goes_from_pending_to_removed),
        TEST(each_decision_takes_a_version_once),
        TEST(decisions_that_do_not_fit_are_refused),
        TEST(what_the_rollout_knows_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
