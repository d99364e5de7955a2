// SPDX-License-Identifier: Apache-2.0
// The store: opening, connections, transactions and versions. store_open and store_close are
// called by cmd; connections by the API's workers and the rollout, each on its own thread.
//
// A write transaction:
//
//   none -> gate -> BEGIN IMMEDIATE -> version read -> ... -> COMMIT -> gate left -> on_commit
//
//  1. The gate lets one writer of this process in at a time, so that the next one starts at once
//     and not when SQLite's busy handler wakes up; BEGIN IMMEDIATE keeps out other processes.
//  2. The gate is held exactly while sql_in_write().
//  3. Versions are assigned and committed inside the gate: ordered by commit.
#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "control/store/checkpoint_priv.h"
#include "control/store/limits.h"
#include "control/store/migrate_priv.h"
#include "control/store/store_priv.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define STORE_URL "sqlite"
#define STORE_FILE "control.db"
#define CHUNKS_FILE "control-chunks.db"

struct store {
    char *path;
    char *chunks_path;
    struct checkpointer *checkpointer;
    void (*on_commit)(void *user); /* set before the first connection */
    void *on_commit_user;

    pthread_mutex_t lock;       /* guards all below */
    pthread_cond_t writer_left; /* the gate is free */
    bool has_writer;
    unsigned connection_count;
    int busy_timeout_ms;
};

/** Secrets are sealed, but names are nobody else's business either: SQLite would make it 0644. */
static enum err file_make(const char *path, struct errctx *ec)
{
    /* Never opened when it exists: closing it would drop this process's locks on it. */
    AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return err_errno(ec, "store: %s", path);
    return ERR_OK;
}

static enum err store_sql_open(const struct store *s, struct sql **out_sql, struct errctx *ec)
{
    struct sql_options options = {.path = s->path, .chunks_path = s->chunks_path};
    return sql_open(&options, out_sql, ec);
}

/** Opens all and brings the tables up to date. */
static enum err open_files(const struct store *s, struct sql **out_sql, struct errctx *ec)
{
    struct sql *sql = NULL;
    enum err err = file_make(s->path, ec);
    if (err == ERR_OK)
        err = file_make(s->chunks_path, ec);
    if (err == ERR_OK)
        err = store_sql_open(s, &sql, ec);
    if (err == ERR_OK)
        err = migrate(sql, s->busy_timeout_ms, time_unix_ms(), ec);
    if (err != ERR_OK) {
        sql_close(sql);
        return err;
    }
    *out_sql = sql;
    return ERR_OK;
}

/** Moves the chunks out of the way, over older ones: all of them can be compiled again. */
static enum err set_chunks_aside(const struct store *s, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    if (rename(s->chunks_path, arena_printf(&a, "%s.damaged", s->chunks_path)) != 0)
        return err_errno(ec, "store: %s: set aside", s->chunks_path);
    static const char *const companions[] = {"-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
        const char *path = arena_printf(&a, "%s%s", s->chunks_path, companions[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            return err_errno(ec, "store: %s: remove", path);
    }
    return ERR_OK;
}

static void store_free(struct store *s)
{
    checkpointer_free(s->checkpointer);
    pthread_cond_destroy(&s->writer_left);
    pthread_mutex_destroy(&s->lock);
    mem_cleanup(&s->path);
    mem_cleanup(&s->chunks_path);
    mem_cleanup(&s);
}

enum err store_open(const char *url, const char *dir, struct store **out_store, struct errctx *ec)
{
    if (strcmp(url, STORE_URL) != 0)
        return err_set(ec, ERR_UNSUPPORTED, "store '%s': only '" STORE_URL "' is known", url);
    struct store *s = NEW(struct store);
    s->path = mem_printf("%s/" STORE_FILE, dir);
    s->chunks_path = mem_printf("%s/" CHUNKS_FILE, dir);
    s->busy_timeout_ms = STORE_BUSY_TIMEOUT_MS;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->writer_left, NULL);
    struct sql *sql = NULL;
    enum err err = open_files(s, &sql, ec);
    if (err == ERR_CORRUPT && sql_is_damaged(s->chunks_path)) {
        err = set_chunks_aside(s, ec);
        if (err == ERR_OK)
            err = open_files(s, &sql, ec);
    }
    if (err != ERR_OK) {
        store_free(s);
        return err;
    }
    s->checkpointer = checkpointer_new(sql);
    *out_store = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    CHECK(s->connection_count == 0);
    store_free(s);
}

void store_on_commit(struct store *s, void (*fn)(void *user), void *user)
{
    CHECK(s->connection_count == 0);
    s->on_commit = fn;
    s->on_commit_user = user;
}

void store_set_busy_timeout(struct store *s, int timeout_ms)
{
    pthread_mutex_lock(&s->lock);
    s->busy_timeout_ms = timeout_ms;
    pthread_mutex_unlock(&s->lock);
}

enum err store_connect(struct store *s, struct store_conn **out_conn, struct errctx *ec)
{
    struct sql *sql = NULL;
    enum err err = store_sql_open(s, &sql, ec);
    if (err != ERR_OK)
        return err;
    struct store_conn *c = NEW(struct store_conn);
    c->store = s;
    c->sql = sql;
    pthread_mutex_lock(&s->lock);
    s->connection_count++;
    pthread_mutex_unlock(&s->lock);
    *out_conn = c;
    return ERR_OK;
}

void store_disconnect(struct store_conn *c)
{
    if (c == NULL)
        return;
    struct store *s = c->store;
    store_rollback(c);
    sql_close(c->sql);
    mem_cleanup(&c);
    pthread_mutex_lock(&s->lock);
    CHECK(s->connection_count > 0);
    s->connection_count--;
    pthread_mutex_unlock(&s->lock);
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

/** Waits for its turn to write; *out_left_ms is what the timeout leaves for other processes. */
static enum err gate_enter(struct store *s, int *out_left_ms, struct errctx *ec)
{
    pthread_mutex_lock(&s->lock);
    int64_t deadline_ns = time_monotonic_ns() + s->busy_timeout_ms * NS_PER_MS;
    struct timespec deadline = timespec_of(deadline_ns);
    int failure = 0;
    while (s->has_writer && failure == 0)
        failure = pthread_cond_clockwait(&s->writer_left, &s->lock, CLOCK_MONOTONIC, &deadline);
    bool is_mine = !s->has_writer;
    s->has_writer = true;
    pthread_mutex_unlock(&s->lock);
    if (!is_mine)
        return err_set(ec, ERR_TIMEOUT, "store: begin: another change took too long");
    int64_t left_ns = deadline_ns - time_monotonic_ns();
    *out_left_ms = left_ns < 0 ? 0 : (int)(left_ns / NS_PER_MS);
    return ERR_OK;
}

static void gate_leave(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    CHECK(s->has_writer);
    s->has_writer = false;
    pthread_cond_signal(&s->writer_left);
    pthread_mutex_unlock(&s->lock);
}

enum err store_version(struct store_conn *c, uint64_t *out_version, struct errctx *ec)
{
    return conn_count(c, SQL("SELECT version FROM store_state WHERE id = 1"), out_version, ec);
}

enum err store_begin_read(struct store_conn *c, struct errctx *ec)
{
    CHECK(!c->is_transaction);
    enum err err = sql_begin_read(c->sql, ec);
    if (err != ERR_OK)
        return err;
    c->is_transaction = true;
    uint64_t version = 0;
    err = store_version(c, &version, ec); /* the first read takes the view */
    if (err != ERR_OK)
        store_rollback(c);
    return err;
}

enum err store_begin_write(struct store_conn *c, struct errctx *ec)
{
    CHECK(!c->is_transaction);
    int left_ms = 0;
    enum err err = gate_enter(c->store, &left_ms, ec);
    if (err != ERR_OK)
        return err;
    err = sql_begin_write(c->sql, left_ms, ec);
    if (err != ERR_OK) {
        gate_leave(c->store);
        return err;
    }
    c->is_transaction = true;
    c->has_version = false;
    c->has_news = false;
    err = store_version(c, &c->version, ec);
    if (err != ERR_OK)
        store_rollback(c);
    return err;
}

/** After a commit: the log is copied by the thread for it, or here where that lags behind. */
static void bound_log(struct store_conn *c)
{
    unsigned pages = sql_log_pages(c->sql);
    if (pages >= STORE_WAL_PAGES_MAX)
        sql_checkpoint(c->sql);
    else if (pages >= STORE_WAL_PAGES)
        checkpointer_wake(c->store->checkpointer);
}

enum err store_commit(struct store_conn *c, struct errctx *ec)
{
    CHECK(c->is_transaction);
    struct store *s = c->store;
    bool is_write = sql_in_write(c->sql);
    enum err err = sql_commit(c->sql, ec);
    c->is_transaction = false;
    if (!is_write)
        return err;
    bound_log(c);
    gate_leave(s);
    if (err == ERR_OK && (c->has_version || c->has_news) && s->on_commit != NULL)
        s->on_commit(s->on_commit_user);
    return err;
}

void store_rollback(struct store_conn *c)
{
    if (!c->is_transaction)
        return;
    bool is_write = sql_in_write(c->sql);
    sql_rollback(c->sql);
    c->is_transaction = false;
    if (is_write)
        gate_leave(c->store);
}

enum err store_take_version(struct store_conn *c, uint64_t *out_version, struct errctx *ec)
{
    CHECK(sql_in_write(c->sql));
    if (!c->has_version) {
        enum err err = conn_change(
            c,
            SQL("UPDATE store_state SET version = $1 WHERE id = 1", sql_unsigned(c->version + 1)),
            ec);
        if (err != ERR_OK)
            return err;
        c->version++;
        c->has_version = true;
    }
    *out_version = c->version;
    return ERR_OK;
}
