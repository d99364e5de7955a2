// SPDX-License-Identifier: Apache-2.0
// Record sets between the store, the API and DNS. Called by the API's workers and the compiler.
#include "aws/r53_sets.h"

#include "aws/r53_ids.h"
#include "aws/r53_traffic.h"

#include "aws/limits.h"
#include "aws/xml.h"
#include "base/check.h"
#include "dns/rdata.h"
#include "dns/types.h"

#include <stdlib.h>

static struct slice encode(struct arena *a, const struct aws_shape *shape, const void *value)
{
    AUTO_BUF struct buf text = {0};
    aws_xml_write(&text, shape, NULL, value);
    return arena_copy(a, buf_slice(&text));
}

static enum err decode(struct arena *a, const struct aws_shape *shape, struct slice text, void *out,
                       struct errctx *ec)
{
    struct aws_fault fault = {.arena = a};
    if (aws_xml_parse(AWS_ROUTE53, shape, text, out, &fault) != AWS_OK)
        return err_set(ec, ERR_CORRUPT, "stored %s: %s", shape->name, fault.message);
    return ERR_OK;
}

struct slice r53_sets_encode(struct arena *a, const struct r53_sets *sets)
{
    CHECK(sets->items_count <= R53_NAME_MAX_SETS);
    return encode(a, &AWS_SHAPE_OF(r53_sets), sets);
}

enum err r53_sets_decode(struct arena *a, struct slice text, struct r53_sets *out,
                         struct errctx *ec)
{
    struct r53_sets sets = {0};
    enum err err = decode(a, &AWS_SHAPE_OF(r53_sets), text, &sets, ec);
    if (err != ERR_OK)
        return err;
    r53_sets_sort(&sets);
    *out = sets;
    return ERR_OK;
}

static const char *identifier_of(const struct r53_record_set *set)
{
    return set->set_identifier == NULL ? "" : set->set_identifier;
}

static int compare_sets(const void *one, const void *other)
{
    const struct r53_record_set *a = one;
    const struct r53_record_set *b = other;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return strcmp(identifier_of(a), identifier_of(b));
}

void r53_sets_sort(struct r53_sets *sets)
{
    if (sets->items_count > 1)
        qsort(sets->items, sets->items_count, sizeof(*sets->items), compare_sets);
}

struct slice r53_zone_body_encode(struct arena *a, const struct r53_zone_body *body)
{
    return encode(a, &AWS_SHAPE_OF(r53_zone_body), body);
}

void r53_zone_body_set_addresses(struct arena *a, struct r53_zone_body *body,
                                 const char *const *addresses, size_t count)
{
    body->has_addresses = count > 0;
    body->addresses_count = count;
    body->addresses = arena_array(a, count, sizeof(*body->addresses));
    for (size_t i = 0; i < count; i++)
        body->addresses[i] = arena_strdup(a, addresses[i]);
}

enum err r53_zone_body_decode(struct arena *a, struct slice text, struct r53_zone_body *out,
                              struct errctx *ec)
{
    struct r53_zone_body body = {0};
    enum err err = decode(a, &AWS_SHAPE_OF(r53_zone_body), text, &body, ec);
    if (err == ERR_OK)
        *out = body;
    return err;
}

static enum err alias_to_wire(const struct r53_alias_target *target, struct r53_wire_set *wire,
                              struct errctx *ec)
{
    wire->is_alias = true;
    wire->alias_zone_id = target->hosted_zone_id;
    wire->alias_evaluate_health = target->evaluate_target_health;
    wire->alias_is_outside = r53_zone_id_is_outside(target->hosted_zone_id);
    return dns_name_parse(slice_str(target->dns_name), &wire->alias_name, ec);
}

static enum err values_to_wire(struct arena *a, const struct r53_record_set *set,
                               struct r53_wire_set *wire, struct errctx *ec)
{
    wire->rdata = arena_array(a, set->resource_records_count, sizeof(*wire->rdata));
    wire->rdata_count = set->resource_records_count;
    for (size_t i = 0; i < set->resource_records_count; i++) {
        struct slice value = slice_str(set->resource_records[i].value);
        enum err err = dns_rdata_parse(a, wire->type, value, &wire->rdata[i], ec);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* A set that a traffic policy instance made leads to where the instance's tree begins. */
static enum err instance_to_wire(struct arena *a, const struct r53_record_set *set,
                                 struct r53_wire_set *out, struct errctx *ec)
{
    struct r53_wire_set wire = {.type = r53_rr_type_number(set->type),
                                .is_alias = true,
                                .alias_zone_id =
                                    r53_traffic_zone_id(a, set->traffic_policy_instance_id),
                                .alias_evaluate_health = true};
    enum err err = dns_name_parse(SLICE_LIT(R53_TRAFFIC_START), &wire.alias_name, ec);
    if (err == ERR_OK)
        *out = wire;
    return err;
}

enum err r53_set_to_wire(struct arena *a, const struct r53_record_set *set,
                         struct r53_wire_set *out, struct errctx *ec)
{
    if (set->traffic_policy_instance_id != NULL)
        return instance_to_wire(a, set, out, ec);
    struct r53_wire_set wire = {.type = r53_rr_type_number(set->type), .ttl_s = (uint32_t)set->ttl};
    enum err err = set->alias_target != NULL ? alias_to_wire(set->alias_target, &wire, ec)
                                             : values_to_wire(a, set, &wire, ec);
    if (err == ERR_OK)
        err = r53_policy_to_wire(set, &wire.policy, ec);
    if (err == ERR_OK)
        *out = wire;
    return err;
}

static struct r53_resource_record *values_of(struct arena *a, size_t count)
{
    return arena_array(a, count, sizeof(struct r53_resource_record));
}

void r53_default_sets(struct arena *a, const char *zone_name, const char *const name_servers[4],
                      const char *platform, struct r53_sets *out)
{
    struct r53_record_set *items = arena_array(a, 2, sizeof(*items));
    items[0] = (struct r53_record_set){.name = zone_name,
                                       .type = R53_TYPE_NS,
                                       .has_ttl = true,
                                       .ttl = 172800,
                                       .has_resource_records = true,
                                       .resource_records = values_of(a, 4),
                                       .resource_records_count = 4};
    for (size_t i = 0; i < 4; i++)
        items[0].resource_records[i].value = name_servers[i];
    items[1] = (struct r53_record_set){.name = zone_name,
                                       .type = R53_TYPE_SOA,
                                       .has_ttl = true,
                                       .ttl = 900,
                                       .has_resource_records = true,
                                       .resource_records = values_of(a, 1),
                                       .resource_records_count = 1};
    items[1].resource_records[0].value =
        arena_printf(a, "ns-1.%s. hostmaster.%s. 1 7200 900 1209600 86400", platform, platform);
    *out = (struct r53_sets){.has_items = true, .items = items, .items_count = 2};
}

void r53_distribution_sets(struct arena *a, const struct r53_distribution_name *name,
                           struct r53_sets *out)
{
    static const enum r53_rr_type types[] = {R53_TYPE_A, R53_TYPE_AAAA};
    size_t count = name->is_ipv6_enabled ? 2 : 1;
    struct r53_record_set *items = arena_array(a, count, sizeof(*items));
    struct r53_alias_target *target = ARENA_NEW(a, struct r53_alias_target);
    target->hosted_zone_id = R53_CDN_ZONE_ID;
    target->dns_name = arena_printf(a, R53_CDN_POPS_LABEL ".%s.", name->cdn_domain);
    target->has_evaluate_target_health = true;
    for (size_t i = 0; i < count; i++) {
        items[i].name = arena_printf(a, "%s.", name->domain_name);
        items[i].type = types[i];
        items[i].alias_target = target;
    }
    *out = (struct r53_sets){.has_items = true, .items = items, .items_count = count};
}
