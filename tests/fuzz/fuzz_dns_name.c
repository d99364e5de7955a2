// SPDX-License-Identifier: Apache-2.0
// Names: the input as text and as wire form. Text and wire form lead back to each other, and
// parents, keys and wildcards agree.
#include "base/check.h"
#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_name reparse(struct slice wire)
{
    char text[DNS_NAME_TEXT_SIZE];
    size_t len = dns_name_format(wire, text);
    CHECK(len > 0 && len < sizeof(text) && text[len] == '\0' && text[len - 1] == '.');
    struct dns_name again;
    CHECK(dns_name_parse(slice_of(text, len), &again, NULL) == ERR_OK);
    return again;
}

static void check_parents(struct slice wire)
{
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice key = dns_name_sort_key(&a, wire);
    unsigned count = dns_name_label_count(wire);
    CHECK(count <= DNS_LABEL_MAX_COUNT);
    for (unsigned i = 0; i <= count; i++) {
        struct slice parent = dns_name_parent(wire, i);
        CHECK(dns_name_measure(parent) == parent.len);
        CHECK(dns_name_is_within(wire, parent));
        CHECK(dns_name_is_within(parent, wire) == (i == 0));
        CHECK(dns_name_label_count(parent) == count - i);
        CHECK(slice_starts_with(key, dns_name_sort_key(&a, parent)));
    }
}

static void check_wildcard(struct slice wire)
{
    struct dns_name star;
    if (!dns_name_wildcard_of(wire, &star))
        return;
    CHECK(dns_name_is_wildcard(dns_name_slice(&star)));
    CHECK(dns_name_equal(dns_name_parent(dns_name_slice(&star), 1), wire));
}

static void check_wire(struct slice wire)
{
    struct dns_name again = reparse(wire);
    CHECK(dns_name_equal(dns_name_slice(&again), wire));
    check_parents(wire);
    check_wildcard(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of(data, size);
    struct dns_name name;
    struct errctx ec = {0};
    if (dns_name_parse(input, &name, &ec) == ERR_OK) {
        CHECK(dns_name_measure(dns_name_slice(&name)) == name.len);
        check_wire(dns_name_slice(&name));
    } else {
        CHECK(ec.code == ERR_INVALID && ec.text[0] != '\0');
    }
    size_t measured = dns_name_measure(input);
    if (measured > 0)
        check_wire(slice_of(data, measured));
    return 0;
}
