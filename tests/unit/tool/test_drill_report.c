// SPDX-License-Identifier: Apache-2.0
// What a drill says: how it judges, its tables, picture and runbook; and that no text of others
// becomes markup.
#include "shared/test_arena.h"
#include "tool/drill_report.h"
#include "tool/drill_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct r53_health_check_config check;
static struct drill_target target;
static struct drill_timeline timeline;
static struct drill_report report;
static struct buf text;

static void answered(int64_t at_s, enum drill_verdict authority, enum drill_verdict resolver)
{
    const enum drill_verdict verdicts[] = {authority, resolver, resolver};
    for (size_t lane = DRILL_AUTHORITY; lane <= DRILL_REQUEST; lane++) {
        size_t place;
        assert_true(drill_timeline_add(&timeline, (enum drill_lane)lane, at_s * NS_PER_S, &place));
        struct drill_sample *s = &timeline.lanes[lane].items[place];
        s->verdict = verdicts[lane];
        s->ttl_s = 3;
        s->is_good = true;
        s->is_ended = true;
    }
    timeline.end_ns = at_s * NS_PER_S;
}

/* Fails at 3, answers change at 4, the resolver's at 5; back at 8, seen at 9. RTO 3 s at worst,
 * two requests lost. */
static int a_drill(void **state)
{
    (void)state;
    check = (struct r53_health_check_config){.type = R53_CHECK_HTTP,
                                             .has_request_interval = true,
                                             .request_interval = 10,
                                             .has_failure_threshold = true,
                                             .failure_threshold = 3};
    target = (struct drill_target){.zone_id = "Z1EXAMPLE",
                                   .name = "www.example.",
                                   .title = "www.example",
                                   .type = DNS_TYPE_A,
                                   .type_text = "A",
                                   .policy = "failover",
                                   .is_exclusive = true,
                                   .set_count = 2,
                                   .primary = "one",
                                   .health_check_id = "8a2e7c6e-0000-4000-8000-000000000001",
                                   .check = &check,
                                   .ttl_s = 3};
    struct drill_address primary = {{192, 0, 2, 1}};
    struct drill_address other = {{192, 0, 2, 2}};
    drill_addresses_add(&target.addresses, &primary);
    drill_addresses_add(&target.alternatives, &other);
    timeline = (struct drill_timeline){.start_ns = NS_PER_S,
                                       .failed_ns = 3 * NS_PER_S,
                                       .back_ns = 8 * NS_PER_S,
                                       .is_override = true,
                                       .is_exclusive = true};
    for (int64_t at_s = 1; at_s < 12; at_s++)
        answered(at_s, at_s < 4 || at_s >= 9 ? DRILL_PRIMARY : DRILL_OTHER,
                 at_s < 5 || at_s >= 9 ? DRILL_PRIMARY : DRILL_OTHER);
    report = (struct drill_report){
        .target = &target,
        .endpoint = "http://127.0.0.1:5380",
        .http = {.is_on = true, .port = 80, .path = "/", .host = "www.example"},
        .interval_ns = NS_PER_S,
        .lease_s = 60,
        .timeline = &timeline,
        .started_unix_ms = 1764324000000};
    return net_address_parse(SLICE_LIT("127.0.0.1:5300"), &report.server, NULL) == ERR_OK ? 0 : -1;
}

static int no_drill(void **state)
{
    (void)state;
    drill_timeline_fini(&timeline);
    buf_fini(&text);
    return 0;
}

static const char *written(void (*write)(const struct drill_report *, struct buf *))
{
    buf_clear(&text);
    write(&report, &text);
    return arena_str(&arena, buf_slice(&text));
}

static struct drill_judgement judged(void)
{
    struct drill_measures measures;
    struct drill_judgement judgement;
    drill_measure(&timeline, &measures);
    drill_judge(&report, &measures, &judgement);
    return judgement;
}

static size_t count_of(const char *haystack, const char *needle)
{
    size_t count = 0;
    for (const char *at = strstr(haystack, needle); at != NULL; at = strstr(at + 1, needle))
        count++;
    return count;
}

static void without_an_objective_it_has_to_fail_over_and_back(void **state)
{
    (void)state;
    assert_true(judged().is_met);
    report.cut_short = "it was interrupted";
    assert_false(judged().is_met);
    report.cut_short = NULL;
    timeline.back_ns = 0;
    assert_false(judged().has_failed_back);
    assert_false(judged().is_met);
}

static void an_rto_is_met_up_to_the_time_of_the_worst_resolver(void **state)
{
    (void)state;
    report.objective = (struct drill_objective){.has_rto = true, .rto_ns = 3 * NS_PER_S};
    assert_true(judged().is_met);
    report.objective.rto_ns = 3 * NS_PER_S - 1;
    assert_false(judged().is_rto_met);
    assert_false(judged().is_met);
}

static void an_rpo_is_met_up_to_the_number_of_lost_requests(void **state)
{
    (void)state;
    report.objective = (struct drill_objective){.has_rpo = true, .rpo = 2};
    assert_true(judged().is_met);
    report.objective.rpo = 1;
    assert_false(judged().is_rpo_met);
    assert_false(judged().is_met);
}

static void checkers_need_interval_times_threshold_and_a_probe(void **state)
{
    (void)state;
    assert_int_equal(drill_detection_s(&check), 10 * 3 + 6 + 1);
    check.type = R53_CHECK_TCP;
    check.request_interval = 30;
    check.failure_threshold = 1;
    assert_int_equal(drill_detection_s(&check), 30 + 10 + 1);
    check.type = R53_CHECK_HTTPS_STR_MATCH;
    assert_int_equal(drill_detection_s(&check), 30 + 8 + 1);
    check.type = R53_CHECK_CALCULATED;
    assert_int_equal(drill_detection_s(&check), 0);
}

static void all_forms_have_the_figures(void **state)
{
    (void)state;
    report.objective = (struct drill_objective){
        .has_rto = true, .rto_ns = 30 * NS_PER_S, .has_rpo = true, .rpo = 1};
    const char *summary = written(drill_write_summary);
    assert_non_null(strstr(summary, "3.0 s, objective 30.0 s: met"));
    assert_non_null(strstr(summary, "2 of 5 within 2.0 s (0 failed, the others went to the "
                                    "primary); objective 1: not met"));
    assert_non_null(strstr(summary, "40.0 s: checkers need up to 37 s to find it"));
    const char *markdown = written(drill_write_markdown);
    assert_non_null(strstr(markdown, "# Failover drill of www.example\n"));
    assert_non_null(strstr(markdown, "| Detection: first changed answer after | 1.0 s |"));
    assert_non_null(strstr(markdown, "| Last stale answer of any resolver after | 3.0 s |"));
    assert_non_null(strstr(markdown, "| First answer with the primary after | 1.0 s |"));
    const char *html = written(drill_write_html);
    assert_non_null(strstr(html, "<p class=\"verdict\">Objective not met</p>"));
    assert_non_null(strstr(html, "<td>1.0 s</td>"));
}

static void a_page_of_html_needs_nothing_else_and_runs_nothing(void **state)
{
    (void)state;
    const char *html = written(drill_write_html);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "href="));
    assert_null(strstr(html, "url("));
    assert_int_equal(count_of(html, "<svg"), 1);
    assert_int_equal(count_of(html, "<table"), count_of(html, "</table>"));
    assert_int_equal(count_of(html, "<table"), DRILL_SECTION_COUNT);
}

static void the_picture_has_a_part_for_each_stretch_of_time(void **state)
{
    (void)state;
    const char *svg = written(drill_write_picture);
    /* Primary, failed, primary; and the same three for answers; requests: lost ones apart. */
    assert_int_equal(count_of(svg, "<title>failed, 0.0 s to 5.0 s</title>"), 1);
    assert_int_equal(count_of(svg, "<title>another set, 1.0 s to 6.0 s</title>"), 1);
    assert_int_equal(count_of(svg, "<title>another set, 2.0 s to 6.0 s</title>"), 2);
    assert_int_equal(count_of(svg, "<title>lost, 0.0 s to 2.0 s</title>"), 1);
    assert_int_equal(count_of(svg, "<title>"), 3 + 3 + 3 + 4);
}

static void an_empty_drill_can_be_drawn(void **state)
{
    (void)state;
    drill_timeline_fini(&timeline);
    timeline = (struct drill_timeline){.start_ns = NS_PER_S, .end_ns = NS_PER_S};
    assert_non_null(strstr(written(drill_write_picture), "</svg>"));
    assert_non_null(strstr(written(drill_write_summary), "not recovered"));
}

static void texts_of_others_are_no_markup(void **state)
{
    (void)state;
    target.primary = "<b>|*x*`'\"&\x1b[1m";
    const char *html = written(drill_write_html);
    assert_non_null(strstr(html, "&#60;b&#62;|*x*`&#39;&#34;&#38;?[1m"));
    const char *markdown = written(drill_write_markdown);
    assert_non_null(strstr(markdown, "\\<b\\>\\|\\*x\\*\\`'\"\\&?\\[1m"));
    assert_non_null(strstr(written(drill_write_summary), "<b>|*x*`'\"&?[1m"));
    buf_clear(&text);
    drill_text_shell(&text, "it's\n$(x)");
    assert_string_equal(arena_str(&arena, buf_slice(&text)), "'it'\\''s?$(x)'");
}

static void the_runbook_has_the_commands_for_this_name(void **state)
{
    (void)state;
    const char *book = written(drill_write_runbook);
    assert_non_null(strstr(book, "aws --endpoint-url 'http://127.0.0.1:5380' route53 "
                                 "update-health-check --health-check-id "
                                 "'8a2e7c6e-0000-4000-8000-000000000001' --inverted\n"));
    assert_non_null(strstr(book, "dig @127.0.0.1 -p 5300 +noall +answer +time=1 +tries=1 "
                                 "'www.example.' A"));
    assert_non_null(strstr(book, "-H 'Host: www.example' http://192.0.2.2:80'/'\n"));
    assert_true(strstr(book, "--no-inverted\n") > strstr(book, "--inverted\n"));
    check.has_inverted = true;
    check.inverted = true;
    book = written(drill_write_runbook);
    assert_true(strstr(book, " --inverted\n") > strstr(book, " --no-inverted\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, a_drill, no_drill)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_an_objective_it_has_to_fail_over_and_back),
        TEST(an_rto_is_met_up_to_the_time_of_the_worst_resolver),
        TEST(an_rpo_is_met_up_to_the_number_of_lost_requests),
        TEST(checkers_need_interval_times_threshold_and_a_probe),
        TEST(all_forms_have_the_figures),
        TEST(a_page_of_html_needs_nothing_else_and_runs_nothing),
        TEST(the_picture_has_a_part_for_each_stretch_of_time),
        TEST(an_empty_drill_can_be_drawn),
        TEST(texts_of_others_are_no_markup),
        TEST(the_runbook_has_the_commands_for_this_name),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
