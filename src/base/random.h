// SPDX-License-Identifier: Apache-2.0
// Randomness: the kernel's for keys and identifiers, a small generator for choices that only
// need to be even and quick (rotation, jitter). Code that decides takes the generator as an
// argument, so that a test can fix its seed.
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/macros.h"

/** Fills `out` from getrandom(2); aborts where the kernel gives none. Any thread. */
void random_bytes(void *out, size_t size);

/** xoshiro256** state. Owner: one thread each. */
struct prng {
    uint64_t s[4];
};

/** Seeds from the kernel. */
void prng_init(struct prng *p);

/** Seeds from one number: the same number, the same sequence. */
void prng_init_fixed(struct prng *p, uint64_t seed);

/** The next 64 random bits. */
uint64_t prng_next(struct prng *p);

/** Even over 0..bound-1; bound > 0. */
uint32_t prng_below(struct prng *p, uint32_t bound);

#endif
