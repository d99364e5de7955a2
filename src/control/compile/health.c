// SPDX-License-Identifier: Apache-2.0
// Health checks: a stored configuration becomes that of a release. Called by the compiler, on the
// rollout's thread.
#include "control/compile/health_priv.h"

#include "aws/r53_health.h"

#include <stdlib.h>
#include <string.h>

/* What a check asks for where its configuration names no path. */
#define DEFAULT_PATH "/"

static enum release_check_kind kind_of(enum r53_health_check_type type)
{
    switch (type) {
    case R53_CHECK_HTTP:
    case R53_CHECK_HTTP_STR_MATCH:
        return RELEASE_CHECK_HTTP;
    case R53_CHECK_HTTPS:
    case R53_CHECK_HTTPS_STR_MATCH:
        return RELEASE_CHECK_HTTPS;
    case R53_CHECK_TCP:
        return RELEASE_CHECK_TCP;
    case R53_CHECK_CALCULATED:
        return RELEASE_CHECK_CALCULATED;
    case R53_CHECK_CLOUDWATCH_METRIC:
    case R53_CHECK_RECOVERY_CONTROL:
    case r53_health_check_type_absent:
        break;
    }
    return RELEASE_CHECK_POSTED;
}

/* The name in lower case, without a final dot; "" where there is none. */
static const char *host_of(struct arena *a, const char *name)
{
    if (name == NULL)
        return "";
    char *host = arena_strdup(a, name);
    size_t len = strlen(host);
    if (len > 0 && host[len - 1] == '.')
        host[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (host[i] >= 'A' && host[i] <= 'Z')
            host[i] = (char)(host[i] - 'A' + 'a');
    return host;
}

static const char *path_of(struct arena *a, const char *path)
{
    if (path == NULL || *path == '/')
        return path == NULL ? DEFAULT_PATH : path;
    return arena_printf(a, "/%s", path);
}

static void convert_endpoint(struct arena *a, const struct r53_health_check_config *c,
                             struct release_health_check *out)
{
    if (c->ip_address != NULL)
        out->address_bytes = (uint8_t)r53_health_address(c->ip_address, out->address);
    out->host = host_of(a, c->fully_qualified_domain_name);
    out->port = (uint16_t)c->port;
    if (out->kind != RELEASE_CHECK_TCP)
        out->path = path_of(a, c->resource_path);
    if (c->search_string != NULL)
        out->search = c->search_string;
    out->is_sni = out->kind == RELEASE_CHECK_HTTPS && c->enable_sni && *out->host != '\0';
    out->is_slow = c->request_interval > 10;
    out->threshold = (uint8_t)c->failure_threshold;
}

static int compare_texts(const void *one, const void *other)
{
    const char *const *a = one;
    const char *const *b = other;
    return strcmp(*a, *b);
}

static void convert_children(struct arena *a, const struct r53_health_check_config *c,
                             struct release_health_check *out)
{
    out->child_count = c->child_health_checks_count;
    out->children = arena_array(a, out->child_count, sizeof(*out->children));
    for (size_t i = 0; i < out->child_count; i++)
        out->children[i] = c->child_health_checks[i];
    if (out->child_count > 1)
        qsort(out->children, out->child_count, sizeof(*out->children), compare_texts);
    out->healthy_children = (uint32_t)c->health_threshold;
}

enum err health_check_value(struct arena *a, const char *id, struct slice body,
                            struct slice *out_value, struct errctx *ec)
{
    struct r53_health_check_body stored;
    enum err e = r53_health_decode(a, body, &stored, ec);
    if (e != ERR_OK)
        return e;
    const struct r53_health_check_config *c = stored.config;
    struct release_health_check check = {
        .id = id,
        .kind = kind_of(c->type),
        .host = "",
        .path = "",
        .search = "",
        .is_inverted = c->inverted,
        .is_disabled = c->disabled,
    };
    if (check.kind == RELEASE_CHECK_CALCULATED)
        convert_children(a, c, &check);
    else if (check.kind == RELEASE_CHECK_POSTED)
        check.is_posted_healthy = !stored.is_posted_unhealthy;
    else
        convert_endpoint(a, c, &check);
    check.hold_down_s = (uint32_t)stored.hold_down_s;
    if (stored.override != NULL && stored.override->has_until_unix_s)
        check.override = (struct release_override){
            .is_there = true,
            .is_healthy = stored.override->healthy,
            .number = (uint64_t)stored.override->number,
            .until_unix_s = stored.override->until_unix_s,
        };
    const char *problem = release_health_check_problem(&check);
    if (problem != NULL)
        return err_set(ec, ERR_INVALID, "%s", problem);
    *out_value = release_health_check_encode(a, &check);
    return ERR_OK;
}
