// SPDX-License-Identifier: Apache-2.0
// Normal paths, path patterns, normal hosts, and the behaviour of a path. Called once a request by
// the serving threads, and by the trial.
#include "edge/path.h"

#include "base/check.h"
#include "base/fault.h"
#include "base/uri.h"
#include "base/wildcard.h"
#include "edge/world.h"

/* An escape that stands for itself, where a '%' begins none. */
static const struct slice escaped_percent = SLICE_LIT("%25");

static bool is_unreserved(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* Whether the path needs no work: most do not. */
static bool is_normal(struct slice path)
{
    if (path.len == 0 || path.data[0] != '/')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        if (path.data[i] == '%')
            return false;
        if (path.data[i] == '/' && i + 1 < path.len &&
            (path.data[i + 1] == '/' || path.data[i + 1] == '.'))
            return false;
    }
    return true;
}

static struct slice decode_unreserved(struct arena *a, struct slice path)
{
    uint8_t *out = arena_array(a, path.len + 1, escaped_percent.len);
    size_t len = 0;
    for (size_t i = 0; i < path.len; i++) {
        if (path.data[i] != '%') {
            out[len++] = path.data[i];
            continue;
        }
        struct slice escape = slice_sub(path, i, escaped_percent.len);
        uint8_t decoded = 0;
        size_t decoded_len;
        bool is_escape = escape.len == escaped_percent.len &&
                         slice_unhex(slice_sub(escape, 1, 2), &decoded, 1, &decoded_len);
        if (is_escape && is_unreserved(decoded)) {
            out[len++] = decoded;
        } else {
            memcpy(out + len, is_escape ? escape.data : escaped_percent.data, escaped_percent.len);
            len += escaped_percent.len;
        }
        i += is_escape ? escaped_percent.len - 1 : 0;
    }
    CHECK(len <= escaped_percent.len * (path.len + 1));
    return slice_of(out, len);
}

struct slice edge_path_normalize(struct arena *a, struct slice path)
{
    return is_normal(path) ? path : uri_normalize_path(a, decode_unreserved(a, path));
}

#ifdef WEIR_FAULTS
bool edge_path_is_trial;

/* Injected faults of test builds: a pattern that crashes the code that matches it. */
static void crash_on_pattern(struct slice pattern)
{
    static const struct slice value = SLICE_LIT("weir-fault-crash");
    if (memmem(pattern.data, pattern.len, value.data, value.len) == NULL)
        return;
    volatile int *volatile nowhere = NULL; /* a store that no compiler leaves out */
    if (FAULT("edge-crash-pattern") ||
        (!edge_path_is_trial && FAULT("edge-crash-hidden-from-trial")))
        *nowhere = 0;
}
#endif

bool edge_path_matches(struct slice pattern, struct slice normal_path)
{
#ifdef WEIR_FAULTS
    crash_on_pattern(pattern);
#endif
    CHECK(normal_path.len > 0 && normal_path.data[0] == '/');
    if (pattern.len > 0 && pattern.data[0] == '/')
        return wildcard_match(pattern, normal_path);
    return wildcard_match(pattern, slice_sub(normal_path, 1, normal_path.len));
}

struct slice edge_path_escape(struct arena *a, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *out = arena_array(a, text.len + 1, escaped_percent.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool is_plain = byte > ' ' && byte < 0x7f && byte != '#' && byte != '?';
        if (is_plain) {
            out[len++] = byte;
            continue;
        }
        out[len++] = '%';
        out[len++] = (uint8_t)digits[byte >> 4];
        out[len++] = (uint8_t)digits[byte & 0xf];
    }
    return slice_of(out, len);
}

struct slice edge_host_normalize(struct arena *a, struct slice authority)
{
    bool is_literal = authority.len > 0 && authority.data[0] == '[';
    size_t end = slice_find(authority, is_literal ? ']' : ':');
    struct slice host = slice_sub(authority, 0, is_literal ? end + 1 : end);
    if (host.len > 0 && host.data[host.len - 1] == '.')
        host.len--;
    uint8_t *out = arena_alloc(a, host.len + 1);
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.data[i];
        out[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
    }
    return slice_of(out, host.len);
}

const struct release_behavior *edge_behavior_find(const struct edge_distribution *d,
                                                  struct slice path)
{
    const struct release_distribution *config = &d->config;
    CHECK(config->behavior_count > 0);
    AUTO_ARENA struct arena a = {0};
    struct slice normal = edge_path_normalize(&a, path);
    for (size_t i = 0; i + 1 < config->behavior_count; i++) {
        const struct release_behavior *b = &config->behaviors[i];
        if (b->path_pattern != NULL && edge_path_matches(slice_str(b->path_pattern), normal))
            return b;
    }
    return &config->behaviors[config->behavior_count - 1];
}
