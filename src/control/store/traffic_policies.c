// SPDX-License-Identifier: Apache-2.0
// Traffic policies and their versions. Called by the API's workers, on the thread that uses the
// connection.
#include "control/store/store_priv.h"
#include "control/store/traffic.h"

#define VERSION_COLUMNS                                                                            \
    "p.id, p.account_id, p.name, v.version, v.type, v.document, v.comment"                         \
    " FROM traffic_policy p JOIN traffic_policy_version v ON v.policy_id = p.id"

static void policy_read(struct sql_reader *r, void *out)
{
    struct store_traffic_policy *policy = (struct store_traffic_policy *)out;
    policy->id = sql_get_text(r);
    policy->account_id = sql_get_text(r);
    policy->name = sql_get_text(r);
    policy->version = sql_get_unsigned(r);
    policy->type = sql_get_text(r);
    policy->document = sql_get_text(r);
    policy->comment = sql_get_optional_text(r);
}

static const struct row_shape policy_shape = {"traffic policy", sizeof(struct store_traffic_policy),
                                              policy_read};

static enum err insert_version(struct store_conn *c, const struct store_traffic_policy *policy,
                               uint64_t version, struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO traffic_policy_version"
                           " (policy_id, version, type, document, comment)"
                           " VALUES ($1, $2, $3, $4, $5)",
                           sql_text(policy->id), sql_unsigned(version), sql_text(policy->type),
                           sql_text(policy->document), sql_text(policy->comment)),
                       ec);
}

enum err store_traffic_add(struct store_conn *c, const struct store_traffic_policy *policy,
                           struct errctx *ec)
{
    enum err err =
        conn_change_one(c,
                        SQL("INSERT INTO traffic_policy (id, account_id, name, last_version)"
                            " VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, name) DO NOTHING",
                            sql_text(policy->id), sql_text(policy->account_id),
                            sql_text(policy->name), sql_unsigned(policy->version)),
                        ERR_EXISTS, policy_shape.what, ec);
    return err == ERR_OK ? insert_version(c, policy, policy->version, ec) : err;
}

enum err store_traffic_add_version(struct store_conn *c, const struct store_traffic_policy *policy,
                                   uint64_t *out_version, struct errctx *ec)
{
    uint64_t last = 0;
    enum err err = conn_change_one(
        c,
        SQL("UPDATE traffic_policy SET last_version = last_version + 1 WHERE id = $1",
            sql_text(policy->id)),
        ERR_NOT_FOUND, policy_shape.what, ec);
    if (err == ERR_OK)
        err = conn_count(
            c, SQL("SELECT last_version FROM traffic_policy WHERE id = $1", sql_text(policy->id)),
            &last, ec);
    if (err == ERR_OK)
        err = insert_version(c, policy, last, ec);
    if (err == ERR_OK)
        *out_version = last;
    return err;
}

enum err store_traffic_get(struct store_conn *c, struct arena *a,
                           const struct store_traffic_key *key, struct store_traffic_policy *out,
                           struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " VERSION_COLUMNS " WHERE p.id = $1 AND p.account_id = $2"
                        " AND (v.version = $3 OR $3 = 0) ORDER BY v.version DESC LIMIT 1",
                        sql_text(key->id), sql_text(key->account_id), sql_unsigned(key->version)),
                    &policy_shape, out, ec);
}

enum err store_traffic_set_comment(struct store_conn *c, const char *id, uint64_t version,
                                   const char *comment, struct errctx *ec)
{
    return conn_change_one(c,
                           SQL("UPDATE traffic_policy_version SET comment = $1"
                               " WHERE policy_id = $2 AND version = $3",
                               sql_text(comment), sql_text(id), sql_unsigned(version)),
                           ERR_NOT_FOUND, policy_shape.what, ec);
}

enum err store_traffic_remove(struct store_conn *c, const char *id, uint64_t version,
                              struct errctx *ec)
{
    enum err err = conn_change_one(
        c,
        SQL("DELETE FROM traffic_policy_version WHERE policy_id = $1 AND version = $2",
            sql_text(id), sql_unsigned(version)),
        ERR_NOT_FOUND, policy_shape.what, ec);
    if (err != ERR_OK)
        return err;
    return conn_change(c,
                       SQL("DELETE FROM traffic_policy WHERE id = $1 AND NOT EXISTS"
                           " (SELECT 1 FROM traffic_policy_version WHERE policy_id = $1)",
                           sql_text(id)),
                       ec);
}

enum err store_traffic_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                             struct errctx *ec)
{
    return conn_count(
        c, SQL("SELECT COUNT(*) FROM traffic_policy WHERE account_id = $1", sql_text(account_id)),
        out_count, ec);
}

enum err store_traffic_count_versions(struct store_conn *c, const char *id, uint64_t *out_count,
                                      struct errctx *ec)
{
    return conn_count(
        c, SQL("SELECT COUNT(*) FROM traffic_policy_version WHERE policy_id = $1", sql_text(id)),
        out_count, ec);
}

static enum err list(struct store_conn *c, struct arena *a, const struct sql_call *call,
                     struct store_traffic_policy **out, size_t *out_count, struct errctx *ec)
{
    struct row_list rows = {0};
    enum err err = conn_list(c, a, call, &policy_shape, &rows, ec);
    if (err != ERR_OK)
        return err;
    *out = (struct store_traffic_policy *)rows.items;
    *out_count = rows.count;
    return ERR_OK;
}

enum err store_traffic_list(struct store_conn *c, struct arena *a,
                            const struct store_traffic_query *query,
                            struct store_traffic_policy **out, size_t *out_count, struct errctx *ec)
{
    return list(c, a,
                SQL("SELECT " VERSION_COLUMNS " WHERE p.account_id = $1 AND p.id >= $2"
                    " AND v.version = (SELECT MAX(version) FROM traffic_policy_version"
                    " WHERE policy_id = p.id) ORDER BY p.id LIMIT $3",
                    sql_text(query->account_id), sql_text(query->id), sql_unsigned(query->limit)),
                out, out_count, ec);
}

enum err store_traffic_list_versions(struct store_conn *c, struct arena *a,
                                     const struct store_traffic_query *query,
                                     struct store_traffic_policy **out, size_t *out_count,
                                     struct errctx *ec)
{
    return list(c, a,
                SQL("SELECT " VERSION_COLUMNS " WHERE p.account_id = $1 AND p.id = $2"
                    " AND v.version >= $3 ORDER BY v.version LIMIT $4",
                    sql_text(query->account_id), sql_text(query->id),
                    sql_unsigned(query->from_version), sql_unsigned(query->limit)),
                out, out_count, ec);
}
