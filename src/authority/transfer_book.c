// SPDX-License-Identifier: Apache-2.0
// Books of transferred zones. Making and freeing run on the builder thread, look-ups on others.
//
// Invariants:
//   1. The deltas of a zone follow one another: each begins at the serial where the one before
//      ends, and the last one ends at the zone's serial.
//   2. A delta never changes once its book is made.
#include "authority/transfer_book.h"

#include "authority/name_cursor.h"
#include "authority/name_diff.h"
#include "base/alloc.h"
#include "base/check.h"

#include <stdlib.h>

/* How one zone changes between two worlds. */
struct zone_change {
    const struct transfer_zone *before;
    struct transfer_zone *after;
    struct buf removed;
    struct buf added;
};

/* All zones that change, while the trees are compared. */
struct book_change {
    const struct world *world;
    const struct world *before;
    struct zone_change *zones;
    size_t count;
};

static void count_traits(struct transfer_zone *page, unsigned traits, int by)
{
    page->policies += (size_t)((traits & ZONE_TEXT_POLICY) != 0 ? by : 0);
    page->outsides += (size_t)((traits & ZONE_TEXT_OUTSIDE) != 0 ? by : 0);
}

/* Where the name stands among the listed ones; their count where it does not. */
static size_t find_tree(const struct transfer_zone *page, struct slice owner)
{
    size_t at = 0;
    while (at < page->tree_count && !slice_equal(dns_name_slice(&page->trees[at]), owner))
        at++;
    return at;
}

static void list_tree(struct transfer_zone *page, struct slice owner)
{
    page->has_too_many_trees |= page->tree_count == TRANSFER_TREES_MAX;
    if (page->has_too_many_trees || find_tree(page, owner) < page->tree_count)
        return;
    page->trees = mem_resize(page->trees, page->tree_count + 1, sizeof(*page->trees));
    struct dns_name *name = &page->trees[page->tree_count++];
    name->len = (uint8_t)owner.len;
    memcpy(name->wire, owner.data, owner.len);
}

static void unlist_tree(struct transfer_zone *page, struct slice owner)
{
    size_t at = find_tree(page, owner);
    if (at < page->tree_count)
        page->trees[at] = page->trees[--page->tree_count];
}

static void count_all(const struct world *w, struct transfer_zone *page)
{
    struct name_run run;
    struct name_cursor cursor = name_cursor_of(&w->names, page->zone->hash);
    while (name_cursor_next(&cursor, &run)) {
        for (size_t i = 0; i < run.count; i++) {
            struct name_record name = name_run_record(&run, i);
            unsigned traits = zone_text_traits(page->zone, &name);
            count_traits(page, traits, 1);
            if ((traits & ZONE_TEXT_TREE) != 0)
                list_tree(page, name.owner);
        }
    }
}

static void unref_delta(struct transfer_delta *delta)
{
    CHECK(delta->refs > 0);
    if (--delta->refs > 0)
        return;
    buf_fini(&delta->text);
    free(delta);
}

static void drop_deltas(struct transfer_zone *page, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        page->delta_bytes -= buf_len(&page->deltas[i]->text);
        unref_delta(page->deltas[i]);
    }
    page->delta_count -= count;
    memmove(page->deltas, page->deltas + count,
            page->delta_count * sizeof(struct transfer_delta *));
}

static void take_over(const struct transfer_zone *before, struct transfer_zone *page)
{
    const struct zone *zone = page->zone;
    *page = *before;
    page->zone = zone;
    page->trees = mem_new(before->tree_count, sizeof(*page->trees));
    if (before->tree_count > 0)
        memcpy(page->trees, before->trees, before->tree_count * sizeof(*page->trees));
    for (size_t i = 0; i < page->delta_count; i++)
        page->deltas[i]->refs++;
}

static struct zone_change *change_of(const struct book_change *c, uint64_t zone_hash)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->zones[i].after->zone->hash == zone_hash)
            return &c->zones[i];
    }
    return NULL;
}

/* Whether `text` holds the record from *rest on, or else before; then *rest is what follows it. */
static bool find_record(struct slice text, struct slice wanted, struct slice *rest)
{
    struct slice at = *rest;
    struct zone_text_record record;
    for (unsigned round = 0; round < 2; round++, at = text) {
        while (zone_text_next(&at, &record)) {
            size_t bytes = (size_t)(record_next(record.record) - record.record);
            if (!slice_equal(wanted, slice_of(record.record, bytes)))
                continue;
            *rest = at;
            return true;
        }
    }
    return false;
}

/*
 * Appends the records of `text` that `other` does not hold. Both have one order but for what was
 * changed, so each search goes on where the last one found something: a name may have many records.
 */
static void append_missing(struct slice text, struct slice other, struct buf *out)
{
    struct zone_text_record record;
    struct slice rest = other;
    while (zone_text_next(&text, &record)) {
        struct slice wanted =
            slice_of(record.record, (size_t)(record_next(record.record) - record.record));
        if (!find_record(other, wanted, &rest))
            zone_text_put(out, record.owner, record.record);
    }
}

/* How what the name comes to differs; `old` and `record` may be NULL where it is not there. */
static void note_name(const struct book_change *c, struct zone_change *change,
                      const struct name_record *old, const struct name_record *record)
{
    AUTO_BUF struct buf old_text = {0};
    AUTO_BUF struct buf new_text = {0};
    if (old != NULL)
        zone_text_name(c->before, old, &old_text);
    if (record != NULL)
        zone_text_name(c->world, record, &new_text);
    append_missing(buf_slice(&old_text), buf_slice(&new_text), &change->removed);
    append_missing(buf_slice(&new_text), buf_slice(&old_text), &change->added);
}

/* A name that is new or differs. */
static enum err on_new(void *user, const struct name_key *key, const struct name_record *record,
                       struct errctx *ec)
{
    const struct book_change *c = user;
    struct zone_change *change = change_of(c, key->zone);
    struct name_record old;
    (void)ec;
    if (change == NULL)
        return ERR_OK;
    unsigned traits = zone_text_traits(change->after->zone, record);
    count_traits(change->after, traits, 1);
    if ((traits & ZONE_TEXT_TREE) != 0)
        list_tree(change->after, record->owner);
    else
        unlist_tree(change->after, record->owner);
    bool was_there = world_find(c->before, change->before->zone, record->owner, &old);
    note_name(c, change, was_there ? &old : NULL, record);
    return ERR_OK;
}

/* A name that is gone or differs; what differs was noted by on_new. */
static enum err on_old(void *user, const struct name_key *key, const struct name_record *record,
                       struct errctx *ec)
{
    const struct book_change *c = user;
    struct zone_change *change = change_of(c, key->zone);
    struct name_record found;
    (void)ec;
    if (change == NULL)
        return ERR_OK;
    count_traits(change->after, zone_text_traits(change->before->zone, record), -1);
    if (world_find(c->world, change->after->zone, record->owner, &found))
        return ERR_OK;
    unlist_tree(change->after, record->owner);
    note_name(c, change, record, NULL);
    return ERR_OK;
}

/* The bytes of a packed name. */
static struct slice packed_of(const struct name_record *name)
{
    const uint8_t *start = name->owner.data - 1;
    const uint8_t *end = name->sets;
    for (unsigned i = 0; i < name->set_count; i++) {
        struct record_set set;
        end = record_set_read(end, &set);
    }
    return slice_of(start, (size_t)(end - start));
}

/* Names with an alias or a policy that are as they were, while what they lead to may not be. */
static void note_trees(const struct book_change *c, struct zone_change *change)
{
    const struct transfer_zone *page = change->after;
    for (size_t i = 0; i < page->tree_count; i++) {
        struct name_record old;
        struct name_record now;
        struct slice owner = dns_name_slice(&page->trees[i]);
        if (world_find(c->before, change->before->zone, owner, &old) &&
            world_find(c->world, page->zone, owner, &now) &&
            slice_equal(packed_of(&old), packed_of(&now)))
            note_name(c, change, &old, &now);
    }
}

static bool put_delta(const struct book_change *c, struct zone_change *change, struct buf *text)
{
    if (!zone_text_soa(c->before, change->before->zone, text))
        return false;
    buf_append(text, buf_slice(&change->removed));
    if (!zone_text_soa(c->world, change->after->zone, text))
        return false;
    buf_append(text, buf_slice(&change->added));
    return buf_len(text) <= TRANSFER_DELTA_BYTES_MAX;
}

/* The change as one more delta, or no history any more where there can be none. */
static void add_delta(const struct book_change *c, struct zone_change *change)
{
    struct transfer_zone *page = change->after;
    struct transfer_delta *delta = NEW(struct transfer_delta);
    delta->refs = 1;
    delta->from = change->before->zone->transfer->serial;
    delta->to = page->zone->transfer->serial;
    bool is_known = !change->before->has_too_many_trees && !page->has_too_many_trees;
    if (is_known)
        note_trees(c, change);
    if (!is_known || !put_delta(c, change, &delta->text)) {
        unref_delta(delta);
        drop_deltas(page, page->delta_count);
        return;
    }
    if (page->delta_count == TRANSFER_DELTAS_MAX)
        drop_deltas(page, 1);
    page->deltas[page->delta_count++] = delta;
    page->delta_bytes += buf_len(&delta->text);
    size_t too_old = 0;
    size_t bytes = page->delta_bytes;
    while (bytes > TRANSFER_DELTA_BYTES_MAX)
        bytes -= buf_len(&page->deltas[too_old++]->text);
    drop_deltas(page, too_old);
}

static void compare(struct book_change *c)
{
    const struct name_diff_visitor on_news = {.on_name = on_new, .user = c};
    const struct name_diff_visitor on_olds = {.on_name = on_old, .user = c};
    size_t all = (size_t)UINT32_MAX;
    /* Both trees are loaded, and the visitors never fail. */
    enum err e = name_diff(&c->world->names, &c->before->names, all, &on_news, NULL);
    if (e == ERR_OK)
        e = name_diff(&c->before->names, &c->world->names, all, &on_olds, NULL);
    CHECK(e == ERR_OK);
    for (size_t i = 0; i < c->count; i++) {
        add_delta(c, &c->zones[i]);
        buf_fini(&c->zones[i].removed);
        buf_fini(&c->zones[i].added);
    }
}

/* All histories together keep to their limit: the largest go first. */
static void bound_all(struct transfer_book *book)
{
    size_t total = 0;
    for (size_t i = 0; i < book->count; i++)
        total += book->zones[i].delta_bytes;
    while (total > TRANSFER_BOOK_BYTES_MAX) { /* each turn drops a history */
        struct transfer_zone *largest = &book->zones[0];
        for (size_t i = 1; i < book->count; i++) {
            if (book->zones[i].delta_bytes > largest->delta_bytes)
                largest = &book->zones[i];
        }
        total -= largest->delta_bytes;
        drop_deltas(largest, largest->delta_count);
    }
}

static size_t count_transferred(const struct zone_table *zones)
{
    size_t count = 0;
    for (size_t i = 0; i < zones->zone_count; i++)
        count += zones->zones[i]->transfer != NULL ? 1 : 0;
    return count;
}

struct transfer_book *transfer_book_make(const struct world *w, const struct world *before)
{
    size_t count = count_transferred(w->zones);
    if (count == 0)
        return NULL;
    struct transfer_book *book = mem_new(1, sizeof(*book) + count * sizeof(struct transfer_zone));
    struct book_change change = {.world = w, .before = before};
    change.zones = mem_new(count, sizeof(*change.zones));
    for (size_t i = 0; i < w->zones->zone_count; i++) {
        const struct zone *zone = w->zones->zones[i];
        if (zone->transfer == NULL)
            continue;
        struct transfer_zone *page = &book->zones[book->count++];
        page->zone = zone;
        const struct transfer_zone *old =
            before == NULL ? NULL : transfer_book_find(before->book, zone->hash);
        if (old == NULL || !slice_equal(old->zone->apex, zone->apex)) {
            count_all(w, page);
            continue;
        }
        take_over(old, page);
        if (old->zone->transfer->serial != zone->transfer->serial)
            change.zones[change.count++] = (struct zone_change){.before = old, .after = page};
    }
    if (change.count > 0)
        compare(&change);
    free(change.zones);
    bound_all(book);
    return book;
}

void transfer_book_free(struct transfer_book *book)
{
    if (book == NULL)
        return;
    for (size_t i = 0; i < book->count; i++) {
        drop_deltas(&book->zones[i], book->zones[i].delta_count);
        free(book->zones[i].trees);
    }
    free(book);
}

const struct transfer_zone *transfer_book_find(const struct transfer_book *book, uint64_t hash)
{
    for (size_t i = 0; book != NULL && i < book->count; i++) {
        if (book->zones[i].zone->hash == hash)
            return &book->zones[i];
    }
    return NULL;
}
