// SPDX-License-Identifier: Apache-2.0
// node.db over SQLite. Called by the agent, which alone writes, on its only thread; by roles'
// builder threads and by trials, each with a connection of its own that only reads.
//
// The write-ahead log lets readers go on while the agent writes; synchronous=FULL makes a commit
// survive a power cut. Chunks carry their own hashes, so only the tables around them can be
// damaged without being noticed at once; SQLite reports that as SQLITE_CORRUPT when it meets it.
#include "node/db.h"

#include "base/alloc.h"
#include "base/check.h"
#include "node/limits.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DB_FORMAT 1 /* PRAGMA user_version */

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_CHUNK,
    STATEMENT_CHUNK_STATE,
    STATEMENT_PUT_CHUNK,
    STATEMENT_STAGE,
    STATEMENT_UNSTAGE,
    STATEMENT_PUT_ROOT,
    STATEMENT_LIST_ROOTS,
    STATEMENT_FORGET_ROOT,
    STATEMENT_SET_FACT,
    STATEMENT_FACT,
    STATEMENT_STAGE_OTHERS,
    STATEMENT_SWEEP_CHUNKS,
    STATEMENT_SWEEP_STAGED,
    STATEMENT_COUNT
};

static const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_CHUNK] = "SELECT packed FROM chunk WHERE hash = ?1",
    [STATEMENT_CHUNK_STATE] = "SELECT EXISTS (SELECT 1 FROM chunk WHERE hash = ?1), "
                              "EXISTS (SELECT 1 FROM staged WHERE hash = ?1)",
    [STATEMENT_PUT_CHUNK] = "INSERT OR IGNORE INTO chunk (hash, packed) VALUES (?1, ?2)",
    [STATEMENT_STAGE] = "INSERT OR IGNORE INTO staged (hash) VALUES (?1)",
    [STATEMENT_UNSTAGE] = "DELETE FROM staged WHERE hash = ?1",
    [STATEMENT_PUT_ROOT] = "INSERT OR REPLACE INTO root (hash, step, was_proven, at_epoch, "
                           "at_sequence, at_unix_ms, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STATEMENT_LIST_ROOTS] = "SELECT hash, step, was_proven, at_epoch, at_sequence, at_unix_ms, "
                             "reason FROM root "
                             "ORDER BY at_epoch DESC, at_sequence DESC, at_unix_ms DESC LIMIT ?1",
    [STATEMENT_FORGET_ROOT] = "DELETE FROM root WHERE hash = ?1",
    [STATEMENT_SET_FACT] = "INSERT OR REPLACE INTO fact (id, value) VALUES (?1, ?2)",
    [STATEMENT_FACT] = "SELECT value FROM fact WHERE id = ?1",
    [STATEMENT_STAGE_OTHERS] = "INSERT OR IGNORE INTO staged (hash) "
                               "SELECT hash FROM chunk WHERE NOT is_marked(hash)",
    [STATEMENT_SWEEP_CHUNKS] = "DELETE FROM chunk WHERE hash IN "
                               "(SELECT hash FROM staged ORDER BY hash LIMIT ?1)",
    [STATEMENT_SWEEP_STAGED] = "DELETE FROM staged WHERE hash IN "
                               "(SELECT hash FROM staged ORDER BY hash LIMIT ?1)",
};

struct node_db {
    sqlite3 *sqlite;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared when first used */
    const struct map *marked;                  /* for is_marked(), while a statement asks it */
    bool is_writer;
};

/** The result of a call of SQLite as ours. */
static enum err db_failed(const struct node_db *db, int result, struct errctx *ec, const char *what)
{
    int code = result & 0xff;
    /* SQLITE_ERROR: our statements find no such table, in a file that was emptied. */
    bool is_damage = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
    const char *why = db->sqlite != NULL ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(result);
    return err_set(ec, is_damage ? ERR_CORRUPT : ERR_IO, "node.db: %s: %s", what, why);
}

static void db_path(const char *dir, const char *suffix, struct arena *a, const char **out)
{
    *out = arena_printf(a, "%s/node.db%s", dir, suffix);
}

enum err node_db_set_aside(const char *dir, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    const char *path;
    const char *aside;
    db_path(dir, "", &a, &path);
    db_path(dir, ".damaged", &a, &aside);
    if (rename(path, aside) != 0 && errno != ENOENT)
        return err_errno(ec, "%s: set aside", path);
    static const char *const companions[] = {"-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
        db_path(dir, companions[i], &a, &path);
        if (unlink(path) != 0 && errno != ENOENT)
            return err_errno(ec, "%s: remove", path);
    }
    return ERR_OK;
}

/** SQL function is_marked(hash). */
static void is_marked(sqlite3_context *context, int count, sqlite3_value **values)
{
    CHECK(count == 1);
    const struct node_db *db = sqlite3_user_data(context);
    CHECK(db->marked != NULL);
    const void *hash = sqlite3_value_blob(values[0]);
    size_t len = (size_t)sqlite3_value_bytes(values[0]);
    sqlite3_result_int(context, map_get(db->marked, slice_of(hash, len)) != NULL);
}

static enum err run_script(struct node_db *db, const char *sql, const char *what, struct errctx *ec)
{
    int result = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? ERR_OK : db_failed(db, result, ec, what);
}

/** One number that a query gives. */
static enum err query_number(struct node_db *db, const char *sql, int *out, struct errctx *ec)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    bool has_row = result == SQLITE_ROW;
    if (has_row)
        *out = sqlite3_column_int(statement, 0);
    enum err e = has_row ? ERR_OK : db_failed(db, result, ec, sql);
    sqlite3_finalize(statement);
    return e;
}

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS chunk (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " packed BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS staged (hash BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS root (hash BLOB PRIMARY KEY, step INTEGER NOT NULL,"
    " was_proven INTEGER NOT NULL, at_epoch INTEGER NOT NULL, at_sequence INTEGER NOT NULL,"
    " at_unix_ms INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS fact (id INTEGER PRIMARY KEY, value BLOB NOT NULL);"
    "PRAGMA user_version = 1;"
    "COMMIT;";
_Static_assert(DB_FORMAT == 1, "the schema sets user_version");

static enum err set_up_writer(struct node_db *db, struct errctx *ec)
{
    int format = 0;
    enum err e = query_number(db, "PRAGMA user_version", &format, ec);
    if (e == ERR_OK && format != 0 && format != DB_FORMAT)
        e = err_set(ec, ERR_CORRUPT, "node.db: format %d, this version has %d", format, DB_FORMAT);
    if (e == ERR_OK)
        e = run_script(db,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                       "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216;",
                       "set up", ec);
    if (e == ERR_OK && format == 0)
        e = run_script(db, schema, "schema", ec); /* no write where all is there: see open_file */
    return e;
}

/**
 * Log and shared memory stay when the last connection closes: a start needs no new ones, which a
 * full disk would not give it.
 */
static void keep_companions(struct node_db *db)
{
    int on = 1;
    (void)sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
}

/** A look at each table, so that most damage is met before anything depends on the file. */
static enum err look_at_tables(struct node_db *db, struct errctx *ec)
{
    int number = 0;
    enum err e = query_number(
        db, "SELECT EXISTS (SELECT 1 FROM chunk) + EXISTS (SELECT 1 FROM staged)", &number, ec);
    if (e == ERR_OK)
        e = query_number(db, "SELECT count(*) + total(step) FROM root", &number, ec);
    if (e == ERR_OK)
        e = query_number(db, "SELECT count(*) + total(length(value)) FROM fact", &number, ec);
    return e;
}

/**
 * A new file is its owner's alone, whoever may enter the directory; SQLite gives its log the same
 * mode. One that is there is not opened: closing it would drop the locks that this process holds.
 */
static enum err create_private(const char *path, struct errctx *ec)
{
    AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 || errno == EEXIST ? ERR_OK : err_errno(ec, "create '%s'", path);
}

static enum err open_file(const char *path, bool is_writer, struct node_db **out_db,
                          struct errctx *ec)
{
    enum err created = is_writer ? create_private(path, ec) : ERR_OK;
    if (created != ERR_OK)
        return created;
    struct node_db *db = NEW(struct node_db);
    db->is_writer = is_writer;
    /* Readers need write access, too: to the shared memory of the write-ahead log. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (is_writer ? SQLITE_OPEN_CREATE : 0);
    int result = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
    enum err e = result == SQLITE_OK ? ERR_OK : db_failed(db, result, ec, path);
    if (e == ERR_OK) {
        sqlite3_busy_timeout(db->sqlite, NODE_DB_BUSY_MS);
        keep_companions(db);
        e = is_writer ? set_up_writer(db, ec)
                      : run_script(db, "PRAGMA query_only = ON", "set up", ec);
    }
    if (e == ERR_OK)
        e = look_at_tables(db, ec);
    if (e == ERR_OK && is_writer) {
        result = sqlite3_create_function(db->sqlite, "is_marked", 1, SQLITE_UTF8, db, is_marked,
                                         NULL, NULL);
        CHECK(result == SQLITE_OK);
    }
    if (e != ERR_OK) {
        node_db_close(db);
        return e;
    }
    *out_db = db;
    return ERR_OK;
}

enum err node_db_open(const char *dir, bool is_writer, struct node_db **out_db, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    const char *path;
    db_path(dir, "", &a, &path);
    if (!is_writer && access(path, F_OK) != 0)
        return err_errno(ec, "%s", path);
    enum err e = open_file(path, is_writer, out_db, ec);
    if (e != ERR_CORRUPT || !is_writer)
        return e;
    e = node_db_set_aside(dir, ec);
    if (e == ERR_OK)
        e = open_file(path, is_writer, out_db, ec);
    return e;
}

void node_db_close(struct node_db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->sqlite);
    free(db);
}

/** The prepared statement, without values; its errors come with the first step. */
static sqlite3_stmt *statement_of(struct node_db *db, enum statement which)
{
    sqlite3_stmt **statement = &db->statements[which];
    if (*statement == NULL)
        (void)sqlite3_prepare_v3(db->sqlite, statement_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                 statement, NULL);
    return *statement;
}

static void bind_bytes(sqlite3_stmt *statement, int index, struct slice bytes)
{
    /* The bytes live until the statement is reset; an empty value is a blob, too, not NULL. */
    const void *data = bytes.len > 0 ? (const void *)bytes.data : "";
    (void)sqlite3_bind_blob64(statement, index, data, bytes.len, SQLITE_STATIC);
}

static void bind_hash(sqlite3_stmt *statement, int index, const struct chunk_hash *hash)
{
    bind_bytes(statement, index, slice_of(hash->bytes, sizeof(hash->bytes)));
}

/** Makes a statement ready for its next use. */
static void done_with(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement); /* reports the error of the last step once more */
    (void)sqlite3_clear_bindings(statement);
}

/** Runs a statement that gives no rows. */
static enum err run(struct node_db *db, enum statement which, struct errctx *ec)
{
    sqlite3_stmt *statement = statement_of(db, which);
    int result = statement == NULL ? sqlite3_errcode(db->sqlite) : sqlite3_step(statement);
    enum err e = result == SQLITE_DONE ? ERR_OK : db_failed(db, result, ec, "write");
    done_with(statement);
    return e;
}

/** Opens the transaction that the next commit ends. */
static enum err begin(struct node_db *db, struct errctx *ec)
{
    CHECK(db->is_writer);
    return sqlite3_get_autocommit(db->sqlite) == 0 ? ERR_OK : run(db, STATEMENT_BEGIN, ec);
}

void node_db_rollback(struct node_db *db)
{
    if (sqlite3_get_autocommit(db->sqlite) == 0)
        (void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

enum err node_db_commit(struct node_db *db, struct errctx *ec)
{
    if (sqlite3_get_autocommit(db->sqlite) != 0)
        return ERR_OK;
    enum err e = run(db, STATEMENT_COMMIT, ec);
    if (e != ERR_OK)
        node_db_rollback(db);
    return e;
}

/** The packed bytes of a chunk, valid until done_with(*out_statement). */
static enum err find_chunk(struct node_db *db, const struct chunk_hash *hash,
                           sqlite3_stmt **out_statement, struct slice *out_packed,
                           struct errctx *ec)
{
    sqlite3_stmt *statement = statement_of(db, STATEMENT_CHUNK);
    bind_hash(statement, 1, hash);
    int result = statement == NULL ? sqlite3_errcode(db->sqlite) : sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(statement, 0);
        *out_packed = slice_of(data, (size_t)sqlite3_column_bytes(statement, 0));
        *out_statement = statement;
        return ERR_OK;
    }
    enum err e = result == SQLITE_DONE ? err_set(ec, ERR_NOT_FOUND, "node.db: no such chunk")
                                       : db_failed(db, result, ec, "read a chunk");
    done_with(statement);
    return e;
}

static enum err source_get(void *user, struct arena *a, const struct chunk_hash *hash,
                           struct slice *out_bytes, struct errctx *ec)
{
    sqlite3_stmt *statement = NULL;
    struct slice packed = {0};
    enum err e = find_chunk(user, hash, &statement, &packed, ec);
    if (e != ERR_OK)
        return e;
    e = chunk_unpack(a, packed, hash, out_bytes, ec);
    done_with(statement);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "node.db");
}

struct chunk_source node_db_source(struct node_db *db)
{
    return (struct chunk_source){.get = source_get, .user = db};
}

enum err node_db_packed_chunk(struct node_db *db, struct arena *a, const struct chunk_hash *hash,
                              struct slice *out_packed, struct errctx *ec)
{
    sqlite3_stmt *statement = NULL;
    struct slice packed = {0};
    enum err e = find_chunk(db, hash, &statement, &packed, ec);
    if (e != ERR_OK)
        return e;
    *out_packed = arena_copy(a, packed);
    done_with(statement);
    return ERR_OK;
}

enum err node_db_chunk_state(struct node_db *db, const struct chunk_hash *hash,
                             enum node_chunk_state *out_state, struct errctx *ec)
{
    sqlite3_stmt *statement = statement_of(db, STATEMENT_CHUNK_STATE);
    bind_hash(statement, 1, hash);
    int result = statement == NULL ? sqlite3_errcode(db->sqlite) : sqlite3_step(statement);
    enum err e = result == SQLITE_ROW ? ERR_OK : db_failed(db, result, ec, "look for a chunk");
    if (e == ERR_OK) {
        bool is_there = sqlite3_column_int(statement, 0) != 0;
        bool is_staged = sqlite3_column_int(statement, 1) != 0;
        *out_state = !is_there   ? NODE_CHUNK_ABSENT
                     : is_staged ? NODE_CHUNK_STAGED
                                 : NODE_CHUNK_WHOLE;
    }
    done_with(statement);
    return e;
}

/** Runs a statement whose only value is a hash, within the transaction. */
static enum err write_hash(struct node_db *db, enum statement which, const struct chunk_hash *hash,
                           struct errctx *ec)
{
    enum err e = begin(db, ec);
    if (e != ERR_OK)
        return e;
    bind_hash(statement_of(db, which), 1, hash);
    return run(db, which, ec);
}

enum err node_db_put_chunk(struct node_db *db, const struct chunk_hash *hash, struct slice packed,
                           struct errctx *ec)
{
    enum err e = begin(db, ec);
    if (e != ERR_OK)
        return e;
    sqlite3_stmt *statement = statement_of(db, STATEMENT_PUT_CHUNK);
    bind_hash(statement, 1, hash);
    bind_bytes(statement, 2, packed);
    e = run(db, STATEMENT_PUT_CHUNK, ec);
    bool is_new = sqlite3_changes(db->sqlite) > 0;
    if (e == ERR_OK && is_new)
        e = write_hash(db, STATEMENT_STAGE, hash, ec);
    return e;
}

enum err node_db_unstage(struct node_db *db, const struct chunk_hash *hash, struct errctx *ec)
{
    return write_hash(db, STATEMENT_UNSTAGE, hash, ec);
}

enum err node_db_put_root(struct node_db *db, const struct node_root *root, struct errctx *ec)
{
    enum err e = begin(db, ec);
    if (e != ERR_OK)
        return e;
    sqlite3_stmt *statement = statement_of(db, STATEMENT_PUT_ROOT);
    bind_hash(statement, 1, &root->hash);
    (void)sqlite3_bind_int(statement, 2, (int)root->step);
    (void)sqlite3_bind_int(statement, 3, root->was_proven);
    (void)sqlite3_bind_int64(statement, 4, (sqlite3_int64)root->at_epoch);
    (void)sqlite3_bind_int64(statement, 5, (sqlite3_int64)root->at_sequence);
    (void)sqlite3_bind_int64(statement, 6, root->at_unix_ms);
    (void)sqlite3_bind_text(statement, 7, root->reason, -1, SQLITE_STATIC);
    return run(db, STATEMENT_PUT_ROOT, ec);
}

/** One row; false where it cannot be one that we wrote. */
static bool read_root(sqlite3_stmt *statement, struct node_root *out)
{
    const void *hash = sqlite3_column_blob(statement, 0);
    size_t len = (size_t)sqlite3_column_bytes(statement, 0);
    int step = sqlite3_column_int(statement, 1);
    const char *reason = (const char *)sqlite3_column_text(statement, 6);
    if (!chunk_hash_from(slice_of(hash, len), &out->hash) || step < NODE_ROOT_FETCHED ||
        step > NODE_ROOT_REJECTED)
        return false;
    out->step = (enum node_root_step)step;
    out->was_proven = sqlite3_column_int(statement, 2) != 0;
    out->at_epoch = (uint64_t)sqlite3_column_int64(statement, 3);
    out->at_sequence = (uint64_t)sqlite3_column_int64(statement, 4);
    out->at_unix_ms = sqlite3_column_int64(statement, 5);
    (void)snprintf(out->reason, sizeof(out->reason), "%s", reason == NULL ? "" : reason);
    return true;
}

enum err node_db_list_roots(struct node_db *db, struct arena *a, struct node_root **out_roots,
                            size_t *out_count, struct errctx *ec)
{
    struct node_root *roots = arena_array(a, NODE_FACTS_MAX, sizeof(*roots));
    size_t count = 0;
    sqlite3_stmt *statement = statement_of(db, STATEMENT_LIST_ROOTS);
    (void)sqlite3_bind_int(statement, 1, NODE_FACTS_MAX);
    int result = statement == NULL ? sqlite3_errcode(db->sqlite) : sqlite3_step(statement);
    bool is_sane = true;
    while (result == SQLITE_ROW && is_sane && count < NODE_FACTS_MAX) {
        is_sane = read_root(statement, &roots[count]);
        count++;
        result = sqlite3_step(statement);
    }
    enum err e = ERR_OK;
    if (!is_sane)
        e = err_set(ec, ERR_CORRUPT, "node.db: a root's row is none of ours");
    else if (result != SQLITE_DONE)
        e = db_failed(db, result, ec, "list roots");
    done_with(statement);
    if (e != ERR_OK)
        return e;
    *out_roots = roots;
    *out_count = count;
    return ERR_OK;
}

enum err node_db_forget_root(struct node_db *db, const struct chunk_hash *hash, struct errctx *ec)
{
    return write_hash(db, STATEMENT_FORGET_ROOT, hash, ec);
}

enum err node_db_set_fact(struct node_db *db, enum node_fact fact, struct slice value,
                          struct errctx *ec)
{
    enum err e = begin(db, ec);
    if (e != ERR_OK)
        return e;
    sqlite3_stmt *statement = statement_of(db, STATEMENT_SET_FACT);
    (void)sqlite3_bind_int(statement, 1, (int)fact);
    bind_bytes(statement, 2, value);
    return run(db, STATEMENT_SET_FACT, ec);
}

enum err node_db_fact(struct node_db *db, struct arena *a, enum node_fact fact,
                      struct slice *out_value, struct errctx *ec)
{
    sqlite3_stmt *statement = statement_of(db, STATEMENT_FACT);
    (void)sqlite3_bind_int(statement, 1, (int)fact);
    int result = statement == NULL ? sqlite3_errcode(db->sqlite) : sqlite3_step(statement);
    enum err e = ERR_OK;
    if (result == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(statement, 0);
        *out_value = arena_copy(a, slice_of(data, (size_t)sqlite3_column_bytes(statement, 0)));
    } else {
        e = result == SQLITE_DONE ? err_set(ec, ERR_NOT_FOUND, "node.db: no such value")
                                  : db_failed(db, result, ec, "read a value");
    }
    done_with(statement);
    return e;
}

enum err node_db_stage_others(struct node_db *db, const struct map *marked, struct errctx *ec)
{
    enum err e = begin(db, ec);
    db->marked = marked;
    if (e == ERR_OK)
        e = run(db, STATEMENT_STAGE_OTHERS, ec);
    db->marked = NULL;
    if (e == ERR_OK)
        e = node_db_commit(db, ec);
    return e;
}

/** A statement whose only value is how many rows it may touch. */
static enum err run_limited(struct node_db *db, enum statement which, unsigned limit,
                            struct errctx *ec)
{
    (void)sqlite3_bind_int(statement_of(db, which), 1, (int)limit);
    return run(db, which, ec);
}

enum err node_db_sweep(struct node_db *db, unsigned limit, unsigned *out_removed, struct errctx *ec)
{
    enum err e = begin(db, ec);
    if (e == ERR_OK)
        e = run_limited(db, STATEMENT_SWEEP_CHUNKS, limit, ec);
    if (e == ERR_OK)
        e = run_limited(db, STATEMENT_SWEEP_STAGED, limit, ec);
    unsigned removed = (unsigned)sqlite3_changes(db->sqlite);
    if (e == ERR_OK)
        e = node_db_commit(db, ec);
    if (e == ERR_OK)
        *out_removed = removed;
    return e;
}
