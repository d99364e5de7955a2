// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4. Called by the threads that answer DNS; no allocation.
#include "crypto/siphash.h"

#include <endian.h>
#include <string.h>

struct siphash {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline uint64_t get_u64(const uint8_t *from)
{
    uint64_t value_le;
    memcpy(&value_le, from, sizeof(value_le));
    return le64toh(value_le);
}

/* SipRound. */
static inline void mix(struct siphash *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void take(struct siphash *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s);
    mix(s);
    s->v0 ^= word;
}

void siphash_2_4(const uint8_t key[SIPHASH_KEY_BYTES], struct slice data,
                 uint8_t out[SIPHASH_BYTES])
{
    uint64_t k0 = get_u64(key);
    uint64_t k1 = get_u64(key + 8);
    struct siphash s = {.v0 = k0 ^ 0x736f6d6570736575U,
                        .v1 = k1 ^ 0x646f72616e646f6dU,
                        .v2 = k0 ^ 0x6c7967656e657261U,
                        .v3 = k1 ^ 0x7465646279746573U};
    size_t at = 0;
    for (; data.len - at >= 8; at += 8)
        take(&s, get_u64(data.data + at));
    uint64_t last = (uint64_t)(data.len & 0xff) << 56;
    for (unsigned i = 0; at + i < data.len; i++)
        last |= (uint64_t)data.data[at + i] << (8 * i);
    take(&s, last);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        mix(&s);
    uint64_t hash_le = htole64(s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
    memcpy(out, &hash_le, sizeof(hash_le));
}
