// SPDX-License-Identifier: Apache-2.0
// Any bytes as the options of a query: what is read takes the room that was told before, the
// options written are well-formed and each comes once, the client's cookie comes back, and a client
// that shows the cookie it was given is known. The first byte picks UDP or TCP, the room and the
// error.
#include "authority/answer_edns.h"
#include "authority/answer_settings.h"
#include "base/check.h"
#include "dns/edns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_UNIX_S = 1780000000, ERROR_MOST_BYTES = 48 };

static struct scene the_scene(void)
{
    static const struct answer_settings settings = {
        .nsid = {.data = (const uint8_t *)"ns-1", .len = 4}};
    static struct cookie_keys keys;
    if (!keys.are_there)
        cookie_keys_make(&keys, SLICE_LIT("seed"), NOW_UNIX_S);
    return (struct scene){.settings = &settings, .cookies = keys};
}

/* The data of the option, which comes once at the most; the options end where they should. */
static struct slice find(struct slice options, uint16_t code)
{
    struct slice found = slice_of(NULL, 0);
    struct dns_edns_option option;
    while (dns_edns_next(&options, &option)) {
        CHECK(option.code != code || found.data == NULL);
        if (option.code == code)
            found = option.data;
    }
    CHECK(options.len == 0);
    return found;
}

static void check_cookie(const struct scene *scene, const struct answer_request *request,
                         const struct answer_edns *read, struct slice written)
{
    uint8_t bytes[DNS_EDNS_OPTION_FIXED_BYTES + sizeof(read->cookies)] = {0, DNS_EDNS_COOKIE, 0,
                                                                          sizeof(read->cookies)};
    struct slice cookie = find(written, DNS_EDNS_COOKIE);
    CHECK(read->has_cookie == (cookie.data != NULL));
    if (cookie.data == NULL)
        return;
    CHECK(cookie.len == sizeof(read->cookies));
    memcpy(bytes + DNS_EDNS_OPTION_FIXED_BYTES, cookie.data, cookie.len);
    struct dns_query shown = {.has_edns = true, .edns_options = slice_of(bytes, sizeof(bytes))};
    struct answer_edns again = {0};
    CHECK(answer_edns_read(scene, request, &shown, &again) == DNS_RCODE_NOERROR);
    CHECK(again.cookie == ANSWER_COOKIE_VALID);
    CHECK(memcmp(again.cookies, read->cookies, sizeof(read->cookies)) == 0 ||
          read->cookie == ANSWER_COOKIE_VALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const struct scene scene = the_scene();
    const struct dns_query query = {.has_edns = true, .edns_options = slice_of(data + 1, size - 1)};
    const struct answer_request request = {.view = {.source = {.bytes = {192, 0, 2, 1}, .len = 4}},
                                           .is_tcp = (data[0] & 1) != 0,
                                           .idle_ds = 100,
                                           .now_unix_s = NOW_UNIX_S};
    struct answer_edns read = {0};
    uint8_t out[EDNS_OUT_MAX_BYTES];
    if (answer_edns_read(&scene, &request, &query, &read) != DNS_RCODE_NOERROR)
        return 0;
    struct routing_client client;
    answer_edns_client(&read, &request, &scene, &client);
    size_t least_bytes = answer_edns_bytes(&read);
    const struct answer_edns_late late = {.client = &client,
                                          .ede = (data[0] & 2) != 0 ? DNS_EDE_PROHIBITED : 0,
                                          .room_bytes = least_bytes + data[0] / 4U};
    struct slice written = answer_edns_write(&read, &late, out);
    CHECK(written.len >= least_bytes && written.len <= late.room_bytes);
    CHECK(written.len <= least_bytes + ERROR_MOST_BYTES);
    CHECK(late.ede != 0 || written.len == least_bytes);
    CHECK((find(written, DNS_EDNS_SUBNET).data != NULL) == read.has_subnet);
    CHECK(request.is_tcp || find(written, DNS_EDNS_KEEPALIVE).data == NULL);
    check_cookie(&scene, &request, &read, written);
    return 0;
}
