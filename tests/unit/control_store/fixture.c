// SPDX-License-Identifier: Apache-2.0
// A store in a directory of its own, for each test of this room.
#include "fixture.h"

#include "base/alloc.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

void fixture_assert_ok(enum err err, const struct errctx *ec, const char *file, int line)
{
    if (err != ERR_OK) {
        print_error("%s:%d: %s\n", file, line, ec->text);
        fail();
    }
}

const char *fixture_path(const struct fixture *f, const char *name)
{
    return temp_dir_file(f->dir, name);
}

void fixture_open(struct fixture *f)
{
    OK(store_open("sqlite", f->dir, &f->store, EC));
    OK(store_connect(f->store, &f->conn, EC));
}

void fixture_close(struct fixture *f)
{
    store_disconnect(f->conn);
    store_close(f->store);
    f->conn = NULL;
    f->store = NULL;
}

void fixture_reopen(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

int fixture_setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    temp_dir_make(f->dir, "store");
    arena_init(&f->arena);
    fixture_open(f);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    fixture_close(f);
    arena_fini(&f->arena);
    temp_dir_remove(f->dir);
    mem_cleanup(&f);
    return 0;
}

static sqlite3 *raw_open(const struct fixture *f)
{
    sqlite3 *raw = NULL;
    assert_int_equal(sqlite3_open(fixture_path(f, "control.db"), &raw), SQLITE_OK);
    (void)sqlite3_busy_timeout(raw, 5000);
    return raw;
}

void fixture_sql(const struct fixture *f, const char *text)
{
    sqlite3 *raw = raw_open(f);
    if (sqlite3_exec(raw, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(raw));
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
}

int64_t fixture_sql_number(const struct fixture *f, const char *text)
{
    sqlite3 *raw = raw_open(f);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(raw, text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(raw));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(raw), SQLITE_OK);
    return number;
}

void begin(struct fixture *f)
{
    OK(store_begin_write(f->conn, EC));
}

void commit(struct fixture *f)
{
    OK(store_commit(f->conn, EC));
}

uint64_t take_version(struct fixture *f)
{
    uint64_t version = 0;
    OK(store_take_version(f->conn, &version, EC));
    return version;
}

static uint64_t change_name(struct fixture *f, struct store_object object)
{
    begin(f);
    uint64_t version = take_version(f);
    object.kind = STORE_NAME;
    OK(store_object_put(f->conn, &object, EC));
    commit(f);
    return version;
}

uint64_t put_name(struct fixture *f, const char *zone, const char *name, const char *body)
{
    return change_name(f, (struct store_object){
                              .group = zone, .member = slice_str(name), .body = slice_str(body)});
}

uint64_t delete_name(struct fixture *f, const char *zone, const char *name)
{
    return change_name(
        f, (struct store_object){.group = zone, .member = slice_str(name), .is_deleted = true});
}
