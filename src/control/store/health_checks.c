// SPDX-License-Identifier: Apache-2.0
// Health checks and their children. Called by the API's workers, on the thread that uses the
// connection.
#include "control/store/health_checks.h"

#include "control/store/store_priv.h"

#define CHECK_COLUMNS "id, account_id, caller_reference, revision"

static void check_read(struct sql_reader *r, void *out)
{
    struct store_health_check *check = (struct store_health_check *)out;
    check->id = sql_get_text(r);
    check->account_id = sql_get_text(r);
    check->caller_reference = sql_get_text(r);
    check->revision = sql_get_unsigned(r);
}

static const struct row_shape check_shape = {"health check", sizeof(struct store_health_check),
                                             check_read};

enum err store_health_check_add(struct store_conn *c, const struct store_health_check *check,
                                struct errctx *ec)
{
    enum err err = conn_change_one(
        c,
        SQL("INSERT INTO health_check_reference (account_id, caller_reference, health_check_id)"
            " VALUES ($1, $2, $3) ON CONFLICT (account_id, caller_reference) DO NOTHING",
            sql_text(check->account_id), sql_text(check->caller_reference), sql_text(check->id)),
        ERR_EXISTS, "caller reference", ec);
    if (err != ERR_OK)
        return err;
    return conn_change(c,
                       SQL("INSERT INTO health_check (" CHECK_COLUMNS ") VALUES ($1, $2, $3, $4)",
                           sql_text(check->id), sql_text(check->account_id),
                           sql_text(check->caller_reference), sql_unsigned(check->revision)),
                       ec);
}

enum err store_health_check_get(struct store_conn *c, struct arena *a, const char *account_id,
                                const char *id, struct store_health_check *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " CHECK_COLUMNS " FROM health_check"
                        " WHERE id = $1 AND account_id = $2",
                        sql_text(id), sql_text(account_id)),
                    &check_shape, out, ec);
}

enum err store_health_check_get_referenced(struct store_conn *c, struct arena *a,
                                           const char *account_id, const char *caller_reference,
                                           struct store_health_check *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " CHECK_COLUMNS " FROM health_check WHERE account_id = $1"
                        " AND id = (SELECT health_check_id FROM health_check_reference"
                        " WHERE account_id = $1 AND caller_reference = $2)",
                        sql_text(account_id), sql_text(caller_reference)),
                    &check_shape, out, ec);
}

enum err store_health_check_set_revision(struct store_conn *c, const char *id, uint64_t revision,
                                         struct errctx *ec)
{
    return conn_change_one(c,
                           SQL("UPDATE health_check SET revision = $1 WHERE id = $2",
                               sql_unsigned(revision), sql_text(id)),
                           ERR_NOT_FOUND, check_shape.what, ec);
}

enum err store_health_check_remove(struct store_conn *c, const char *id, struct errctx *ec)
{
    return conn_change_one(c, SQL("DELETE FROM health_check WHERE id = $1", sql_text(id)),
                           ERR_NOT_FOUND, check_shape.what, ec);
}

enum err store_health_check_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                                  struct errctx *ec)
{
    return conn_count(
        c, SQL("SELECT COUNT(*) FROM health_check WHERE account_id = $1", sql_text(account_id)),
        out_count, ec);
}

enum err store_health_check_count_all(struct store_conn *c, uint64_t *out_count, struct errctx *ec)
{
    return conn_count(c, &(const struct sql_call){.text = "SELECT COUNT(*) FROM health_check"},
                      out_count, ec);
}

enum err store_health_check_list(struct store_conn *c, struct arena *a,
                                 const struct store_health_check_query *query,
                                 struct store_health_check **out_checks, size_t *out_count,
                                 struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT " CHECK_COLUMNS " FROM health_check"
                                 " WHERE account_id = $1 AND id >= $2 ORDER BY id LIMIT $3",
                                 sql_text(query->account_id), sql_text(query->from_id),
                                 sql_unsigned(query->limit)),
                             &check_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_checks = (struct store_health_check *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

/* ---- children */

static void id_read(struct sql_reader *r, void *out)
{
    *(const char **)out = sql_get_text(r);
}

static const struct row_shape id_shape = {"calculated health check", sizeof(const char *), id_read};

enum err store_health_child_clear(struct store_conn *c, const char *parent_id, struct errctx *ec)
{
    return conn_change(
        c, SQL("DELETE FROM health_check_child WHERE parent_id = $1", sql_text(parent_id)), ec);
}

enum err store_health_child_add(struct store_conn *c, const char *parent_id, const char *child_id,
                                struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO health_check_child (parent_id, child_id) VALUES ($1, $2)",
                           sql_text(parent_id), sql_text(child_id)),
                       ec);
}

enum err store_health_child_parent(struct store_conn *c, struct arena *a, const char *child_id,
                                   const char **out_parent_id, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT parent_id FROM health_check_child WHERE child_id = $1"
                        " ORDER BY parent_id LIMIT 1",
                        sql_text(child_id)),
                    &id_shape, out_parent_id, ec);
}

enum err store_health_child_is_circle(struct store_conn *c, const char *id, bool *out_is_circle,
                                      struct errctx *ec)
{
    uint64_t count = 0;
    enum err err = conn_count(c,
                              SQL("WITH RECURSIVE below (id) AS ("
                                  " SELECT child_id FROM health_check_child WHERE parent_id = $1"
                                  " UNION SELECT child.child_id FROM health_check_child AS child"
                                  " JOIN below ON child.parent_id = below.id)"
                                  " SELECT COUNT(*) FROM below WHERE id = $1",
                                  sql_text(id)),
                              &count, ec);
    if (err == ERR_OK)
        *out_is_circle = count > 0;
    return err;
}
