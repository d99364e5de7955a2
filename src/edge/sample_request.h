// SPDX-License-Identifier: Apache-2.0
// A viewer's request in the ring of samples: what a serving thread puts in and the trial takes out.
// Without body, cookies and credentials. The two may be of different versions of the program only
// across a restart of the node, which clears the ring.
#ifndef EDGE_SAMPLE_REQUEST_H
#define EDGE_SAMPLE_REQUEST_H

#include "http/message.h"
#include "net/address.h"
#include "node/sample.h"

/**
 * Puts the request in: its line, its Host, and as many other fields as there is room for, secret
 * ones without their values; one whose line is too long is left out. Any thread, lock-free.
 */
void sample_request_put(struct sample_ring *ring, const struct http_request *request,
                        const struct net_address *peer, bool is_tls);

/** A request as it was sampled; in the arena that was given. */
struct sample_request {
    struct http_request request;
    struct net_address peer;
    bool is_tls;
};

/** The sample at `index`; false where there is none. */
bool sample_request_get(const struct sample_ring *ring, unsigned index, struct arena *a,
                        struct sample_request *out);

#endif
