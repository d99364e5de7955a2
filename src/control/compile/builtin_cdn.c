// SPDX-License-Identifier: Apache-2.0
// The zone of distributions: its apex, and the addresses of the points of presence, to which the
// names of distributions lead. Part of the writing of the built-in zones.
#include "aws/r53_ids.h"
#include "control/compile/builtin_priv.h"
#include "control/compile/member_priv.h"
#include "control/compile/pop_priv.h"
#include "dns/rdata.h"
#include "release/distribution.h"

#include <stdlib.h>
#include <string.h>

#define CDN_TTL_S 60      /* of addresses, and of names that are not there, as CloudFront has it */
#define CDN_POPS_MAX 4096 /* points of presence */
/* Addresses that are answered by their health: what one query may look at (design, section 5), with
 * room. Beyond it all are answered. */
#define CDN_PROBED_MAX 200

/** An address of a point of presence. */
struct pop_address {
    const char *text;
    const char *check; /* id; NULL: it is not probed */
};

/** Those of all points of presence. */
struct pop_addresses {
    struct arena *arena;
    struct pop_address *items;
    size_t count;
    size_t capacity;
};

static void add_address(struct pop_addresses *p, const char *pop, const struct release_pop_node *n,
                        struct slice address)
{
    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? 16 : p->capacity * 2;
        struct pop_address *more = arena_array(p->arena, p->capacity, sizeof(*more));
        if (p->count > 0)
            memcpy(more, p->items, p->count * sizeof(*more));
        p->items = more;
    }
    uint16_t type = address.len == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
    p->items[p->count++] = (struct pop_address){
        .text = arena_str(p->arena, dns_rdata_format(p->arena, type, address)),
        .check = n->http_port == 0 ? NULL : pop_check_id(p->arena, pop, address)};
}

/* By text; the same one with its checks first, by id. */
static int compare_addresses(const void *a, const void *b)
{
    const struct pop_address *left = a;
    const struct pop_address *right = b;
    int order = strcmp(left->text, right->text);
    if (order != 0 || (left->check == NULL && right->check == NULL))
        return order;
    if (left->check == NULL || right->check == NULL)
        return left->check == NULL ? 1 : -1;
    return strcmp(left->check, right->check);
}

/** Several nodes, and points of presence, may stand behind one address. */
static void sort_once_each(struct pop_addresses *p)
{
    size_t kept = 0;
    if (p->count > 1)
        qsort(p->items, p->count, sizeof(*p->items), compare_addresses);
    for (size_t i = 0; i < p->count; i++) {
        if (i == 0 || strcmp(p->items[kept - 1].text, p->items[i].text) != 0)
            p->items[kept++] = p->items[i];
    }
    p->count = kept;
}

static enum err read_addresses(struct builtin *b, struct pop_addresses *out, struct errctx *ec)
{
    const struct store_object_groups_query query = {.kind = STORE_POP, .limit = CDN_POPS_MAX};
    struct store_object *objects = NULL;
    size_t count = 0;
    enum err e = store_object_list_groups(b->conn, &b->arena, &query, &objects, &count, ec);
    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        struct release_pop pop;
        e = release_pop_decode(&b->arena, objects[i].body, &pop, ec);
        for (size_t n = 0; e == ERR_OK && n < pop.node_count; n++) {
            for (size_t k = 0; k < pop.nodes[n].address_count; k++)
                add_address(out, pop.name, &pop.nodes[n], pop.nodes[n].addresses[k]);
        }
    }
    sort_once_each(out);
    return e;
}

/** Each address a set of its own, with its check: those that are well are answered, and all where
 *  none is. */
static void add_probed(struct arena *a, const char *name, const struct pop_addresses *all,
                       struct r53_sets *sets)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct pop_address *address = &all->items[i];
        struct r53_record_set *set = &sets->items[sets->items_count++];
        *set = (struct r53_record_set){
            .name = name,
            .type = strchr(address->text, ':') != NULL ? R53_TYPE_AAAA : R53_TYPE_A,
            .set_identifier = address->text,
            .has_multi_value_answer = true,
            .multi_value_answer = true,
            .has_ttl = true,
            .ttl = CDN_TTL_S,
            .has_resource_records = true,
            .resource_records_count = 1,
            .health_check_id = address->check,
        };
        set->resource_records = arena_array(a, 1, sizeof(*set->resource_records));
        set->resource_records[0].value = address->text;
    }
}

static void add_all(struct builtin *b, const char *name, const struct pop_addresses *all,
                    struct r53_sets *sets)
{
    const char **texts = arena_array(&b->arena, all->count, sizeof(*texts));
    for (size_t i = 0; i < all->count; i++)
        texts[i] = all->items[i].text;
    const struct builtin_addresses addresses = {texts, all->count, CDN_TTL_S};
    builtin_add_addresses(b, name, false, &addresses, sets);
    builtin_add_addresses(b, name, true, &addresses, sets);
}

static enum err put_pops(struct builtin_zone *z, struct errctx *ec)
{
    struct builtin *b = z->builtin;
    struct pop_addresses all = {.arena = &b->arena};
    enum err e = read_addresses(b, &all, ec);
    if (e != ERR_OK)
        return e;
    const char *name = arena_printf(&b->arena, R53_CDN_POPS_LABEL ".%s.", z->domain);
    struct r53_sets sets = {.has_items = true};
    sets.items = arena_array(&b->arena, max_size(all.count, 2), sizeof(*sets.items));
    if (all.count <= CDN_PROBED_MAX)
        add_probed(&b->arena, name, &all, &sets);
    else
        add_all(b, name, &all, &sets);
    r53_sets_sort(&sets);
    return builtin_put_sets(z, name, &sets, ec);
}

/** A name that holds an alias is a distribution's: the API wrote it. */
static enum err is_distribution(struct builtin_zone *z, const struct store_object *name,
                                bool *out_stays, struct errctx *ec)
{
    struct arena *a = &z->builtin->arena;
    struct r53_sets sets;
    struct dns_name owner;
    struct dns_name apex;
    enum err e = r53_sets_decode(a, name->body, &sets, ec);
    if (e == ERR_OK)
        e = member_owner(name->member, &owner, ec);
    if (e == ERR_OK)
        e = dns_name_parse(slice_str(z->domain), &apex, ec);
    if (e != ERR_OK || sets.items_count == 0 || sets.items[0].alias_target == NULL)
        return e;
    if (!dns_name_is_within(dns_name_slice(&owner), dns_name_slice(&apex)))
        return err_set(ec, ERR_INVALID,
                       "--cdn-domain: %s has a distribution, %s, outside of it; delete those first",
                       z->domain, sets.items[0].name);
    *out_stays = true;
    return ERR_OK;
}

enum err builtin_put_cdn(struct builtin *b, struct errctx *ec)
{
    struct builtin_zone z;
    builtin_zone_init(&z, b, R53_CDN_ZONE_ID, b->wanted->cdn_domain);
    z.soa_ttl_s = CDN_TTL_S;
    enum err e = builtin_put_zone(&z, b->wanted->platform, ec);
    if (e == ERR_OK)
        e = put_pops(&z, ec);
    if (e == ERR_OK && b->is_moved)
        e = builtin_remove_others(&z, is_distribution, ec);
    builtin_zone_fini(&z);
    return e;
}
