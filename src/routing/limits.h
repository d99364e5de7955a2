// SPDX-License-Identifier: Apache-2.0
// Every bound of the room routing but those that callers size their arrays by (routing.h).
#ifndef ROUTING_LIMITS_H
#define ROUTING_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Slots of the index in front of a table's intervals: 256 KiB, which stays in the caches. */
#define NET_TABLE_SLOTS_MAX ((size_t)65536)

/* Bits of a key, and so networks around an address, the widest one included. */
#define NET_KEY_BITS 64
#define NET_TABLE_DEPTH_MAX (NET_KEY_BITS + 1)

#endif
