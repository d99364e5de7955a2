// SPDX-License-Identifier: Apache-2.0
// Responses of any name server to a drill's query: read or passed over. What is read answers our
// question, holds each address once, and lasts no longer in a resolver than it says.
#include "base/check.h"
#include "tool/drill_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_addresses(const struct drill_addresses *list)
{
    CHECK(list->count <= TOOL_DRILL_ADDRESSES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        struct drill_addresses before = *list;
        before.count = i;
        CHECK(!drill_addresses_have(&before, &list->items[i]));
    }
}

static void check_resolver(const struct drill_answer *answer)
{
    struct drill_resolver r = {0};
    int64_t end_ns = (int64_t)answer->ttl_s * NS_PER_S;
    drill_resolver_take(&r, answer, 0);
    CHECK(drill_resolver_get(&r, end_ns) == NULL);
    CHECK(drill_resolver_get(&r, end_ns - 1) == NULL || r.has_answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice message = slice_of(data, size);
    static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_AAAA};
    struct dns_name name;
    CHECK(dns_name_parse(SLICE_LIT("www.example."), &name, NULL) == ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct drill_answer answer;
        uint16_t id;
        if (!drill_answer_read(message, &name, types[i], &id, &answer))
            continue;
        CHECK(size >= DNS_HEADER_BYTES && (data[2] & 0x80) != 0);
        CHECK(id == (data[0] << 8 | data[1]));
        check_addresses(&answer.addresses);
        check_resolver(&answer);
    }
    return 0;
}
