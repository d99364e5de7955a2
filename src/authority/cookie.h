// SPDX-License-Identifier: Apache-2.0
// DNS server cookies (RFC 7873) in the form that servers of several makers agree on (RFC 9018):
//
//     version (1): 1 | reserved (3) | time (4) | SipHash-2-4 (8) of
//                            client cookie, the three before, client's address
//
// The secret changes each day and is made of the fleet's secret seed and the day, so that all nodes
// of a fleet have the same one without telling it to each other. A cookie's own time says which
// day's secret it was made with. Keys are made off the way of an answer; checking and making one
// cost a SipHash each, and allocate nothing.
#ifndef AUTHORITY_COOKIE_H
#define AUTHORITY_COOKIE_H

#include "authority/limits.h"
#include "authority/zone_table.h"
#include "crypto/siphash.h"

#define COOKIE_CLIENT_BYTES 8
#define COOKIE_SERVER_BYTES 16

/** Secrets of the day before, of the day that they were made for, and of the day after. */
struct cookie_keys {
    bool are_there;
    int64_t first_day; /* of Unix time */
    uint8_t keys[COOKIE_DAYS][SIPHASH_KEY_BYTES];
};

/** The keys around `now`. seed  secret of the fleet. Cost: some HMACs; allocates. */
void cookie_keys_make(struct cookie_keys *out, struct slice seed, int64_t now_unix_s);

/** Whether the keys are those around `now`, so that none has to be made. */
bool cookie_keys_are_current(const struct cookie_keys *keys, int64_t now_unix_s);

/** Who shows a cookie, and when; borrowed. */
struct cookie_client {
    const uint8_t *cookie; /* the client's own, COOKIE_CLIENT_BYTES */
    const struct view_address *source;
    int64_t now_unix_s;
};

/**
 * Whether the server cookie was made by this fleet for this client, at most an hour ago or five
 * minutes ahead (RFC 9018 section 4.3). *out_is_fresh  whether it may go on as it is: it is at most
 * half an hour old.
 */
bool cookie_verify(const struct cookie_keys *keys, const struct cookie_client *client,
                   struct slice server, bool *out_is_fresh);

/** The server cookie of this client. False: there is no key for this time. */
bool cookie_make(const struct cookie_keys *keys, const struct cookie_client *client,
                 uint8_t out[COOKIE_SERVER_BYTES]);

#endif
