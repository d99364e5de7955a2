// SPDX-License-Identifier: Apache-2.0
// Instances of traffic policies: the names of the tree as objects, and the record set at the
// instance's own name that leads there. Called by the dispatcher on a worker, inside a transaction.
#include "aws/limits.h"
#include "aws/r53_ids.h"
#include "base/map.h"
#include "control/api/traffic_priv.h"

/** An instance that is written. Owner: the handler, on its stack. */
struct writing {
    struct store_traffic_instance row;
    struct r53_traffic_tree tree;
    struct r53_traffic_name *names; /* of the tree */
    size_t name_count;
    struct r53_sets sets; /* of the instance's own name */
    uint64_t version;
};

static const char *state_of(const struct store_traffic_instance *row)
{
    if (row->is_applied)
        return "Applied";
    if (row->held_reason != NULL)
        return "Failed";
    return row->is_update ? "Updating" : "Creating";
}

struct r53_traffic_policy_instance *traffic_instance_shape(struct api_call *c,
                                                           const struct store_traffic_instance *row)
{
    bool has_failed = !row->is_applied && row->held_reason != NULL;
    struct r53_traffic_policy_instance *shape =
        ARENA_NEW(c->arena, struct r53_traffic_policy_instance);
    *shape = (struct r53_traffic_policy_instance){
        .id = row->id,
        .hosted_zone_id = row->zone_id,
        .name = row->name,
        .ttl = row->ttl_s,
        .state = state_of(row),
        .message = has_failed ? row->held_reason : "",
        .traffic_policy_id = row->policy_id,
        .traffic_policy_version = (int64_t)row->policy_version,
        .traffic_policy_type = row->type,
    };
    return shape;
}

static enum aws_error find_instance(struct api_call *c, const char *id,
                                    struct store_traffic_instance *out)
{
    struct errctx ec = {0};
    enum err err = store_traffic_instance_get(c->conn, c->arena, c->account_id, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchTrafficPolicyInstance,
                        "No traffic policy instance exists with the specified ID: %s",
                        aws_echo(c->arena, id));
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* The sets of a name; none where it does not exist. */
static enum aws_error load_sets(struct api_call *c, const char *zone_id, struct slice member,
                                struct r53_sets *out)
{
    struct store_object which = {.kind = STORE_NAME, .group = zone_id, .member = member};
    struct store_object object;
    struct errctx ec = {0};
    enum err err = store_object_get(c->conn, c->arena, &which, &object, &ec);
    *out = (struct r53_sets){.has_items = true};
    if (err == ERR_NOT_FOUND)
        return AWS_OK;
    if (err == ERR_OK)
        err = r53_sets_decode(c->arena, object.body, out, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* ---- the tree */

static enum aws_error check_distribution(struct api_call *c,
                                         const struct r53_traffic_endpoint *endpoint)
{
    struct dns_name name;
    struct r53_sets sets;
    struct errctx ec = {0};
    enum err err = dns_name_parse(slice_str(endpoint->value), &name, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    struct slice member = dns_name_sort_key(c->arena, dns_name_slice(&name));
    enum aws_error error = load_sets(c, R53_CDN_ZONE_ID, member, &sets);
    if (error != AWS_OK)
        return error;
    if (sets.items_count == 0 || sets.items[0].alias_target == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "The endpoint '%s' of the traffic policy names no distribution: %s",
                        endpoint->id, endpoint->value);
    return AWS_OK;
}

/* Whether nodes of this version serve all sets of the tree. */
static enum aws_error make_names(struct api_call *c, struct writing *w)
{
    const struct r53_traffic_instance instance = {
        .zone_id = r53_traffic_zone_id(c->arena, w->row.id), .ttl_s = w->row.ttl_s};
    w->name_count = r53_traffic_names(c->arena, &w->tree, &instance, &w->names);
    for (size_t i = 0; i < w->name_count; i++) {
        const struct r53_sets *sets = &w->names[i].sets;
        for (size_t j = 0; j < sets->items_count; j++) {
            struct r53_wire_set wire;
            struct errctx ec = {0};
            if (r53_set_to_wire(c->arena, &sets->items[j], &wire, &ec) != ERR_OK)
                return aws_fail(&c->fault, AWS_InvalidInput, "The traffic policy: %s", ec.text);
        }
    }
    return AWS_OK;
}

/* The tree of a version, and whether what it names is there. */
static enum aws_error read_tree(struct api_call *c, const char *policy_id, uint64_t version,
                                struct writing *w)
{
    struct store_traffic_policy policy;
    enum aws_error error = find_traffic_policy(c, policy_id, version, &policy);
    if (error == AWS_OK)
        error = r53_traffic_parse(slice_str(policy.document), &w->tree, &c->fault);
    for (size_t i = 0; error == AWS_OK && i < w->tree.endpoint_count; i++)
        if (w->tree.endpoints[i].kind == R53_TRAFFIC_DISTRIBUTION)
            error = check_distribution(c, &w->tree.endpoints[i]);
    if (error != AWS_OK)
        return error;
    if (w->row.type != NULL && strcmp(w->row.type, policy.type) != 0)
        return aws_fail(&c->fault, AWS_ConflictingTypes,
                        "The traffic policy version has the DNS type %s, the traffic policy "
                        "instance %s",
                        policy.type, w->row.type);
    w->row.type = policy.type;
    w->row.policy_id = policy.id;
    w->row.policy_version = policy.version;
    return make_names(c, w);
}

/* Deletes names of the tree that are not in `kept`. */
static enum err remove_names(struct api_call *c, const char *id, const struct map *kept,
                             struct errctx *ec)
{
    struct store_object *objects;
    size_t count;
    const struct store_object_query query = {.kind = STORE_TRAFFIC_RULES,
                                             .group = r53_traffic_zone_id(c->arena, id),
                                             .limit = R53_TRAFFIC_RULES_MAX + 1};
    enum err err = store_object_list(c->conn, c->arena, &query, &objects, &count, ec);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        if (map_get(kept, objects[i].member) != NULL)
            continue;
        objects[i].is_deleted = true;
        objects[i].body = slice_of(NULL, 0);
        err = store_object_put(c->conn, &objects[i], ec);
    }
    return err;
}

static enum err put_names(struct api_call *c, const struct writing *w, struct errctx *ec)
{
    AUTO_MAP struct map kept;
    enum err err = ERR_OK;
    map_init(&kept);
    for (size_t i = 0; err == ERR_OK && i < w->name_count; i++) {
        const struct store_object object = {.kind = STORE_TRAFFIC_RULES,
                                            .group = r53_traffic_zone_id(c->arena, w->row.id),
                                            .member = w->names[i].sort_key,
                                            .body = r53_sets_encode(c->arena, &w->names[i].sets)};
        map_put(&kept, w->names[i].sort_key, &w->names[i]);
        err = store_object_put(c->conn, &object, ec);
    }
    return err == ERR_OK ? remove_names(c, w->row.id, &kept, ec) : err;
}

/* ---- the instance's own name */

static enum err put_sets(struct api_call *c, const struct writing *w, int64_t delta,
                         struct errctx *ec)
{
    struct store_object object = {.kind = STORE_NAME,
                                  .group = w->row.zone_id,
                                  .member = w->row.sort_key,
                                  .is_deleted = w->sets.items_count == 0};
    if (!object.is_deleted)
        object.body = r53_sets_encode(c->arena, &w->sets);
    enum err err = store_object_put(c->conn, &object, ec);
    return err == ERR_OK ? store_zone_add_sets(c->conn, w->row.zone_id, delta, ec) : err;
}

static enum aws_error read_name(struct api_call *c, const char *text, const struct store_zone *zone,
                                struct writing *w)
{
    struct dns_name name;
    struct dns_name apex;
    struct errctx ec = {0};
    char canonical[DNS_NAME_TEXT_SIZE];
    if (*text == '\0' || dns_name_parse(slice_str(text), &name, &ec) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "%s",
                        *text == '\0' ? "Name is empty" : ec.text);
    enum err err = dns_name_parse(slice_str(zone->name), &apex, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    dns_name_format(dns_name_slice(&name), canonical);
    if (!dns_name_is_within(dns_name_slice(&name), dns_name_slice(&apex)))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "RRSet with DNS name %s is not permitted in zone %s", canonical,
                        zone->name);
    w->row.name = arena_strdup(c->arena, canonical);
    w->row.sort_key = dns_name_sort_key(c->arena, dns_name_slice(&name));
    return AWS_OK;
}

/* Whether the record set of the instance may stand beside those that are there. */
static enum aws_error check_sets(struct api_call *c, const struct store_zone *zone,
                                 const struct writing *w)
{
    bool is_cname = w->tree.type == R53_TYPE_CNAME;
    if (is_cname && strcmp(w->row.name, zone->name) == 0)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s",
                        w->row.name, zone->name);
    for (size_t i = 0; i < w->sets.items_count; i++) {
        const struct r53_record_set *other = &w->sets.items[i];
        const char *type = r53_rr_type_text(c->arena, other->type);
        if (other->type == w->tree.type && other->traffic_policy_instance_id != NULL)
            return aws_fail(&c->fault, AWS_TrafficPolicyInstanceAlreadyExists,
                            "There is already a traffic policy instance of type %s with the name "
                            "%s: %s",
                            type, w->row.name, other->traffic_policy_instance_id);
        if (other->type == w->tree.type)
            return aws_fail(&c->fault, AWS_InvalidInput,
                            "Tried to create resource record set [name='%s', type='%s'] but it "
                            "already exists",
                            w->row.name, type);
        if (is_cname || other->type == R53_TYPE_CNAME)
            return aws_fail(&c->fault, AWS_InvalidInput,
                            "RRSet of type %s with DNS name %s is not permitted because a "
                            "conflicting RRSet of type %s with the same DNS name already exists in "
                            "zone %s",
                            w->row.type, w->row.name, type, zone->name);
    }
    return AWS_OK;
}

static void add_set(struct api_call *c, struct writing *w)
{
    size_t count = w->sets.items_count;
    struct r53_record_set *items = arena_array(c->arena, count + 1, sizeof(*items));
    if (count > 0)
        memcpy(items, w->sets.items, count * sizeof(*items));
    items[count] = (struct r53_record_set){
        .name = w->row.name, .type = w->tree.type, .traffic_policy_instance_id = w->row.id};
    w->sets = (struct r53_sets){.has_items = true, .items = items, .items_count = count + 1};
    r53_sets_sort(&w->sets);
}

static void remove_set(struct writing *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->sets.items_count; i++) {
        const char *id = w->sets.items[i].traffic_policy_instance_id;
        if (id == NULL || strcmp(id, w->row.id) != 0)
            w->sets.items[kept++] = w->sets.items[i];
    }
    w->sets.items_count = kept;
}

/* ---- operations */

static enum aws_error check_room(struct api_call *c)
{
    struct errctx ec = {0};
    uint64_t count = 0;
    enum err err = store_traffic_instance_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count >= API_TRAFFIC_INSTANCES_MAX)
        return aws_fail(&c->fault, AWS_TooManyTrafficPolicyInstances,
                        "This request can't be completed: an account can have %u traffic policy "
                        "instances",
                        API_TRAFFIC_INSTANCES_MAX);
    return AWS_OK;
}

static enum aws_error store_new(struct api_call *c, struct writing *w)
{
    struct errctx ec = {0};
    enum err err = store_take_version(c->conn, &w->version, &ec);
    if (err == ERR_OK)
        err = put_names(c, w, &ec);
    if (err == ERR_OK)
        err = put_sets(c, w, 1, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    enum aws_error error = api_put_change(c, w->version, STORE_ROLE_DNS, NULL, &w->row.change_id);
    if (error != AWS_OK)
        return error;
    err = store_traffic_instance_add(c->conn, &w->row, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

static const char *path_of(struct api_call *c, const char *id)
{
    return arena_printf(c->arena, "trafficpolicyinstance/%s", id);
}

enum aws_error api_create_traffic_policy_instance(struct api_call *c, const void *in, void *out)
{
    const struct r53_create_traffic_policy_instance_request *request = in;
    struct r53_create_traffic_policy_instance_response *response = out;
    struct store_zone zone;
    struct writing w = {.row = {.id = api_new_uuid(c),
                                .account_id = c->account_id,
                                .zone_id = request->hosted_zone_id,
                                .ttl_s = request->ttl}};
    enum aws_error error = api_find_zone(c, request->hosted_zone_id, &zone);
    if (error == AWS_OK)
        error = check_room(c);
    if (error == AWS_OK)
        error = read_name(c, request->name, &zone, &w);
    if (error == AWS_OK)
        error =
            read_tree(c, request->traffic_policy_id, (uint64_t)request->traffic_policy_version, &w);
    if (error == AWS_OK)
        error = load_sets(c, zone.id, w.row.sort_key, &w.sets);
    if (error == AWS_OK)
        error = check_sets(c, &zone, &w);
    if (error != AWS_OK)
        return error;
    add_set(c, &w);
    error = store_new(c, &w);
    if (error != AWS_OK)
        return error;
    c->resource = path_of(c, w.row.id);
    response->location = api_location(c, c->resource);
    response->traffic_policy_instance = traffic_instance_shape(c, &w.row);
    return AWS_OK;
}

enum aws_error api_update_traffic_policy_instance(struct api_call *c, const void *in, void *out)
{
    const struct r53_update_traffic_policy_instance_request *request = in;
    struct r53_update_traffic_policy_instance_response *response = out;
    struct writing w = {0};
    struct errctx ec = {0};
    enum aws_error error = find_instance(c, request->id, &w.row);
    w.row.ttl_s = request->ttl;
    w.row.is_update = true;
    w.row.is_applied = false;
    w.row.held_reason = NULL;
    if (error == AWS_OK)
        error =
            read_tree(c, request->traffic_policy_id, (uint64_t)request->traffic_policy_version, &w);
    if (error != AWS_OK)
        return error;
    enum err err = store_take_version(c->conn, &w.version, &ec);
    if (err == ERR_OK)
        err = put_names(c, &w, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    error = api_put_change(c, w.version, STORE_ROLE_DNS, NULL, &w.row.change_id);
    if (error != AWS_OK)
        return error;
    err = store_traffic_instance_update(c->conn, &w.row, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = path_of(c, w.row.id);
    response->traffic_policy_instance = traffic_instance_shape(c, &w.row);
    return AWS_OK;
}

enum aws_error api_delete_traffic_policy_instance(struct api_call *c, const void *in, void *out)
{
    (void)out;
    const struct r53_delete_traffic_policy_instance_request *request = in;
    const struct map nothing = {0};
    struct writing w = {0};
    struct errctx ec = {0};
    enum aws_error error = find_instance(c, request->id, &w.row);
    if (error == AWS_OK)
        error = load_sets(c, w.row.zone_id, w.row.sort_key, &w.sets);
    if (error != AWS_OK)
        return error;
    remove_set(&w);
    enum err err = put_sets(c, &w, -1, &ec);
    if (err == ERR_OK)
        err = remove_names(c, w.row.id, &nothing, &ec);
    if (err == ERR_OK)
        err = store_traffic_instance_remove(c->conn, w.row.id, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = path_of(c, w.row.id);
    return AWS_OK;
}

enum aws_error api_get_traffic_policy_instance(struct api_call *c, const void *in, void *out)
{
    const struct r53_get_traffic_policy_instance_request *request = in;
    struct r53_get_traffic_policy_instance_response *response = out;
    struct store_traffic_instance row;
    enum aws_error error = find_instance(c, request->id, &row);
    if (error == AWS_OK)
        response->traffic_policy_instance = traffic_instance_shape(c, &row);
    return error;
}

enum aws_error api_get_traffic_policy_instance_count(struct api_call *c, const void *in, void *out)
{
    (void)in;
    struct r53_get_traffic_policy_instance_count_response *response = out;
    struct errctx ec = {0};
    uint64_t count;
    enum err err = store_traffic_instance_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->traffic_policy_instance_count = (int64_t)count;
    return AWS_OK;
}
