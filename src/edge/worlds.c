// SPDX-License-Identifier: Apache-2.0
// Serving one world after the other. Builder thread, but for what says otherwise.
//
//   loaded --edge_worlds_serve--> served --the next one--> retired --no thread holds it--> freed
//
// Invariants
//  1. A world is retired only after every serving thread was quiescent once since it was served no
//     more: nobody can take the first reference to a retired one.
//  2. All counts within worlds (tables, distributions) are written under the lock.
#include "edge/worlds.h"

#include "base/alloc.h"
#include "base/check.h"
#include "edge/limits.h"
#include "os/rcu.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct edge_worlds {
    struct edge_worlds_options options;
    _Atomic bool is_ending;
    _Atomic size_t retired_count;
    pthread_mutex_t lock;        /* guards what follows, and what worlds share */
    struct edge_world **retired; /* oldest first; retired_max + 1 of them at most while waiting */
    size_t capacity;
};

struct edge_worlds *edge_worlds_new(const struct edge_worlds_options *options)
{
    struct edge_worlds *s = NEW(struct edge_worlds);
    s->options = *options;
    if (s->options.retired_max == 0)
        s->options.retired_max = EDGE_RETIRED_MAX;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void edge_worlds_free(struct edge_worlds *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->retired_count; i++)
        edge_world_free(s->retired[i]);
    edge_world_free(*s->options.place);
    *s->options.place = NULL;
    free(s->retired);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

enum err edge_worlds_load(struct edge_worlds *s, const struct chunk_hash *root,
                          const struct chunk_source *source, struct edge_world **out,
                          struct errctx *ec)
{
    pthread_mutex_lock(&s->lock);
    /* The builder alone writes the place, so it may read it plainly. */
    enum err e = edge_world_load(root, source, *s->options.place, s->options.cache, out, ec);
    pthread_mutex_unlock(&s->lock);
    return e;
}

/** Under the lock. */
static void retire(struct edge_worlds *s, struct edge_world *w)
{
    if (s->retired_count == s->capacity) {
        s->capacity = max_size(EDGE_RETIRED_FIRST, 2 * s->capacity);
        s->retired = mem_resize(s->retired, s->capacity, sizeof(struct edge_world *));
    }
    s->retired[s->retired_count] = w;
    s->retired_count++;
}

/** Under the lock: frees what nobody holds, keeps the rest in order. */
static void free_unheld(struct edge_worlds *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->retired_count; i++) {
        if (edge_world_is_held(s->retired[i]))
            s->retired[kept++] = s->retired[i];
        else
            edge_world_free(s->retired[i]);
    }
    s->retired_count = kept;
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = EDGE_RETIRED_WAIT_NS}, NULL);
}

void edge_worlds_serve(struct edge_worlds *s, struct edge_world *w)
{
    struct edge_world *before = rcu_swap_ptr(s->options.place, w);
    rcu_wait_readers();
    pthread_mutex_lock(&s->lock);
    if (before != NULL)
        retire(s, before);
    free_unheld(s);
    while (s->retired_count > s->options.retired_max && !atomic_load(&s->is_ending)) {
        pause_briefly();
        free_unheld(s);
    }
    pthread_mutex_unlock(&s->lock);
}

void edge_worlds_give_up(struct edge_worlds *s)
{
    atomic_store(&s->is_ending, true);
}

void edge_worlds_sweep(struct edge_worlds *s)
{
    if (pthread_mutex_trylock(&s->lock) != 0)
        return;
    free_unheld(s);
    pthread_mutex_unlock(&s->lock);
}

size_t edge_worlds_retired(const struct edge_worlds *s)
{
    return s->retired_count;
}
