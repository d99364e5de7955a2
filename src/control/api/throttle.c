// SPDX-License-Identifier: Apache-2.0
// Token buckets: of accounts, asked by the workers for each call whose signature verified, and of
// client addresses whose calls were nobody's, asked on the loop.
#include "control/api/throttle.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"
#include "base/time.h"
#include "control/api/limits.h"

#include <pthread.h>
#include <stdlib.h>

/* Invariant: 0 <= left_ns <= NS_PER_S; a call costs NS_PER_S / rate of it. */
struct bucket {
    int64_t left_ns; /* of the second's worth */
    int64_t at_ns;   /* when left_ns was true */
};

struct throttle {
    pthread_mutex_t lock; /* guards all below */
    int64_t cost_ns;
    struct map buckets; /* account or client -> struct bucket */
};

struct throttle *throttle_new(uint32_t rate_per_s)
{
    CHECK(rate_per_s > 0);
    struct throttle *t = NEW(struct throttle);
    pthread_mutex_init(&t->lock, NULL);
    t->cost_ns = NS_PER_S / rate_per_s;
    map_init(&t->buckets);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (t == NULL)
        return;
    size_t cursor = 0;
    for (const struct map_entry *e; (e = map_next(&t->buckets, &cursor)) != NULL;)
        free(e->value);
    map_fini(&t->buckets);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* Makes room by forgetting whoever has been silent longest: its bucket is the fullest. */
static void forget_one(struct throttle *t)
{
    const struct map_entry *oldest = NULL;
    size_t cursor = 0;
    for (const struct map_entry *e; (e = map_next(&t->buckets, &cursor)) != NULL;) {
        const struct bucket *b = e->value;
        if (oldest == NULL || b->at_ns < ((const struct bucket *)oldest->value)->at_ns)
            oldest = e;
    }
    CHECK(oldest != NULL);
    free(map_remove(&t->buckets, oldest->key));
}

static struct bucket *bucket_of(struct throttle *t, struct slice who, int64_t now_ns)
{
    struct bucket *b = map_get(&t->buckets, who);
    if (b != NULL)
        return b;
    if (t->buckets.count >= API_ACCOUNTS_MAX)
        forget_one(t);
    b = NEW(struct bucket);
    *b = (struct bucket){.left_ns = NS_PER_S, .at_ns = now_ns};
    map_put(&t->buckets, who, b);
    return b;
}

/* Gives back what time has earned. */
static void refill(struct bucket *b, int64_t now_ns)
{
    int64_t passed_ns = now_ns > b->at_ns ? now_ns - b->at_ns : 0;
    b->left_ns = passed_ns >= NS_PER_S - b->left_ns ? NS_PER_S : b->left_ns + passed_ns;
    b->at_ns += passed_ns;
}

bool throttle_take(struct throttle *t, struct slice who, int64_t now_ns)
{
    pthread_mutex_lock(&t->lock);
    struct bucket *b = bucket_of(t, who, now_ns);
    refill(b, now_ns);
    bool is_taken = b->left_ns >= t->cost_ns;
    if (is_taken)
        b->left_ns -= t->cost_ns;
    pthread_mutex_unlock(&t->lock);
    return is_taken;
}

bool throttle_has(struct throttle *t, struct slice who, int64_t now_ns)
{
    pthread_mutex_lock(&t->lock);
    struct bucket *b = map_get(&t->buckets, who);
    if (b != NULL)
        refill(b, now_ns);
    bool has_one = b == NULL || b->left_ns >= t->cost_ns;
    pthread_mutex_unlock(&t->lock);
    return has_one;
}
