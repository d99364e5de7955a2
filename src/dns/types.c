// SPDX-License-Identifier: Apache-2.0
// Types and response codes by name and number, from types.def. Called by the API, the compiler
// and the answering code, on any thread.
#include "dns/types.h"

#include "base/check.h"

#include <stdio.h>

struct type_row {
    const char *name;
    uint16_t number;
};

static const struct type_row type_rows[] = {
#define DNS_TYPE_DEF(name, number, hosting) {#name, number},
#include "dns/types.def"
#undef DNS_TYPE_DEF
};

static const char *const rcode_texts[] = {
    [DNS_RCODE_NOERROR] = "NOERROR",     [DNS_RCODE_FORMERR] = "FORMERR",
    [DNS_RCODE_SERVFAIL] = "SERVFAIL",   [DNS_RCODE_NXDOMAIN] = "NXDOMAIN",
    [DNS_RCODE_NOTIMP] = "NOTIMP",       [DNS_RCODE_REFUSED] = "REFUSED",
    [DNS_RCODE_NOTAUTH] = "NOTAUTH",     [DNS_RCODE_BADVERS] = "BADVERS",
    [DNS_RCODE_BADCOOKIE] = "BADCOOKIE",
};

const char *dns_type_text(uint16_t type, char buffer[DNS_TYPE_TEXT_SIZE])
{
    for (size_t i = 0; i < ARRAY_LEN(type_rows); i++) {
        if (type_rows[i].number == type)
            return type_rows[i].name;
    }
    int len = snprintf(buffer, DNS_TYPE_TEXT_SIZE, "TYPE%u", type);
    CHECK(len > 0 && len < DNS_TYPE_TEXT_SIZE);
    return buffer;
}

bool dns_type_parse(struct slice text, uint16_t *out_type)
{
    for (size_t i = 0; i < ARRAY_LEN(type_rows); i++) {
        if (slice_equal_nocase(text, slice_str(type_rows[i].name))) {
            *out_type = type_rows[i].number;
            return true;
        }
    }
    struct slice prefix = SLICE_LIT("TYPE");
    uint64_t number;
    if (text.len <= prefix.len || !slice_equal_nocase(slice_sub(text, 0, prefix.len), prefix) ||
        !slice_parse_u64(slice_sub(text, prefix.len, text.len), UINT16_MAX, &number))
        return false;
    *out_type = (uint16_t)number;
    return true;
}

/* RFC 6895 section 3.1: the types of questions and messages, and the two that are reserved. */
static bool is_data(uint16_t type)
{
    return type != 0 && !(type >= 128 && type <= 255) && type != UINT16_MAX;
}

enum dns_hosting dns_type_hosting(uint16_t type)
{
    switch (type) {
#define DNS_TYPE_DEF(name, number, hosting)                                                        \
    case number:                                                                                   \
        return hosting;
#include "dns/types.def"
#undef DNS_TYPE_DEF
    default:
        return is_data(type) ? DNS_HOSTED : DNS_NOT_DATA;
    }
}

const char *dns_rcode_text(unsigned rcode)
{
    if (rcode < ARRAY_LEN(rcode_texts) && rcode_texts[rcode] != NULL)
        return rcode_texts[rcode];
    return "OTHER";
}
