// SPDX-License-Identifier: Apache-2.0
// Columns as values of C, the same for every engine. Called by the typed functions of this room, on
// the thread that uses the connection.
#include "control/store/sql_priv.h"

static struct sql_value next_column(struct sql_reader *r)
{
    return sql_column(r->rows, r->column++);
}

int64_t sql_get_number(struct sql_reader *r)
{
    struct sql_value v = next_column(r);
    if (v.type != SQL_IS_NUMBER)
        r->is_damaged = true;
    return v.number;
}

uint64_t sql_get_unsigned(struct sql_reader *r)
{
    int64_t number = sql_get_number(r);
    if (number < 0)
        r->is_damaged = true;
    return number < 0 ? 0 : (uint64_t)number;
}

unsigned sql_get_enum(struct sql_reader *r, unsigned max)
{
    uint64_t number = sql_get_unsigned(r);
    if (number > max)
        r->is_damaged = true;
    return number > max ? 0 : (unsigned)number;
}

bool sql_get_bool(struct sql_reader *r)
{
    return sql_get_enum(r, 1) != 0;
}

/* Engines end text with a NUL, so that borrowed text is a string too. */
static const char *text_of(struct sql_reader *r, struct slice bytes)
{
    return r->arena != NULL ? arena_str(r->arena, bytes) : (const char *)bytes.data;
}

const char *sql_get_text(struct sql_reader *r)
{
    struct sql_value v = next_column(r);
    if (v.type != SQL_IS_TEXT) {
        r->is_damaged = true;
        return "";
    }
    return text_of(r, v.bytes);
}

const char *sql_get_optional_text(struct sql_reader *r)
{
    struct sql_value v = next_column(r);
    if (v.type == SQL_IS_NULL)
        return NULL;
    if (v.type != SQL_IS_TEXT) {
        r->is_damaged = true;
        return NULL;
    }
    return text_of(r, v.bytes);
}

struct slice sql_get_blob(struct sql_reader *r)
{
    struct sql_value v = next_column(r);
    if (v.type != SQL_IS_BLOB)
        r->is_damaged = true;
    return r->arena != NULL ? arena_copy(r->arena, v.bytes) : v.bytes;
}

void sql_get_bytes(struct sql_reader *r, uint8_t *out, size_t size)
{
    struct sql_value v = next_column(r);
    if (v.type == SQL_IS_BLOB && v.bytes.len == size)
        memcpy(out, v.bytes.data, size);
    else
        r->is_damaged = true;
}

enum err sql_reader_check(const struct sql_reader *r, const char *what, struct errctx *ec)
{
    return r->is_damaged ? err_set(ec, ERR_CORRUPT, "store: a row of '%s' is damaged", what)
                         : ERR_OK;
}
