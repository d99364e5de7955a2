// SPDX-License-Identifier: Apache-2.0
// What a drill is about. Called at the start of the command, which may block.
#include "tool/drill_target.h"

#include "base/buf.h"
#include "dns/rdata.h"
#include "tool/route53.h"
#include "tool/zone_remote.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- choosing */

static const char *policy_of(const struct r53_record_set *set)
{
    if (set->failover != r53_failover_absent)
        return "failover";
    if (set->has_weight)
        return "weighted";
    if (set->has_multi_value_answer)
        return "multivalue";
    if (set->region != NULL)
        return "latency";
    if (set->geo_location != NULL)
        return "geolocation";
    if (set->geo_proximity_location != NULL)
        return "geoproximity";
    return set->cidr_routing_config != NULL ? "IP-based" : "simple";
}

static bool is_better(const struct r53_record_set *set, const struct r53_record_set *best)
{
    if (set->failover == R53_SECONDARY || set->health_check_id == NULL)
        return false;
    return best == NULL || (set->has_weight && set->weight > best->weight);
}

static const struct r53_record_set *choose(const struct r53_record_set *sets, size_t count,
                                           const char *identifier)
{
    const struct r53_record_set *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *is_called = sets[i].set_identifier;
        if (identifier == NULL) {
            if (is_better(&sets[i], best))
                best = &sets[i];
        } else if (is_called != NULL && strcmp(is_called, identifier) == 0) {
            best = &sets[i];
        }
    }
    return best;
}

static enum err add_values(struct arena *a, const struct r53_record_set *set, uint16_t type,
                           struct drill_addresses *out, struct errctx *ec)
{
    for (size_t i = 0; i < set->resource_records_count; i++) {
        struct slice rdata;
        struct drill_address address = {{0}};
        enum err e =
            dns_rdata_parse(a, type, slice_str(set->resource_records[i].value), &rdata, ec);
        if (e != ERR_OK)
            return e;
        memcpy(address.bytes, rdata.data, min_size(rdata.len, sizeof(address.bytes)));
        drill_addresses_add(out, &address);
    }
    return ERR_OK;
}

static enum err check_choice(const struct r53_record_set *chosen, size_t count,
                             const char *identifier, struct errctx *ec)
{
    if (chosen == NULL && identifier != NULL)
        return err_set(ec, ERR_NOT_FOUND, "there is no set '%s' of this name and type", identifier);
    if (chosen == NULL)
        return err_set(ec, ERR_INVALID,
                       "no set of this name and type has a health check: nothing fails over");
    if (chosen->health_check_id == NULL)
        return err_set(ec, ERR_INVALID, "set '%s' has no health check: it never fails over",
                       identifier);
    if (count == 1)
        return err_set(ec, ERR_INVALID, "there is no other set to fail over to");
    if (chosen->alias_target != NULL && chosen->failover == r53_failover_absent)
        return err_set(ec, ERR_INVALID,
                       "set '%s' is an alias among others: its addresses cannot be told apart",
                       chosen->set_identifier);
    return ERR_OK;
}

enum err drill_target_choose(struct arena *a, const struct r53_record_set *sets, size_t count,
                             const char *identifier, struct drill_target *out, struct errctx *ec)
{
    struct drill_target t = *out;
    const struct r53_record_set *chosen = choose(sets, count, identifier);
    enum err e = check_choice(chosen, count, identifier, ec);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = add_values(a, &sets[i], t.type, &sets[i] == chosen ? &t.addresses : &t.alternatives,
                       ec);
    if (e != ERR_OK)
        return e;
    if (drill_addresses_meet(&t.addresses, &t.alternatives))
        return err_set(ec, ERR_INVALID,
                       "another set has an address of set '%s': answers do not "
                       "tell them apart",
                       chosen->set_identifier);
    t.policy = policy_of(chosen);
    t.is_exclusive = chosen->failover != r53_failover_absent;
    t.set_count = count;
    t.primary = chosen->set_identifier != NULL ? chosen->set_identifier : "";
    t.health_check_id = chosen->health_check_id;
    t.is_alias = chosen->alias_target != NULL;
    t.ttl_s = chosen->has_ttl ? (uint32_t)chosen->ttl : 0;
    *out = t;
    return ERR_OK;
}

/* ---- through the API */

/* The sets of the name and type, which follow each other in the listing from there on. */
static size_t count_sets(const struct r53_list_record_sets_response *page,
                         const struct drill_target *t)
{
    size_t count = 0;
    for (; count < page->resource_record_sets_count; count++) {
        const struct r53_record_set *set = &page->resource_record_sets[count];
        struct dns_name owner;
        if (r53_rr_type_number(set->type) != t->type ||
            dns_name_parse(slice_str(set->name), &owner, NULL) != ERR_OK ||
            !dns_name_equal(dns_name_slice(&owner), dns_name_slice(&t->owner)))
            break;
    }
    return count;
}

static enum err find_sets(const struct tool_client *client, struct arena *a,
                          const struct drill_wanted *wanted, struct drill_target *t,
                          struct errctx *ec)
{
    struct zone_remote zone;
    struct r53_list_record_sets_response page;
    const struct tool_route53_from from = {.name = t->name, .type = r53_rr_type_of_number(t->type)};
    enum err e = zone_remote_get(client, a, wanted->zone, &zone, ec);
    if (e == ERR_OK)
        e = tool_route53_list_sets(client, a, zone.id, &from, &page, ec);
    if (e != ERR_OK)
        return e;
    size_t count = count_sets(&page, t);
    if (count == 0)
        return err_set(ec, ERR_NOT_FOUND, "zone %s has no sets of %s %s", zone.id, t->name,
                       t->type_text);
    if (count == page.resource_record_sets_count && page.is_truncated)
        return err_set(ec, ERR_LIMIT, "more than %zu sets of one name and type", count - 1);
    t->zone_id = zone.id;
    return drill_target_choose(a, page.resource_record_sets, count, wanted->set, t, ec);
}

enum err drill_target_find(const struct tool_client *client, struct arena *a,
                           const struct drill_wanted *wanted, struct drill_target *out,
                           struct errctx *ec)
{
    struct drill_target t = {0};
    char text[DNS_NAME_TEXT_SIZE];
    char type_text[DNS_TYPE_TEXT_SIZE];
    struct r53_get_health_check_response check;
    if (!dns_type_parse(slice_str(wanted->type), &t.type) ||
        (t.type != DNS_TYPE_A && t.type != DNS_TYPE_AAAA))
        return err_set(ec, ERR_INVALID, "a drill follows addresses: the type is A or AAAA");
    enum err e = dns_name_parse(slice_str(wanted->name), &t.owner, ec);
    if (e != ERR_OK)
        return e;
    (void)dns_name_format(dns_name_slice(&t.owner), text);
    t.name = arena_strdup(a, text);
    t.title = arena_str(a, slice_sub(slice_str(text), 0, strlen(text) - 1));
    t.type_text = arena_strdup(a, dns_type_text(t.type, type_text));
    e = find_sets(client, a, wanted, &t, ec);
    if (e == ERR_OK)
        e = tool_route53_get_health_check(client, a, t.health_check_id, &check, ec);
    if (e != ERR_OK)
        return e;
    t.check = check.health_check->config;
    *out = t;
    return ERR_OK;
}

/* ---- answers */

enum drill_verdict drill_target_verdict(const struct drill_target *target,
                                        const struct drill_answer *answer)
{
    if (answer->addresses.count == 0)
        return DRILL_NOWHERE;
    return drill_addresses_meet(&answer->addresses, &target->addresses) ? DRILL_PRIMARY
                                                                        : DRILL_OTHER;
}

const char *drill_addresses_text(struct arena *a, const struct drill_addresses *list, uint16_t type)
{
    AUTO_BUF struct buf out = {0};
    for (size_t i = 0; i < list->count; i++) {
        char text[INET6_ADDRSTRLEN] = "";
        (void)inet_ntop(type == DNS_TYPE_A ? AF_INET : AF_INET6, list->items[i].bytes, text,
                        sizeof(text));
        buf_printf(&out, "%s%s", i > 0 ? ", " : "", text);
    }
    return list->count > 0 ? arena_str(a, buf_slice(&out)) : "-";
}
