// SPDX-License-Identifier: Apache-2.0
// Record sets: change batches and listings. Called by the dispatcher on a worker, inside a
// transaction.
#include "aws/limits.h"
#include "aws/r53_change.h"
#include "control/api/cidr_priv.h"
#include "control/api/hints.h"
#include "control/api/zones_priv.h"
#include "control/store/health_checks.h"
#include "dns/name.h"

/* ---- ChangeResourceRecordSets */

/* Where r53_change_apply finds what is there: the user of its callbacks. */
struct look_up {
    struct api_call *call;
    struct cidr_lookup cidr;
};

static enum err load_owner(void *user, const char *zone_id, struct r53_owner *owner,
                           struct errctx *ec)
{
    struct look_up *l = user;
    struct api_call *c = l->call;
    struct store_object which = {.kind = STORE_NAME, .group = zone_id, .member = owner->sort_key};
    struct store_object object;
    enum err err = store_object_get(c->conn, c->arena, &which, &object, ec);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    return err == ERR_OK ? r53_sets_decode(c->arena, object.body, &owner->sets, ec) : err;
}

static enum err find_cidr(void *user, const struct r53_cidr_routing_config *config,
                          enum r53_cidr_finding *out, struct errctx *ec)
{
    struct look_up *l = user;
    return cidr_lookup_find(&l->cidr, config, out, ec);
}

static enum err find_check(void *user, const char *id, bool *out_is_there, struct errctx *ec)
{
    const struct look_up *l = user;
    struct store_health_check check;
    enum err err =
        store_health_check_get(l->call->conn, l->call->arena, l->call->account_id, id, &check, ec);
    *out_is_there = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err find_zone(void *user, const char *zone_id, struct dns_name *out_apex,
                          bool *out_is_there, struct errctx *ec)
{
    const struct look_up *l = user;
    struct api_call *c = l->call;
    struct store_zone zone;
    *out_is_there = false;
    enum err err = store_zone_get(c->conn, c->arena, c->account_id, zone_id, &zone, ec);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK)
        err = dns_name_parse(slice_str(zone.name), out_apex, ec);
    *out_is_there = err == ERR_OK && !zone.is_private;
    return err;
}

static enum aws_error apply(struct api_call *c, const struct r53_change_zone *zone,
                            const struct r53_change_batch *batch, struct r53_change_result *out)
{
    struct look_up l = {.call = c};
    const struct r53_change_source source = {.load = load_owner,
                                             .find_zone = find_zone,
                                             .find_cidr = find_cidr,
                                             .find_health_check = find_check,
                                             .user = &l};
    cidr_lookup_init(&l.cidr, c);
    enum aws_error error = r53_change_apply(zone, batch, &source, out, &c->fault);
    cidr_lookup_fini(&l.cidr);
    return error;
}

static enum err put_owner(struct api_call *c, const char *zone_id, const struct r53_owner *owner,
                          struct errctx *ec)
{
    struct store_object object = {.kind = STORE_NAME,
                                  .group = zone_id,
                                  .member = owner->sort_key,
                                  .is_deleted = owner->sets.items_count == 0};
    if (!object.is_deleted)
        object.body = r53_sets_encode(c->arena, &owner->sets);
    if (object.body.len > AWS_XML_MAX_BYTES) /* nobody could read it again */
        return err_set(ec, ERR_LIMIT, "The record sets of one name take %zu bytes at most.",
                       AWS_XML_MAX_BYTES);
    enum err err = store_object_put(c->conn, &object, ec);
    return err == ERR_OK ? cidr_note_uses(c, zone_id, owner, ec) : err;
}

static enum err store_result(struct api_call *c, const char *zone_id,
                             const struct r53_change_result *result, uint64_t *out_version,
                             struct errctx *ec)
{
    int64_t delta = 0;
    enum err err = store_take_version(c->conn, out_version, ec);
    for (size_t i = 0; err == ERR_OK && i < result->count; i++) {
        const struct r53_owner *owner = result->changed[i];
        delta += (int64_t)owner->sets.items_count - (int64_t)owner->count_before;
        err = put_owner(c, zone_id, owner, ec);
    }
    return err == ERR_OK && delta != 0 ? store_zone_add_sets(c->conn, zone_id, delta, ec) : err;
}

enum aws_error api_change_record_sets(struct api_call *c, const void *in, void *out)
{
    const struct r53_change_record_sets_request *request = in;
    struct r53_change_record_sets_response *response = out;
    struct store_zone row;
    struct errctx ec = {0};
    uint64_t version;
    enum aws_error error = api_find_zone(c, request->hosted_zone_id, &row);
    if (error != AWS_OK)
        return error;
    struct r53_change_zone zone = {.id = row.id};
    enum err err = dns_name_parse(slice_str(row.name), &zone.apex, &ec);
    if (err == ERR_OK)
        err = dns_name_parse(slice_str(c->options->cdn_domain), &zone.cdn_apex, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    struct r53_change_result result;
    error = apply(c, &zone, request->change_batch, &result);
    if (error != AWS_OK)
        return error;
    err = store_result(c, row.id, &result, &version, &ec);
    if (err == ERR_LIMIT)
        return aws_fail(&c->fault, AWS_InvalidChangeBatch, "[%s]", ec.text);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    api_hint_names(c, &result);
    c->resource = arena_printf(c->arena, "/hostedzone/%s", row.id);
    response->change_info = ARENA_NEW(c->arena, struct r53_change_info);
    return api_add_change(c, version, request->change_batch->comment, response->change_info);
}

/* ---- ListResourceRecordSets */

/* A listing under way: where it begins and the page that it fills. */
struct listing {
    const struct r53_list_record_sets_request *request;
    struct slice from;           /* sort key of the first name */
    enum r53_rr_type start_type; /* among its sets */
    size_t size;                 /* of the page */
    struct r53_record_set *page;
    size_t count;
    const struct r53_record_set *next; /* the first behind the page */
};

static enum aws_error read_start(struct api_call *c, struct listing *l)
{
    const struct r53_list_record_sets_request *r = l->request;
    struct dns_name name;
    struct errctx ec = {0};
    if (r->start_record_type != r53_rr_type_absent && r->start_record_name == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "StartRecordType can be given together with StartRecordName only");
    if (r->start_record_identifier != NULL && r->start_record_type == r53_rr_type_absent)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "StartRecordIdentifier can be given together with StartRecordName and "
                        "StartRecordType only");
    if (r->start_record_name == NULL)
        return AWS_OK;
    if (dns_name_parse(slice_str(r->start_record_name), &name, &ec) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "%s", ec.text);
    l->from = dns_name_sort_key(c->arena, dns_name_slice(&name));
    if (r->start_record_type != r53_rr_type_absent)
        l->start_type = r53_rr_type_of_number(r53_rr_type_number(r->start_record_type));
    return AWS_OK;
}

/* Whether a set of the first name lies before the start's type and identifier. */
static bool is_before_start(const struct listing *l, const struct r53_record_set *set)
{
    const struct r53_list_record_sets_request *r = l->request;
    if (set->type != l->start_type)
        return set->type < l->start_type;
    return r->start_record_identifier != NULL && set->set_identifier != NULL &&
           strcmp(set->set_identifier, r->start_record_identifier) < 0;
}

/* Adds the sets of one name; false once the page is full and the next set is known. */
static bool add_sets(struct listing *l, const struct r53_sets *sets, bool is_first_name)
{
    for (size_t i = 0; i < sets->items_count; i++) {
        const struct r53_record_set *set = &sets->items[i];
        if (is_first_name && is_before_start(l, set))
            continue;
        if (l->count == l->size) {
            l->next = set;
            return false;
        }
        l->page[l->count++] = *set;
    }
    return true;
}

/* A name holds one set at least, but the first may hold none from the start on. */
static enum err fill_page(struct api_call *c, const char *zone_id, struct listing *l,
                          struct errctx *ec)
{
    struct store_object *objects;
    size_t count;
    struct store_object_query query = {
        .kind = STORE_NAME, .group = zone_id, .from_member = l->from, .limit = l->size + 2};
    enum err err = store_object_list(c->conn, c->arena, &query, &objects, &count, ec);
    l->page = arena_array(c->arena, l->size, sizeof(*l->page));
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        struct r53_sets sets;
        err = r53_sets_decode(c->arena, objects[i].body, &sets, ec);
        bool is_first_name = l->from.len > 0 && slice_equal(objects[i].member, l->from);
        if (err == ERR_OK && !add_sets(l, &sets, is_first_name))
            break;
    }
    return err;
}

enum aws_error api_list_record_sets(struct api_call *c, const void *in, void *out)
{
    struct r53_list_record_sets_response *response = out;
    struct listing l = {.request = in};
    struct store_zone zone;
    struct errctx ec = {0};
    enum aws_error error = api_find_zone(c, l.request->hosted_zone_id, &zone);
    if (error == AWS_OK)
        error = api_page_size(c, l.request->max_items, API_SETS_PAGE_MAX, &l.size);
    if (error == AWS_OK)
        error = read_start(c, &l);
    if (error != AWS_OK)
        return error;
    enum err err = fill_page(c, zone.id, &l, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->resource_record_sets = l.page;
    response->resource_record_sets_count = l.count;
    response->is_truncated = l.next != NULL;
    if (l.next != NULL) {
        response->next_record_name = l.next->name;
        response->next_record_type = l.next->type;
        response->next_record_identifier = l.next->set_identifier;
    }
    response->max_items = arena_printf(c->arena, "%zu", l.size);
    return AWS_OK;
}
