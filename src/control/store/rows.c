// SPDX-License-Identifier: Apache-2.0
// Queries whose rows become structs in an arena. Called by the typed functions of this room, on the
// thread that uses the connection.
#include "base/check.h"
#include "control/store/store_priv.h"

/** First room for the rows of a list; it doubles. */
#define LIST_ROOM_MIN 16u

/** Runs the query up to its first row, if there is one. *rows is the caller's to close. */
static enum err first_row(struct store_conn *c, const struct sql_call *call, struct sql_rows **rows,
                          bool *out_is_row, struct errctx *ec)
{
    enum err err = sql_query(c->sql, call, rows, ec);
    return err == ERR_OK ? sql_next(*rows, out_is_row, ec) : err;
}

enum err conn_get(struct store_conn *c, struct arena *a, const struct sql_call *call,
                  const struct row_shape *shape, void *out, struct errctx *ec)
{
    AUTO_ROWS struct sql_rows *rows = NULL;
    bool is_row = false;
    enum err err = first_row(c, call, &rows, &is_row, ec);
    if (err != ERR_OK)
        return err;
    if (!is_row)
        return err_set(ec, ERR_NOT_FOUND, "store: no such %s", shape->what);
    struct sql_reader reader = {.rows = rows, .arena = a};
    void *item = arena_alloc(a, shape->size_bytes);
    shape->read(&reader, item);
    err = sql_reader_check(&reader, shape->what, ec);
    if (err == ERR_OK)
        memcpy(out, item, shape->size_bytes);
    return err;
}

/** Room for one more item behind the first `count`; arenas give nothing back, so it doubles. */
static uint8_t *grow(struct arena *a, uint8_t *items, size_t count, size_t size_bytes)
{
    bool is_full = count == 0 || (count >= LIST_ROOM_MIN && (count & (count - 1)) == 0);
    if (!is_full)
        return items;
    size_t room = count == 0 ? LIST_ROOM_MIN : count * 2;
    uint8_t *wider = (uint8_t *)arena_array(a, room, size_bytes);
    if (count > 0)
        memcpy(wider, items, count * size_bytes);
    return wider;
}

enum err conn_list(struct store_conn *c, struct arena *a, const struct sql_call *call,
                   const struct row_shape *shape, struct row_list *out, struct errctx *ec)
{
    AUTO_ROWS struct sql_rows *rows = NULL;
    enum err err = sql_query(c->sql, call, &rows, ec);
    uint8_t *items = NULL;
    size_t count = 0;
    bool is_row = err == ERR_OK;
    while (is_row) {
        err = sql_next(rows, &is_row, ec);
        if (err != ERR_OK || !is_row)
            break;
        struct sql_reader reader = {.rows = rows, .arena = a};
        items = grow(a, items, count, shape->size_bytes);
        shape->read(&reader, items + count * shape->size_bytes);
        count++;
        err = sql_reader_check(&reader, shape->what, ec);
        if (err != ERR_OK)
            break;
    }
    if (err == ERR_OK)
        *out = (struct row_list){.items = items, .count = count};
    return err;
}

enum err conn_count(struct store_conn *c, const struct sql_call *call, uint64_t *out_number,
                    struct errctx *ec)
{
    AUTO_ROWS struct sql_rows *rows = NULL;
    bool is_row = false;
    enum err err = first_row(c, call, &rows, &is_row, ec);
    if (err != ERR_OK)
        return err;
    if (!is_row)
        return err_set(ec, ERR_CORRUPT, "store: a row is missing: %s", call->text);
    struct sql_reader reader = {.rows = rows};
    uint64_t number = sql_get_unsigned(&reader);
    err = sql_reader_check(&reader, call->text, ec);
    if (err == ERR_OK)
        *out_number = number;
    return err;
}

enum err conn_change(struct store_conn *c, const struct sql_call *call, struct errctx *ec)
{
    return sql_change(c->sql, call, NULL, ec);
}

enum err conn_change_one(struct store_conn *c, const struct sql_call *call, enum err otherwise,
                         const char *what, struct errctx *ec)
{
    CHECK(otherwise == ERR_NOT_FOUND || otherwise == ERR_EXISTS);
    uint64_t changed = 0;
    enum err err = sql_change(c->sql, call, &changed, ec);
    if (err != ERR_OK || changed == 1)
        return err;
    return err_set(ec, otherwise, "store: %s %s",
                   otherwise == ERR_EXISTS ? "there is already this" : "no such", what);
}
