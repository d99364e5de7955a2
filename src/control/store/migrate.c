// SPDX-License-Identifier: Apache-2.0
// Brings the schema to what this binary knows. Called by store_open, before there are other
// connections of this process; another process may do the same at the same time.
#include "control/store/migrate_priv.h"

#include "base/check.h"
#include "control/store/sql_priv.h"

static unsigned newest_known(void)
{
    CHECK(migration_count > 0);
    return migrations[migration_count - 1].number;
}

static enum err read_number(struct sql *sql, uint64_t *out_number, struct errctx *ec)
{
    AUTO_ROWS struct sql_rows *rows = NULL;
    bool is_row = false;
    enum err err = sql_query(sql, SQL("SELECT COALESCE(MAX(number), 0) FROM migration"), &rows, ec);
    if (err == ERR_OK)
        err = sql_next(rows, &is_row, ec);
    if (err != ERR_OK)
        return err;
    struct sql_reader reader = {.rows = rows};
    uint64_t number = sql_get_unsigned(&reader);
    err = sql_reader_check(&reader, "migration", ec);
    if (err == ERR_OK && number > newest_known())
        err = err_set(ec, ERR_UNSUPPORTED,
                      "store: written by a newer Weir: its migration %llu is unknown, %u is the "
                      "newest here",
                      (unsigned long long)number, newest_known());
    if (err == ERR_OK)
        *out_number = number;
    return err;
}

/** Inside a write transaction: the next migration after those recorded, if any is left. */
static enum err apply_next(struct sql *sql, int64_t now_unix_ms, bool *out_is_done,
                           struct errctx *ec)
{
    uint64_t number = 0;
    enum err err = sql_script(sql,
                              "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY,"
                              " name TEXT NOT NULL, applied_unix_ms INTEGER NOT NULL)",
                              ec);
    if (err == ERR_OK)
        err = read_number(sql, &number, ec);
    if (err != ERR_OK)
        return err;
    *out_is_done = number == newest_known();
    for (size_t i = 0; i < migration_count; i++) {
        const struct migration *m = &migrations[i];
        if (m->number != number + 1)
            continue;
        err = sql_script(sql, m->text, ec);
        if (err != ERR_OK)
            return ec != NULL ? err_wrap(ec, "migration %s", m->name) : err;
        return sql_change(sql,
                          SQL("INSERT INTO migration (number, name, applied_unix_ms)"
                              " VALUES ($1, $2, $3)",
                              sql_number(m->number), sql_text(m->name), sql_number(now_unix_ms)),
                          NULL, ec);
    }
    return ERR_OK;
}

static enum err run_start_scripts(struct sql *sql, struct errctx *ec)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < migration_count && migrations[i].number == 0 && err == ERR_OK; i++)
        err = sql_script(sql, migrations[i].text, ec);
    return err;
}

enum err migrate(struct sql *sql, int timeout_ms, int64_t now_unix_ms, struct errctx *ec)
{
    bool is_done = false;
    while (!is_done) {
        enum err err = sql_begin_write(sql, timeout_ms, ec);
        if (err == ERR_OK)
            err = apply_next(sql, now_unix_ms, &is_done, ec);
        if (err == ERR_OK)
            err = sql_commit(sql, ec);
        if (err != ERR_OK) {
            sql_rollback(sql);
            return err;
        }
    }
    return run_start_scripts(sql, ec);
}
