// SPDX-License-Identifier: Apache-2.0
// What may be done with a stored answer. Pure; called on serving threads.
#include "edge/use.h"

int64_t edge_use_ttl_s(const struct cache_verdict *v, uint32_t age_s)
{
    return (int64_t)v->lifetime_s - (int64_t)age_s;
}

bool edge_use_on_error(const struct cache_verdict *v, uint32_t age_s)
{
    return v->stale_if_error_s == UINT32_MAX ||
           -edge_use_ttl_s(v, age_s) < (int64_t)v->stale_if_error_s;
}

enum edge_use edge_use_of(const struct cache_verdict *v, uint32_t age_s, bool is_held)
{
    int64_t ttl_s = edge_use_ttl_s(v, age_s);
    if (ttl_s > 0)
        return EDGE_USE_FRESH;
    if (is_held && edge_use_on_error(v, age_s))
        return EDGE_USE_HELD;
    if (-ttl_s < (int64_t)v->stale_while_revalidate_s)
        return EDGE_USE_REFRESH;
    return EDGE_USE_ASK;
}
