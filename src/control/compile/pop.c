// SPDX-License-Identifier: Apache-2.0
// Points of presence: the health checks that they bring along. Called by the compiler and by the
// writer of the built-in zones, on the rollout's thread.
#include "control/compile/pop_priv.h"

#include "base/buf.h"
#include "crypto/hash.h"

#include <stdlib.h>
#include <string.h>

/* Route 53's default. */
#define THRESHOLD 3

const char *pop_check_id(struct arena *a, const char *pop, struct slice address)
{
    AUTO_BUF struct buf named = {0};
    uint8_t hash[SHA256_BYTES];
    char hex[2 * 16 + 1];
    buf_printf(&named, "point of presence %s ", pop);
    buf_append(&named, address);
    sha256(buf_slice(&named), hash);
    hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80); /* RFC 9562 section 5.8: version 8 ... */
    hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80); /* ... and variant */
    slice_hex(slice_of(hash, 16), hex);
    return arena_printf(a, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static struct slice check_value(struct arena *a, const char *id, uint16_t port,
                                struct slice address)
{
    struct release_health_check check = {
        .id = id,
        .kind = RELEASE_CHECK_HTTP,
        .address_bytes = (uint8_t)address.len,
        .host = "",
        .port = port,
        .path = RELEASE_POP_PROBE_PATH,
        .search = "",
        .threshold = THRESHOLD,
    };
    memcpy(check.address, address.data, address.len);
    return release_health_check_encode(a, &check);
}

/* By id, then what they are. */
static int compare_checks(const void *a, const void *b)
{
    const struct pop_check *left = a;
    const struct pop_check *right = b;
    int order = strcmp(left->id, right->id);
    return order != 0 ? order : slice_compare(left->value, right->value);
}

/* Several nodes may stand behind one address. */
static size_t sort_once_each(struct pop_check *checks, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(checks, count, sizeof(*checks), compare_checks);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(checks[kept - 1].id, checks[i].id) != 0)
            checks[kept++] = checks[i];
    }
    return kept;
}

void pop_checks(struct arena *a, const struct release_pop *pop, struct pop_check **out_checks,
                size_t *out_count)
{
    size_t most = 0;
    for (size_t i = 0; i < pop->node_count; i++)
        most += pop->nodes[i].address_count;
    *out_checks = arena_array(a, most, sizeof(**out_checks));
    *out_count = 0;
    for (size_t i = 0; i < pop->node_count; i++) {
        const struct release_pop_node *n = &pop->nodes[i];
        for (size_t k = 0; k < n->address_count && n->http_port != 0; k++) {
            const char *id = pop_check_id(a, pop->name, n->addresses[k]);
            (*out_checks)[(*out_count)++] = (struct pop_check){
                .id = id, .value = check_value(a, id, n->http_port, n->addresses[k])};
        }
    }
    *out_count = sort_once_each(*out_checks, *out_count);
}
