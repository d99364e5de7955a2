// SPDX-License-Identifier: Apache-2.0
// Findings about failover. Called by the API for what a change writes.
#include "lint/failover.h"

#include "lint/limits.h"

#include <string.h>
#include <strings.h>

static void add(struct arena *a, struct lint_findings *out, const char *code, const char *text)
{
    if (out->items == NULL)
        out->items = arena_array(a, LINT_FINDINGS_MAX, sizeof(*out->items));
    if (out->count < LINT_FINDINGS_MAX)
        out->items[out->count++] = (struct lint_finding){.code = code, .text = text};
}

unsigned lint_detection_s(const struct lint_check *check)
{
    static const unsigned timeouts_s[] = {
        [LINT_PROBE_NONE] = 0,
        [LINT_PROBE_TCP] = LINT_TIMEOUT_TCP_S,
        [LINT_PROBE_HTTP] = LINT_TIMEOUT_HTTP_S,
        [LINT_PROBE_HTTP_MATCH] = LINT_TIMEOUT_MATCH_S,
    };
    if (check->probe == LINT_PROBE_NONE)
        return 0;
    return check->interval_s * check->threshold + timeouts_s[check->probe] + LINT_VOTES_S;
}

/* Words in a path that say it looks behind the server. */
static bool looks_behind(const char *path)
{
    static const char *const words[] = {
        "deep",  "depend", "downstream", "database",  "postgres", "mysql",
        "redis", "cache",  "queue",      "readiness", "readyz",   "full",
    };
    for (size_t i = 0; path != NULL && i < ARRAY_LEN(words); i++) {
        if (strcasestr(path, words[i]) != NULL)
            return true;
    }
    return false;
}

void lint_check(struct arena *a, const struct lint_check *check, struct lint_findings *out)
{
    bool is_http = check->probe == LINT_PROBE_HTTP || check->probe == LINT_PROBE_HTTP_MATCH;
    if (is_http && looks_behind(check->path))
        add(a, out, "check-of-dependencies",
            arena_printf(a,
                         "Health check %s asks for %s, which looks as if it called what lies "
                         "behind the server: when that fails, a healthy server fails over.",
                         check->id, check->path));
}

void lint_set(struct arena *a, const struct lint_set *set, struct lint_findings *out)
{
    if (set->is_primary && set->check == NULL && !set->is_evaluating)
        add(a, out, "failover-without-check",
            arena_printf(a, "%s '%s' is PRIMARY without a health check: it never fails over.",
                         set->name, set->identifier));
    unsigned detection_s = set->check == NULL ? 0 : lint_detection_s(set->check);
    if (detection_s > 0 && set->ttl_s + detection_s > LINT_RECOVERY_MAX_S)
        add(a, out, "slow-recovery",
            arena_printf(a,
                         "%s '%s': clients may see a failure for %u s: %u s until it is detected, "
                         "and a TTL of %u s.",
                         set->name, set->identifier, set->ttl_s + detection_s, detection_s,
                         set->ttl_s));
}
