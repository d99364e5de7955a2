// SPDX-License-Identifier: Apache-2.0
// Streams and chunks between machines, over http/ with mutual TLS 1.3. A server serves a feed of
// signed pointers, held open, and chunks by hash; control and peers both run one. Control's serves
// a feed of invalidations, too, and a checker's one of its votes. A client follows the pointers of
// one server and fetches chunks from it; a subscriber follows its invalidations, a listener its
// votes.
//
//   GET  /feed/pointers?after=EPOCH.SEQUENCE  frames (u32 length, big-endian; SignedPointer): the
//                                             newest at once where it is newer, else an empty
//                                             frame; later ones as they come; an empty frame each
//                                             FEED_HEARTBEAT_NS
//   GET  /feed/invalidations?after=EPOCH.NUMBER  frames (u32 length; invalidation.h): what comes
//                                             after that place, where it is no longer kept whole
//                                             distributions; without a query (nothing is held)
//                                             everything is invalid up to now; an empty frame each
//                                             FEED_HEARTBEAT_NS
//   GET  /feed/votes                          frames (u32 length; votes): the newest at once, where
//                                             there is one, later ones as they come; each replaces
//                                             all before it; an empty frame each FEED_HEARTBEAT_NS
//   POST /feed/applied                        body: EPOCH.NUMBER: all up to there has taken effect
//                                             on the node; answer 204
//   POST /feed/chunks                         body: 32-byte hashes; answer: for each, in order, a
//                                             frame with its packed bytes, empty where it is
//                                             missing
//   POST /feed/report                         body: Report; answer 204
//
// Every request needs a client certificate whose key the owner admits, else 403. All functions and
// callbacks: the loop's thread.
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include "feed/invalidation_log.h"
#include "http/client.h"
#include "http/server.h"
#include "release/report.h"

/** What a feed server asks of its owner; all on the loop's thread. */
struct feed_source {
    /** Whether the client with this key may read; an unknown key is answered 403. */
    bool (*is_admitted)(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES]);
    /** The newest SignedPointer; empty where there is none. Borrowed until the next turn. */
    struct slice (*newest_pointer)(void *user, uint64_t *out_epoch, uint64_t *out_sequence);
    /**
     * The newest votes, FEED_FRAME_MAX_BYTES at most; empty where there are none. Another pair of
     * run and number, other votes. Borrowed until the next turn. NULL: 404.
     */
    struct slice (*newest_votes)(void *user, uint64_t *out_run, uint64_t *out_number);
    /**
     * The packed chunk in `a`; ERR_NOT_FOUND where it is missing. Must not block for long. NULL:
     * 404 (checkers).
     */
    enum err (*packed_chunk)(void *user, struct arena *a, const struct chunk_hash *hash,
                             struct slice *out_packed, struct errctx *ec);
    /** A node's report, decoded, its node id that of the key that sent it. NULL: 404 (peers). */
    void (*on_report)(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                      const struct release_report *report);
    /** What followers of invalidations get; NULL: 404 (peers). Kept. */
    const struct feed_log *invalidations;
    /**
     * A follower of invalidations came, whose node has applied all up to `after` (epoch 0: it has
     * nothing), or went (`after` is NULL). A node may have several for a while. What the log gains
     * in this callback is sent with the rest.
     */
    void (*on_follower)(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                        const struct feed_position *after);
    /** A node acknowledged. NULL: 404. */
    void (*on_applied)(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                       const struct feed_position *at);
    void *user;
};

/**
 * Serves pointers, invalidations, votes and chunks. A follower whose key is no longer admitted is
 * cut off at the next pointer or heartbeat.
 */
struct feed_server;
/** `tls`: of net_tls_fleet_server_new, kept; the source is copied. */
struct feed_server *feed_server_new(struct loop *loop, const struct net_tls *tls,
                                    const struct feed_source *source) MUST_USE;
/** Accepts from the descriptor, which stays the caller's. */
void feed_server_listen(struct feed_server *s, int listen_fd);
/** There is a newer pointer, the log has more, or there are newer votes: sends it to every
 * follower. */
void feed_server_announce(struct feed_server *s);
/** How often an empty frame goes out; FEED_HEARTBEAT_NS unless told. */
void feed_server_set_heartbeat(struct feed_server *s, int64_t every_ns);
void feed_server_free(struct feed_server *s);

/** Callbacks may fetch and report, but not free the client. */
struct feed_client_handler {
    /** A signed pointer arrived (not verified). Borrowed. */
    void (*on_pointer)(void *user, struct slice signed_pointer);
    /**
     * The connection state changed: up, or down with the reason (ERR_DENIED: not admitted). Of
     * several attempts that fail one after the other, the first is told.
     */
    void (*on_state)(void *user, bool is_up, const struct errctx *why);
    void *user;
};

/**
 * Follows a server's pointers; reconnects by itself with back-off (100 ms to 5 s, jittered).
 * `after_*`: the newest pointer already held. Times: 0 for those of limits.h.
 */
struct feed_client;
struct feed_client_options {
    struct net_address address;
    const struct net_tls *tls; /* kept */
    uint64_t after_epoch;
    uint64_t after_sequence;
    int64_t silence_ns; /* without any frame: the connection counts as lost */
    int64_t backoff_first_ns;
    int64_t backoff_last_ns;
};
struct feed_client *feed_client_new(struct loop *loop, const struct feed_client_options *options,
                                    const struct feed_client_handler *handler) MUST_USE;
/** Ends everything under way without a further callback. */
void feed_client_free(struct feed_client *c);
/** Whether the stream of pointers is open. */
bool feed_client_is_up(const struct feed_client *c);
/**
 * The newest pointer that the owner verified and keeps: what is not newer is not asked for when the
 * client connects again. (A frame alone moves nothing: it may be forged.)
 */
void feed_client_set_after(struct feed_client *c, uint64_t epoch, uint64_t sequence);

/**
 * Fetches chunks; on_done once, with ERR_NOT_FOUND where the server lacks some of them, or the
 * reason why the connection failed. on_done may start the next fetch.
 */
struct feed_fetch_handler {
    /** A chunk as it came: unpack and check it. Borrowed. */
    void (*on_chunk)(void *user, const struct chunk_hash *hash, struct slice packed);
    void (*on_done)(void *user, enum err result, const struct errctx *ec);
    void *user;
};
#define FEED_FETCH_MAX_CHUNKS 256
/** Bounds: `count` at most FEED_FETCH_MAX_CHUNKS, one fetch at a time for each client. */
void feed_client_fetch(struct feed_client *c, const struct chunk_hash *hashes, size_t count,
                       const struct feed_fetch_handler *handler);

/**
 * Sends a report; the newest replaces one that waits. One that could not be delivered is sent again
 * with back-off until a newer comes; one that the server refuses is dropped.
 */
void feed_client_report(struct feed_client *c, struct slice encoded_report);

#endif
