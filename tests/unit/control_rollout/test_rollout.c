// SPDX-License-Identifier: Apache-2.0
// The whole room over a real store and a real feed: changes committed here arrive at nodes, bad
// ones are held, crashes are taken back, and a control that comes again goes on.
#include "fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SERVES(n, values) (strcmp(fleet_serves(n), values) == 0)

/** Nodes that reported. */
static size_t count_heard(struct fleet *f)
{
    AUTO_ARENA struct arena a = {0};
    size_t count = 0;
    const char *at = arena_str(&a, rollout_status(f->rollout, &a));
    while ((at = strstr(at, "\"HeardMsAgo\"")) != NULL) {
        at++;
        count++;
    }
    return count;
}

/** A fleet that runs, with so many nodes that serve a first change. */
static void start_with(struct fleet *f, size_t node_count)
{
    fleet_init(f);
    fleet_start(f);
    for (size_t i = 0; i < node_count; i++) {
        struct fake_node *n = fleet_add(f);
        struct store_node row;
        if (i == 0)
            continue;
        UNTIL(f, store_node_get(f->conn, &f->arena, n->identity.node_id, &row, NULL) == ERR_OK);
        fleet_decide(f, n, STORE_NODE_ADMITTED);
    }
    UNTIL(f, count_heard(f) == node_count);
    fleet_change(f, "C0", "x=1");
    UNTIL(f, fleet_is_insync(f, "C0"));
    for (size_t i = 0; i < node_count; i++)
        assert_true(SERVES(&f->nodes[i], "100"));
}

static void a_change_arrives_at_every_node_and_is_then_in_sync(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 3; count++) {
        struct fleet f;
        start_with(&f, count);
        fleet_change(&f, "C1", "x=2 y=1");
        UNTIL(&f, fleet_is_insync(&f, "C1"));
        for (size_t i = 0; i < count; i++)
            assert_true(SERVES(&f.nodes[i], "210"));
        fleet_change(&f, "C2", "x=0");
        UNTIL(&f, fleet_is_insync(&f, "C2"));
        for (size_t i = 0; i < count; i++)
            assert_true(SERVES(&f.nodes[i], "010"));
        fleet_fini(&f);
    }
}

static void an_unknown_node_is_noted_and_gets_nothing_until_it_is_admitted(void **state)
{
    (void)state;
    struct fleet f;
    struct store_node row;
    start_with(&f, 1);
    struct fake_node *n = fleet_add(&f);
    UNTIL(&f, store_node_get(f.conn, &f.arena, n->identity.node_id, &row, NULL) == ERR_OK);
    assert_int_equal(row.state, STORE_NODE_PENDING);
    UNTIL(&f, n->down_code == ERR_DENIED);
    assert_int_equal(n->pointer_count, 0);
    fleet_decide(&f, n, STORE_NODE_ADMITTED);
    UNTIL(&f, SERVES(n, "100"));
    fleet_decide(&f, n, STORE_NODE_REMOVED);
    UNTIL(&f, !feed_client_is_up(n->client));
    fleet_fini(&f);
}

/** Whether the store has a row of this node. */
static bool is_known(struct fleet *f, const char *id)
{
    struct store_node row;
    return store_node_get(f->conn, &f->arena, id, &row, NULL) == ERR_OK;
}

static void a_pending_node_is_forgotten_once_it_no_longer_asks(void **state)
{
    (void)state;
    struct fleet f;
    char id[NODE_ID_SIZE];
    fleet_init(&f);
    f.limits.pending.kept_ns = NS_PER_S;
    fleet_start(&f);
    (void)fleet_add(&f);
    struct fake_node *asks = fleet_add(&f);
    struct fake_node *goes = fleet_add(&f);
    (void)snprintf(id, sizeof(id), "%s", goes->identity.node_id);
    UNTIL(&f, is_known(&f, id) && is_known(&f, asks->identity.node_id));
    fleet_remove(&f, goes);
    UNTIL(&f, !is_known(&f, id));
    assert_true(is_known(&f, asks->identity.node_id));
    assert_true(is_known(&f, f.nodes[0].identity.node_id));
    fleet_fini(&f);
}

static void a_full_table_takes_a_key_in_for_one_that_no_longer_asks(void **state)
{
    (void)state;
    struct fleet f;
    char id[NODE_ID_SIZE];
    fleet_init(&f);
    f.limits.pending.max = 1;
    f.limits.pending.quiet_ns = NS_PER_S;
    fleet_start(&f);
    (void)fleet_add(&f);
    struct fake_node *first = fleet_add(&f);
    (void)snprintf(id, sizeof(id), "%s", first->identity.node_id);
    UNTIL(&f, is_known(&f, id));
    struct fake_node *second = fleet_add(&f);
    UNTIL(&f, second->down_code == ERR_DENIED);
    assert_false(is_known(&f, second->identity.node_id));
    fleet_remove(&f, first);
    UNTIL(&f, is_known(&f, second->identity.node_id));
    assert_false(is_known(&f, id));
    fleet_fini(&f);
}

static void a_bad_change_is_held_and_good_ones_pass_it(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 2);
    f.nodes[0].bad_value = f.nodes[1].bad_value = 6;
    fleet_change(&f, "BAD", "y=6");
    UNTIL(&f, fleet_held_reason(&f, "BAD")[0] != '\0');
    assert_non_null(strstr(fleet_held_reason(&f, "BAD"), ": trial failed"));
    fleet_change(&f, "GOOD", "x=2");
    UNTIL(&f, fleet_is_insync(&f, "GOOD"));
    assert_true(SERVES(&f.nodes[0], "200"));
    assert_false(fleet_is_insync(&f, "BAD"));
    fleet_change(&f, "WORSE", "y=6 z=1");
    UNTIL(&f, fleet_held_reason(&f, "WORSE")[0] != '\0');
    assert_true(SERVES(&f.nodes[0], "200"));
    fleet_change(&f, "FIX", "y=3");
    UNTIL(&f, fleet_is_insync(&f, "FIX") && fleet_is_insync(&f, "BAD"));
    assert_true(fleet_is_insync(&f, "WORSE"));
    assert_true(SERVES(&f.nodes[0], "231"));
    assert_true(SERVES(&f.nodes[1], "231"));
    fleet_fini(&f);
}

static void of_changes_rejected_together_only_the_bad_one_is_held(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 1);
    f.nodes[0].bad_value = 6;
    f.nodes[0].is_silent = true;
    fleet_change(&f, "C1", "x=2");
    fleet_change(&f, "C2", "y=6");
    fleet_change(&f, "C3", "z=3");
    f.nodes[0].is_silent = false;
    UNTIL(&f, fleet_is_insync(&f, "C1") && fleet_is_insync(&f, "C3"));
    UNTIL(&f, fleet_held_reason(&f, "C2")[0] != '\0');
    assert_true(SERVES(&f.nodes[0], "203"));
    fleet_fini(&f);
}

static void content_that_cannot_be_compiled_is_held(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 1);
    const struct store_object object = {
        .kind = STORE_NODE, .group = "y", .body = SLICE_LIT("too short")};
    struct store_change change = {
        .id = "C1", .account_id = "000000000000", .roles = STORE_ROLE_DNS};
    assert_int_equal(store_begin_write(f.conn, NULL), ERR_OK);
    assert_int_equal(store_take_version(f.conn, &change.version, NULL), ERR_OK);
    assert_int_equal(store_object_put(f.conn, &object, NULL), ERR_OK);
    assert_int_equal(store_change_add(f.conn, &change, NULL), ERR_OK);
    assert_int_equal(store_commit(f.conn, NULL), ERR_OK);
    UNTIL(&f, fleet_held_reason(&f, "C1")[0] != '\0');
    fleet_change(&f, "C2", "x=2");
    UNTIL(&f, fleet_is_insync(&f, "C2"));
    assert_true(SERVES(&f.nodes[0], "200"));
    assert_false(fleet_is_insync(&f, "C1"));
    fleet_fini(&f);
}

/** Objects that releases keep at an older version. */
static size_t held_count(struct fleet *f)
{
    AUTO_ARENA struct arena a = {0};
    struct store_held *held = NULL;
    size_t count = 0;
    assert_int_equal(store_held_list(f->conn, &a, &held, &count, NULL), ERR_OK);
    return count;
}

static void a_crash_of_what_is_stable_is_taken_back(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 2);
    f.nodes[0].deadly_value = f.nodes[1].deadly_value = 7;
    fleet_change(&f, "DEADLY", "y=7");
    UNTIL(&f, held_count(&f) == 1);
    UNTIL(&f, SERVES(&f.nodes[0], "100") && SERVES(&f.nodes[1], "100"));
    fleet_change(&f, "GOOD", "x=2");
    UNTIL(&f, fleet_is_insync(&f, "GOOD"));
    assert_true(SERVES(&f.nodes[0], "200"));
    AUTO_ARENA struct arena a = {0};
    struct store_held *held = NULL;
    size_t count = 0;
    assert_int_equal(store_held_list(f.conn, &a, &held, &count, NULL), ERR_OK);
    assert_int_equal(count, 1);
    assert_string_equal(held[0].group, "y");
    assert_non_null(strstr(held[0].reason, "crashed twice"));
    fleet_stop(&f);
    fleet_start(&f);
    fleet_change(&f, "FIX", "y=1");
    UNTIL(&f, fleet_is_insync(&f, "FIX"));
    assert_true(SERVES(&f.nodes[1], "210"));
    fleet_fini(&f);
}

/** The status without spaces, in `a`. */
static const char *status_of(struct fleet *f, struct arena *a)
{
    char *text = arena_str(a, rollout_status(f->rollout, a));
    char *end = text;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != ' ' && *c != '\n')
            *end++ = *c;
    }
    *end = '\0';
    return text;
}

static bool status_has(struct fleet *f, const char *text)
{
    AUTO_ARENA struct arena a = {0};
    return strstr(status_of(f, &a), text) != NULL;
}

static void a_node_that_crashes_alone_is_named_and_takes_back_nothing(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 2);
    f.nodes[0].proven = f.nodes[0].applied;
    fleet_change(&f, "C1", "y=7");
    UNTIL(&f, fleet_is_insync(&f, "C1"));
    uint64_t sequence = fleet_rollout(&f).sequence;
    f.nodes[1].proven = f.nodes[1].applied;
    fleet_run_for(&f, 500 * NS_PER_MS);
    f.nodes[0].deadly_value = 7;
    UNTIL(&f, status_has(&f, "\"RejectsStable\":true"));
    assert_true(SERVES(&f.nodes[0], "100"));
    assert_true(SERVES(&f.nodes[1], "170"));
    assert_int_equal(fleet_rollout(&f).sequence, sequence);
    f.nodes[0].deadly_value = 0;
    fleet_change(&f, "C2", "x=2");
    UNTIL(&f, fleet_is_insync(&f, "C2"));
    assert_true(SERVES(&f.nodes[0], "270"));
    UNTIL(&f, !status_has(&f, "\"RejectsStable\":true"));
    fleet_fini(&f);
}

static void a_control_that_comes_again_goes_on_where_it_was(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 2);
    f.nodes[1].is_silent = true;
    fleet_change(&f, "C1", "x=2");
    UNTIL(&f, memcmp(fleet_rollout(&f).candidate_root, fleet_rollout(&f).stable_root, 32) != 0);
    uint64_t sequence = fleet_rollout(&f).sequence;
    fleet_stop(&f);
    fleet_change(&f, "C2", "y=5");
    f.nodes[1].is_silent = false;
    fleet_start(&f);
    UNTIL(&f, fleet_is_insync(&f, "C1") && fleet_is_insync(&f, "C2"));
    assert_true(fleet_rollout(&f).sequence > sequence);
    assert_true(SERVES(&f.nodes[1], "250"));
    fleet_fini(&f);
}

static bool no_chunk_is_marked(void *user, const uint8_t hash[32])
{
    (void)user;
    (void)hash;
    return false;
}

/** As if the file of the chunks had been deleted. */
static uint64_t lose_all_chunks(struct fleet *f)
{
    struct store_chunk_sweep sweep = {
        .is_marked = no_chunk_is_marked, .before_unix_ms = INT64_MAX, .limit = 10000};
    uint64_t removed = 0;
    bool is_done = false;
    assert_int_equal(store_begin_write(f->conn, NULL), ERR_OK);
    assert_int_equal(store_chunk_sweep(f->conn, &sweep, &removed, &is_done, NULL), ERR_OK);
    assert_int_equal(store_commit(f->conn, NULL), ERR_OK);
    assert_true(is_done);
    return removed;
}

static void chunks_that_were_lost_are_made_again(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 1);
    struct store_rollout before = fleet_rollout(&f);
    /* No pointer may still be on its way to the node, which reads its chunks from the store. */
    UNTIL(&f, f.nodes[0].at.sequence == before.sequence);
    fleet_stop(&f);
    assert_true(lose_all_chunks(&f) > 0);
    fleet_start(&f);
    fleet_change(&f, "C1", "y=2");
    UNTIL(&f, fleet_is_insync(&f, "C1"));
    AUTO_ARENA struct arena a = {0};
    struct slice packed;
    assert_int_equal(store_chunk_get(f.conn, &a, before.stable_root, &packed, NULL), ERR_OK);
    fleet_fini(&f);
}

static void releases_that_nobody_needs_are_collected(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    f.limits.releases_kept = 2;
    f.limits.collect_ns = 50 * NS_PER_MS;
    f.limits.chunk_grace_ms = 0;
    fleet_start(&f);
    (void)fleet_add(&f);
    struct store_rollout first = {0};
    AUTO_ARENA struct arena a = {0};
    for (int i = 1; i < 8; i++) {
        const char id[] = {'C', (char)('0' + i), '\0'};
        const char change[] = {'x', '=', (char)('0' + i), '\0'};
        fleet_change(&f, id, change);
        UNTIL(&f, fleet_is_insync(&f, id));
        if (i == 1)
            first = fleet_rollout(&f);
    }
    struct store_release *releases = NULL;
    struct slice packed;
    size_t count = 99;
    UNTIL(&f, store_release_list(f.conn, &a, &releases, &count, NULL) == ERR_OK && count <= 2);
    UNTIL(&f, store_chunk_get(f.conn, &a, first.stable_root, &packed, NULL) == ERR_NOT_FOUND);
    fleet_change(&f, "C9", "y=9");
    UNTIL(&f, fleet_is_insync(&f, "C9"));
    assert_true(SERVES(&f.nodes[0], "790"));
    fleet_fini(&f);
}

static void a_store_that_is_behind_its_nodes_publishes_nothing(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 1);
    f.nodes[0].at.sequence += 100;
    fleet_run_for(&f, 500 * NS_PER_MS);
    uint64_t sequence = fleet_rollout(&f).sequence;
    fleet_change(&f, "C1", "x=2");
    fleet_run_for(&f, 500 * NS_PER_MS);
    assert_int_equal(fleet_rollout(&f).sequence, sequence);
    assert_false(fleet_is_insync(&f, "C1"));
    fleet_fini(&f);
}

static void another_holder_waits_for_the_lease_and_raises_the_epoch(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    f.limits.lease_ms = 400;
    fleet_start(&f);
    (void)fleet_add(&f);
    fleet_change(&f, "C1", "x=1");
    UNTIL(&f, fleet_is_insync(&f, "C1"));
    uint64_t epoch = fleet_rollout(&f).epoch;
    fleet_stop(&f);
    f.holder = "two";
    fleet_start(&f);
    fleet_change(&f, "C2", "x=2");
    UNTIL(&f, fleet_is_insync(&f, "C2"));
    assert_int_equal(fleet_rollout(&f).epoch, epoch + 1);
    fleet_fini(&f);
}

static void the_status_names_nodes_and_roots(void **state)
{
    (void)state;
    struct fleet f;
    start_with(&f, 1);
    AUTO_ARENA struct arena a = {0};
    const char *text = "";
    UNTIL(&f, strstr(text = status_of(&f, &a), "\"HeardMsAgo\":") != NULL);
    assert_non_null(strstr(text, f.nodes[0].identity.node_id));
    assert_non_null(strstr(text, "\"Leads\":true"));
    assert_non_null(strstr(text, "\"Roles\":[\"dns\"]"));
    fleet_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_arrives_at_every_node_and_is_then_in_sync),
        cmocka_unit_test(an_unknown_node_is_noted_and_gets_nothing_until_it_is_admitted),
        cmocka_unit_test(a_pending_node_is_forgotten_once_it_no_longer_asks),
        cmocka_unit_test(a_full_table_takes_a_key_in_for_one_that_no_longer_asks),
        cmocka_unit_test(a_bad_change_is_held_and_good_ones_pass_it),
        cmocka_unit_test(of_changes_rejected_together_only_the_bad_one_is_held),
        cmocka_unit_test(content_that_cannot_be_compiled_is_held),
        cmocka_unit_test(a_crash_of_what_is_stable_is_taken_back),
        cmocka_unit_test(a_node_that_crashes_alone_is_named_and_takes_back_nothing),
        cmocka_unit_test(a_control_that_comes_again_goes_on_where_it_was),
        cmocka_unit_test(chunks_that_were_lost_are_made_again),
        cmocka_unit_test(releases_that_nobody_needs_are_collected),
        cmocka_unit_test(a_store_that_is_behind_its_nodes_publishes_nothing),
        cmocka_unit_test(another_holder_waits_for_the_lease_and_raises_the_epoch),
        cmocka_unit_test(the_status_names_nodes_and_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
