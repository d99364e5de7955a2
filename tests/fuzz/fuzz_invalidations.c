// SPDX-License-Identifier: Apache-2.0
// Frames of invalidations, and a log that gives them out. The first byte chooses. Claims: what
// decodes encodes to the same bytes, so that a frame has one form; what a log is given comes out of
// it whole and in order, in frames that decode and fit, whatever a follower has already.
#include "base/check.h"
#include "feed/invalidation_log.h"
#include "feed/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_frame(struct slice bytes)
{
    AUTO_ARENA struct arena a = {0};
    struct feed_invalidation i;
    if (feed_invalidation_decode(&a, bytes, &i, NULL) != ERR_OK)
        return;
    CHECK(slice_equal(feed_invalidation_encode(&a, &i), bytes));
}

static void check_position(struct slice text)
{
    struct feed_position p;
    struct feed_position again;
    char written[FEED_POSITION_TEXT_SIZE];
    if (!feed_position_parse(text, &p))
        return;
    feed_position_format(p, written);
    CHECK(feed_position_parse(slice_str(written), &again));
    CHECK(feed_position_compare(p, again) == 0);
}

enum { PATHS_MAX = 12, ENTRIES_MAX = 32 };

/* Takes a byte off the front; 0 at the end. */
static uint8_t take(struct slice *rest)
{
    uint8_t byte = rest->len > 0 ? rest->data[0] : 0;
    *rest = slice_sub(*rest, 1, rest->len);
    return byte;
}

/* One entry: its distribution, and paths of which the input gives the lengths. */
static void add(struct feed_log *log, uint64_t number, struct slice *rest)
{
    static char text[FEED_PATH_MAX_BYTES] = "/";
    struct slice paths[PATHS_MAX];
    static const char ids[] = "ABCDE";
    struct feed_log_entry entry = {.number = number,
                                   .distribution_id = slice_of(&ids[take(rest) % 5], 1),
                                   .paths = paths,
                                   .path_count = take(rest) % PATHS_MAX + 1u};
    for (size_t i = 0; i < entry.path_count; i++)
        paths[i] = slice_of(text, 1 + take(rest) * (size_t)62);
    feed_log_add(log, &entry);
}

/* A follower reads on, up to `frames`; what it is told makes sense. */
static void read_on(const struct feed_log *log, struct feed_log_cursor *c, unsigned frames)
{
    AUTO_ARENA struct arena a = {0};
    struct slice frame;
    uint64_t before = c->at.number;
    for (unsigned i = 0; i < frames && feed_log_next(log, c, &a, &frame); i++) {
        struct feed_invalidation part;
        CHECK(feed_invalidation_decode(&a, frame, &part, NULL) == ERR_OK);
        CHECK(part.at.epoch == 1 && part.at.number <= feed_log_newest(log).number);
        CHECK(!part.is_last || c->at.number == part.at.number);
        CHECK(part.is_last || c->at.number < part.at.number);
        CHECK(c->at.number >= before);
        before = c->at.number;
    }
}

static void check_log(struct slice rest)
{
    const struct feed_log_limits limits = {.paths = take(&rest) + 1u, .distributions = 3};
    struct feed_log *log = feed_log_new(&limits);
    struct feed_log_cursor cursors[4] = {{.partial = 0}};
    uint64_t number = 0;
    feed_log_begin(log, &(struct feed_log_start){.epoch = 1});
    while (rest.len > 0 && number < ENTRIES_MAX) {
        uint8_t what = take(&rest);
        struct feed_log_cursor *c = &cursors[what % 4];
        if (what < 64)
            add(log, ++number, &rest);
        else if (what < 80)
            *c = feed_log_cursor_at(c->at);
        else
            read_on(log, c, what / 4);
    }
    for (size_t i = 0; i < ARRAY_LEN(cursors); i++) {
        read_on(log, &cursors[i], UINT32_MAX);
        CHECK(feed_position_compare(cursors[i].at, feed_log_newest(log)) == 0);
    }
    feed_log_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice rest = slice_of(data + 1, size - 1);
    if (data[0] % 3 == 0)
        check_frame(rest);
    else if (data[0] % 3 == 1)
        check_position(rest);
    else
        check_log(rest);
    return 0;
}
