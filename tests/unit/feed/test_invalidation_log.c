// SPDX-License-Identifier: Apache-2.0
// The log against a model: a follower that applies what it is given never claims a number while it
// lacks an invalidation at or below it.
#include "base/random.h"
#include "feed/invalidation_log.h"
#include "feed/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { DISTRIBUTIONS = 6, NUMBERS = 400 };

/** What was accepted, in order: of which distribution; the path is "/NUMBER". */
struct history {
    struct feed_log *log;
    uint64_t count;
    char distribution[NUMBERS + 1]; /* by number: 'A'..'F' */
};

/** A follower: which numbers have taken effect on it. */
struct follower {
    struct feed_log_cursor cursor;
    struct feed_position at;
    bool has[NUMBERS + 1];
    size_t frame_count;
    size_t whole_count; /* frames that dropped a whole distribution */
    size_t all_count;   /* frames that dropped all of them */
};

static const struct feed_log_limits small = {.paths = 8, .distributions = 4};

static void start(struct history *h, const struct feed_log_limits *limits)
{
    *h = (struct history){.log = feed_log_new(limits)};
    feed_log_begin(h->log, &(struct feed_log_start){.epoch = 1});
}

static void add(struct history *h, char distribution)
{
    char path[16];
    h->distribution[++h->count] = distribution;
    (void)snprintf(path, sizeof(path), "/%llu", (unsigned long long)h->count);
    const struct slice paths = slice_str(path);
    const struct feed_log_entry entry = {.number = h->count,
                                         .distribution_id = slice_of(&distribution, 1),
                                         .paths = &paths,
                                         .path_count = 1};
    feed_log_add(h->log, &entry);
}

/** Takes one frame; false where there is none. */
static bool take(struct follower *f, const struct history *h)
{
    AUTO_ARENA struct arena a = {0};
    struct slice frame;
    struct feed_invalidation i;
    if (!feed_log_next(h->log, &f->cursor, &a, &frame))
        return false;
    assert_int_equal(feed_invalidation_decode(&a, frame, &i, NULL), ERR_OK);
    f->frame_count++;
    bool is_whole = slice_equal(i.paths[0], SLICE_LIT("/*"));
    f->whole_count += is_whole && i.distribution_id.len > 0;
    f->all_count += i.distribution_id.len == 0;
    for (uint64_t n = 1; n <= h->count; n++) {
        bool is_of =
            i.distribution_id.len == 0 || i.distribution_id.data[0] == (uint8_t)h->distribution[n];
        if (is_of && (is_whole || n == i.at.number))
            f->has[n] = true; /* whole: all that was accepted when it takes effect */
    }
    if (i.is_last)
        f->at = i.at;
    for (uint64_t n = 1; n <= f->at.number; n++)
        assert_true(f->has[n]);
    return true;
}

static void take_all(struct follower *f, const struct history *h)
{
    while (take(f, h))
        ;
    assert_int_equal(feed_position_compare(f->at, feed_log_newest(h->log)), 0);
}

static void resume(struct follower *f)
{
    f->cursor = feed_log_cursor_at(f->at);
}

static void nobody_is_given_anything_before_the_log_begins(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct feed_log *log = feed_log_new(NULL);
    struct feed_log_cursor nothing = feed_log_cursor_at((struct feed_position){0});
    struct feed_log_cursor something = feed_log_cursor_at((struct feed_position){3, 4});
    struct slice frame;
    assert_false(feed_log_next(log, &nothing, &a, &frame));
    assert_false(feed_log_next(log, &something, &a, &frame));
    feed_log_free(log);
}

static void a_follower_with_nothing_drops_everything_and_gets_what_comes(void **state)
{
    (void)state;
    struct history h;
    struct follower f = {0};
    start(&h, NULL);
    add(&h, 'A');
    take_all(&f, &h);
    assert_int_equal(f.all_count, 1);
    assert_int_equal(f.frame_count, 1);
    add(&h, 'B');
    take_all(&f, &h);
    assert_int_equal(f.frame_count, 2);
    assert_int_equal(f.all_count, 1);
    assert_false(take(&f, &h));
    feed_log_free(h.log);
}

static void even_a_log_without_entries_gives_a_place(void **state)
{
    (void)state;
    struct history h;
    struct follower f = {0};
    start(&h, NULL);
    take_all(&f, &h);
    assert_int_equal(f.at.epoch, 1);
    assert_int_equal(f.at.number, 0);
    assert_false(take(&f, &h));
    feed_log_free(h.log);
}

static void a_follower_that_comes_back_gets_what_it_missed_and_no_more(void **state)
{
    (void)state;
    struct history h;
    struct follower f = {0};
    start(&h, NULL);
    take_all(&f, &h);
    for (unsigned i = 0; i < 5; i++)
        add(&h, 'A');
    resume(&f);
    take_all(&f, &h);
    assert_int_equal(f.frame_count, 1 + 5);
    resume(&f);
    assert_false(take(&f, &h));
    feed_log_free(h.log);
}

static void one_that_is_too_far_behind_drops_the_distributions_concerned(void **state)
{
    (void)state;
    struct history h;
    struct follower f = {0};
    start(&h, &small);
    add(&h, 'C');
    take_all(&f, &h);
    for (unsigned i = 0; i < 20; i++)
        add(&h, i % 2 == 0 ? 'A' : 'B');
    resume(&f);
    take_all(&f, &h);
    assert_int_equal(f.whole_count, 2); /* A and B, not C */
    assert_int_equal(f.all_count, 1);   /* at its first start */
    assert_int_equal(f.frame_count, 1 + 2 + small.paths);
    feed_log_free(h.log);
}

static void where_too_many_distributions_are_concerned_it_drops_all(void **state)
{
    (void)state;
    struct history h;
    struct follower f = {0};
    start(&h, &small);
    take_all(&f, &h);
    for (unsigned i = 0; i < 30; i++)
        add(&h, (char)('A' + i % DISTRIBUTIONS));
    resume(&f);
    take_all(&f, &h);
    assert_int_equal(f.all_count, 2);
    feed_log_free(h.log);
}

static void a_place_that_is_none_of_this_log_means_that_all_is_dropped(void **state)
{
    (void)state;
    static const struct feed_position strange[] = {{1, 4}, {2, 1}, {2, 0}, {9, 9}};
    for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
        struct history h;
        start(&h, NULL);
        for (unsigned n = 0; n < 3; n++)
            add(&h, 'A');
        struct follower f = {.at = {1, 0}};
        assert_false(feed_log_has(h.log, strange[i]));
        f.cursor = feed_log_cursor_at(strange[i]);
        take_all(&f, &h);
        assert_int_equal(f.all_count, 1);
        assert_int_equal(f.frame_count, 1);
        feed_log_free(h.log);
    }
}

static void what_existed_before_the_log_began_is_dropped_by_distribution(void **state)
{
    (void)state;
    struct feed_log *log = feed_log_new(NULL);
    const struct feed_log_start begin = {.epoch = 1, .after = 100, .given = 100, .forgotten = 50};
    feed_log_begin(log, &begin);
    feed_log_remember(log, SLICE_LIT("A"), 70);
    feed_log_remember(log, SLICE_LIT("B"), 100);
    feed_log_remember(log, SLICE_LIT("A"), 60);
    static const struct {
        uint64_t after;
        size_t frames;
        const char *first; /* distribution of the first frame */
    } cases[] = {{49, 1, ""}, {50, 2, "A"}, {69, 2, "A"}, {70, 1, "B"}, {99, 1, "B"}, {100, 0, ""}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ARENA struct arena a = {0};
        struct feed_log_cursor c = feed_log_cursor_at((struct feed_position){1, cases[i].after});
        struct slice frame;
        size_t frames = 0;
        while (feed_log_next(log, &c, &a, &frame)) {
            struct feed_invalidation part;
            assert_int_equal(feed_invalidation_decode(&a, frame, &part, NULL), ERR_OK);
            if (frames == 0)
                assert_true(slice_equal(part.distribution_id, slice_str(cases[i].first)));
            frames++;
            assert_int_equal(part.is_last, frames == cases[i].frames);
            assert_int_equal(part.at.number, 100);
        }
        assert_int_equal(frames, cases[i].frames);
    }
    feed_log_free(log);
}

static void numbers_that_nobody_remembers_mean_that_all_is_dropped(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct feed_log *log = feed_log_new(NULL);
    const struct feed_log_start begin = {.epoch = 1, .after = 100, .given = 100};
    feed_log_begin(log, &begin); /* rows of a removed distribution */
    struct feed_log_cursor c = feed_log_cursor_at((struct feed_position){1, 5});
    struct slice frame;
    struct feed_invalidation part;
    assert_true(feed_log_next(log, &c, &a, &frame));
    assert_int_equal(feed_invalidation_decode(&a, frame, &part, NULL), ERR_OK);
    assert_int_equal(part.distribution_id.len, 0);
    assert_false(feed_log_next(log, &c, &a, &frame));
    feed_log_free(log);
}

static void a_place_whose_entry_is_gone_is_still_one_of_the_log(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct feed_log *log = feed_log_new(NULL);
    const struct feed_log_start begin = {.epoch = 1, .after = 90, .given = 100};
    feed_log_begin(log, &begin);
    const struct slice path = SLICE_LIT("/a");
    struct feed_log_entry entry = {
        .number = 95, .distribution_id = SLICE_LIT("A"), .paths = &path, .path_count = 1};
    feed_log_add(log, &entry); /* 96 to 100 were of a distribution that was removed */
    struct feed_log_cursor c = feed_log_cursor_at((struct feed_position){1, 100});
    struct slice frame;
    assert_true(feed_log_has(log, c.at));
    assert_false(feed_log_next(log, &c, &a, &frame));
    entry.number = 101;
    feed_log_add(log, &entry);
    assert_true(feed_log_next(log, &c, &a, &frame));
    assert_int_equal(c.at.number, 101);
    struct feed_log_cursor beyond = feed_log_cursor_at((struct feed_position){1, 102});
    assert_false(feed_log_has(log, beyond.at));
    feed_log_free(log);
}

static void a_long_invalidation_is_whole_only_with_its_last_frame(void **state)
{
    (void)state;
    enum { PATHS = 3000 };
    static char text[4000];
    static struct slice paths[PATHS];
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    for (size_t i = 0; i < PATHS; i++)
        paths[i] = slice_of(text, sizeof(text) - i % 7);
    struct feed_log *log = feed_log_new(NULL);
    feed_log_begin(log, &(struct feed_log_start){.epoch = 1});
    const struct feed_log_entry entry = {
        .number = 1, .distribution_id = SLICE_LIT("A"), .paths = paths, .path_count = PATHS};
    feed_log_add(log, &entry);
    struct feed_log_cursor c = feed_log_cursor_at((struct feed_position){1, 0});
    size_t taken = 0;
    bool is_last = false;
    AUTO_ARENA struct arena a = {0};
    struct slice frame;
    while (feed_log_next(log, &c, &a, &frame)) {
        struct feed_invalidation part;
        assert_false(is_last);
        assert_true(frame.len <= FEED_INVALIDATION_FRAME_BYTES);
        assert_int_equal(feed_invalidation_decode(&a, frame, &part, NULL), ERR_OK);
        for (size_t i = 0; i < part.path_count; i++)
            assert_true(slice_equal(part.paths[i], paths[taken++]));
        is_last = part.is_last;
        arena_reset(&a);
    }
    assert_true(is_last);
    assert_int_equal(taken, PATHS);
    feed_log_free(log);
}

static void one_that_is_lost_in_the_middle_of_a_long_one_drops_its_distribution(void **state)
{
    (void)state;
    static char text[FEED_PATH_MAX_BYTES];
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    const struct slice path = slice_of(text, sizeof(text));
    const struct slice paths[] = {path, path, path, path, path, path};
    const struct feed_log_limits limits = {.paths = ARRAY_LEN(paths)};
    struct feed_log *log = feed_log_new(&limits);
    feed_log_begin(log, &(struct feed_log_start){.epoch = 1});
    struct feed_log_entry entry = {.number = 1,
                                   .distribution_id = SLICE_LIT("A"),
                                   .paths = paths,
                                   .path_count = ARRAY_LEN(paths)};
    feed_log_add(log, &entry);
    AUTO_ARENA struct arena a = {0};
    struct feed_log_cursor c = feed_log_cursor_at((struct feed_position){1, 0});
    struct slice frame;
    struct feed_invalidation part;
    assert_true(feed_log_next(log, &c, &a, &frame));
    assert_int_equal(feed_invalidation_decode(&a, frame, &part, NULL), ERR_OK);
    assert_false(part.is_last);
    entry = (struct feed_log_entry){
        .number = 2, .distribution_id = SLICE_LIT("B"), .paths = paths, .path_count = 1};
    feed_log_add(log, &entry);
    assert_true(feed_log_next(log, &c, &a, &frame));
    assert_int_equal(feed_invalidation_decode(&a, frame, &part, NULL), ERR_OK);
    assert_true(part.is_last && part.at.number == 1);
    assert_true(slice_equal(part.paths[0], SLICE_LIT("/*")));
    assert_true(feed_log_next(log, &c, &a, &frame));
    assert_int_equal(feed_invalidation_decode(&a, frame, &part, NULL), ERR_OK);
    assert_true(part.is_last && part.at.number == 2);
    assert_false(feed_log_next(log, &c, &a, &frame));
    feed_log_free(log);
}

static void followers_that_read_and_leave_as_they_like_never_claim_what_they_lack(void **state)
{
    (void)state;
    enum { FOLLOWERS = 8 };
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct prng prng;
        struct history h;
        static struct follower followers[FOLLOWERS];
        prng_init_fixed(&prng, seed);
        memset(followers, 0, sizeof(followers));
        start(&h, &small);
        while (h.count < NUMBERS) {
            struct follower *f = &followers[prng_below(&prng, FOLLOWERS)];
            switch (prng_below(&prng, 4)) {
            case 0: /* mostly few distributions, so that whole ones are dropped one by one */
                add(&h, (char)('A' + prng_below(&prng, prng_below(&prng, 50) == 0 ? 6 : 3)));
                break;
            case 1:
                resume(f);
                break;
            default:
                (void)take(f, &h);
            }
        }
        for (size_t i = 0; i < FOLLOWERS; i++)
            take_all(&followers[i], &h);
        feed_log_free(h.log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_given_anything_before_the_log_begins),
        cmocka_unit_test(a_follower_with_nothing_drops_everything_and_gets_what_comes),
        cmocka_unit_test(even_a_log_without_entries_gives_a_place),
        cmocka_unit_test(a_follower_that_comes_back_gets_what_it_missed_and_no_more),
        cmocka_unit_test(one_that_is_too_far_behind_drops_the_distributions_concerned),
        cmocka_unit_test(where_too_many_distributions_are_concerned_it_drops_all),
        cmocka_unit_test(a_place_that_is_none_of_this_log_means_that_all_is_dropped),
        cmocka_unit_test(what_existed_before_the_log_began_is_dropped_by_distribution),
        cmocka_unit_test(numbers_that_nobody_remembers_mean_that_all_is_dropped),
        cmocka_unit_test(a_place_whose_entry_is_gone_is_still_one_of_the_log),
        cmocka_unit_test(a_long_invalidation_is_whole_only_with_its_last_frame),
        cmocka_unit_test(one_that_is_lost_in_the_middle_of_a_long_one_drops_its_distribution),
        cmocka_unit_test(followers_that_read_and_leave_as_they_like_never_claim_what_they_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
