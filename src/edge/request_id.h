// SPDX-License-Identifier: Apache-2.0
// Ids of requests: X-Amz-Cf-Id. Nobody can guess one, and no two are alike.
#ifndef EDGE_REQUEST_ID_H
#define EDGE_REQUEST_ID_H

#include "edge/decide.h"

/** Random bytes in stock, so that the kernel is asked once for many ids. Owner: one thread. */
struct edge_id_source {
    uint8_t stock[4096];
    size_t left; /* unused bytes at the end of `stock`; zeroed at first */
};

/** The next id: 56 characters of base64 as URLs may hold it, 336 random bits, and a NUL. */
void edge_id_next(struct edge_id_source *source, char out[EDGE_REQUEST_ID_SIZE]);

#endif
