// SPDX-License-Identifier: Apache-2.0
// Signature Version 4. Signing is held against the examples that AWS publishes; verifying against
// requests that botocore signed for the key below at 2026-01-31T12:00:00Z.
#include "aws/sigv4.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define NOW 1769860800
#define KEY "AKIAWEIRTEST"
#define SECRET "secret/Key+1"
#define HOST "127.0.0.1:5380"
#define SCOPE KEY "/20260131/us-east-1/route53/aws4_request"
#define AUTHORIZATION(headers, signature)                                                          \
    "AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=" headers ", Signature=" signature
#define LIST_SIGNATURE "65efca88cb60e3a2ad8c712f56f5c11a038a9418ad847693fe6fc4848399f676"

/* A request that a test bends before it is verified. */
struct sample {
    const char *method;
    const char *path;
    const char *query;
    const char *body;
    struct sigv4_header headers[8];
    size_t header_count;
    struct sigv4_verify_options options;
};

static enum sigv4_secret find_secret(void *user, struct slice key_id, struct slice *out_secret)
{
    (void)user;
    if (slice_equal(key_id, SLICE_LIT("AKIADOWN")))
        return SIGV4_SECRET_UNAVAILABLE;
    if (!slice_equal(key_id, SLICE_LIT(KEY)))
        return SIGV4_SECRET_UNKNOWN;
    *out_secret = SLICE_LIT(SECRET);
    return SIGV4_SECRET_FOUND;
}

static void add_header(struct sample *s, const char *name, const char *value)
{
    assert_true(s->header_count < ARRAY_LEN(s->headers));
    s->headers[s->header_count++] = (struct sigv4_header){slice_str(name), slice_str(value)};
}

static struct sample sample_of(const char *method, const char *path, const char *query)
{
    struct sample s = {.method = method, .path = path, .query = query, .body = ""};
    s.options = (struct sigv4_verify_options){
        .service = AWS_ROUTE53, .now_unix_s = NOW, .find_secret = find_secret};
    add_header(&s, "Host", HOST);
    return s;
}

static struct sample list_zones(void)
{
    struct sample s = sample_of("GET", "/2013-04-01/hostedzone", "");
    add_header(&s, "X-Amz-Date", "20260131T120000Z");
    add_header(&s, "Authorization", AUTHORIZATION("host;x-amz-date", LIST_SIGNATURE));
    return s;
}

static struct sample presigned(void)
{
    return sample_of(
        "GET", "/2013-04-01/change/C1",
        "a=b&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAWEIRTEST%2F20260131%2F"
        "us-east-1%2Froute53%2Faws4_request&X-Amz-Date=20260131T120000Z&X-Amz-Expires=3600&"
        "X-Amz-SignedHeaders=host&X-Amz-Signature="
        "ebdab48b775660f249148fb42e4099b41e177c9e806cea37168533f13dca8ade");
}

static enum aws_error verify(const struct sample *s, const char **message)
{
    struct sigv4_request request = {.method = slice_str(s->method),
                                    .path = slice_str(s->path),
                                    .query = slice_str(s->query),
                                    .headers = s->headers,
                                    .header_count = s->header_count};
    sha256_hex(slice_str(s->body), request.body_sha256);
    struct aws_fault fault = {.arena = &arena};
    struct sigv4_identity identity;
    enum aws_error error = sigv4_verify(&request, &s->options, &identity, &fault);
    if (error == AWS_OK)
        assert_true(slice_equal(identity.key_id, SLICE_LIT(KEY)));
    *message = error == AWS_OK ? "" : fault.message;
    return error;
}

static void assert_verifies(const struct sample *s)
{
    const char *message;
    if (verify(s, &message) != AWS_OK)
        fail_msg("%s", message);
}

static void assert_refused(const struct sample *s, enum aws_error wanted, const char *words)
{
    const char *message;
    assert_int_equal(verify(s, &message), wanted);
    if (message == NULL || strstr(message, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, message == NULL ? "no message" : message);
}

/* The signature of a GET by the key of AWS's examples. */
static const char *example_signature(const char *service, const char *query,
                                     const struct sigv4_header *headers, size_t count)
{
    struct sigv4_request request = {.method = SLICE_LIT("GET"),
                                    .path = SLICE_LIT("/"),
                                    .query = slice_str(query),
                                    .headers = headers,
                                    .header_count = count};
    sha256_hex(SLICE_LIT(""), request.body_sha256);
    struct sigv4_sign_options options = {
        .key_id = SLICE_LIT("AKIDEXAMPLE"),
        .secret = SLICE_LIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        .region = SLICE_LIT("us-east-1"),
        .service = service,
        .now_unix_s = 1440938160,
    };
    struct sigv4_header out[SIGV4_SIGN_HEADERS];
    size_t added = sigv4_sign(&arena, &request, &options, out);
    const char *authorization = arena_str(&arena, out[added - 1].value);
    return strstr(authorization, "Signature=") + strlen("Signature=");
}

static void signing_agrees_with_the_published_examples(void **state)
{
    (void)state;
    const struct sigv4_header vanilla[] = {{SLICE_LIT("Host"), SLICE_LIT("example.amazonaws.com")}};
    assert_string_equal(example_signature("service", "", vanilla, 1),
                        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    assert_string_equal(example_signature("service", "Param2=value2&Param1=value1", vanilla, 1),
                        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    const struct sigv4_header iam[] = {
        {SLICE_LIT("Content-Type"), SLICE_LIT("application/x-www-form-urlencoded; charset=utf-8")},
        {SLICE_LIT("Host"), SLICE_LIT("iam.amazonaws.com")}};
    assert_string_equal(example_signature("iam", "Action=ListUsers&Version=2010-05-08", iam, 2),
                        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

static void requests_of_botocore_verify(void **state)
{
    (void)state;
    struct sample list = list_zones();
    assert_verifies(&list);

    struct sample post = sample_of("POST", "/2013-04-01/hostedzone/Z1/rrset/", "");
    post.body = "<x/>";
    add_header(&post, "X-Amz-Date", "20260131T120000Z");
    add_header(&post, "Authorization",
               AUTHORIZATION("host;x-amz-date",
                             "5dd010519375b5b7d614eb13a3ad886203d16df20db993b81182280298aa591d"));
    assert_verifies(&post);
    post.body = "<y/>";
    assert_refused(&post, AWS_SignatureDoesNotMatch, "The request signature we calculated");

    struct sample coded = sample_of("GET", "/2013-04-01/hostedzone/%2Fhostedzone%2FZ1/rrset",
                                    "name=a%20b&maxitems=1&name=%2A&empty=");
    add_header(&coded, "X-Custom", "  a   b  ");
    add_header(&coded, "X-Amz-Date", "20260131T120000Z");
    add_header(&coded, "Authorization",
               AUTHORIZATION("host;x-amz-date;x-custom",
                             "c3eb3d596f6656fb1575aa592080262dd46037f1d6e359d96dbb990792c034b6"));
    assert_verifies(&coded);
    coded.query = "empty&name=*&name=a%20b&maxitems=1";
    assert_verifies(&coded);
}

static void one_changed_part_is_enough_to_refuse(void **state)
{
    (void)state;
    struct sample s = list_zones();
    s.method = "POST";
    assert_refused(&s, AWS_SignatureDoesNotMatch, "The request signature we calculated");
    s = list_zones();
    s.path = "/2013-04-01/hostedzonecount";
    assert_refused(&s, AWS_SignatureDoesNotMatch, "The request signature we calculated");
    s = list_zones();
    s.query = "maxitems=1";
    assert_refused(&s, AWS_SignatureDoesNotMatch, "The request signature we calculated");
    s = list_zones();
    s.headers[0].value = SLICE_LIT("127.0.0.1:5381");
    assert_refused(&s, AWS_SignatureDoesNotMatch, "The request signature we calculated");
    s = list_zones();
    add_header(&s, "X-Amz-Meta", "1");
    assert_refused(&s, AWS_SignatureDoesNotMatch, "'X-Amz-Meta' was sent but is not signed");
}

static void the_clock_may_be_five_minutes_off_either_way(void **state)
{
    (void)state;
    struct sample s = list_zones();
    s.options.now_unix_s = NOW + 300;
    assert_verifies(&s);
    s.options.now_unix_s = NOW + 301;
    assert_refused(&s, AWS_SignatureDoesNotMatch,
                   "Signature expired: 20260131T120000Z is now earlier than 20260131T120001Z "
                   "(20260131T120501Z - 5 min.)");
    s.options.now_unix_s = NOW - 300;
    assert_verifies(&s);
    s.options.now_unix_s = NOW - 301;
    assert_refused(&s, AWS_SignatureDoesNotMatch,
                   "Signature not yet current: 20260131T120000Z is still later than "
                   "20260131T115959Z (20260131T115459Z + 5 min.)");
}

static void a_presigned_request_lives_as_long_as_it_says(void **state)
{
    (void)state;
    struct sample s = presigned();
    assert_verifies(&s);
    s.options.now_unix_s = NOW + 3600;
    assert_verifies(&s);
    s.options.now_unix_s = NOW + 3601;
    assert_refused(&s, AWS_SignatureDoesNotMatch, "(20260131T130001Z - 60 min.)");
    s = presigned();
    s.path = "/2013-04-01/change/C2";
    assert_refused(&s, AWS_SignatureDoesNotMatch, "The request signature we calculated");
    s = presigned();
    add_header(&s, "Authorization", AUTHORIZATION("host", LIST_SIGNATURE));
    assert_refused(&s, AWS_IncompleteSignature, "signed twice");
    s = sample_of("GET", "/",
                  "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=a&"
                  "X-Amz-SignedHeaders=host&X-Amz-Signature=a&X-Amz-Expires=604801");
    assert_refused(&s, AWS_IncompleteSignature, "between 1 and 604800");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    struct sample s = sample_of("GET", "/2013-04-01/hostedzone", "");
    assert_refused(&s, AWS_MissingAuthenticationToken, "Missing Authentication Token");
    add_header(&s, "Authorization", "Basic abc");
    assert_refused(&s, AWS_IncompleteSignature, "Unsupported AWS 'algorithm': 'Basic'");
    s.headers[1].value = SLICE_LIT("AWS4-HMAC-SHA256 Credential=a");
    assert_refused(&s, AWS_IncompleteSignature,
                   "Authorization header requires 'Signature' parameter. Authorization header "
                   "requires 'SignedHeaders' parameter. Authorization header requires existence "
                   "of either a 'X-Amz-Date' or a 'Date' header.");
    s = list_zones();
    s.headers[2].value =
        SLICE_LIT("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c");
    assert_refused(&s, AWS_IncompleteSignature,
                   "Credential must have exactly 5 slash-delimited elements");
    s = list_zones();
    add_header(&s, "Authorization", "AWS4-HMAC-SHA256 Credential=a");
    assert_refused(&s, AWS_IncompleteSignature, "More than one Authorization");
}

static void the_scope_must_fit(void **state)
{
    (void)state;
    struct sample s = list_zones();
    s.options.service = AWS_CLOUDFRONT;
    assert_refused(&s, AWS_SignatureDoesNotMatch,
                   "Credential should be scoped to correct service: 'cloudfront'");
    s = list_zones();
    s.headers[1].value = SLICE_LIT("20260201T000000Z");
    assert_refused(&s, AWS_SignatureDoesNotMatch, "Date in Credential scope does not match");
    s = list_zones();
    s.headers[2].value = SLICE_LIT(AUTHORIZATION("x-amz-date", LIST_SIGNATURE));
    assert_refused(&s, AWS_SignatureDoesNotMatch, "must be a 'SignedHeader'");
    s.headers[2].value = SLICE_LIT(AUTHORIZATION("host;nope;x-amz-date", LIST_SIGNATURE));
    assert_refused(&s, AWS_SignatureDoesNotMatch, "The signed header 'nope' is not in the request");
}

static void an_unknown_key_and_a_store_that_is_down_are_told_apart(void **state)
{
    (void)state;
    struct sample s = list_zones();
    s.headers[2].value = SLICE_LIT("AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260131/us-east-1/"
                                   "route53/aws4_request, SignedHeaders=host;x-amz-date, "
                                   "Signature=" LIST_SIGNATURE);
    assert_refused(&s, AWS_InvalidClientTokenId,
                   "The security token included in the request is invalid.");
    s.headers[2].value = SLICE_LIT("AWS4-HMAC-SHA256 Credential=AKIADOWN/20260131/us-east-1/"
                                   "route53/aws4_request, SignedHeaders=host;x-amz-date, "
                                   "Signature=" LIST_SIGNATURE);
    assert_refused(&s, AWS_ServiceUnavailable, "");
}

static void a_session_token_is_invalid_however_it_is_signed(void **state)
{
    (void)state;
    static const char finding[] = "The security token included in the request is invalid.";
    struct sample s = sample_of("POST", "/2013-04-01/hostedzone/Z1/rrset/", "");
    s.body = "<x/>";
    add_header(&s, "X-Amz-Date", "20260131T120000Z");
    add_header(&s, "X-Amz-Security-Token", "TOKEN");
    add_header(&s, "Authorization",
               AUTHORIZATION("host;x-amz-date;x-amz-security-token",
                             "da81bcc7cbd0842eaea3127ae37e519b7f02f672b294fc983703d62fc73b4aec"));
    assert_refused(&s, AWS_InvalidClientTokenId, finding);
    s.headers[2].value = SLICE_LIT(""); /* as good as none: the signature decides */
    assert_refused(&s, AWS_SignatureDoesNotMatch, "The request signature we calculated");
    s = presigned();
    s.query = arena_printf(&arena, "%s&X-Amz-Security-Token=TOKEN", s.query);
    assert_refused(&s, AWS_InvalidClientTokenId, finding);
}

/* Signs the sample with its present headers and appends what signing adds. */
static void sign(struct sample *s, const char *payload)
{
    struct sigv4_request request = {.method = slice_str(s->method),
                                    .path = slice_str(s->path),
                                    .query = slice_str(s->query),
                                    .headers = s->headers,
                                    .header_count = s->header_count};
    assert_true(strlen(payload) < sizeof(request.body_sha256));
    memcpy(request.body_sha256, payload, strlen(payload) + 1);
    struct sigv4_sign_options options = {.key_id = SLICE_LIT(KEY),
                                         .secret = SLICE_LIT(SECRET),
                                         .region = SLICE_LIT("local"),
                                         .service = "route53",
                                         .now_unix_s = NOW};
    struct sigv4_header out[SIGV4_SIGN_HEADERS];
    size_t count = sigv4_sign(&arena, &request, &options, out);
    memcpy(s->headers + s->header_count, out, count * sizeof(*out));
    s->header_count += count;
}

static void an_unsigned_payload_needs_tls(void **state)
{
    (void)state;
    struct sample s = sample_of("POST", "/2013-04-01/hostedzone", "");
    s.body = "anything";
    add_header(&s, "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
    sign(&s, "UNSIGNED-PAYLOAD");
    assert_refused(&s, AWS_SignatureDoesNotMatch, "over TLS only");
    s.options.is_tls = true;
    assert_verifies(&s);
}

static void a_declared_payload_hash_is_checked(void **state)
{
    (void)state;
    char hash[SHA256_HEX_SIZE];
    sha256_hex(SLICE_LIT("body"), hash);
    struct sample s = sample_of("POST", "/2013-04-01/hostedzone", "");
    s.body = "body";
    add_header(&s, "X-Amz-Content-Sha256", hash);
    sign(&s, hash);
    assert_verifies(&s);
    s.body = "other";
    assert_refused(&s, AWS_SignatureDoesNotMatch, "does not match the hash of the body");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing_agrees_with_the_published_examples),
        cmocka_unit_test(requests_of_botocore_verify),
        cmocka_unit_test(one_changed_part_is_enough_to_refuse),
        cmocka_unit_test(the_clock_may_be_five_minutes_off_either_way),
        cmocka_unit_test(a_presigned_request_lives_as_long_as_it_says),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(the_scope_must_fit),
        cmocka_unit_test(a_session_token_is_invalid_however_it_is_signed),
        cmocka_unit_test(an_unknown_key_and_a_store_that_is_down_are_told_apart),
        cmocka_unit_test(an_unsigned_payload_needs_tls),
        cmocka_unit_test(a_declared_payload_hash_is_checked),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
