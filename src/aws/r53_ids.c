// SPDX-License-Identifier: Apache-2.0
// Ids of Route 53 resources. Called by the API when it makes something, on any thread.
#include "aws/r53_ids.h"

#include <string.h>

/* 128 random bits as digits of base 36, the lowest 20 of them. */
void r53_id_make(char letter, const uint8_t random[16], char out[R53_ID_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    uint64_t high;
    uint64_t low;
    memcpy(&high, random, sizeof(high));
    memcpy(&low, random + sizeof(high), sizeof(low));
    unsigned __int128 number = (unsigned __int128)high << 64 | low;
    out[0] = letter;
    for (size_t i = 1; i < R53_ID_SIZE - 1; i++) {
        out[i] = digits[number % 36];
        number /= 36;
    }
    out[R53_ID_SIZE - 1] = '\0';
}

bool r53_zone_id_is_outside(const char *zone_id)
{
    size_t len = strlen(zone_id);
    if (strcmp(zone_id, R53_OUTSIDE_ZONE_ID) == 0)
        return true;
    bool is_foreign =
        zone_id[0] == R53_ID_ZONE && len >= R53_FOREIGN_ZONE_ID_MIN_BYTES && len < R53_ID_SIZE - 1;
    return is_foreign && strcmp(zone_id, R53_CDN_ZONE_ID) != 0;
}
