// SPDX-License-Identifier: Apache-2.0
// The thin layer over an SQL engine: calls with parameters, rows, transactions. sql_sqlite.c is the
// only file that knows the engine; statements are written in the SQL that SQLite and PostgreSQL
// share, with parameters $1, $2, ... first used in that order.
//
// Invariants
//  1. At most one transaction is open on a connection.
//  2. Once a statement inside a write transaction has failed, every later one fails the same way,
//     and so does the commit, which then rolls back: nothing is ever half applied. (A full disk
//     makes SQLite roll back by itself; PostgreSQL behaves like this anyway.)
//  3. A call's parameters are borrowed until its rows are closed.
#ifndef CONTROL_STORE_SQL_PRIV_H
#define CONTROL_STORE_SQL_PRIV_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum sql_type { SQL_IS_NULL, SQL_IS_NUMBER, SQL_IS_TEXT, SQL_IS_BLOB };

/** A parameter or a column. */
struct sql_value {
    enum sql_type type;
    int64_t number;
    struct slice
        bytes; /* text without its NUL, or blob; of a column: borrowed until the next row */
};

static inline struct sql_value sql_number(int64_t number)
{
    return (struct sql_value){.type = SQL_IS_NUMBER, .number = number};
}

/** Versions, epochs and counts stay far below 2^63; a bound above it means: all. */
static inline struct sql_value sql_unsigned(uint64_t number)
{
    return sql_number(number > INT64_MAX ? INT64_MAX : (int64_t)number);
}

/** NULL becomes the NULL of SQL. */
static inline struct sql_value sql_text(const char *text)
{
    return (struct sql_value){.type = text == NULL ? SQL_IS_NULL : SQL_IS_TEXT,
                              .bytes = slice_str(text)};
}

static inline struct sql_value sql_blob(struct slice bytes)
{
    return (struct sql_value){.type = SQL_IS_BLOB, .bytes = bytes};
}

/** A statement and its parameters. `text` is kept as the key of the prepared statement: a literal.
 */
struct sql_call {
    const char *text;
    const struct sql_value *values;
    size_t count;
};

/** SQL("... $1 ... $2", sql_text(id), sql_number(n)): a `const struct sql_call *` for this block.
 */
#define SQL(literal, ...)                                                                          \
    (&(const struct sql_call){                                                                     \
        .text = "" literal,                                                                        \
        .values = (const struct sql_value[]){__VA_ARGS__},                                         \
        .count = sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value),       \
    })

/** One connection. Threads: one at a time. */
struct sql;

/** The rows of one call. */
struct sql_rows;

struct sql_options {
    const char *path;
    const char *chunks_path; /* seen as the schema `chunks`; less durable */
};

/** Opens and makes what is missing. */
enum err sql_open(const struct sql_options *options, struct sql **out_sql, struct errctx *ec)
    MUST_USE;
void sql_close(struct sql *sql); /* NULL is fine; no rows may be open */

/** Whether a file cannot be opened as a database, being no or half of one. Nobody has it open. */
bool sql_is_damaged(const char *path);

/** Several statements without parameters. */
enum err sql_script(struct sql *sql, const char *text, struct errctx *ec) MUST_USE;

/** A consistent view; it is taken by the first read. */
enum err sql_begin_read(struct sql *sql, struct errctx *ec) MUST_USE;
/** Keeps every other writer out from here on; waits for them `timeout_ms` at most. */
enum err sql_begin_write(struct sql *sql, int timeout_ms, struct errctx *ec) MUST_USE;
/** Durable where it returns ERR_OK; over in any case. */
enum err sql_commit(struct sql *sql, struct errctx *ec) MUST_USE;
/** Harmless when none is open. */
void sql_rollback(struct sql *sql);
bool sql_in_write(const struct sql *sql);

/** Begins a call that answers rows; close them before the same text is called again. */
enum err sql_query(struct sql *sql, const struct sql_call *call, struct sql_rows **out_rows,
                   struct errctx *ec) MUST_USE;
enum err sql_next(struct sql_rows *rows, bool *out_is_row, struct errctx *ec) MUST_USE;
/** Column of the current row, from 0. */
struct sql_value sql_column(struct sql_rows *rows, unsigned column);
void sql_rows_close(struct sql_rows *rows); /* NULL is fine */

static inline void sql_rows_cleanup(struct sql_rows **rows)
{
    sql_rows_close(*rows);
}
#define AUTO_ROWS CLEANUP(sql_rows_cleanup)

/** A call without rows, inside a write transaction. out_changed may be NULL. */
enum err sql_change(struct sql *sql, const struct sql_call *call, uint64_t *out_changed,
                    struct errctx *ec) MUST_USE;

/** Pages in the longest write-ahead log after the last commit; 0 where the engine has none. */
unsigned sql_log_pages(const struct sql *sql);
/** Copies the write-ahead logs into the database files as far as no reader hinders it. */
void sql_checkpoint(struct sql *sql);

/**
 * Reads the columns of a row one after the other. What cannot be (a negative version, a hash of 31
 * bytes) makes the row damaged instead of failing each getter: check once, at the end.
 */
struct sql_reader {
    struct sql_rows *rows;
    struct arena *arena; /* text and blobs are copied to it; NULL: they stay borrowed */
    unsigned column;     /* the next one */
    bool is_damaged;
};

int64_t sql_get_number(struct sql_reader *r);
uint64_t sql_get_unsigned(struct sql_reader *r);
bool sql_get_bool(struct sql_reader *r);
/** 0..max */
unsigned sql_get_enum(struct sql_reader *r, unsigned max);
/** NUL-terminated; "" where it is NULL, which makes the row damaged. */
const char *sql_get_text(struct sql_reader *r);
/** NULL stays NULL. */
const char *sql_get_optional_text(struct sql_reader *r);
struct slice sql_get_blob(struct sql_reader *r);
/** Exactly `size` bytes. */
void sql_get_bytes(struct sql_reader *r, uint8_t *out, size_t size);
/** ERR_CORRUPT where the row was damaged; `what` names it. */
enum err sql_reader_check(const struct sql_reader *r, const char *what, struct errctx *ec) MUST_USE;

#endif
