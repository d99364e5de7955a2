// SPDX-License-Identifier: Apache-2.0
// The table of shapes, and what is read straight from it: the place of names, SOA's fields. Called
// per record by the writer, on any thread.
#include "dns/rdata_shape_priv.h"

#include "base/check.h"
#include "dns/rdata.h"
#include "dns/wire_priv.h"

#define ONE_NAME(error)                                                                            \
    {                                                                                              \
        .field_count = 1, .fields = {RDATA_NAME}, .has_name = true, .is_compressible = true,       \
        .field_error = (error)                                                                     \
    }

/* RFC 9460 section 2.2; the target is never compressed. */
#define SERVICE(error)                                                                             \
    {                                                                                              \
        .field_count = 3, .fields = {RDATA_U16, RDATA_NAME, RDATA_PARAMS}, .first_name_at = 2,     \
        .has_name = true, .field_error = (error)                                                   \
    }

static const struct rdata_shape shapes[] = {
    [DNS_TYPE_A] = {.field_count = 1, .fields = {RDATA_IPV4}, .field_error = DNS_PROBLEM_A_FIELDS},
    [DNS_TYPE_AAAA] = {.field_count = 1,
                       .fields = {RDATA_IPV6},
                       .field_error = DNS_PROBLEM_AAAA_FIELDS},
    [DNS_TYPE_NS] = ONE_NAME(DNS_PROBLEM_NS_FIELDS),
    [DNS_TYPE_CNAME] = ONE_NAME(DNS_PROBLEM_CNAME_FIELDS),
    [DNS_TYPE_PTR] = ONE_NAME(DNS_PROBLEM_PTR_FIELDS),
    [DNS_TYPE_MX] = {.field_count = 2,
                     .fields = {RDATA_U16, RDATA_NAME},
                     .first_name_at = 2,
                     .has_name = true,
                     .is_compressible = true,
                     .field_error = DNS_PROBLEM_MX_FIELDS},
    [DNS_TYPE_SRV] = {.field_count = 4,
                      .fields = {RDATA_U16, RDATA_U16, RDATA_U16, RDATA_NAME},
                      .first_name_at = 6,
                      .has_name = true,
                      .field_error = DNS_PROBLEM_SRV_FIELDS},
    [DNS_TYPE_SOA] = {.field_count = 7,
                      .fields = {RDATA_NAME, RDATA_NAME, RDATA_U32, RDATA_U32, RDATA_U32, RDATA_U32,
                                 RDATA_U32},
                      .has_name = true,
                      .is_compressible = true,
                      .field_error = DNS_PROBLEM_SOA_FIELDS},
    [DNS_TYPE_TXT] = {.field_count = 1,
                      .fields = {RDATA_STRINGS},
                      .field_error = DNS_PROBLEM_STRING_QUOTES},
    [DNS_TYPE_SPF] = {.field_count = 1,
                      .fields = {RDATA_STRINGS},
                      .field_error = DNS_PROBLEM_STRING_QUOTES},
    [DNS_TYPE_HINFO] = {.field_count = 2,
                        .fields = {RDATA_STRING, RDATA_STRING},
                        .field_error = DNS_PROBLEM_HINFO_FIELDS},
    /* RFC 3403 section 4.1; the replacement is never compressed. */
    [DNS_TYPE_NAPTR] = {.field_count = 6,
                        .fields = {RDATA_U16, RDATA_U16, RDATA_STRING, RDATA_STRING, RDATA_STRING,
                                   RDATA_NAME},
                        .first_name_at = 4,
                        .has_name = true,
                        .field_error = DNS_PROBLEM_NAPTR_FIELDS},
    [DNS_TYPE_DS] = {.field_count = 4,
                     .fields = {RDATA_U16, RDATA_U8, RDATA_U8, RDATA_HEX},
                     .field_error = DNS_PROBLEM_DS_FIELDS},
    [DNS_TYPE_SSHFP] = {.field_count = 3,
                        .fields = {RDATA_U8, RDATA_U8, RDATA_HEX},
                        .field_error = DNS_PROBLEM_SSHFP_FIELDS},
    [DNS_TYPE_TLSA] = {.field_count = 4,
                       .fields = {RDATA_U8, RDATA_U8, RDATA_U8, RDATA_HEX},
                       .field_error = DNS_PROBLEM_TLSA_FIELDS},
    [DNS_TYPE_SVCB] = SERVICE(DNS_PROBLEM_SVCB_FIELDS),
    [DNS_TYPE_HTTPS] = SERVICE(DNS_PROBLEM_HTTPS_FIELDS),
};

/* Apart from the table: its number would make the table long. */
static const struct rdata_shape caa_shape = {
    .field_count = 3,
    .fields = {RDATA_U8, RDATA_TAG, RDATA_VALUE},
    .field_error = DNS_PROBLEM_CAA_FIELDS,
};

const struct rdata_shape *rdata_shape_of(uint16_t type)
{
    if (type < ARRAY_LEN(shapes))
        return shapes[type].field_count > 0 ? &shapes[type] : NULL;
    return type == DNS_TYPE_CAA ? &caa_shape : NULL;
}

/* Behind order, preference and three strings. */
static size_t replacement_offset(struct slice rdata)
{
    size_t at = shapes[DNS_TYPE_NAPTR].first_name_at;
    for (unsigned i = 0; i < 3; i++) {
        CHECK(at < rdata.len);
        at += 1U + rdata.data[at];
    }
    return at;
}

size_t dns_rdata_name_offset(uint16_t type, struct slice rdata, bool *out_is_compressible)
{
    const struct rdata_shape *shape = rdata_shape_of(type);
    *out_is_compressible = shape != NULL && shape->is_compressible;
    if (type == DNS_TYPE_NAPTR)
        return replacement_offset(rdata);
    return shape != NULL && shape->has_name ? shape->first_name_at : rdata.len;
}

void dns_soa_read(struct slice rdata, struct dns_soa *out)
{
    size_t mname_bytes = dns_name_measure(rdata);
    struct slice rest = slice_of(rdata.data + mname_bytes, rdata.len - mname_bytes);
    size_t rname_bytes = dns_name_measure(rest);
    const uint8_t *numbers = rest.data + rname_bytes;
    CHECK(mname_bytes > 0 && rname_bytes > 0 && rest.len - rname_bytes == 5 * sizeof(uint32_t));
    out->mname = slice_of(rdata.data, mname_bytes);
    out->rname = slice_of(rest.data, rname_bytes);
    out->serial = dns_get_u32(numbers);
    out->refresh_s = dns_get_u32(numbers + 4);
    out->retry_s = dns_get_u32(numbers + 8);
    out->expire_s = dns_get_u32(numbers + 12);
    out->minimum_s = dns_get_u32(numbers + 16);
}
