// SPDX-License-Identifier: Apache-2.0
// The cache of one node in memory, shared by its serving threads.
//
//   key --index (RCU)--> object: head, verdict, stamp, body --> slices, filled front to back
//        \--> fetch: the one request to the origin that is under way for the key, and who waits
//
// Invariants
//  1. A look-up takes no lock and writes at most one bit that was not set (the visited bit of
//     eviction); a new invalidation makes it write the object's `checked` number once.
//  2. Memory (slices, heads, index; pinned and retired ones too) stays within options.memory_bytes.
//  3. A fetch belongs to the thread that leads it; bytes below a body's filled length never change.
//  4. No request joins a fetch, and none is served an object, that an invalidation has outdated.
//  5. A body that did not end well is in no index.
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "base/list.h"
#include "cache/judge.h"
#include "cache/key.h"
#include "os/loop.h"

struct cache;

struct cache_options {
    size_t memory_bytes;    /* hard limit; 1 MiB at least */
    size_t slice_bytes;     /* 0: 1 MiB; never more than 1/64 of the memory, or 16 KiB */
    int64_t marker_ns;      /* 0: 10 s; life of a hit-for-miss marker */
    int64_t fill_stall_ns;  /* 0: 30 s; a viewer that holds up a fill without progress is cut */
    size_t ahead_bytes;     /* 0: 4 MiB; how far a fill reads beyond its fastest viewer; never more
                               than 1/8 of the memory */
    unsigned variant_limit; /* 0: 64 for one key */
};

struct cache *cache_new(const struct cache_options *options) MUST_USE;
/**
 * When every thread's part is freed and every scope and object that callers counted is given back,
 * after the loops of those threads are freed. Not on a thread that is online. NULL is fine.
 */
void cache_free(struct cache *c);

/** Bytes in use and the limit; any thread. */
size_t cache_memory_bytes(const struct cache *c);
size_t cache_memory_limit_bytes(const struct cache *c);

/** Brings this room's metrics up to date, in the calling thread's slot: one thread of the role,
 * about once a second, and always the same one. */
void cache_note_metrics(struct cache *c);

/**
 * A serving thread's part: its loop hears of fetches that it waits for. Made and freed on that
 * thread, which is registered with os/rcu.h and online whenever its loop calls back and whenever it
 * calls a function below, until it let go of what it borrowed. It goes offline while its loop waits
 * (loop_set_wait_hooks): evicted memory comes back when every thread was offline or quiescent once.
 */
struct cache_thread;
struct cache_thread *cache_thread_new(struct cache *c, struct loop *loop) MUST_USE;
/**
 * When the thread has no waiter, fetch, fill or reader any more; not from a callback of the cache.
 * Its loop runs no turn between the freeing of the last thread's part and cache_free.
 */
void cache_thread_free(struct cache_thread *t);

/* ---- invalidation */

/** What the cache keeps of one distribution over all releases: its invalidations. Counted. */
struct cache_scope;
/** The scope of a distribution, made where it is new. Any thread; takes a lock. */
struct cache_scope *cache_scope_get(struct cache *c, const char *distribution_id) MUST_USE;
/**
 * The scope where there is one, counted for the caller. NULL: nothing of the distribution is in the
 * cache nor being fetched, and what is fetched later is newer than this call: objects and fetches
 * keep their scope. Any thread; takes a lock.
 */
struct cache_scope *cache_scope_find(struct cache *c, const char *distribution_id) MUST_USE;
void cache_scope_unref(struct cache_scope *s);
/**
 * The scope where there is one, counted for the caller. NULL: nothing of the distribution is in the
 * cache nor being fetched, and what is fetched later is newer than this call: objects and fetches
 * keep their scope. Any thread; takes a lock.
 */
struct cache_scope *cache_scope_find(struct cache *c, const char *distribution_id) MUST_USE;

/**
 * Paths are no longer valid: exact ones, or with '*' at the end every uri that begins like it
 * ("/x*" also "/x?q"; "/x" only the entry without a query). `number`: of the feed, rising. Takes
 * effect when it returns: no request that begins later is served an older answer. One writer at a
 * time (takes a lock). Past 65,536 entries, older ones count as "*". Several calls may have one
 * number: the parts of a long invalidation.
 */
void cache_scope_invalidate(struct cache_scope *s, uint64_t number, const struct slice *paths,
                            size_t count);
/**
 * "*" for every distribution: the feed's history was lost. From here on the feed's number is
 * `number`, which may be lower than before. As cache_scope_invalidate otherwise.
 */
void cache_invalidate_all(struct cache *c, uint64_t number);
/** The uri alone was changed by an unsafe method that succeeded. Any thread; takes a lock where the
 *  cache may hold something of the uri, else costs nothing. */
void cache_scope_touch(struct cache_scope *s, struct slice uri);
/** The newest number of the feed that was applied. */
uint64_t cache_scope_number(const struct cache_scope *s);

/* ---- objects */

/** A stored answer. Counted; fixed but for the progress of its body. */
struct cache_object;

/** What is fixed when an object is made; kept by it (copied). */
struct cache_head {
    uint16_t status;
    struct http_fields fields; /* as cache_stored_fields gives them */
    struct cache_verdict verdict;
    int64_t response_ns;      /* monotonic time at which the head came */
    bool has_length;          /* the body's length is known */
    uint64_t length_bytes;    /* of the body */
    bool is_head_only;        /* answer to HEAD: has no body, answers only HEAD */
    struct slice vary_values; /* opaque: made by cache_vary_values from the request as sent */
};
const struct cache_head *cache_object_head(const struct cache_object *o);
void cache_object_ref(struct cache_object *o);
void cache_object_unref(struct cache_object *o);

/** Age now, seconds: initial age and time since. Past lifetime_s it is stale. */
uint32_t cache_object_age_s(const struct cache_object *o, int64_t now_ns);
/** The body where it is whole and in one piece; else an empty slice with data NULL. Valid while the
 *  object is held (a reference, or online since the look-up). No body at all: empty, data not NULL.
 */
struct slice cache_object_whole(const struct cache_object *o);
/** Whether the body's length is known: from the head, or since its fill ended well. */
bool cache_object_length(const struct cache_object *o, uint64_t *out_bytes);
/** The origin is left alone until then, although the object is stale (after an error). */
void cache_object_hold(struct cache_object *o, int64_t until_ns);
int64_t cache_object_held_until_ns(const struct cache_object *o);

/** The values of the fields that `vary` names, canonical; in `a`. */
struct slice cache_vary_values(struct arena *a, struct slice vary, const struct http_fields *sent);

enum cache_found {
    CACHE_MISS,        /* nothing: lead or join a fetch */
    CACHE_OBJECT,      /* *out: fresh or stale is for the caller to say; it may still be filling */
    CACHE_UNSHAREABLE, /* a marker: go to the origin without waiting for anybody */
};

struct cache_request {
    const struct cache_key *key;
    struct cache_scope *scope;
    const struct http_fields *sent; /* fields as they would go to the origin: for Vary. Kept while
                                       a waiter waits. NULL for cache_find alone: not made yet, what
                                       varies is not found */
    bool is_head;
    int64_t now_ns;
    struct cache_object *stale; /* for a join: what was found and must be revalidated; NULL: none.
                                   cache_find does not look at it */
};

/** Finds the object of the key and variant that no invalidation has outdated. *out is borrowed
 *  until the thread goes offline: take a reference to keep it longer. */
enum cache_found cache_find(struct cache_thread *t, const struct cache_request *request,
                            struct cache_object **out);

/* ---- fetches: collapse */

/** One request to the origin on behalf of all who want the key. Counted by the cache. */
struct cache_fetch;

enum cache_outcome {
    CACHE_FETCH_OBJECT,   /* an object is there (its body may be filling): `object` */
    CACHE_FETCH_RELEASED, /* not shareable, of another variant, or to be validated before each use:
                             ask by yourself, without waiting */
    CACHE_FETCH_FAILED,   /* the leader's failure: `status` and `reason` */
};

struct cache_outcome_info {
    enum cache_outcome outcome;
    struct cache_object *object; /* borrowed until return */
    bool is_other_variant;       /* RELEASED, because the object is of another variant: a second
                                    cache_find and cache_fetch_join collapse with one's own kind */
    unsigned status;             /* of a failure: 502, 503, 504 */
    int reason;                  /* the leader's own code for it */
};

/** A message to a thread's loop; the cache's. */
struct cache_mail {
    struct list node;
    void (*run)(struct cache_mail *m);
    bool is_queued;
};

/** Somebody who waits for a fetch; embedded, zeroed before use. */
struct cache_waiter {
    void (*on_outcome)(struct cache_waiter *w, const struct cache_outcome_info *info);
    void *user;
    /* the cache's */
    struct cache_thread *thread; /* NULL: waits for nothing */
    struct cache_shard *shard;   /* its lock guards the members below until they are mailed */
    struct list node;            /* of the fetch's waiters */
    struct cache_mail mail;
    const struct http_fields *sent;
    uint64_t joined_generation; /* of the scope */
    struct cache_outcome_info info;
    bool is_claim; /* the object's front is held until on_outcome returned */
};

/**
 * True: a fetch for the key is under way and the waiter joined it, or one ended since the look-up;
 * on_outcome comes once, on this thread, never before return. A viewer who is given an object that
 * is filling begins to read (cache_reader_init) before on_outcome returns: until then its front is
 * held. False: *out_fetch is the caller's to lead; every led fetch ends with cache_fetch_publish,
 * _refresh, _release or _fail, on this thread. A fetch that an invalidation has outdated is not
 * joined, nor one of another variant, as far as variants are known; nor one for HEAD by a GET.
 * Whoever only wants to know that somebody asks (stale-while-revalidate) joins and cancels.
 */
bool cache_fetch_join(struct cache_thread *t, const struct cache_request *request,
                      struct cache_waiter *w, struct cache_fetch **out_fetch);
/** Waits no longer: no on_outcome. Fine for one that does not wait (any more). */
void cache_waiter_cancel(struct cache_waiter *w);

/** The feed's number that the fetch was stamped with when it began. */
uint64_t cache_fetch_stamp(const struct cache_fetch *f);

/** A body that the leader fills; the leader's thread. */
struct cache_fill;

/**
 * The answer is storable: makes the object, puts it in the index (unless an invalidation came
 * meanwhile: then it serves those who wait and nobody else) in place of what the request would have
 * found, wakes the waiters whose variant it is and releases the others; all where the answer was
 * never fresh (cache_verdict_was_fresh). Ends the fetch.
 * *out_object: borrowed as cache_find's. *out_fill: to be filled, ends with cache_fill_end; NULL
 * where there is no body (HEAD, or a length of 0). The leader's own viewer begins to read before
 * the first append.
 * False: no memory can be had; nothing happened: release it, without a mark, since memory may be
 * there again in a moment.
 */
bool cache_fetch_publish(struct cache_fetch *f, const struct cache_request *request,
                         const struct cache_head *head, struct cache_object **out_object,
                         struct cache_fill **out_fill);
/**
 * A 304: a new object with this head over the body of `stale`. As publish, without a fill. False
 * also where the body of `stale` was cut meanwhile: ask again without conditions.
 */
bool cache_fetch_refresh(struct cache_fetch *f, const struct cache_request *request,
                         struct cache_object *stale, const struct cache_head *head,
                         struct cache_object **out_object);
/** Not shareable: waiters go by themselves; `marks`: so does whoever comes in the next seconds, and
 *  what was stored of this variant is gone. */
void cache_fetch_release(struct cache_fetch *f, bool marks);
/** The origin failed: waiters share it. */
void cache_fetch_fail(struct cache_fetch *f, unsigned status, int reason);

/** Bytes of one append, and of all that come after an append said to wait. */
#define CACHE_APPEND_MAX_BYTES ((size_t)32 * 1024)

/** What a fill's leader hears; on its thread, from the loop, never from within a call. */
struct cache_fill_handler {
    void (*on_room)(void *user);      /* once after an append that said to wait */
    void (*on_abandoned)(void *user); /* nobody reads it and it cannot be kept: stop the fetch and
                                         end the fill; nothing is taken any more */
    void *user;
};
/** Before the first append. */
void cache_fill_set_handler(struct cache_fill *f, const struct cache_fill_handler *handler);
/**
 * Takes all of `data` (copied). False: read no more from the origin until on_room; what was read
 * already may still be appended, CACHE_APPEND_MAX_BYTES in all. What exceeds a known length is
 * dropped.
 */
bool cache_fill_append(struct cache_fill *f, struct slice data);
/** The end, on which `f` is gone; is_whole false, or bytes of a known length missing: the body was
 *  cut: its object leaves the index, readers are cut. */
void cache_fill_end(struct cache_fill *f, bool is_whole);

/* ---- reading */

enum cache_read {
    CACHE_READ_DATA, /* *out: bytes at the reader's position; consume them */
    CACHE_READ_WAIT, /* more will come: on_ready */
    CACHE_READ_END,
    CACHE_READ_CUT,  /* the fill failed, or the viewer held it up for too long: cut the viewer */
    CACHE_READ_GONE, /* the slice was given up for lack of memory: fetch the rest by Range and
                        If-Range (only where the object has a strong validator and a length). The
                        reader says nothing else from then on */
};

/** One viewer of an object's body; embedded, zeroed before use. Holds a reference. */
struct cache_reader {
    /** Something changed for the reader: call cache_reader_next. After a WAIT; also at other times,
     *  where it is CUT or GONE. From the loop, never from within a call. */
    void (*on_ready)(struct cache_reader *r);
    void *user;
    struct cache_object *object; /* NULL: not begun, or ended */
    struct cache_thread *thread;
    uint64_t position; /* next byte; init sets 0; the caller may raise it before any next */
    uint64_t end; /* first byte that is not wanted; init sets UINT64_MAX: all; the caller may change
                     it before any next: so one reader serves several ranges in rising order */
    /* the cache's */
    struct cache_piece *piece; /* held the position while the body's epoch was that; or NULL */
    uint64_t epoch;
    struct list in_body; /* the body's lock guards this and all below, while it fills */
    struct list in_waiting;
    struct cache_mail mail;
    uint64_t passed;      /* bytes below are not needed any more */
    uint64_t seen;        /* `passed` when the leader last looked whether it holds the fill up */
    int64_t seen_ns;      /* and when that was, first; 0: does not hold it up */
    enum cache_read fate; /* CACHE_READ_CUT or _GONE: what it will be told; else 0 */
    bool is_registered;   /* in the body's list */
};
/**
 * Begins to read. False, and nothing to end: the body's front was given up between the look-up and
 * now; look up anew. Never false within on_outcome, nor for the leader right after its publish.
 * Cost: one atomic increment where the body is complete; a lock of the body's own while it fills.
 */
bool cache_reader_init(struct cache_reader *r, struct cache_thread *t, struct cache_object *o)
    MUST_USE;
/** *out is valid until the reader consumes or asks again, at the latest until its thread is back in
 *  the loop. */
enum cache_read cache_reader_next(struct cache_reader *r, struct slice *out);
void cache_reader_consume(struct cache_reader *r, size_t bytes);
/** Fine for a reader that did not begin or has ended. */
void cache_reader_fini(struct cache_reader *r);

#endif
