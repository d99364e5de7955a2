// SPDX-License-Identifier: Apache-2.0
// The log of invalidations. Called by control's feed server and by who fills it, on its thread.
#include "feed/invalidation_log.h"

#include "base/alloc.h"
#include "base/check.h"
#include "feed/limits.h"

#include <stdlib.h>

/** One invalidation; one block on the heap. */
struct entry {
    uint64_t number;
    size_t path_count;
    size_t size_bytes;            /* of the block */
    struct slice distribution_id; /* borrowed from the block, as the frames are */
    size_t frame_count;
    struct slice frames[]; /* the last one marked as the last; behind them their bytes */
};

/** A distribution of which entries are not kept. */
struct remembered {
    uint64_t number; /* the newest of them */
    size_t id_len;
    char id[FEED_DISTRIBUTION_ID_MAX_BYTES];
};

struct feed_log {
    struct feed_log_limits limits;
    struct feed_position newest;
    uint64_t given;     /* the highest number that may have been given; newest or above */
    uint64_t floor;     /* entries above are kept */
    uint64_t forgotten; /* up to here it is not known which distributions were concerned */

    struct entry **entries; /* ring: `count` from `first` on, by number */
    size_t capacity;
    size_t first;
    size_t count;
    size_t path_count; /* of all of them */
    size_t size_bytes;

    struct remembered *remembered; /* limits.distributions places */
    size_t remembered_count;
};

static struct entry *entry_at(const struct feed_log *l, size_t index)
{
    return l->entries[(l->first + index) % l->capacity];
}

/* ---- entries */

/** How many of the paths, from the first on, fit one frame. */
static size_t paths_of_frame(const struct slice *paths, size_t count)
{
    size_t bytes = FEED_INVALIDATION_FRAME_BYTES - FEED_INVALIDATION_HEAD_MAX_BYTES;
    size_t taken = 0;
    while (taken < count && feed_invalidation_path_size(paths[taken]) <= bytes)
        bytes -= feed_invalidation_path_size(paths[taken++]);
    CHECK(taken > 0);
    return taken;
}

static size_t count_frames(const struct feed_log_entry *e)
{
    size_t frames = 0;
    for (size_t done = 0; done < e->path_count; frames++)
        done += paths_of_frame(e->paths + done, e->path_count - done);
    return frames;
}

/** Encodes all frames, in `a`; returns their bytes together. */
static size_t encode_frames(struct arena *a, uint64_t epoch, const struct feed_log_entry *e,
                            struct slice *frames, size_t frame_count)
{
    size_t bytes = 0;
    size_t done = 0;
    for (size_t i = 0; i < frame_count; i++) {
        struct feed_invalidation part = {
            .at = {epoch, e->number},
            .is_last = i + 1 == frame_count,
            .distribution_id = e->distribution_id,
            .paths = e->paths + done,
            .path_count = paths_of_frame(e->paths + done, e->path_count - done),
        };
        done += part.path_count;
        frames[i] = feed_invalidation_encode(a, &part);
        bytes += frames[i].len;
    }
    return bytes;
}

/** Moves a slice to *at and behind it. */
static struct slice move_to(uint8_t **at, struct slice s)
{
    struct slice moved = slice_of(*at, s.len);
    memcpy(*at, s.data, s.len);
    *at += s.len;
    return moved;
}

static struct entry *entry_new(uint64_t epoch, const struct feed_log_entry *e)
{
    AUTO_ARENA struct arena a = {0};
    size_t count = count_frames(e);
    struct slice *frames = arena_array(&a, count, sizeof(*frames));
    size_t bytes = encode_frames(&a, epoch, e, frames, count) + e->distribution_id.len;
    size_t size = sizeof(struct entry) + count * sizeof(struct slice) + bytes;
    struct entry *new = mem_alloc(size);
    uint8_t *at = (uint8_t *)&new->frames[count];
    *new = (struct entry){
        .number = e->number, .path_count = e->path_count, .size_bytes = size, .frame_count = count};
    for (size_t i = 0; i < count; i++)
        new->frames[i] = move_to(&at, frames[i]);
    new->distribution_id = move_to(&at, e->distribution_id);
    return new;
}

/** Room for one more. */
static void reserve(struct feed_log *l)
{
    if (l->count < l->capacity)
        return;
    size_t capacity = max_size(2 * l->capacity, FEED_LOG_ENTRIES_MIN);
    struct entry **entries = mem_new(capacity, sizeof(struct entry *));
    for (size_t i = 0; i < l->count; i++)
        entries[i] = entry_at(l, i);
    free(l->entries);
    l->entries = entries;
    l->capacity = capacity;
    l->first = 0;
}

static void drop_oldest(struct feed_log *l)
{
    struct entry *e = entry_at(l, 0);
    feed_log_remember(l, e->distribution_id, e->number);
    l->floor = e->number;
    l->path_count -= e->path_count;
    l->size_bytes -= e->size_bytes;
    l->first = (l->first + 1) % l->capacity;
    l->count--;
    free(e);
}

bool feed_log_takes(const struct feed_log_entry *entry)
{
    bool is_good = entry->path_count > 0 && entry->distribution_id.len > 0 &&
                   entry->distribution_id.len <= FEED_DISTRIBUTION_ID_MAX_BYTES &&
                   slice_find(entry->distribution_id, 0) == entry->distribution_id.len;
    for (size_t i = 0; i < entry->path_count && is_good; i++)
        is_good = feed_path_is_good(entry->paths[i]);
    return is_good;
}

void feed_log_add(struct feed_log *l, const struct feed_log_entry *entry)
{
    CHECK(l->newest.epoch > 0 && entry->number > l->newest.number && feed_log_takes(entry));
    struct entry *e = entry_new(l->newest.epoch, entry);
    reserve(l);
    l->entries[(l->first + l->count++) % l->capacity] = e;
    l->path_count += e->path_count;
    l->size_bytes += e->size_bytes;
    l->newest.number = entry->number;
    l->given = entry->number > l->given ? entry->number : l->given;
    while (l->path_count > l->limits.paths || l->size_bytes > l->limits.bytes)
        drop_oldest(l);
}

/** Index of the first entry above a number. */
static size_t find_above(const struct feed_log *l, uint64_t number)
{
    size_t low = 0;
    size_t high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_at(l, middle)->number > number)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* ---- what is not kept */

/** The place with the lowest number above `number`; NULL where there is none. */
static struct remembered *next_remembered(const struct feed_log *l, uint64_t number)
{
    struct remembered *next = NULL;
    for (size_t i = 0; i < l->remembered_count; i++) {
        struct remembered *r = &l->remembered[i];
        if (r->number > number && (next == NULL || r->number < next->number))
            next = r;
    }
    return next;
}

/** The place of a distribution: its own, a free one, or that of the one that was quiet longest. */
static struct remembered *place_of(struct feed_log *l, struct slice id)
{
    for (size_t i = 0; i < l->remembered_count; i++) {
        struct remembered *r = &l->remembered[i];
        if (slice_equal(slice_of(r->id, r->id_len), id))
            return r;
    }
    struct remembered *r;
    if (l->remembered_count < l->limits.distributions) {
        r = &l->remembered[l->remembered_count++];
    } else {
        r = next_remembered(l, 0);
        CHECK(r != NULL);
        l->forgotten = r->number > l->forgotten ? r->number : l->forgotten;
    }
    r->number = 0;
    r->id_len = id.len;
    memcpy(r->id, id.data, id.len);
    return r;
}

void feed_log_remember(struct feed_log *l, struct slice distribution_id, uint64_t number)
{
    CHECK(distribution_id.len > 0 && distribution_id.len <= FEED_DISTRIBUTION_ID_MAX_BYTES);
    CHECK(number > 0 && number <= l->newest.number);
    struct remembered *r = place_of(l, distribution_id);
    r->number = number > r->number ? number : r->number;
}

/* ---- followers */

struct feed_log_cursor feed_log_cursor_at(struct feed_position after)
{
    return (struct feed_log_cursor){.at = after};
}

bool feed_log_has(const struct feed_log *l, struct feed_position p)
{
    return p.epoch > 0 && p.epoch == l->newest.epoch && p.number <= l->given;
}

/** Everything of one distribution, or of all where the id is empty. */
static struct slice whole(struct arena *a, const struct feed_position *at, struct slice id,
                          bool is_last)
{
    static const struct slice everything = SLICE_LIT("/*");
    struct feed_invalidation i = {.at = *at,
                                  .is_last = is_last,
                                  .distribution_id = id,
                                  .paths = &everything,
                                  .path_count = 1};
    return feed_invalidation_encode(a, &i);
}

/** The follower has all up to here. */
static void arrive(struct feed_log_cursor *c, struct feed_position at)
{
    *c = (struct feed_log_cursor){.at = at};
}

/** Everything of every distribution. */
static struct slice drop_all(const struct feed_log *l, struct feed_log_cursor *c, struct arena *a)
{
    arrive(c, l->newest);
    return whole(a, &l->newest, (struct slice){0}, true);
}

/** What is not kept: one distribution after the other, those with the oldest numbers first. One
 *  that meanwhile loses another entry moves to the end, and comes once more. */
static struct slice drop_next(const struct feed_log *l, struct feed_log_cursor *c, struct arena *a)
{
    const struct feed_position floor = {l->newest.epoch, l->floor};
    uint64_t from = c->dropped_up_to > c->at.number ? c->dropped_up_to : c->at.number;
    const struct remembered *r = next_remembered(l, from);
    if (r == NULL) /* nobody knows whom the numbers concerned: their rows are gone */
        return drop_all(l, c, a);
    bool is_last = next_remembered(l, r->number) == NULL;
    c->dropped_up_to = r->number;
    if (is_last)
        arrive(c, floor);
    return whole(a, &floor, slice_of(r->id, r->id_len), is_last);
}

static struct slice next_of_entry(const struct feed_log *l, struct feed_log_cursor *c)
{
    const struct entry *e = entry_at(l, find_above(l, c->at.number));
    if (c->partial != e->number) {
        c->partial = e->number;
        c->next_frame = 0;
    }
    struct slice frame = e->frames[c->next_frame++];
    if (c->next_frame == e->frame_count)
        arrive(c, (struct feed_position){l->newest.epoch, e->number});
    return frame;
}

bool feed_log_next(const struct feed_log *l, struct feed_log_cursor *c, struct arena *a,
                   struct slice *out_frame)
{
    bool has_place = feed_log_has(l, c->at);
    if (l->newest.epoch == 0 || (has_place && c->at.number >= l->newest.number))
        return false;
    if (!has_place || c->at.number < l->forgotten)
        *out_frame = drop_all(l, c, a);
    else if (c->at.number < l->floor)
        *out_frame = drop_next(l, c, a);
    else
        *out_frame = next_of_entry(l, c);
    return true;
}

struct feed_position feed_log_newest(const struct feed_log *l)
{
    return l->newest;
}

/* ---- life */

void feed_log_begin(struct feed_log *l, const struct feed_log_start *start)
{
    CHECK(start->epoch > 0 && l->newest.epoch == 0);
    CHECK(start->forgotten <= start->after && start->after <= start->given);
    l->newest = (struct feed_position){start->epoch, start->after};
    l->given = start->given;
    l->floor = start->after;
    l->forgotten = start->forgotten;
}

struct feed_log *feed_log_new(const struct feed_log_limits *limits)
{
    struct feed_log *l = NEW(struct feed_log);
    const struct feed_log_limits wanted = limits == NULL ? (struct feed_log_limits){0} : *limits;
    l->limits.paths = wanted.paths > 0 ? wanted.paths : FEED_LOG_PATHS_MAX;
    l->limits.bytes = wanted.bytes > 0 ? wanted.bytes : FEED_LOG_MAX_BYTES;
    l->limits.distributions =
        wanted.distributions > 0 ? wanted.distributions : FEED_LOG_DISTRIBUTIONS_MAX;
    l->remembered = mem_new(l->limits.distributions, sizeof(*l->remembered));
    return l;
}

void feed_log_free(struct feed_log *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->count; i++)
        free(entry_at(l, i));
    free(l->entries);
    free(l->remembered);
    free(l);
}
