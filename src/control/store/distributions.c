// SPDX-License-Identifier: Apache-2.0
// Distributions, their alternate names, tags. Called by the API's workers, on the thread that uses
// the connection.
#include "control/store/distributions.h"

#include "control/store/store_priv.h"

#define OWN_COLUMNS                                                                                \
    "id, account_id, caller_reference, domain_name, etag, change_id, created_unix_ms,"             \
    " modified_unix_ms, is_enabled"
/* With what the row of its change says. */
#define READ_COLUMNS                                                                               \
    "d.id, d.account_id, d.caller_reference, d.domain_name, d.etag, d.change_id,"                  \
    " d.created_unix_ms, d.modified_unix_ms, d.is_enabled, i.is_insync, i.held_reason"             \
    " FROM distribution d JOIN change_info i ON i.id = d.change_id"

static void distribution_read(struct sql_reader *r, void *out)
{
    struct store_distribution *d = (struct store_distribution *)out;
    d->id = sql_get_text(r);
    d->account_id = sql_get_text(r);
    d->caller_reference = sql_get_text(r);
    d->domain_name = sql_get_text(r);
    d->etag = sql_get_text(r);
    d->change_id = sql_get_text(r);
    d->created_unix_ms = sql_get_number(r);
    d->modified_unix_ms = sql_get_number(r);
    d->is_enabled = sql_get_bool(r);
    d->is_deployed = sql_get_bool(r);
    d->held_reason = sql_get_optional_text(r);
}

static const struct row_shape distribution_shape = {
    "distribution", sizeof(struct store_distribution), distribution_read};

enum err store_distribution_add(struct store_conn *c, const struct store_distribution *d,
                                struct errctx *ec)
{
    enum err err = conn_change_one(
        c,
        SQL("INSERT INTO distribution_reference (account_id, caller_reference, distribution_id)"
            " VALUES ($1, $2, $3) ON CONFLICT (account_id, caller_reference) DO NOTHING",
            sql_text(d->account_id), sql_text(d->caller_reference), sql_text(d->id)),
        ERR_EXISTS, "caller reference", ec);
    if (err != ERR_OK)
        return err;
    return conn_change(c,
                       SQL("INSERT INTO distribution (" OWN_COLUMNS ")"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                           sql_text(d->id), sql_text(d->account_id), sql_text(d->caller_reference),
                           sql_text(d->domain_name), sql_text(d->etag), sql_text(d->change_id),
                           sql_number(d->created_unix_ms), sql_number(d->modified_unix_ms),
                           sql_number(d->is_enabled)),
                       ec);
}

enum err store_distribution_get(struct store_conn *c, struct arena *a, const char *account_id,
                                const char *id, struct store_distribution *out, struct errctx *ec)
{
    return conn_get(c, a,
                    SQL("SELECT " READ_COLUMNS " WHERE d.id = $1 AND d.account_id = $2",
                        sql_text(id), sql_text(account_id)),
                    &distribution_shape, out, ec);
}

enum err store_distribution_update(struct store_conn *c, const struct store_distribution *d,
                                   struct errctx *ec)
{
    return conn_change_one(
        c,
        SQL("UPDATE distribution SET etag = $1, change_id = $2, modified_unix_ms = $3,"
            " is_enabled = $4 WHERE id = $5",
            sql_text(d->etag), sql_text(d->change_id), sql_number(d->modified_unix_ms),
            sql_number(d->is_enabled), sql_text(d->id)),
        ERR_NOT_FOUND, distribution_shape.what, ec);
}

enum err store_distribution_remove(struct store_conn *c, const char *id, struct errctx *ec)
{
    return conn_change_one(c, SQL("DELETE FROM distribution WHERE id = $1", sql_text(id)),
                           ERR_NOT_FOUND, distribution_shape.what, ec);
}

enum err store_distribution_count(struct store_conn *c, const char *account_id, uint64_t *out_count,
                                  struct errctx *ec)
{
    return conn_count(
        c, SQL("SELECT COUNT(*) FROM distribution WHERE account_id = $1", sql_text(account_id)),
        out_count, ec);
}

enum err store_distribution_list(struct store_conn *c, struct arena *a,
                                 const struct store_distribution_query *query,
                                 struct store_distribution **out_distributions, size_t *out_count,
                                 struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT " READ_COLUMNS " WHERE d.account_id = $1 AND d.id > $2"
                                 " ORDER BY d.id LIMIT $3",
                                 sql_text(query->account_id), sql_text(query->after_id),
                                 sql_unsigned(query->limit)),
                             &distribution_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_distributions = (struct store_distribution *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

/* ---- alternate names */

static enum err alias_is_free(struct store_conn *c, const char *distribution_id, const char *alias,
                              struct errctx *ec)
{
    uint64_t others = 0;
    enum err err = conn_count(c,
                              SQL("SELECT COUNT(*) FROM distribution_alias"
                                  " WHERE alias = $1 AND distribution_id <> $2",
                                  sql_text(alias), sql_text(distribution_id)),
                              &others, ec);
    if (err == ERR_OK && others > 0)
        return err_set(ec, ERR_EXISTS, "store: another distribution has the name %s", alias);
    return err;
}

enum err store_alias_replace(struct store_conn *c, const char *distribution_id,
                             const char *const *aliases, size_t count, struct errctx *ec)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = alias_is_free(c, distribution_id, aliases[i], ec);
    if (err == ERR_OK)
        err = conn_change(c,
                          SQL("DELETE FROM distribution_alias WHERE distribution_id = $1",
                              sql_text(distribution_id)),
                          ec);
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = conn_change(c,
                          SQL("INSERT INTO distribution_alias (alias, distribution_id)"
                              " VALUES ($1, $2)",
                              sql_text(aliases[i]), sql_text(distribution_id)),
                          ec);
    return err;
}

/* ---- tags */

static void tag_read(struct sql_reader *r, void *out)
{
    struct store_tag *tag = (struct store_tag *)out;
    tag->name = sql_get_text(r);
    tag->value = sql_get_optional_text(r);
}

static const struct row_shape tag_shape = {"tag", sizeof(struct store_tag), tag_read};

enum err store_tag_put(struct store_conn *c, const char *resource, const struct store_tag *tag,
                       struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO tag (resource, name, value) VALUES ($1, $2, $3)"
                           " ON CONFLICT (resource, name) DO UPDATE SET value = excluded.value",
                           sql_text(resource), sql_text(tag->name), sql_text(tag->value)),
                       ec);
}

enum err store_tag_remove(struct store_conn *c, const char *resource, const char *name,
                          struct errctx *ec)
{
    return conn_change(c,
                       SQL("DELETE FROM tag WHERE resource = $1 AND name = $2", sql_text(resource),
                           sql_text(name)),
                       ec);
}

enum err store_tag_remove_all(struct store_conn *c, const char *resource, struct errctx *ec)
{
    return conn_change(c, SQL("DELETE FROM tag WHERE resource = $1", sql_text(resource)), ec);
}

enum err store_tag_list(struct store_conn *c, struct arena *a, const char *resource,
                        struct store_tag **out_tags, size_t *out_count, struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(
        c, a,
        SQL("SELECT name, value FROM tag WHERE resource = $1 ORDER BY name", sql_text(resource)),
        &tag_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_tags = (struct store_tag *)list.items;
    *out_count = list.count;
    return ERR_OK;
}
