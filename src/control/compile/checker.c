// SPDX-License-Identifier: Apache-2.0
// Checkers: a stored one becomes that of a release. Called by the compiler, on the rollout's
// thread.
#include "control/compile/checker_priv.h"

#include "control/store/checkers.h"

#include <string.h>

enum err checker_value(struct arena *a, const char *node_id, struct slice body,
                       struct slice *out_value, struct errctx *ec)
{
    struct store_checker stored;
    enum err e = store_checker_decode(a, node_id, body, &stored, ec);
    if (e != ERR_OK)
        return e;
    struct release_checker checker = {
        .node_id = node_id,
        .address_bytes = stored.address_bytes,
        .port = stored.port,
        .region = stored.region,
        .is_excluded = stored.is_excluded,
    };
    memcpy(checker.public_key, stored.public_key, sizeof(checker.public_key));
    memcpy(checker.address, stored.address, sizeof(checker.address));
    const char *problem = release_checker_problem(&checker);
    if (problem != NULL)
        return err_set(ec, ERR_INVALID, "%s", problem);
    *out_value = release_checker_encode(a, &checker);
    return ERR_OK;
}
