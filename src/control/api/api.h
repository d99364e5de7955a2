// SPDX-License-Identifier: Apache-2.0
// The API of control on one listener: Route 53 and CloudFront by REST-XML, and the service `weir`
// by JSON, all signed with Signature Version 4. Called by cmd on the control role's loop.
#ifndef CONTROL_API_API_H
#define CONTROL_API_API_H

#include "control/store/store.h"
#include "crypto/seal.h"
#include "dns/name.h"
#include "http/limits.h"
#include "net/address.h"
#include "net/tls.h"
#include "os/loop.h"

/** Owner: api_new gives one, api_free takes it. Threads: the loop's, for every function. */
struct api;

/** What TestDNSAnswer asks for; everything borrowed. */
struct api_dns_question {
    const char *zone_id;
    struct dns_name name;
    uint16_t type;
    struct net_address resolver;
    struct net_address subnet; /* len 0: the query has none */
    unsigned subnet_bits;
};

/** What a name server answers; everything in the arena of the call. */
struct api_dns_answer {
    unsigned rcode;
    const char **values;
    size_t value_count;
    const char **lines; /* of an explanation */
    size_t line_count;
};

/** What one checker says of a health check. */
struct api_observation {
    const char *region;     /* of the checker; "": unknown */
    const char *ip_address; /* the same */
    const char *status;     /* "Success: HTTP status code 200" */
    int64_t checked_unix_ms;
};
/** Everything in the arena of the call. */
struct api_observations {
    struct api_observation *items;
    size_t count;
};
/** What name servers make of a health check, as this machine sees the votes. */
enum api_health_state { API_HEALTH_UNKNOWN, API_HEALTHY, API_UNHEALTHY };
struct api_health {
    enum api_health_state state;
    bool is_frozen; /* no vote counts at present: the state is the last that was known */
};
struct api_health_question {
    const char *check_id;
    bool is_of_failure; /* the last one, not the present state */
};

/** What this machine sees of a checker's votes. */
struct api_checker {
    bool is_known;          /* it is in the newest release, and followed */
    bool is_fresh;          /* its votes come */
    bool is_outlier;        /* it says the opposite of all others, of many checks, for long */
    uint64_t disagreements; /* checks of which it says the opposite of the others, now */
};

/** All borrowed until api_free. */
struct api_options {
    struct store *store;
    const struct seal_key *seal_key; /* opens the secrets of access keys */
    const char *platform;            /* "weir.test": the SOA of new zones names it */
    const char *cdn_domain;          /* "cdn.weir.test": ID.cdn_domain is a distribution's name */
    unsigned worker_count;           /* threads, each with a store connection of its own */
    unsigned queue_limit;            /* calls that may wait; past it 503; 0: API_QUEUE_LIMIT */
    uint64_t bodies_bytes;           /* of calls under way; past it 503; 0: API_BODIES_MAX_BYTES */
    uint32_t rate_per_s;             /* calls a second for one account; past it Throttling */
    struct http_limits limits;       /* of the listeners; body_bytes is capped for the API */
    /**
     * What the fleet runs at present, for ListNodes, as JSON text in `a`: an object whose member
     * "Nodes" is an object by node id; what it says of a node is added to what the store says, its
     * other members to the answer. Called on a worker's thread. NULL: nothing is known.
     */
    struct slice (*node_status)(void *user, struct arena *a);
    /**
     * The delegation sets changed in the write transaction of `conn`: writes in it what Weir's own
     * zones say of them. Called on a worker's thread. NULL: nothing does.
     */
    enum err (*write_builtin_zones)(void *user, struct store_conn *conn, struct errctx *ec);
    /**
     * Answers as a name server would, from the newest release; in the read transaction of `conn`.
     * Called on a worker's thread. Errors: ERR_NOT_FOUND where no release has the zone yet,
     * ERR_INVALID where a file of networks or states of health cannot be read. NULL: TestDNSAnswer
     * is not available.
     */
    enum err (*test_answer)(void *user, struct store_conn *conn, struct arena *a,
                            const struct api_dns_question *question, struct api_dns_answer *out,
                            struct errctx *ec);
    /**
     * What each checker says of a check at present, or of its last failure. Called on a worker's
     * thread, which it may block for a second or two. Errors: ERR_UNAVAILABLE where this machine
     * does not know in time. NULL: nothing is known of any.
     */
    enum err (*observe_health)(void *user, struct arena *a,
                               const struct api_health_question *question,
                               struct api_observations *out, struct errctx *ec);
    /** The state of a check. Called on a worker's thread. NULL: none is known. */
    struct api_health (*health_of)(void *user, const char *check_id);
    /** The same of a checker, by its node's id. */
    struct api_checker (*checker_of)(void *user, const char *node_id);
    void *user;
};

/** Starts the workers. Errors: those of store_connect. */
enum err api_new(struct loop *loop, const struct api_options *options, struct api **out_api,
                 struct errctx *ec) MUST_USE;

/** Serves a listening socket; tls NULL: plain. The descriptor stays the caller's. */
void api_listen(struct api *api, int listen_fd, const struct net_tls *tls);

/** Accepts nothing new and finishes calls under way; on_drained(user) is called once. */
void api_drain(struct api *api, void (*on_drained)(void *user), void *user);

/** Closes everything; calls under way are finished first, unanswered. NULL is fine. */
void api_free(struct api *api);

/** The first administrator key, for DIR/credentials. */
#define API_KEY_ID_SIZE 21
#define API_SECRET_SIZE 41
struct api_access_key {
    char id[API_KEY_ID_SIZE]; /* "AKIA" and 16 more */
    char secret[API_SECRET_SIZE];
};

/**
 * Makes an access key of the account and stores it, the secret sealed, in a transaction of its
 * own. The caller writes it down and wipes it.
 */
enum err api_access_key_make(struct store_conn *c, const struct seal_key *seal_key,
                             const char *account_id, const char *user_name,
                             struct api_access_key *out, struct errctx *ec) MUST_USE;

/** Delegation sets of a new store: names ns-1.PLATFORM to ns-16.PLATFORM, four a set. */
#define API_DELEGATION_SETS 4

/** Adds the delegation sets to a store that has none, in a transaction of its own. */
enum err api_delegation_sets_make(struct store_conn *c, const char *platform, struct errctx *ec)
    MUST_USE;

#endif
