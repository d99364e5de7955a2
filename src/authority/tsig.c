// SPDX-License-Identifier: Apache-2.0
// Checking and signing. Called by the answering code for messages with TSIG alone, by transfers for
// each of their messages, and by NOTIFY; any thread.
#include "authority/tsig.h"

#include "base/check.h"

static struct slice secret_of(const struct tsig_key *key)
{
    return slice_of(key->secret, key->secret_bytes);
}

/* The MAC of the text; false where there is no such text. */
static bool mac_of(const struct tsig_session *s, const struct dns_tsig_text_options *options,
                   const struct dns_tsig *tsig, uint8_t out[HMAC_MAX_BYTES])
{
    struct dns_tsig_text text;
    if (!dns_tsig_text_init(&text, options, tsig))
        return false;
    hmac_parts(s->key.hash, secret_of(&s->key), text.parts, text.count, out);
    return true;
}

/* RFC 8945 section 5.2.2.1: not longer than the hash, not shorter than half of it or ten bytes. */
static bool is_mac_size_sane(size_t mac_bytes, size_t hash_bytes)
{
    size_t least = hash_bytes / 2 < 10 ? 10 : hash_bytes / 2;
    return mac_bytes <= hash_bytes && mac_bytes >= least;
}

static bool is_in_time(const struct dns_tsig *tsig, int64_t now_unix_s)
{
    int64_t apart = now_unix_s - (int64_t)tsig->time_s;
    return apart <= tsig->fudge_s && apart >= -(int64_t)tsig->fudge_s;
}

/* The key that the record names, for its algorithm; false where there is none. */
static bool take_key(const struct tsig_keys *keys, struct tsig_session *s)
{
    const struct tsig_key *key = tsig_keys_find(keys, dns_name_slice(&s->tsig.key));
    if (key == NULL ||
        !slice_equal(dns_name_slice(&s->tsig.algorithm), tsig_algorithm_name(key->hash)))
        return false;
    s->key = *key;
    s->has_key = true;
    return true;
}

static enum tsig_verdict fail(struct tsig_session *s, enum dns_tsig_error error)
{
    s->tsig.error = (uint16_t)error;
    if (error == DNS_TSIG_BADKEY || error == DNS_TSIG_BADSIG)
        s->has_key = false;
    return TSIG_NOTAUTH;
}

/* BADTIME tells this server's time (section 5.2.3); the answer repeats the client's. */
static enum tsig_verdict fail_for_time(struct tsig_session *s, int64_t now_unix_s)
{
    for (unsigned i = 0; i < DNS_TSIG_TIME_BYTES; i++)
        s->other[i] = (uint8_t)((uint64_t)now_unix_s >> (8 * (DNS_TSIG_TIME_BYTES - 1 - i)));
    s->tsig.other = slice_of(s->other, sizeof(s->other));
    return fail(s, DNS_TSIG_BADTIME);
}

enum tsig_verdict tsig_check_query(const struct tsig_keys *keys, struct slice query, size_t tsig_at,
                                   int64_t now_unix_s, struct tsig_session *out)
{
    struct dns_tsig received;
    uint8_t mac[HMAC_MAX_BYTES];
    *out = (struct tsig_session){0};
    if (!dns_tsig_read(query, tsig_at, &received))
        return TSIG_FORMERR;
    out->tsig = received;
    out->tsig.mac = slice_of(NULL, 0);
    out->tsig.other = slice_of(NULL, 0);
    out->tsig.error = DNS_TSIG_NO_ERROR;
    if (!take_key(keys, out))
        return fail(out, DNS_TSIG_BADKEY);
    if (!is_mac_size_sane(received.mac.len, hmac_bytes(out->key.hash)))
        return TSIG_FORMERR;
    const struct dns_tsig_text_options text = {.message = slice_sub(query, 0, tsig_at),
                                               .is_counted = true};
    if (!mac_of(out, &text, &received, mac))
        return TSIG_FORMERR;
    if (!constant_time_equal(received.mac, slice_of(mac, received.mac.len)))
        return fail(out, DNS_TSIG_BADSIG);
    memcpy(out->mac, received.mac.data, received.mac.len);
    out->mac_bytes = received.mac.len;
    if (!is_in_time(&received, now_unix_s))
        return fail_for_time(out, now_unix_s);
    if (received.mac.len < hmac_bytes(out->key.hash))
        return fail(out, DNS_TSIG_BADTRUNC);
    return TSIG_GOOD;
}

size_t tsig_bytes(const struct tsig_session *s)
{
    return dns_tsig_bytes(&s->tsig) + (s->has_key ? hmac_bytes(s->key.hash) : 0);
}

size_t tsig_sign(struct tsig_session *s, uint8_t *message, size_t len, int64_t now_unix_s)
{
    uint8_t mac[HMAC_MAX_BYTES];
    struct dns_tsig tsig = s->tsig;
    if (tsig.error != DNS_TSIG_BADTIME)
        tsig.time_s = (uint64_t)now_unix_s;
    tsig.fudge_s = DNS_TSIG_FUDGE_S;
    if (!s->has_key)
        return dns_tsig_write(message, len, &tsig);
    const struct dns_tsig_text_options text = {.prior_mac = slice_of(s->mac, s->mac_bytes),
                                               .message = slice_of(message, len),
                                               .is_continued = s->is_continued};
    bool is_set = mac_of(s, &text, &tsig, mac);
    CHECK(is_set);
    s->mac_bytes = hmac_bytes(s->key.hash);
    memcpy(s->mac, mac, s->mac_bytes);
    s->is_continued = true;
    tsig.mac = slice_of(s->mac, s->mac_bytes);
    return dns_tsig_write(message, len, &tsig);
}

void tsig_begin_request(struct tsig_session *out, const struct tsig_key *key, uint16_t id)
{
    struct slice algorithm = tsig_algorithm_name(key->hash);
    *out = (struct tsig_session){.has_key = true, .key = *key};
    out->tsig.key = key->name;
    out->tsig.algorithm.len = (uint8_t)algorithm.len;
    memcpy(out->tsig.algorithm.wire, algorithm.data, algorithm.len);
    out->tsig.original_id = id;
}

bool tsig_check_response(const struct tsig_session *s, struct slice response, int64_t now_unix_s)
{
    struct dns_tsig received;
    uint8_t mac[HMAC_MAX_BYTES];
    size_t at = dns_tsig_find(response);
    if (at == 0 || !dns_tsig_read(response, at, &received))
        return false;
    const struct dns_tsig_text_options text = {.prior_mac = slice_of(s->mac, s->mac_bytes),
                                               .message = slice_sub(response, 0, at),
                                               .is_counted = true};
    bool is_ours =
        slice_equal(dns_name_slice(&received.key), dns_name_slice(&s->key.name)) &&
        slice_equal(dns_name_slice(&received.algorithm), dns_name_slice(&s->tsig.algorithm)) &&
        received.mac.len == hmac_bytes(s->key.hash);
    return is_ours && mac_of(s, &text, &received, mac) &&
           constant_time_equal(received.mac, slice_of(mac, received.mac.len)) &&
           is_in_time(&received, now_unix_s);
}
