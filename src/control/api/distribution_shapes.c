// SPDX-License-Identifier: Apache-2.0
// Distributions as handlers find them and clients see them. Called by handlers on a worker, inside
// a transaction.
#include "control/api/distributions_priv.h"
#include "control/store/invalidations.h"

enum aws_error find_distribution(struct api_call *c, const char *id, struct store_distribution *out)
{
    struct errctx ec = {0};
    enum err err = store_distribution_get(c->conn, c->arena, c->account_id, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchDistribution,
                        "The specified distribution does not exist.");
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error load_distribution(struct api_call *c, const char *id,
                                 struct cf_distribution_body *out)
{
    struct errctx ec = {0};
    struct store_object which = {.kind = STORE_DISTRIBUTION, .group = id};
    struct store_object object;
    enum err err = store_object_get(c->conn, c->arena, &which, &object, &ec);
    if (err == ERR_OK)
        err = cf_distribution_body_decode(c->arena, object.body, out, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

const char *distribution_arn(struct api_call *c, const char *id)
{
    return arena_printf(c->arena, "arn:aws:cloudfront::%s:distribution/%s", c->account_id, id);
}

const char *distribution_status(const struct store_distribution *row)
{
    return row->is_deployed ? "Deployed" : "InProgress";
}

struct cf_alias_icp_recordal *distribution_recordals(struct api_call *c,
                                                     const struct cf_aliases *aliases)
{
    struct cf_alias_icp_recordal *recordals =
        arena_array(c->arena, aliases->items_count, sizeof(*recordals));
    for (size_t i = 0; i < aliases->items_count; i++)
        recordals[i] = (struct cf_alias_icp_recordal){.cname = aliases->items[i],
                                                      .icp_recordal_status = CF_ICP_APPROVED};
    return recordals;
}

enum aws_error distribution_shape(struct api_call *c, const struct store_distribution *row,
                                  struct cf_distribution_config *config,
                                  struct cf_distribution **out)
{
    struct errctx ec = {0};
    struct store_invalidation_load load;
    enum err err = store_invalidation_in_progress(c->conn, row->id, &load, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    struct cf_distribution *shape = ARENA_NEW(c->arena, struct cf_distribution);
    *shape = (struct cf_distribution){
        .id = row->id,
        .arn = distribution_arn(c, row->id),
        .status = distribution_status(row),
        .last_modified_time = row->modified_unix_ms,
        .in_progress_invalidation_batches = (int64_t)load.batches,
        .domain_name = row->domain_name,
        .active_trusted_signers = ARENA_NEW(c->arena, struct cf_active_trusted_signers),
        .active_trusted_key_groups = ARENA_NEW(c->arena, struct cf_active_trusted_key_groups),
        .config = config,
        .has_alias_icp_recordals = config->aliases->items_count > 0,
        .alias_icp_recordals = distribution_recordals(c, config->aliases),
        .alias_icp_recordals_count = config->aliases->items_count,
    };
    *out = shape;
    return AWS_OK;
}

enum aws_error cf_page_size(struct api_call *c, const char *text, size_t most, size_t *out)
{
    uint64_t number = most;
    if (text != NULL && (!slice_parse_u64(slice_str(text), UINT32_MAX, &number) || number == 0))
        return aws_fail(&c->fault, AWS_InvalidArgument,
                        "The parameter MaxItems must be a number above 0.");
    *out = min_size((size_t)number, most);
    return AWS_OK;
}
