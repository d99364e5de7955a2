// SPDX-License-Identifier: Apache-2.0
// Which node stands in which point of presence, and how that comes into the store.
#include "control/rollout/pops.h"

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
    struct pops stored;
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
    const struct store_node row = {.id = id, .state = state, .address = ""};
    return roster_add(&s->roster, &row);
}

/* A report of an edge at one address; its last byte tells it from the others. */
static void say(struct roster_node *n, const char *pop, uint8_t last, const char *location)
{
    const char *roles[] = {"edge"};
    const char *features[] = {RELEASE_FEATURE_POPS};
    uint8_t ip[] = {192, 0, 2, last};
    struct slice address = slice_of(ip, sizeof(ip));
    const struct release_report report = {
        .node_id = n->id,
        .roles = roles,
        .role_count = 1,
        .version = "1",
        .rejected_reason = "",
        .features = features,
        .feature_count = 1,
        .pop = pop,
        .addresses = &address,
        .address_count = 1,
        .location = location,
    };
    roster_hear(n, &report, 0, S);
}

/* "ZRH:a=1,b=2 FRA:c=3": names, nodes, the last bytes of their addresses. */
static const char *text_of(struct scene *s, const struct pops *pops)
{
    AUTO_BUF struct buf out = {0};
    for (size_t i = 0; i < pops->count; i++) {
        const struct release_pop *p = &pops->items[i];
        assert_null(release_pop_problem(p));
        buf_printf(&out, "%s%s%s%s:", i == 0 ? "" : " ", p->name, p->location[0] == '\0' ? "" : "@",
                   p->location);
        for (size_t n = 0; n < p->node_count; n++) {
            buf_printf(&out, "%s%s", n == 0 ? "" : ",", p->nodes[n].node_id);
            for (size_t k = 0; k < p->nodes[n].address_count; k++)
                buf_printf(&out, "=%u", p->nodes[n].addresses[k].data[3]);
        }
    }
    return arena_str(&s->arena, buf_slice(&out));
}

static const char *wanted(struct scene *s)
{
    struct pops out;
    pops_wanted(&s->arena, &s->roster, &s->stored, &out);
    return text_of(s, &out);
}

/* What is wanted now becomes what the store has. */
static void store(struct scene *s)
{
    struct pops out;
    pops_wanted(&s->arena, &s->roster, &s->stored, &out);
    s->stored.items = arena_array(&s->arena, out.count, sizeof(*out.items));
    s->stored.count = out.count;
    for (size_t i = 0; i < out.count; i++) {
        struct slice body = release_pop_encode(&s->arena, &out.items[i]);
        assert_int_equal(release_pop_decode(&s->arena, body, &s->stored.items[i], NULL), ERR_OK);
    }
}

static void nodes_of_one_name_stand_together(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    say(add(&s, "b", STORE_NODE_ADMITTED), "ZRH50-P1", 2, "eu-central-2");
    say(add(&s, "a", STORE_NODE_ADMITTED), "ZRH50-P1", 1, "");
    say(add(&s, "c", STORE_NODE_ADMITTED), "FRA50-P1", 3, "");
    assert_string_equal(wanted(&s), "FRA50-P1:c=3 ZRH50-P1@eu-central-2:a=1,b=2");
    scene_fini(&s);
}

static void only_admitted_edges_that_name_one_stand_anywhere(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct roster_node *n = add(&s, "a", STORE_NODE_ADMITTED);
    assert_string_equal(wanted(&s), ""); /* not heard */
    say(n, "", 1, "");
    assert_string_equal(wanted(&s), "");
    say(n, "P1", 1, "");
    assert_string_equal(wanted(&s), "P1:a=1");
    n->serves = STORE_ROLE_DNS;
    assert_string_equal(wanted(&s), "");
    n->serves = STORE_ROLE_DNS | STORE_ROLE_EDGE;
    static const enum store_node_state others[] = {STORE_NODE_PENDING, STORE_NODE_CORDONED,
                                                   STORE_NODE_DRAINING, STORE_NODE_REMOVED};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        n->state = others[i];
        assert_string_equal(wanted(&s), "");
    }
    scene_fini(&s);
}

static void a_node_that_says_something_else_moves(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct roster_node *a = add(&s, "a", STORE_NODE_ADMITTED);
    say(a, "P1", 1, "");
    say(add(&s, "b", STORE_NODE_ADMITTED), "P1", 2, "");
    store(&s);
    say(a, "P2", 9, "");
    assert_string_equal(wanted(&s), "P1:b=2 P2:a=9");
    scene_fini(&s);
}

static void a_control_that_has_heard_nobody_yet_takes_out_nobody(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    say(add(&s, "a", STORE_NODE_ADMITTED), "P1", 1, "eu-central-2");
    say(add(&s, "b", STORE_NODE_ADMITTED), "P1", 2, "");
    say(add(&s, "c", STORE_NODE_ADMITTED), "P3", 3, "");
    store(&s);
    roster_fini(&s.roster);
    roster_init(&s.roster);
    (void)add(&s, "a", STORE_NODE_ADMITTED);
    (void)add(&s, "b", STORE_NODE_ADMITTED);
    (void)add(&s, "c", STORE_NODE_CORDONED); /* an operator's word counts at once */
    assert_string_equal(wanted(&s), "P1@eu-central-2:a=1,b=2");
    say(roster_get(&s.roster, "b"), "P2", 2, "");
    assert_string_equal(wanted(&s), "P1@eu-central-2:a=1 P2:b=2");
    scene_fini(&s);
}

static void addresses_that_are_nobodys_are_left_out(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct roster_node *a = add(&s, "a", STORE_NODE_ADMITTED);
    say(a, "P1", 1, "");
    memcpy(a->addresses[0].bytes, "\0\0\0\0", 4);
    assert_string_equal(wanted(&s), "P1:a");
    a->addresses[0].bytes[0] = 224;
    assert_string_equal(wanted(&s), "P1:a");
    scene_fini(&s);
}

static void nodes_are_probed_once_all_versions_know_of_it(void **state)
{
    (void)state;
    struct scene s;
    struct pops out;
    scene_init(&s);
    struct roster_node *a = add(&s, "a", STORE_NODE_ADMITTED);
    say(a, "P1", 1, "");
    a->http_port = 8080;
    a->knows_checks = true;
    pops_wanted(&s.arena, &s.roster, &s.stored, &out);
    assert_int_equal(out.items[0].nodes[0].http_port, 8080);
    store(&s);
    a->http_port = 0; /* its edge is starting */
    pops_wanted(&s.arena, &s.roster, &s.stored, &out);
    assert_int_equal(out.items[0].nodes[0].http_port, 8080);
    struct roster_node *b = add(&s, "b", STORE_NODE_ADMITTED);
    say(b, "", 2, "");
    pops_wanted(&s.arena, &s.roster, &s.stored, &out);
    assert_int_equal(out.items[0].nodes[0].http_port, 0);
    b->knows_checks = true;
    pops_wanted(&s.arena, &s.roster, &s.stored, &out);
    assert_int_equal(out.items[0].nodes[0].http_port, 8080);
    scene_fini(&s);
}

static void a_node_of_an_older_version_keeps_them_out_of_releases(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    say(add(&s, "a", STORE_NODE_ADMITTED), "P1", 1, "");
    assert_null(pops_lacking(&s.roster));
    struct roster_node *old = add(&s, "b", STORE_NODE_ADMITTED);
    assert_null(pops_lacking(&s.roster)); /* not heard: nothing is known */
    say(old, "P1", 1, "");
    old->knows_pops = false;
    assert_ptr_equal(pops_lacking(&s.roster), old);
    old->state = STORE_NODE_REMOVED;
    assert_null(pops_lacking(&s.roster));
    scene_fini(&s);
}

/* ---- over a store */

/* Whether the name that leads to all points of presence has these addresses alone. */
static bool dns_has(struct fleet *f, bool has_first, bool has_second)
{
    const struct store_object which = {
        .kind = STORE_NAME, .group = "Z2FDTNDATAQYW2", .member = SLICE_LIT("test.weir.cdn.pops.")};
    struct store_object object;
    if (store_object_get(f->conn, &f->arena, &which, &object, NULL) != ERR_OK)
        return !has_first && !has_second;
    const char *body = arena_str(&f->arena, object.body);
    return (strstr(body, "192.0.2.1<") != NULL) == has_first &&
           (strstr(body, "192.0.2.2<") != NULL) == has_second;
}

static uint64_t version_of(struct fleet *f)
{
    uint64_t version = 0;
    assert_int_equal(store_version(f->conn, &version, NULL), ERR_OK);
    return version;
}

static void what_edges_report_is_written_once_with_its_name_in_dns(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    assert_true(dns_has(&f, false, false));
    fleet_start(&f);
    struct fake_node *first = fleet_add(&f);
    struct fake_node *second = fleet_add(&f);
    first->is_edge = second->is_edge = true;
    first->pop = "P1";
    first->ip = "192.0.2.1";
    UNTIL(&f, dns_has(&f, true, false));
    uint64_t version = version_of(&f);
    fleet_run_for(&f, 300 * NS_PER_MS);
    assert_int_equal(version_of(&f), version);
    second->pop = "P2";
    second->ip = "192.0.2.2";
    fleet_decide(&f, second, STORE_NODE_ADMITTED);
    UNTIL(&f, dns_has(&f, true, true));
    second->is_silent = true;
    fleet_run_for(&f, 300 * NS_PER_MS);
    assert_true(dns_has(&f, true, true));
    fleet_decide(&f, second, STORE_NODE_DRAINING);
    UNTIL(&f, dns_has(&f, true, false));
    fleet_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_of_one_name_stand_together),
        cmocka_unit_test(only_admitted_edges_that_name_one_stand_anywhere),
        cmocka_unit_test(a_node_that_says_something_else_moves),
        cmocka_unit_test(a_control_that_has_heard_nobody_yet_takes_out_nobody),
        cmocka_unit_test(addresses_that_are_nobodys_are_left_out),
        cmocka_unit_test(nodes_are_probed_once_all_versions_know_of_it),
        cmocka_unit_test(a_node_of_an_older_version_keeps_them_out_of_releases),
        cmocka_unit_test(what_edges_report_is_written_once_with_its_name_in_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
