// SPDX-License-Identifier: Apache-2.0
// A node as the decision core sees it, for tests: roots are small numbers.
#ifndef TEST_NODE_WORLD_H
#define TEST_NODE_WORLD_H

#include "kit.h"
#include "node/agent_state.h"

enum { CONTROL = 0, DNS = 1, PROVEN_S = 60 };

/** A node with a control and a dns role; time moves only where a test says so. */
struct world {
    struct agent_state s;
    struct agent_now now;
    uint64_t sequence;
    int64_t pid;
};

void world_pass_s(struct world *w, int64_t seconds);
void world_init(struct world *w);
void world_point(struct world *w, unsigned stable, unsigned candidate, bool is_in_wave);
enum node_root_step world_step(const struct world *w, unsigned root);
const char *world_reason(const struct world *w, unsigned root);
void world_start_dns(struct world *w);
bool is_hash(const struct chunk_hash *hash, unsigned root);
bool world_fetches(const struct world *w, unsigned root);
bool world_tries(const struct world *w, unsigned root);
/** Tells the role, if it is to be told, and lets it apply. */
void world_apply(struct world *w);
/** Does whatever is wanted; every trial passes but that of `bad`. */
void world_settle(struct world *w, unsigned bad);
void world_prove(struct world *w);
void world_crash(struct world *w);
/** Serves and proves the roots 1 .. count, one after the other. */
void world_live_through(struct world *w, unsigned count);

#endif
