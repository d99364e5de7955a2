// SPDX-License-Identifier: Apache-2.0
// The table of operations, the router and the binder.
#include "aws/bind.h"
#include "aws/limits.h"
#include "aws/operation.h"
#include "aws/r53_ids.h"
#include "aws/route53.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static enum aws_error route(const char *method, const char *path, const char *query,
                            struct aws_route *out)
{
    struct aws_fault fault = {.arena = &arena};
    *out = (struct aws_route){0};
    return aws_route(slice_str(method), slice_str(path), slice_str(query), out, &fault);
}

/* A path of the template: each label becomes "X". */
static const char *sample_path(const char *template)
{
    char *out = arena_alloc(&arena, strlen(template) + 1);
    char *end = out;
    for (const char *c = template; *c != '\0'; c++) {
        if (*c == '{') {
            *end++ = 'X';
            c = strchr(c, '}');
        } else {
            *end++ = *c;
        }
    }
    return out;
}

static void every_operation_is_reached_by_its_own_request(void **state)
{
    (void)state;
    size_t built = 0;
    for (unsigned i = 0; i < AWS_OPERATION_COUNT; i++) {
        const struct aws_operation *o = aws_operation(i);
        struct aws_route r;
        enum aws_error error = route(o->method, sample_path(o->path), o->query, &r);
        assert_int_equal(error, o->status == 0 ? AWS_NotImplemented : AWS_OK);
        assert_string_equal(r.operation->name, o->name);
        built += o->status != 0;
    }
    assert_int_equal(built, 59);
}

static void labels_are_decoded_and_slashes_do_not_matter(void **state)
{
    (void)state;
    struct aws_route r;
    assert_int_equal(route("GET", "/2013-04-01/hostedzone/Z1/rrset/", "", &r), AWS_OK);
    assert_int_equal(r.operation->id, AWS_ROUTE53_ListResourceRecordSets);
    assert_int_equal(route("POST", "/2013-04-01/hostedzone//%2Fhostedzone%2FZ1/rrset", "", &r),
                     AWS_OK);
    assert_int_equal(r.operation->id, AWS_ROUTE53_ChangeResourceRecordSets);
    assert_true(slice_equal(r.labels[0], SLICE_LIT("/hostedzone/Z1")));
    assert_int_equal(route("GET", "/2013-04-01/hostedzone/%zz", "", &r), AWS_InvalidInput);
}

static void the_query_tells_operations_apart(void **state)
{
    (void)state;
    struct aws_route r;
    assert_int_equal(route("POST", "/2020-05-31/distribution", "WithTags", &r), AWS_OK);
    assert_string_equal(r.operation->name, "CreateDistributionWithTags");
    assert_int_equal(route("POST", "/2020-05-31/distribution", "", &r), AWS_OK);
    assert_string_equal(r.operation->name, "CreateDistribution");
    assert_int_equal(route("POST", "/2020-05-31/tagging", "Operation=Untag&Resource=a", &r),
                     AWS_OK);
    assert_string_equal(r.operation->name, "UntagResource");
    assert_int_equal(route("POST", "/2020-05-31/tagging", "Operation=Other", &r),
                     AWS_MethodNotAllowed);
}

static void unknown_paths_and_methods_are_told_apart(void **state)
{
    (void)state;
    struct aws_route r;
    assert_int_equal(route("GET", "/2013-04-01/nope", "", &r), AWS_UnknownOperationException);
    assert_int_equal(route("GET", "/2013-04-01", "", &r), AWS_UnknownOperationException);
    assert_int_equal(route("PATCH", "/2013-04-01/hostedzone", "", &r), AWS_MethodNotAllowed);
}

static void the_path_decides_the_service(void **state)
{
    (void)state;
    enum aws_service service;
    assert_true(aws_service_of_path(SLICE_LIT("/2013-04-01/hostedzone"), &service));
    assert_int_equal(service, AWS_ROUTE53);
    assert_true(aws_service_of_path(SLICE_LIT("/2020-05-31"), &service));
    assert_int_equal(service, AWS_CLOUDFRONT);
    assert_true(aws_service_of_path(SLICE_LIT("//weir/2026-01-01/nodes"), &service));
    assert_int_equal(service, AWS_WEIR);
    assert_false(aws_service_of_path(SLICE_LIT("/2013-04-011/hostedzone"), &service));
    assert_false(aws_service_of_path(SLICE_LIT("/"), &service));
}

static enum aws_error bind_list(const char *path, const char *query,
                                struct r53_list_record_sets_request *out, const char **message)
{
    struct aws_fault fault = {.arena = &arena};
    struct aws_route r;
    struct aws_input input = {.query = slice_str(query)};
    assert_int_equal(route("GET", path, query, &r), AWS_OK);
    *out = (struct r53_list_record_sets_request){0};
    enum aws_error error = aws_bind_request(&r, &input, out, &fault);
    *message = fault.message;
    return error;
}

static void labels_and_parameters_are_bound(void **state)
{
    (void)state;
    struct r53_list_record_sets_request request;
    const char *message;
    assert_int_equal(bind_list("/2013-04-01/hostedzone/%2Fhostedzone%2FZ1/rrset",
                               "name=a%20b&type=TXT&maxitems=", &request, &message),
                     AWS_OK);
    assert_string_equal(request.hosted_zone_id, "Z1");
    assert_string_equal(request.start_record_name, "a b");
    assert_int_equal(request.start_record_type, R53_TYPE_TXT);
    assert_null(request.max_items);
    assert_null(request.start_record_identifier);
}

static void parameters_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    struct r53_list_record_sets_request request;
    const char *message;
    assert_int_equal(bind_list("/2013-04-01/hostedzone/Z1/rrset", "type=BOGUS", &request, &message),
                     AWS_InvalidInput);
    assert_non_null(strstr(message, "1 validation error detected: Value 'BOGUS' at 'type' failed "
                                    "to satisfy constraint: Member must satisfy enum value set: "
                                    "[A, AAAA"));
    assert_int_equal(bind_list("/2013-04-01/hostedzone/Z1/rrset", "name=%00", &request, &message),
                     AWS_InvalidInput);
    const char *longest = "/2013-04-01/hostedzone/Z2345678901234567890123456789012/rrset";
    assert_int_equal(bind_list(longest, "", &request, &message), AWS_OK);
    const char *longer = "/2013-04-01/hostedzone/Z23456789012345678901234567890123/rrset";
    assert_int_equal(bind_list(longer, "", &request, &message), AWS_InvalidInput);
    assert_non_null(strstr(message, "Member must have length less than or equal to 32"));
}

static void a_body_may_be_left_out_where_nothing_of_it_is_required(void **state)
{
    (void)state;
    struct aws_fault fault = {.arena = &arena};
    struct aws_route r;
    struct aws_input input = {0};
    struct r53_update_hosted_zone_comment_request comment = {0};
    assert_int_equal(route("POST", "/2013-04-01/hostedzone/Z1", "", &r), AWS_OK);
    assert_int_equal(aws_bind_request(&r, &input, &comment, &fault), AWS_OK);
    assert_string_equal(comment.id, "Z1");
    assert_null(comment.comment);
    struct r53_create_hosted_zone_request create = {0};
    assert_int_equal(route("POST", "/2013-04-01/hostedzone", "", &r), AWS_OK);
    assert_int_equal(aws_bind_request(&r, &input, &create, &fault), AWS_MalformedInput);
}

static void a_creation_answers_with_its_location(void **state)
{
    (void)state;
    const char *servers[] = {"ns-1.weir.test"};
    struct r53_hosted_zone zone = {.id = "Z1", .name = "a.", .caller_reference = "r"};
    struct r53_change_info info = {.id = "C1", .status = R53_INSYNC};
    struct r53_delegation_set set = {.name_servers = servers, .name_servers_count = 1};
    struct r53_create_hosted_zone_response response = {.hosted_zone = &zone,
                                                       .change_info = &info,
                                                       .delegation_set = &set,
                                                       .location = "http://h/2013-04-01/x"};
    struct aws_output out;
    aws_bind_response(&arena, aws_operation(AWS_ROUTE53_CreateHostedZone), &response, &out);
    assert_int_equal(out.status, 201);
    assert_int_equal(out.header_count, 1);
    assert_true(slice_equal(out.headers[0].name, SLICE_LIT("Location")));
    assert_true(slice_equal(out.headers[0].value, SLICE_LIT("http://h/2013-04-01/x")));
    const char *body = arena_str(&arena, out.body);
    assert_non_null(strstr(body, "<Id>/hostedzone/Z1</Id>"));
    assert_non_null(strstr(body, "<NameServer>ns-1.weir.test</NameServer>"));
    assert_null(strstr(body, "Location"));
}

static void errors_have_each_services_form(void **state)
{
    (void)state;
    struct aws_fault fault = {.arena = &arena};
    aws_fail(&fault, AWS_NoSuchHostedZone, "No hosted zone found with ID: %s", "Z<1>");
    struct slice xml = aws_error_document(&arena, AWS_ROUTE53, &fault, "id-1");
    assert_string_equal(
        arena_str(&arena, xml),
        "<?xml version=\"1.0\"?>\n"
        "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error>"
        "<Type>Sender</Type><Code>NoSuchHostedZone</Code>"
        "<Message>No hosted zone found with ID: Z&lt;1&gt;</Message></Error>"
        "<RequestId>id-1</RequestId></ErrorResponse>\n");
    struct slice json = aws_error_document(&arena, AWS_WEIR, &fault, "id-1");
    assert_string_equal(arena_str(&arena, json),
                        "{\"Type\":\"Sender\",\"Code\":\"NoSuchHostedZone\",\"Message\":\"No "
                        "hosted zone found with ID: Z<1>\",\"RequestId\":\"id-1\"}");
    assert_int_equal(aws_error_status(AWS_NoSuchHostedZone), 404);
}

static void an_error_shows_the_front_of_a_long_value(void **state)
{
    (void)state;
    char text[AWS_ECHO_MAX_BYTES + 2];
    memset(text, 'x', sizeof(text));
    text[AWS_ECHO_MAX_BYTES + 1] = '\0';
    assert_int_equal(strlen(aws_echo(&arena, text)), AWS_ECHO_MAX_BYTES);
    memcpy(text + AWS_ECHO_MAX_BYTES - 1, "\xc3\xa9", 2); /* one character over the edge */
    assert_int_equal(strlen(aws_echo(&arena, text)), AWS_ECHO_MAX_BYTES - 1);
    text[AWS_ECHO_MAX_BYTES - 1] = 'x';
    text[AWS_ECHO_MAX_BYTES] = '\0';
    assert_string_equal(aws_echo(&arena, text), text);
}

static void ids_have_the_form_of_aws(void **state)
{
    (void)state;
    uint8_t random[16];
    memset(random, 0xff, sizeof(random));
    char request_id[AWS_REQUEST_ID_SIZE];
    aws_request_id(random, request_id);
    assert_string_equal(request_id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    char id[R53_ID_SIZE];
    r53_id_make(R53_ID_ZONE, random, id);
    assert_int_equal(strlen(id), 21);
    assert_int_equal(id[0], 'Z');
    assert_int_equal(strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_reached_by_its_own_request),
        cmocka_unit_test(labels_are_decoded_and_slashes_do_not_matter),
        cmocka_unit_test(the_query_tells_operations_apart),
        cmocka_unit_test(unknown_paths_and_methods_are_told_apart),
        cmocka_unit_test(the_path_decides_the_service),
        cmocka_unit_test(labels_and_parameters_are_bound),
        cmocka_unit_test(parameters_that_do_not_fit_are_refused),
        cmocka_unit_test(a_body_may_be_left_out_where_nothing_of_it_is_required),
        cmocka_unit_test(a_creation_answers_with_its_location),
        cmocka_unit_test(errors_have_each_services_form),
        cmocka_unit_test(an_error_shows_the_front_of_a_long_value),
        cmocka_unit_test(ids_have_the_form_of_aws),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
