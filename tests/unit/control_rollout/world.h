// SPDX-License-Identifier: Apache-2.0
// A core, its nodes and a clock of its own: what the tests of the core's decisions share.
#ifndef TEST_ROLLOUT_WORLD_H
#define TEST_ROLLOUT_WORLD_H

#include "control/rollout/core.h"

#define MS 1000000LL
#define S (1000 * MS)

/** The stable root and version that every world starts with. */
#define FIRST_ROOT 1
#define FIRST_VERSION 10
#define V(n) (FIRST_VERSION + (n)) /* so many later */

struct world {
    struct core core;
    int64_t now_ns;
    struct core_action action; /* the last one asked for */
};

/** Leads at epoch 1, sequence 5, and settled. */
void world_init(struct world *w);
void world_fini(struct world *w);
/** Takes the lease (again). */
void world_lead(struct world *w, uint64_t epoch);

/** A root by a small number; 0: none. */
struct chunk_hash root_of(unsigned number);

/** An admitted node, not heard yet. */
struct roster_node *world_add(struct world *w, const char *id);

/** A report; every member left out is zero: no root, no reason. */
struct saying {
    unsigned applied;
    unsigned tried;
    unsigned proven;
    unsigned rejected;
    const char *reason;
    bool is_pinned;
    unsigned roles; /* bits of enum store_role; 0: dns */
    bool lacks_role;
    struct position at; /* {0, 0}: the newest pointer */
};
void world_say(struct world *w, const char *id, struct saying saying);

/* What a node says that serves the first root while root 2 is offered. */
extern const struct saying says_idle;
extern const struct saying says_tried;
extern const struct saying says_applied;
extern const struct saying says_proved;
extern const struct saying says_rejected; /* by its trial */
extern const struct saying says_crashed;  /* back on the first root, which it had proven */

/** Adds a node that serves the first root. */
void world_add_serving(struct world *w, const char *id);
/** The same of a node of these roles. */
void world_add_serving_as(struct world *w, const char *id, unsigned roles);

/** What is to be done now. */
enum core_action_kind world_next(struct world *w);
/** Asserts that it is this kind, and does it. */
void world_do(struct world *w, enum core_action_kind kind);
/** Asserts a cut up to this version, which compiles to this root; marks INSYNC before. */
void world_cut(struct world *w, uint64_t version, unsigned root);

/** Nodes a and b; versions up to `version` compiled to root 2 and offered to nobody. */
void world_offer_to_two(struct world *w, uint64_t version);
/** The same in the wave of node a. */
void world_wave_of_two(struct world *w, uint64_t version);
/** Root 2 is stable at V(1), served by a and b. */
void world_stable_on_two(struct world *w);

#endif
