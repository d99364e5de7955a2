// SPDX-License-Identifier: Apache-2.0
// The inside of a feed server, shared by its files. All of it belongs to the loop's thread.
#ifndef FEED_SERVER_PRIV_H
#define FEED_SERVER_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "feed/feed.h"

struct feed_server {
    struct loop *loop;
    struct feed_source source;
    struct http_server_options http_options;
    struct http_server *http;
    struct list followers; /* struct request, of every stream */
    size_t follower_count;
    struct loop_timer heartbeat;
};

struct route;
struct stream;

/** One exchange; lives in its arena. */
struct request {
    struct feed_server *server;
    struct http_exchange *exchange;
    const struct route *route;
    uint8_t key[ED25519_PUBLIC_BYTES];
    struct buf body;

    struct list follower; /* of a follower: in server.followers; else a list of its own */
    bool is_blocked;      /* more than FEED_OUTPUT_BYTES wait for the peer */
    union {
        struct feed_log_cursor invalidations;
        struct {
            uint64_t epoch; /* of the newest pointer sent, or held by the peer before */
            uint64_t sequence;
        } pointer;
        struct {
            uint64_t run; /* of the newest votes sent */
            uint64_t number;
        } votes;
    } at; /* of a follower */

    size_t next_chunk; /* of a fetch: the next hash of the body to answer */
};

/** What a path does once its request is complete, and when its answer may go on. */
struct route {
    const char *path;
    const char *method;
    void (*on_complete)(struct request *r);
    void (*on_writable)(struct request *r);
    const struct stream *stream; /* NULL: its answer ends */
};

/* ---- server.c */

/** An answer without a body. */
void request_reply(struct request *r, unsigned status);
/** The head of an answer whose length is not known. */
void request_respond(struct request *r);
/** False when the peer reads too slowly for more. */
bool request_send_frame(struct request *r, struct slice payload);
bool request_is_admitted(const struct request *r);

/* ---- streams.c: answers that are held open */

/** What the frames of a kind of stream are. */
struct stream {
    /** Whether this server has it at all. */
    bool (*is_served)(const struct feed_source *source);
    /** Reads where the follower is; false: 400. */
    bool (*begin)(struct request *r, struct slice query);
    /** The next frame, which counts as sent; false where the follower has all. */
    bool (*next)(struct request *r, struct arena *a, struct slice *out_frame);
    /** The follower has gone; may be NULL. */
    void (*end)(struct request *r);
};
extern const struct stream stream_pointers;
extern const struct stream stream_invalidations;
extern const struct stream stream_votes;

/** A route's on_complete and on_writable. */
void stream_open(struct request *r);
void stream_go_on(struct request *r);
/** The exchange closes. */
void stream_close(struct request *r);
/** Sends what is new, or at least a sign of life, to whoever has room and is still welcome. */
void streams_tell(struct feed_server *s, bool is_heartbeat);

#endif
