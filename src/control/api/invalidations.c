// SPDX-License-Identifier: Apache-2.0
// Making and showing invalidations. Called by the dispatcher on a worker, inside a transaction. The
// commit of a new one wakes the rollout's thread, which feeds it to the nodes and marks it
// completed once they applied it.
#include "control/store/invalidations.h"

#include "aws/cf_distribution_check.h"
#include "aws/limits.h"
#include "aws/r53_ids.h"
#include "control/api/distributions_priv.h"

#include <stdlib.h>

static const char *status_of(const struct store_invalidation *row)
{
    return row->is_completed ? "Completed" : "InProgress";
}

static struct cf_invalidation *invalidation_shape(struct api_call *c,
                                                  const struct store_invalidation *row)
{
    struct cf_invalidation *shape = ARENA_NEW(c->arena, struct cf_invalidation);
    struct cf_invalidation_batch *batch = ARENA_NEW(c->arena, struct cf_invalidation_batch);
    batch->paths = ARENA_NEW(c->arena, struct cf_paths);
    batch->paths->items = row->paths;
    batch->paths->items_count = row->path_count;
    batch->caller_reference = row->caller_reference;
    *shape = (struct cf_invalidation){.id = row->id,
                                      .status = status_of(row),
                                      .create_time = row->created_unix_ms,
                                      .invalidation_batch = batch};
    return shape;
}

/* ---- CreateInvalidation */

static int compare_paths(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static const char **sorted(struct api_call *c, const char *const *paths, size_t count)
{
    const char **copy = arena_array(c->arena, count, sizeof(*copy));
    memcpy(copy, paths, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), compare_paths);
    return copy;
}

static bool has_same_paths(struct api_call *c, const struct store_invalidation *row,
                           const struct cf_paths *paths)
{
    if (row->path_count != paths->items_count)
        return false;
    const char **ours = sorted(c, row->paths, row->path_count);
    const char **theirs = sorted(c, paths->items, paths->items_count);
    for (size_t i = 0; i < row->path_count; i++)
        if (strcmp(ours[i], theirs[i]) != 0)
            return false;
    return true;
}

/* One that was made with the same caller reference: the answer, if its paths are the same. */
static enum aws_error find_repeated(struct api_call *c, const char *distribution_id,
                                    const struct cf_invalidation_batch *batch,
                                    struct store_invalidation *row, bool *out_is_repeated)
{
    struct errctx ec = {0};
    enum err err = store_invalidation_by_reference(c->conn, c->arena, distribution_id,
                                                   batch->caller_reference, row, &ec);
    *out_is_repeated = err == ERR_OK;
    if (err == ERR_NOT_FOUND)
        return AWS_OK;
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (has_same_paths(c, row, batch->paths))
        return AWS_OK;
    return aws_fail(&c->fault, AWS_InvalidationBatchAlreadyExists,
                    "The caller reference was used before for an invalidation of other paths.");
}

static enum aws_error check_load(struct api_call *c, const struct store_invalidation *row)
{
    struct errctx ec = {0};
    struct store_invalidation_load load;
    enum err err = store_invalidation_in_progress(c->conn, row->distribution_id, &load, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    uint64_t exact = load.exact_paths + row->path_count - row->wildcard_count;
    uint64_t wildcard = load.wildcard_paths + row->wildcard_count;
    if (exact <= CF_INVALIDATION_MAX_EXACT_PATHS && wildcard <= CF_INVALIDATION_MAX_WILDCARD_PATHS)
        return AWS_OK;
    return aws_fail(&c->fault, AWS_TooManyInvalidationsInProgress,
                    "Processing your request will cause you to exceed the maximum number of in "
                    "progress %s invalidations.",
                    exact > CF_INVALIDATION_MAX_EXACT_PATHS ? "" : "wildcard");
}

static enum aws_error add_invalidation(struct api_call *c,
                                       const struct cf_invalidation_batch *batch,
                                       struct store_invalidation *row)
{
    struct errctx ec = {0};
    uint64_t number = 0;
    row->id = api_new_id(c, 'I');
    row->caller_reference = batch->caller_reference;
    row->created_unix_ms = c->now_unix_ms;
    row->paths = batch->paths->items;
    row->path_count = batch->paths->items_count;
    enum aws_error error = check_load(c, row);
    if (error != AWS_OK)
        return error;
    enum err err = store_invalidation_add(c->conn, row, &number, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

static const char *location_of(struct api_call *c, const struct store_invalidation *row)
{
    return arena_printf(c->arena, "%s://%.*s/2020-05-31/distribution/%s/invalidation/%s",
                        c->request->is_tls ? "https" : "http", SLICE_FMT(c->request->authority),
                        row->distribution_id, row->id);
}

enum aws_error api_create_invalidation(struct api_call *c, const void *in, void *out)
{
    const struct cf_create_invalidation_request *request = in;
    struct cf_invalidation_result *response = out;
    struct store_distribution distribution;
    struct store_invalidation row = {0};
    struct store_invalidation added = {0};
    bool is_repeated = false;
    enum aws_error error = find_distribution(c, request->distribution_id, &distribution);
    if (error == AWS_OK)
        error = cf_invalidation_check(request->batch, &added.wildcard_count, &c->fault);
    if (error == AWS_OK)
        error = find_repeated(c, distribution.id, request->batch, &row, &is_repeated);
    if (error == AWS_OK && !is_repeated) {
        added.distribution_id = distribution.id;
        error = add_invalidation(c, request->batch, &added);
        row = added;
    }
    if (error != AWS_OK)
        return error;
    c->resource = distribution_arn(c, distribution.id);
    response->location = location_of(c, &row);
    response->invalidation = invalidation_shape(c, &row);
    return AWS_OK;
}

/* ---- GetInvalidation, ListInvalidations */

static enum aws_error find_invalidation(struct api_call *c, const char *distribution_id,
                                        const char *id, struct store_invalidation *out)
{
    struct errctx ec = {0};
    enum err err = store_invalidation_get(c->conn, c->arena, distribution_id, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchInvalidation,
                        "The specified invalidation does not exist.");
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_get_invalidation(struct api_call *c, const void *in, void *out)
{
    const struct cf_get_invalidation_request *request = in;
    struct cf_invalidation_result *response = out;
    struct store_distribution distribution;
    struct store_invalidation row;
    enum aws_error error = find_distribution(c, request->distribution_id, &distribution);
    if (error == AWS_OK)
        error = find_invalidation(c, distribution.id, request->id, &row);
    if (error == AWS_OK)
        response->invalidation = invalidation_shape(c, &row);
    return error;
}

static enum aws_error list_page(struct api_call *c, struct store_invalidation_query *query,
                                size_t size, struct cf_invalidation_list *list)
{
    struct errctx ec = {0};
    struct store_invalidation *rows = NULL;
    size_t count = 0;
    query->limit = size + 1;
    enum err err = store_invalidation_list(c->conn, c->arena, query, &rows, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    list->is_truncated = count > size;
    list->items_count = min_size(count, size);
    list->items = arena_array(c->arena, list->items_count, sizeof(*list->items));
    for (size_t i = 0; i < list->items_count; i++)
        list->items[i] = (struct cf_invalidation_summary){.id = rows[i].id,
                                                          .create_time = rows[i].created_unix_ms,
                                                          .status = status_of(&rows[i])};
    if (list->is_truncated)
        list->next_marker = rows[size - 1].id;
    return AWS_OK;
}

enum aws_error api_list_invalidations(struct api_call *c, const void *in, void *out)
{
    const struct cf_list_invalidations_request *request = in;
    struct cf_list_invalidations_result *response = out;
    struct store_distribution distribution;
    struct store_invalidation_query query = {0};
    size_t size = 0;
    enum aws_error error = find_distribution(c, request->distribution_id, &distribution);
    if (error == AWS_OK)
        error = cf_page_size(c, request->max_items, API_INVALIDATIONS_PAGE_MAX, &size);
    if (error == AWS_OK && request->marker != NULL) {
        struct store_invalidation last;
        error = find_invalidation(c, distribution.id, request->marker, &last);
        query.before_number = last.number;
    }
    if (error != AWS_OK)
        return error;
    query.distribution_id = distribution.id;
    struct cf_invalidation_list *list = ARENA_NEW(c->arena, struct cf_invalidation_list);
    list->marker = request->marker == NULL ? "" : request->marker;
    list->max_items = (int64_t)size;
    response->invalidation_list = list;
    return list_page(c, &query, size, list);
}
