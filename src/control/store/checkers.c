// SPDX-License-Identifier: Apache-2.0
// Checkers as objects. Called by the rollout and by the API's workers, on the thread that uses the
// connection. The body: the public key, a byte of flags, the port (big-endian), how many bytes of
// address, these, and the region up to the end.
#include "control/store/checkers.h"

#include "base/buf.h"
#include "base/check.h"
#include "control/store/objects.h"

#include <string.h>

#define FLAG_EXCLUDED 1
#define HEAD_BYTES (STORE_NODE_KEY_BYTES + 4)

static bool is_address_length(size_t len)
{
    return len == 4 || len == 16;
}

struct slice store_checker_encode(struct arena *a, const struct store_checker *checker)
{
    CHECK(is_address_length(checker->address_bytes) && checker->port > 0);
    const uint8_t rest[] = {
        checker->is_excluded ? FLAG_EXCLUDED : 0,
        (uint8_t)(checker->port >> 8),
        (uint8_t)checker->port,
        checker->address_bytes,
    };
    AUTO_BUF struct buf body = {0};
    buf_append(&body, slice_of(checker->public_key, STORE_NODE_KEY_BYTES));
    buf_append(&body, slice_of(rest, sizeof(rest)));
    buf_append(&body, slice_of(checker->address, checker->address_bytes));
    buf_append(&body, slice_str(checker->region));
    return arena_copy(a, buf_slice(&body));
}

enum err store_checker_decode(struct arena *a, const char *node_id, struct slice body,
                              struct store_checker *out, struct errctx *ec)
{
    struct store_checker checker = {.node_id = node_id};
    if (body.len < HEAD_BYTES)
        return err_set(ec, ERR_CORRUPT, "checker %s: body of %zu bytes", node_id, body.len);
    const uint8_t *rest = body.data + STORE_NODE_KEY_BYTES;
    memcpy(checker.public_key, body.data, STORE_NODE_KEY_BYTES);
    checker.is_excluded = (rest[0] & FLAG_EXCLUDED) != 0;
    checker.port = (uint16_t)(rest[1] << 8 | rest[2]);
    checker.address_bytes = rest[3];
    size_t end = HEAD_BYTES + (size_t)checker.address_bytes;
    if (!is_address_length(checker.address_bytes) || checker.port == 0 || body.len < end)
        return err_set(ec, ERR_CORRUPT, "checker %s: its body is none", node_id);
    memcpy(checker.address, body.data + HEAD_BYTES, checker.address_bytes);
    checker.region = arena_str(a, slice_sub(body, end, body.len - end));
    *out = checker;
    return ERR_OK;
}

enum err store_checker_list(struct store_conn *c, struct arena *a, size_t limit,
                            struct store_checker **out_checkers, size_t *out_count,
                            struct errctx *ec)
{
    const struct store_object_groups_query query = {.kind = STORE_CHECKER, .limit = limit};
    struct store_object *objects = NULL;
    size_t count = 0;
    enum err err = store_object_list_groups(c, a, &query, &objects, &count, ec);
    struct store_checker *checkers = arena_array(a, count, sizeof(*checkers));
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = store_checker_decode(a, objects[i].group, objects[i].body, &checkers[i], ec);
    if (err != ERR_OK)
        return err;
    *out_checkers = checkers;
    *out_count = count;
    return ERR_OK;
}

enum err store_checker_exclude(struct store_conn *c, const char *node_id, bool is_excluded,
                               bool *out_is_changed, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct store_object object = {.kind = STORE_CHECKER, .group = node_id};
    struct store_checker checker;
    enum err err = store_object_get(c, &a, &object, &object, ec);
    if (err == ERR_OK)
        err = store_checker_decode(&a, node_id, object.body, &checker, ec);
    if (err != ERR_OK)
        return err;
    *out_is_changed = checker.is_excluded != is_excluded;
    if (!*out_is_changed)
        return ERR_OK;
    checker.is_excluded = is_excluded;
    object.body = store_checker_encode(&a, &checker);
    return store_object_put(c, &object, ec);
}
