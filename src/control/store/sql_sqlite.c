// SPDX-License-Identifier: Apache-2.0
// The engine layer over SQLite 3, and the only file here that knows it. Called by store.c,
// migrate.c and the typed functions, on the thread that uses the connection.
//
// Two files: the database itself, `synchronous=FULL`, so that a commit is an fsync of its
// write-ahead log; and, attached as `chunks`, derived data with `synchronous=NORMAL`, which a power
// cut may set back to an earlier commit. A transaction that writes only chunks does no fsync. One
// that writes both is not atomic across a power cut or a kill: a missing chunk is compiled again.
#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"
#include "control/store/limits.h"
#include "control/store/sql_priv.h"

#include <sqlite3.h>
#include <stdio.h>

/** One prepared statement, and the cursor over its rows. */
struct sql_rows {
    struct sql *sql;
    sqlite3_stmt *statement;
    bool is_open;
};

struct sql {
    sqlite3 *handle;
    struct map statements; /* text -> struct sql_rows */
    bool is_write;         /* a write transaction is open, as the callers see it */
    enum err failure;      /* of a statement in it: all that follow fail too */
    unsigned log_pages;
};

struct code_row {
    int sqlite_code;
    enum err err;
};

/** The extended codes first: the first row that fits counts. */
static const struct code_row code_rows[] = {
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERR_EXISTS},
    {SQLITE_CONSTRAINT_UNIQUE, ERR_EXISTS},
    {SQLITE_CONSTRAINT_FOREIGNKEY, ERR_CONFLICT},
    {SQLITE_CONSTRAINT, ERR_INVALID},
    {SQLITE_BUSY, ERR_TIMEOUT},
    {SQLITE_LOCKED, ERR_TIMEOUT},
    {SQLITE_CORRUPT, ERR_CORRUPT},
    {SQLITE_NOTADB, ERR_CORRUPT},
    {SQLITE_FULL, ERR_IO},
    {SQLITE_IOERR, ERR_IO},
    {SQLITE_CANTOPEN, ERR_IO},
    {SQLITE_PROTOCOL, ERR_IO},
    {SQLITE_NOLFS, ERR_LIMIT},
    {SQLITE_NOMEM, ERR_LIMIT},
    {SQLITE_TOOBIG, ERR_LIMIT},
    {SQLITE_READONLY, ERR_DENIED},
    {SQLITE_PERM, ERR_DENIED},
    {SQLITE_AUTH, ERR_DENIED},
};

static enum err code_of(int sqlite_code)
{
    for (size_t i = 0; i < ARRAY_LEN(code_rows); i++) {
        const struct code_row *row = &code_rows[i];
        if (row->sqlite_code == sqlite_code || row->sqlite_code == (sqlite_code & 0xff))
            return row->err;
    }
    return ERR_INTERNAL;
}

/** The failure of the last call on the handle; a write transaction remembers it. */
static enum err fail(struct sql *sql, const char *what, struct errctx *ec)
{
    int code = sqlite3_extended_errcode(sql->handle);
    enum err err = code_of(code);
    CHECK(err != ERR_OK);
    (void)err_set(ec, err, "store: %s: %s (%d)", what, sqlite3_errmsg(sql->handle), code);
    if (ec != NULL && err == ERR_IO)
        ec->sys_errno = sqlite3_system_errno(sql->handle);
    if (sql->is_write && sql->failure == ERR_OK)
        sql->failure = err;
    return err;
}

static enum err run(struct sql *sql, const char *text, const char *what, struct errctx *ec)
{
    if (sqlite3_exec(sql->handle, text, NULL, NULL, NULL) != SQLITE_OK)
        return fail(sql, what, ec);
    return ERR_OK;
}

enum err sql_script(struct sql *sql, const char *text, struct errctx *ec)
{
    return run(sql, text, "script", ec);
}

/* Called by SQLite after a commit wrote to the log of one of the files. */
static int note_log(void *user, sqlite3 *handle, const char *schema, int pages)
{
    (void)handle;
    (void)schema;
    struct sql *sql = (struct sql *)user;
    if (pages > 0 && (unsigned)pages > sql->log_pages)
        sql->log_pages = (unsigned)pages;
    return SQLITE_OK;
}

/** Write-ahead logs work only where the file system gives shared memory. */
static enum err use_log(struct sql *sql, const char *pragma, struct errctx *ec)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(sql->handle, pragma, -1, &statement, NULL) != SQLITE_OK)
        return fail(sql, pragma, ec);
    enum err err = ERR_OK;
    if (sqlite3_step(statement) != SQLITE_ROW)
        err = fail(sql, pragma, ec);
    else if (strcmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0)
        err = err_set(ec, ERR_UNSUPPORTED, "store: this file system cannot hold a write-ahead log");
    (void)sqlite3_finalize(statement);
    return err;
}

static enum err attach(struct sql *sql, const char *path, struct errctx *ec)
{
    char *text = sqlite3_mprintf("ATTACH DATABASE %Q AS chunks", path);
    CHECK(text != NULL);
    enum err err = run(sql, text, path, ec);
    sqlite3_free(text);
    return err;
}

/** Log and shared memory outlive the last connection: a start on a full disk needs no new ones. */
static void keep_log(struct sql *sql, const char *schema)
{
    int on = 1;
    (void)sqlite3_file_control(sql->handle, schema, SQLITE_FCNTL_PERSIST_WAL, &on);
}

static enum err configure(struct sql *sql, const struct sql_options *options, struct errctx *ec)
{
    char text[512];
    enum err err = use_log(sql, "PRAGMA main.journal_mode = WAL", ec);
    if (err == ERR_OK)
        err = attach(sql, options->chunks_path, ec);
    if (err == ERR_OK)
        err = use_log(sql, "PRAGMA chunks.journal_mode = WAL", ec);
    if (err != ERR_OK)
        return err;
    keep_log(sql, "main");
    keep_log(sql, "chunks");
    (void)snprintf(text, sizeof(text),
                   "PRAGMA main.synchronous = FULL;"
                   "PRAGMA chunks.synchronous = NORMAL;"
                   "PRAGMA foreign_keys = ON;"
                   "PRAGMA trusted_schema = OFF;"
                   "PRAGMA cell_size_check = ON;"
                   "PRAGMA main.cache_size = -%d;"
                   "PRAGMA main.journal_size_limit = %u;"
                   "PRAGMA chunks.journal_size_limit = %u",
                   STORE_CACHE_KIB, STORE_WAL_FILE_MAX_BYTES, STORE_WAL_FILE_MAX_BYTES);
    err = run(sql, text, "settings", ec);
    (void)sqlite3_wal_hook(sql->handle, note_log, sql); /* and no checkpoint by SQLite itself */
    return err;
}

enum err sql_open(const struct sql_options *options, struct sql **out_sql, struct errctx *ec)
{
    struct sql *sql = NEW(struct sql);
    map_init(&sql->statements);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    enum err err = ERR_OK;
    int code = sqlite3_open_v2(options->path, &sql->handle, flags, NULL);
    CHECK(sql->handle != NULL); /* NULL only without memory */
    (void)sqlite3_extended_result_codes(sql->handle, 1);
    (void)sqlite3_busy_timeout(sql->handle, STORE_BUSY_TIMEOUT_MS);
    if (code != SQLITE_OK)
        err = fail(sql, options->path, ec);
    else
        err = configure(sql, options, ec);
    if (err != ERR_OK) {
        sql_close(sql);
        return err;
    }
    *out_sql = sql;
    return ERR_OK;
}

void sql_close(struct sql *sql)
{
    if (sql == NULL)
        return;
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&sql->statements, &cursor)) != NULL) {
        struct sql_rows *rows = (struct sql_rows *)entry->value;
        CHECK(!rows->is_open);
        (void)sqlite3_finalize(rows->statement);
        mem_cleanup(&rows);
    }
    map_fini(&sql->statements);
    CHECK(sqlite3_close(sql->handle) == SQLITE_OK);
    mem_cleanup(&sql);
}

bool sql_is_damaged(const char *path)
{
    sqlite3 *handle = NULL;
    int code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    (void)sqlite3_close(handle);
    return code_of(code) == ERR_CORRUPT;
}

enum err sql_begin_read(struct sql *sql, struct errctx *ec)
{
    return run(sql, "BEGIN", "begin", ec);
}

enum err sql_begin_write(struct sql *sql, int timeout_ms, struct errctx *ec)
{
    (void)sqlite3_busy_timeout(sql->handle, timeout_ms);
    enum err err = run(sql, "BEGIN IMMEDIATE", "begin", ec);
    (void)sqlite3_busy_timeout(sql->handle, STORE_BUSY_TIMEOUT_MS);
    if (err != ERR_OK)
        return err;
    sql->is_write = true;
    sql->failure = ERR_OK;
    return ERR_OK;
}

enum err sql_commit(struct sql *sql, struct errctx *ec)
{
    sql->log_pages = 0;
    enum err err = sql->is_write ? sql->failure : ERR_OK;
    if (err != ERR_OK)
        (void)err_set(ec, err, "store: commit: a statement of this transaction failed");
    else
        err = run(sql, "COMMIT", "commit", ec);
    if (err != ERR_OK)
        sql_rollback(sql);
    sql->is_write = false;
    return err;
}

void sql_rollback(struct sql *sql)
{
    /* A failed roll back would mean a handle that is misused; an I/O error cannot stop it. */
    if (sqlite3_get_autocommit(sql->handle) == 0)
        CHECK(sqlite3_exec(sql->handle, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK ||
              sqlite3_get_autocommit(sql->handle) != 0);
    sql->is_write = false;
}

bool sql_in_write(const struct sql *sql)
{
    return sql->is_write;
}

/** Parameters are numbered as they are first used, which the texts must do in order. */
static void check_parameters(sqlite3_stmt *statement, const struct sql_call *call)
{
    CHECK_MSG((size_t)sqlite3_bind_parameter_count(statement) == call->count, "parameters of %s",
              call->text);
    CHECK(call->count <= SQL_PARAMETERS_MAX);
    for (int i = 1; i <= (int)call->count; i++) {
        char name[12];
        (void)snprintf(name, sizeof(name), "$%d", i);
        CHECK_MSG(strcmp(sqlite3_bind_parameter_name(statement, i), name) == 0, "parameter %d: %s",
                  i, call->text);
    }
}

static enum err prepare(struct sql *sql, const struct sql_call *call, struct sql_rows **out_rows,
                        struct errctx *ec)
{
    struct slice key = slice_str(call->text);
    struct sql_rows *rows = (struct sql_rows *)map_get(&sql->statements, key);
    if (rows == NULL) {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v3(sql->handle, call->text, (int)key.len, SQLITE_PREPARE_PERSISTENT,
                               &statement, NULL) != SQLITE_OK)
            return fail(sql, "prepare", ec);
        check_parameters(statement, call);
        rows = NEW(struct sql_rows);
        *rows = (struct sql_rows){.sql = sql, .statement = statement};
        (void)map_put(&sql->statements, key, rows);
    }
    CHECK_MSG(!rows->is_open, "rows still open: %s", call->text);
    *out_rows = rows;
    return ERR_OK;
}

static int bind(sqlite3_stmt *statement, int index, const struct sql_value *v)
{
    const char *bytes = v->bytes.data == NULL ? "" : (const char *)v->bytes.data;
    switch (v->type) {
    case SQL_IS_NUMBER:
        return sqlite3_bind_int64(statement, index, v->number);
    case SQL_IS_TEXT:
        return sqlite3_bind_text64(statement, index, bytes, v->bytes.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case SQL_IS_BLOB:
        return sqlite3_bind_blob64(statement, index, bytes, v->bytes.len, SQLITE_STATIC);
    case SQL_IS_NULL:
        break;
    }
    return sqlite3_bind_null(statement, index);
}

enum err sql_query(struct sql *sql, const struct sql_call *call, struct sql_rows **out_rows,
                   struct errctx *ec)
{
    if (sql->is_write && sql->failure != ERR_OK) {
        (void)err_set(ec, sql->failure, "store: a statement of this transaction failed before");
        return sql->failure;
    }
    struct sql_rows *rows = NULL;
    enum err err = prepare(sql, call, &rows, ec);
    if (err != ERR_OK)
        return err;
    CHECK(rows != NULL);
    for (size_t i = 0; i < call->count; i++)
        if (bind(rows->statement, (int)i + 1, &call->values[i]) != SQLITE_OK) {
            err = fail(sql, "bind", ec);
            (void)sqlite3_clear_bindings(rows->statement);
            return err;
        }
    rows->is_open = true;
    *out_rows = rows;
    return ERR_OK;
}

enum err sql_next(struct sql_rows *rows, bool *out_is_row, struct errctx *ec)
{
    CHECK(rows->is_open);
    int code = sqlite3_step(rows->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(rows->sql, "step", ec);
    *out_is_row = code == SQLITE_ROW;
    return ERR_OK;
}

static struct sql_value bytes_of(enum sql_type type, const void *data, int len)
{
    return (struct sql_value){.type = type,
                              .bytes = slice_of(data == NULL ? "" : data, (size_t)len)};
}

struct sql_value sql_column(struct sql_rows *rows, unsigned column)
{
    sqlite3_stmt *s = rows->statement;
    int i = (int)column;
    CHECK(rows->is_open && i < sqlite3_column_count(s));
    /* The length is asked after the pointer: asking for the pointer may convert. */
    switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER:
        return sql_number(sqlite3_column_int64(s, i));
    case SQLITE_TEXT: {
        const void *text = sqlite3_column_text(s, i);
        return bytes_of(SQL_IS_TEXT, text, sqlite3_column_bytes(s, i));
    }
    case SQLITE_BLOB: {
        const void *blob = sqlite3_column_blob(s, i);
        return bytes_of(SQL_IS_BLOB, blob, sqlite3_column_bytes(s, i));
    }
    default:
        return (struct sql_value){.type = SQL_IS_NULL};
    }
}

void sql_rows_close(struct sql_rows *rows)
{
    if (rows == NULL || !rows->is_open)
        return;
    /* The result repeats a failure that sql_next has told already. */
    (void)sqlite3_reset(rows->statement);
    (void)sqlite3_clear_bindings(rows->statement);
    rows->is_open = false;
}

enum err sql_change(struct sql *sql, const struct sql_call *call, uint64_t *out_changed,
                    struct errctx *ec)
{
    CHECK_MSG(sql->is_write, "not in a write transaction: %s", call->text);
    AUTO_ROWS struct sql_rows *rows = NULL;
    bool is_row = false;
    enum err err = sql_query(sql, call, &rows, ec);
    if (err == ERR_OK)
        err = sql_next(rows, &is_row, ec);
    if (err != ERR_OK)
        return err;
    CHECK(!is_row);
    if (out_changed != NULL)
        *out_changed = (uint64_t)sqlite3_changes64(sql->handle);
    return ERR_OK;
}

unsigned sql_log_pages(const struct sql *sql)
{
    return sql->log_pages;
}

void sql_checkpoint(struct sql *sql)
{
    /* What could not be copied now stays in the log, safe, and is copied next time. */
    (void)sqlite3_wal_checkpoint_v2(sql->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}
