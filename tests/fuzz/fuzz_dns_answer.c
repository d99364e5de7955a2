// SPDX-License-Identifier: Apache-2.0
// Any bytes as a query to a small world with all that an answer may meet: the answer parses, keeps
// to its limit, echoes id and question (ask_bytes checks that), is the same when asked again, and
// over TCP says no less than over UDP. The first byte of the input picks the client.
// NOLINTNEXTLINE(bugprone-suspicious-include): the build knows one source a target
#include "../unit/authority/fixture.c"

#include "authority/answer_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill_zone(struct fixture *f)
{
    fixture_whole_zone(f, "Z1", "example.com");
    fixture_set(f, "Z1", "www.example.com", "A", 60,
                (const char *const[]){"192.0.2.1", "192.0.2.2", "192.0.2.3", NULL});
    fixture_value(f, "Z1", "www.example.com", "TXT", 60, "\"text\" \"more\"");
    fixture_value(f, "Z1", "*.w.example.com", "MX", 60, "10 mail.example.com.");
    fixture_value(f, "Z1", "mail.example.com", "AAAA", 60, "2001:db8::1");
    fixture_value(f, "Z1", "_s._tcp.example.com", "SRV", 60, "1 2 3 mail.example.com.");
    fixture_value(f, "Z1", "a.b.c.example.com", "CNAME", 60, "x.w.example.com.");
    fixture_value(f, "Z1", "l.example.com", "CNAME", 60, "l.example.com.");
    fixture_value(f, "Z1", "sub.example.com", "NS", 60, "ns.sub.example.com.");
    fixture_value(f, "Z1", "ns.sub.example.com", "A", 60, "192.0.2.1");
    fixture_alias(f, "Z1", "example.com", "A", "Z1", "www.example.com");
    fixture_alias(f, "Z1", "e.example.com", "A", "Z2", "e.example.org");
}

static void fill_other_zones(struct fixture *f)
{
    static uint8_t local[] = {192, 0, 2, 2};
    static struct slice addresses[] = {{.data = local, .len = sizeof(local)}};
    static struct release_prefix sources[] = {{.address = {10}, .bytes = 4, .length = 8}};
    fixture_zone(f, "Z2", "example.org"); /* a zone without an SOA */
    fixture_alias(f, "Z2", "e.example.org", "A", "Z1", "e.example.com");
    struct release_zone *zone = fixture_whole_zone(f, "Z3", "sub.example.com");
    zone->addresses = addresses;
    zone->address_count = 1;
    zone = fixture_whole_zone(f, "Z4", "com");
    zone->is_private = true;
    zone->sources = sources;
    zone->source_count = 1;
}

static struct world *the_world(void)
{
    static struct fixture f;
    static struct world *world;
    if (world == NULL) {
        fixture_init(&f);
        fill_zone(&f);
        fill_other_zones(&f);
        world = fixture_world(&f);
    }
    return world;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char first[ANSWER_TEXT_SIZE];
    if (size < 1)
        return 0;
    const struct question client = {.local = (data[0] & 1) != 0 ? "192.0.2.2" : "192.0.2.1",
                                    .source = (data[0] & 2) != 0 ? "10.1.2.3" : "192.0.2.9"};
    struct answer_request request = {.query = slice_of(data + 1, size - 1),
                                     .view = question_view(&client),
                                     .is_limited = (data[0] & 4) != 0,
                                     .random = data[0],
                                     .now_unix_s = ASK_NOW_UNIX_S,
                                     .idle_ds = 100};
    static const struct answer_settings settings = {
        .nsid = {.data = (const uint8_t *)"ns-1", .len = 4},
        .chaos_version = {.data = (const uint8_t *)"\4weir", .len = 5}};
    ask_settings = &settings;
    const char *text = ask_bytes(the_world(), &request);
    if (text == NULL)
        return 0;
    (void)snprintf(first, sizeof(first), "%s", text);
    text = ask_bytes(the_world(), &request);
    CHECK(text != NULL && strcmp(first, text) == 0);
    request.is_tcp = true;
    request.is_limited = false;
    text = ask_bytes(the_world(), &request);
    CHECK(text != NULL && memmem(text, strcspn(text, "\n"), " tc", 3) == NULL);
    return 0;
}
