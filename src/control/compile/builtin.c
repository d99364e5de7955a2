// SPDX-License-Identifier: Apache-2.0
// The built-in zones, written as objects like any other, so that they travel and are tried like
// any other. Called by the rollout at its start, and by cmd for the API when the addresses of a
// delegation set change; inside a write transaction.
#include "aws/r53_change.h"
#include "aws/r53_sets.h"
#include "base/map.h"
#include "control/compile/compile.h"
#include "control/store/limits.h"
#include "control/store/zones.h"
#include "release/limits.h"

#include <string.h>

#define BUILTIN_PLATFORM_ZONE "Z0PLATFORM" /* no id that the API gives begins like this */
#define BUILTIN_ADDRESS_TTL_S 3600         /* of a name server's address */
#define BUILTIN_NAMES_MAX 4096             /* names of one built-in zone */

_Static_assert(STORE_SET_ADDRESSES_MAX <= RELEASE_ADDRESSES_MAX,
               "a zone of a release names the addresses of all sets");

/** What is written; objects in the arena. */
struct builtin {
    struct store_conn *conn;
    struct arena arena;
    const struct compile_builtin *wanted;
    struct map members; /* sort keys that stay; a mark */
    uint64_t version;   /* 0: nothing was written */
};

/** Writes an object unless it is there with this very body. */
static enum err put(struct builtin *b, struct store_object *object, struct errctx *ec)
{
    struct store_object current;
    enum err e = store_object_get(b->conn, &b->arena, object, &current, ec);
    if (e == ERR_OK && slice_equal(current.body, object->body))
        return ERR_OK;
    if (e == ERR_NOT_FOUND && object->is_deleted)
        return ERR_OK;
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = store_take_version(b->conn, &b->version, ec);
    object->version = b->version;
    return e == ERR_OK ? store_object_put(b->conn, object, ec) : e;
}

static enum err put_sets(struct builtin *b, const char *name, const struct r53_sets *sets,
                         struct errctx *ec)
{
    struct dns_name owner;
    enum err e = dns_name_parse(slice_str(name), &owner, ec);
    if (e != ERR_OK)
        return e;
    struct store_object object = {
        .kind = STORE_NAME,
        .group = BUILTIN_PLATFORM_ZONE,
        .member = dns_name_sort_key(&b->arena, dns_name_slice(&owner)),
        .body = r53_sets_encode(&b->arena, sets),
    };
    map_put(&b->members, object.member, b);
    return put(b, &object, ec);
}

/** Adds one set with those addresses that are of its family; none: nothing. */
static void add_addresses(struct builtin *b, const char *name, bool is_v6,
                          const struct store_delegation_set *set, struct r53_sets *sets)
{
    bool has_own = set->address_count > 0;
    const char *const *addresses = has_own ? set->addresses : b->wanted->addresses;
    size_t count = has_own ? set->address_count : b->wanted->address_count;
    struct r53_record_set *out = &sets->items[sets->items_count];
    out->resource_records = arena_array(&b->arena, count, sizeof(*out->resource_records));
    for (size_t i = 0; i < count; i++) {
        if ((strchr(addresses[i], ':') != NULL) == is_v6)
            out->resource_records[out->resource_records_count++].value = addresses[i];
    }
    if (out->resource_records_count == 0)
        return;
    out->name = name;
    out->type = is_v6 ? R53_TYPE_AAAA : R53_TYPE_A;
    out->has_ttl = true;
    out->ttl = BUILTIN_ADDRESS_TTL_S;
    out->has_resource_records = true;
    sets->items_count++;
}

static enum err put_name_server(struct builtin *b, const struct store_delegation_set *set,
                                const char *name, struct errctx *ec)
{
    struct r53_sets sets = {.has_items = true};
    sets.items = arena_array(&b->arena, 2, sizeof(*sets.items));
    add_addresses(b, name, false, set, &sets);
    add_addresses(b, name, true, set, &sets);
    return sets.items_count == 0 ? ERR_OK : put_sets(b, name, &sets, ec);
}

/** Those of every set: so the zone is served everywhere, and nodes know which addresses are taken.
 */
static enum err set_addresses(struct builtin *b, const struct store_delegation_set *sets,
                              size_t count, struct r53_zone_body *body, struct errctx *ec)
{
    const char *all[STORE_SET_ADDRESSES_MAX];
    size_t address_count = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sets[i].address_count; k++) {
            if (address_count == ARRAY_LEN(all))
                return err_set(ec, ERR_LIMIT, "delegation sets have more than %zu addresses",
                               ARRAY_LEN(all));
            all[address_count++] = sets[i].addresses[k];
        }
    }
    r53_zone_body_set_addresses(&b->arena, body, all, address_count);
    return ERR_OK;
}

static enum err put_zone(struct builtin *b, const struct store_delegation_set *sets, size_t count,
                         struct errctx *ec)
{
    const struct store_delegation_set *set = &sets[0];
    const char *apex = arena_printf(&b->arena, "%s.", b->wanted->platform);
    struct r53_zone_body body = {
        .id = BUILTIN_PLATFORM_ZONE,
        .name = apex,
        .delegation_set_id = set->id,
        .has_order = true,
    };
    enum err e = set_addresses(b, sets, count, &body, ec);
    if (e != ERR_OK)
        return e;
    struct store_object zone = {
        .kind = STORE_ZONE,
        .group = BUILTIN_PLATFORM_ZONE,
        .body = r53_zone_body_encode(&b->arena, &body),
    };
    e = put(b, &zone, ec);
    if (e != ERR_OK)
        return e;
    struct r53_sets apex_sets;
    r53_default_sets(&b->arena, apex, set->names, b->wanted->platform, &apex_sets);
    return put_sets(b, apex, &apex_sets, ec);
}

static enum err put_name_servers(struct builtin *b, const struct store_delegation_set *sets,
                                 size_t count, struct errctx *ec)
{
    struct dns_name platform;
    enum err e = dns_name_parse(slice_str(b->wanted->platform), &platform, ec);
    for (size_t i = 0; i < count * STORE_SET_NAMES && e == ERR_OK; i++) {
        const struct store_delegation_set *set = &sets[i / STORE_SET_NAMES];
        const char *text = set->names[i % STORE_SET_NAMES];
        struct dns_name name;
        e = dns_name_parse(slice_str(text), &name, ec);
        if (e == ERR_OK && dns_name_is_within(dns_name_slice(&name), dns_name_slice(&platform)))
            e = put_name_server(b, set, text, ec);
    }
    return e;
}

/** Deletes what an earlier start wrote and this one does not. */
static enum err remove_others(struct builtin *b, struct errctx *ec)
{
    struct store_object *objects = NULL;
    size_t count = 0;
    const struct store_object_query query = {
        .kind = STORE_NAME, .group = BUILTIN_PLATFORM_ZONE, .limit = BUILTIN_NAMES_MAX};
    enum err e = store_object_list(b->conn, &b->arena, &query, &objects, &count, ec);
    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        if (map_get(&b->members, objects[i].member) != NULL)
            continue;
        objects[i].is_deleted = true;
        objects[i].body = slice_of(NULL, 0);
        e = put(b, &objects[i], ec);
    }
    return e;
}

enum err compile_builtin_zones(struct store_conn *conn, const struct compile_builtin *builtin,
                               bool *out_is_changed, struct errctx *ec)
{
    struct builtin b = {.conn = conn, .wanted = builtin};
    map_init(&b.members);
    struct store_delegation_set *sets = NULL;
    size_t count = 0;
    enum err e = store_delegation_set_list(conn, &b.arena, &sets, &count, ec);
    if (e == ERR_OK && count == 0)
        e = err_set(ec, ERR_NOT_FOUND, "there is no delegation set");
    if (e == ERR_OK)
        e = put_zone(&b, sets, count, ec);
    if (e == ERR_OK)
        e = put_name_servers(&b, sets, count, ec);
    if (e == ERR_OK)
        e = remove_others(&b, ec);
    if (e == ERR_OK)
        *out_is_changed = b.version != 0;
    map_fini(&b.members);
    arena_fini(&b.arena);
    return e;
}
