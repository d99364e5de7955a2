// SPDX-License-Identifier: Apache-2.0
// Everything of a release that comes over a wire or from a disk. The first byte chooses what the
// rest is taken for. Claims: what decodes encodes to bytes that decode to the same; protobuf-c
// reads what we accept, and packs what we encode to the same bytes; a trie has the shape that its
// content gives it, whatever the updates were.
#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"
#include "release/distribution.h"
#include "release/health_check.h"
#include "release/objects.h"
#include "release/release.pb-c.h"
#include "release/report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Our bytes, read and packed by protobuf-c, are our bytes. */
static void check_protobuf_c(const ProtobufCMessageDescriptor *type, struct slice encoded)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, encoded.len, encoded.data);
    CHECK(message != NULL);
    CHECK(protobuf_c_message_get_packed_size(message) == encoded.len);
    uint8_t *packed = mem_alloc(encoded.len + 1);
    CHECK(protobuf_c_message_pack(message, packed) == encoded.len);
    CHECK(slice_equal(slice_of(packed, encoded.len), encoded));
    free(packed);
    protobuf_c_message_free_unpacked(message, NULL);
}

/* protobuf-c reads what we accepted. */
static void check_accepted(const ProtobufCMessageDescriptor *type, struct slice bytes)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);
    CHECK(message != NULL);
    protobuf_c_message_free_unpacked(message, NULL);
}

/* One function per type: its bytes again where the input decodes, else an empty slice. */
static struct slice again_chunk(struct arena *a, struct slice bytes)
{
    struct trie_chunk chunk;
    bool is_good = trie_chunk_decode(a, bytes, &chunk, NULL) == ERR_OK;
    return is_good ? trie_chunk_encode(a, &chunk) : (struct slice){0};
}

static struct slice again_root(struct arena *a, struct slice bytes)
{
    struct release_root root;
    struct chunk_hash hash;
    bool is_good = release_root_decode(a, bytes, &root, NULL) == ERR_OK;
    return is_good ? release_root_encode(a, &root, &hash) : (struct slice){0};
}

static struct slice again_zone(struct arena *a, struct slice bytes)
{
    struct release_zone zone;
    bool is_good = release_zone_decode(a, bytes, &zone, NULL) == ERR_OK;
    return is_good ? release_zone_encode(a, &zone) : (struct slice){0};
}

static struct slice again_name(struct arena *a, struct slice bytes)
{
    struct release_name name;
    bool is_good = release_name_decode(a, bytes, &name, NULL) == ERR_OK;
    return is_good ? release_name_encode(a, &name) : (struct slice){0};
}

static struct slice again_node(struct arena *a, struct slice bytes)
{
    struct release_node node;
    bool is_good = release_node_decode(a, bytes, &node, NULL) == ERR_OK;
    return is_good ? release_node_encode(a, &node) : (struct slice){0};
}

static struct slice again_pointer(struct arena *a, struct slice bytes)
{
    struct release_pointer p;
    bool is_good = release_pointer_decode_unverified(a, bytes, &p, NULL) == ERR_OK;
    return is_good ? release_pointer_encode(a, &p) : (struct slice){0};
}

static struct slice again_report(struct arena *a, struct slice bytes)
{
    struct release_report report;
    bool is_good = release_report_decode(a, bytes, &report, NULL) == ERR_OK;
    return is_good ? release_report_encode(a, &report) : (struct slice){0};
}

static struct slice again_distribution(struct arena *a, struct slice bytes)
{
    struct release_distribution distribution;
    bool is_good = release_distribution_decode(a, bytes, &distribution, NULL) == ERR_OK;
    return is_good ? release_distribution_encode(a, &distribution) : (struct slice){0};
}

static struct slice again_pop(struct arena *a, struct slice bytes)
{
    struct release_pop pop;
    bool is_good = release_pop_decode(a, bytes, &pop, NULL) == ERR_OK;
    return is_good ? release_pop_encode(a, &pop) : (struct slice){0};
}

static struct slice again_health_check(struct arena *a, struct slice bytes)
{
    struct release_health_check check;
    bool is_good = release_health_check_decode(a, bytes, &check, NULL) == ERR_OK;
    return is_good ? release_health_check_encode(a, &check) : (struct slice){0};
}

static struct slice again_checker(struct arena *a, struct slice bytes)
{
    struct release_checker checker;
    bool is_good = release_checker_decode(a, bytes, &checker, NULL) == ERR_OK;
    return is_good ? release_checker_encode(a, &checker) : (struct slice){0};
}

static const struct {
    struct slice (*again)(struct arena *a, struct slice bytes);
    const ProtobufCMessageDescriptor *type;
} codecs[] = {
    {again_chunk, &weir__release__chunk__descriptor},
    {again_root, &weir__release__root__descriptor},
    {again_zone, &weir__release__zone__descriptor},
    {again_name, &weir__release__name__descriptor},
    {again_node, &weir__release__node__descriptor},
    {again_pointer, &weir__release__pointer__descriptor},
    {again_report, &weir__release__report__descriptor},
    {again_distribution, &weir__release__distribution__descriptor},
    {again_pop, &weir__release__pop__descriptor},
    {again_health_check, &weir__release__health_check__descriptor},
    {again_checker, &weir__release__checker__descriptor},
};

static void check_codec(size_t index, struct slice bytes)
{
    AUTO_ARENA struct arena a = {0};
    struct slice once = codecs[index].again(&a, bytes);
    if (once.len == 0)
        return;
    check_accepted(codecs[index].type, bytes);
    check_protobuf_c(codecs[index].type, once);
    struct slice twice = codecs[index].again(&a, once);
    CHECK(slice_equal(once, twice));
}

/* Neither a packed chunk nor a signed pointer may be made up. */
static void check_sealed(struct slice bytes)
{
    AUTO_ARENA struct arena a = {0};
    struct slice plain;
    static const struct chunk_hash no_hash;
    CHECK(chunk_unpack(&a, bytes, &no_hash, &plain, NULL) == ERR_CORRUPT);
    struct release_pointer p;
    CHECK(release_pointer_verify(&a, bytes, SLICE_LIT("no root"), 0, &p, NULL) != ERR_OK);
}

static enum err store_get(void *user, struct arena *a, const struct chunk_hash *hash,
                          struct slice *out_bytes, struct errctx *ec)
{
    (void)a;
    const struct slice *bytes = map_get(user, slice_of(hash->bytes, SHA256_BYTES));
    if (bytes == NULL)
        return err_set(ec, ERR_NOT_FOUND, "no such chunk");
    *out_bytes = *bytes;
    return ERR_OK;
}

static enum err store_put(void *user, const struct chunk_hash *hash, struct slice bytes,
                          struct errctx *ec)
{
    (void)ec;
    struct slice *copy = mem_alloc(sizeof(*copy) + bytes.len);
    memcpy(copy + 1, bytes.data, bytes.len);
    *copy = slice_of(copy + 1, bytes.len);
    void *before = map_put(user, slice_of(hash->bytes, SHA256_BYTES), copy);
    CHECK(before == NULL || slice_equal(*(struct slice *)before, *copy));
    free(before);
    return ERR_OK;
}

static void store_fini(struct map *store)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(store, &cursor)) != NULL)
        free(entry->value);
    map_fini(store);
}

enum { OBJECTS = 64, BATCH = 8 };

/* Object i's key: few keys that share prefixes of many lengths, some of them equal. */
static struct trie_key object_key(unsigned i)
{
    struct trie_key key = {0};
    key.bytes[0] = (uint8_t)((i & 3) << 6);
    key.bytes[(i >> 2 & 3) * 5] |= (uint8_t)(i >> 4 & 3);
    return key;
}

static struct trie_change object_change(const uint8_t *id, unsigned i, unsigned value)
{
    static const uint8_t zeros[9000];
    static const size_t sizes[] = {0, 1, 100, 1000, 4000, 8192, 8193};
    struct trie_change change = {.key = object_key(i), .id = slice_of(id, 1)};
    if (value > 0)
        change.value = slice_of(zeros, sizes[(value - 1) % 7] + (value > 128 ? 1 : 0));
    return change;
}

static struct trie_ref apply(struct map *store, const struct trie_ref *before,
                             struct trie_change *changes, size_t count)
{
    struct chunk_source source = {store_get, store};
    struct chunk_sink sink = {store_put, store};
    struct trie_io io = {&source, &sink};
    struct trie_ref after = {0};
    enum err err = trie_update(before, changes, count, &io, &after, NULL);
    CHECK(err == ERR_OK);
    return after;
}

/* Bytes are pairs: an object, and its new value (0: none). */
static void check_trie(struct slice bytes)
{
    static uint8_t ids[OBJECTS];
    uint8_t values[OBJECTS] = {0};
    struct map store;
    map_init(&store);
    struct trie_ref trie = {0};
    for (size_t at = 0; at + 1 < bytes.len;) {
        struct trie_change changes[BATCH];
        uint64_t seen = 0;
        size_t count = 0;
        for (; at + 1 < bytes.len && count < BATCH; at += 2) {
            unsigned i = bytes.data[at] % OBJECTS;
            if ((seen >> i & 1) != 0)
                break;
            seen |= 1ull << i;
            ids[i] = (uint8_t)(i + 1);
            values[i] = bytes.data[at + 1];
            changes[count++] = object_change(&ids[i], i, values[i]);
        }
        trie = apply(&store, &trie, changes, count);
    }
    struct trie_change all[OBJECTS];
    size_t count = 0;
    for (unsigned i = 0; i < OBJECTS; i++) {
        ids[i] = (uint8_t)(i + 1);
        if (values[i] > 0)
            all[count++] = object_change(&ids[i], i, values[i]);
    }
    struct trie_ref scratch = apply(&store, &(struct trie_ref){0}, all, count);
    CHECK(chunk_hash_equal(&scratch.chunk, &trie.chunk));
    CHECK(scratch.entries == trie.entries && scratch.bytes == trie.bytes);
    store_fini(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice rest = slice_of(data + 1, size - 1);
    size_t choice = data[0] % (ARRAY_LEN(codecs) + 2);
    if (choice < ARRAY_LEN(codecs))
        check_codec(choice, rest);
    else if (choice == ARRAY_LEN(codecs))
        check_sealed(rest);
    else
        check_trie(rest);
    return 0;
}
