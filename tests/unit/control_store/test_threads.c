// SPDX-License-Identifier: Apache-2.0
// Several connections on threads of their own: versions are ordered by commit, readers see whole
// changes, the write-ahead log stays bounded.
#include "control/store/objects.h"

#include "control/store/limits.h"
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#define WRITERS 4
#define CHANGES_EACH 40

struct writer {
    struct store_conn *conn;
    pthread_t thread;
    unsigned failed;
};

static atomic_uint commits_heard;

static void hear(void *user)
{
    (void)user;
    atomic_fetch_add(&commits_heard, 1);
}

/** Every change writes its version under two names; a reader must never see them differ. */
static enum err write_pair(struct store_conn *c, struct errctx *ec)
{
    uint64_t version = 0;
    enum err err = store_begin_write(c, ec);
    if (err == ERR_OK)
        err = store_take_version(c, &version, ec);
    for (int i = 0; i < 2 && err == ERR_OK; i++) {
        const struct store_object object = {
            .kind = STORE_NAME,
            .group = "Z1",
            .member = i == 0 ? SLICE_LIT("left") : SLICE_LIT("right"),
            .body = slice_of(&version, sizeof(version)),
        };
        err = store_object_put(c, &object, ec);
    }
    if (err == ERR_OK)
        return store_commit(c, ec);
    store_rollback(c);
    return err;
}

static void *writer_main(void *arg)
{
    struct writer *w = (struct writer *)arg;
    struct errctx ec = {0};
    for (int i = 0; i < CHANGES_EACH; i++)
        w->failed += write_pair(w->conn, &ec) != ERR_OK;
    return NULL;
}

static void start_writers(struct fixture *f, struct writer *writers)
{
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){0};
        OK(store_connect(f->store, &writers[i].conn, EC));
        assert_int_equal(pthread_create(&writers[i].thread, NULL, writer_main, &writers[i]), 0);
    }
}

static void join_writers(struct writer *writers)
{
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        assert_int_equal(writers[i].failed, 0);
        store_disconnect(writers[i].conn);
    }
}

/** What one read transaction sees: both names at the newest version. */
static uint64_t read_pair(struct fixture *f)
{
    struct store_object object;
    struct errctx ec = {0};
    uint64_t version = 0;
    arena_reset(&f->arena);
    OK(store_begin_read(f->conn, EC));
    OK(store_version(f->conn, &version, EC));
    static const struct slice names[] = {
        {.data = (const uint8_t *)"left", .len = 4},
        {.data = (const uint8_t *)"right", .len = 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct store_object which = {.kind = STORE_NAME, .group = "Z1", .member = names[i]};
        enum err err = store_object_get(f->conn, &f->arena, &which, &object, &ec);
        assert_int_equal(err, version == 0 ? ERR_NOT_FOUND : ERR_OK);
        if (err == ERR_OK)
            assert_int_equal(object.version, version);
    }
    store_rollback(f->conn);
    return version;
}

static void versions_are_ordered_by_commit(void **state)
{
    struct fixture *f = *state;
    struct writer writers[WRITERS];
    uint64_t last = 0;
    store_disconnect(f->conn);
    store_on_commit(f->store, hear, NULL);
    OK(store_connect(f->store, &f->conn, EC));
    start_writers(f, writers);
    while (last < (uint64_t)WRITERS * CHANGES_EACH) {
        uint64_t version = read_pair(f);
        assert_true(version >= last);
        last = version;
    }
    join_writers(writers);
    assert_int_equal(read_pair(f), WRITERS * CHANGES_EACH);
    assert_int_equal(atomic_load(&commits_heard), WRITERS * CHANGES_EACH);
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM object"),
                     2 * WRITERS * CHANGES_EACH);
}

static void the_write_ahead_log_stays_bounded(void **state)
{
    struct fixture *f = *state;
    static char large[1 << 20];
    struct stat st;
    off_t longest = 0;
    /* Three times what the log may hold. */
    for (size_t i = 0; i < 3 * (size_t)STORE_WAL_FILE_MAX_BYTES / sizeof(large); i++) {
        begin(f);
        OK(store_meta_set(f->conn, "large", slice_of(large, sizeof(large)), EC));
        commit(f);
        assert_int_equal(stat(fixture_path(f, "control.db-wal"), &st), 0);
        longest = st.st_size > longest ? st.st_size : longest;
    }
    /* One commit may still start right below the limit; frames have headers. */
    assert_true(longest < (off_t)STORE_WAL_FILE_MAX_BYTES + 4 * (off_t)sizeof(large));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(versions_are_ordered_by_commit),
        TEST(the_write_ahead_log_stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
