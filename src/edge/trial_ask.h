// SPDX-License-Identifier: Apache-2.0
// One request asked of a world without sockets: decided, sent on as far as its bytes, its origin's
// answer made up, judged and answered. Used by the trial.
#ifndef EDGE_TRIAL_ASK_H
#define EDGE_TRIAL_ASK_H

#include "edge/world.h"
#include "http/message.h"
#include "net/address.h"

/** How many answers of origins are made up: each a status with what makes a difference. */
#define TRIAL_ORIGIN_ANSWERS 8

struct trial_question {
    const struct http_request *request;
    const struct net_address *peer;
    bool is_tls;
    size_t origin_answer; /* below TRIAL_ORIGIN_ANSWERS */
};

/**
 * What is wrong with the answer, in static words ("malformed head", "answer became 503"), or NULL.
 * Memory of the answer comes from `a`.
 */
const char *trial_ask(const struct edge_world *w, const struct trial_question *question,
                      struct arena *a);

#endif
