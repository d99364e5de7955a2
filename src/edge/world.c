// SPDX-License-Identifier: Apache-2.0
// Loading, sharing and freeing of worlds on the builder thread or in a trial; look-ups on serving
// threads.
#include "edge/world.h"

#include "base/alloc.h"
#include "base/check.h"
#include "edge/distribution_priv.h"
#include "edge/distribution_table.h"
#include "edge/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

/** Written by one thread; as far from the next one as a cache line is long. */
struct thread_refs {
    _Atomic uint64_t count;
    uint8_t gap[CACHE_LINE_BYTES - sizeof(uint64_t)];
};

struct edge_world {
    struct trie_seed seed;
    struct trie_ref distributions;
    struct edge_table by_id;
    struct edge_table by_host; /* "www.example.com"; a wildcard as ".example.com" */
    struct thread_refs refs[EDGE_THREADS_MAX];
};

/* ---- names */

static struct edge_table_key key_of(const struct edge_world *w, struct slice text)
{
    return (struct edge_table_key){.hash = trie_hash(&w->seed, text), .text = text};
}

/** A name of a distribution as the table has it: a wildcard without its star. */
static struct edge_table_key host_key(const struct edge_world *w, const char *name)
{
    bool is_wildcard = name[0] == '*' && name[1] == '.';
    return key_of(w, slice_str(is_wildcard ? name + 1 : name));
}

static void add(struct edge_world *w, struct edge_distribution *d)
{
    struct edge_table_key id = key_of(w, slice_str(d->config.id));
    struct edge_table_key host = host_key(w, d->config.domain_name);
    edge_table_add(&w->by_id, &id, d);
    edge_table_add(&w->by_host, &host, d);
    for (size_t i = 0; i < d->config.alias_count; i++) {
        host = host_key(w, d->config.aliases[i]);
        edge_table_add(&w->by_host, &host, d);
    }
}

static void take_out(struct edge_world *w, struct slice id_text)
{
    struct edge_table_key id = key_of(w, id_text);
    struct edge_distribution *d = edge_table_find(&w->by_id, &id);
    if (d == NULL)
        return;
    struct edge_table_key host = host_key(w, d->config.domain_name);
    edge_table_remove(&w->by_host, &host, d);
    for (size_t i = 0; i < d->config.alias_count; i++) {
        host = host_key(w, d->config.aliases[i]);
        edge_table_remove(&w->by_host, &host, d);
    }
    id.text = slice_str(d->config.id);
    edge_table_remove(&w->by_id, &id, d);
}

/* ---- loading */

/** A world being made. */
struct world_load {
    struct edge_world *world;
    const struct chunk_source *source;
    struct cache *cache;
    size_t left; /* distributions that may still be loaded */
};

static enum err load_distribution(struct world_load *load, const struct trie_entry *entry,
                                  struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct slice bytes;
    struct edge_distribution *d;
    enum err e = trie_entry_value(&scratch, entry, load->source, &bytes, ec);
    if (e == ERR_OK)
        e = edge_distribution_new(bytes, load->cache, &d, ec);
    if (e != ERR_OK)
        return e;
    if (slice_equal(slice_str(d->config.id), entry->id))
        add(load->world, d);
    else
        e = err_set(ec, ERR_CORRUPT, "distribution %s under another id", d->config.id);
    edge_distribution_unref(d); /* the tables hold it now */
    return e;
}

static enum err entry_differs(void *user, const struct trie_entry *before,
                              const struct trie_entry *after, struct errctx *ec)
{
    struct world_load *load = user;
    if (before != NULL)
        take_out(load->world, before->id);
    if (after == NULL || load->left == 0)
        return ERR_OK;
    load->left--;
    return load_distribution(load, after, ec);
}

/** Adds to the world what `after` holds otherwise than `before`. */
static enum err load_difference(struct world_load *load, const struct trie_ref *before,
                                const struct trie_ref *after, struct errctx *ec)
{
    const struct trie_diff_visitor visitor = {.on_entry = entry_differs, .user = load};
    enum err e = trie_diff(before, after, load->source, &visitor, ec);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "distributions");
}

static enum err read_root(struct arena *a, const struct chunk_hash *hash,
                          const struct chunk_source *source, struct release_root *out,
                          struct errctx *ec)
{
    struct slice bytes;
    struct release_root root;
    enum err e = source->get(source->user, a, hash, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(a, bytes, &root, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "root");
    const char *missing = release_root_missing_feature(&root);
    if (missing != NULL)
        return err_set(ec, ERR_UNSUPPORTED, "root needs feature '%s'", missing);
    *out = root;
    return ERR_OK;
}

/* ---- worlds */

/** An empty world, or one that shares all that `before` holds under the same keys. */
static struct edge_world *world_new(const struct release_root *root,
                                    const struct edge_world *before)
{
    struct edge_world *w = NEW(struct edge_world);
    w->seed = root->seed;
    if (before != NULL && memcmp(&before->seed, &root->seed, sizeof(root->seed)) == 0) {
        w->distributions = before->distributions;
        edge_table_share(&w->by_id, &before->by_id);
        edge_table_share(&w->by_host, &before->by_host);
    }
    return w;
}

enum err edge_world_load(const struct chunk_hash *root_hash, const struct chunk_source *source,
                         const struct edge_world *before, struct cache *cache,
                         struct edge_world **out, struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct release_root root;
    enum err e = read_root(&scratch, root_hash, source, &root, ec);
    if (e != ERR_OK)
        return e;
    struct edge_world *w = world_new(&root, before);
    struct world_load load = {.world = w, .source = source, .cache = cache, .left = SIZE_MAX};
    e = load_difference(&load, &w->distributions, &root.tries[RELEASE_DISTRIBUTION], ec);
    w->distributions = root.tries[RELEASE_DISTRIBUTION];
    if (e != ERR_OK) {
        edge_world_free(w);
        return e;
    }
    *out = w;
    return ERR_OK;
}

enum err edge_world_load_changed(const struct chunk_hash *root_hash, const struct chunk_hash *other,
                                 const struct chunk_source *source, size_t limit,
                                 struct edge_world **out, struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct release_root root;
    struct release_root other_root = {0};
    enum err e = read_root(&scratch, root_hash, source, &root, ec);
    if (e == ERR_OK && other != NULL)
        e = read_root(&scratch, other, source, &other_root, ec);
    if (e != ERR_OK)
        return e;
    struct edge_world *w = world_new(&root, NULL);
    struct world_load load = {.world = w, .source = source, .left = limit};
    e = load_difference(&load, &other_root.tries[RELEASE_DISTRIBUTION],
                        &root.tries[RELEASE_DISTRIBUTION], ec);
    if (e != ERR_OK) {
        edge_world_free(w);
        return e;
    }
    *out = w;
    return ERR_OK;
}

void edge_world_free(struct edge_world *w)
{
    if (w == NULL)
        return;
    CHECK(!edge_world_is_held(w));
    edge_table_fini(&w->by_host);
    edge_table_fini(&w->by_id);
    free(w);
}

uint64_t edge_world_count(const struct edge_world *w)
{
    return w->distributions.entries;
}

const struct edge_distribution *edge_world_next(const struct edge_world *w,
                                                struct edge_world_cursor *cursor)
{
    struct edge_table_cursor at = {.bucket = cursor->place[0], .entry = cursor->place[1]};
    const struct edge_distribution *d = edge_table_next(&w->by_id, &at);
    cursor->place[0] = at.bucket;
    cursor->place[1] = at.entry;
    return d;
}

/* ---- look-ups, on serving threads */

static const struct edge_distribution *find_text(const struct edge_world *w, struct slice text)
{
    struct edge_table_key key = key_of(w, text);
    return edge_table_find(&w->by_host, &key);
}

const struct edge_distribution *edge_world_find(const struct edge_world *w, struct slice host)
{
    if (host.len == 0 || host.len > EDGE_HOST_MAX_BYTES || host.data[0] == '.')
        return NULL; /* a suffix alone is no host */
    const struct edge_distribution *d = find_text(w, host);
    size_t dot = slice_find(host, '.');
    while (d == NULL && dot < host.len) {
        host = slice_sub(host, dot, host.len);
        d = find_text(w, host);
        dot = 1 + slice_find(slice_sub(host, 1, host.len), '.');
    }
    return d;
}

/* ---- who holds it */

void edge_world_ref(struct edge_world *w, unsigned thread_index)
{
    CHECK(thread_index < EDGE_THREADS_MAX);
    _Atomic uint64_t *count = &w->refs[thread_index].count;
    uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, before + 1, memory_order_relaxed);
}

void edge_world_unref(struct edge_world *w, unsigned thread_index)
{
    CHECK(thread_index < EDGE_THREADS_MAX);
    _Atomic uint64_t *count = &w->refs[thread_index].count;
    uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
    CHECK(before > 0);
    /* What was read in the world is read before the builder sees that it is held no more. */
    atomic_store_explicit(count, before - 1, memory_order_release);
}

bool edge_world_is_held(const struct edge_world *w)
{
    for (size_t i = 0; i < EDGE_THREADS_MAX; i++) {
        if (atomic_load_explicit(&w->refs[i].count, memory_order_acquire) > 0)
            return true;
    }
    return false;
}
