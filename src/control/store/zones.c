// SPDX-License-Identifier: Apache-2.0
// Hosted zones. Called by the API's workers, on the thread that uses the connection.
#include "control/store/zones.h"

#include "control/store/store_priv.h"

#define ZONE_COLUMNS                                                                               \
    "id, account_id, name, sort_key, caller_reference, comment, delegation_set_id, is_private,"    \
    " created_version, created_unix_ms, set_count"

static void zone_read(struct sql_reader *r, void *out)
{
    struct store_zone *zone = (struct store_zone *)out;
    zone->id = sql_get_text(r);
    zone->account_id = sql_get_text(r);
    zone->name = sql_get_text(r);
    zone->sort_key = sql_get_blob(r);
    zone->caller_reference = sql_get_text(r);
    zone->comment = sql_get_optional_text(r);
    zone->delegation_set_id = sql_get_optional_text(r);
    zone->is_private = sql_get_bool(r);
    zone->created_version = sql_get_unsigned(r);
    zone->created_unix_ms = sql_get_number(r);
    zone->set_count = sql_get_unsigned(r);
}

static const struct row_shape zone_shape = {"hosted zone", sizeof(struct store_zone), zone_read};

enum err store_zone_add(struct store_conn *c, const struct store_zone *zone, struct errctx *ec)
{
    enum err err = conn_change_one(
        c,
        SQL("INSERT INTO zone_reference (account_id, caller_reference, zone_id)"
            " VALUES ($1, $2, $3) ON CONFLICT (account_id, caller_reference) DO NOTHING",
            sql_text(zone->account_id), sql_text(zone->caller_reference), sql_text(zone->id)),
        ERR_EXISTS, "caller reference", ec);
    if (err != ERR_OK)
        return err;
    return conn_change(c,
                       SQL("INSERT INTO zone (" ZONE_COLUMNS ")"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                           sql_text(zone->id), sql_text(zone->account_id), sql_text(zone->name),
                           sql_blob(zone->sort_key), sql_text(zone->caller_reference),
                           sql_text(zone->comment), sql_text(zone->delegation_set_id),
                           sql_number(zone->is_private), sql_unsigned(zone->created_version),
                           sql_number(zone->created_unix_ms), sql_unsigned(zone->set_count)),
                       ec);
}

enum err store_zone_get(struct store_conn *c, struct arena *a, const char *account_id,
                        const char *id, struct store_zone *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " ZONE_COLUMNS " FROM zone WHERE id = $1 AND account_id = $2",
                        sql_text(id), sql_text(account_id)),
                    &zone_shape, out, ec);
}

enum err store_zone_set_comment(struct store_conn *c, const char *id, const char *comment,
                                struct errctx *ec)
{
    return conn_change_one(
        c, SQL("UPDATE zone SET comment = $1 WHERE id = $2", sql_text(comment), sql_text(id)),
        ERR_NOT_FOUND, zone_shape.what, ec);
}

enum err store_zone_add_sets(struct store_conn *c, const char *id, int64_t delta, struct errctx *ec)
{
    return conn_change_one(c,
                           SQL("UPDATE zone SET set_count = set_count + $1 WHERE id = $2",
                               sql_number(delta), sql_text(id)),
                           ERR_NOT_FOUND, zone_shape.what, ec);
}

enum err store_zone_remove(struct store_conn *c, const char *id, struct errctx *ec)
{
    return conn_change_one(c, SQL("DELETE FROM zone WHERE id = $1", sql_text(id)), ERR_NOT_FOUND,
                           zone_shape.what, ec);
}

enum err store_zone_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                          struct errctx *ec)
{
    return conn_count(c,
                      SQL("SELECT COUNT(*) FROM zone WHERE account_id = $1", sql_text(account_id)),
                      out_count, ec);
}

/** A text parameter that is compared: nothing sorts before "". */
static struct sql_value text_or_empty(const char *text)
{
    return sql_text(text == NULL ? "" : text);
}

static enum err list_by_name(struct store_conn *c, struct arena *a,
                             const struct store_zone_query *q, struct row_list *out,
                             struct errctx *ec)
{
    return conn_list(c, a,
                     SQL("SELECT " ZONE_COLUMNS " FROM zone"
                         " WHERE account_id = $1 AND (sort_key, id) >= ($2, $3)"
                         " AND ($4 = '' OR delegation_set_id = $4)"
                         " ORDER BY sort_key, id LIMIT $5",
                         sql_text(q->account_id), sql_blob(q->from_sort_key),
                         text_or_empty(q->from_id), text_or_empty(q->delegation_set_id),
                         sql_unsigned(q->limit)),
                     &zone_shape, out, ec);
}

static enum err list_by_id(struct store_conn *c, struct arena *a, const struct store_zone_query *q,
                           struct row_list *out, struct errctx *ec)
{
    return conn_list(c, a,
                     SQL("SELECT " ZONE_COLUMNS " FROM zone"
                         " WHERE account_id = $1 AND id > $2"
                         " AND ($3 = '' OR delegation_set_id = $3)"
                         " ORDER BY id LIMIT $4",
                         sql_text(q->account_id), text_or_empty(q->after_id),
                         text_or_empty(q->delegation_set_id), sql_unsigned(q->limit)),
                     &zone_shape, out, ec);
}

enum err store_zone_list(struct store_conn *c, struct arena *a,
                         const struct store_zone_query *query, struct store_zone **out_zones,
                         size_t *out_count, struct errctx *ec)
{
    struct row_list list = {0};
    enum err err =
        query->by_name ? list_by_name(c, a, query, &list, ec) : list_by_id(c, a, query, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_zones = (struct store_zone *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

enum err store_zone_list_of_set(struct store_conn *c, struct arena *a,
                                const struct store_set_zones_query *query,
                                struct store_zone **out_zones, size_t *out_count, struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT " ZONE_COLUMNS " FROM zone"
                                 " WHERE delegation_set_id = $1 AND (name, id) > ($2, $3)"
                                 " ORDER BY name, id LIMIT $4",
                                 sql_text(query->delegation_set_id), sql_text(query->after_name),
                                 sql_text(query->after_id), sql_unsigned(query->limit)),
                             &zone_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_zones = (struct store_zone *)list.items;
    *out_count = list.count;
    return ERR_OK;
}
