// SPDX-License-Identifier: Apache-2.0
// Values of records: two bytes are the type's number, the rest is a value's text, and then wire
// form. What is parsed passes the check, its listed text gives the same wire form again, and so do
// its bytes in the form of RFC 3597.
#include "base/check.h"
#include "dns/limits.h"
#include "dns/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A type that is known by number alone lists bytes as every type takes them. */
static void check_generic(struct arena *a, uint16_t type, struct slice rdata)
{
    enum { OPAQUE_TYPE = 65280 };
    struct slice again;
    struct slice generic = dns_rdata_format(a, OPAQUE_TYPE, rdata);
    CHECK(dns_rdata_parse(a, type, generic, &again, NULL) == ERR_OK);
    CHECK(slice_equal(again, rdata));
}

static void check_text(struct arena *a, uint16_t type, struct slice text)
{
    struct slice rdata;
    struct errctx ec = {0};
    if (dns_rdata_parse(a, type, text, &rdata, &ec) != ERR_OK) {
        CHECK(ec.code == ERR_INVALID && ec.text[0] != '\0');
        return;
    }
    CHECK(dns_rdata_check(type, rdata, NULL) == ERR_OK);
    struct slice listed = dns_rdata_format(a, type, rdata);
    /* Strings without a space between them are listed with one, which may be one too many. */
    if (listed.len > DNS_TXT_TEXT_MAX_CHARS)
        return;
    struct slice again;
    CHECK(dns_rdata_parse(a, type, listed, &again, NULL) == ERR_OK);
    CHECK(slice_equal(again, rdata));
    check_generic(a, type, rdata);
}

static void check_wire(struct arena *a, uint16_t type, struct slice rdata)
{
    if (dns_rdata_check(type, rdata, NULL) != ERR_OK)
        return;
    CHECK(dns_type_is_hosted(type));
    bool is_compressible;
    size_t at = dns_rdata_name_offset(type, rdata, &is_compressible);
    if (at < rdata.len)
        CHECK(dns_name_measure(slice_of(rdata.data + at, rdata.len - at)) > 0);
    if (type == DNS_TYPE_SOA) {
        struct dns_soa soa;
        dns_soa_read(rdata, &soa);
        CHECK(soa.mname.len + soa.rname.len + 20 == rdata.len);
    }
    check_text(a, type, dns_rdata_format(a, type, rdata));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    struct slice rest = slice_of(data + 2, size - 2);
    check_text(&a, type, rest);
    check_wire(&a, type, rest);
    return 0;
}
