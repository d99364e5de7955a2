// SPDX-License-Identifier: Apache-2.0
// Held objects: what belongs together, and what is noted about a release.
#include "control/rollout/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct store_held name_row(const char *zone, const char *name, uint64_t change_version)
{
    return (struct store_held){
        .kind = STORE_NAME,
        .group = zone,
        .member = slice_str(name),
        .at_version = 3,
        .change_version = change_version,
        .reason = "because",
    };
}

static struct store_held zone_row(const char *zone, uint64_t change_version)
{
    struct store_held row = name_row(zone, "", change_version);
    row.kind = STORE_ZONE;
    row.at_version = 0;
    return row;
}

/**
 * Change 5 touched a and b, change 6 b and c, change 7 d alone, change 8 the zone Z2 and its x.
 */
static void fill(struct held_set *s)
{
    const struct store_held rows[] = {
        name_row("Z1", "d", 7), name_row("Z1", "b", 6), name_row("Z1", "a", 5),
        name_row("Z1", "c", 6), name_row("Z1", "b", 5), zone_row("Z2", 8),
        name_row("Z2", "x", 8), name_row("Z2", "y", 9),
    };
    held_set_init(s);
    held_set_assign(s, rows, ARRAY_LEN(rows));
    assert_int_equal(s->count, ARRAY_LEN(rows));
}

/** How many rows are left when this object changes. */
static size_t left_after(const struct held_set *s, enum store_kind kind, const char *group,
                         const char *member)
{
    struct held_touch t;
    struct held_set left;
    const struct store_object object = {.kind = kind, .group = group, .member = slice_str(member)};
    held_set_init(&left);
    held_touch_init(&t, s);
    held_touch(&t, &object);
    held_touch_free(&t, &left);
    assert_int_equal(t.is_any, left.count < s->count);
    size_t count = left.count;
    held_touch_fini(&t);
    held_set_fini(&left);
    return count;
}

static void changes_that_share_objects_are_freed_together(void **state)
{
    (void)state;
    struct held_set s;
    fill(&s);
    assert_int_equal(left_after(&s, STORE_NAME, "Z1", "a"), 4);
    assert_int_equal(left_after(&s, STORE_NAME, "Z1", "c"), 4);
    assert_int_equal(left_after(&s, STORE_NAME, "Z1", "d"), 7);
    assert_int_equal(left_after(&s, STORE_NAME, "Z1", "e"), 8);
    assert_int_equal(left_after(&s, STORE_NAME, "Z3", "a"), 8);
    held_set_fini(&s);
}

static void names_belong_to_the_held_settings_of_their_zone(void **state)
{
    (void)state;
    struct held_set s;
    fill(&s);
    assert_int_equal(left_after(&s, STORE_ZONE, "Z2", ""), 5);
    assert_int_equal(left_after(&s, STORE_NAME, "Z2", "y"), 5);
    assert_int_equal(left_after(&s, STORE_NAME, "Z2", "new"), 5);
    assert_int_equal(left_after(&s, STORE_ZONE, "Z1", ""), 8);
    held_set_fini(&s);
}

static void compile_gets_each_object_once(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct held_set s;
    struct store_held *objects = NULL;
    size_t count = 0;
    fill(&s);
    held_set_objects(&s, &a, &objects, &count);
    assert_int_equal(count, 7);
    assert_int_equal(objects[0].kind, STORE_ZONE);
    assert_non_null(held_set_find(&s, STORE_NAME, "Z1", SLICE_LIT("b")));
    assert_null(held_set_find(&s, STORE_NAME, "Z1", SLICE_LIT("bb")));
    assert_int_equal(held_set_oldest(&s), 3);
    held_set_fini(&s);
}

static void the_same_row_stands_once_with_its_first_reason(void **state)
{
    (void)state;
    struct held_set s;
    struct held_set same;
    fill(&s);
    held_set_init(&same);
    held_set_copy(&same, &s);
    struct store_held again = name_row("Z1", "a", 5);
    again.reason = "another";
    held_set_add(&s, &again, 1);
    assert_true(held_set_equal(&s, &same));
    again.change_version = 6;
    held_set_add(&s, &again, 1);
    assert_int_equal(s.count, same.count + 1);
    assert_false(held_set_equal(&s, &same));
    held_set_fini(&s);
    held_set_fini(&same);
}

static void a_note_comes_back_as_it_was(void **state)
{
    (void)state;
    static const char *const reasons[] = {NULL, "crashed"};
    struct held_set s;
    fill(&s);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        AUTO_BUF struct buf bytes = {0};
        struct release_note note;
        release_note_encode(&bytes, &s, reasons[i]);
        assert_int_equal(release_note_decode(buf_slice(&bytes), &note, NULL), ERR_OK);
        assert_true(held_set_equal(&note.held, &s));
        assert_int_equal(note.crash_reason == NULL, reasons[i] == NULL);
        if (reasons[i] != NULL)
            assert_string_equal(note.crash_reason, reasons[i]);
        release_note_fini(&note);
    }
    held_set_fini(&s);
}

static void a_note_that_is_cut_or_changed_is_damaged_and_an_empty_one_is_empty(void **state)
{
    (void)state;
    AUTO_BUF struct buf bytes = {0};
    struct held_set s;
    struct release_note note;
    fill(&s);
    release_note_encode(&bytes, &s, "crashed");
    struct slice all = buf_slice(&bytes);
    for (size_t len = 1; len < all.len; len++) {
        struct errctx ec = {0};
        assert_int_equal(release_note_decode(slice_of(all.data, len), &note, &ec), ERR_CORRUPT);
    }
    buf_append_byte(&bytes, 0);
    assert_int_equal(release_note_decode(buf_slice(&bytes), &note, NULL), ERR_CORRUPT);
    bytes.data[bytes.start] = 2;
    assert_int_equal(release_note_decode(buf_slice(&bytes), &note, NULL), ERR_CORRUPT);
    assert_int_equal(release_note_decode(slice_of(NULL, 0), &note, NULL), ERR_OK);
    assert_int_equal(note.held.count, 0);
    assert_null(note.crash_reason);
    release_note_fini(&note);
    held_set_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_that_share_objects_are_freed_together),
        cmocka_unit_test(names_belong_to_the_held_settings_of_their_zone),
        cmocka_unit_test(compile_gets_each_object_once),
        cmocka_unit_test(the_same_row_stands_once_with_its_first_reason),
        cmocka_unit_test(a_note_comes_back_as_it_was),
        cmocka_unit_test(a_note_that_is_cut_or_changed_is_damaged_and_an_empty_one_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
