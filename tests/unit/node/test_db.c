// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void set_serving(struct node_db *db, const char *text)
{
    assert_int_equal(node_db_set_fact(db, NODE_FACT_SERVING, slice_str(text), NULL), ERR_OK);
}

static void assert_serving(struct node_db *db, const char *text)
{
    AUTO_ARENA struct arena a = {0};
    struct slice value = {0};
    enum err e = node_db_fact(db, &a, NODE_FACT_SERVING, &value, NULL);
    assert_int_equal(e, text == NULL ? ERR_NOT_FOUND : ERR_OK);
    assert_true(text == NULL || slice_equal(value, slice_str(text)));
}

static struct node_db *open_reader(struct kit *k)
{
    struct node_db *db;
    assert_int_equal(node_db_open(k->dir, false, &db, NULL), ERR_OK);
    return db;
}

static void others_see_what_is_committed_and_nothing_before(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *reader;
    assert_int_equal(node_db_open(k.dir, false, &reader, NULL), ERR_NOT_FOUND);
    struct node_db *db = kit_open(&k);
    assert_serving(db, NULL);
    reader = open_reader(&k);
    set_serving(db, "one");
    assert_serving(db, "one");
    assert_serving(reader, NULL);
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    assert_serving(reader, "one");
    assert_int_equal(node_db_commit(db, NULL), ERR_OK); /* nothing to do */
    set_serving(db, "two");
    node_db_rollback(db);
    assert_serving(db, "one");
    set_serving(db, "");
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    assert_serving(reader, "");
    node_db_close(reader);
    node_db_close(db);
    db = kit_open(&k);
    assert_serving(db, "");
    node_db_close(db);
    kit_fini(&k);
}

static void its_files_are_the_owners_alone(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct kit k;
    kit_init(&k);
    mode_t before = umask(0);
    struct node_db *db = kit_open(&k);
    (void)umask(before);
    set_serving(db, "one");
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char path[256];
        struct stat found;
        (void)snprintf(path, sizeof(path), "%s/node.db%s", k.dir, suffixes[i]);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
    node_db_close(db);
    kit_fini(&k);
}

static void a_kill_loses_exactly_what_was_not_committed(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    pid_t pid = fork();
    if (pid == 0) {
        struct node_db *db = kit_open(&k);
        set_serving(db, "committed");
        if (node_db_commit(db, NULL) != ERR_OK)
            _exit(1);
        set_serving(db, "lost");
        (void)raise(SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    struct node_db *db = kit_open(&k);
    assert_serving(db, "committed");
    node_db_close(db);
    kit_fini(&k);
}

static void a_chunk_is_staged_until_it_is_said_to_be_whole(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *db = kit_open(&k);
    struct chunk_hash root = kit_root_make(&k, &(struct kit_root){.names = 3});
    struct slice packed;
    assert_true(kit_packed(&k, &root, &packed));
    assert_int_equal(kit_state(db, &root), NODE_CHUNK_ABSENT);
    assert_int_equal(node_db_put_chunk(db, &root, packed, NULL), ERR_OK);
    assert_int_equal(kit_state(db, &root), NODE_CHUNK_STAGED);
    assert_int_equal(node_db_unstage(db, &root, NULL), ERR_OK);
    assert_int_equal(kit_state(db, &root), NODE_CHUNK_WHOLE);
    assert_int_equal(node_db_put_chunk(db, &root, packed, NULL), ERR_OK);
    assert_int_equal(kit_state(db, &root), NODE_CHUNK_WHOLE); /* it stays as it was */
    node_db_close(db);
    kit_fini(&k);
}

static void chunks_are_verified_when_they_are_read(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *db = kit_open(&k);
    AUTO_ARENA struct arena a = {0};
    struct slice out;
    struct chunk_source source = node_db_source(db);
    struct chunk_hash good = kit_root_make(&k, &(struct kit_root){.names = 3});
    struct chunk_hash bad = kit_hash(1);
    struct slice packed;
    assert_true(kit_packed(&k, &good, &packed));
    assert_int_equal(node_db_put_chunk(db, &good, packed, NULL), ERR_OK);
    assert_int_equal(node_db_put_chunk(db, &bad, packed, NULL), ERR_OK);
    assert_int_equal(source.get(source.user, &a, &good, &out, NULL), ERR_OK);
    struct chunk_hash again = chunk_hash_of(out);
    assert_true(chunk_hash_equal(&again, &good));
    struct errctx ec = {0};
    assert_int_equal(source.get(source.user, &a, &bad, &out, &ec), ERR_CORRUPT);
    struct chunk_hash none = kit_hash(2);
    assert_int_equal(source.get(source.user, &a, &none, &out, NULL), ERR_NOT_FOUND);
    assert_int_equal(node_db_packed_chunk(db, &a, &good, &out, NULL), ERR_OK);
    assert_true(slice_equal(out, packed));
    assert_int_equal(node_db_packed_chunk(db, &a, &none, &out, NULL), ERR_NOT_FOUND);
    node_db_close(db);
    kit_fini(&k);
}

static void roots_are_listed_newest_first(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *db = kit_open(&k);
    AUTO_ARENA struct arena a = {0};
    struct node_root rows[] = {
        {.hash = kit_hash(0), .step = NODE_ROOT_TRIED, .at_epoch = 1, .at_sequence = 9},
        {.hash = kit_hash(1), .step = NODE_ROOT_FETCHED, .at_epoch = 2, .at_sequence = 2},
        {.hash = kit_hash(2),
         .step = NODE_ROOT_REJECTED,
         .at_epoch = 2,
         .at_sequence = 3,
         .at_unix_ms = 5,
         .reason = "trial: signal 11 (SEGV)"},
        {.hash = kit_hash(3),
         .step = NODE_ROOT_PROVEN,
         .at_epoch = 2,
         .at_sequence = 3,
         .at_unix_ms = 4,
         .was_proven = true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(node_db_put_root(db, &rows[i], NULL), ERR_OK);
    rows[1].step = NODE_ROOT_TRYING; /* the same root again: replaced */
    assert_int_equal(node_db_put_root(db, &rows[1], NULL), ERR_OK);
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    struct node_root *roots;
    size_t count = 0;
    assert_int_equal(node_db_list_roots(db, &a, &roots, &count, NULL), ERR_OK);
    assert_int_equal(count, 4);
    const size_t order[] = {2, 3, 1, 0};
    for (size_t i = 0; i < count; i++) {
        const struct node_root *want = &rows[order[i]];
        assert_true(chunk_hash_equal(&roots[i].hash, &want->hash));
        assert_int_equal(roots[i].step, want->step);
        assert_int_equal(roots[i].was_proven, want->was_proven);
        assert_int_equal(roots[i].at_sequence, want->at_sequence);
        assert_string_equal(roots[i].reason, want->reason);
    }
    assert_int_equal(node_db_forget_root(db, &rows[2].hash, NULL), ERR_OK);
    assert_int_equal(node_db_list_roots(db, &a, &roots, &count, NULL), ERR_OK);
    assert_int_equal(count, 3);
    node_db_close(db);
    kit_fini(&k);
}

static void only_chunks_that_are_not_marked_are_swept(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *db = kit_open(&k);
    struct chunk_hash root = kit_root_make(&k, &(struct kit_root){.names = 1});
    struct slice packed;
    assert_true(kit_packed(&k, &root, &packed));
    AUTO_MAP struct map marked = {0};
    map_init(&marked);
    for (unsigned i = 0; i < 10; i++) {
        struct chunk_hash hash = kit_hash(i);
        assert_int_equal(node_db_put_chunk(db, &hash, packed, NULL), ERR_OK);
        assert_int_equal(node_db_unstage(db, &hash, NULL), ERR_OK);
        if (i < 3)
            (void)map_put(&marked, slice_of(hash.bytes, sizeof(hash.bytes)), &k);
    }
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    assert_int_equal(node_db_stage_others(db, &marked, NULL), ERR_OK);
    unsigned removed = 0;
    assert_int_equal(node_db_sweep(db, 5, &removed, NULL), ERR_OK);
    assert_int_equal(removed, 5);
    assert_int_equal(node_db_sweep(db, 5, &removed, NULL), ERR_OK);
    assert_int_equal(removed, 2);
    assert_int_equal(node_db_sweep(db, 5, &removed, NULL), ERR_OK);
    assert_int_equal(removed, 0);
    for (unsigned i = 0; i < 10; i++) {
        struct chunk_hash hash = kit_hash(i);
        assert_int_equal(kit_state(db, &hash), i < 3 ? NODE_CHUNK_WHOLE : NODE_CHUNK_ABSENT);
    }
    node_db_close(db);
    kit_fini(&k);
}

static bool file_exists(const struct kit *k, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", k->dir, name);
    return access(path, F_OK) == 0;
}

/** Overwrites the bytes of node.db from an offset on. */
static void damage(const struct kit *k, off_t from, size_t len)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/node.db", k->dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    char junk[4096];
    memset(junk, 0x5a, sizeof(junk));
    while (len > 0) {
        size_t part = min_size(len, sizeof(junk));
        assert_int_equal(pwrite(fd, junk, part, from), (ssize_t)part);
        from += (off_t)part;
        len -= part;
    }
    assert_int_equal(close(fd), 0);
}

static void a_file_that_is_no_database_is_set_aside(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    damage(&k, 0, 5000);
    struct node_db *reader;
    assert_int_equal(node_db_open(k.dir, false, &reader, NULL), ERR_CORRUPT);
    assert_false(file_exists(&k, "node.db.damaged")); /* readers change nothing */
    struct node_db *db = kit_open(&k);
    assert_true(file_exists(&k, "node.db.damaged"));
    set_serving(db, "anew");
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    node_db_close(db);
    db = kit_open(&k);
    assert_serving(db, "anew");
    node_db_close(db);
    kit_fini(&k);
}

static void a_file_without_tables_is_damaged_for_readers(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    AUTO_ARENA struct arena a = {0};
    int fd = open(arena_printf(&a, "%s/node.db", k.dir), O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    struct node_db *reader;
    assert_int_equal(node_db_open(k.dir, false, &reader, NULL), ERR_CORRUPT);
    kit_fini(&k);
}

static void damaged_tables_are_set_aside(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *db = kit_open(&k);
    set_serving(db, "one");
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    node_db_close(db); /* the last connection moves everything into the file */
    damage(&k, 4096, 20480);
    db = kit_open(&k);
    assert_true(file_exists(&k, "node.db.damaged"));
    assert_serving(db, NULL);
    node_db_close(db);
    kit_fini(&k);
}

static void opening_a_file_that_is_there_writes_nothing(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *db = kit_open(&k);
    set_serving(db, "one");
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    node_db_close(db);
    db = kit_open(&k); /* a node starts where the disk is full */
    AUTO_ARENA struct arena a = {0};
    struct stat log;
    assert_int_equal(stat(arena_printf(&a, "%s/node.db-wal", k.dir), &log), 0);
    assert_int_equal(log.st_size, 0);
    assert_serving(db, "one");
    node_db_close(db);
    assert_true(file_exists(&k, "node.db-wal")); /* the next start needs no new one */
    assert_true(file_exists(&k, "node.db-shm"));
    kit_fini(&k);
}

static void a_reader_goes_on_with_a_file_that_was_set_aside(void **state)
{
    (void)state;
    struct kit k;
    kit_init(&k);
    struct node_db *db = kit_open(&k);
    set_serving(db, "old");
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
    struct node_db *reader = open_reader(&k);
    node_db_close(db);
    assert_int_equal(node_db_set_aside(k.dir, NULL), ERR_OK);
    db = kit_open(&k);
    assert_serving(db, NULL);
    assert_serving(reader, "old");
    node_db_close(reader);
    node_db_close(db);
    assert_int_equal(node_db_set_aside(k.dir, NULL), ERR_OK);
    assert_int_equal(node_db_set_aside(k.dir, NULL), ERR_OK); /* nothing there: fine */
    kit_fini(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_see_what_is_committed_and_nothing_before),
        cmocka_unit_test(its_files_are_the_owners_alone),
        cmocka_unit_test(a_kill_loses_exactly_what_was_not_committed),
        cmocka_unit_test(a_chunk_is_staged_until_it_is_said_to_be_whole),
        cmocka_unit_test(chunks_are_verified_when_they_are_read),
        cmocka_unit_test(roots_are_listed_newest_first),
        cmocka_unit_test(only_chunks_that_are_not_marked_are_swept),
        cmocka_unit_test(a_file_that_is_no_database_is_set_aside),
        cmocka_unit_test(a_file_without_tables_is_damaged_for_readers),
        cmocka_unit_test(damaged_tables_are_set_aside),
        cmocka_unit_test(opening_a_file_that_is_there_writes_nothing),
        cmocka_unit_test(a_reader_goes_on_with_a_file_that_was_set_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
