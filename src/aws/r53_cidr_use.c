// SPDX-License-Identifier: Apache-2.0
// Record sets that route by CIDR location: whether what they name is there. Called by
// r53_change_apply, and by the API for what it stores of a changed name.
#include "aws/r53_change_priv.h"
#include "aws/r53_cidr.h"

static enum aws_error check_use(struct r53_batch *b, struct r53_step *step)
{
    const struct r53_cidr_routing_config *config = step->set.cidr_routing_config;
    const char *type = r53_rr_type_text(b->arena, step->set.type);
    enum r53_cidr_finding finding = R53_CIDR_FOUND;
    struct errctx ec = {0};
    enum err err = b->source->find_cidr(b->source->user, config, &finding, &ec);
    if (err != ERR_OK)
        return aws_fail(b->fault, AWS_InternalFailure, "The CIDR collection cannot be read: %s",
                        ec.text);
    if (finding == R53_CIDR_NO_COLLECTION)
        R53_REFUSE(b, step,
                   "RRSet of type %s with DNS name %s names the CIDR collection %s, which does not "
                   "exist",
                   type, step->set.name, config->collection_id);
    else if (finding == R53_CIDR_NO_LOCATION)
        R53_REFUSE(b, step,
                   "RRSet of type %s with DNS name %s names the CIDR location %s, which the CIDR "
                   "collection %s does not have",
                   type, step->set.name, config->location_name, config->collection_id);
    return AWS_OK;
}

enum aws_error r53_check_cidr_uses(struct r53_batch *b)
{
    for (size_t i = 0; i < b->step_count; i++) {
        struct r53_step *step = &b->steps[i];
        bool is_put = !step->is_refused && step->action != R53_DELETE;
        if (!is_put || step->set.cidr_routing_config == NULL)
            continue;
        enum aws_error error = check_use(b, step);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}

static bool is_listed(const struct r53_cidr_routing_config *const *uses, size_t count,
                      const struct r53_cidr_routing_config *use)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(uses[i]->collection_id, use->collection_id) == 0 &&
            strcmp(uses[i]->location_name, use->location_name) == 0)
            return true;
    return false;
}

size_t r53_cidr_uses(struct arena *a, const struct r53_sets *sets,
                     const struct r53_cidr_routing_config *const **out)
{
    const struct r53_cidr_routing_config **uses = arena_array(a, sets->items_count, sizeof(*uses));
    size_t count = 0;
    for (size_t i = 0; i < sets->items_count; i++) {
        const struct r53_cidr_routing_config *use = sets->items[i].cidr_routing_config;
        if (use != NULL && !is_listed(uses, count, use))
            uses[count++] = use;
    }
    *out = uses;
    return count;
}
