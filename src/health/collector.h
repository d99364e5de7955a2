// SPDX-License-Identifier: Apache-2.0
// Follows the votes of all checkers and decides the state of each check, once a second and soon
// after votes came: the same work whether all is well or not. Run by every name server, and by
// control, which only shows them. All functions and callbacks: the loop's thread.
#ifndef HEALTH_COLLECTOR_H
#define HEALTH_COLLECTOR_H

#include "health/quorum.h"
#include "net/identity.h"
#include "os/loop.h"

struct collector;

/** What an operator should hear of. */
enum collector_event_kind {
    COLLECTOR_CHECKER_FRESH, /* its votes count from now on */
    COLLECTOR_CHECKER_LOST,  /* they count no longer; why: of its stream */
    COLLECTOR_OUTLIER,       /* it is against all other checkers, on `disagreements` checks */
    COLLECTOR_OUTLIER_OVER,
    COLLECTOR_NOT_READ,    /* the states of before; why */
    COLLECTOR_NOT_WRITTEN, /* the states of now, for the first time after it went well; why */
};
struct collector_event {
    enum collector_event_kind kind;
    const struct release_checker *checker; /* of those about one; borrowed */
    uint64_t disagreements;
    const struct errctx *why; /* borrowed; NULL: none */
};

struct collector_options {
    struct loop *loop;
    const struct net_identity *identity; /* shown to checkers; borrowed until return */
    const char *path;                    /* where states are kept over restarts; NULL: nowhere */
    bool keeps_failures;                 /* collector_votes tells of the last ones */
    /** Once a second, soon after votes came, and at once when a plan is set; borrowed until return.
     *  Must not change the collector. */
    void (*on_states)(void *user, const struct check_states *states);
    /** May be NULL. At most a few a second for each checker. */
    void (*on_event)(void *user, const struct collector_event *event);
    void *user;
};

/** Reads the states of before, where there are. */
enum err collector_new(const struct collector_options *options, struct collector **out,
                       struct errctx *ec) MUST_USE;
/** Writes what changed since it was written. NULL is fine. */
void collector_free(struct collector *c);

/**
 * From now on these checks, and these checkers' votes, of which those that did not change go on as
 * they are; the first CHECKERS_MAX of them. Takes a reference of its own.
 */
void collector_set_plan(struct collector *c, struct health_plan *plan);

/** What is known of one checker. */
struct checker_view {
    const struct release_checker *checker;
    bool is_fresh;          /* its newest table is no older than COLLECTOR_FRESH_NS */
    bool is_outlier;        /* it says the opposite of all others, of many checks, for long */
    uint64_t disagreements; /* checks of which its vote is against the others', now */
    int64_t age_ms;         /* of its newest table; -1: none came yet */
};
/** In `a`, in the plan's order. */
void collector_checkers(const struct collector *c, struct arena *a, struct checker_view **out,
                        size_t *out_count);

/** One checker's newest vote about a check, with its age now. */
struct vote_view {
    const struct release_checker *checker;
    bool is_counted;
    struct vote vote;
    int64_t checked_unix_ms;  /* when the probe ended, by this machine's clock */
    struct vote last_failure; /* the newest that failed, outcome PROBE_NONE where none has */
    int64_t failed_unix_ms;
};
/** In `a`, one for each checker that has one. */
void collector_votes(const struct collector *c, struct arena *a, const struct check_id *check,
                     struct vote_view **out, size_t *out_count);

#endif
