// SPDX-License-Identifier: Apache-2.0
// What `weir node list` and `weir status` show of an answer.
#include "tool/checker_list.h"
#include "tool/node_list.h"
#include "tool/set_list.h"
#include "tool/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROOT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static json_t *object_of(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    return object;
}

static char *listed(const char *answer)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    AUTO_JSON json_t *object = object_of(answer);
    tool_node_list_print(object, out);
    fclose(out);
    return text;
}

static char *shown(const char *status, const char *health)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    AUTO_JSON json_t *object = object_of(status);
    tool_status_print(object, health, out);
    fclose(out);
    return text;
}

static void a_node_is_a_line_with_what_it_reported(void **state)
{
    (void)state;
    char *text = listed("{\"Nodes\": [{\"Id\": \"abc\", \"State\": \"ADMITTED\", "
                        "\"Roles\": \"control,dns\", \"Pop\": \"ZRH50-P1\", \"HeardMsAgo\": 1240, "
                        "\"Applied\": \"" ROOT "\", \"Sequence\": 42, \"Pinned\": true, "
                        "\"RejectedReason\": \"trial: signal 11\"}]}");
    assert_string_equal(
        text, "ID   STATE     ROLES        POP       HEARD      APPLIED       SEQUENCE  PINNED  "
              "REJECTED\n"
              "abc  ADMITTED  control,dns  ZRH50-P1  1.2 s ago  0123456789ab  42        yes     "
              "trial: signal 11\n");
    free(text);
}

static void a_node_that_never_reported_is_listed_too(void **state)
{
    (void)state;
    char *text = listed("{\"Nodes\": [{\"Id\": \"abc\", \"State\": \"PENDING\"}, 17]}");
    assert_non_null(
        strstr(text, "\nabc  PENDING  -      -    never  -        -         -       -\n"));
    free(text);
}

static void an_answer_without_nodes_is_an_empty_list(void **state)
{
    (void)state;
    char *text = listed("{}");
    assert_non_null(strstr(text, "REJECTED\n"));
    assert_int_equal(strlen(strchr(text, '\n')), 1);
    free(text);
}

static void a_checker_is_a_line_with_where_its_votes_are(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    AUTO_JSON json_t *object =
        object_of("{\"Checkers\": [{\"Id\": \"abc\", \"Region\": \"eu-central-2\", "
                  "\"Votes\": \"192.0.2.1:5391\", \"HeardMsAgo\": 300, \"Excluded\": true, "
                  "\"Fresh\": true, \"Outlier\": true, \"Disagreements\": 12}, "
                  "{\"Id\": \"def\", \"Region\": \"\", \"Excluded\": false, "
                  "\"Fresh\": false}, {\"Id\": \"ghi\", \"Fresh\": true}]}");
    tool_checker_list_print(object, out);
    fclose(out);
    static const char *const wanted[] = {
        "ID   REGION        ADDRESS         HEARD      VOTES",
        "abc  eu-central-2  192.0.2.1:5391  0.3 s ago  outlier, against all others on 12  yes\n",
        "def  -             -               never      missing                            -\n",
        "ghi  -             -               never      fresh                              -\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_non_null(strstr(text, wanted[i]));
    free(text);
}

static void a_set_is_a_line_with_its_names_and_addresses(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    AUTO_JSON json_t *object =
        object_of("{\"DelegationSets\": [{\"Id\": \"N1\", \"NameServers\": [\"a\", \"b\"], "
                  "\"Addresses\": [\"192.0.2.1\", \"2001:db8::1\"]}, "
                  "{\"Id\": \"N2\", \"NameServers\": [7], \"Addresses\": []}, 17]}");
    tool_set_list_print(object, out);
    fclose(out);
    assert_string_equal(text, "ID  NAME SERVERS  ADDRESSES\n"
                              "N1  a,b           192.0.2.1,2001:db8::1\n"
                              "N2  ?             all\n"
                              "-   -             all\n");
    free(text);
}

static void status_shows_roots_roles_and_feeds(void **state)
{
    (void)state;
    char *text = shown(
        "{\"node\": \"abc\", \"version\": \"0.1.0\", \"epoch\": 1, \"sequence\": 7, "
        "\"serving\": \"" ROOT "\", \"applied\": \"" ROOT "\", \"proven\": \"\", \"pin\": \"\", "
        "\"trying\": true, \"in_wave\": true, \"rejected\": \"ff\", \"rejected_reason\": \"why\", "
        "\"roles\": [{\"name\": \"dns\", \"running\": true, \"ready\": false, \"pid\": 12}], "
        "\"feeds\": [{\"url\": \"https://192.0.2.1:1\", \"kind\": \"control\", \"up\": false, "
        "\"reason\": \"refused\"}]}",
        "dns starts");
    static const char *const wanted[] = {
        "node      abc\n",
        "health    dns starts\n",
        "doing     trying, in the wave\n",
        "release   epoch 1, sequence 7\n",
        "serving   " ROOT "\n",
        "proven    -\n",
        "rejected  ff: why\n",
        "\nROLE  RUNNING  READY  PID\ndns   yes      no     12\n",
        "https://192.0.2.1:1  control  no  refused\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_non_null(strstr(text, wanted[i]));
    free(text);
}

static void a_status_of_another_version_does_not_stop_the_tool(void **state)
{
    (void)state;
    char *text = shown("{\"node\": 3, \"roles\": {}, \"feeds\": [null]}", "ok");
    assert_non_null(strstr(text, "node      -\n"));
    assert_non_null(strstr(text, "health    ok\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_is_a_line_with_what_it_reported),
        cmocka_unit_test(a_node_that_never_reported_is_listed_too),
        cmocka_unit_test(an_answer_without_nodes_is_an_empty_list),
        cmocka_unit_test(a_checker_is_a_line_with_where_its_votes_are),
        cmocka_unit_test(a_set_is_a_line_with_its_names_and_addresses),
        cmocka_unit_test(status_shows_roots_roles_and_feeds),
        cmocka_unit_test(a_status_of_another_version_does_not_stop_the_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
