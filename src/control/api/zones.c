// SPDX-License-Identifier: Apache-2.0
// Making, showing, commenting and deleting hosted zones. Called by the dispatcher on a worker,
// inside a transaction. Listings stand in zones_list.c.
#include "control/api/zones_priv.h"

#include "aws/r53_ids.h"
#include "control/store/distributions.h"
#include "dns/name.h"

/* A zone on its way into the store. */
struct new_zone {
    struct store_zone row;
    struct dns_name apex;
    struct store_delegation_set set;
    bool is_set_chosen; /* the client named the delegation set */
};

enum aws_error api_find_zone(struct api_call *c, const char *id, struct store_zone *out)
{
    struct errctx ec = {0};
    enum err err = store_zone_get(c->conn, c->arena, c->account_id, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchHostedZone, "No hosted zone found with ID: %s", id);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

const char *api_zone_arn(struct api_call *c, const char *id)
{
    return arena_printf(c->arena, "arn:aws:route53:::hostedzone/%s", id);
}

struct r53_hosted_zone zone_shape(struct api_call *c, const struct store_zone *zone)
{
    struct r53_hosted_zone_config *config = ARENA_NEW(c->arena, struct r53_hosted_zone_config);
    config->comment = zone->comment;
    config->has_private_zone = true;
    config->private_zone = zone->is_private;
    return (struct r53_hosted_zone){.id = zone->id,
                                    .name = zone->name,
                                    .caller_reference = zone->caller_reference,
                                    .config = config,
                                    .has_resource_record_set_count = true,
                                    .resource_record_set_count = (int64_t)zone->set_count};
}

/* The id of a delegation set stands only where it was chosen, because tools compare it with what
 * they asked for. */
static struct r53_delegation_set *set_shape(struct api_call *c,
                                            const struct store_delegation_set *set, bool is_chosen)
{
    struct r53_delegation_set *shape = ARENA_NEW(c->arena, struct r53_delegation_set);
    shape->id = is_chosen ? set->id : NULL;
    shape->has_name_servers = true;
    shape->name_servers = arena_array(c->arena, STORE_SET_NAMES, sizeof(char *));
    shape->name_servers_count = STORE_SET_NAMES;
    for (size_t i = 0; i < STORE_SET_NAMES; i++)
        shape->name_servers[i] = name_server_text(c, set->names[i]);
    return shape;
}

/* ---- CreateHostedZone */

static enum aws_error check_zone_request(struct api_call *c,
                                         const struct r53_create_hosted_zone_request *request)
{
    const struct r53_hosted_zone_config *config = request->hosted_zone_config;
    if (request->vpc != NULL)
        return aws_fail(&c->fault, AWS_InvalidVPCId,
                        "Private hosted zones are not available in this version of Weir: leave "
                        "out VPC");
    if (config != NULL && config->has_private_zone && config->private_zone)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "Private hosted zones are not available in this version of Weir: leave "
                        "out PrivateZone");
    return AWS_OK;
}

static enum aws_error read_zone_name(struct api_call *c, const char *text, struct new_zone *zone)
{
    struct errctx ec = {0};
    char name[DNS_NAME_TEXT_SIZE];
    if (*text == '\0')
        return aws_fail(&c->fault, AWS_InvalidDomainName,
                        "FATAL problem: DomainNameEmpty (Domain name is empty) encountered with "
                        "''");
    if (dns_name_parse(slice_str(text), &zone->apex, &ec) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidDomainName, "%s", ec.text);
    struct slice wire = dns_name_slice(&zone->apex);
    dns_name_format(wire, name);
    if (dns_name_label_count(wire) == 0 || strstr(name, "\\052") != NULL)
        return aws_fail(&c->fault, AWS_InvalidDomainName, "%s cannot be the name of a hosted zone",
                        text);
    zone->row.name = arena_strdup(c->arena, name);
    zone->row.sort_key = dns_name_sort_key(c->arena, wire);
    return AWS_OK;
}

/* Whether the account has a zone of this name in the delegation set. */
static enum aws_error check_set_is_free(struct api_call *c, const struct new_zone *zone)
{
    struct errctx ec = {0};
    struct store_zone *zones;
    size_t count;
    struct store_zone_query query = {.account_id = c->account_id,
                                     .by_name = true,
                                     .from_sort_key = zone->row.sort_key,
                                     .limit = API_SAME_NAME_MAX};
    enum err err = store_zone_list(c->conn, c->arena, &query, &zones, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    for (size_t i = 0; i < count && strcmp(zones[i].name, zone->row.name) == 0; i++)
        if (zones[i].delegation_set_id != NULL &&
            strcmp(zones[i].delegation_set_id, zone->set.id) == 0)
            return aws_fail(&c->fault, AWS_ConflictingDomainExists,
                            "Cannot create hosted zone with DelegationSetId %s as the DNSName %s "
                            "conflicts with existing ones sharing the delegation set",
                            zone->set.id, zone->row.name);
    return AWS_OK;
}

static enum aws_error choose_set(struct api_call *c, const char *wanted_id, struct new_zone *zone)
{
    struct errctx ec = {0};
    zone->is_set_chosen = wanted_id != NULL;
    if (zone->is_set_chosen) {
        enum aws_error error = find_delegation_set(c, wanted_id, &zone->set);
        return error == AWS_OK ? check_set_is_free(c, zone) : error;
    }
    enum err err = store_delegation_set_for(c->conn, c->arena, zone->row.name, &zone->set, &ec);
    if (err == ERR_CONFLICT)
        return aws_fail(&c->fault, AWS_ConflictingDomainExists,
                        "Every delegation set holds a hosted zone with the name %s already",
                        zone->row.name);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* The first objects of a zone: its settings, and SOA and NS at its apex. */
static enum err put_zone_objects(struct api_call *c, struct new_zone *zone, struct errctx *ec)
{
    struct r53_zone_body body = {.id = zone->row.id,
                                 .name = zone->row.name,
                                 .delegation_set_id = zone->set.id,
                                 .has_order = true,
                                 .order = (int64_t)zone->row.created_version,
                                 .has_delegation_set_chosen = zone->is_set_chosen,
                                 .delegation_set_chosen = zone->is_set_chosen};
    r53_zone_body_set_addresses(c->arena, &body, zone->set.addresses, zone->set.address_count);
    struct store_object object = {
        .kind = STORE_ZONE, .group = zone->row.id, .body = r53_zone_body_encode(c->arena, &body)};
    enum err err = store_object_put(c->conn, &object, ec);
    if (err != ERR_OK)
        return err;
    struct r53_sets sets;
    r53_default_sets(c->arena, zone->row.name, zone->set.names, c->options->platform, &sets);
    object = (struct store_object){.kind = STORE_NAME,
                                   .group = zone->row.id,
                                   .member = zone->row.sort_key,
                                   .body = r53_sets_encode(c->arena, &sets)};
    zone->row.set_count = sets.items_count;
    return store_object_put(c->conn, &object, ec);
}

static enum aws_error store_new_zone(struct api_call *c, struct new_zone *zone)
{
    struct errctx ec = {0};
    enum err err = store_take_version(c->conn, &zone->row.created_version, &ec);
    if (err == ERR_OK)
        err = put_zone_objects(c, zone, &ec);
    if (err == ERR_OK)
        err = store_zone_add(c->conn, &zone->row, &ec);
    if (err == ERR_EXISTS)
        return aws_fail(&c->fault, AWS_HostedZoneAlreadyExists,
                        "A hosted zone has already been created with the specified caller "
                        "reference.");
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_create_hosted_zone(struct api_call *c, const void *in, void *out)
{
    const struct r53_create_hosted_zone_request *request = in;
    struct r53_create_hosted_zone_response *response = out;
    const struct r53_hosted_zone_config *config = request->hosted_zone_config;
    struct new_zone zone = {.row = {.id = api_new_id(c, R53_ID_ZONE),
                                    .account_id = c->account_id,
                                    .caller_reference = request->caller_reference,
                                    .comment = config == NULL ? NULL : config->comment,
                                    .created_unix_ms = c->now_unix_ms}};
    enum aws_error error = check_zone_request(c, request);
    if (error == AWS_OK)
        error = read_zone_name(c, request->name, &zone);
    if (error == AWS_OK)
        error = choose_set(c, request->delegation_set_id, &zone);
    if (error != AWS_OK)
        return error;
    zone.row.delegation_set_id = zone.set.id;
    error = store_new_zone(c, &zone);
    if (error != AWS_OK)
        return error;
    c->resource = arena_printf(c->arena, "/hostedzone/%s", zone.row.id);
    response->hosted_zone = ARENA_NEW(c->arena, struct r53_hosted_zone);
    *response->hosted_zone = zone_shape(c, &zone.row);
    response->delegation_set = set_shape(c, &zone.set, zone.is_set_chosen);
    response->location = api_location(c, arena_printf(c->arena, "hostedzone/%s", zone.row.id));
    response->change_info = ARENA_NEW(c->arena, struct r53_change_info);
    return api_add_change(c, zone.row.created_version, NULL, response->change_info);
}

/* ---- the other operations */

static enum err is_set_chosen(struct api_call *c, const char *zone_id, bool *out, struct errctx *ec)
{
    struct store_object which = {.kind = STORE_ZONE, .group = zone_id};
    struct store_object object;
    struct r53_zone_body body;
    enum err err = store_object_get(c->conn, c->arena, &which, &object, ec);
    if (err == ERR_OK)
        err = r53_zone_body_decode(c->arena, object.body, &body, ec);
    if (err == ERR_OK)
        *out = body.has_delegation_set_chosen && body.delegation_set_chosen;
    return err;
}

enum aws_error api_get_hosted_zone(struct api_call *c, const void *in, void *out)
{
    const struct r53_get_hosted_zone_request *request = in;
    struct r53_get_hosted_zone_response *response = out;
    struct store_zone zone;
    struct store_delegation_set set;
    struct errctx ec = {0};
    bool is_chosen = false;
    enum aws_error error = api_find_zone(c, request->id, &zone);
    if (error == AWS_OK)
        error = find_delegation_set(c, zone.delegation_set_id, &set);
    if (error != AWS_OK)
        return error;
    enum err err = is_set_chosen(c, zone.id, &is_chosen, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->hosted_zone = ARENA_NEW(c->arena, struct r53_hosted_zone);
    *response->hosted_zone = zone_shape(c, &zone);
    response->delegation_set = set_shape(c, &set, is_chosen);
    return AWS_OK;
}

enum aws_error api_get_hosted_zone_count(struct api_call *c, const void *in, void *out)
{
    (void)in;
    struct r53_get_hosted_zone_count_response *response = out;
    struct errctx ec = {0};
    uint64_t count;
    enum err err = store_zone_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->hosted_zone_count = (int64_t)count;
    return AWS_OK;
}

enum aws_error api_update_hosted_zone_comment(struct api_call *c, const void *in, void *out)
{
    const struct r53_update_hosted_zone_comment_request *request = in;
    struct r53_update_hosted_zone_comment_response *response = out;
    struct store_zone zone;
    struct errctx ec = {0};
    enum aws_error error = api_find_zone(c, request->id, &zone);
    if (error != AWS_OK)
        return error;
    enum err err = store_zone_set_comment(c->conn, zone.id, request->comment, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = arena_printf(c->arena, "/hostedzone/%s", zone.id);
    zone.comment = request->comment;
    response->hosted_zone = ARENA_NEW(c->arena, struct r53_hosted_zone);
    *response->hosted_zone = zone_shape(c, &zone);
    return AWS_OK;
}

/* Takes back what CreateHostedZone put: the apex with SOA and NS, and the zone. */
static enum err remove_zone(struct api_call *c, const struct store_zone *zone,
                            uint64_t *out_version, struct errctx *ec)
{
    struct store_object name = {
        .kind = STORE_NAME, .group = zone->id, .member = zone->sort_key, .is_deleted = true};
    struct store_object settings = {.kind = STORE_ZONE, .group = zone->id, .is_deleted = true};
    enum err err = store_take_version(c->conn, out_version, ec);
    if (err == ERR_OK)
        err = store_object_put(c->conn, &name, ec);
    if (err == ERR_OK)
        err = store_object_put(c->conn, &settings, ec);
    if (err == ERR_OK)
        err = store_zone_remove(c->conn, zone->id, ec);
    return err == ERR_OK ? store_tag_remove_all(c->conn, api_zone_arn(c, zone->id), ec) : err;
}

enum aws_error api_delete_hosted_zone(struct api_call *c, const void *in, void *out)
{
    const struct r53_delete_hosted_zone_request *request = in;
    struct r53_delete_hosted_zone_response *response = out;
    struct store_zone zone;
    struct errctx ec = {0};
    uint64_t version;
    enum aws_error error = api_find_zone(c, request->id, &zone);
    if (error != AWS_OK)
        return error;
    if (zone.set_count > 2) /* SOA and NS of the apex, which cannot be deleted */
        return aws_fail(&c->fault, AWS_HostedZoneNotEmpty,
                        "The specified hosted zone contains non-required resource record sets and "
                        "so cannot be deleted.");
    enum err err = remove_zone(c, &zone, &version, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = arena_printf(c->arena, "/hostedzone/%s", zone.id);
    response->change_info = ARENA_NEW(c->arena, struct r53_change_info);
    return api_add_change(c, version, NULL, response->change_info);
}
