// SPDX-License-Identifier: Apache-2.0
#include "node/fetch.h"

#include "base/time.h"
#include "kit.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** A fetch, and the server that it asks. */
struct stage {
    struct kit kit;
    struct loop *loop;
    struct node_db *db;
    struct fetch *fetch;

    struct loop_timer answer; /* the server answers in a later turn */
    struct feed_fetch_handler handler;
    struct chunk_hash asked[FEED_FETCH_MAX_CHUNKS];
    size_t asked_count;
    size_t total_asked;
    size_t batches;

    bool is_away;       /* no server can be asked */
    unsigned fails;     /* batches that break off */
    size_t lacks;       /* chunks that the first server leaves out of its next answer */
    size_t damages;     /* ... or sends with other bytes */
    size_t stops_after; /* the loop stops after so many batches; 0: never */

    struct chunk_hash whole;
    size_t whole_count;
    char why[ERRCTX_TEXT_SIZE]; /* unusable */
};

static void send_chunk(struct stage *s, const struct chunk_hash *hash)
{
    struct slice packed;
    if (!kit_packed(&s->kit, hash, &packed) || s->lacks > 0) {
        s->lacks -= s->lacks > 0;
        return;
    }
    if (s->damages > 0) {
        s->damages--;
        packed = chunk_pack(&s->kit.arena, SLICE_LIT("something else"));
    }
    s->handler.on_chunk(s->handler.user, hash, packed);
}

static void answer_due(struct loop_timer *timer)
{
    struct stage *s = timer->user;
    struct errctx ec = {0};
    struct feed_fetch_handler handler = s->handler;
    size_t lacked = s->lacks;
    if (s->fails > 0) {
        s->fails--;
        handler.on_done(handler.user, err_set(&ec, ERR_CLOSED, "gone"), &ec);
        return;
    }
    for (size_t i = 0; i < s->asked_count; i++)
        send_chunk(s, &s->asked[i]);
    if (s->stops_after > 0 && s->batches >= s->stops_after)
        loop_stop(s->loop);
    enum err e = lacked > 0 ? err_set(&ec, ERR_NOT_FOUND, "lacking") : ERR_OK;
    handler.on_done(handler.user, e, &ec);
}

static bool ask(void *user, unsigned turn, const struct chunk_hash *hashes, size_t count,
                const struct feed_fetch_handler *handler)
{
    (void)turn;
    struct stage *s = user;
    if (s->is_away)
        return false;
    assert_in_range(count, 1, FEED_FETCH_MAX_CHUNKS);
    memcpy(s->asked, hashes, count * sizeof(*hashes));
    s->asked_count = count;
    s->total_asked += count;
    s->batches++;
    s->handler = *handler;
    loop_timer_set(s->loop, &s->answer, 0, 0);
    return true;
}

static void on_whole(void *user, const struct chunk_hash *root)
{
    struct stage *s = user;
    s->whole = *root;
    s->whole_count++;
    assert_int_equal(node_db_commit(s->db, NULL), ERR_OK);
}

static void on_unusable(void *user, const struct chunk_hash *root, const char *why)
{
    (void)root;
    struct stage *s = user;
    (void)strncpy(s->why, why, sizeof(s->why) - 1);
}

static void on_disk_error(void *user, const struct errctx *why)
{
    (void)user;
    fail_msg("%s", why->text);
}

static void make_fetch(struct stage *s, unsigned kinds)
{
    struct fetch_options options = {.loop = s->loop,
                                    .db = s->db,
                                    .kinds = kinds,
                                    .ask_user = s,
                                    .ask = ask,
                                    .on_whole = on_whole,
                                    .on_unusable = on_unusable,
                                    .on_disk_error = on_disk_error,
                                    .user = s};
    s->fetch = fetch_new(&options);
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){0};
    kit_init(&s->kit);
    s->loop = loop_new(true);
    s->db = kit_open(&s->kit);
    s->answer.on_time = answer_due;
    s->answer.user = s;
    make_fetch(s, KIT_KINDS);
}

static void stage_fini(struct stage *s)
{
    loop_timer_stop(&s->answer);
    fetch_free(s->fetch);
    loop_free(s->loop);
    node_db_close(s->db);
    kit_fini(&s->kit);
}

static bool is_idle(void *arg)
{
    const struct stage *s = arg;
    return !fetch_is_active(s->fetch);
}

/** Fetches the root to its end. */
static void fetch_it(struct stage *s, const struct chunk_hash *root)
{
    size_t before = s->whole_count;
    fetch_want(s->fetch, root);
    run_until(s->loop, is_idle, s);
    assert_int_equal(s->whole_count, before + 1);
    assert_true(chunk_hash_equal(&s->whole, root));
    assert_true(kit_is_whole(&s->kit, s->db, root));
}

static const struct kit_root big = {.names = 20000, .has_large = true};

static void a_root_comes_whole_in_batches_by_level(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash root = kit_root_make(&s.kit, &big);
    size_t count = kit_count(&s.kit, &root);
    assert_true(count > 100);
    fetch_it(&s, &root);
    assert_int_equal(s.total_asked, count); /* each chunk once */
    assert_in_range(s.batches, 3, 3 + count / FEED_FETCH_MAX_CHUNKS + 3);
    stage_fini(&s);
}

static void a_second_root_costs_what_differs(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash first = kit_root_make(&s.kit, &big);
    fetch_it(&s, &first);
    struct kit_root shape = big;
    shape.changed = 1;
    shape.generation = 1;
    struct chunk_hash second = kit_root_make(&s.kit, &shape);
    s.total_asked = 0;
    fetch_it(&s, &second);
    assert_in_range(s.total_asked, 2, 6); /* the path to one name */
    s.total_asked = 0;
    fetch_it(&s, &first); /* there already */
    assert_int_equal(s.total_asked, 0);
    stage_fini(&s);
}

static void nothing_counts_as_whole_before_everything_is_there(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash root = kit_root_make(&s.kit, &big);
    s.stops_after = 2;
    fetch_want(s.fetch, &root);
    loop_run(s.loop);
    assert_int_equal(s.whole_count, 0);
    assert_int_equal(kit_state(s.db, &root), NODE_CHUNK_STAGED);
    stage_fini(&s);
}

static void what_an_abandoned_fetch_brought_is_not_fetched_again(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash first = kit_root_make(&s.kit, &big);
    struct kit_root shape = big;
    shape.changed = 1;
    shape.generation = 1;
    struct chunk_hash second = kit_root_make(&s.kit, &shape);
    size_t count = kit_count(&s.kit, &second);
    s.stops_after = 3;
    fetch_want(s.fetch, &first);
    loop_run(s.loop);
    size_t brought = s.total_asked;
    s.stops_after = 0;
    fetch_it(&s, &second);
    assert_in_range(s.total_asked - brought, 1, count - brought + 6);
    assert_int_not_equal(kit_state(s.db, &first), NODE_CHUNK_WHOLE);
    fetch_it(&s, &first);
    stage_fini(&s);
}

static void what_one_server_lacks_or_damages_comes_from_the_next(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash root = kit_root_make(&s.kit, &big);
    s.fails = 1;
    s.lacks = 1;
    s.damages = 2;
    fetch_it(&s, &root);
    assert_int_equal(s.total_asked, kit_count(&s.kit, &root) + 4);
    stage_fini(&s);
}

static bool has_come(void *arg)
{
    const struct stage *s = arg;
    return s->whole_count > 0;
}

static void without_a_server_it_waits_for_one(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash root = kit_root_make(&s.kit, &(struct kit_root){.names = 10});
    s.is_away = true;
    fetch_want(s.fetch, &root);
    run_for(s.loop, 20 * NS_PER_MS);
    assert_true(fetch_is_active(s.fetch));
    s.is_away = false;
    run_until(s.loop, has_come, &s);
    stage_fini(&s);
}

static void what_no_role_loads_is_not_fetched(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    fetch_free(s.fetch);
    make_fetch(&s, RELEASE_KIND_BIT(RELEASE_NAME));
    struct kit_root names = {.names = 500};
    struct kit_root both = {.names = 500, .distributions = 500};
    struct chunk_hash smaller = kit_root_make(&s.kit, &names);
    struct chunk_hash root = kit_root_make(&s.kit, &both);
    fetch_want(s.fetch, &root);
    run_until(s.loop, is_idle, &s);
    assert_int_equal(s.whole_count, 1);
    assert_int_equal(s.total_asked, kit_count(&s.kit, &smaller));
    assert_true(fetch_is_whole(s.db, &root, RELEASE_KIND_BIT(RELEASE_NAME)));
    assert_false(fetch_is_whole(s.db, &root, KIT_KINDS));
    assert_false(fetch_is_whole(s.db, &smaller, 0)); /* not even its own chunk */
    stage_fini(&s);
}

static void a_role_that_came_later_gets_what_a_whole_root_lacks(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    fetch_free(s.fetch);
    make_fetch(&s, RELEASE_KIND_BIT(RELEASE_NAME));
    struct kit_root shape = {.names = 500, .distributions = 500};
    struct chunk_hash root = kit_root_make(&s.kit, &shape);
    fetch_want(s.fetch, &root);
    run_until(s.loop, is_idle, &s);
    size_t before = s.total_asked;
    fetch_free(s.fetch);
    make_fetch(&s, KIT_KINDS);
    assert_int_equal(kit_state(s.db, &root), NODE_CHUNK_WHOLE);
    fetch_it(&s, &root);
    assert_int_equal(s.total_asked, kit_count(&s.kit, &root)); /* and nothing twice */
    assert_true(s.total_asked > before);
    assert_true(fetch_is_whole(s.db, &root, KIT_KINDS));
    stage_fini(&s);
}

static void a_root_that_makes_no_release_is_unusable(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct slice junk = SLICE_LIT("no root at all");
    struct chunk_hash root = chunk_hash_of(junk);
    assert_int_equal(s.kit.chunks.sink.put(&s.kit.chunks, &root, junk, NULL), ERR_OK);
    fetch_want(s.fetch, &root);
    run_until(s.loop, is_idle, &s);
    assert_int_equal(s.whole_count, 0);
    assert_non_null(strstr(s.why, "root"));
    stage_fini(&s);
}

static void wanting_nothing_ends_it(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct chunk_hash root = kit_root_make(&s.kit, &(struct kit_root){.names = 10});
    s.stops_after = 1;
    fetch_want(s.fetch, &root);
    loop_run(s.loop);
    fetch_want(s.fetch, NULL);
    assert_false(fetch_is_active(s.fetch));
    s.stops_after = 0;
    run_for(s.loop, 5 * NS_PER_MS);
    assert_int_equal(s.whole_count, 0);
    fetch_it(&s, &root);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_comes_whole_in_batches_by_level),
        cmocka_unit_test(a_second_root_costs_what_differs),
        cmocka_unit_test(nothing_counts_as_whole_before_everything_is_there),
        cmocka_unit_test(what_an_abandoned_fetch_brought_is_not_fetched_again),
        cmocka_unit_test(what_one_server_lacks_or_damages_comes_from_the_next),
        cmocka_unit_test(without_a_server_it_waits_for_one),
        cmocka_unit_test(what_no_role_loads_is_not_fetched),
        cmocka_unit_test(a_role_that_came_later_gets_what_a_whole_root_lacks),
        cmocka_unit_test(a_root_that_makes_no_release_is_unusable),
        cmocka_unit_test(wanting_nothing_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
