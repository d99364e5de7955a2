// SPDX-License-Identifier: Apache-2.0
// The facts inside agent_state: found, made, changed, forgotten. Private to the decision core.
#ifndef NODE_AGENT_FACTS_PRIV_H
#define NODE_AGENT_FACTS_PRIV_H

#include "node/agent_state.h"

/** The fact about a root, or NULL. */
struct agent_fact *fact_find(struct agent_state *s, const struct chunk_hash *root);

/** The fact about a root, made where there is none (NODE_ROOT_FETCHED); may forget another one. */
struct agent_fact *fact_make(struct agent_state *s, const struct chunk_hash *root);

/** Sets a step under the pointer of this moment. `reason` NULL: none. */
void fact_set(struct agent_state *s, struct agent_fact *fact, enum node_root_step step,
              const char *reason, struct agent_now now);

/** Removes the fact from the decisions at once, and from the disk with the next store. */
void fact_forget(struct agent_state *s, struct agent_fact *fact);

/** Whether it passed its trial and was not rejected since. */
bool fact_is_usable(const struct node_root *root);

#endif
