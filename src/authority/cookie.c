// SPDX-License-Identifier: Apache-2.0
// Server cookies. Keys are made where the scene changes; the rest runs on the UDP and TCP threads.
#include "authority/cookie.h"

#include "crypto/hash.h"

#include <endian.h>
#include <string.h>

#define COOKIE_VERSION 1
#define DAY_S 86400
/* Version, reserved, time. */
#define HEAD_BYTES 8
#define KEY_PURPOSE "weir dns cookie"

static int64_t day_of(int64_t unix_s)
{
    return unix_s / DAY_S;
}

void cookie_keys_make(struct cookie_keys *out, struct slice seed, int64_t now_unix_s)
{
    *out = (struct cookie_keys){.are_there = true, .first_day = day_of(now_unix_s) - 1};
    for (unsigned i = 0; i < COOKIE_DAYS; i++) {
        uint8_t text[sizeof(KEY_PURPOSE) + sizeof(uint64_t)] = KEY_PURPOSE;
        uint8_t mac[SHA256_BYTES];
        uint64_t day_be = htobe64((uint64_t)out->first_day + i);
        memcpy(text + sizeof(KEY_PURPOSE), &day_be, sizeof(day_be));
        hmac_sha256(seed, slice_of(text, sizeof(text)), mac);
        memcpy(out->keys[i], mac, sizeof(out->keys[i]));
    }
}

bool cookie_keys_are_current(const struct cookie_keys *keys, int64_t now_unix_s)
{
    return keys->are_there && keys->first_day + 1 == day_of(now_unix_s);
}

static const uint8_t *key_at(const struct cookie_keys *keys, int64_t unix_s)
{
    int64_t i = day_of(unix_s) - keys->first_day;
    return keys->are_there && i >= 0 && i < COOKIE_DAYS ? keys->keys[i] : NULL;
}

/* The hash of a cookie whose first bytes are `head`. */
static void hash_cookie(const uint8_t *key, const struct cookie_client *client,
                        const uint8_t head[HEAD_BYTES], uint8_t out[SIPHASH_BYTES])
{
    uint8_t data[COOKIE_CLIENT_BYTES + HEAD_BYTES + sizeof(client->source->bytes)];
    memcpy(data, client->cookie, COOKIE_CLIENT_BYTES);
    memcpy(data + COOKIE_CLIENT_BYTES, head, HEAD_BYTES);
    memcpy(data + COOKIE_CLIENT_BYTES + HEAD_BYTES, client->source->bytes, client->source->len);
    siphash_2_4(key, slice_of(data, COOKIE_CLIENT_BYTES + HEAD_BYTES + client->source->len), out);
}

bool cookie_verify(const struct cookie_keys *keys, const struct cookie_client *client,
                   struct slice server, bool *out_is_fresh)
{
    if (server.len != COOKIE_SERVER_BYTES || server.data[0] != COOKIE_VERSION)
        return false;
    uint32_t time_be;
    memcpy(&time_be, server.data + 4, sizeof(time_be));
    /* Serial number arithmetic (RFC 1982): the time wraps in 2106. */
    int64_t age_s = (int32_t)((uint32_t)client->now_unix_s - be32toh(time_be));
    const uint8_t *key = key_at(keys, client->now_unix_s - age_s);
    if (age_s > COOKIE_AGE_MAX_S || age_s < -COOKIE_AHEAD_MAX_S || key == NULL)
        return false;
    uint8_t hash[SIPHASH_BYTES];
    hash_cookie(key, client, server.data, hash);
    if (!constant_time_equal(slice_of(hash, sizeof(hash)),
                             slice_of(server.data + HEAD_BYTES, SIPHASH_BYTES)))
        return false;
    *out_is_fresh = age_s >= 0 && age_s <= COOKIE_RENEWED_AFTER_S;
    return true;
}

bool cookie_make(const struct cookie_keys *keys, const struct cookie_client *client,
                 uint8_t out[COOKIE_SERVER_BYTES])
{
    const uint8_t *key = key_at(keys, client->now_unix_s);
    if (key == NULL)
        return false;
    uint32_t time_be = htobe32((uint32_t)client->now_unix_s);
    memset(out, 0, COOKIE_SERVER_BYTES);
    out[0] = COOKIE_VERSION;
    memcpy(out + 4, &time_be, sizeof(time_be));
    hash_cookie(key, client, out, out + HEAD_BYTES);
    return true;
}
