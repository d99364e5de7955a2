// SPDX-License-Identifier: Apache-2.0
// CIDR collections: making, changing and deleting them, and which names route by them. Called by
// the dispatcher on a worker, inside a transaction.
#include "control/api/cidr_priv.h"

#include "control/api/zones_priv.h"

enum aws_error find_cidr_collection(struct api_call *c, const char *id,
                                    struct store_cidr_collection *out)
{
    struct errctx ec = {0};
    enum err err = store_cidr_get(c->conn, c->arena, c->account_id, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchCidrCollectionException,
                        "The CIDR collection you specified, doesn't exist: %s",
                        aws_echo(c->arena, id));
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum err load_cidr_locations(struct api_call *c, const char *id, struct r53_cidr_locations *out,
                             struct errctx *ec)
{
    struct store_object which = {.kind = STORE_CIDR_COLLECTION, .group = id};
    struct store_object object;
    enum err err = store_object_get(c->conn, c->arena, &which, &object, ec);
    return err == ERR_OK ? r53_cidr_decode(c->arena, object.body, out, ec) : err;
}

struct r53_cidr_collection cidr_collection_shape(struct api_call *c,
                                                 const struct store_cidr_collection *row)
{
    return (struct r53_cidr_collection){
        .arn = arena_printf(c->arena, "arn:aws:route53:::cidrcollection/%s", row->id),
        .id = row->id,
        .name = row->name,
        .has_version = true,
        .version = (int64_t)row->revision,
    };
}

static enum err put_locations(struct api_call *c, const char *id,
                              const struct r53_cidr_locations *locations, struct errctx *ec)
{
    const struct store_object object = {
        .kind = STORE_CIDR_COLLECTION, .group = id, .body = r53_cidr_encode(c->arena, locations)};
    return store_object_put(c->conn, &object, ec);
}

/* ---- CreateCidrCollection */

static enum aws_error check_new(struct api_call *c,
                                const struct r53_create_cidr_collection_request *request)
{
    struct errctx ec = {0};
    uint64_t count = 0;
    if (!r53_cidr_name_is_valid(request->name, R53_CIDR_COLLECTION_NAME_MAX_CHARACTERS))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "'%s' is not the name of a CIDR collection: it has 1 to 64 letters, "
                        "digits, hyphens and underscores",
                        aws_echo(c->arena, request->name));
    enum err err = store_cidr_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count >= API_CIDR_COLLECTIONS_MAX)
        return aws_fail(&c->fault, AWS_LimitsExceeded, "An account can have %u CIDR collections",
                        API_CIDR_COLLECTIONS_MAX);
    return AWS_OK;
}

/* The collection of this name, where the same call made it before: SDKs repeat calls. */
static enum aws_error find_made_before(struct api_call *c,
                                       const struct r53_create_cidr_collection_request *request,
                                       struct store_cidr_collection *row, bool *out_is_there)
{
    struct errctx ec = {0};
    enum err err = store_cidr_get_named(c->conn, c->arena, c->account_id, request->name, row, &ec);
    *out_is_there = err == ERR_OK;
    if (err == ERR_NOT_FOUND)
        return AWS_OK;
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (strcmp(row->caller_reference, request->caller_reference) != 0)
        return aws_fail(&c->fault, AWS_CidrCollectionAlreadyExistsException,
                        "A CIDR collection with this name and a different caller reference "
                        "already exists in your account: %s",
                        request->name);
    return AWS_OK;
}

static enum aws_error make(struct api_call *c,
                           const struct r53_create_cidr_collection_request *request,
                           struct store_cidr_collection *row)
{
    struct errctx ec = {0};
    const struct r53_cidr_locations none = {0};
    enum aws_error error = check_new(c, request);
    if (error != AWS_OK)
        return error;
    *row = (struct store_cidr_collection){.id = api_new_uuid(c),
                                          .account_id = c->account_id,
                                          .name = request->name,
                                          .caller_reference = request->caller_reference,
                                          .revision = 1};
    enum err err = store_cidr_add(c->conn, row, &ec);
    if (err == ERR_OK)
        err = put_locations(c, row->id, &none, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_create_cidr_collection(struct api_call *c, const void *in, void *out)
{
    const struct r53_create_cidr_collection_request *request = in;
    struct r53_create_cidr_collection_response *response = out;
    struct store_cidr_collection row;
    bool is_there = false;
    enum aws_error error = find_made_before(c, request, &row, &is_there);
    if (error == AWS_OK && !is_there)
        error = make(c, request, &row);
    if (error != AWS_OK)
        return error;
    c->resource = arena_printf(c->arena, "cidrcollection/%s", row.id);
    response->location = api_location(c, c->resource);
    response->collection = ARENA_NEW(c->arena, struct r53_cidr_collection);
    *response->collection = cidr_collection_shape(c, &row);
    return AWS_OK;
}

/* ---- ChangeCidrCollection */

/* Locations that went while record sets route by them. */
static enum aws_error check_gone(struct api_call *c, const char *id,
                                 const struct r53_cidr_locations *before,
                                 const struct r53_cidr_locations *after)
{
    for (size_t i = 0; i < before->count; i++) {
        const char *name = before->items[i].name;
        struct store_cidr_use use;
        struct errctx ec = {0};
        if (r53_cidr_find(after, name) != NULL)
            continue;
        enum err err = store_cidr_use_find(c->conn, c->arena, id, name, &use, &ec);
        if (err == ERR_OK)
            return aws_fail(&c->fault, AWS_CidrBlockInUseException,
                            "The last CIDR blocks of the location %s cannot be deleted: a record "
                            "set of the hosted zone %s uses it",
                            name, use.zone_id);
        if (err != ERR_NOT_FOUND)
            return api_store_failed(c, err, &ec);
    }
    return AWS_OK;
}

static enum aws_error check_revision(struct api_call *c,
                                     const struct r53_change_cidr_collection_request *request,
                                     const struct store_cidr_collection *row)
{
    if (!request->has_collection_version || (uint64_t)request->collection_version == row->revision)
        return AWS_OK;
    return aws_fail(&c->fault, AWS_CidrCollectionVersionMismatchException,
                    "The CIDR collection version you provided, %lld, doesn't match the current "
                    "one, %llu",
                    (long long)request->collection_version, (unsigned long long)row->revision);
}

enum aws_error api_change_cidr_collection(struct api_call *c, const void *in, void *out)
{
    const struct r53_change_cidr_collection_request *request = in;
    struct r53_change_cidr_collection_response *response = out;
    struct store_cidr_collection row;
    struct r53_cidr_locations before;
    struct r53_cidr_locations after;
    struct errctx ec = {0};
    uint64_t version = 0;
    enum aws_error error = find_cidr_collection(c, request->id, &row);
    if (error == AWS_OK)
        error = check_revision(c, request, &row);
    if (error != AWS_OK)
        return error;
    enum err err = load_cidr_locations(c, row.id, &before, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    error = r53_cidr_apply(&before, request, &after, &c->fault);
    if (error == AWS_OK)
        error = check_gone(c, row.id, &before, &after);
    if (error != AWS_OK)
        return error;
    err = store_take_version(c->conn, &version, &ec);
    if (err == ERR_OK)
        err = put_locations(c, row.id, &after, &ec);
    if (err == ERR_OK)
        err = store_cidr_set_revision(c->conn, row.id, row.revision + 1, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = arena_printf(c->arena, "cidrcollection/%s", row.id);
    return api_put_change(c, version, STORE_ROLE_DNS, NULL, &response->id);
}

/* ---- DeleteCidrCollection */

static enum aws_error check_unused(struct api_call *c, const char *id)
{
    struct r53_cidr_locations locations;
    struct store_cidr_use use;
    struct errctx ec = {0};
    enum err err = load_cidr_locations(c, id, &locations, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (locations.count > 0)
        return aws_fail(&c->fault, AWS_CidrCollectionInUseException,
                        "This CIDR collection is in use, and isn't empty: it has %zu locations",
                        locations.count);
    err = store_cidr_use_find(c->conn, c->arena, id, NULL, &use, &ec);
    if (err == ERR_OK)
        return aws_fail(&c->fault, AWS_CidrCollectionInUseException,
                        "This CIDR collection is in use by a record set of the hosted zone %s",
                        use.zone_id);
    return err == ERR_NOT_FOUND ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_delete_cidr_collection(struct api_call *c, const void *in, void *out)
{
    (void)out;
    const struct r53_delete_cidr_collection_request *request = in;
    struct store_cidr_collection row;
    struct errctx ec = {0};
    enum aws_error error = find_cidr_collection(c, request->id, &row);
    if (error == AWS_OK)
        error = check_unused(c, row.id);
    if (error != AWS_OK)
        return error;
    const struct store_object gone = {
        .kind = STORE_CIDR_COLLECTION, .group = row.id, .is_deleted = true};
    enum err err = store_object_put(c->conn, &gone, &ec);
    if (err == ERR_OK)
        err = store_cidr_remove(c->conn, row.id, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = arena_printf(c->arena, "cidrcollection/%s", row.id);
    return AWS_OK;
}

/* ---- for change batches of record sets */

void cidr_lookup_init(struct cidr_lookup *l, struct api_call *c)
{
    *l = (struct cidr_lookup){.call = c};
    map_init(&l->read);
}

void cidr_lookup_fini(struct cidr_lookup *l)
{
    map_fini(&l->read);
}

/* NULL: the account has no such collection. */
static enum err lookup_read(struct cidr_lookup *l, const char *id,
                            const struct r53_cidr_locations **out, struct errctx *ec)
{
    struct store_cidr_collection row;
    struct api_call *c = l->call;
    *out = map_get(&l->read, slice_str(id));
    if (*out != NULL)
        return ERR_OK;
    enum err err = store_cidr_get(c->conn, c->arena, c->account_id, id, &row, ec);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    struct r53_cidr_locations *locations = ARENA_NEW(c->arena, struct r53_cidr_locations);
    err = load_cidr_locations(c, id, locations, ec);
    if (err != ERR_OK)
        return err;
    map_put(&l->read, slice_str(id), locations);
    *out = locations;
    return ERR_OK;
}

enum err cidr_lookup_find(struct cidr_lookup *l, const struct r53_cidr_routing_config *config,
                          enum r53_cidr_finding *out, struct errctx *ec)
{
    const struct r53_cidr_locations *locations = NULL;
    enum err err = lookup_read(l, config->collection_id, &locations, ec);
    if (err != ERR_OK)
        return err;
    bool is_default = strcmp(config->location_name, R53_CIDR_DEFAULT_LOCATION) == 0;
    if (locations == NULL)
        *out = R53_CIDR_NO_COLLECTION;
    else if (is_default || r53_cidr_find(locations, config->location_name) != NULL)
        *out = R53_CIDR_FOUND;
    else
        *out = R53_CIDR_NO_LOCATION;
    return ERR_OK;
}

enum err cidr_note_uses(struct api_call *c, const char *zone_id, const struct r53_owner *owner,
                        struct errctx *ec)
{
    const struct r53_cidr_routing_config *const *uses;
    enum err err = store_cidr_use_clear(c->conn, zone_id, owner->sort_key, ec);
    size_t count = r53_cidr_uses(c->arena, &owner->sets, &uses);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        const struct store_cidr_use use = {.zone_id = zone_id,
                                           .member = owner->sort_key,
                                           .collection_id = uses[i]->collection_id,
                                           .location = uses[i]->location_name};
        err = store_cidr_use_add(c->conn, &use, ec);
    }
    return err;
}
