// SPDX-License-Identifier: Apache-2.0
// When a failure of an origin is written to the log. Pure.
#include "edge/failure_log.h"

/* FNV-1a: names come from configurations that were accepted, and a collision costs a line. */
static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return (hash ^ 0xff) * 0x100000001b3; /* no byte of UTF-8: where the text ends */
}

bool edge_failure_log_is_due(struct edge_failure_log *log, const char *distribution_id,
                             const char *origin_id, unsigned failure, int64_t now_ns,
                             uint64_t *out_unsaid)
{
    uint64_t hash = mix(mix(0xcbf29ce484222325, distribution_id), origin_id);
    hash = (hash ^ failure) * 0x100000001b3;
    size_t index = (hash ^ (hash >> 32)) % EDGE_FAILURE_PLACES;
    bool is_first = !log->places[index].was_said;
    if (!is_first && now_ns - log->places[index].said_ns < EDGE_FAILURE_EVERY_NS) {
        log->places[index].unsaid++;
        return false;
    }
    *out_unsaid = log->places[index].unsaid;
    log->places[index].was_said = true;
    log->places[index].said_ns = now_ns;
    log->places[index].unsaid = 0;
    return true;
}
