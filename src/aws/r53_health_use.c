// SPDX-License-Identifier: Apache-2.0
// Record sets that depend on health checks: whether what they name is there. Called by
// r53_change_apply.
#include "aws/r53_change_priv.h"

static enum aws_error check_use(struct r53_batch *b, struct r53_step *step)
{
    const char *id = step->set.health_check_id;
    struct errctx ec = {0};
    bool is_there = false;
    enum err err = b->source->find_health_check(b->source->user, id, &is_there, &ec);
    if (err != ERR_OK)
        return aws_fail(b->fault, AWS_InternalFailure, "The health check cannot be read: %s",
                        ec.text);
    if (!is_there)
        R53_REFUSE(b, step, "Invalid Resource Record Set: a health check with ID %s does not exist",
                   id);
    return AWS_OK;
}

enum aws_error r53_check_health_uses(struct r53_batch *b)
{
    for (size_t i = 0; i < b->step_count; i++) {
        struct r53_step *step = &b->steps[i];
        bool is_put = !step->is_refused && step->action != R53_DELETE;
        if (!is_put || step->set.health_check_id == NULL)
            continue;
        enum aws_error error = check_use(b, step);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}
