// SPDX-License-Identifier: Apache-2.0
// Response rate limiting: how many answers of one kind a client network may get, so that a forged
// source address gains an attacker nothing. One table for each UDP thread, of fixed size; no lock,
// no clock, no allocation after it was made.
//
// A bucket for each (network, kind) holds one second's worth of answers, some at least. Of what is
// beyond, each slip-th answer is sent short, so that a real client behind a forged address comes
// back by TCP or with a cookie; the others are dropped.
#ifndef AUTHORITY_RATE_LIMIT_H
#define AUTHORITY_RATE_LIMIT_H

#include "authority/zone_table.h"

/** Owner: one thread. */
struct rate_limit;

/** How much, as the settings say it. */
struct rate_limit_rules {
    unsigned answers_per_s; /* of one network and kind, by all threads of an address together */
    unsigned slip;          /* of the answers beyond, each so many-th is sent short; 0: none */
    unsigned threads;       /* that share the rate; the kernel spreads clients evenly over them */
};

/** NULL where answers_per_s is 0. */
struct rate_limit *rate_limit_new(const struct rate_limit_rules *rules);
void rate_limit_free(struct rate_limit *r); /* NULL is fine */

enum rate_verdict { RATE_PASS, RATE_DROP, RATE_SLIP };

/** What an answer counts towards: a client network and a kind. */
struct rate_key {
    uint64_t hash;
};

/**
 * The key of one answer, whose bucket is asked of memory, so that it is there when the answer is
 * counted a little later. Networks are IPv4 /24 and IPv6 /56.
 * kind  what the answer is of; equal for answers that are counted together
 */
struct rate_key rate_limit_key(const struct rate_limit *r, const struct view_address *source,
                               uint64_t kind);

/**
 * Counts one answer. When the table is full, the bucket that was filled up the longest makes room.
 * now_us  of a clock that never goes back, microseconds
 * Cost: one cache line.
 */
enum rate_verdict rate_limit_check(struct rate_limit *r, struct rate_key key, int64_t now_us);

#endif
