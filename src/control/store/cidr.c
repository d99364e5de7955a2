// SPDX-License-Identifier: Apache-2.0
// CIDR collections and their uses. Called by the API's workers, on the thread that uses the
// connection.
#include "control/store/cidr.h"

#include "control/store/store_priv.h"

#define COLLECTION_COLUMNS "id, account_id, name, caller_reference, revision"
#define USE_COLUMNS "zone_id, member, collection_id, location"

static void collection_read(struct sql_reader *r, void *out)
{
    struct store_cidr_collection *collection = (struct store_cidr_collection *)out;
    collection->id = sql_get_text(r);
    collection->account_id = sql_get_text(r);
    collection->name = sql_get_text(r);
    collection->caller_reference = sql_get_text(r);
    collection->revision = sql_get_unsigned(r);
}

static const struct row_shape collection_shape = {
    "CIDR collection", sizeof(struct store_cidr_collection), collection_read};

enum err store_cidr_add(struct store_conn *c, const struct store_cidr_collection *collection,
                        struct errctx *ec)
{
    return conn_change_one(
        c,
        SQL("INSERT INTO cidr_collection (" COLLECTION_COLUMNS ") VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (account_id, name) DO NOTHING",
            sql_text(collection->id), sql_text(collection->account_id), sql_text(collection->name),
            sql_text(collection->caller_reference), sql_unsigned(collection->revision)),
        ERR_EXISTS, collection_shape.what, ec);
}

enum err store_cidr_get(struct store_conn *c, struct arena *a, const char *account_id,
                        const char *id, struct store_cidr_collection *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " COLLECTION_COLUMNS " FROM cidr_collection"
                        " WHERE id = $1 AND account_id = $2",
                        sql_text(id), sql_text(account_id)),
                    &collection_shape, out, ec);
}

enum err store_cidr_get_named(struct store_conn *c, struct arena *a, const char *account_id,
                              const char *name, struct store_cidr_collection *out,
                              struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " COLLECTION_COLUMNS " FROM cidr_collection"
                        " WHERE account_id = $1 AND name = $2",
                        sql_text(account_id), sql_text(name)),
                    &collection_shape, out, ec);
}

enum err store_cidr_set_revision(struct store_conn *c, const char *id, uint64_t revision,
                                 struct errctx *ec)
{
    return conn_change_one(c,
                           SQL("UPDATE cidr_collection SET revision = $1 WHERE id = $2",
                               sql_unsigned(revision), sql_text(id)),
                           ERR_NOT_FOUND, collection_shape.what, ec);
}

enum err store_cidr_remove(struct store_conn *c, const char *id, struct errctx *ec)
{
    return conn_change_one(c, SQL("DELETE FROM cidr_collection WHERE id = $1", sql_text(id)),
                           ERR_NOT_FOUND, collection_shape.what, ec);
}

enum err store_cidr_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                          struct errctx *ec)
{
    return conn_count(
        c, SQL("SELECT COUNT(*) FROM cidr_collection WHERE account_id = $1", sql_text(account_id)),
        out_count, ec);
}

enum err store_cidr_list(struct store_conn *c, struct arena *a,
                         const struct store_cidr_query *query,
                         struct store_cidr_collection **out_collections, size_t *out_count,
                         struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT " COLLECTION_COLUMNS " FROM cidr_collection"
                                 " WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
                                 sql_text(query->account_id), sql_text(query->after_id),
                                 sql_unsigned(query->limit)),
                             &collection_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_collections = (struct store_cidr_collection *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

/* ---- uses */

static void use_read(struct sql_reader *r, void *out)
{
    struct store_cidr_use *use = (struct store_cidr_use *)out;
    use->zone_id = sql_get_text(r);
    use->member = sql_get_blob(r);
    use->collection_id = sql_get_text(r);
    use->location = sql_get_text(r);
}

static const struct row_shape use_shape = {"use of a CIDR location", sizeof(struct store_cidr_use),
                                           use_read};

enum err store_cidr_use_clear(struct store_conn *c, const char *zone_id, struct slice member,
                              struct errctx *ec)
{
    return conn_change(c,
                       SQL("DELETE FROM cidr_use WHERE zone_id = $1 AND member = $2",
                           sql_text(zone_id), sql_blob(member)),
                       ec);
}

enum err store_cidr_use_add(struct store_conn *c, const struct store_cidr_use *use,
                            struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO cidr_use (" USE_COLUMNS ") VALUES ($1, $2, $3, $4)",
                           sql_text(use->zone_id), sql_blob(use->member),
                           sql_text(use->collection_id), sql_text(use->location)),
                       ec);
}

enum err store_cidr_use_find(struct store_conn *c, struct arena *a, const char *collection_id,
                             const char *location, struct store_cidr_use *out, struct errctx *ec)
{
    if (location == NULL)
        return conn_get(c, a,
                        SQL("SELECT " USE_COLUMNS " FROM cidr_use WHERE collection_id = $1"
                            " ORDER BY location LIMIT 1",
                            sql_text(collection_id)),
                        &use_shape, out, ec);
    return conn_get(c, a,
                    SQL("SELECT " USE_COLUMNS " FROM cidr_use"
                        " WHERE collection_id = $1 AND location = $2 LIMIT 1",
                        sql_text(collection_id), sql_text(location)),
                    &use_shape, out, ec);
}
