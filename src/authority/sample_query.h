// SPDX-License-Identifier: Apache-2.0
// A query in the ring of samples: what a serving thread puts in and the trial takes out. The two
// may be of different versions of the program only across a restart of the node, which clears it.
#ifndef AUTHORITY_SAMPLE_QUERY_H
#define AUTHORITY_SAMPLE_QUERY_H

#include "authority/answer.h"
#include "node/sample.h"

/** Puts the query in; longer ones are left out. Any thread, lock-free. */
void sample_query_put(struct sample_ring *ring, const struct answer_request *request);

/**
 * The sample at `index`; false where there is none. The query points into `bytes`; `random` is 0.
 */
bool sample_query_get(const struct sample_ring *ring, unsigned index,
                      uint8_t bytes[SAMPLE_MAX_BYTES], struct answer_request *out);

#endif
