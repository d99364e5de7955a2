// SPDX-License-Identifier: Apache-2.0
// A cache with one serving thread, which is the test's own, and what its viewers and leaders do, in
// few words. The test's thread is a registered RCU reader, online but in site_turn.
#ifndef TEST_CACHE_SITE_H
#define TEST_CACHE_SITE_H

#include "base/arena.h"
#include "cache/cache.h"

struct site {
    struct cache *cache;
    struct loop *loop;
    struct cache_thread *thread;
    struct cache_scope *scope; /* of distribution "D1" */
    struct arena *arena;       /* for requests and heads; the test's own, unless set otherwise */
};

/** Fails where anything is left at the end: objects, bytes. */
void site_init(struct site *s, const struct cache_options *options);
void site_fini(struct site *s);

/** A serving thread's loop and part of the cache, on the calling thread. */
void site_join(struct site *s, struct cache *cache);
void site_leave(struct site *s);

/** One turn of the loop: mail arrives; the thread was offline once. */
void site_turn(struct site *s);
/** Turns until the claim holds; fails after 20 s. */
void site_until(struct site *s, bool (*claim)(void *arg), void *arg);
/** Turns until the cache holds at most so many bytes. */
void site_until_bytes(struct site *s, size_t bytes);

/** GET of a uri, with a field "name: value" (or NULL), in the site's arena. */
struct cache_request site_get(const struct site *s, const char *uri, const char *field);

/** A head with status 200, fresh for a minute; `vary` and values by the request. */
struct cache_head site_head(const struct site *s, const struct cache_request *request,
                            const char *vary);
/** The same with a length and a strong ETag. */
struct cache_head site_head_of(const struct site *s, const struct cache_request *request,
                               uint64_t length_bytes);

/** Leads a fetch for the request; fails where one is under way. */
struct cache_fetch *site_lead(const struct site *s, const struct cache_request *request);

/** Stores an answer with the text as its body, as a leader without viewers would. */
void site_store(const struct site *s, const struct cache_request *request,
                const struct cache_head *head, const char *body);
/** The text that is found whole for the request: NULL where nothing is, "" for a marker. */
const char *site_find(const struct site *s, const struct cache_request *request);

/** A waiter that notes what it is told. */
struct waiting {
    struct cache_waiter waiter;
    unsigned outcomes;
    struct cache_outcome_info info; /* its object with a reference */
};
void waiting_init(struct waiting *w);
/** Joins; fails where it leads. */
void waiting_join(struct waiting *w, const struct site *s, const struct cache_request *request);
void waiting_fini(struct waiting *w);

/** A viewer that checks each byte that it gets. */
struct viewer {
    struct cache_reader reader;
    struct cache_object *object; /* with a reference */
    enum cache_read last;        /* what next said last */
    unsigned wakes;              /* calls of on_ready */
};
/** Begins to read; fails where the front is gone. */
void viewer_init(struct viewer *v, const struct site *s, struct cache_object *o);
/** Reads up to so many bytes, until next says something else than DATA. Returns the bytes. */
size_t viewer_read(struct viewer *v, size_t bytes);
void viewer_fini(struct viewer *v);

/** A leader that fills a body with test bytes as fast as it may. */
struct leader {
    struct cache_fill *fill;
    struct cache_object *object; /* with a reference */
    uint64_t sent;
    bool may_send;
    unsigned rooms; /* calls of on_room */
    bool is_abandoned;
};
/** Publishes; fails where that is refused. */
void leader_init(struct leader *l, const struct site *s, const struct cache_request *request,
                 const struct cache_head *head);
/** The same for a fetch that it leads already. */
void leader_publish(struct leader *l, struct cache_fetch *f, const struct cache_request *request,
                    const struct cache_head *head);
/** Appends up to so many bytes in pieces of 16 KiB, while it may. */
void leader_send(struct leader *l, uint64_t bytes);
/** Ends the fill, where it was not ended, and lets the object go. */
void leader_fini(struct leader *l, bool is_whole);

/** Bytes [from, from + size) of every test body, up to 65,521 of them; constant. Any thread. */
struct slice site_bytes(uint64_t from, size_t size);

#endif
