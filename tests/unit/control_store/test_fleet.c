// SPDX-License-Identifier: Apache-2.0
// Nodes, the lease and its fencing, the rollout's row, releases, chunks.
#include "control/store/fleet.h"

#include "fixture.h"

static void a_node_is_added_replaced_and_listed(void **state)
{
    struct fixture *f = *state;
    struct store_node node = {
        .id = "n2",
        .public_key = {1, 2, 3},
        .state = STORE_NODE_PENDING,
        .address = "",
        .first_seen_unix_ms = 5,
    };
    struct store_node *nodes = NULL;
    size_t count = 0;
    struct errctx ec = {0};
    begin(f);
    OK(store_node_put(f->conn, &node, EC));
    node.state = STORE_NODE_REMOVED;
    node.address = "192.0.2.1:5390";
    OK(store_node_put(f->conn, &node, EC));
    node.id = "n1";
    OK(store_node_put(f->conn, &node, EC));
    commit(f);
    OK(store_node_get(f->conn, &f->arena, "n2", &node, EC));
    assert_int_equal(node.state, STORE_NODE_REMOVED);
    assert_string_equal(node.address, "192.0.2.1:5390");
    assert_int_equal(node.public_key[2], 3);
    assert_int_equal(node.first_seen_unix_ms, 5);
    assert_int_equal(store_node_get(f->conn, &f->arena, "n3", &node, &ec), ERR_NOT_FOUND);
    OK(store_node_list(f->conn, &f->arena, &nodes, &count, EC));
    assert_int_equal(count, 2);
    assert_string_equal(nodes[0].id, "n1");
    assert_string_equal(nodes[1].id, "n2");
}

static void only_a_pending_node_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct store_node node = {.address = ""};
    struct errctx ec = {0};
    begin(f);
    node.id = "n1";
    OK(store_node_put(f->conn, &node, EC));
    node.id = "n2";
    node.state = STORE_NODE_ADMITTED;
    OK(store_node_put(f->conn, &node, EC));
    OK(store_node_drop_pending(f->conn, "n1", EC));
    OK(store_node_drop_pending(f->conn, "n2", EC));
    OK(store_node_drop_pending(f->conn, "n3", EC));
    commit(f);
    assert_int_equal(store_node_get(f->conn, &f->arena, "n1", &node, &ec), ERR_NOT_FOUND);
    OK(store_node_get(f->conn, &f->arena, "n2", &node, EC));
}

static void a_node_row_with_a_short_key_is_damaged(void **state)
{
    struct fixture *f = *state;
    struct store_node node;
    struct errctx ec = {0};
    fixture_sql(f, "INSERT INTO node VALUES ('n1', x'0102', 0, '', 0)");
    assert_int_equal(store_node_get(f->conn, &f->arena, "n1", &node, &ec), ERR_CORRUPT);
}

#define LEASE_MS ((int64_t)1000)

static uint64_t take(struct fixture *f, const char *holder, int64_t now_ms)
{
    uint64_t epoch = 0;
    OK(store_lease_take(f->conn, holder, now_ms, LEASE_MS, &epoch, EC));
    return epoch;
}

static void assert_lease_taken(struct fixture *f, const char *holder, int64_t now_ms)
{
    uint64_t epoch = 77;
    struct errctx ec = {0};
    assert_int_equal(store_lease_take(f->conn, holder, now_ms, LEASE_MS, &epoch, &ec),
                     ERR_CONFLICT);
    assert_int_equal(epoch, 77);
}

static void the_epoch_rises_when_the_lease_changes_hands(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(take(f, "a", 0), 1);
    assert_lease_taken(f, "b", LEASE_MS - 1);
    assert_int_equal(take(f, "a", LEASE_MS - 1), 1);
    assert_lease_taken(f, "b", LEASE_MS);
    assert_lease_taken(f, "b", 2 * LEASE_MS - 2);
    assert_int_equal(take(f, "b", 2 * LEASE_MS - 1), 2);
    assert_lease_taken(f, "a", 2 * LEASE_MS);
    assert_int_equal(take(f, "b", 9 * LEASE_MS), 2); /* expired, but nobody had it meanwhile */
    fixture_reopen(f);
    assert_int_equal(take(f, "a", 10 * LEASE_MS), 3);
}

static void a_control_that_lost_the_lease_can_publish_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_rollout row = {
        .epoch = take(f, "a", 0),
        .sequence = 3,
        .stable_root = {1},
        .stable_version = 10,
        .candidate_root = {2},
        .candidate_version = 11,
        .signed_pointer = SLICE_LIT("signed"),
    };
    struct store_rollout found;
    struct errctx ec = {0};
    assert_int_equal(store_rollout_get(f->conn, &f->arena, &found, &ec), ERR_NOT_FOUND);
    begin(f);
    OK(store_rollout_put(f->conn, &row, EC));
    commit(f);
    OK(store_rollout_get(f->conn, &f->arena, &found, EC));
    assert_int_equal(found.epoch, 1);
    assert_int_equal(found.sequence, 3);
    assert_memory_equal(found.stable_root, row.stable_root, sizeof(row.stable_root));
    assert_int_equal(found.stable_version, 10);
    assert_memory_equal(found.candidate_root, row.candidate_root, sizeof(row.candidate_root));
    assert_int_equal(found.candidate_version, 11);
    assert_true(slice_equal(found.signed_pointer, row.signed_pointer));

    uint64_t epoch = take(f, "b", LEASE_MS);
    begin(f);
    row.sequence = 4;
    assert_int_equal(store_rollout_put(f->conn, &row, &ec), ERR_CONFLICT);
    row.epoch = epoch + 1;
    assert_int_equal(store_rollout_put(f->conn, &row, &ec), ERR_CONFLICT);
    row.epoch = epoch;
    OK(store_rollout_put(f->conn, &row, EC));
    commit(f);
    OK(store_rollout_get(f->conn, &f->arena, &found, EC));
    assert_int_equal(found.epoch, 2);
    assert_int_equal(found.sequence, 4);
}

static void without_a_lease_nothing_is_published(void **state)
{
    struct fixture *f = *state;
    const struct store_rollout row = {.epoch = 1};
    struct errctx ec = {0};
    begin(f);
    assert_int_equal(store_rollout_put(f->conn, &row, &ec), ERR_CONFLICT);
    store_rollback(f->conn);
}

static void releases_come_newest_first_and_one_of_old_may_return(void **state)
{
    struct fixture *f = *state;
    struct store_release one = {.root = {1}, .version = 1, .created_unix_ms = 50};
    struct store_release two = {.root = {2}, .version = 2, .created_unix_ms = 40};
    struct store_release *releases = NULL;
    size_t count = 0;
    struct errctx ec = {0};
    begin(f);
    OK(store_release_add(f->conn, &one, EC));
    OK(store_release_add(f->conn, &two, EC));
    commit(f);
    OK(store_release_list(f->conn, &f->arena, &releases, &count, EC));
    assert_int_equal(count, 2);
    assert_int_equal(releases[0].root[0], 2);
    assert_int_equal(releases[0].note.len, 0);
    one.created_unix_ms = 60;
    one.version = 3;
    one.note = SLICE_LIT("back");
    begin(f);
    OK(store_release_add(f->conn, &one, EC));
    commit(f);
    OK(store_release_list(f->conn, &f->arena, &releases, &count, EC));
    assert_int_equal(count, 2);
    assert_int_equal(releases[0].root[0], 1);
    assert_int_equal(releases[0].version, 3);
    assert_int_equal(releases[0].created_unix_ms, 60);
    assert_true(slice_equal(releases[0].note, one.note));
    begin(f);
    OK(store_release_remove(f->conn, one.root, EC));
    assert_int_equal(store_release_remove(f->conn, one.root, &ec), ERR_NOT_FOUND);
    commit(f);
    OK(store_release_list(f->conn, &f->arena, &releases, &count, EC));
    assert_int_equal(count, 1);
    assert_int_equal(releases[0].root[0], 2);
}

static const uint8_t *hash_of(uint8_t number)
{
    static uint8_t hash[32];
    hash[0] = number;
    return hash;
}

/** Chunk N, last touched at N ms. */
static void put_chunks(struct fixture *f, uint8_t count)
{
    begin(f);
    for (uint8_t i = 1; i <= count; i++)
        OK(store_chunk_put(f->conn, hash_of(i), slice_of(&i, 1), i, EC));
    commit(f);
}

static bool has_chunk(struct fixture *f, uint8_t number)
{
    struct slice packed = {0};
    struct errctx ec = {0};
    enum err err = store_chunk_get(f->conn, &f->arena, hash_of(number), &packed, &ec);
    if (err == ERR_OK)
        assert_int_equal(packed.data[0], number);
    else
        assert_int_equal(err, ERR_NOT_FOUND);
    return err == ERR_OK;
}

static bool is_even(void *user, const uint8_t hash[32])
{
    (void)user;
    return hash[0] % 2 == 0;
}

static void a_sweep_takes_old_chunks_that_nobody_marked(void **state)
{
    struct fixture *f = *state;
    struct store_chunk_sweep sweep = {.is_marked = is_even, .before_unix_ms = 6, .limit = 4};
    uint64_t removed = 0;
    uint64_t total = 0;
    bool is_done = false;
    put_chunks(f, 8);
    begin(f);
    OK(store_chunk_put(f->conn, hash_of(3), SLICE_LIT("\3"), 100, EC)); /* young again */
    commit(f);
    for (unsigned calls = 0; !is_done; calls++) {
        assert_true(calls < 3);
        begin(f);
        OK(store_chunk_sweep(f->conn, &sweep, &removed, &is_done, EC));
        commit(f);
        total += removed;
    }
    assert_int_equal(total, 2);
    for (uint8_t i = 1; i <= 8; i++)
        assert_int_equal(has_chunk(f, i), i != 1 && i != 5);
}

static void chunks_roll_back_with_their_transaction(void **state)
{
    struct fixture *f = *state;
    begin(f);
    OK(store_chunk_put(f->conn, hash_of(1), SLICE_LIT("\1"), 1, EC));
    store_rollback(f->conn);
    assert_false(has_chunk(f, 1));
    put_chunks(f, 1);
    fixture_reopen(f);
    assert_true(has_chunk(f, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_node_is_added_replaced_and_listed),
        TEST(only_a_pending_node_is_dropped),
        TEST(a_node_row_with_a_short_key_is_damaged),
        TEST(the_epoch_rises_when_the_lease_changes_hands),
        TEST(a_control_that_lost_the_lease_can_publish_nothing),
        TEST(without_a_lease_nothing_is_published),
        TEST(releases_come_newest_first_and_one_of_old_may_return),
        TEST(a_sweep_takes_old_chunks_that_nobody_marked),
        TEST(chunks_roll_back_with_their_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
