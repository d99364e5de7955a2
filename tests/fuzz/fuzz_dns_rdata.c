// SPDX-License-Identifier: Apache-2.0
// Values of records: the first byte chooses the type, the rest is a value's text, and then wire
// form. What is parsed passes the check, and its listed text gives the same wire form again.
#include "base/check.h"
#include "dns/limits.h"
#include "dns/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t types[] = {
#define DNS_TYPE_DEF(name, number, hosting) number,
#include "dns/types.def"
#undef DNS_TYPE_DEF
};

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
    if (size == 0)
        return 0;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    uint16_t type = types[data[0] % ARRAY_LEN(types)];
    struct slice rest = slice_of(data + 1, size - 1);
    check_text(&a, type, rest);
    check_wire(&a, type, rest);
    return 0;
}
