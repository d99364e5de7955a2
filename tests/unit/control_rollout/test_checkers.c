// SPDX-License-Identifier: Apache-2.0
// Which nodes are checkers, and how that comes into the store.
#include "control/rollout/checkers.h"

#include "base/buf.h"
#include "fleet.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** A roster whose nodes report what a test says. */
struct scene {
    struct arena arena;
    struct roster roster;
    struct checkers stored;
};

static void scene_init(struct scene *s)
{
    *s = (struct scene){0};
    roster_init(&s->roster);
}

static void scene_fini(struct scene *s)
{
    roster_fini(&s->roster);
    arena_fini(&s->arena);
}

static struct roster_node *add(struct scene *s, const char *id, enum store_node_state state)
{
    const struct store_node row = {.id = id, .public_key = {7}, .state = state, .address = ""};
    return roster_add(&s->roster, &row);
}

/* A report of a node with this role, whose votes are at a port of 192.0.2.1; 0: nowhere yet. */
static void say(struct roster_node *n, const char *role, uint16_t port)
{
    static const uint8_t ip[] = {192, 0, 2, 1};
    const char *features[] = {RELEASE_FEATURE_CHECKS};
    struct slice address = slice_of(ip, sizeof(ip));
    const struct release_report report = {
        .node_id = n->id,
        .roles = &role,
        .role_count = 1,
        .version = "1",
        .rejected_reason = "",
        .features = features,
        .feature_count = 1,
        .pop = "",
        .location = "eu-central-2",
        .votes_address = port == 0 ? (struct slice){0} : address,
        .votes_port = port,
        .probe_addresses = &address,
        .probe_address_count = 1,
    };
    roster_hear(n, &report, 0, S);
}

/* "a=5391 b=5391!": nodes, ports; '!' is excluded. */
static const char *text_of(struct scene *s, const struct checkers *checkers)
{
    AUTO_BUF struct buf out = {0};
    for (size_t i = 0; i < checkers->count; i++) {
        const struct store_checker *c = &checkers->items[i];
        assert_int_equal(c->public_key[0], 7);
        assert_string_equal(c->region, "eu-central-2");
        buf_printf(&out, "%s%s=%u%s", i == 0 ? "" : " ", c->node_id, c->port,
                   c->is_excluded ? "!" : "");
    }
    return arena_str(&s->arena, buf_slice(&out));
}

static const char *wanted(struct scene *s)
{
    struct checkers out;
    checkers_wanted(&s->arena, &s->roster, &s->stored, &out);
    return text_of(s, &out);
}

/* What is wanted now becomes what the store has, by the way of its bytes. */
static void store(struct scene *s)
{
    struct checkers out;
    checkers_wanted(&s->arena, &s->roster, &s->stored, &out);
    s->stored.items = arena_array(&s->arena, out.count, sizeof(*out.items));
    s->stored.count = out.count;
    for (size_t i = 0; i < out.count; i++) {
        const char *id = arena_strdup(&s->arena, out.items[i].node_id);
        struct slice body = store_checker_encode(&s->arena, &out.items[i]);
        assert_int_equal(store_checker_decode(&s->arena, id, body, &s->stored.items[i], NULL),
                         ERR_OK);
    }
}

static void only_admitted_checkers_that_say_where_their_votes_are_count(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct roster_node *a = add(&s, "a", STORE_NODE_ADMITTED);
    assert_string_equal(wanted(&s), ""); /* not heard */
    say(a, "dns", 5391);
    assert_string_equal(wanted(&s), "");
    say(a, "check", 0);
    assert_string_equal(wanted(&s), "");
    say(a, "check", 5391);
    assert_string_equal(wanted(&s), "a=5391");
    memset(a->votes_address.bytes, 0, 4);
    assert_string_equal(wanted(&s), "");
    static const enum store_node_state others[] = {STORE_NODE_PENDING, STORE_NODE_CORDONED,
                                                   STORE_NODE_DRAINING, STORE_NODE_REMOVED};
    say(a, "check", 5391);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        a->state = others[i];
        assert_string_equal(wanted(&s), "");
    }
    scene_fini(&s);
}

static void a_checker_that_is_silent_or_not_heard_yet_stays(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    say(add(&s, "a", STORE_NODE_ADMITTED), "check", 5391);
    say(add(&s, "b", STORE_NODE_ADMITTED), "check", 5391);
    say(add(&s, "c", STORE_NODE_ADMITTED), "check", 5391);
    store(&s);
    roster_fini(&s.roster);
    roster_init(&s.roster);
    (void)add(&s, "a", STORE_NODE_ADMITTED);
    struct roster_node *b = add(&s, "b", STORE_NODE_ADMITTED);
    (void)add(&s, "c", STORE_NODE_CORDONED); /* an operator's word counts at once */
    assert_string_equal(wanted(&s), "a=5391 b=5391");
    say(b, "check", 0); /* its role is starting */
    assert_string_equal(wanted(&s), "a=5391 b=5391");
    say(b, "check", 5392);
    assert_string_equal(wanted(&s), "a=5391 b=5392");
    say(b, "dns", 0);
    assert_string_equal(wanted(&s), "a=5391");
    scene_fini(&s);
}

static void what_an_operator_excluded_stays_so(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct roster_node *a = add(&s, "a", STORE_NODE_ADMITTED);
    say(a, "check", 5391);
    store(&s);
    s.stored.items[0].is_excluded = true;
    assert_string_equal(wanted(&s), "a=5391!");
    say(a, "check", 5392);
    assert_string_equal(wanted(&s), "a=5392!");
    a->state = STORE_NODE_DRAINING;
    assert_string_equal(wanted(&s), "a=5391!");
    a->state = STORE_NODE_ADMITTED;
    say(a, "dns", 0);
    assert_string_equal(wanted(&s), "a=5391!");
    a->state = STORE_NODE_REMOVED;
    assert_string_equal(wanted(&s), "");
    scene_fini(&s);
}

static void a_node_of_an_older_version_keeps_them_out_of_releases(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    say(add(&s, "a", STORE_NODE_ADMITTED), "check", 5391);
    assert_null(checkers_lacking(&s.roster));
    struct roster_node *old = add(&s, "b", STORE_NODE_ADMITTED);
    assert_null(checkers_lacking(&s.roster)); /* not heard: nothing is known */
    say(old, "dns", 0);
    old->knows_checks = false;
    assert_ptr_equal(checkers_lacking(&s.roster), old);
    old->state = STORE_NODE_REMOVED;
    assert_null(checkers_lacking(&s.roster));
    scene_fini(&s);
}

/* ---- over a store */

/* "ID@PORT" of each checker that the store has, "!" where it is excluded. */
static const char *stored_text(struct fleet *f)
{
    struct store_checker *checkers = NULL;
    size_t count = 0;
    struct buf out = {0};
    assert_int_equal(store_checker_list(f->conn, &f->arena, 10, &checkers, &count, NULL), ERR_OK);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s@%u%s ", checkers[i].node_id, checkers[i].port,
                   checkers[i].is_excluded ? "!" : "");
    const char *text = arena_str(&f->arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}

static bool has_stored(struct fleet *f, const struct fake_node *n, const char *rest)
{
    const char *wanted_text =
        n == NULL ? "" : arena_printf(&f->arena, "%s%s ", n->identity.node_id, rest);
    return strcmp(stored_text(f), wanted_text) == 0;
}

static void exclude(struct fleet *f, const struct fake_node *n, bool is_excluded)
{
    bool is_changed = false;
    assert_int_equal(store_begin_write(f->conn, NULL), ERR_OK);
    assert_int_equal(
        store_checker_exclude(f->conn, n->identity.node_id, is_excluded, &is_changed, NULL),
        ERR_OK);
    assert_true(is_changed);
    assert_int_equal(
        store_checker_exclude(f->conn, n->identity.node_id, is_excluded, &is_changed, NULL),
        ERR_OK);
    assert_false(is_changed);
    assert_int_equal(store_commit(f->conn, NULL), ERR_OK);
}

static void what_checkers_report_is_written_and_an_exclusion_kept(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    fleet_start(&f);
    struct fake_node *first = fleet_add(&f);
    UNTIL(&f, first->pointer_count > 0);
    assert_true(has_stored(&f, NULL, ""));
    first->votes_port = 5391;
    UNTIL(&f, has_stored(&f, first, "@5391"));
    uint64_t before = 0;
    uint64_t after = 0;
    assert_int_equal(store_version(f.conn, &before, NULL), ERR_OK);
    fleet_run_for(&f, 300 * NS_PER_MS);
    assert_int_equal(store_version(f.conn, &after, NULL), ERR_OK);
    assert_int_equal(before, after);
    exclude(&f, first, true);
    first->votes_port = 5392;
    UNTIL(&f, has_stored(&f, first, "@5392!"));
    exclude(&f, first, false);
    first->is_silent = true;
    fleet_run_for(&f, 300 * NS_PER_MS);
    assert_true(has_stored(&f, first, "@5392"));
    fleet_decide(&f, first, STORE_NODE_DRAINING);
    UNTIL(&f, has_stored(&f, NULL, ""));
    fleet_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_admitted_checkers_that_say_where_their_votes_are_count),
        cmocka_unit_test(a_checker_that_is_silent_or_not_heard_yet_stays),
        cmocka_unit_test(what_an_operator_excluded_stays_so),
        cmocka_unit_test(a_node_of_an_older_version_keeps_them_out_of_releases),
        cmocka_unit_test(what_checkers_report_is_written_and_an_exclusion_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
