// SPDX-License-Identifier: Apache-2.0
// Instances of traffic policies. Called by the API's workers, on the thread that uses the
// connection.
#include "control/store/store_priv.h"
#include "control/store/traffic.h"

#define OWN_COLUMNS                                                                                \
    "id, account_id, zone_id, name, sort_key, type, ttl_s, policy_id, policy_version, change_id,"  \
    " is_update"
/* With what the row of its change says. */
#define READ_COLUMNS                                                                               \
    "t.id, t.account_id, t.zone_id, t.name, t.sort_key, t.type, t.ttl_s, t.policy_id,"             \
    " t.policy_version, t.change_id, t.is_update, i.is_insync, i.held_reason"                      \
    " FROM traffic_instance t JOIN change_info i ON i.id = t.change_id"

static void instance_read(struct sql_reader *r, void *out)
{
    struct store_traffic_instance *i = (struct store_traffic_instance *)out;
    i->id = sql_get_text(r);
    i->account_id = sql_get_text(r);
    i->zone_id = sql_get_text(r);
    i->name = sql_get_text(r);
    i->sort_key = sql_get_blob(r);
    i->type = sql_get_text(r);
    i->ttl_s = sql_get_number(r);
    i->policy_id = sql_get_text(r);
    i->policy_version = sql_get_unsigned(r);
    i->change_id = sql_get_text(r);
    i->is_update = sql_get_bool(r);
    i->is_applied = sql_get_bool(r);
    i->held_reason = sql_get_optional_text(r);
}

static const struct row_shape instance_shape = {
    "traffic policy instance", sizeof(struct store_traffic_instance), instance_read};

enum err store_traffic_instance_add(struct store_conn *c, const struct store_traffic_instance *i,
                                    struct errctx *ec)
{
    return conn_change_one(
        c,
        SQL("INSERT INTO traffic_instance (" OWN_COLUMNS ")"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            " ON CONFLICT (zone_id, sort_key, type) DO NOTHING",
            sql_text(i->id), sql_text(i->account_id), sql_text(i->zone_id), sql_text(i->name),
            sql_blob(i->sort_key), sql_text(i->type), sql_number(i->ttl_s), sql_text(i->policy_id),
            sql_unsigned(i->policy_version), sql_text(i->change_id), sql_number(i->is_update)),
        ERR_EXISTS, instance_shape.what, ec);
}

enum err store_traffic_instance_get(struct store_conn *c, struct arena *a, const char *account_id,
                                    const char *id, struct store_traffic_instance *out,
                                    struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " READ_COLUMNS " WHERE t.id = $1 AND t.account_id = $2",
                        sql_text(id), sql_text(account_id)),
                    &instance_shape, out, ec);
}

enum err store_traffic_instance_update(struct store_conn *c, const struct store_traffic_instance *i,
                                       struct errctx *ec)
{
    return conn_change_one(
        c,
        SQL("UPDATE traffic_instance SET ttl_s = $1, policy_id = $2, policy_version = $3,"
            " change_id = $4, is_update = $5 WHERE id = $6",
            sql_number(i->ttl_s), sql_text(i->policy_id), sql_unsigned(i->policy_version),
            sql_text(i->change_id), sql_number(i->is_update), sql_text(i->id)),
        ERR_NOT_FOUND, instance_shape.what, ec);
}

enum err store_traffic_instance_remove(struct store_conn *c, const char *id, struct errctx *ec)
{
    return conn_change_one(c, SQL("DELETE FROM traffic_instance WHERE id = $1", sql_text(id)),
                           ERR_NOT_FOUND, instance_shape.what, ec);
}

enum err store_traffic_instance_count(struct store_conn *c, const char *account_id,
                                      uint64_t *out_count, struct errctx *ec)
{
    return conn_count(
        c, SQL("SELECT COUNT(*) FROM traffic_instance WHERE account_id = $1", sql_text(account_id)),
        out_count, ec);
}

enum err store_traffic_instance_count_of(struct store_conn *c, const char *policy_id,
                                         uint64_t version, uint64_t *out_count, struct errctx *ec)
{
    return conn_count(c,
                      SQL("SELECT COUNT(*) FROM traffic_instance"
                          " WHERE policy_id = $1 AND policy_version = $2",
                          sql_text(policy_id), sql_unsigned(version)),
                      out_count, ec);
}

enum err store_traffic_instance_list(struct store_conn *c, struct arena *a,
                                     const struct store_traffic_instance_query *query,
                                     struct store_traffic_instance **out, size_t *out_count,
                                     struct errctx *ec)
{
    struct row_list rows = {0};
    enum err err = conn_list(
        c, a,
        SQL("SELECT " READ_COLUMNS " WHERE t.account_id = $1 AND ($2 = '' OR t.zone_id = $2)"
            " AND ($3 = '' OR (t.policy_id = $3 AND t.policy_version = $4))"
            " AND (t.zone_id > $5 OR (t.zone_id = $5 AND (t.sort_key > $6"
            " OR (t.sort_key = $6 AND t.type >= $7))))"
            " ORDER BY t.zone_id, t.sort_key, t.type LIMIT $8",
            sql_text(query->account_id), sql_text(query->zone_id), sql_text(query->policy_id),
            sql_unsigned(query->policy_version), sql_text(query->from_zone_id),
            sql_blob(query->from_sort_key), sql_text(query->from_type), sql_unsigned(query->limit)),
        &instance_shape, &rows, ec);
    if (err != ERR_OK)
        return err;
    *out = (struct store_traffic_instance *)rows.items;
    *out_count = rows.count;
    return ERR_OK;
}
