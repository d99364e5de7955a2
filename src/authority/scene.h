// SPDX-License-Identifier: Apache-2.0
// All that an answer depends on besides the query and chance: one root, one health table, one
// atlas. A query holds one scene from its first look to its last.
#ifndef AUTHORITY_SCENE_H
#define AUTHORITY_SCENE_H

#include "authority/cookie.h"
#include "authority/world.h"

struct atlas;
struct health_table;
struct outside_table;
struct answer_settings;
struct tsig_keys;

/** Everything borrowed and immutable. What is NULL is not there: all checks healthy, no network
 *  known, no outside name resolved, no option of the protocol on. Never NULL: the world. */
struct scene {
    uint64_t number; /* of the service's scenes: each has a higher one */
    const struct world *world;
    const struct world *offered; /* to secondaries: of the stable root; NULL: nothing yet */
    const struct atlas *atlas;
    const struct health_table *health;
    const struct outside_table *outside;
    const struct answer_settings *settings;
    const struct tsig_keys *tsig_keys;
    struct cookie_keys cookies; /* none there: cookies are off */
};

#endif
