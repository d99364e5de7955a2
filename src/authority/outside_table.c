// SPDX-License-Identifier: Apache-2.0
// Tables of outside targets. Made on the main loop of the role; read by every thread that answers.
#include "authority/outside_table.h"

#include "base/alloc.h"
#include "base/check.h"

#include <stdlib.h>

#define V4_BYTES 4
#define V6_BYTES 16
#define ASSUMED_TTL_S 60

const struct outside_table outside_assumed = {.is_assumed = true};

const struct outside_entry outside_assumed_v4 = {
    .type = DNS_TYPE_A,
    .count = 1,
    .body_bytes = RECORD_FIXED_BYTES + V4_BYTES,
    .body = (const uint8_t[]){0, DNS_TYPE_A, 0, DNS_CLASS_IN, 0, 0, 0, ASSUMED_TTL_S, 0, V4_BYTES,
                              192, 0, 2, 1},
    .state = OUTSIDE_FRESH,
};

const struct outside_entry outside_assumed_v6 = {
    .type = DNS_TYPE_AAAA,
    .count = 1,
    .body_bytes = RECORD_FIXED_BYTES + V6_BYTES,
    .body = (const uint8_t[]){0,    DNS_TYPE_AAAA,
                              0,    DNS_CLASS_IN,
                              0,    0,
                              0,    ASSUMED_TTL_S,
                              0,    V6_BYTES,
                              0x20, 0x01,
                              0x0d, 0xb8,
                              0,    0,
                              0,    0,
                              0,    0,
                              0,    0,
                              0,    0,
                              0,    1},
    .state = OUTSIDE_FRESH,
};

struct slice outside_key(struct arena *a, uint16_t type, struct slice name)
{
    uint16_t type_be = htobe16(type);
    uint8_t *key = arena_array(a, sizeof(type_be) + name.len, 1);
    memcpy(key, &type_be, sizeof(type_be));
    memcpy(key + sizeof(type_be), name.data, name.len);
    return slice_of(key, sizeof(type_be) + name.len);
}

static size_t address_bytes(uint16_t type)
{
    return type == DNS_TYPE_AAAA ? V6_BYTES : V4_BYTES;
}

static size_t body_bytes(const struct outside_answer *answer)
{
    return answer->count * (RECORD_FIXED_BYTES + address_bytes(answer->type));
}

/* Writes the records of an answer; returns where they end. */
static uint8_t *write_body(const struct outside_answer *answer, uint8_t *to)
{
    const uint16_t len = (uint16_t)address_bytes(answer->type);
    const uint16_t head_be[] = {htobe16(answer->type), htobe16(DNS_CLASS_IN)};
    const uint32_t ttl_be = htobe32(answer->ttl_s);
    const uint16_t len_be = htobe16(len);
    for (unsigned i = 0; i < answer->count; i++) {
        memcpy(to, head_be, sizeof(head_be));
        memcpy(to + 4, &ttl_be, sizeof(ttl_be));
        memcpy(to + 8, &len_be, sizeof(len_be));
        memcpy(to + RECORD_FIXED_BYTES, answer->addresses + (size_t)i * len, len);
        to += RECORD_FIXED_BYTES + len;
    }
    return to;
}

struct outside_table *outside_table_new(const struct outside_answer *answers, uint32_t count)
{
    size_t bytes = sizeof(struct outside_table) + count * sizeof(struct outside_entry);
    size_t bodies = 0;
    for (uint32_t i = 0; i < count; i++)
        bodies += answers[i].type == 0 ? 0 : body_bytes(&answers[i]);
    struct outside_table *t = (struct outside_table *)mem_alloc(bytes + bodies);
    uint8_t *body = (uint8_t *)t + bytes;
    t->count = count;
    t->is_assumed = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct outside_answer *answer = &answers[i];
        t->entries[i] = (struct outside_entry){.state = OUTSIDE_UNKNOWN};
        if (answer->type == 0)
            continue;
        CHECK(answer->count <= UINT16_MAX);
        t->entries[i] = (struct outside_entry){.type = answer->type,
                                               .count = (uint16_t)answer->count,
                                               .body_bytes = (uint32_t)body_bytes(answer),
                                               .body = body,
                                               .state = answer->state};
        body = write_body(answer, body);
    }
    return t;
}

void outside_table_free(struct outside_table *t)
{
    free(t);
}
