// SPDX-License-Identifier: Apache-2.0
// The inside of a rollout, shared by its files. All of it belongs to the rollout's thread, but for
// what says otherwise.
#ifndef CONTROL_ROLLOUT_ROLLOUT_PRIV_H
#define CONTROL_ROLLOUT_ROLLOUT_PRIV_H

#include "control/rollout/chunks.h"
#include "control/rollout/collect.h"
#include "control/rollout/core.h"
#include "control/rollout/held.h"
#include "control/rollout/invalidations.h"
#include "control/rollout/pending.h"
#include "control/rollout/rollout.h"
#include "feed/feed.h"
#include "os/loop.h"

#include <pthread.h>
#include <stdatomic.h>

struct rollout {
    struct rollout_options options;
    struct rollout_limits limits;
    struct trie_seed seed;
    uint8_t fleet[SHA256_BYTES]; /* of the fleet root's public key */
    struct net_tls *tls;

    pthread_t thread;
    struct loop *loop;
    struct loop_timer tick;   /* lease, nodes, what nobody wakes us for */
    struct loop_timer run;    /* the core is asked again */
    bool has_yielded;         /* since it was asked last */
    _Atomic bool wake_posted; /* any thread: one post at most waits */
    _Atomic bool is_stopping; /* set by rollout_stop */

    struct store_conn *reader; /* the view of a compile; else in no transaction */
    struct store_conn *writer; /* all else */
    struct chunk_box box;      /* over `writer` */

    struct core *core;
    bool stable_is_whole; /* its chunks are in the store */
    struct held_set stable_held;
    struct held_set candidate_held;
    bool is_lead_told;       /* that another control leads was logged */
    bool is_behind_told;     /* that a node is ahead of the store was logged */
    bool is_lacking_told;    /* that a node's version lacks points of presence was logged */
    bool are_pops_due;       /* a node was heard for the first time: not only with the next tick */
    int64_t pops_written_ns; /* when points of presence were written last; 0: not yet */
    bool are_checks_lacking_told; /* that a node's version lacks health checks was logged */
    int64_t checkers_written_ns;  /* when checkers were written last; 0: not yet */
    int64_t lease_taken_ns;

    struct feed_server *feed;
    struct invalidations *invalidations;
    struct pending_rate pending_rate;
    struct buf pointer; /* the newest signed pointer; empty before the first */
    struct position pointer_at;

    struct chunk_collector *collector;
    int64_t collected_ns;
    unsigned releases_since_collect;

    pthread_mutex_t status_lock; /* guards status_text */
    struct buf status_text;
};

/* ---- rollout.c */

/** Asks the core again, once the callback that calls this has returned. */
void rollout_schedule(struct rollout *r);

/* ---- lead.c: the lease, and what the store says when it is taken */

/** Takes or renews the lease; leads, or follows another control that does. */
void rollout_renew(struct rollout *r);
/** Leads no longer; the next tick begins anew from the store. */
void rollout_unlead(struct rollout *r);

/* ---- cut.c: contents and the objects that they hold */

/** Compiles the content up to this version; tells the core. Errors: those of the store. */
enum err rollout_cut(struct rollout *r, uint64_t version, struct errctx *ec) MUST_USE;

/** Compiles stable's content from nothing, so that its chunks are in the store again. */
enum err rollout_rebuild_stable(struct rollout *r, struct errctx *ec) MUST_USE;

/** stable_held and the objects of one version, each at what stable uses. `out` is initialised. */
enum err rollout_held_with(struct rollout *r, uint64_t version, const char *reason,
                           struct held_set *out, struct errctx *ec) MUST_USE;

/** The set that turns stable's content into that of an older release. `out` is initialised. */
struct held_since {
    uint64_t version;            /* of the older release */
    const struct held_set *held; /* that it held */
    const char *reason;
};
enum err rollout_held_since(struct rollout *r, const struct held_since *since, struct held_set *out,
                            struct errctx *ec) MUST_USE;

/* ---- publish.c: the core's actions as transactions */

/** Does it durably, then shows it to the nodes and tells the core. Errors: those of the store. */
enum err rollout_act(struct rollout *r, struct core_action *action, struct errctx *ec) MUST_USE;

/* ---- tidy.c */

/** Starts the collector where it is time to. */
void rollout_collect_if_due(struct rollout *r, int64_t now_ns);
/** The collector's on_done; user: the rollout. */
void rollout_collected(void *user, const struct collect_result *result);

/* ---- nodes.c: the feed's questions, and nodes as the store knows them */

struct feed_source rollout_feed_source(struct rollout *r);
enum err rollout_read_nodes(struct rollout *r, struct errctx *ec) MUST_USE;
/** Drops pending nodes that no longer ask; where this control leads, so that one does. */
void rollout_drop_pending(struct rollout *r, int64_t now_ns);

/* ---- pops_write.c */

/** Writes points of presence where what nodes report differs from the store; where this control
 *  leads. */
void rollout_write_pops(struct rollout *r, int64_t now_ns);

/* ---- checkers_write.c */

/** Writes the checkers that nodes report, where the store has others: at most as often as points
 *  of presence. Logs. */
void rollout_write_checkers(struct rollout *r, int64_t now_ns);

/* ---- status.c */

/** Renews the texts that rollout_status answers. */
void rollout_write_status(struct rollout *r);
/** Renews the gauges. */
void rollout_count(struct rollout *r);

/* ---- first_start.c */

/** What a new store lacks: the fleet's seed, this node's admission, the built-in zones. */
enum err rollout_first_start(struct store_conn *conn, const struct rollout_options *options,
                             struct trie_seed *out_seed, struct errctx *ec) MUST_USE;

#endif
