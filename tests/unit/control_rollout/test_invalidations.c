// SPDX-License-Identifier: Apache-2.0
// Rows of invalidations through a real control and a real feed to nodes that follow, and back as
// completed; over restarts of control.
#include "control/store/distributions.h"
#include "control/store/invalidations.h"
#include "feed/subscriber.h"
#include "fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/** An edge: the last of a node's paths, and the number that it has. */
struct edge {
    struct fake_node *node;
    struct feed_subscriber *subscriber;
    bool is_mute; /* applies, but acknowledges nothing */
    struct feed_position at;
    size_t path_count;
    size_t all_count;
    char last_path[64];
};

static void on_invalidation(void *user, const struct feed_invalidation *i)
{
    struct edge *e = user;
    struct slice last = i->paths[i->path_count - 1];
    e->all_count += i->distribution_id.len == 0;
    e->path_count += i->distribution_id.len == 0 ? 0 : i->path_count;
    (void)snprintf(e->last_path, sizeof(e->last_path), "%.*s", SLICE_FMT(last));
    if (!i->is_last)
        return;
    e->at = i->at;
    if (!e->is_mute)
        feed_subscriber_applied(e->subscriber, i->at);
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    (void)user;
    (void)is_up;
    (void)why;
}

/** Begins to follow, with what it has. */
static void follow(struct fleet *f, struct edge *e, struct fake_node *n)
{
    const struct feed_client_options options = {.address = f->address,
                                                .tls = n->tls,
                                                .after_epoch = e->at.epoch,
                                                .after_sequence = e->at.number,
                                                .backoff_first_ns = 10 * NS_PER_MS,
                                                .backoff_last_ns = 50 * NS_PER_MS};
    const struct feed_subscriber_handler handler = {on_invalidation, on_state, e};
    e->node = n;
    n->is_edge = true;
    e->subscriber = feed_subscriber_new(f->loop, &options, &handler);
}

static void unfollow(struct edge *e)
{
    feed_subscriber_free(e->subscriber);
    e->subscriber = NULL;
}

static uint64_t invalidate(struct fleet *f, const char *id, const char *path)
{
    uint64_t number = 0;
    const struct store_invalidation row = {.id = id,
                                           .distribution_id = "E1",
                                           .caller_reference = id,
                                           .created_unix_ms = time_unix_ms(),
                                           .paths = &path,
                                           .path_count = 1};
    assert_int_equal(store_begin_write(f->conn, NULL), ERR_OK);
    assert_int_equal(store_invalidation_add(f->conn, &row, &number, NULL), ERR_OK);
    assert_int_equal(store_commit(f->conn, NULL), ERR_OK);
    return number;
}

static bool is_completed(struct fleet *f, const char *id)
{
    AUTO_ARENA struct arena a = {0};
    struct store_invalidation row;
    assert_int_equal(store_invalidation_get(f->conn, &a, "E1", id, &row, NULL), ERR_OK);
    return row.is_completed;
}

static void add_distribution(struct fleet *f)
{
    const struct store_distribution row = {.id = "E1",
                                           .account_id = "000000000000",
                                           .caller_reference = "E1",
                                           .domain_name = "e1.cdn.weir.test",
                                           .etag = "1",
                                           .change_id = "C1"};
    assert_int_equal(store_begin_write(f->conn, NULL), ERR_OK);
    assert_int_equal(store_distribution_add(f->conn, &row, NULL), ERR_OK);
    assert_int_equal(store_commit(f->conn, NULL), ERR_OK);
}

/** A control, and two nodes that follow both its feeds. */
static void start(struct fleet *f, struct edge edges[2])
{
    fleet_init(f);
    add_distribution(f);
    f->limits.completion.grace_ns = 500 * NS_PER_MS;
    f->limits.completion.silent_ns = 700 * NS_PER_MS;
    f->limits.completion.settle_ns = 500 * NS_PER_MS;
    fleet_start(f);
    memset(edges, 0, 2 * sizeof(edges[0]));
    for (size_t i = 0; i < 2; i++) {
        struct fake_node *n = fleet_add(f);
        struct store_node row;
        UNTIL(f, store_node_get(f->conn, &f->arena, n->identity.node_id, &row, NULL) == ERR_OK);
        if (i > 0)
            fleet_decide(f, n, STORE_NODE_ADMITTED);
        follow(f, &edges[i], n);
    }
    UNTIL(f, edges[0].at.epoch > 0 && edges[1].at.epoch > 0);
}

static void stop(struct fleet *f, struct edge edges[2])
{
    unfollow(&edges[0]);
    unfollow(&edges[1]);
    fleet_fini(f);
}

static void a_row_takes_effect_on_every_follower_and_is_then_completed(void **state)
{
    (void)state;
    struct fleet f;
    struct edge edges[2];
    start(&f, edges);
    uint64_t number = invalidate(&f, "I1", "/a");
    UNTIL(&f, edges[0].at.number == number && edges[1].at.number == number);
    assert_string_equal(edges[0].last_path, "/a");
    UNTIL(&f, is_completed(&f, "I1"));
    assert_int_equal(edges[1].path_count, 1);
    assert_int_equal(edges[1].all_count, 1); /* at its start */
    stop(&f, edges);
}

static void a_follower_that_says_nothing_holds_it_up_and_not_for_ever(void **state)
{
    (void)state;
    struct fleet f;
    struct edge edges[2];
    start(&f, edges);
    edges[1].is_mute = true;
    invalidate(&f, "I1", "/a");
    UNTIL(&f, edges[1].path_count == 1);
    fleet_run_for(&f, 300 * NS_PER_MS);
    assert_false(is_completed(&f, "I1"));
    UNTIL(&f, is_completed(&f, "I1"));
    stop(&f, edges);
}

static void a_follower_that_was_away_catches_up_and_does_not_hold_up_the_others(void **state)
{
    (void)state;
    struct fleet f;
    struct edge edges[2];
    start(&f, edges);
    unfollow(&edges[1]);
    invalidate(&f, "I1", "/a");
    uint64_t number = invalidate(&f, "I2", "/b");
    UNTIL(&f, is_completed(&f, "I1") && is_completed(&f, "I2"));
    assert_int_equal(edges[1].path_count, 0);
    follow(&f, &edges[1], edges[1].node);
    UNTIL(&f, edges[1].at.number == number);
    assert_int_equal(edges[1].path_count, 2);
    assert_int_equal(edges[1].all_count, 1);
    stop(&f, edges);
}

static void what_was_accepted_while_no_control_ran_takes_effect_after_its_start(void **state)
{
    (void)state;
    struct fleet f;
    struct edge edges[2];
    start(&f, edges);
    invalidate(&f, "I1", "/a");
    UNTIL(&f, is_completed(&f, "I1"));
    fleet_stop(&f);
    uint64_t number = invalidate(&f, "I2", "/b");
    fleet_start(&f);
    UNTIL(&f, is_completed(&f, "I2"));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(edges[i].at.number, number);
        assert_string_equal(edges[i].last_path, "/b");
        assert_int_equal(edges[i].all_count, 1); /* nothing more than needed was dropped */
    }
    assert_true(is_completed(&f, "I1"));
    stop(&f, edges);
}

static void a_restart_of_control_waits_for_the_follower_that_comes_second(void **state)
{
    (void)state;
    struct fleet f;
    struct edge edges[2];
    start(&f, edges);
    f.limits.completion.settle_ns = 20 * NS_PER_S;
    fleet_stop(&f);
    unfollow(&edges[1]);
    uint64_t number = invalidate(&f, "I1", "/a");
    fleet_start(&f);
    UNTIL(&f, edges[0].at.number == number);
    fleet_run_for(&f, 200 * NS_PER_MS);
    assert_false(is_completed(&f, "I1"));
    follow(&f, &edges[1], edges[1].node);
    UNTIL(&f, is_completed(&f, "I1"));
    assert_int_equal(edges[1].at.number, number);
    stop(&f, edges);
}

static void a_follower_with_the_place_of_another_store_drops_everything(void **state)
{
    (void)state;
    struct fleet f;
    struct edge edges[2];
    start(&f, edges);
    invalidate(&f, "I1", "/a");
    UNTIL(&f, is_completed(&f, "I1"));
    unfollow(&edges[1]);
    struct feed_position before = edges[1].at;
    edges[1].at.number += 5; /* the store was set back */
    edges[1].all_count = 0;
    follow(&f, &edges[1], edges[1].node);
    UNTIL(&f, edges[1].all_count == 1);
    assert_int_equal(feed_position_compare(edges[1].at, before), 0);
    unfollow(&edges[1]);
    edges[1].at.epoch++;
    follow(&f, &edges[1], edges[1].node);
    UNTIL(&f, edges[1].all_count == 2);
    stop(&f, edges);
}

static void many_at_once_are_all_told_and_completed(void **state)
{
    (void)state;
    enum { MANY = 300 };
    struct fleet f;
    struct edge edges[2];
    char id[16];
    start(&f, edges);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof(id), "I%u", i);
        invalidate(&f, id, "/a");
    }
    UNTIL(&f, is_completed(&f, id));
    assert_int_equal(edges[0].path_count, MANY);
    assert_int_equal(edges[1].path_count, MANY);
    stop(&f, edges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_takes_effect_on_every_follower_and_is_then_completed),
        cmocka_unit_test(a_follower_that_says_nothing_holds_it_up_and_not_for_ever),
        cmocka_unit_test(a_follower_that_was_away_catches_up_and_does_not_hold_up_the_others),
        cmocka_unit_test(what_was_accepted_while_no_control_ran_takes_effect_after_its_start),
        cmocka_unit_test(a_restart_of_control_waits_for_the_follower_that_comes_second),
        cmocka_unit_test(a_follower_with_the_place_of_another_store_drops_everything),
        cmocka_unit_test(many_at_once_are_all_told_and_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
