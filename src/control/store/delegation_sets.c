// SPDX-License-Identifier: Apache-2.0
// Delegation sets and the local addresses they are served on. Called by the API's workers and
// compile, on the thread that uses the connection.
#include "control/store/store_priv.h"
#include "control/store/zones.h"

#define SET_COLUMNS "s.id, s.name_1, s.name_2, s.name_3, s.name_4, s.ordinal"

static void set_read(struct sql_reader *r, void *out)
{
    struct store_delegation_set *set = (struct store_delegation_set *)out;
    set->id = sql_get_text(r);
    for (size_t i = 0; i < STORE_SET_NAMES; i++)
        set->names[i] = sql_get_text(r);
    set->position = sql_get_enum(r, UINT32_MAX);
}

static const struct row_shape set_shape = {"delegation set", sizeof(struct store_delegation_set),
                                           set_read};

static void address_read(struct sql_reader *r, void *out)
{
    const char **address = (const char **)out;
    *address = sql_get_text(r);
}

static const struct row_shape address_shape = {"address of a delegation set", sizeof(const char *),
                                               address_read};

static enum err read_addresses(struct store_conn *c, struct arena *a,
                               struct store_delegation_set *set, struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT address FROM delegation_set_address"
                                 " WHERE delegation_set_id = $1 ORDER BY ordinal",
                                 sql_text(set->id)),
                             &address_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    set->addresses = (const char *const *)list.items;
    set->address_count = list.count;
    return ERR_OK;
}

static enum err insert_addresses(struct store_conn *c, const char *id, const char *const *addresses,
                                 size_t count, struct errctx *ec)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = conn_change(c,
                          SQL("INSERT INTO delegation_set_address"
                              " (delegation_set_id, ordinal, address) VALUES ($1, $2, $3)",
                              sql_text(id), sql_unsigned(i), sql_text(addresses[i])),
                          ec);
    return err;
}

enum err store_delegation_set_add(struct store_conn *c, const struct store_delegation_set *set,
                                  struct errctx *ec)
{
    enum err err = conn_change_one(
        c,
        SQL("INSERT INTO delegation_set (id, name_1, name_2, name_3, name_4, ordinal)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
            sql_text(set->id), sql_text(set->names[0]), sql_text(set->names[1]),
            sql_text(set->names[2]), sql_text(set->names[3]), sql_number(set->position)),
        ERR_EXISTS, set_shape.what, ec);
    return err == ERR_OK ? insert_addresses(c, set->id, set->addresses, set->address_count, ec)
                         : err;
}

enum err store_delegation_set_put_addresses(struct store_conn *c, const char *id,
                                            const char *const *addresses, size_t count,
                                            struct errctx *ec)
{
    uint64_t found = 0;
    enum err err = conn_count(
        c, SQL("SELECT COUNT(*) FROM delegation_set WHERE id = $1", sql_text(id)), &found, ec);
    if (err == ERR_OK && found == 0)
        err = err_set(ec, ERR_NOT_FOUND, "store: there is no delegation set '%s'", id);
    if (err == ERR_OK)
        err = conn_change(
            c, SQL("DELETE FROM delegation_set_address WHERE delegation_set_id = $1", sql_text(id)),
            ec);
    return err == ERR_OK ? insert_addresses(c, id, addresses, count, ec) : err;
}

static enum err get_one(struct store_conn *c, struct arena *a, const struct sql_call *call,
                        struct store_delegation_set *out, struct errctx *ec)
{
    struct store_delegation_set set = {0};
    enum err err = conn_get(c, a, call, &set_shape, &set, ec);
    if (err == ERR_OK)
        err = read_addresses(c, a, &set, ec);
    if (err == ERR_OK)
        *out = set;
    return err;
}

enum err store_delegation_set_get(struct store_conn *c, struct arena *a, const char *id,
                                  struct store_delegation_set *out, struct errctx *ec)
{
    return get_one(
        c, a, SQL("SELECT " SET_COLUMNS " FROM delegation_set s WHERE s.id = $1", sql_text(id)),
        out, ec);
}

enum err store_delegation_set_for(struct store_conn *c, struct arena *a, const char *zone_name,
                                  struct store_delegation_set *out, struct errctx *ec)
{
    enum err err =
        get_one(c, a,
                SQL("SELECT " SET_COLUMNS " FROM delegation_set s WHERE NOT EXISTS"
                    " (SELECT 1 FROM zone z WHERE z.delegation_set_id = s.id AND z.name = $1)"
                    " ORDER BY s.ordinal, s.id LIMIT 1",
                    sql_text(zone_name)),
                out, ec);
    if (err == ERR_NOT_FOUND)
        return err_set(ec, ERR_CONFLICT, "store: every delegation set has a zone '%s'", zone_name);
    return err;
}

enum err store_delegation_set_list(struct store_conn *c, struct arena *a,
                                   struct store_delegation_set **out_sets, size_t *out_count,
                                   struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(
        c, a, SQL("SELECT " SET_COLUMNS " FROM delegation_set s ORDER BY s.ordinal, s.id"),
        &set_shape, &list, ec);
    struct store_delegation_set *sets = (struct store_delegation_set *)list.items;
    for (size_t i = 0; i < list.count && err == ERR_OK; i++)
        err = read_addresses(c, a, &sets[i], ec);
    if (err != ERR_OK)
        return err;
    *out_sets = sets;
    *out_count = list.count;
    return ERR_OK;
}
