// SPDX-License-Identifier: Apache-2.0
// Versioned objects. Called by the API's workers and by compile, on the thread that uses the
// connection. A row is what its object was from `version` until `replaced_at`; see the migration.
#include "control/store/objects.h"

#include "base/check.h"
#include "control/store/limits.h"
#include "control/store/store_priv.h"

#define OBJECT_COLUMNS "kind, group_id, member, version, is_deleted, body"

static void object_read(struct sql_reader *r, void *out)
{
    struct store_object *object = (struct store_object *)out;
    object->kind = (enum store_kind)sql_get_enum(r, INT32_MAX);
    object->group = sql_get_text(r);
    object->member = sql_get_blob(r);
    object->version = sql_get_unsigned(r);
    object->is_deleted = sql_get_bool(r);
    object->body = sql_get_blob(r);
}

static const struct row_shape object_shape = {"object", sizeof(struct store_object), object_read};

enum err store_object_put(struct store_conn *c, const struct store_object *object,
                          struct errctx *ec)
{
    uint64_t version = 0;
    enum err err = store_take_version(c, &version, ec);
    if (err == ERR_OK)
        err =
            conn_change(c,
                        SQL("UPDATE object SET replaced_at = $1"
                            " WHERE kind = $2 AND group_id = $3 AND member = $4"
                            " AND replaced_at IS NULL AND version ="
                            " (SELECT MAX(version) FROM object"
                            " WHERE kind = $2 AND group_id = $3 AND member = $4 AND version < $1)",
                            sql_unsigned(version), sql_number(object->kind),
                            sql_text(object->group), sql_blob(object->member)),
                        ec);
    if (err != ERR_OK)
        return err;
    return conn_change(c,
                       SQL("INSERT INTO object (" OBJECT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)"
                           " ON CONFLICT (kind, group_id, member, version)"
                           " DO UPDATE SET is_deleted = excluded.is_deleted, body = excluded.body",
                           sql_number(object->kind), sql_text(object->group),
                           sql_blob(object->member), sql_unsigned(version),
                           sql_number(object->is_deleted), sql_blob(object->body)),
                       ec);
}

enum err store_object_get_at(struct store_conn *c, struct arena *a,
                             const struct store_object *which, uint64_t version,
                             struct store_object *out, struct errctx *ec)
{
    struct store_object object = {0};
    enum err err = conn_get(c, a,
                            SQL("SELECT " OBJECT_COLUMNS " FROM object"
                                " WHERE kind = $1 AND group_id = $2 AND member = $3"
                                " AND version <= $4 AND (replaced_at IS NULL OR replaced_at > $4)"
                                " ORDER BY version DESC LIMIT 1",
                                sql_number(which->kind), sql_text(which->group),
                                sql_blob(which->member), sql_unsigned(version)),
                            &object_shape, &object, ec);
    if (err != ERR_OK)
        return err;
    if (object.is_deleted)
        return err_set(ec, ERR_NOT_FOUND, "store: the object is deleted");
    *out = object;
    return ERR_OK;
}

enum err store_object_get(struct store_conn *c, struct arena *a, const struct store_object *which,
                          struct store_object *out, struct errctx *ec)
{
    return store_object_get_at(c, a, which, UINT64_MAX, out, ec);
}

enum err store_object_list(struct store_conn *c, struct arena *a,
                           const struct store_object_query *query,
                           struct store_object **out_objects, size_t *out_count, struct errctx *ec)
{
    struct row_list list = {0};
    /* Members from the index of live objects alone, then each row by its key. */
    enum err err =
        conn_list(c, a,
                  SQL("SELECT o.kind, o.group_id, o.member, o.version, o.is_deleted, o.body"
                      " FROM (SELECT member, version FROM object"
                      " WHERE kind = $1 AND group_id = $2 AND member >= $3"
                      " AND replaced_at IS NULL AND is_deleted = 0"
                      " ORDER BY member LIMIT $4) k"
                      " JOIN object o ON o.kind = $1 AND o.group_id = $2"
                      " AND o.member = k.member AND o.version = k.version"
                      " ORDER BY k.member",
                      sql_number(query->kind), sql_text(query->group), sql_blob(query->from_member),
                      sql_unsigned(query->limit)),
                  &object_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_objects = (struct store_object *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

enum err store_object_list_groups(struct store_conn *c, struct arena *a,
                                  const struct store_object_groups_query *query,
                                  struct store_object **out_objects, size_t *out_count,
                                  struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT kind, group_id, member, version, is_deleted, body"
                                 " FROM object WHERE kind = $1"
                                 " AND replaced_at IS NULL AND is_deleted = 0"
                                 " ORDER BY group_id LIMIT $2",
                                 sql_number(query->kind), sql_unsigned(query->limit)),
                             &object_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_objects = (struct store_object *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

static enum err visit_rows(struct store_conn *c, const struct sql_call *call,
                           const struct store_object_visitor *visitor, struct errctx *ec)
{
    AUTO_ROWS struct sql_rows *rows = NULL;
    enum err err = sql_query(c->sql, call, &rows, ec);
    bool is_row = err == ERR_OK;
    while (is_row) {
        err = sql_next(rows, &is_row, ec);
        if (err != ERR_OK || !is_row)
            break;
        struct sql_reader reader = {.rows = rows};
        struct store_object object = {0};
        object_read(&reader, &object);
        err = sql_reader_check(&reader, object_shape.what, ec);
        if (err == ERR_OK)
            err = visitor->visit(visitor->user, &object, ec);
        if (err != ERR_OK)
            break;
    }
    return err;
}

/**
 * Deletions up to the forgotten version are gone, so a range that starts below would miss them;
 * version 0 is the whole content and needs none.
 */
static enum err check_remembered(struct store_conn *c, uint64_t after, struct errctx *ec)
{
    uint64_t forgotten = 0;
    enum err err = conn_count(c, SQL("SELECT forgotten_version FROM store_state WHERE id = 1"),
                              &forgotten, ec);
    if (err == ERR_OK && after > 0 && after < forgotten)
        err = err_set(ec, ERR_CONFLICT,
                      "store: changes after version %llu are forgotten, up to version %llu",
                      (unsigned long long)after, (unsigned long long)forgotten);
    return err;
}

enum err store_object_changes(struct store_conn *c, uint64_t after, uint64_t upto,
                              const struct store_object_visitor *visitor, struct errctx *ec)
{
    enum err err = check_remembered(c, after, ec);
    if (err != ERR_OK || after >= upto)
        return err;
    /* All: one walk along the primary key; the plus keeps the index by version out of it. */
    if (after == 0)
        return visit_rows(c,
                          SQL("SELECT " OBJECT_COLUMNS " FROM object WHERE +version <= $1"
                              " AND (replaced_at IS NULL OR +replaced_at > $1)"
                              " ORDER BY kind, group_id, member",
                              sql_unsigned(upto)),
                          visitor, ec);
    /* Some: found by version, then sorted; the plus keeps the sort from choosing the walk. */
    return visit_rows(c,
                      SQL("SELECT " OBJECT_COLUMNS " FROM object"
                          " WHERE version > $1 AND version <= $2"
                          " AND (replaced_at IS NULL OR +replaced_at > $2)"
                          " ORDER BY +kind, group_id, member",
                          sql_unsigned(after), sql_unsigned(upto)),
                      visitor, ec);
}

static void key_read(struct sql_reader *r, void *out)
{
    struct store_object *object = (struct store_object *)out;
    object->kind = (enum store_kind)sql_get_enum(r, INT32_MAX);
    object->group = sql_get_text(r);
    object->member = sql_get_blob(r);
    object->version = sql_get_unsigned(r);
}

static const struct row_shape key_shape = {"object", sizeof(struct store_object), key_read};

/**
 * Deletes the rows whose keys the query answers, one by one: engines do not agree on a quick way to
 * delete by a list of compound keys.
 */
static enum err forget_rows(struct store_conn *c, const struct sql_call *keys,
                            uint64_t *out_dropped, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct row_list list = {0};
    enum err err = conn_list(c, &arena, keys, &key_shape, &list, ec);
    const struct store_object *rows = (const struct store_object *)list.items;
    for (size_t i = 0; i < list.count && err == ERR_OK; i++)
        err = conn_change_one(c,
                              SQL("DELETE FROM object WHERE kind = $1 AND group_id = $2"
                                  " AND member = $3 AND version = $4",
                                  sql_number(rows[i].kind), sql_text(rows[i].group),
                                  sql_blob(rows[i].member), sql_unsigned(rows[i].version)),
                              ERR_NOT_FOUND, key_shape.what, ec);
    if (err == ERR_OK)
        *out_dropped = list.count;
    return err;
}

/** Rows that were replaced, but for the one that a held object stands at. */
static enum err forget_replaced(struct store_conn *c, uint64_t version, uint64_t *out_dropped,
                                struct errctx *ec)
{
    return forget_rows(c,
                       SQL("SELECT o.kind, o.group_id, o.member, o.version FROM object o"
                           " WHERE o.replaced_at <= $1 AND NOT EXISTS"
                           " (SELECT 1 FROM held h WHERE h.kind = o.kind"
                           " AND h.group_id = o.group_id AND h.member = o.member"
                           " AND h.at_version >= o.version AND h.at_version < o.replaced_at)"
                           " LIMIT $2",
                           sql_unsigned(version), sql_number(STORE_FORGET_ROWS_MAX)),
                       out_dropped, ec);
}

/** Deletions, but for those of held objects: releases still hold these. */
static enum err forget_deleted(struct store_conn *c, uint64_t version, uint64_t limit,
                               uint64_t *out_dropped, struct errctx *ec)
{
    return forget_rows(c,
                       SQL("SELECT o.kind, o.group_id, o.member, o.version FROM object o"
                           " WHERE o.is_deleted = 1 AND o.version <= $1 AND NOT EXISTS"
                           " (SELECT 1 FROM held h WHERE h.kind = o.kind"
                           " AND h.group_id = o.group_id AND h.member = o.member) LIMIT $2",
                           sql_unsigned(version), sql_unsigned(limit)),
                       out_dropped, ec);
}

enum err store_object_forget(struct store_conn *c, uint64_t version, uint64_t *out_dropped,
                             struct errctx *ec)
{
    CHECK(version <= c->version);
    uint64_t replaced = 0;
    uint64_t deleted = 0;
    enum err err = conn_change(c,
                               SQL("UPDATE store_state SET forgotten_version = $1"
                                   " WHERE id = 1 AND forgotten_version < $1",
                                   sql_unsigned(version)),
                               ec);
    if (err == ERR_OK)
        err = forget_replaced(c, version, &replaced, ec);
    if (err == ERR_OK && replaced < STORE_FORGET_ROWS_MAX)
        err = forget_deleted(c, version, STORE_FORGET_ROWS_MAX - replaced, &deleted, ec);
    if (err == ERR_OK)
        *out_dropped = replaced + deleted;
    return err;
}
