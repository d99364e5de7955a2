// SPDX-License-Identifier: Apache-2.0
// Plans of imports: what a file changes of a zone, what stays, what is refused before anything
// happens, and the batches that come of it. Both sides are written as master files.
#include "aws/limits.h"
#include "shared/test_arena.h"
#include "tool/limits.h"
#include "tool/progress.h"
#include "tool/zone_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct buf said;
static struct dns_name apex;
static struct zone_plan plan;
static struct errctx failure;

static void say(void *user, unsigned line, const char *text)
{
    (void)user;
    buf_printf(&said, "%u: %s\n", line, text);
}

static const struct zone_listener listener = {.say = say};

static const char *text_of(const struct buf *b)
{
    return arena_str(&arena, buf_slice(b));
}

static struct zone_sets sets_of(const char *text)
{
    struct zone_text read;
    const char *whole = arena_printf(&arena, "$TTL 60\n%s", text);
    struct errctx ec = {0};
    if (zone_text_read(&arena, slice_str(whole), &apex, &listener, &read, &ec) != ERR_OK)
        fail_msg("%s", text_of(&said));
    return read.sets;
}

/* The same as the API would list it. */
static struct zone_sets listed_sets_of(const char *text)
{
    struct zone_sets sets = sets_of(text);
    struct errctx ec = {0};
    for (size_t i = 0; i < sets.count; i++) {
        struct r53_record_set *listed = ARENA_NEW(&arena, struct r53_record_set);
        zone_set_to_api(&arena, &sets.items[i], listed);
        assert_int_equal(zone_set_of_listed(&arena, listed, &sets.items[i], &ec), ERR_OK);
    }
    return sets;
}

static enum err make(struct zone_sets file, struct zone_sets zone, bool is_replacing,
                     bool is_replacing_apex)
{
    const struct zone_plan_options options = {.apex = dns_name_slice(&apex),
                                              .is_replacing = is_replacing,
                                              .is_replacing_apex = is_replacing_apex,
                                              .listener = listener};
    buf_clear(&said);
    failure = (struct errctx){0};
    plan = (struct zone_plan){0};
    return zone_plan_make(&arena, &options, &file, &zone, &plan, &failure);
}

static const char *planned(const char *file, const char *zone, bool is_replacing,
                           bool is_replacing_apex)
{
    AUTO_BUF struct buf out = {0};
    if (make(sets_of(file), listed_sets_of(zone), is_replacing, is_replacing_apex) != ERR_OK)
        fail_msg("%s: %s", failure.text, text_of(&said));
    zone_plan_print(&arena, &plan, &out);
    return text_of(&out);
}

static void a_plan_says_what_differs(void **state)
{
    (void)state;
    static const char zone[] =
        "same TXT x\nother A 192.0.2.1\nother A 192.0.2.2\nold A 192.0.2.9\n";
    static const char file[] =
        "same TXT x\nother A 192.0.2.2\nother A 192.0.2.3\nnew 7 A 192.0.2.4\n";
    assert_string_equal(planned(file, zone, false, false),
                        "+ new.example.com. A\n    + 7 192.0.2.4\n"
                        "~ other.example.com. A\n    - 60 192.0.2.1\n    + 60 192.0.2.3\n");
    assert_int_equal(plan.same_count, 1);
    assert_string_equal(planned(file, zone, true, false),
                        "+ new.example.com. A\n    + 7 192.0.2.4\n"
                        "- old.example.com. A\n    - 60 192.0.2.9\n"
                        "~ other.example.com. A\n    - 60 192.0.2.1\n    + 60 192.0.2.3\n");
    assert_string_equal(planned("a 5 A 192.0.2.1\n", "a 6 A 192.0.2.1\n", false, false),
                        "~ a.example.com. A\n    - 6 192.0.2.1\n    + 5 192.0.2.1\n");
    assert_string_equal(planned(zone, zone, true, true), "");
    assert_int_equal(plan.count, 0);
}

static void the_apex_keeps_its_soa_and_ns(void **state)
{
    (void)state;
    static const char zone[] = "@ SOA a b 1 2 3 4 5\n@ NS a\n";
    static const char file[] = "@ SOA a b 2 2 3 4 5\n@ NS b\n@ A 192.0.2.1\n";
    assert_string_equal(planned(file, zone, true, false), "+ example.com. A\n    + 60 192.0.2.1\n");
    assert_int_equal(plan.kept_apex_count, 2);
    (void)planned(file, zone, true, true);
    assert_int_equal(plan.action_counts[ZONE_CHANGE], 2);
    assert_string_equal(planned("", zone, true, true), "");
    /* A zone that is to be created has its own. */
    assert_string_equal(planned(file, "", true, false), "+ example.com. A\n    + 60 192.0.2.1\n");
    assert_int_equal(plan.kept_apex_count, 2);
    (void)planned(file, "", true, true);
    assert_int_equal(plan.action_counts[ZONE_CREATE], 3);
}

static struct zone_sets with_alias(const char *name, const char *identifier)
{
    static struct r53_alias_target target = {.hosted_zone_id = "Z1", .dns_name = "b.example.com."};
    struct r53_record_set *listed = ARENA_NEW(&arena, struct r53_record_set);
    struct zone_set *item = ARENA_NEW(&arena, struct zone_set);
    struct errctx ec = {0};
    *listed = (struct r53_record_set){
        .name = name, .type = R53_TYPE_A, .alias_target = &target, .set_identifier = identifier};
    assert_int_equal(zone_set_of_listed(&arena, listed, item, &ec), ERR_OK);
    return (struct zone_sets){.items = item, .count = 1};
}

static void aliases_and_policies_stay(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct zone_sets zone = with_alias("a.example.com.", i == 0 ? NULL : "one");
        assert_int_equal(make(sets_of("a A 192.0.2.1\n"), zone, true, true), ERR_OK);
        assert_int_equal(plan.count, 0);
        assert_int_equal(plan.kept_count, 1);
        assert_string_equal(text_of(&said),
                            i == 0 ? "2: left out: a.example.com. A is an alias in the zone, and "
                                     "stays\n"
                                   : "2: left out: a.example.com. A is a set with a policy in the "
                                     "zone, and stays\n");
        assert_int_equal(make(sets_of(""), zone, true, true), ERR_OK);
        assert_int_equal(plan.count, 0);
        assert_int_equal(make(sets_of("a CNAME b\n"), zone, true, true), ERR_INVALID);
        assert_string_equal(text_of(&said), "2: a.example.com. CNAME cannot stand beside "
                                            "a.example.com. A of the zone\n");
    }
}

static void a_cname_takes_the_place_of_others_and_back(void **state)
{
    (void)state;
    static const char names[] = "a A 192.0.2.1\na TXT x\n";
    assert_string_equal(planned("a CNAME b\n", names, true, false),
                        "- a.example.com. A\n    - 60 192.0.2.1\n"
                        "- a.example.com. TXT\n    - 60 \"x\"\n"
                        "+ a.example.com. CNAME\n    + 60 b.example.com.\n");
    assert_string_equal(planned(names, "a CNAME b\n", true, false),
                        "- a.example.com. CNAME\n    - 60 b.example.com.\n"
                        "+ a.example.com. A\n    + 60 192.0.2.1\n"
                        "+ a.example.com. TXT\n    + 60 \"x\"\n");
    assert_int_equal(make(sets_of("a CNAME b\n"), listed_sets_of(names), false, false),
                     ERR_INVALID);
    assert_int_equal(make(sets_of("a CNAME b\na A 192.0.2.1\n"), sets_of(""), true, false),
                     ERR_INVALID);
    assert_string_equal(text_of(&said), "3: a.example.com. CNAME cannot stand beside "
                                        "a.example.com. A\n");
}

static void what_the_api_would_refuse_is_said_before(void **state)
{
    (void)state;
    AUTO_BUF struct buf file = {0};
    buf_append_str(&file,
                   "other.test. A 192.0.2.1\n@ CNAME a\n@ DS 1 8 200 00\na SOA a b 1 2 3 4 5\n"
                   "*.x NS a\nc CNAME a\nc CNAME b\n");
    for (unsigned i = 0; i <= R53_SET_MAX_VALUES; i++)
        buf_printf(&file, "m A 10.0.%u.%u\n", i / 256, i % 256);
    for (unsigned i = 0; i < 70; i++)
        buf_printf(&file, "t TXT %u%0250u\n", i, i);
    assert_int_equal(make(sets_of(text_of(&file)), sets_of(""), false, false), ERR_INVALID);
    static const char *const wanted[] = {
        "2: other.test. A lies outside of the zone\n",
        "3: example.com. CNAME is not permitted at the apex",
        "4: example.com. DS is not permitted at the apex",
        "5: a.example.com. SOA is permitted at the apex alone\n",
        "6: *.x.example.com. NS is not permitted as a wildcard\n",
        "7: c.example.com. CNAME cannot have more than one record\n",
        "9: m.example.com. A has more than 400 records\n",
        "t.example.com. TXT has 17",
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (strstr(text_of(&said), wanted[i]) == NULL)
            fail_msg("'%s' is not in\n%s", wanted[i], text_of(&said));
}

/* Counts what the API counts, and checks its limits. */
static void check_batch(const struct r53_change_batch *batch)
{
    size_t records = 0;
    size_t characters = 0;
    for (size_t i = 0; i < batch->changes_count; i++) {
        const struct r53_record_set *set = batch->changes[i].resource_record_set;
        size_t times = batch->changes[i].action == R53_UPSERT ? 2 : 1;
        records += times * set->resource_records_count;
        for (size_t j = 0; j < set->resource_records_count; j++)
            characters += times * strlen(set->resource_records[j].value);
    }
    assert_in_range(records, 1, R53_BATCH_MAX_RECORDS);
    assert_in_range(characters, 1, R53_BATCH_MAX_CHARACTERS);
}

/* Batches of the plan; each step stands in one, in order. */
static unsigned count_batches(void)
{
    size_t at = 0;
    size_t steps = 0;
    size_t records;
    unsigned count = 0;
    struct r53_change_batch batch;
    while (zone_batch_next(&arena, &plan, &at, "test", &batch, &records)) {
        check_batch(&batch);
        for (size_t i = 0; i < batch.changes_count; i++, steps++) {
            const struct zone_step *step = &plan.steps[steps];
            assert_int_equal(batch.changes[i].action, step->action == ZONE_CREATE   ? R53_CREATE
                                                      : step->action == ZONE_CHANGE ? R53_UPSERT
                                                                                    : R53_DELETE);
        }
        assert_int_equal(steps, at);
        count++;
    }
    assert_int_equal(at, plan.count);
    return count;
}

static void batches_keep_the_limits_of_the_api(void **state)
{
    (void)state;
    AUTO_BUF struct buf one = {0};
    AUTO_BUF struct buf two = {0};
    for (unsigned i = 0; i < 1001; i++) {
        buf_printf(&one, "h%u A 10.0.0.1\n", i);
        buf_printf(&two, "h%u A 10.0.0.2\n", i);
    }
    assert_int_equal(make(sets_of(text_of(&one)), sets_of(""), false, false), ERR_OK);
    assert_int_equal(count_batches(), 2);
    assert_int_equal(make(sets_of(text_of(&one)), listed_sets_of(text_of(&two)), false, false),
                     ERR_OK);
    assert_int_equal(count_batches(), 3);
    buf_clear(&one);
    for (unsigned i = 0; i < 130; i++)
        buf_printf(&one, "t%u TXT %0250u\n", i, i);
    assert_int_equal(make(sets_of(text_of(&one)), sets_of(""), false, false), ERR_OK);
    assert_int_equal(count_batches(), 2);
}

static void an_owner_is_not_torn_apart(void **state)
{
    (void)state;
    AUTO_BUF struct buf file = {0};
    for (unsigned i = 0; i < 999; i++)
        buf_printf(&file, "a%03u A 10.0.0.1\n", i);
    buf_append_str(&file, "b A 10.0.0.1\n");
    const char *zone = "b CNAME a\n";
    assert_int_equal(make(sets_of(text_of(&file)), listed_sets_of(zone), true, false), ERR_OK);
    size_t at = 0;
    size_t records;
    struct r53_change_batch batch;
    assert_true(zone_batch_next(&arena, &plan, &at, "test", &batch, &records));
    assert_int_equal(batch.changes_count, 999);
    assert_true(zone_batch_next(&arena, &plan, &at, "test", &batch, &records));
    assert_int_equal(batch.changes_count, 2);
    assert_int_equal(batch.changes[0].action, R53_DELETE);
    assert_int_equal(batch.changes[1].action, R53_CREATE);
    assert_false(zone_batch_next(&arena, &plan, &at, "test", &batch, &records));
}

static void progress_is_a_bar_or_lines(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    struct tool_progress p;
    FILE *out = open_memstream(&text, &size);
    tool_progress_start(&p, out, false, "records", TOOL_PROGRESS_MIN, 0);
    for (size_t done = 1; done <= TOOL_PROGRESS_MIN; done++)
        tool_progress_show(&p, done, NS_PER_S);
    tool_progress_end(&p);
    tool_progress_start(&p, out, true, "records", TOOL_PROGRESS_MIN, 0);
    tool_progress_show(&p, TOOL_PROGRESS_MIN / 2, NS_PER_S);
    tool_progress_end(&p);
    tool_progress_start(&p, out, true, "records", TOOL_PROGRESS_MIN - 1, 0);
    tool_progress_show(&p, 1, NS_PER_S);
    tool_progress_end(&p);
    assert_int_equal(fclose(out), 0);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, TOOL_PROGRESS_LINES + 1);
    assert_non_null(strstr(text, "200 of 2000 records, 200/s\n"));
    assert_non_null(strstr(text, "\r[###############               ]  50%  1000 of 2000 records, "
                                 "1000/s \n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_says_what_differs),
        cmocka_unit_test(the_apex_keeps_its_soa_and_ns),
        cmocka_unit_test(aliases_and_policies_stay),
        cmocka_unit_test(a_cname_takes_the_place_of_others_and_back),
        cmocka_unit_test(what_the_api_would_refuse_is_said_before),
        cmocka_unit_test(batches_keep_the_limits_of_the_api),
        cmocka_unit_test(an_owner_is_not_torn_apart),
        cmocka_unit_test(progress_is_a_bar_or_lines),
    };
    arena_init(&arena);
    struct errctx ec = {0};
    if (dns_name_parse(SLICE_LIT("example.com"), &apex, &ec) != ERR_OK)
        return EXIT_FAILURE;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_fini(&said);
    arena_fini(&arena);
    return failed;
}
