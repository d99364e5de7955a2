// SPDX-License-Identifier: Apache-2.0
// Listing CIDR collections, their locations and blocks, page by page. A token is what the last
// entry of the page before was. Called by the dispatcher on a worker, inside a read transaction.
#include "control/api/cidr_priv.h"

static enum aws_error page_size(struct api_call *c, const char *text, size_t *out)
{
    uint64_t number = API_CIDR_PAGE_MAX;
    if (text != NULL && (!slice_parse_u64(slice_str(text), UINT32_MAX, &number) || number == 0))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "1 validation error detected: Value '%s' at 'maxResults' failed to satisfy "
                        "constraint: Member must be a number between 1 and %zu",
                        text, API_CIDR_PAGE_MAX);
    *out = min_size((size_t)number, API_CIDR_PAGE_MAX);
    return AWS_OK;
}

enum aws_error api_list_cidr_collections(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_cidr_collections_request *request = in;
    struct r53_list_cidr_collections_response *response = out;
    struct store_cidr_collection *rows;
    struct errctx ec = {0};
    size_t size = 0;
    size_t count = 0;
    enum aws_error error = page_size(c, request->max_results, &size);
    if (error != AWS_OK)
        return error;
    const struct store_cidr_query query = {
        .account_id = c->account_id,
        .after_id = request->next_token == NULL ? "" : request->next_token,
        .limit = size + 1,
    };
    enum err err = store_cidr_list(c->conn, c->arena, &query, &rows, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->has_cidr_collections = true;
    response->cidr_collections_count = min_size(count, size);
    response->cidr_collections = arena_array(c->arena, response->cidr_collections_count,
                                             sizeof(*response->cidr_collections));
    for (size_t i = 0; i < response->cidr_collections_count; i++)
        response->cidr_collections[i] = cidr_collection_shape(c, &rows[i]);
    if (count > size)
        response->next_token = rows[size - 1].id;
    return AWS_OK;
}

static enum aws_error read_locations(struct api_call *c, const char *id,
                                     struct r53_cidr_locations *out)
{
    struct store_cidr_collection row;
    struct errctx ec = {0};
    enum aws_error error = find_cidr_collection(c, id, &row);
    if (error != AWS_OK)
        return error;
    enum err err = load_cidr_locations(c, row.id, out, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_list_cidr_locations(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_cidr_locations_request *request = in;
    struct r53_list_cidr_locations_response *response = out;
    struct r53_cidr_locations locations;
    size_t size = 0;
    enum aws_error error = page_size(c, request->max_results, &size);
    if (error == AWS_OK)
        error = read_locations(c, request->id, &locations);
    if (error != AWS_OK)
        return error;
    response->has_cidr_locations = true;
    response->cidr_locations = arena_array(c->arena, size, sizeof(*response->cidr_locations));
    for (size_t i = 0; i < locations.count; i++) {
        const char *name = locations.items[i].name;
        if (request->next_token != NULL && strcmp(name, request->next_token) <= 0)
            continue;
        if (response->cidr_locations_count == size) {
            response->next_token = response->cidr_locations[size - 1].location_name;
            break;
        }
        response->cidr_locations[response->cidr_locations_count++].location_name = name;
    }
    return AWS_OK;
}

/* ---- ListCidrBlocks */

/* A listing under way. */
struct listing {
    const char *from_location; /* NULL: from the start */
    struct r53_cidr_block from_block;
    size_t size; /* of the page */
    struct r53_cidr_block_summary *page;
    size_t count;
    bool is_full; /* and there are more */
};

/* A token is the location and the block of the last entry, "eu 192.0.2.0/24". */
static enum aws_error read_token(struct api_call *c, const char *token, struct listing *l)
{
    if (token == NULL)
        return AWS_OK;
    size_t space = strcspn(token, " ");
    if (token[space] != ' ' ||
        r53_cidr_parse(slice_str(token + space + 1), &l->from_block, NULL) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "The nexttoken is none of this listing");
    l->from_location = arena_str(c->arena, slice_of(token, space));
    return AWS_OK;
}

static void add_location(struct api_call *c, struct listing *l,
                         const struct r53_cidr_location *location)
{
    int order = l->from_location == NULL ? 1 : strcmp(location->name, l->from_location);
    for (size_t i = 0; order >= 0 && i < location->block_count; i++) {
        if (order == 0 && r53_cidr_compare(&location->blocks[i], &l->from_block) <= 0)
            continue;
        l->is_full = l->count == l->size;
        if (l->is_full)
            return;
        l->page[l->count++] = (struct r53_cidr_block_summary){
            .cidr_block = r53_cidr_format(c->arena, &location->blocks[i]),
            .location_name = location->name,
        };
    }
}

static enum aws_error add_blocks(struct api_call *c,
                                 const struct r53_list_cidr_blocks_request *request,
                                 struct listing *l, const struct r53_cidr_locations *locations)
{
    l->page = arena_array(c->arena, l->size, sizeof(*l->page));
    if (request->location_name != NULL) {
        const struct r53_cidr_location *one = r53_cidr_find(locations, request->location_name);
        if (one == NULL)
            return aws_fail(&c->fault, AWS_NoSuchCidrLocationException,
                            "The CIDR collection location doesn't match any locations in your "
                            "account: %s",
                            request->location_name);
        add_location(c, l, one);
        return AWS_OK;
    }
    for (size_t i = 0; i < locations->count && !l->is_full; i++)
        add_location(c, l, &locations->items[i]);
    return AWS_OK;
}

enum aws_error api_list_cidr_blocks(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_cidr_blocks_request *request = in;
    struct r53_list_cidr_blocks_response *response = out;
    struct r53_cidr_locations locations;
    struct listing l = {0};
    enum aws_error error = page_size(c, request->max_results, &l.size);
    if (error == AWS_OK)
        error = read_token(c, request->next_token, &l);
    if (error == AWS_OK)
        error = read_locations(c, request->id, &locations);
    if (error == AWS_OK)
        error = add_blocks(c, request, &l, &locations);
    if (error != AWS_OK)
        return error;
    response->has_cidr_blocks = true;
    response->cidr_blocks = l.page;
    response->cidr_blocks_count = l.count;
    if (l.is_full) {
        const struct r53_cidr_block_summary *last = &l.page[l.count - 1];
        response->next_token =
            arena_printf(c->arena, "%s %s", last->location_name, last->cidr_block);
    }
    return AWS_OK;
}
