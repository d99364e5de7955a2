// SPDX-License-Identifier: Apache-2.0
// Response rate limiting. Runs on the UDP threads.
//
// A bucket is one number, the time at which it will be full again (the generic cell rate
// algorithm): each answer moves it by the time that one answer takes to come back, and what would
// move it more than the burst ahead of now is beyond the limit. So an idle bucket is as good as a
// free place.
#include "authority/rate_limit.h"

#include "authority/limits.h"
#include "base/alloc.h"
#include "base/random.h"
#include "base/time.h"

#include <stdlib.h>

struct rate_bucket {
    int64_t full_us;
    uint32_t tag;   /* of network and kind */
    uint32_t count; /* of answers beyond the limit */
};

/* One cache line. */
struct rate_row {
    struct rate_bucket buckets[RATE_LIMIT_WAYS];
};

struct rate_limit {
    int64_t answer_us; /* the time of one answer */
    int64_t burst_us;
    unsigned slip;
    uint64_t secret[2];
    struct rate_row *rows;
    void *memory;
};

static int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct rate_limit *rate_limit_new(const struct rate_limit_rules *rules)
{
    if (rules->answers_per_s == 0)
        return NULL;
    struct rate_limit *r = NEW(struct rate_limit);
    r->answer_us = max_i64(1, US_PER_S * rules->threads / rules->answers_per_s);
    r->burst_us = max_i64(US_PER_S, r->answer_us * RATE_LIMIT_BURST_LEAST);
    r->slip = rules->slip;
    random_bytes(r->secret, sizeof(r->secret));
    /* From the allocator in whole pages, of which untouched ones take no memory. */
    r->memory = mem_new(RATE_LIMIT_ROWS + 1, sizeof(struct rate_row));
    uintptr_t at = ((uintptr_t)r->memory + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES;
    r->rows = (struct rate_row *)(at * CACHE_LINE_BYTES);
    return r;
}

void rate_limit_free(struct rate_limit *r)
{
    if (r == NULL)
        return;
    free(r->memory);
    free(r);
}

/* The bits of the client's network, and its family. */
static uint64_t network_of(const struct view_address *source)
{
    uint64_t bits = 0;
    size_t bytes = source->len == 4 ? RATE_LIMIT_IPV4_BYTES : RATE_LIMIT_IPV6_BYTES;
    for (size_t i = 0; i < bytes; i++)
        bits = bits << 8 | source->bytes[i];
    return bits << 8 | source->len;
}

/* Both halves of the product; secrets keep anyone from choosing what collides. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static struct rate_bucket *find_bucket(struct rate_row *row, uint32_t tag, int64_t now_us)
{
    struct rate_bucket *oldest = &row->buckets[0];
    for (unsigned i = 0; i < RATE_LIMIT_WAYS; i++) {
        struct rate_bucket *b = &row->buckets[i];
        if (b->tag == tag)
            return b;
        if (b->full_us < oldest->full_us)
            oldest = b;
    }
    *oldest = (struct rate_bucket){.tag = tag, .full_us = now_us};
    return oldest;
}

static struct rate_row *row_of(const struct rate_limit *r, struct rate_key key)
{
    return &r->rows[key.hash % RATE_LIMIT_ROWS];
}

struct rate_key rate_limit_key(const struct rate_limit *r, const struct view_address *source,
                               uint64_t kind)
{
    uint64_t hash = fold(network_of(source) ^ r->secret[0], kind ^ r->secret[1]);
    struct rate_key key = {.hash = fold(hash ^ r->secret[1], r->secret[0] | 1)};
    __builtin_prefetch(row_of(r, key), 1);
    return key;
}

enum rate_verdict rate_limit_check(struct rate_limit *r, struct rate_key key, int64_t now_us)
{
    struct rate_bucket *b = find_bucket(row_of(r, key), (uint32_t)(key.hash >> 32) | 1, now_us);
    int64_t full_us = max_i64(b->full_us, now_us) + r->answer_us;
    if (full_us - now_us <= r->burst_us) {
        b->full_us = full_us;
        return RATE_PASS;
    }
    b->count++;
    return r->slip > 0 && b->count % r->slip == 0 ? RATE_SLIP : RATE_DROP;
}
