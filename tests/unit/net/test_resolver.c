// SPDX-License-Identifier: Apache-2.0
// Tests of net/resolver.h against a name server of their own, with limits of milliseconds.
#include "net/resolver.h"

#include "base/buf.h"
#include "base/time.h"
#include "responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/** A deadline for what must happen; a test that reaches it has failed. */
enum { WAIT_S = 20 };

/** A resolver under test, and what its last answer was. */
struct bench {
    struct responder server;
    struct loop *loop;
    struct resolver *resolver;
    struct resolver_query query;
    struct buf text; /* the addresses, separated by spaces, and a NUL; or the failure */
    enum err result; /* ERR_OK, or the failure's code */
    unsigned answers;
    bool is_sync; /* the answer came before resolver_ask returned */
};

static void on_answer(struct resolver_query *q, const struct resolver_answer *answer)
{
    struct bench *b = (struct bench *)q->user;
    buf_clear(&b->text);
    for (size_t i = 0; i < answer->count; i++) {
        char ip[NET_ADDRESS_TEXT_SIZE];
        net_address_format_ip(&answer->addresses[i], ip);
        assert_int_equal(net_address_port(&answer->addresses[i]), 0);
        buf_printf(&b->text, "%s%s", i > 0 ? " " : "", ip);
    }
    b->result = answer->count > 0 ? ERR_OK : answer->why->code;
    if (answer->count == 0)
        buf_append_str(&b->text, answer->why->text);
    buf_append_byte(&b->text, '\0');
    b->answers++;
    loop_stop(b->loop);
}

static void bench_start(struct bench *b, const struct responder_rule *rules,
                        struct resolver_options options)
{
    *b = (struct bench){0};
    responder_start(&b->server, rules);
    b->loop = loop_new(false);
    options.servers = b->server.servers;
    assert_int_equal(resolver_new(b->loop, &options, &b->resolver, NULL), ERR_OK);
    b->query.on_answer = on_answer;
    b->query.user = b;
}

static void bench_stop(struct bench *b)
{
    resolver_free(b->resolver);
    loop_free(b->loop);
    responder_stop(&b->server);
    buf_fini(&b->text);
}

static void give_up(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("waited for too long");
}

/** Runs the loop until it is stopped. */
static void run(struct bench *b)
{
    struct loop_timer limit = {.on_time = give_up};
    loop_timer_set(b->loop, &limit, WAIT_S * NS_PER_S, 0);
    loop_run(b->loop);
    loop_timer_stop(&limit);
}

/** Asks and waits for the answer; its text. */
static const char *ask(struct bench *b, const char *name)
{
    unsigned before = b->answers;
    b->is_sync = resolver_ask(b->resolver, &b->query, name);
    assert_int_equal(b->answers, before + (b->is_sync ? 1 : 0));
    run(b); /* at once back where on_answer has stopped it */
    assert_int_equal(b->answers, before + 1);
    return (const char *)buf_slice(&b->text).data;
}

static void stop_loop(struct loop_timer *timer)
{
    loop_stop((struct loop *)timer->user);
}

/** Lets the loop run for a while. */
static void pass(struct bench *b, int64_t ns)
{
    struct loop_timer timer = {.on_time = stop_loop, .user = b->loop};
    loop_timer_set(b->loop, &timer, ns, 0);
    loop_run(b->loop);
}

static const struct responder_rule plain_rules[] = {
    {"a.test", RESPONDER_A, RESPONDER_ANSWER, 60, "192.0.2.1 192.0.2.2"},
    {"a.test", RESPONDER_AAAA, RESPONDER_ANSWER, 60, "2001:db8::1"},
    {"four.test", RESPONDER_A, RESPONDER_ANSWER, 60, "192.0.2.4"},
    {"six.test", RESPONDER_AAAA, RESPONDER_ANSWER, 60, "2001:db8::6"},
    {"alias-of.test", RESPONDER_A, RESPONDER_CNAME, 60, "192.0.2.7"},
    {"big.test", RESPONDER_A, RESPONDER_TRUNCATED, 60, "192.0.2.8"},
    {"gone.test", RESPONDER_A, RESPONDER_NXDOMAIN, 0, NULL},
    {"gone.test", RESPONDER_AAAA, RESPONDER_NXDOMAIN, 0, NULL},
    {"sick.test", RESPONDER_A, RESPONDER_SERVFAIL, 0, NULL},
    {"sick.test", RESPONDER_AAAA, RESPONDER_SERVFAIL, 0, NULL},
    {"half.test", RESPONDER_A, RESPONDER_ANSWER, 60, "192.0.2.9"},
    {"half.test", RESPONDER_AAAA, RESPONDER_SILENT, 0, NULL},
    {"mad.test", RESPONDER_A, RESPONDER_GARBAGE, 0, NULL},
    {"mad.test", RESPONDER_AAAA, RESPONDER_GARBAGE, 0, NULL},
    {"mute.test", RESPONDER_A, RESPONDER_SILENT, 0, NULL},
    {"mute.test", RESPONDER_AAAA, RESPONDER_SILENT, 0, NULL},
    {0}};

static void addresses_of_both_families_come_ipv4_first(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){0});
    assert_string_equal(ask(&b, "a.test"), "192.0.2.1 192.0.2.2 2001:db8::1");
    assert_string_equal(ask(&b, "four.test"), "192.0.2.4");
    assert_string_equal(ask(&b, "six.test"), "2001:db8::6");
    assert_string_equal(ask(&b, "alias-of.test"), "192.0.2.7");
    assert_string_equal(ask(&b, "big.test"), "192.0.2.8");
    assert_int_equal(b.server.tcp_questions, 1);
    bench_stop(&b);
}

static void a_fresh_answer_asks_nobody_in_any_case_or_form(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){0});
    (void)ask(&b, "a.test");
    assert_false(b.is_sync);
    assert_string_equal(ask(&b, "A.Test."), "192.0.2.1 192.0.2.2 2001:db8::1");
    assert_true(b.is_sync);
    assert_int_equal(b.server.questions, 2);
    bench_stop(&b);
}

static void literals_and_localhost_need_no_server(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){0});
    assert_string_equal(ask(&b, "192.0.2.77"), "192.0.2.77");
    assert_string_equal(ask(&b, "2001:db8::77"), "2001:db8::77");
    assert_string_equal(ask(&b, "[2001:db8::77]"), "2001:db8::77");
    assert_string_equal(ask(&b, "LocalHost"), "127.0.0.1 ::1");
    assert_true(b.is_sync);
    assert_int_equal(b.server.questions, 0);
    bench_stop(&b);
}

static void what_is_not_there_fails_and_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum err result;
    } cases[] = {
        {"gone.test", ERR_NOT_FOUND},  {"empty.test", ERR_NOT_FOUND},
        {"", ERR_NOT_FOUND},           {".", ERR_NOT_FOUND},
        {"a..b", ERR_NOT_FOUND},       {"sick.test", ERR_UNAVAILABLE},
        {"mad.test", ERR_UNAVAILABLE},
    };
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){0});
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *why = ask(&b, cases[i].name);
        if (b.result != cases[i].result)
            fail_msg("%s: %s: %s", cases[i].name, err_name(b.result), why);
        assert_non_null(strstr(why, cases[i].name));
    }
    char long_name[300];
    memset(long_name, 'a', sizeof(long_name));
    for (size_t i = 50; i < sizeof(long_name); i += 50)
        long_name[i] = '.';
    long_name[sizeof(long_name) - 1] = '\0';
    (void)ask(&b, long_name);
    assert_int_equal(b.result, ERR_NOT_FOUND);
    bench_stop(&b);
}

static void a_failure_stands_for_a_moment(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){.min_ttl_ns = 300 * NS_PER_MS});
    (void)ask(&b, "gone.test");
    (void)ask(&b, "gone.test");
    assert_true(b.is_sync);
    assert_int_equal(b.result, ERR_NOT_FOUND);
    assert_int_equal(b.server.questions, 2);
    pass(&b, 310 * NS_PER_MS);
    (void)ask(&b, "gone.test");
    assert_int_equal(b.server.questions, 4);
    bench_stop(&b);
}

static void servers_that_are_silent_are_a_timeout(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){.timeout_ns = 60 * NS_PER_MS});
    int64_t before_ns = time_monotonic_ns();
    (void)ask(&b, "mute.test");
    assert_int_equal(b.result, ERR_TIMEOUT);
    assert_true(time_monotonic_ns() - before_ns >= 55 * NS_PER_MS);
    bench_stop(&b);
}

static void one_family_waits_for_the_other_but_a_moment(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){0});
    int64_t before_ns = time_monotonic_ns();
    assert_string_equal(ask(&b, "half.test"), "192.0.2.9");
    assert_true(time_monotonic_ns() - before_ns < 3 * NS_PER_S); /* the timeout is 5 s */
    bench_stop(&b);
}

static void many_who_ask_at_once_are_one_question(void **state)
{
    (void)state;
    struct bench b;
    struct resolver_query others[3] = {{0}};
    bench_start(&b, plain_rules, (struct resolver_options){0});
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        others[i].on_answer = on_answer;
        others[i].user = &b;
        assert_false(resolver_ask(b.resolver, &others[i], "a.test"));
    }
    resolver_cancel(&others[1]);
    resolver_cancel(&others[1]);
    while (b.answers < 2)
        run(&b);
    resolver_cancel(&others[0]); /* harmless: it was answered */
    (void)ask(&b, "a.test");
    assert_int_equal(b.answers, 3);
    assert_int_equal(b.server.questions, 2);
    assert_false(resolver_ask(b.resolver, &others[2], "four.test"));
    bench_stop(&b); /* drops a question under way */
    assert_int_equal(b.answers, 3);
}

static const struct responder_rule moved_rules[] = {
    {"a.test", RESPONDER_A, RESPONDER_ANSWER, 60, "192.0.2.99"}, {0}};
static const struct responder_rule failing_rules[] = {
    {"a.test", RESPONDER_A, RESPONDER_SERVFAIL, 0, NULL},
    {"a.test", RESPONDER_AAAA, RESPONDER_SERVFAIL, 0, NULL},
    {0}};
static const struct responder_rule removed_rules[] = {
    {"a.test", RESPONDER_A, RESPONDER_NXDOMAIN, 0, NULL},
    {"a.test", RESPONDER_AAAA, RESPONDER_NXDOMAIN, 0, NULL},
    {0}};

static void ttls_are_held_to_their_limits(void **state)
{
    (void)state;
    struct bench b;
    struct resolver_options options = {.min_ttl_ns = NS_PER_MS, .max_ttl_ns = 40 * NS_PER_MS};
    bench_start(&b, plain_rules, options);
    (void)ask(&b, "a.test");
    responder_set(&b.server, moved_rules);
    pass(&b, 60 * NS_PER_MS);
    assert_string_equal(ask(&b, "a.test"), "192.0.2.99"); /* not after its 60 s */
    bench_stop(&b);

    static const struct responder_rule short_rules[] = {
        {"a.test", RESPONDER_A, RESPONDER_ANSWER, 0, "192.0.2.1"}, {0}};
    bench_start(&b, short_rules, (struct resolver_options){0});
    (void)ask(&b, "a.test");
    (void)ask(&b, "a.test");
    assert_true(b.is_sync); /* a TTL of 0 is 5 s */
    bench_stop(&b);
}

static void a_name_in_use_is_refreshed_ahead(void **state)
{
    (void)state;
    struct bench b;
    struct resolver_options options = {.min_ttl_ns = NS_PER_MS, .max_ttl_ns = 200 * NS_PER_MS};
    bench_start(&b, plain_rules, options);
    (void)ask(&b, "a.test");
    (void)ask(&b, "a.test"); /* in use */
    responder_set(&b.server, moved_rules);
    while (b.server.questions < 4)
        pass(&b, NS_PER_MS);
    pass(&b, 5 * NS_PER_MS);
    assert_string_equal(ask(&b, "a.test"), "192.0.2.99");
    assert_true(b.is_sync);
    unsigned before = b.server.questions;
    (void)ask(&b, "four.test"); /* and asked for no more */
    pass(&b, 250 * NS_PER_MS);
    assert_int_equal(b.server.questions, before + 4); /* a.test once more, four.test never */
    bench_stop(&b);
}

static void the_last_good_addresses_serve_while_servers_fail(void **state)
{
    (void)state;
    struct bench b;
    struct resolver_options options = {
        .min_ttl_ns = 10 * NS_PER_MS, .max_ttl_ns = 20 * NS_PER_MS, .keep_ns = NS_PER_S};
    bench_start(&b, plain_rules, options);
    (void)ask(&b, "a.test");
    responder_set(&b.server, failing_rules);
    pass(&b, 30 * NS_PER_MS);
    assert_string_equal(ask(&b, "a.test"), "192.0.2.1 192.0.2.2 2001:db8::1");
    assert_false(b.is_sync); /* the first to ask waits for the failure */
    pass(&b, 30 * NS_PER_MS);
    unsigned before = b.server.questions;
    assert_string_equal(ask(&b, "a.test"), "192.0.2.1 192.0.2.2 2001:db8::1");
    assert_true(b.is_sync); /* later ones do not, and the server is asked meanwhile */
    while (b.server.questions == before)
        pass(&b, NS_PER_MS);
    pass(&b, NS_PER_S + 30 * NS_PER_MS);
    (void)ask(&b, "a.test");
    assert_int_equal(b.result, ERR_UNAVAILABLE); /* they were kept for long enough */
    responder_set(&b.server, moved_rules);
    pass(&b, 30 * NS_PER_MS);
    assert_string_equal(ask(&b, "a.test"), "192.0.2.99");
    bench_stop(&b);
}

static void that_there_is_no_such_name_ends_what_was_kept(void **state)
{
    (void)state;
    struct bench b;
    struct resolver_options options = {.min_ttl_ns = 10 * NS_PER_MS, .max_ttl_ns = 10 * NS_PER_MS};
    bench_start(&b, plain_rules, options);
    (void)ask(&b, "a.test");
    responder_set(&b.server, removed_rules);
    pass(&b, 20 * NS_PER_MS);
    (void)ask(&b, "a.test");
    assert_int_equal(b.result, ERR_NOT_FOUND);
    bench_stop(&b);
}

static void names_are_bounded_and_the_least_recently_asked_goes(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){.name_limit = 2});
    (void)ask(&b, "a.test");
    (void)ask(&b, "four.test");
    (void)ask(&b, "a.test");
    (void)ask(&b, "six.test"); /* four.test goes */
    (void)ask(&b, "a.test");
    assert_true(b.is_sync);
    (void)ask(&b, "four.test");
    assert_false(b.is_sync);

    struct resolver_query others[2] = {{.on_answer = on_answer, .user = &b},
                                       {.on_answer = on_answer, .user = &b}};
    assert_false(resolver_ask(b.resolver, &others[0], "mute.test"));
    assert_false(resolver_ask(b.resolver, &others[1], "half.test"));
    assert_true(resolver_ask(b.resolver, &b.query, "six.test"));
    assert_int_equal(b.result, ERR_UNAVAILABLE);
    bench_stop(&b);
}

/** Asks for the same name once more when it is answered, and cancels the other. */
static void ask_again(struct resolver_query *q, const struct resolver_answer *answer)
{
    struct resolver_query *pair = (struct resolver_query *)q->user;
    assert_true(answer->count > 0);
    resolver_cancel(&pair[1]);
    pair[2].on_answer(&pair[2], answer);
}

static void an_answer_may_cancel_and_ask(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b, plain_rules, (struct resolver_options){.name_limit = 1});
    struct resolver_query queries[3] = {{.on_answer = ask_again},
                                        {.on_answer = on_answer, .user = &b},
                                        {.on_answer = on_answer, .user = &b}};
    queries[0].user = queries;
    assert_false(resolver_ask(b.resolver, &queries[0], "a.test"));
    assert_false(resolver_ask(b.resolver, &queries[1], "a.test"));
    run(&b);
    assert_int_equal(b.answers, 1);
    bench_stop(&b);
}

static void servers_that_are_none_are_refused(void **state)
{
    (void)state;
    struct loop *loop = loop_new(false);
    struct resolver *r = NULL;
    struct errctx ec = {0};
    struct resolver_options options = {.servers = "example.com"};
    assert_int_equal(resolver_new(loop, &options, &r, &ec), ERR_INVALID);
    assert_null(r);
    assert_non_null(strstr(ec.text, "example.com"));
    options.servers = NULL; /* those of the system */
    assert_int_equal(resolver_new(loop, &options, &r, &ec), ERR_OK);
    resolver_free(r);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_both_families_come_ipv4_first),
        cmocka_unit_test(a_fresh_answer_asks_nobody_in_any_case_or_form),
        cmocka_unit_test(literals_and_localhost_need_no_server),
        cmocka_unit_test(what_is_not_there_fails_and_says_why),
        cmocka_unit_test(a_failure_stands_for_a_moment),
        cmocka_unit_test(servers_that_are_silent_are_a_timeout),
        cmocka_unit_test(one_family_waits_for_the_other_but_a_moment),
        cmocka_unit_test(many_who_ask_at_once_are_one_question),
        cmocka_unit_test(ttls_are_held_to_their_limits),
        cmocka_unit_test(a_name_in_use_is_refreshed_ahead),
        cmocka_unit_test(the_last_good_addresses_serve_while_servers_fail),
        cmocka_unit_test(that_there_is_no_such_name_ends_what_was_kept),
        cmocka_unit_test(names_are_bounded_and_the_least_recently_asked_goes),
        cmocka_unit_test(an_answer_may_cancel_and_ask),
        cmocka_unit_test(servers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
