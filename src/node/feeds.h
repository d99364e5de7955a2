// SPDX-License-Identifier: Apache-2.0
// The agent's ways to the rest of the fleet: a feed from every control, and from every peer while
// no control is there. Reconnecting is feed/'s business; whom to follow, and with which
// certificates, is decided here.
#ifndef NODE_FEEDS_H
#define NODE_FEEDS_H

#include "feed/feed.h"
#include "net/identity.h"
#include "node/node.h"

struct feeds;

struct feeds_options {
    struct loop *loop;
    const struct node *node;             /* kept */
    const struct net_identity *identity; /* kept */
    uint64_t after_epoch;                /* the pointer held already */
    uint64_t after_sequence;
    /** A signed pointer arrived, not verified. Borrowed. */
    void (*on_pointer)(void *user, struct slice signed_pointer);
    void *user;
};

/** Whether --control and --peer are URLs of the form that a node follows. Errors: ERR_INVALID. */
enum err feeds_check(const struct settings *settings, struct errctx *ec) MUST_USE;

/** Errors: ERR_INVALID for a --control or --peer that is no URL. */
enum err feeds_new(const struct feeds_options *options, struct feeds **out_feeds, struct errctx *ec)
    MUST_USE;
void feeds_free(struct feeds *f);

/**
 * Looks for the fleet root's certificate until it is there, then starts what is to be followed;
 * peers come and go with the controls. About once a second.
 */
void feeds_tick(struct feeds *f);

/** Whether a control is connected; of a node that has none listed, whether a peer is. */
bool feeds_are_heard(const struct feeds *f);

/** The pointer that is held now: what is not newer is not asked for any more. */
void feeds_set_position(struct feeds *f, uint64_t epoch, uint64_t sequence);

/** The fleet root's certificate, PEM; empty while there is none. Borrowed. */
struct slice feeds_fleet_root(const struct feeds *f);

/** fetch_options.ask: controls first, then peers, those that are up. `user` is the feeds. */
bool feeds_ask(void *user, unsigned turn, const struct chunk_hash *hashes, size_t count,
               const struct feed_fetch_handler *handler);

/** Sends a report to every control that is up. */
void feeds_report(struct feeds *f, struct slice encoded_report);

/** One server, for /status. */
struct feeds_server {
    const char *url;
    bool is_control;
    bool is_up;
    const char *why; /* it is down; "" where nothing is known */
};

/** The server at `index`; false past the last. */
bool feeds_server_at(const struct feeds *f, size_t index, struct feeds_server *out);

#endif
