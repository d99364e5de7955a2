// SPDX-License-Identifier: Apache-2.0
// Opening, migrations, transactions, versions, and the small tables of store.h.
#include "control/store/store.h"

#include "control/store/migrate_priv.h"
#include "control/store/store_priv.h"
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void a_new_store_is_empty_and_private(void **state)
{
    struct fixture *f = *state;
    uint64_t version = 9;
    OK(store_version(f->conn, &version, EC));
    assert_int_equal(version, 0);
    struct stat st;
    static const char *const files[] = {"control.db", "control.db-wal", "control-chunks.db"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_int_equal(stat(fixture_path(f, files[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void every_migration_is_recorded_once(void **state)
{
    struct fixture *f = *state;
    int64_t newest = (int64_t)migrations[migration_count - 1].number;
    assert_true(newest > 0);
    fixture_reopen(f);
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM migration"), newest);
    assert_int_equal(fixture_sql_number(f, "SELECT MAX(number) FROM migration"), newest);
}

static void assert_open_fails(const struct fixture *f, const char *url, enum err code)
{
    struct store *store = NULL;
    struct errctx ec = {0};
    assert_int_equal(store_open(url, f->dir, &store, &ec), code);
    assert_null(store);
    assert_int_equal(ec.code, code);
}

static void a_store_of_a_newer_weir_is_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    fixture_sql(f, "INSERT INTO migration VALUES (9999, 'later', 1)");
    assert_open_fails(f, "sqlite", ERR_UNSUPPORTED);
    fixture_sql(f, "DELETE FROM migration WHERE number = 9999");
    fixture_open(f);
}

static void another_engine_is_refused(void **state)
{
    assert_open_fails(*state, "postgresql://localhost/weir", ERR_UNSUPPORTED);
}

static void a_directory_that_is_not_there_is_refused(void **state)
{
    struct fixture nowhere = {.dir = "/nonexistent/weir"};
    (void)state;
    assert_open_fails(&nowhere, "sqlite", ERR_NOT_FOUND);
}

static void write_junk(struct fixture *f, const char *name)
{
    int fd = open(fixture_path(f, name), O_WRONLY | O_TRUNC);
    char junk[8192];
    memset(junk, 'x', sizeof(junk));
    assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
    assert_int_equal(close(fd), 0);
}

static void a_file_that_is_no_database_is_damaged(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    write_junk(f, "control.db");
    assert_open_fails(f, "sqlite", ERR_CORRUPT);
    struct stat st;
    assert_int_not_equal(stat(fixture_path(f, "control-chunks.db.damaged"), &st), 0);
    assert_int_equal(truncate(fixture_path(f, "control.db"), 0), 0);
    fixture_open(f);
}

static void damaged_chunks_are_set_aside(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    write_junk(f, "control-chunks.db");
    fixture_open(f);
    struct stat st;
    assert_int_equal(stat(fixture_path(f, "control-chunks.db.damaged"), &st), 0);
}

static void lost_chunks_are_made_anew_empty(void **state)
{
    struct fixture *f = *state;
    put_name(f, "Z1", "a", "kept");
    fixture_close(f);
    assert_int_equal(unlink(fixture_path(f, "control-chunks.db")), 0);
    fixture_open(f);
    struct store_object object;
    const struct store_object which = {.kind = STORE_NAME, .group = "Z1", .member = SLICE_LIT("a")};
    OK(store_object_get(f->conn, &f->arena, &which, &object, EC));
}

static void versions_count_transactions_that_took_one(void **state)
{
    struct fixture *f = *state;
    begin(f);
    assert_int_equal(take_version(f), 1);
    assert_int_equal(take_version(f), 1);
    uint64_t version = 0;
    OK(store_version(f->conn, &version, EC));
    assert_int_equal(version, 1);
    commit(f);
    begin(f);
    OK(store_meta_set(f->conn, "x", SLICE_LIT("1"), EC));
    commit(f);
    begin(f);
    assert_int_equal(take_version(f), 2);
    store_rollback(f->conn);
    begin(f);
    assert_int_equal(take_version(f), 2);
    commit(f);
    fixture_reopen(f);
    OK(store_version(f->conn, &version, EC));
    assert_int_equal(version, 2);
}

static void a_rollback_leaves_nothing_and_is_harmless_twice(void **state)
{
    struct fixture *f = *state;
    struct slice value = SLICE_LIT("untouched");
    struct errctx ec = {0};
    store_rollback(f->conn);
    begin(f);
    OK(store_meta_set(f->conn, "x", SLICE_LIT("1"), EC));
    store_rollback(f->conn);
    store_rollback(f->conn);
    assert_int_equal(store_meta_get(f->conn, &f->arena, "x", &value, &ec), ERR_NOT_FOUND);
    assert_true(slice_equal(value, SLICE_LIT("untouched")));
}

static void meta_values_are_replaced(void **state)
{
    struct fixture *f = *state;
    struct slice value;
    begin(f);
    OK(store_meta_set(f->conn, "fleet.seed", SLICE_LIT("one"), EC));
    OK(store_meta_set(f->conn, "fleet.seed", SLICE_LIT("t\0o"), EC));
    OK(store_meta_set(f->conn, "empty", (struct slice){0}, EC));
    commit(f);
    OK(store_meta_get(f->conn, &f->arena, "fleet.seed", &value, EC));
    assert_true(slice_equal(value, SLICE_LIT("t\0o")));
    OK(store_meta_get(f->conn, &f->arena, "empty", &value, EC));
    assert_int_equal(value.len, 0);
}

static void a_read_transaction_sees_one_state(void **state)
{
    struct fixture *f = *state;
    struct store_conn *reader = NULL;
    struct slice value;
    struct errctx ec = {0};
    OK(store_connect(f->store, &reader, EC));
    OK(store_begin_read(reader, EC));
    begin(f);
    OK(store_meta_set(f->conn, "x", SLICE_LIT("1"), EC));
    commit(f);
    assert_int_equal(store_meta_get(reader, &f->arena, "x", &value, &ec), ERR_NOT_FOUND);
    OK(store_commit(reader, EC));
    OK(store_meta_get(reader, &f->arena, "x", &value, EC));
    store_disconnect(reader);
}

static void count_call(void *user)
{
    (*(unsigned *)user)++;
}

static void the_listener_hears_of_versions_alone(void **state)
{
    struct fixture *f = *state;
    unsigned calls = 0;
    store_disconnect(f->conn);
    store_on_commit(f->store, count_call, &calls);
    OK(store_connect(f->store, &f->conn, EC));
    begin(f);
    OK(store_meta_set(f->conn, "x", SLICE_LIT("1"), EC));
    commit(f);
    begin(f);
    (void)take_version(f);
    store_rollback(f->conn);
    OK(store_begin_read(f->conn, EC));
    commit(f);
    assert_int_equal(calls, 0);
    begin(f);
    (void)take_version(f);
    assert_int_equal(calls, 0);
    commit(f);
    assert_int_equal(calls, 1);
}

static void a_second_writer_waits_no_longer_than_the_timeout(void **state)
{
    struct fixture *f = *state;
    struct store_conn *second = NULL;
    struct errctx ec = {0};
    OK(store_connect(f->store, &second, EC));
    store_set_busy_timeout(f->store, 20);
    begin(f);
    assert_int_equal(store_begin_write(second, &ec), ERR_TIMEOUT);
    commit(f);
    OK(store_begin_write(second, EC));
    store_disconnect(second); /* rolls back, and lets the next one in */
    begin(f);
    commit(f);
}

static void a_writer_of_another_process_is_waited_for_too(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    struct store_conn *second = NULL;
    struct errctx ec = {0};
    OK(store_open("sqlite", f->dir, &other, EC));
    OK(store_connect(other, &second, EC));
    store_set_busy_timeout(other, 20);
    begin(f);
    assert_int_equal(store_begin_write(second, &ec), ERR_TIMEOUT);
    commit(f);
    OK(store_begin_write(second, EC));
    OK(store_commit(second, EC));
    store_disconnect(second);
    store_close(other);
}

static void a_failed_statement_fails_the_transaction(void **state)
{
    struct fixture *f = *state;
    struct slice value;
    struct errctx ec = {0};
    const struct store_audit no_action = {.account_id = "1"};
    begin(f);
    OK(store_meta_set(f->conn, "x", SLICE_LIT("1"), EC));
    assert_int_equal(store_audit_add(f->conn, &no_action, &ec), ERR_INVALID);
    assert_int_equal(store_meta_set(f->conn, "y", SLICE_LIT("1"), &ec), ERR_INVALID);
    assert_int_equal(store_commit(f->conn, &ec), ERR_INVALID);
    assert_int_equal(store_meta_get(f->conn, &f->arena, "x", &value, &ec), ERR_NOT_FOUND);
    begin(f);
    OK(store_meta_set(f->conn, "x", SLICE_LIT("1"), EC));
    commit(f);
}

/* Files of this process may grow no further: what a full disk does to a write. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_an_io_error_and_leaves_nothing_half_done(void **state)
{
    struct fixture *f = *state;
    struct slice value;
    struct errctx ec = {0};
    static char large[1 << 20];
    (void)signal(SIGXFSZ, SIG_IGN);
    begin(f);
    OK(store_meta_set(f->conn, "small", SLICE_LIT("1"), EC));
    OK(store_meta_set(f->conn, "large", slice_of(large, sizeof(large)), EC));
    limit_files(sizeof(large) / 2);
    enum err err = store_commit(f->conn, &ec);
    limit_files(0);
    assert_int_equal(err, ERR_IO);
    assert_int_equal(store_meta_get(f->conn, &f->arena, "small", &value, &ec), ERR_NOT_FOUND);
    put_name(f, "Z1", "a", "after");
    fixture_reopen(f);
    assert_int_equal(store_meta_get(f->conn, &f->arena, "large", &value, &ec), ERR_NOT_FOUND);
}

static void a_damaged_row_is_told_as_such(void **state)
{
    struct fixture *f = *state;
    struct store_access_key key = {.id = "untouched"};
    struct errctx ec = {0};
    fixture_sql(f, "INSERT INTO access_key VALUES ('AKIA1', '1', 'u', x'00', 7)");
    assert_int_equal(store_access_key_get(f->conn, &f->arena, "AKIA1", &key, &ec), ERR_CORRUPT);
    assert_string_equal(key.id, "untouched");
}

static void access_keys_are_found_by_id(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    const struct store_access_key key = {
        .id = "AKIA1",
        .account_id = "000000000001",
        .user_name = "admin",
        .sealed_secret = SLICE_LIT("s\0aled"),
        .is_active = true,
    };
    struct store_access_key found;
    begin(f);
    OK(store_access_key_add(f->conn, &key, EC));
    assert_int_equal(store_access_key_add(f->conn, &key, &ec), ERR_EXISTS);
    commit(f);
    OK(store_access_key_get(f->conn, &f->arena, "AKIA1", &found, EC));
    assert_string_equal(found.account_id, key.account_id);
    assert_string_equal(found.user_name, key.user_name);
    assert_true(slice_equal(found.sealed_secret, key.sealed_secret));
    assert_true(found.is_active);
    assert_int_equal(store_access_key_get(f->conn, &f->arena, "AKIA2", &found, &ec), ERR_NOT_FOUND);
}

static void audit_rows_are_written_with_their_change(void **state)
{
    struct fixture *f = *state;
    const struct store_audit row = {
        .at_unix_ms = 5,
        .account_id = "1",
        .access_key_id = "",
        .action = "route53:CreateHostedZone",
        .resource = "/hostedzone/Z1",
        .request_id = "r",
        .source_ip = "127.0.0.1",
        .detail = SLICE_LIT("<x/>"),
    };
    begin(f);
    OK(store_audit_add(f->conn, &row, EC));
    store_rollback(f->conn);
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM audit"), 0);
    begin(f);
    OK(store_audit_add(f->conn, &row, EC));
    OK(store_audit_add(f->conn, &row, EC));
    commit(f);
    assert_int_equal(
        fixture_sql_number(f, "SELECT COUNT(*) FROM audit WHERE action ="
                              " 'route53:CreateHostedZone' AND CAST(detail AS TEXT) = '<x/>'"),
        2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_store_is_empty_and_private),
        TEST(every_migration_is_recorded_once),
        TEST(a_store_of_a_newer_weir_is_refused_and_left_alone),
        TEST(another_engine_is_refused),
        TEST(a_directory_that_is_not_there_is_refused),
        TEST(a_file_that_is_no_database_is_damaged),
        TEST(damaged_chunks_are_set_aside),
        TEST(lost_chunks_are_made_anew_empty),
        TEST(versions_count_transactions_that_took_one),
        TEST(a_rollback_leaves_nothing_and_is_harmless_twice),
        TEST(meta_values_are_replaced),
        TEST(a_read_transaction_sees_one_state),
        TEST(the_listener_hears_of_versions_alone),
        TEST(a_second_writer_waits_no_longer_than_the_timeout),
        TEST(a_writer_of_another_process_is_waited_for_too),
        TEST(a_failed_statement_fails_the_transaction),
        TEST(a_full_disk_is_an_io_error_and_leaves_nothing_half_done),
        TEST(a_damaged_row_is_told_as_such),
        TEST(access_keys_are_found_by_id),
        TEST(audit_rows_are_written_with_their_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
