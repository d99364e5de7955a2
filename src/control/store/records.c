// SPDX-License-Identifier: Apache-2.0
// The small tables of store.h: values of the fleet by name, the audit, access keys. Called by the
// API's workers and the rollout, on the thread that uses the connection.
#include "control/store/store_priv.h"

static void value_read(struct sql_reader *r, void *out)
{
    struct slice *value = (struct slice *)out;
    *value = sql_get_blob(r);
}

static const struct row_shape value_shape = {"value", sizeof(struct slice), value_read};

enum err store_meta_get(struct store_conn *c, struct arena *a, const char *name,
                        struct slice *out_value, struct errctx *ec)
{
    return conn_get(c, a, SQL("SELECT value FROM meta WHERE name = $1", sql_text(name)),
                    &value_shape, out_value, ec);
}

enum err store_meta_set(struct store_conn *c, const char *name, struct slice value,
                        struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO meta (name, value) VALUES ($1, $2)"
                           " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                           sql_text(name), sql_blob(value)),
                       ec);
}

enum err store_audit_add(struct store_conn *c, const struct store_audit *row, struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO audit (at_unix_ms, account_id, access_key_id, action,"
                           " resource, request_id, source_ip, detail)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                           sql_number(row->at_unix_ms), sql_text(row->account_id),
                           sql_text(row->access_key_id), sql_text(row->action),
                           sql_text(row->resource), sql_text(row->request_id),
                           sql_text(row->source_ip), sql_blob(row->detail)),
                       ec);
}

static void access_key_read(struct sql_reader *r, void *out)
{
    struct store_access_key *key = (struct store_access_key *)out;
    key->id = sql_get_text(r);
    key->account_id = sql_get_text(r);
    key->user_name = sql_get_text(r);
    key->sealed_secret = sql_get_blob(r);
    key->is_active = sql_get_bool(r);
}

static const struct row_shape access_key_shape = {"access key", sizeof(struct store_access_key),
                                                  access_key_read};

enum err store_access_key_get(struct store_conn *c, struct arena *a, const char *id,
                              struct store_access_key *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT id, account_id, user_name, sealed_secret, is_active"
                        " FROM access_key WHERE id = $1",
                        sql_text(id)),
                    &access_key_shape, out, ec);
}

enum err store_access_key_add(struct store_conn *c, const struct store_access_key *key,
                              struct errctx *ec)
{
    return conn_change_one(c,
                           SQL("INSERT INTO access_key (id, account_id, user_name, sealed_secret,"
                               " is_active) VALUES ($1, $2, $3, $4, $5)"
                               " ON CONFLICT (id) DO NOTHING",
                               sql_text(key->id), sql_text(key->account_id),
                               sql_text(key->user_name), sql_blob(key->sealed_secret),
                               sql_number(key->is_active)),
                           ERR_EXISTS, "access key", ec);
}
