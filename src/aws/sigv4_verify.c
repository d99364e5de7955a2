// SPDX-License-Identifier: Apache-2.0
// Verifying signatures. Called by the API on a worker for every request.
//
// Visible stages: find the signature's parts (header or query) -> check their form and scope ->
// check the clock -> refuse a session token -> look up the secret -> compare. Everything before the
// look-up depends on the request alone.
#include "aws/sigv4_priv.h"

#include "base/check.h"
#include "base/time.h"
#include "base/uri.h"

#include <inttypes.h>

/* What a request says about its signature. */
struct claim {
    const struct sigv4_request *request;
    const struct sigv4_verify_options *options;
    struct aws_fault *fault;
    bool is_presigned;
    struct slice credential;
    struct slice signed_headers;
    struct slice signature;
    struct slice date_time; /* as sent; "" where none */
    struct slice token;
    struct slice payload;
    struct slice key_id; /* first part of the credential */
    struct sigv4_scope scope;
    int64_t time_unix_s;
    int64_t expires_s; /* of a presigned request */
};

static bool header(const struct claim *c, const char *name, struct slice *out)
{
    return sigv4_canonical_header(c->fault->arena, c->request, slice_str(name), out);
}

static size_t header_lines(const struct claim *c, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < c->request->header_count; i++)
        count += slice_equal_nocase(c->request->headers[i].name, slice_str(name));
    return count;
}

/* ---- finding the parts */

static enum aws_error missing_parts(struct claim *c)
{
    const struct {
        struct slice part;
        const char *wanted;
    } parts[] = {
        {c->credential, "'Credential' parameter"},
        {c->signature, "'Signature' parameter"},
        {c->signed_headers, "'SignedHeaders' parameter"},
        {c->date_time, "existence of either a 'X-Amz-Date' or a 'Date' header"},
    };
    const char *where = c->is_presigned ? "The query" : "Authorization header";
    const char *message = "";
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i].part.len == 0)
            message = arena_printf(c->fault->arena, "%s%s%s requires %s.", message,
                                   *message == '\0' ? "" : " ", where, parts[i].wanted);
    return aws_fail(c->fault, AWS_IncompleteSignature, "%s", message);
}

static bool has_all_parts(const struct claim *c)
{
    return c->credential.len > 0 && c->signature.len > 0 && c->signed_headers.len > 0 &&
           c->date_time.len > 0;
}

/* "Credential=..., SignedHeaders=..., Signature=..." behind the algorithm. */
static enum aws_error read_authorization(struct claim *c, struct slice value)
{
    struct slice part;
    while (slice_split(&value, ',', &part)) {
        part = slice_trim(part);
        size_t equals = slice_find(part, '=');
        struct slice name = slice_sub(part, 0, equals);
        struct slice text = slice_sub(part, equals + 1, part.len);
        if (slice_equal(name, SLICE_LIT("Credential")))
            c->credential = text;
        else if (slice_equal(name, SLICE_LIT("SignedHeaders")))
            c->signed_headers = text;
        else if (slice_equal(name, SLICE_LIT("Signature")))
            c->signature = text;
    }
    if (!header(c, "X-Amz-Date", &c->date_time))
        header(c, "Date", &c->date_time);
    header(c, "X-Amz-Security-Token", &c->token);
    return has_all_parts(c) ? AWS_OK : missing_parts(c);
}

static enum aws_error read_header_form(struct claim *c, struct slice authorization)
{
    if (header_lines(c, "Authorization") > 1)
        return aws_fail(c->fault, AWS_IncompleteSignature, "More than one Authorization header");
    size_t space = slice_find(authorization, ' ');
    struct slice algorithm = slice_sub(authorization, 0, space);
    if (!slice_equal(algorithm, SLICE_LIT(SIGV4_ALGORITHM)))
        return aws_fail(c->fault, AWS_IncompleteSignature, "Unsupported AWS 'algorithm': '%.*s'",
                        SLICE_FMT(slice_sub(algorithm, 0, 64)));
    return read_authorization(c, slice_sub(authorization, space + 1, authorization.len));
}

static bool query(const struct claim *c, const char *name, struct slice *out)
{
    return uri_query_get(c->fault->arena, c->request->query, name, out);
}

static enum aws_error read_query_form(struct claim *c, struct slice algorithm)
{
    struct slice expires = {0};
    uint64_t seconds = 0;
    c->is_presigned = true;
    if (!slice_equal(algorithm, SLICE_LIT(SIGV4_ALGORITHM)))
        return aws_fail(c->fault, AWS_IncompleteSignature, "Unsupported AWS 'algorithm': '%.*s'",
                        SLICE_FMT(slice_sub(algorithm, 0, 64)));
    query(c, "X-Amz-Credential", &c->credential);
    query(c, "X-Amz-SignedHeaders", &c->signed_headers);
    query(c, "X-Amz-Signature", &c->signature);
    query(c, "X-Amz-Date", &c->date_time);
    query(c, "X-Amz-Security-Token", &c->token);
    if (!has_all_parts(c))
        return missing_parts(c);
    if (!query(c, "X-Amz-Expires", &expires) ||
        !slice_parse_u64(expires, SIGV4_EXPIRES_MAX_S, &seconds) || seconds == 0)
        return aws_fail(c->fault, AWS_IncompleteSignature,
                        "X-Amz-Expires must be a number of seconds between 1 and %d",
                        SIGV4_EXPIRES_MAX_S);
    c->expires_s = (int64_t)seconds;
    return AWS_OK;
}

static enum aws_error read_parts(struct claim *c)
{
    struct slice authorization;
    struct slice algorithm;
    bool has_header = header(c, "Authorization", &authorization);
    bool has_query = query(c, "X-Amz-Algorithm", &algorithm);
    if (has_header && has_query)
        return aws_fail(c->fault, AWS_IncompleteSignature,
                        "The request is signed twice: by a header and in its query");
    if (has_header)
        return read_header_form(c, authorization);
    if (has_query)
        return read_query_form(c, algorithm);
    return aws_fail(c->fault, AWS_MissingAuthenticationToken, "Missing Authentication Token");
}

/* ---- form and scope */

static enum aws_error read_credential(struct claim *c)
{
    struct slice parts[5];
    struct slice rest = c->credential;
    struct slice part;
    size_t count = 0;
    while (slice_split(&rest, '/', &part)) {
        if (count < ARRAY_LEN(parts))
            parts[count] = part;
        count++;
    }
    if (count != ARRAY_LEN(parts))
        return aws_fail(c->fault, AWS_IncompleteSignature,
                        "Credential must have exactly 5 slash-delimited elements, e.g. "
                        "keyid/date/region/service/term, got '%.*s'",
                        SLICE_FMT(slice_sub(c->credential, 0, 128)));
    c->key_id = parts[0];
    c->scope = (struct sigv4_scope){.date = parts[1], .region = parts[2], .service = parts[3]};
    if (!slice_equal(parts[4], SLICE_LIT(SIGV4_TERMINATOR)))
        return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                        "Credential should be scoped with a valid terminator: '%s', not '%.*s'.",
                        SIGV4_TERMINATOR, SLICE_FMT(slice_sub(parts[4], 0, 64)));
    const char *service = aws_service_name(c->options->service);
    if (!slice_equal(c->scope.service, slice_str(service)))
        return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                        "Credential should be scoped to correct service: '%s'.", service);
    return AWS_OK;
}

static bool lists_header(struct slice signed_headers, struct slice name)
{
    struct slice part;
    while (slice_split(&signed_headers, ';', &part))
        if (slice_equal_nocase(part, name))
            return true;
    return false;
}

/* Host and every x-amz-* header that was sent are signed, and every signed header was sent. */
static enum aws_error check_signed_headers(struct claim *c)
{
    struct slice rest = c->signed_headers;
    struct slice name;
    size_t count = 0;
    while (slice_split(&rest, ';', &name)) {
        struct slice value;
        if (++count > SIGV4_MAX_HEADERS ||
            !sigv4_canonical_header(c->fault->arena, c->request, name, &value))
            return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                            "The signed header '%.*s' is not in the request",
                            SLICE_FMT(slice_sub(name, 0, 64)));
    }
    if (!lists_header(c->signed_headers, SLICE_LIT("host")))
        return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                        "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
                        "Authorization.");
    for (size_t i = 0; i < c->request->header_count; i++) {
        name = c->request->headers[i].name;
        bool is_amz = slice_equal_nocase(slice_sub(name, 0, 6), SLICE_LIT("x-amz-"));
        if (is_amz && !lists_header(c->signed_headers, name))
            return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                            "The header '%.*s' was sent but is not signed",
                            SLICE_FMT(slice_sub(name, 0, 64)));
    }
    return AWS_OK;
}

static enum aws_error check_payload(struct claim *c)
{
    struct slice body_hash = slice_str(c->request->body_sha256);
    c->payload = body_hash;
    if (!header(c, "X-Amz-Content-Sha256", &c->payload))
        return AWS_OK;
    if (slice_equal(c->payload, SLICE_LIT("UNSIGNED-PAYLOAD"))) {
        if (c->options->is_tls)
            return AWS_OK;
        return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                        "UNSIGNED-PAYLOAD is accepted over TLS only");
    }
    if (!slice_equal(c->payload, body_hash))
        return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                        "The header 'X-Amz-Content-Sha256' does not match the hash of the body");
    return AWS_OK;
}

/* ---- the clock */

static enum aws_error too_late(struct claim *c, int64_t limit_s)
{
    char then[TIME_BASIC_SIZE];
    char oldest[TIME_BASIC_SIZE];
    char now[TIME_BASIC_SIZE];
    time_format_basic(c->time_unix_s, then);
    time_format_basic(c->options->now_unix_s - limit_s, oldest);
    time_format_basic(c->options->now_unix_s, now);
    return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                    "Signature expired: %s is now earlier than %s (%s - %" PRId64 " min.)", then,
                    oldest, now, limit_s / 60);
}

static enum aws_error too_early(struct claim *c)
{
    char then[TIME_BASIC_SIZE];
    char newest[TIME_BASIC_SIZE];
    char now[TIME_BASIC_SIZE];
    time_format_basic(c->time_unix_s, then);
    time_format_basic(c->options->now_unix_s + SIGV4_SKEW_S, newest);
    time_format_basic(c->options->now_unix_s, now);
    return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                    "Signature not yet current: %s is still later than %s (%s + %d min.)", then,
                    newest, now, SIGV4_SKEW_S / 60);
}

static enum aws_error check_clock(struct claim *c)
{
    int64_t now = c->options->now_unix_s;
    if (!time_parse_basic(c->date_time, &c->time_unix_s) &&
        (c->is_presigned || !time_parse_http(c->date_time, now, &c->time_unix_s)))
        return aws_fail(c->fault, AWS_IncompleteSignature,
                        "Date must be in ISO-8601 'basic format'. Got '%.*s'.",
                        SLICE_FMT(slice_sub(c->date_time, 0, 64)));
    char date_time[TIME_BASIC_SIZE];
    time_format_basic(c->time_unix_s, date_time);
    c->date_time = slice_str(arena_strdup(c->fault->arena, date_time));
    struct slice date = slice_sub(c->date_time, 0, 8);
    if (!slice_equal(c->scope.date, date))
        return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                        "date from HTTP: '%.*s' != '%.*s', from '%s'.",
                        SLICE_FMT(slice_sub(c->scope.date, 0, 32)), SLICE_FMT(date), date_time);
    int64_t limit_s = c->is_presigned ? c->expires_s : SIGV4_SKEW_S;
    if (c->time_unix_s < now - limit_s)
        return too_late(c, limit_s);
    if (c->time_unix_s > now + SIGV4_SKEW_S)
        return too_early(c);
    return AWS_OK;
}

/* ---- session tokens */

static enum aws_error unknown_key(struct claim *c)
{
    return aws_fail(c->fault, AWS_InvalidClientTokenId,
                    "The security token included in the request is invalid.");
}

/* No key here comes with a token: whoever sends one means credentials of somewhere else. */
static enum aws_error check_token(struct claim *c)
{
    return c->token.len == 0 ? AWS_OK : unknown_key(c);
}

/* ---- the comparison */

static bool is_signed_by(struct claim *c, struct slice secret, const struct sigv4_canon *canon)
{
    char hash[SHA256_HEX_SIZE];
    char wanted[SHA256_HEX_SIZE];
    sigv4_request_hash(c->fault->arena, c->request, canon, hash);
    sigv4_signature(c->fault->arena, secret, &c->scope, c->date_time, hash, wanted);
    return constant_time_equal(slice_str(wanted), c->signature);
}

static enum aws_error compare(struct claim *c, struct slice secret)
{
    struct sigv4_canon canon = {.signed_headers = c->signed_headers, .payload = c->payload};
    if (!sigv4_canonical_query(c->fault->arena, c->request->query, &canon.query))
        return aws_fail(c->fault, AWS_InvalidInput,
                        "The query holds a broken percent escape or too many parameters");
    canon.path = sigv4_canonical_path(c->fault->arena, c->request->path);
    if (is_signed_by(c, secret, &canon))
        return AWS_OK;
    canon.path = c->request->path;
    if (is_signed_by(c, secret, &canon))
        return AWS_OK;
    return aws_fail(c->fault, AWS_SignatureDoesNotMatch,
                    "The request signature we calculated does not match the signature you "
                    "provided. Check your AWS Secret Access Key and signing method. Consult the "
                    "service documentation for details.");
}

static enum aws_error check_form(struct claim *c)
{
    enum aws_error (*const stages[])(struct claim *) = {
        read_parts, read_credential, check_signed_headers, check_payload, check_clock, check_token};
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        enum aws_error error = stages[i](c);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}

enum aws_error sigv4_verify(const struct sigv4_request *request,
                            const struct sigv4_verify_options *options, struct sigv4_identity *out,
                            struct aws_fault *fault)
{
    struct claim c = {.request = request, .options = options, .fault = fault};
    enum aws_error error = check_form(&c);
    if (error != AWS_OK)
        return error;
    struct slice secret = {0};
    switch (options->find_secret(options->user, c.key_id, &secret)) {
    case SIGV4_SECRET_FOUND:
        break;
    case SIGV4_SECRET_UNKNOWN:
        return unknown_key(&c);
    case SIGV4_SECRET_UNAVAILABLE:
        return aws_fail(fault, AWS_ServiceUnavailable, "Service is unable to handle request.");
    }
    error = compare(&c, secret);
    if (error == AWS_OK)
        *out = (struct sigv4_identity){
            .key_id = c.key_id, .region = c.scope.region, .is_presigned = c.is_presigned};
    return error;
}
