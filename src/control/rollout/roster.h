// SPDX-License-Identifier: Apache-2.0
// What control knows about each node: what an operator decided (from the store) and what the node
// last reported. Pure; the rollout's thread.
#ifndef CONTROL_ROLLOUT_ROSTER_H
#define CONTROL_ROLLOUT_ROSTER_H

#include "control/rollout/limits.h"
#include "control/store/fleet.h"
#include "control/store/objects.h"
#include "net/identity.h"
#include "release/limits.h"
#include "release/report.h"

/** The names of the roles that serve releases, by the number of the bit in enum store_role; only
 *  nodes that run one of them count for a rollout. */
extern const char *const roster_role_names[STORE_ROLE_COUNT];

#define ROSTER_ROLES_SIZE 128
#define ROSTER_POP_SIZE (RELEASE_ID_MAX_BYTES + 1)
#define ROSTER_LOCATION_SIZE (RELEASE_LOCATION_MAX_BYTES + 1)
#define ROSTER_VERSION_SIZE 65

/** A place in the order of pointers. */
struct position {
    uint64_t epoch;
    uint64_t sequence;
};

/** Negative, 0 or positive. */
int position_compare(struct position a, struct position b);

/** An address of a node. */
struct roster_address {
    uint8_t len; /* 4 or 16; 0: none */
    uint8_t bytes[16];
};

/** Whether it can be one machine's: neither unspecified nor multicast. */
bool roster_address_is_ones(const struct roster_address *address);

struct roster_node {
    char id[NODE_ID_SIZE];
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    enum store_node_state state;

    bool has_asked;      /* PENDING: its asked_at_ns is set */
    int64_t asked_at_ns; /* when it last came to the door, or was first seen in the store */

    bool is_heard;          /* by this process; all below is zero before */
    int64_t heard_at_ns;    /* of the last report */
    int64_t heard_since_ns; /* of the first one after the last silence */
    struct position at;     /* the newest pointer it has seen ... */
    int64_t at_since_ns;    /* ... and when it first said so */
    struct chunk_hash applied;
    struct chunk_hash applied_before; /* the other root that it reported as applied before */
    struct chunk_hash tried;
    struct chunk_hash proven;
    struct chunk_hash rejected;
    struct position rejected_at;  /* of the first report with this `rejected` */
    bool was_rejected_from_start; /* already in the first report that was heard */
    char reason[ROLLOUT_REASON_SIZE];
    bool is_rejection_told; /* that it rejects the stable root was logged; the rollout's own */
    bool is_pinned;
    unsigned serves; /* the roles among them that serve releases, bits of enum store_role */
    char roles[ROSTER_ROLES_SIZE];
    char version[ROSTER_VERSION_SIZE];
    struct chunk_hash *held; /* roots on its disk, held_count of them; the node's own memory */
    size_t held_count;
    bool knows_pops;           /* serves releases that hold points of presence */
    char pop[ROSTER_POP_SIZE]; /* its own; "" where it is part of none */
    char location[ROSTER_LOCATION_SIZE];
    struct roster_address *addresses; /* address_count of them; the node's own memory */
    size_t address_count;
    uint16_t http_port;                  /* where it serves viewers; 0: not known yet */
    bool knows_checks;                   /* serves releases that hold health checks */
    bool is_checker;                     /* runs the role check */
    struct roster_address votes_address; /* of a checker: where its votes are; else zero */
    uint16_t votes_port;
    struct roster_address *probe_addresses; /* that it probes from; the node's own memory */
    size_t probe_address_count;
};

/**
 * All nodes by id.
 * Owner: whoever called roster_init; embedded by value. Node pointers live until the node goes.
 */
struct roster {
    struct roster_node **nodes; /* sorted by id */
    size_t count;
};

void roster_init(struct roster *r);
void roster_fini(struct roster *r);

/** The node, or NULL. */
struct roster_node *roster_get(const struct roster *r, const char *id);

/** Takes over what the store says; nodes that it does not list go. */
void roster_update(struct roster *r, const struct store_node *rows, size_t count);

/** Adds one node, or sets its state. */
struct roster_node *roster_add(struct roster *r, const struct store_node *row);

/** Takes over a report; a silence of more than `gap_ns` before it begins a new time of hearing. */
void roster_hear(struct roster_node *n, const struct release_report *report, int64_t now_ns,
                 int64_t gap_ns);

/** Whether the feed serves it: admitted, cordoned or draining. */
bool roster_is_served(const struct roster_node *n);

/**
 * Whether a rollout looks at it: admitted, neither cordoned nor pinned, has a role that serves
 * releases, and was heard within `within_ns`.
 */
bool roster_counts(const struct roster_node *n, int64_t now_ns, int64_t within_ns);

/** How many nodes an operator put into this state. */
size_t roster_count_state(const struct roster *r, enum store_node_state state);

#endif
