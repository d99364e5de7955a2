// SPDX-License-Identifier: Apache-2.0
// Queries as samples. Written by the UDP threads, read by the trial.
#include "authority/sample_query.h"

#include "base/check.h"

/* What stands before the query in a sample. */
struct sample_head {
    struct view view;
    uint8_t is_tcp;
};

void sample_query_put(struct sample_ring *ring, const struct answer_request *request)
{
    uint8_t bytes[SAMPLE_MAX_BYTES];
    struct sample_head head = {.view = request->view, .is_tcp = request->is_tcp};
    if (request->query.len > sizeof(bytes) - sizeof(head))
        return;
    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + sizeof(head), request->query.data, request->query.len);
    sample_ring_put(ring, slice_of(bytes, sizeof(head) + request->query.len));
}

bool sample_query_get(const struct sample_ring *ring, unsigned index,
                      uint8_t bytes[SAMPLE_MAX_BYTES], struct answer_request *out)
{
    struct sample_head head;
    size_t len = sample_ring_get(ring, index, bytes);
    if (len < sizeof(head))
        return false;
    memcpy(&head, bytes, sizeof(head));
    *out = (struct answer_request){.query = slice_of(bytes + sizeof(head), len - sizeof(head)),
                                   .view = head.view,
                                   .is_tcp = head.is_tcp != 0};
    return true;
}
