// SPDX-License-Identifier: Apache-2.0
// The built-in zones, written as objects like any other, so that they travel and are tried like
// any other: what all of them have, and the platform's. Called by the rollout, at its start and
// with its points of presence, and by cmd for the API when the addresses of a delegation set
// change; inside a write transaction.
#include "base/check.h"
#include "control/compile/builtin_priv.h"
#include "control/compile/member_priv.h"
#include "control/store/limits.h"
#include "release/limits.h"

#include <string.h>

#define BUILTIN_PLATFORM_ZONE "Z0PLATFORM" /* no id that the API gives begins like this */
#define BUILTIN_SOA_TTL_S 900              /* as Route 53 has it */
#define BUILTIN_ADDRESS_TTL_S 3600         /* of a name server's address */
#define BUILTIN_PAGE 1000                  /* names of a zone that are read at once */

_Static_assert(STORE_SET_ADDRESSES_MAX <= RELEASE_ADDRESSES_MAX,
               "a zone of a release names the addresses of all sets");

/* ---- objects */

enum err builtin_put(struct builtin *b, struct store_object *object, struct errctx *ec)
{
    struct store_object current;
    enum err e = store_object_get(b->conn, &b->arena, object, &current, ec);
    if (e == ERR_OK && !object->is_deleted && slice_equal(current.body, object->body))
        return ERR_OK;
    if (e == ERR_NOT_FOUND && object->is_deleted)
        return ERR_OK;
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = store_take_version(b->conn, &b->version, ec);
    object->version = b->version;
    return e == ERR_OK ? store_object_put(b->conn, object, ec) : e;
}

void builtin_zone_init(struct builtin_zone *z, struct builtin *b, const char *id,
                       const char *domain)
{
    *z = (struct builtin_zone){
        .builtin = b, .id = id, .domain = domain, .soa_ttl_s = BUILTIN_SOA_TTL_S};
    map_init(&z->members);
}

void builtin_zone_fini(struct builtin_zone *z)
{
    map_fini(&z->members);
}

enum err builtin_put_sets(struct builtin_zone *z, const char *name, const struct r53_sets *sets,
                          struct errctx *ec)
{
    struct arena *a = &z->builtin->arena;
    struct dns_name owner;
    enum err e = dns_name_parse(slice_str(name), &owner, ec);
    if (e != ERR_OK)
        return e;
    struct store_object object = {
        .kind = STORE_NAME,
        .group = z->id,
        .member = dns_name_sort_key(a, dns_name_slice(&owner)),
        .is_deleted = sets->items_count == 0,
    };
    if (!object.is_deleted) {
        object.body = r53_sets_encode(a, sets);
        map_put(&z->members, object.member, z);
    }
    return builtin_put(z->builtin, &object, ec);
}

void builtin_add_addresses(struct builtin *b, const char *name, bool is_v6,
                           const struct builtin_addresses *addresses, struct r53_sets *sets)
{
    struct r53_record_set *out = &sets->items[sets->items_count];
    *out = (struct r53_record_set){0};
    out->resource_records =
        arena_array(&b->arena, addresses->count, sizeof(*out->resource_records));
    for (size_t i = 0; i < addresses->count; i++) {
        if ((strchr(addresses->texts[i], ':') != NULL) == is_v6)
            out->resource_records[out->resource_records_count++].value = addresses->texts[i];
    }
    if (out->resource_records_count == 0)
        return;
    out->name = name;
    out->type = is_v6 ? R53_TYPE_AAAA : R53_TYPE_A;
    out->has_ttl = true;
    out->ttl = addresses->ttl_s;
    out->has_resource_records = true;
    sets->items_count++;
}

/* ---- a zone */

/** Those of every set: so the zone is served everywhere, and nodes know which addresses are taken.
 */
static enum err set_addresses(struct builtin *b, struct r53_zone_body *body, struct errctx *ec)
{
    const char *all[STORE_SET_ADDRESSES_MAX];
    size_t address_count = 0;
    for (size_t i = 0; i < b->set_count; i++) {
        for (size_t k = 0; k < b->sets[i].address_count; k++) {
            if (address_count == ARRAY_LEN(all))
                return err_set(ec, ERR_LIMIT, "delegation sets have more than %zu addresses",
                               ARRAY_LEN(all));
            all[address_count++] = b->sets[i].addresses[k];
        }
    }
    r53_zone_body_set_addresses(&b->arena, body, all, address_count);
    return ERR_OK;
}

/** Whether the zone had another apex before. */
static enum err look_at_apex(struct builtin_zone *z, const char *apex, struct errctx *ec)
{
    struct builtin *b = z->builtin;
    const struct store_object which = {.kind = STORE_ZONE, .group = z->id};
    struct store_object object;
    struct r53_zone_body before;
    enum err e = store_object_get(b->conn, &b->arena, &which, &object, ec);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = r53_zone_body_decode(&b->arena, object.body, &before, ec);
    if (e == ERR_OK && strcmp(before.name, apex) != 0)
        b->is_moved = true;
    return e;
}

static enum err put_zone_object(struct builtin_zone *z, const char *apex, struct errctx *ec)
{
    struct builtin *b = z->builtin;
    struct r53_zone_body body = {
        .id = z->id,
        .name = apex,
        .delegation_set_id = b->sets[0].id,
        .has_order = true,
    };
    enum err e = look_at_apex(z, apex, ec);
    if (e == ERR_OK)
        e = set_addresses(b, &body, ec);
    if (e != ERR_OK)
        return e;
    struct store_object zone = {
        .kind = STORE_ZONE,
        .group = z->id,
        .body = r53_zone_body_encode(&b->arena, &body),
    };
    return builtin_put(b, &zone, ec);
}

/** Whether one domain lies below the other. */
static bool is_below(const char *domain, const char *other)
{
    struct dns_name inner;
    struct dns_name outer;
    return dns_name_parse(slice_str(domain), &inner, NULL) == ERR_OK &&
           dns_name_parse(slice_str(other), &outer, NULL) == ERR_OK && inner.len > outer.len &&
           dns_name_is_within(dns_name_slice(&inner), dns_name_slice(&outer));
}

enum err builtin_put_zone(struct builtin_zone *z, const char *inner, struct errctx *ec)
{
    struct builtin *b = z->builtin;
    const char *apex = arena_printf(&b->arena, "%s.", z->domain);
    struct r53_sets sets;
    enum err e = put_zone_object(z, apex, ec);
    if (e != ERR_OK)
        return e;
    r53_default_sets(&b->arena, apex, b->sets[0].names, b->wanted->platform, &sets);
    for (size_t i = 0; i < sets.items_count; i++) {
        if (sets.items[i].type == R53_TYPE_SOA)
            sets.items[i].ttl = z->soa_ttl_s;
    }
    e = builtin_put_sets(z, apex, &sets, ec);
    if (e != ERR_OK || !is_below(inner, z->domain))
        return e;
    const char *cut = arena_printf(&b->arena, "%s.", inner);
    r53_default_sets(&b->arena, cut, b->sets[0].names, b->wanted->platform, &sets);
    CHECK(sets.items[0].type == R53_TYPE_NS);
    sets.items_count = 1;
    return builtin_put_sets(z, cut, &sets, ec);
}

/* ---- what is no longer written */

static enum err remove_name(struct builtin_zone *z, const struct store_object *name,
                            builtin_stay_fn *stays, struct errctx *ec)
{
    bool must_stay = map_get(&z->members, name->member) != NULL;
    enum err e = must_stay || stays == NULL ? ERR_OK : stays(z, name, &must_stay, ec);
    if (e != ERR_OK || must_stay)
        return e;
    struct store_object gone = *name;
    gone.is_deleted = true;
    gone.body = slice_of(NULL, 0);
    return builtin_put(z->builtin, &gone, ec);
}

/** The least member behind this one. */
static struct slice behind(struct arena *a, struct slice member)
{
    uint8_t *bytes = arena_alloc(a, member.len + 1); /* ends in a zero byte */
    memcpy(bytes, member.data, member.len);
    return slice_of(bytes, member.len + 1);
}

enum err builtin_remove_others(struct builtin_zone *z, builtin_stay_fn *stays, struct errctx *ec)
{
    struct builtin *b = z->builtin;
    struct store_object_query query = {.kind = STORE_NAME, .group = z->id, .limit = BUILTIN_PAGE};
    size_t count = 0;
    enum err e = ERR_OK;
    do {
        struct store_object *names = NULL;
        e = store_object_list(b->conn, &b->arena, &query, &names, &count, ec);
        for (size_t i = 0; i < count && e == ERR_OK; i++)
            e = remove_name(z, &names[i], stays, ec);
        if (e == ERR_OK && count > 0)
            query.from_member = behind(&b->arena, names[count - 1].member);
    } while (e == ERR_OK && count == BUILTIN_PAGE);
    return e;
}

/* ---- the platform's zone */

static enum err put_name_server(struct builtin_zone *z, const struct store_delegation_set *set,
                                const char *name, struct errctx *ec)
{
    struct builtin *b = z->builtin;
    bool has_own = set->address_count > 0;
    const struct builtin_addresses addresses = {
        .texts = has_own ? set->addresses : b->wanted->addresses,
        .count = has_own ? set->address_count : b->wanted->address_count,
        .ttl_s = BUILTIN_ADDRESS_TTL_S,
    };
    struct r53_sets sets = {.has_items = true};
    sets.items = arena_array(&b->arena, 2, sizeof(*sets.items));
    builtin_add_addresses(b, name, false, &addresses, &sets);
    builtin_add_addresses(b, name, true, &addresses, &sets);
    return sets.items_count == 0 ? ERR_OK : builtin_put_sets(z, name, &sets, ec);
}

static enum err put_name_servers(struct builtin_zone *z, struct errctx *ec)
{
    struct builtin *b = z->builtin;
    struct dns_name platform;
    enum err e = dns_name_parse(slice_str(z->domain), &platform, ec);
    for (size_t i = 0; i < b->set_count * STORE_SET_NAMES && e == ERR_OK; i++) {
        const struct store_delegation_set *set = &b->sets[i / STORE_SET_NAMES];
        const char *text = set->names[i % STORE_SET_NAMES];
        struct dns_name name;
        e = dns_name_parse(slice_str(text), &name, ec);
        if (e == ERR_OK && dns_name_is_within(dns_name_slice(&name), dns_name_slice(&platform)))
            e = put_name_server(z, set, text, ec);
    }
    return e;
}

static enum err put_platform(struct builtin *b, struct errctx *ec)
{
    struct builtin_zone z;
    builtin_zone_init(&z, b, BUILTIN_PLATFORM_ZONE, b->wanted->platform);
    enum err e = builtin_put_zone(&z, b->wanted->cdn_domain, ec);
    if (e == ERR_OK)
        e = put_name_servers(&z, ec);
    if (e == ERR_OK)
        e = builtin_remove_others(&z, NULL, ec);
    builtin_zone_fini(&z);
    return e;
}

enum err compile_builtin_zones(struct store_conn *conn, const struct compile_builtin *builtin,
                               bool *out_is_changed, struct errctx *ec)
{
    struct builtin b = {.conn = conn, .wanted = builtin};
    enum err e = store_delegation_set_list(conn, &b.arena, &b.sets, &b.set_count, ec);
    if (e == ERR_OK && b.set_count == 0)
        e = err_set(ec, ERR_NOT_FOUND, "there is no delegation set");
    if (e == ERR_OK)
        e = put_platform(&b, ec);
    if (e == ERR_OK)
        e = builtin_put_cdn(&b, ec);
    if (e == ERR_OK)
        *out_is_changed = b.version != 0;
    arena_fini(&b.arena);
    return e;
}
