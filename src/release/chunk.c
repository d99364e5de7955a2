// SPDX-License-Identifier: Apache-2.0
// Names of chunks, and their form on the wire and on disk: one zstd frame with its plain size.
// Called by control, the agent and the roles' builder threads; any thread.
#include "release/chunk.h"

#include "base/alloc.h"
#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>

#define PACK_LEVEL 3 /* zstd's default: chunks are packed once and sent to every node */

/** The work space of zstd, a thread's own: to make one takes ten times as long as to unpack a chunk
 * of a dozen names. Lives as long as the thread. */
struct packer {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
};

static pthread_key_t packer_key;

static void packer_free(void *packer)
{
    struct packer *p = packer;
    (void)ZSTD_freeCCtx(p->pack);
    (void)ZSTD_freeDCtx(p->unpack);
    free(p);
}

static void packer_key_make(void)
{
    CHECK(pthread_key_create(&packer_key, packer_free) == 0);
}

/* The calling thread's. */
static struct packer *packer_get(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, packer_key_make) == 0);
    struct packer *p = pthread_getspecific(packer_key);
    if (p != NULL)
        return p;
    p = NEW(struct packer);
    p->pack = ZSTD_createCCtx();
    p->unpack = ZSTD_createDCtx();
    CHECK(p->pack != NULL && p->unpack != NULL);
    CHECK(pthread_setspecific(packer_key, p) == 0);
    return p;
}

bool chunk_hash_equal(const struct chunk_hash *a, const struct chunk_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool chunk_hash_is_zero(const struct chunk_hash *h)
{
    static const struct chunk_hash zero;
    return chunk_hash_equal(h, &zero);
}

bool chunk_hash_from(struct slice bytes, struct chunk_hash *out)
{
    if (bytes.len != sizeof(out->bytes))
        return false;
    memcpy(out->bytes, bytes.data, sizeof(out->bytes));
    return true;
}

struct chunk_hash chunk_hash_of(struct slice plain)
{
    struct chunk_hash hash;
    sha256(plain, hash.bytes);
    return hash;
}

struct slice chunk_pack(struct arena *a, struct slice plain)
{
    CHECK(plain.len <= CHUNK_MAX_BYTES);
    size_t bound = ZSTD_compressBound(plain.len);
    uint8_t *out = arena_alloc(a, bound);
    ZSTD_CCtx *pack = packer_get()->pack;
    size_t len = ZSTD_compressCCtx(pack, out, bound, plain.data, plain.len, PACK_LEVEL);
    CHECK(!ZSTD_isError(len));
    return slice_of(out, len);
}

enum err chunk_unpack(struct arena *a, struct slice packed, const struct chunk_hash *expected,
                      struct slice *out_plain, struct errctx *ec)
{
    /* An unknown or broken size is a huge number here. */
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.len);
    if (size > CHUNK_MAX_BYTES)
        return err_set(ec, ERR_CORRUPT, "chunk: no frame of at most %u bytes", CHUNK_MAX_BYTES);
    uint8_t *plain = arena_alloc(a, (size_t)size);
    ZSTD_DCtx *unpack = packer_get()->unpack;
    size_t len = ZSTD_decompressDCtx(unpack, plain, (size_t)size, packed.data, packed.len);
    if (ZSTD_isError(len) || len != size)
        return err_set(ec, ERR_CORRUPT, "chunk: %s",
                       ZSTD_isError(len) ? ZSTD_getErrorName(len) : "shorter than it says");
    struct chunk_hash hash = chunk_hash_of(slice_of(plain, len));
    if (!chunk_hash_equal(&hash, expected))
        return err_set(ec, ERR_CORRUPT, "chunk: its bytes have another hash");
    *out_plain = slice_of(plain, len);
    return ERR_OK;
}
