// SPDX-License-Identifier: Apache-2.0
// From what a change writes to findings of lint/, and those to the client. Called by handlers and
// by the dispatcher, on a worker.
#include "control/api/hints.h"

#include "base/check.h"
#include "control/api/health_priv.h"
#include "lint/limits.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <stdlib.h>

static enum lint_probe probe_of(enum r53_health_check_type type)
{
    if (type == R53_CHECK_TCP)
        return LINT_PROBE_TCP;
    if (type == R53_CHECK_HTTP || type == R53_CHECK_HTTPS)
        return LINT_PROBE_HTTP;
    if (type == R53_CHECK_HTTP_STR_MATCH || type == R53_CHECK_HTTPS_STR_MATCH)
        return LINT_PROBE_HTTP_MATCH;
    return LINT_PROBE_NONE;
}

static struct lint_check check_of(const char *id, const struct r53_health_check_config *config)
{
    return (struct lint_check){.id = id,
                               .probe = probe_of(config->type),
                               .path = config->resource_path,
                               .interval_s = (unsigned)config->request_interval,
                               .threshold = (unsigned)config->failure_threshold};
}

void api_hint_check(struct api_call *c, const char *id,
                    const struct r53_health_check_config *config)
{
    const struct lint_check check = check_of(id, config);
    lint_check(c->arena, &check, &c->hints);
}

/* A set's check; one that cannot be read gives no hints. */
static bool find_check(struct api_call *c, const char *id, struct lint_check *out)
{
    struct r53_health_check_body body;
    struct errctx ec = {0};
    if (load_health_check(c, id, &body, &ec) != ERR_OK)
        return false;
    *out = check_of(id, body.config);
    return true;
}

static void hint_set(struct api_call *c, const struct r53_record_set *set)
{
    struct lint_check check;
    bool is_primary = set->failover == R53_PRIMARY;
    if (!is_primary && set->health_check_id == NULL)
        return;
    struct lint_set of = {.name = set->name,
                          .identifier = set->set_identifier == NULL ? "" : set->set_identifier,
                          .is_primary = is_primary,
                          .ttl_s = set->has_ttl ? (uint32_t)set->ttl : 0};
    of.is_evaluating = set->alias_target != NULL && set->alias_target->evaluate_target_health;
    if (set->health_check_id != NULL) {
        if (!find_check(c, set->health_check_id, &check))
            return;
        of.check = &check;
    }
    lint_set(c->arena, &of, &c->hints);
}

void api_hint_names(struct api_call *c, const struct r53_change_result *result)
{
    size_t looked_at = 0;
    for (size_t i = 0; i < result->count; i++) {
        const struct r53_sets *sets = &result->changed[i]->sets;
        for (size_t k = 0; k < sets->items_count; k++) {
            if (c->hints.count == LINT_FINDINGS_MAX || looked_at == API_HINT_SETS_MAX)
                return;
            looked_at++;
            hint_set(c, &sets->items[k]);
        }
    }
}

/* Texts of clients may hold what a header field must not. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

void api_hints_tell(struct api_call *c, struct aws_output *out)
{
    if (c->hints.count == 0)
        return;
    CHECK(out->header_count < ARRAY_LEN(out->headers));
    char *value = arena_strdup(c->arena, "");
    for (size_t i = 0; i < c->hints.count && strlen(value) < API_HINTS_BYTES; i++) {
        const struct lint_finding *found = &c->hints.items[i];
        metrics_add(METRIC_API_HINTS, 1);
        LOG(LOG_INFO, "hint", LOG_STR("request_id", c->request_id), LOG_STR("code", found->code),
            LOG_STR("text", found->text));
        value = arena_printf(c->arena, "%s%s%s: %s", value, i == 0 ? "" : " | ", found->code,
                             found->text);
    }
    make_printable(value);
    out->headers[out->header_count++] =
        (struct sigv4_header){.name = SLICE_LIT("X-Weir-Hint"), .value = slice_str(value)};
}
