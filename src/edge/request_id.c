// SPDX-License-Identifier: Apache-2.0
// Ids of requests. Called on serving threads, each with a source of its own.
#include "edge/request_id.h"

#include "base/random.h"

/* Three bytes make four characters. */
enum { ID_GROUPS = (EDGE_REQUEST_ID_SIZE - 1) / 4, ID_BYTES = 3 * ID_GROUPS };

void edge_id_next(struct edge_id_source *source, char out[EDGE_REQUEST_ID_SIZE])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (source->left < ID_BYTES) {
        random_bytes(source->stock, sizeof(source->stock));
        source->left = sizeof(source->stock);
    }
    const uint8_t *from = source->stock + sizeof(source->stock) - source->left;
    source->left -= ID_BYTES;
    for (size_t i = 0; i < ID_GROUPS; i++) {
        uint32_t bits =
            (uint32_t)from[3 * i] << 16 | (uint32_t)from[3 * i + 1] << 8 | from[3 * i + 2];
        for (unsigned j = 0; j < 4; j++)
            out[4 * i + j] = digits[bits >> (18 - 6 * j) & 63];
    }
    out[4 * ID_GROUPS] = '\0';
}
