// SPDX-License-Identifier: Apache-2.0
// Changes as GetChange shows them, and the objects that are held. Called by the API's workers and
// the rollout, on the thread that uses the connection.
#include "control/store/objects.h"

#include "base/check.h"
#include "control/store/store_priv.h"

#define CHANGE_COLUMNS                                                                             \
    "id, account_id, version, roles, submitted_unix_ms, comment, is_insync, held_reason"
#define HELD_COLUMNS "kind, group_id, member, at_version, change_version, reason"

static void change_read(struct sql_reader *r, void *out)
{
    struct store_change *change = (struct store_change *)out;
    change->id = sql_get_text(r);
    change->account_id = sql_get_text(r);
    change->version = sql_get_unsigned(r);
    change->roles = (unsigned)sql_get_enum(r, STORE_ROLE_SETS - 1);
    change->submitted_unix_ms = sql_get_number(r);
    change->comment = sql_get_optional_text(r);
    change->is_insync = sql_get_bool(r);
    change->held_reason = sql_get_optional_text(r);
}

static const struct row_shape change_shape = {"change", sizeof(struct store_change), change_read};

enum err store_change_add(struct store_conn *c, const struct store_change *change,
                          struct errctx *ec)
{
    CHECK(change->roles > 0 && change->roles < STORE_ROLE_SETS);
    return conn_change_one(c,
                           SQL("INSERT INTO change_info (" CHANGE_COLUMNS
                               ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                               " ON CONFLICT (id) DO NOTHING",
                               sql_text(change->id), sql_text(change->account_id),
                               sql_unsigned(change->version), sql_unsigned(change->roles),
                               sql_number(change->submitted_unix_ms), sql_text(change->comment),
                               sql_number(change->is_insync), sql_text(change->held_reason)),
                           ERR_EXISTS, change_shape.what, ec);
}

enum err store_change_get(struct store_conn *c, struct arena *a, const char *account_id,
                          const char *id, struct store_change *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " CHANGE_COLUMNS " FROM change_info"
                        " WHERE id = $1 AND account_id = $2",
                        sql_text(id), sql_text(account_id)),
                    &change_shape, out, ec);
}

enum err store_change_set_insync(struct store_conn *c, const struct store_insync *insync,
                                 struct errctx *ec)
{
    return conn_change(c,
                       SQL("UPDATE change_info SET is_insync = 1"
                           " WHERE is_insync = 0 AND held_reason IS NULL AND version <= CASE roles"
                           " WHEN 1 THEN $1 WHEN 2 THEN $2 WHEN 3 THEN $3 ELSE 0 END",
                           sql_unsigned(insync->upto[STORE_ROLE_DNS]),
                           sql_unsigned(insync->upto[STORE_ROLE_EDGE]),
                           sql_unsigned(insync->upto[STORE_ROLE_DNS | STORE_ROLE_EDGE])),
                       ec);
}

enum err store_change_list_pending(struct store_conn *c, struct arena *a,
                                   const struct store_pending_query *query,
                                   struct store_change **out_changes, size_t *out_count,
                                   struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT " CHANGE_COLUMNS " FROM change_info"
                                 " WHERE is_insync = 0 AND version > $1 ORDER BY version LIMIT $2",
                                 sql_unsigned(query->after), sql_unsigned(query->limit)),
                             &change_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_changes = (struct store_change *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

static enum err held_add(struct store_conn *c, const struct store_held *held, struct errctx *ec)
{
    enum err err =
        conn_change_one(c,
                        SQL("INSERT INTO held (" HELD_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)"
                            " ON CONFLICT (kind, group_id, member, change_version) DO NOTHING",
                            sql_number(held->kind), sql_text(held->group), sql_blob(held->member),
                            sql_unsigned(held->at_version), sql_unsigned(held->change_version),
                            sql_text(held->reason)),
                        ERR_EXISTS, "held object", ec);
    if (err != ERR_OK)
        return err;
    return conn_change(c,
                       SQL("UPDATE change_info SET held_reason = $1"
                           " WHERE is_insync = 0 AND version = $2",
                           sql_text(held->reason), sql_unsigned(held->change_version)),
                       ec);
}

enum err store_held_replace(struct store_conn *c, const struct store_held *held, size_t count,
                            struct errctx *ec)
{
    enum err err = conn_change(c, SQL("DELETE FROM held"), ec);
    if (err == ERR_OK)
        err = conn_change(c,
                          SQL("UPDATE change_info SET held_reason = NULL"
                              " WHERE is_insync = 0 AND held_reason IS NOT NULL"),
                          ec);
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = held_add(c, &held[i], ec);
    return err;
}

static void held_read(struct sql_reader *r, void *out)
{
    struct store_held *held = (struct store_held *)out;
    held->kind = (enum store_kind)sql_get_enum(r, INT32_MAX);
    held->group = sql_get_text(r);
    held->member = sql_get_blob(r);
    held->at_version = sql_get_unsigned(r);
    held->change_version = sql_get_unsigned(r);
    held->reason = sql_get_text(r);
}

static const struct row_shape held_shape = {"held object", sizeof(struct store_held), held_read};

enum err store_held_list(struct store_conn *c, struct arena *a, struct store_held **out_held,
                         size_t *out_count, struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT " HELD_COLUMNS " FROM held"
                                 " ORDER BY kind, group_id, member, change_version"),
                             &held_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_held = (struct store_held *)list.items;
    *out_count = list.count;
    return ERR_OK;
}
