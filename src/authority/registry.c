// SPDX-License-Identifier: Apache-2.0
// Names to small numbers. Called by the builder thread when it loads record sets, and by those who
// bring health and addresses.
#include "authority/registry.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>

/** A name and its number; lives as long as the registry. */
struct registered {
    uint32_t number;
    uint32_t holds;
    struct slice name;
};

struct registry {
    pthread_mutex_t lock;
    struct arena arena;   /* of the names */
    struct map by_name;   /* struct registered */
    struct buf by_number; /* struct registered * */
};

struct registry *registry_new(void)
{
    struct registry *r = NEW(struct registry);
    int result = pthread_mutex_init(&r->lock, NULL);
    CHECK(result == 0);
    map_init(&r->by_name);
    return r;
}

void registry_free(struct registry *r)
{
    if (r == NULL)
        return;
    map_fini(&r->by_name);
    buf_fini(&r->by_number);
    arena_fini(&r->arena);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

static uint32_t count(const struct registry *r)
{
    return (uint32_t)(buf_len(&r->by_number) / sizeof(struct registered *));
}

static struct registered *at(const struct registry *r, uint32_t number)
{
    CHECK(number < count(r));
    struct registered *known;
    memcpy(&known, buf_slice(&r->by_number).data + number * sizeof(known), sizeof(known));
    return known;
}

uint32_t registry_number(struct registry *r, struct slice name)
{
    (void)pthread_mutex_lock(&r->lock);
    struct registered *known = map_get(&r->by_name, name);
    if (known == NULL) {
        known = ARENA_NEW(&r->arena, struct registered);
        *known = (struct registered){.number = count(r), .name = arena_copy(&r->arena, name)};
        map_put(&r->by_name, name, known);
        buf_append(&r->by_number, slice_of(&known, sizeof(known)));
    }
    uint32_t number = known->number;
    (void)pthread_mutex_unlock(&r->lock);
    return number;
}

uint32_t registry_count(struct registry *r)
{
    (void)pthread_mutex_lock(&r->lock);
    uint32_t result = count(r);
    (void)pthread_mutex_unlock(&r->lock);
    return result;
}

void registry_hold(struct registry *r, uint32_t number)
{
    (void)pthread_mutex_lock(&r->lock);
    at(r, number)->holds++;
    (void)pthread_mutex_unlock(&r->lock);
}

void registry_drop(struct registry *r, uint32_t number)
{
    (void)pthread_mutex_lock(&r->lock);
    struct registered *known = at(r, number);
    CHECK(known->holds > 0);
    known->holds--;
    (void)pthread_mutex_unlock(&r->lock);
}

void registry_held(struct registry *r, bool *out_is_held, uint32_t numbers)
{
    (void)pthread_mutex_lock(&r->lock);
    for (uint32_t i = 0; i < numbers; i++)
        out_is_held[i] = at(r, i)->holds > 0;
    (void)pthread_mutex_unlock(&r->lock);
}

struct slice registry_name(struct registry *r, struct arena *a, uint32_t number)
{
    (void)pthread_mutex_lock(&r->lock);
    struct slice name = arena_copy(a, at(r, number)->name);
    (void)pthread_mutex_unlock(&r->lock);
    return name;
}
