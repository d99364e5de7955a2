// SPDX-License-Identifier: Apache-2.0
// Delegation sets: those of a new store, and in the service weir the local addresses that an
// operator gives them. Called by the dispatcher on a worker, inside a transaction; by cmd for a new
// store.
#include "control/api/zones_priv.h"

#include "aws/r53_ids.h"
#include "aws/route53.h"
#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "control/store/limits.h"
#include "dns/rdata.h"
#include "dns/types.h"

enum aws_error find_delegation_set(struct api_call *c, const char *id,
                                   struct store_delegation_set *out)
{
    struct errctx ec = {0};
    enum err err = store_delegation_set_get(c->conn, c->arena, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchDelegationSet,
                        "A reusable delegation set with the specified ID does not exist: %s",
                        aws_echo(c->arena, id));
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

const char *name_server_text(struct api_call *c, const char *name)
{
    struct slice text = slice_str(name);
    size_t dot = slice_ends_with(text, SLICE_LIT(".")) ? 1 : 0;
    return arena_str(c->arena, slice_sub(text, 0, text.len - dot));
}

/* ---- ListDelegationSets */

static json_t *set_json(struct api_call *c, const struct store_delegation_set *set)
{
    json_t *names = json_array();
    json_t *addresses = json_array();
    for (size_t i = 0; i < STORE_SET_NAMES; i++)
        json_array_append_new(names, json_string(name_server_text(c, set->names[i])));
    for (size_t i = 0; i < set->address_count; i++)
        json_array_append_new(addresses, json_string(set->addresses[i]));
    json_t *object =
        json_pack("{s:s, s:o, s:o}", "Id", set->id, "NameServers", names, "Addresses", addresses);
    CHECK(object != NULL);
    return object;
}

enum aws_error api_list_delegation_sets(struct api_call *c, const json_t *in, json_t *out)
{
    (void)in;
    struct store_delegation_set *sets;
    size_t count;
    struct errctx ec = {0};
    enum err err = store_delegation_set_list(c->conn, c->arena, &sets, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, set_json(c, &sets[i]));
    json_object_set_new(out, "DelegationSets", list);
    return AWS_OK;
}

/* ---- SetDelegationSetAddresses: what is asked for */

/* No query is sent to an address of these, or it shows as another one where it arrives. */
static bool is_servable(struct slice address)
{
    static const uint8_t zero[16];
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(address.data, zero, address.len) == 0)
        return false;
    if (address.len == 4)
        return address.data[0] < 224; /* multicast and above */
    return address.data[0] != 0xff && memcmp(address.data, mapped, sizeof(mapped)) != 0;
}

/* One address in its canonical text: equal addresses are equal texts from here on. */
static enum aws_error read_address(struct api_call *c, const json_t *value, const char **out)
{
    const char *text = json_string_value(value);
    if (text == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput, "Addresses are texts");
    uint16_t type = strchr(text, ':') != NULL ? DNS_TYPE_AAAA : DNS_TYPE_A;
    struct slice bytes;
    if (dns_rdata_parse(c->arena, type, slice_str(text), &bytes, NULL) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "'%s' is not an IP address",
                        aws_echo(c->arena, text));
    if (!is_servable(bytes))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "'%s' is not an address that a service can have", text);
    *out = arena_str(c->arena, dns_rdata_format(c->arena, type, bytes));
    return AWS_OK;
}

static bool is_among(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(texts[i], text) == 0)
            return true;
    return false;
}

/* The addresses asked for, into `set`. */
static enum aws_error read_addresses(struct api_call *c, const json_t *in,
                                     struct store_delegation_set *set)
{
    const json_t *list = json_object_get(in, "Addresses");
    size_t count = json_array_size(list);
    if (!json_is_array(list))
        return aws_fail(&c->fault, AWS_InvalidInput, "A list 'Addresses' is expected");
    if (count > STORE_SET_ADDRESSES_MAX)
        return aws_fail(&c->fault, AWS_InvalidInput, "At most %u addresses are possible",
                        STORE_SET_ADDRESSES_MAX);
    const char **addresses = arena_array(c->arena, count, sizeof(*addresses));
    for (size_t i = 0; i < count; i++) {
        enum aws_error error = read_address(c, json_array_get(list, i), &addresses[i]);
        if (error != AWS_OK)
            return error;
        if (is_among(addresses[i], addresses, i))
            return aws_fail(&c->fault, AWS_InvalidInput, "The address %s is named twice",
                            addresses[i]);
    }
    set->addresses = addresses;
    set->address_count = count;
    return AWS_OK;
}

/* No other set has one of them, and all sets together have not too many. */
static enum aws_error check_others(struct api_call *c, const struct store_delegation_set *set)
{
    struct store_delegation_set *sets;
    size_t set_count;
    size_t total = set->address_count;
    struct errctx ec = {0};
    enum err err = store_delegation_set_list(c->conn, c->arena, &sets, &set_count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    for (size_t i = 0; i < set_count; i++) {
        const struct store_delegation_set *other = &sets[i];
        if (strcmp(other->id, set->id) == 0)
            continue;
        total += other->address_count;
        for (size_t k = 0; k < other->address_count; k++)
            if (is_among(other->addresses[k], set->addresses, set->address_count))
                return aws_fail(&c->fault, AWS_AddressInUse,
                                "The address %s belongs to the delegation set %s",
                                other->addresses[k], other->id);
    }
    if (total > STORE_SET_ADDRESSES_MAX)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "All delegation sets together have at most %u addresses; these make %zu",
                        STORE_SET_ADDRESSES_MAX, total);
    return AWS_OK;
}

/* ---- SetDelegationSetAddresses: what is written */

static enum err rewrite_zone(struct api_call *c, struct arena *a, const char *zone_id,
                             const struct store_delegation_set *set, struct errctx *ec)
{
    const struct store_object which = {.kind = STORE_ZONE, .group = zone_id};
    struct store_object object;
    struct r53_zone_body body;
    enum err err = store_object_get(c->conn, a, &which, &object, ec);
    if (err == ERR_OK)
        err = r53_zone_body_decode(a, object.body, &body, ec);
    if (err != ERR_OK)
        return err_wrap(ec, "zone %s", zone_id);
    r53_zone_body_set_addresses(a, &body, set->addresses, set->address_count);
    object.body = r53_zone_body_encode(a, &body);
    return store_object_put(c->conn, &object, ec);
}

/* The objects of all zones of the set, so that a release learns its addresses. */
static enum err rewrite_zones(struct api_call *c, const struct store_delegation_set *set,
                              struct errctx *ec)
{
    struct store_set_zones_query query = {.delegation_set_id = set->id,
                                          .after_name = "",
                                          .after_id = "",
                                          .limit = API_REWRITE_PAGE_ZONES};
    size_t count;
    do {
        AUTO_ARENA struct arena page = {0};
        struct store_zone *zones;
        enum err err = store_zone_list_of_set(c->conn, &page, &query, &zones, &count, ec);
        for (size_t i = 0; i < count && err == ERR_OK; i++)
            err = rewrite_zone(c, &page, zones[i].id, set, ec);
        if (err != ERR_OK)
            return err;
        if (count > 0) {
            query.after_name = arena_strdup(c->arena, zones[count - 1].name);
            query.after_id = arena_strdup(c->arena, zones[count - 1].id);
        }
    } while (count == query.limit);
    return ERR_OK;
}

static enum err write_addresses(struct api_call *c, const struct store_delegation_set *set,
                                uint64_t *out_version, struct errctx *ec)
{
    enum err err = store_take_version(c->conn, out_version, ec);
    if (err == ERR_OK)
        err = store_delegation_set_put_addresses(c->conn, set->id, set->addresses,
                                                 set->address_count, ec);
    if (err == ERR_OK)
        err = rewrite_zones(c, set, ec);
    if (err == ERR_OK && c->options->write_builtin_zones != NULL)
        err = c->options->write_builtin_zones(c->options->user, c->conn, ec);
    return err;
}

json_t *api_change_json(const struct r53_change_info *info)
{
    char submitted_at[TIME_ISO8601_SIZE];
    time_format_iso8601(info->submitted_at, submitted_at);
    json_t *object = json_pack("{s:s, s:s, s:s}", "Id", info->id, "Status", "PENDING",
                               "SubmittedAt", submitted_at);
    CHECK(object != NULL);
    return object;
}

enum aws_error api_set_delegation_set_addresses(struct api_call *c, const json_t *in, json_t *out)
{
    struct store_delegation_set set;
    struct r53_change_info change;
    struct errctx ec = {0};
    uint64_t version;
    const char *id = json_string_value(json_object_get(in, "Id"));
    if (id == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput, "A text 'Id' is expected");
    enum aws_error error = find_delegation_set(c, id, &set);
    if (error == AWS_OK)
        error = read_addresses(c, in, &set);
    if (error == AWS_OK)
        error = check_others(c, &set);
    if (error != AWS_OK)
        return error;
    enum err err = write_addresses(c, &set, &version, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    error = api_add_change(c, version, NULL, &change);
    if (error != AWS_OK)
        return error;
    c->resource = arena_printf(c->arena, "/delegationset/%s", set.id);
    json_object_set_new(out, "DelegationSet", set_json(c, &set));
    json_object_set_new(out, "ChangeInfo", api_change_json(&change));
    return AWS_OK;
}

/* ---- a new store */

static enum err add_delegation_set(struct store_conn *c, struct arena *a, const char *platform,
                                   uint32_t position, struct errctx *ec)
{
    uint8_t random[16];
    char id[R53_ID_SIZE];
    random_bytes(random, sizeof(random));
    r53_id_make(R53_ID_DELEGATION_SET, random, id);
    struct store_delegation_set set = {.id = id, .position = position};
    for (uint32_t i = 0; i < STORE_SET_NAMES; i++)
        set.names[i] = arena_printf(a, "ns-%u.%s.", position * STORE_SET_NAMES + i + 1, platform);
    return store_delegation_set_add(c, &set, ec);
}

enum err api_delegation_sets_make(struct store_conn *c, const char *platform, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct store_delegation_set *sets;
    size_t count = 0;
    enum err err = store_begin_write(c, ec);
    if (err == ERR_OK)
        err = store_delegation_set_list(c, &a, &sets, &count, ec);
    for (uint32_t i = 0; err == ERR_OK && count == 0 && i < API_DELEGATION_SETS; i++)
        err = add_delegation_set(c, &a, platform, i, ec);
    if (err == ERR_OK)
        return store_commit(c, ec);
    store_rollback(c);
    return err_wrap(ec, "delegation sets");
}
