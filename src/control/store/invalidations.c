// SPDX-License-Identifier: Apache-2.0
// Invalidations. Called by the API's workers and by the feed, on the thread that uses the
// connection.
#include "control/store/invalidations.h"

#include "base/buf.h"
#include "control/store/limits.h"
#include "control/store/store_priv.h"

#define HEAD_COLUMNS                                                                               \
    "number, id, distribution_id, caller_reference, created_unix_ms, path_count, wildcard_count,"  \
    " is_completed"
#define COLUMNS HEAD_COLUMNS ", paths"

static void head_read(struct sql_reader *r, void *out)
{
    struct store_invalidation *i = (struct store_invalidation *)out;
    i->number = sql_get_unsigned(r);
    i->id = sql_get_text(r);
    i->distribution_id = sql_get_text(r);
    i->caller_reference = sql_get_text(r);
    i->created_unix_ms = sql_get_number(r);
    i->path_count = (size_t)sql_get_unsigned(r);
    i->wildcard_count = (size_t)sql_get_unsigned(r);
    i->is_completed = sql_get_bool(r);
}

static const struct row_shape head_shape = {"invalidation", sizeof(struct store_invalidation),
                                            head_read};

/** Points at each path of the blob, which has a NUL behind each; false where it has not. */
static bool split_paths(struct slice blob, const char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = slice_find(blob, 0);
        if (len == blob.len)
            return false;
        paths[i] = (const char *)blob.data;
        blob = slice_sub(blob, len + 1, blob.len);
    }
    return blob.len == 0;
}

/** A row and its paths, which are kept in `a` or, where the reader has no arena, borrowed. */
static void read_whole(struct sql_reader *r, struct arena *a, struct store_invalidation *out)
{
    head_read(r, out);
    struct slice blob = sql_get_blob(r);
    if (r->is_damaged || out->path_count > blob.len) {
        r->is_damaged = true;
        return;
    }
    out->paths = arena_array(a, out->path_count, sizeof(*out->paths));
    r->is_damaged = !split_paths(blob, out->paths, out->path_count);
}

static void whole_read(struct sql_reader *r, void *out)
{
    read_whole(r, r->arena, (struct store_invalidation *)out);
}

static const struct row_shape whole_shape = {"invalidation", sizeof(struct store_invalidation),
                                             whole_read};

/* ---- adding one */

static enum err next_number(struct store_conn *c, uint64_t *out_number, struct errctx *ec)
{
    enum err err =
        conn_change(c, SQL("UPDATE invalidation_state SET number = number + 1 WHERE id = 1"), ec);
    if (err != ERR_OK)
        return err;
    return conn_count(c, SQL("SELECT number FROM invalidation_state WHERE id = 1"), out_number, ec);
}

static enum err insert(struct store_conn *c, const struct store_invalidation *i, uint64_t number,
                       struct errctx *ec)
{
    AUTO_BUF struct buf paths = {0};
    for (size_t p = 0; p < i->path_count; p++)
        buf_append(&paths, slice_of(i->paths[p], strlen(i->paths[p]) + 1));
    return conn_change(c,
                       SQL("INSERT INTO invalidation (" COLUMNS ")"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                           sql_unsigned(number), sql_text(i->id), sql_text(i->distribution_id),
                           sql_text(i->caller_reference), sql_number(i->created_unix_ms),
                           sql_unsigned(i->path_count), sql_unsigned(i->wildcard_count),
                           sql_number(i->is_completed), sql_blob(buf_slice(&paths))),
                       ec);
}

/** Drops what is completed beyond the newest ones of the distribution, and notes up to where. */
static enum err drop_old(struct store_conn *c, const char *distribution_id, struct errctx *ec)
{
    uint64_t upto = 0;
    enum err err =
        conn_count(c,
                   SQL("SELECT COALESCE(MAX(number), 0) FROM invalidation"
                       " WHERE distribution_id = $1 AND is_completed = 1 AND number <="
                       " (SELECT number FROM invalidation WHERE distribution_id = $1"
                       " ORDER BY number DESC LIMIT 1 OFFSET $2)",
                       sql_text(distribution_id), sql_unsigned(STORE_INVALIDATIONS_KEPT)),
                   &upto, ec);
    if (err != ERR_OK || upto == 0)
        return err;
    err = conn_change(c,
                      SQL("DELETE FROM invalidation"
                          " WHERE distribution_id = $1 AND is_completed = 1 AND number <= $2",
                          sql_text(distribution_id), sql_unsigned(upto)),
                      ec);
    if (err != ERR_OK)
        return err;
    return conn_change(c,
                       SQL("UPDATE invalidation_state SET forgotten_number = $1"
                           " WHERE id = 1 AND forgotten_number < $1",
                           sql_unsigned(upto)),
                       ec);
}

enum err store_invalidation_add(struct store_conn *c, const struct store_invalidation *invalidation,
                                uint64_t *out_number, struct errctx *ec)
{
    uint64_t others = 0;
    uint64_t number = 0;
    enum err err = conn_count(c,
                              SQL("SELECT COUNT(*) FROM invalidation"
                                  " WHERE distribution_id = $1 AND caller_reference = $2",
                                  sql_text(invalidation->distribution_id),
                                  sql_text(invalidation->caller_reference)),
                              &others, ec);
    if (err == ERR_OK && others > 0)
        return err_set(ec, ERR_EXISTS, "store: there is already an invalidation for '%s'",
                       invalidation->caller_reference);
    if (err == ERR_OK)
        err = next_number(c, &number, ec);
    if (err == ERR_OK)
        err = insert(c, invalidation, number, ec);
    if (err == ERR_OK)
        err = drop_old(c, invalidation->distribution_id, ec);
    if (err != ERR_OK)
        return err;
    c->has_news = true;
    *out_number = number;
    return ERR_OK;
}

/* ---- reading */

enum err store_invalidation_get(struct store_conn *c, struct arena *a, const char *distribution_id,
                                const char *id, struct store_invalidation *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " COLUMNS
                        " FROM invalidation WHERE id = $1 AND distribution_id = $2",
                        sql_text(id), sql_text(distribution_id)),
                    &whole_shape, out, ec);
}

enum err store_invalidation_by_reference(struct store_conn *c, struct arena *a,
                                         const char *distribution_id, const char *caller_reference,
                                         struct store_invalidation *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " COLUMNS " FROM invalidation"
                        " WHERE distribution_id = $1 AND caller_reference = $2",
                        sql_text(distribution_id), sql_text(caller_reference)),
                    &whole_shape, out, ec);
}

enum err store_invalidation_list(struct store_conn *c, struct arena *a,
                                 const struct store_invalidation_query *query,
                                 struct store_invalidation **out_invalidations, size_t *out_count,
                                 struct errctx *ec)
{
    struct row_list list = {0};
    uint64_t before = query->before_number == 0 ? INT64_MAX : query->before_number;
    enum err err = conn_list(c, a,
                             SQL("SELECT " HEAD_COLUMNS " FROM invalidation"
                                 " WHERE distribution_id = $1 AND number < $2"
                                 " ORDER BY number DESC LIMIT $3",
                                 sql_text(query->distribution_id), sql_unsigned(before),
                                 sql_unsigned(query->limit)),
                             &head_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_invalidations = (struct store_invalidation *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

static void load_read(struct sql_reader *r, void *out)
{
    struct store_invalidation_load *load = (struct store_invalidation_load *)out;
    load->batches = sql_get_unsigned(r);
    load->exact_paths = sql_get_unsigned(r);
    load->wildcard_paths = sql_get_unsigned(r);
}

static const struct row_shape load_shape = {"load of invalidations",
                                            sizeof(struct store_invalidation_load), load_read};

enum err store_invalidation_in_progress(struct store_conn *c, const char *distribution_id,
                                        struct store_invalidation_load *out, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    return conn_get(c, &a,
                    SQL("SELECT COUNT(*), COALESCE(SUM(path_count - wildcard_count), 0),"
                        " COALESCE(SUM(wildcard_count), 0) FROM invalidation"
                        " WHERE distribution_id = $1 AND is_completed = 0",
                        sql_text(distribution_id)),
                    &load_shape, out, ec);
}

/* ---- for the feed */

static void position_read(struct sql_reader *r, void *out)
{
    struct store_invalidation_position *position = (struct store_invalidation_position *)out;
    position->epoch = sql_get_unsigned(r);
    position->number = sql_get_unsigned(r);
    position->forgotten = sql_get_unsigned(r);
}

static const struct row_shape position_shape = {
    "invalidation state", sizeof(struct store_invalidation_position), position_read};

enum err store_invalidation_position(struct store_conn *c, struct store_invalidation_position *out,
                                     struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    return conn_get(
        c, &a, SQL("SELECT epoch, number, forgotten_number FROM invalidation_state WHERE id = 1"),
        &position_shape, out, ec);
}

/** Hands the current row to the visitor. */
static enum err visit_row(struct sql_rows *rows, const struct store_invalidation_visitor *visitor,
                          struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct store_invalidation row = {0};
    struct sql_reader reader = {.rows = rows};
    read_whole(&reader, &a, &row);
    enum err err = sql_reader_check(&reader, whole_shape.what, ec);
    return err == ERR_OK ? visitor->visit(visitor->user, &row, ec) : err;
}

enum err store_invalidation_visit(struct store_conn *c, uint64_t after, size_t limit,
                                  const struct store_invalidation_visitor *visitor,
                                  struct errctx *ec)
{
    AUTO_ROWS struct sql_rows *rows = NULL;
    bool is_row = false;
    enum err err = sql_query(c->sql,
                             SQL("SELECT " COLUMNS " FROM invalidation WHERE number > $1"
                                 " ORDER BY number LIMIT $2",
                                 sql_unsigned(after), sql_unsigned(limit)),
                             &rows, ec);
    if (err == ERR_OK)
        err = sql_next(rows, &is_row, ec);
    while (err == ERR_OK && is_row) {
        err = visit_row(rows, visitor, ec);
        if (err == ERR_OK)
            err = sql_next(rows, &is_row, ec);
    }
    return err;
}

static void newest_read(struct sql_reader *r, void *out)
{
    struct store_invalidation_newest *newest = (struct store_invalidation_newest *)out;
    newest->distribution_id = sql_get_text(r);
    newest->number = sql_get_unsigned(r);
}

static const struct row_shape newest_shape = {
    "newest invalidation", sizeof(struct store_invalidation_newest), newest_read};

enum err store_invalidation_newest_by_distribution(struct store_conn *c, struct arena *a,
                                                   const struct store_invalidation_range *range,
                                                   struct store_invalidation_newest **out_rows,
                                                   size_t *out_count, struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT distribution_id, MAX(number) FROM invalidation"
                                 " WHERE number > $1 AND number <= $2"
                                 " GROUP BY distribution_id ORDER BY distribution_id",
                                 sql_unsigned(range->after), sql_unsigned(range->upto)),
                             &newest_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_rows = (struct store_invalidation_newest *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

enum err store_invalidation_complete(struct store_conn *c, uint64_t upto, uint64_t *out_changed,
                                     struct errctx *ec)
{
    return sql_change(c->sql,
                      SQL("UPDATE invalidation SET is_completed = 1"
                          " WHERE is_completed = 0 AND number <= $1",
                          sql_unsigned(upto)),
                      out_changed, ec);
}

static void backlog_read(struct sql_reader *r, void *out)
{
    struct store_invalidation_backlog *backlog = (struct store_invalidation_backlog *)out;
    backlog->count = sql_get_unsigned(r);
    backlog->oldest_number = sql_get_unsigned(r);
    backlog->oldest_unix_ms = sql_get_unsigned(r);
}

static const struct row_shape backlog_shape = {
    "backlog of invalidations", sizeof(struct store_invalidation_backlog), backlog_read};

enum err store_invalidation_pending(struct store_conn *c, struct store_invalidation_backlog *out,
                                    struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    return conn_get(c, &a,
                    SQL("SELECT COUNT(*), COALESCE(MIN(number), 0),"
                        " COALESCE(MIN(created_unix_ms), 0)"
                        " FROM invalidation WHERE is_completed = 0"),
                    &backlog_shape, out, ec);
}
