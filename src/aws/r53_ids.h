// SPDX-License-Identifier: Apache-2.0
// Ids of Route 53 resources: a letter and upper-case base 36. Pure: randomness is an argument.
#ifndef AWS_R53_IDS_H
#define AWS_R53_IDS_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

/** A letter, 20 digits of base 36 and a NUL; 103 bits, never guessed twice. */
#define R53_ID_SIZE 22

/** The letter says what it is. */
#define R53_ID_ZONE 'Z'
#define R53_ID_CHANGE 'C'
#define R53_ID_DELEGATION_SET 'N'

/** The zone of all distributions, which clients hard-code in aliases. */
#define R53_CDN_ZONE_ID "Z2FDTNDATAQYW2"
/** Its name that holds the addresses of the points of presence; names of distributions lead to it.
 */
#define R53_CDN_POPS_LABEL "pops"

/** The zone of an alias to a name that is none of ours, where no client names another one: nodes
 *  resolve the name. */
#define R53_OUTSIDE_ZONE_ID "ZOUTSIDE"

/** The shortest zone ids that AWS documents for endpoints; its newest are as long as ours. */
#define R53_FOREIGN_ZONE_ID_MIN_BYTES 12

/**
 * Whether the zone of an alias's target is nobody's here: R53_OUTSIDE_ZONE_ID, or an id that by its
 * length cannot be one of ours, such as AWS documents for the names of load balancers, website
 * endpoints and so on. Clients hard-code them; the names are resolved as any other.
 */
bool r53_zone_id_is_outside(const char *zone_id);

/** Makes an id from 16 random bytes. */
void r53_id_make(char letter, const uint8_t random[16], char out[R53_ID_SIZE]);

#endif
