// SPDX-License-Identifier: Apache-2.0
// Roots: the bytes that name a release. Called by control, the agent and roles; any thread.
#include "release/root.h"

#include "base/check.h"
#include "release/limits.h"
#include "release/wire_priv.h"

enum root_field { ROOT_FORMAT = 1, ROOT_HASH_KEY = 2, ROOT_FEATURES = 3, ROOT_TRIES = 4 };
enum trie_field { TRIE_KIND = 1, TRIE_CHUNK = 2, TRIE_ENTRIES = 3, TRIE_BYTES = 4 };

const char *const release_features[] = {
    RELEASE_FEATURE_ALIAS,         RELEASE_FEATURE_POLICIES, RELEASE_FEATURE_RECORDS,
    RELEASE_FEATURE_DISTRIBUTIONS, RELEASE_FEATURE_POPS,     RELEASE_FEATURE_NODES,
    RELEASE_FEATURE_CHECKS,
};
const size_t release_feature_count = ARRAY_LEN(release_features);

static void put_trie(struct buf *b, unsigned kind, const struct trie_ref *ref)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, TRIE_KIND, kind);
    wire_put_bytes(&inner, TRIE_CHUNK, slice_of(ref->chunk.bytes, SHA256_BYTES));
    wire_put_number(&inner, TRIE_ENTRIES, ref->entries);
    wire_put_number(&inner, TRIE_BYTES, ref->bytes);
    wire_put_item(b, ROOT_TRIES, buf_slice(&inner));
}

struct slice release_root_encode(struct arena *a, const struct release_root *root,
                                 struct chunk_hash *out_hash)
{
    CHECK(root->feature_count <= RELEASE_FEATURES_MAX);
    struct buf b = {0};
    wire_put_number(&b, ROOT_FORMAT, RELEASE_FORMAT);
    wire_put_bytes(&b, ROOT_HASH_KEY, slice_of(root->seed.bytes, sizeof(root->seed.bytes)));
    for (size_t i = 0; i < root->feature_count; i++) {
        CHECK(text_is_id(slice_str(root->features[i])));
        CHECK(i == 0 || strcmp(root->features[i - 1], root->features[i]) < 0);
        wire_put_item(&b, ROOT_FEATURES, slice_str(root->features[i]));
    }
    for (unsigned kind = 1; kind < RELEASE_KIND_COUNT; kind++) {
        if (root->tries[kind].entries > 0)
            put_trie(&b, kind, &root->tries[kind]);
    }
    struct slice bytes = wire_take(a, &b);
    *out_hash = chunk_hash_of(bytes);
    return bytes;
}

/* A trie of a kind that this version does not know is passed over: a root that needs it also lists
 * a feature that is missing here. */
static void read_trie(struct wire_reader *outer, uint64_t *last_kind, struct release_root *root)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    struct trie_ref ref = {0};
    uint64_t kind = 0;
    while (wire_next(&r)) {
        if (r.field == TRIE_KIND)
            kind = wire_number(&r, UINT16_MAX);
        else if (r.field == TRIE_CHUNK)
            wire_expect(&r, chunk_hash_from(wire_bytes(&r), &ref.chunk));
        else if (r.field == TRIE_ENTRIES)
            ref.entries = wire_number(&r, TRIE_ENTRIES_MAX);
        else if (r.field == TRIE_BYTES)
            ref.bytes = wire_number(&r, TRIE_BYTES_MAX);
    }
    bool is_empty = ref.entries == 0 || ref.bytes == 0 || chunk_hash_is_zero(&ref.chunk);
    wire_expect(outer, !r.is_bad && kind > *last_kind && !is_empty);
    *last_kind = kind;
    if (kind > 0 && kind < RELEASE_KIND_COUNT)
        root->tries[kind] = ref;
}

static void read_feature(struct arena *a, struct wire_reader *r, struct release_root *root)
{
    struct slice text = wire_item(r);
    wire_expect(r, text_is_id(text));
    if (r->is_bad)
        return;
    const char *feature = arena_str(a, text);
    size_t count = root->feature_count;
    wire_expect(r, count == 0 || strcmp(root->features[count - 1], feature) < 0);
    root->features[root->feature_count++] = feature;
}

enum err release_root_decode(struct arena *a, struct slice bytes, struct release_root *out,
                             struct errctx *ec)
{
    size_t feature_count = wire_count(bytes, ROOT_FEATURES);
    if (feature_count > RELEASE_FEATURES_MAX || wire_count(bytes, ROOT_TRIES) > RELEASE_TRIES_MAX)
        return err_set(ec, ERR_CORRUPT, "root: larger than any");
    struct release_root root = {.features = arena_array(a, feature_count, sizeof(const char *))};
    bool has_seed = false;
    uint64_t format = 0;
    uint64_t last_kind = 0;
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == ROOT_FORMAT)
            format = wire_number(&r, UINT32_MAX);
        else if (r.field == ROOT_HASH_KEY)
            has_seed = wire_fixed(&r, root.seed.bytes, sizeof(root.seed.bytes));
        else if (r.field == ROOT_FEATURES)
            read_feature(a, &r, &root);
        else if (r.field == ROOT_TRIES)
            read_trie(&r, &last_kind, &root);
    }
    wire_expect(&r, has_seed);
    enum err err = wire_finish(&r, "root", ec);
    if (err != ERR_OK)
        return err;
    if (format != RELEASE_FORMAT)
        return err_set(ec, ERR_UNSUPPORTED, "root: format %lu, this version reads %d",
                       (unsigned long)format, RELEASE_FORMAT);
    *out = root;
    return ERR_OK;
}

static bool is_served(const char *feature)
{
    for (size_t i = 0; i < release_feature_count; i++) {
        if (strcmp(release_features[i], feature) == 0)
            return true;
    }
    return false;
}

const char *release_root_missing_feature(const struct release_root *root)
{
    for (size_t i = 0; i < root->feature_count; i++) {
        if (!is_served(root->features[i]))
            return root->features[i];
    }
    return NULL;
}
