// SPDX-License-Identifier: Apache-2.0
// Any bytes as a query over TCP to a world with a transferred zone: where that begins a transfer,
// its messages parse, and the first record and the last are the SOA; whatever else is asked is
// answered, signed where it is signed right. The first byte says whether a key is asked for, and
// whether the bytes get the signature of one. NOLINTNEXTLINE(bugprone-suspicious-include): the
// build knows one source a target
#include "../unit/authority/fixture.c"

#include "authority/transfer.h"
#include "authority/tsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ASKS_KEY = 1, SIGNS = 2 };

static struct slice keys[] = {{.data = (const uint8_t *)"\3key", .len = 5}};
static struct release_prefix everyone[] = {{.bytes = 4}};

static struct world *make_world(bool asks_key)
{
    static struct fixture f[2];
    struct release_transfer *transfer;
    struct fixture *mine = &f[asks_key ? 1 : 0];
    fixture_init(mine);
    struct release_zone *zone = fixture_whole_zone(mine, "Z1", "example.com");
    transfer = ARENA_NEW(&mine->arena, struct release_transfer);
    *transfer = (struct release_transfer){.serial = 7,
                                          .keys = keys,
                                          .key_count = asks_key ? 1 : 0,
                                          .prefixes = everyone,
                                          .prefix_count = 1};
    zone->transfer = transfer;
    fixture_value(mine, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    fixture_value(mine, "Z1", "*.w.example.com", "MX", 60, "10 mail.example.com.");
    fixture_alias(mine, "Z1", "example.com", "A", "Z1", "www.example.com");
    return fixture_world(mine);
}

static void check_message(struct slice bytes, unsigned *records)
{
    struct response r;
    struct response_record record;
    size_t at = 0;
    unsigned index = 0;
    if (!response_parse(bytes, &r))
        CHECK_MSG(false, "a message of a transfer does not parse");
    bool is_first = *records == 0;
    while (response_next(&r, &at, &index, &record)) {
        if (record.section == DNS_ANSWER) {
            CHECK(!is_first || record.type == DNS_TYPE_SOA);
            is_first = false;
            ++*records;
        }
    }
}

static void run_transfer(struct transfer *t)
{
    static uint8_t out[DNS_MESSAGE_MAX_BYTES];
    unsigned records = 0;
    size_t len;
    while ((len = transfer_next(t, out, ASK_NOW_UNIX_S)) > 0)
        check_message(slice_of(out, len), &records);
    CHECK(records == 6); /* SOA, NS, two A, MX, SOA */
    transfer_free(t, time_monotonic_ns());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *worlds[2];
    static struct tsig_keys *file;
    static uint8_t query[DNS_MESSAGE_MAX_BYTES];
    static uint8_t out[DNS_MESSAGE_MAX_BYTES];
    if (size < 1 + DNS_HEADER_BYTES || size > 4096)
        return 0;
    if (file == NULL) {
        worlds[0] = make_world(false);
        worlds[1] = make_world(true);
        enum err e = tsig_keys_parse(SLICE_LIT("key hmac-sha256 AAAA"), &file, NULL);
        CHECK(e == ERR_OK);
    }
    size_t len = size - 1;
    memcpy(query, data + 1, len);
    struct tsig_session session;
    if ((data[0] & SIGNS) != 0) {
        tsig_begin_request(&session, &file->keys[0], (uint16_t)(query[0] << 8 | query[1]));
        len = tsig_sign(&session, query, len, ASK_NOW_UNIX_S);
    }
    const struct question nobody = {0};
    const struct world *w = worlds[data[0] & ASKS_KEY];
    const struct scene scene = {.world = w, .offered = w, .tsig_keys = file};
    const struct answer_request request = {.query = slice_of(query, len),
                                           .view = question_view(&nobody),
                                           .is_tcp = true,
                                           .now_unix_s = ASK_NOW_UNIX_S};
    struct transfer *t = transfer_begin(&scene, &request);
    if (t != NULL) {
        run_transfer(t);
        return 0;
    }
    struct answer_summary summary;
    (void)answer(&scene, &request, out, sizeof(out), &summary);
    return 0;
}
