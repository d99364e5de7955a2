// SPDX-License-Identifier: Apache-2.0
// getrandom(2) for secrets and identifiers, xoshiro256** for even choices. random_bytes on any
// thread, a generator on its owner's.
#include "base/random.h"

#include "base/check.h"

#include <errno.h>
#include <sys/random.h>

void random_bytes(void *out, size_t size)
{
    uint8_t *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        CHECK_MSG(got > 0, "the kernel gives no random bytes (errno %d)", errno);
        at += got;
        size -= (size_t)got;
    }
}

void prng_init(struct prng *p)
{
    random_bytes(p->s, sizeof(p->s));
    p->s[0] |= 1; /* the state must not be all zero */
}

/* splitmix64, which the authors of xoshiro recommend for seeding. */
static uint64_t splitmix_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void prng_init_fixed(struct prng *p, uint64_t seed)
{
    for (size_t i = 0; i < ARRAY_LEN(p->s); i++)
        p->s[i] = splitmix_next(&seed);
}

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

/* Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018. */
uint64_t prng_next(struct prng *p)
{
    uint64_t *s = p->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/*
 * Lemire, "Fast random integer generation in an interval", 2019: the high half of a product is the
 * choice; the few low halves that would favour some choices are drawn anew, each with a chance
 * below bound / 2^32, so the loop ends.
 */
uint32_t prng_below(struct prng *p, uint32_t bound)
{
    CHECK(bound > 0);
    uint32_t uneven = -bound % bound;
    uint64_t product = 0;
    do {
        product = (prng_next(p) >> 32) * bound;
    } while ((uint32_t)product < uneven);
    return (uint32_t)(product >> 32);
}
