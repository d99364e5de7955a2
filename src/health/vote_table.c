// SPDX-License-Identifier: Apache-2.0
// Tables of votes as bytes, all integers big-endian:
//
//     u8 version, 3 zero bytes, u32 count, u64 run, u64 number, u64 made_ms
//     count times, rising by id: 16 bytes id, u8 state, u8 outcome, u16 detail, u32 age_ms,
//                                u16 connect_ms, u16 tls_ms, u16 first_byte_ms
//
// Used by checkers and by who follows them, on their loop's thread.
#include "health/vote_table.h"

#include "base/check.h"
#include "health/limits.h"

#include <endian.h>

#define VERSION 1

_Static_assert(VOTE_TABLE_HEAD_BYTES == 32 && VOTE_BYTES == 30, "the layout above");

/* ---- ids */

/* Where a text of a UUID has hyphens (RFC 9562 section 4). */
static bool is_hyphen(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

bool check_id_parse(struct slice text, struct check_id *out)
{
    char digits[2 * CHECK_ID_BYTES];
    struct check_id id;
    size_t count = 0;
    size_t len;
    if (text.len != CHECK_ID_TEXT_SIZE - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_hyphen(i))
            digits[count++] = (char)text.data[i];
        else if (text.data[i] != '-')
            return false;
    }
    if (!slice_unhex(slice_of(digits, count), id.bytes, sizeof(id.bytes), &len))
        return false;
    *out = id;
    return true;
}

void check_id_format(const struct check_id *id, char out[CHECK_ID_TEXT_SIZE])
{
    char hex[2 * CHECK_ID_BYTES + 1];
    const char *digit = hex;
    slice_hex(slice_of(id->bytes, sizeof(id->bytes)), hex);
    for (size_t i = 0; i < CHECK_ID_TEXT_SIZE - 1; i++)
        out[i] = is_hyphen(i) ? '-' : *digit++;
    out[CHECK_ID_TEXT_SIZE - 1] = '\0';
}

int check_id_compare(const struct check_id *a, const struct check_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* ---- integers */

static uint8_t *put_u16(uint8_t *to, uint16_t value)
{
    value = htobe16(value);
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}

static uint8_t *put_u32(uint8_t *to, uint32_t value)
{
    value = htobe32(value);
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}

static uint8_t *put_u64(uint8_t *to, uint64_t value)
{
    value = htobe64(value);
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}

static uint16_t get_u16(const uint8_t *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof(value));
    return be16toh(value);
}

static uint32_t get_u32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return be32toh(value);
}

static uint64_t get_u64(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof(value));
    return be64toh(value);
}

/* ---- tables */

static uint8_t *put_vote(uint8_t *to, const struct vote *v)
{
    CHECK((unsigned)v->state <= VOTE_UNHEALTHY && (unsigned)v->outcome < PROBE_OUTCOME_COUNT);
    memcpy(to, v->check.bytes, CHECK_ID_BYTES);
    to += CHECK_ID_BYTES;
    *to++ = (uint8_t)v->state;
    *to++ = (uint8_t)v->outcome;
    to = put_u16(to, v->detail);
    to = put_u32(to, v->age_ms);
    to = put_u16(to, v->connect_ms);
    to = put_u16(to, v->tls_ms);
    return put_u16(to, v->first_byte_ms);
}

struct slice vote_table_encode(struct arena *a, const struct vote_table *t)
{
    CHECK(t->count <= VOTES_MAX && t->number > 0);
    size_t size = VOTE_TABLE_HEAD_BYTES + t->count * VOTE_BYTES;
    uint8_t *bytes = arena_alloc(a, size);
    uint8_t *to = bytes;
    *to++ = VERSION;
    to += 3;
    to = put_u32(to, (uint32_t)t->count);
    to = put_u64(to, t->run);
    to = put_u64(to, t->number);
    to = put_u64(to, t->made_ms);
    for (size_t i = 0; i < t->count; i++) {
        CHECK(i == 0 || check_id_compare(&t->votes[i - 1].check, &t->votes[i].check) < 0);
        to = put_vote(to, &t->votes[i]);
    }
    CHECK(to == bytes + size);
    return slice_of(bytes, size);
}

static bool get_vote(const uint8_t *from, struct vote *out)
{
    memcpy(out->check.bytes, from, CHECK_ID_BYTES);
    from += CHECK_ID_BYTES;
    if (from[0] > VOTE_UNHEALTHY || from[1] >= PROBE_OUTCOME_COUNT)
        return false;
    out->state = (enum vote_state)from[0];
    out->outcome = (enum probe_outcome)from[1];
    out->detail = get_u16(from + 2);
    out->age_ms = get_u32(from + 4);
    out->connect_ms = get_u16(from + 8);
    out->tls_ms = get_u16(from + 10);
    out->first_byte_ms = get_u16(from + 12);
    return true;
}

enum err vote_table_decode(struct arena *a, struct slice bytes, struct vote_table *out,
                           struct errctx *ec)
{
    const uint8_t *from = bytes.data;
    if (bytes.len < VOTE_TABLE_HEAD_BYTES)
        return err_set(ec, ERR_CORRUPT, "a table of votes without its head");
    if (from[0] != VERSION)
        return err_set(ec, ERR_UNSUPPORTED, "a table of votes of version %u", from[0]);
    size_t count = get_u32(from + 4);
    size_t body = bytes.len - VOTE_TABLE_HEAD_BYTES;
    struct vote_table t = {.run = get_u64(from + 8),
                           .number = get_u64(from + 16),
                           .made_ms = get_u64(from + 24),
                           .count = count};
    if (from[1] != 0 || from[2] != 0 || from[3] != 0 || t.number == 0 || count > VOTES_MAX ||
        body != count * VOTE_BYTES)
        return err_set(ec, ERR_CORRUPT, "a table of votes with a bad head");
    t.votes = arena_array(a, count, sizeof(*t.votes));
    for (size_t i = 0; i < count; i++) {
        if (!get_vote(from + VOTE_TABLE_HEAD_BYTES + i * VOTE_BYTES, &t.votes[i]) ||
            (i > 0 && check_id_compare(&t.votes[i - 1].check, &t.votes[i].check) >= 0))
            return err_set(ec, ERR_CORRUPT, "a table of votes: vote %zu is none", i);
    }
    *out = t;
    return ERR_OK;
}

const struct vote *vote_table_find(const struct vote_table *t, const struct check_id *check)
{
    size_t low = 0;
    size_t high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = check_id_compare(&t->votes[middle].check, check);
        if (order == 0)
            return &t->votes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- for people */

bool probe_outcome_is_failure(enum probe_outcome outcome)
{
    return outcome != PROBE_NONE && outcome != PROBE_PASSED && outcome != PROBE_OWN_FAILURE;
}

/* What an outcome without a number in it says. */
static const char *const reasons[PROBE_OUTCOME_COUNT] = {
    [PROBE_NONE] = "No probe has ended yet",
    [PROBE_PASSED] = "Success: the connection was established",
    [PROBE_NOT_RESOLVED] = "Failure: DNS resolution failed: the name has no address, or its name "
                           "servers did not answer",
    [PROBE_CONNECT_TIMEOUT] = "Failure: Connection timed out. The endpoint may be down, or a "
                              "firewall may drop what the health checker sends",
    [PROBE_CONNECT_FAILED] = "Failure: The connection could not be established",
    [PROBE_TLS_FAILED] = "Failure: The TLS handshake failed",
    [PROBE_RESPONSE_TIMEOUT] = "Failure: Response timed out: the connection was established, but "
                               "no whole HTTP head came in time",
    [PROBE_BAD_RESPONSE] = "Failure: The answer is not HTTP, or its head is too large",
    [PROBE_BAD_STATUS] = "Failure: The HTTP status is neither 2xx nor 3xx",
    [PROBE_BODY_TIMEOUT] = "Failure: The body did not come in time, so the search string was not "
                           "found",
    [PROBE_NO_MATCH] = "Failure: The search string is not in the first 5,120 bytes of the body",
    [PROBE_CLOSED] = "Failure: The endpoint closed the connection before its answer was whole",
    [PROBE_OWN_FAILURE] = "The health checker could not probe: it lacked memory or descriptors",
};

struct slice vote_reason(struct arena *a, const struct vote *v)
{
    CHECK((unsigned)v->outcome < PROBE_OUTCOME_COUNT);
    if (v->detail > 0 && v->outcome == PROBE_PASSED)
        return slice_str(arena_printf(a, "Success: HTTP Status Code %u", v->detail));
    if (v->detail > 0 && v->outcome == PROBE_BAD_STATUS)
        return slice_str(arena_printf(a, "Failure: HTTP Status Code %u", v->detail));
    if (v->detail > 0 && v->outcome == PROBE_CONNECT_FAILED) {
        const char *why = strerrordesc_np(v->detail); /* NULL: no number of this system */
        return slice_str(arena_printf(a, "%s: %s", reasons[v->outcome],
                                      why == NULL ? "for an unknown reason" : why));
    }
    return slice_str(reasons[v->outcome]);
}
