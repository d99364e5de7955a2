// SPDX-License-Identifier: Apache-2.0
/*
 * Signed requests: lines "method", "path", "query", "body", then "Name: value" for each header.
 * Properties: without a known key nothing verifies; what sigv4_sign signed verifies, and with one
 * bit of the signature flipped does not.
 */
#include "aws/sigv4.h"
#include "base/check.h"
#include "base/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The 31st of January 2026, noon. */
#define NOW 1769860800
#define HEADERS_MAX 32

struct sample {
    struct arena arena;
    struct sigv4_request request;
    struct sigv4_header headers[HEADERS_MAX + SIGV4_SIGN_HEADERS];
};

static enum sigv4_secret no_key(void *user, struct slice key_id, struct slice *out_secret)
{
    (void)user, (void)key_id, (void)out_secret;
    return SIGV4_SECRET_UNKNOWN;
}

static enum sigv4_secret any_key(void *user, struct slice key_id, struct slice *out_secret)
{
    (void)user, (void)key_id;
    *out_secret = SLICE_LIT("secret");
    return SIGV4_SECRET_FOUND;
}

/* RFC 9110 section 5.6.2, as the HTTP parser demands of names. */
static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] <= ' ' || s.data[i] >= 0x7f ||
            strchr("(),/:;<=>?@[\\]{}\"", s.data[i]) != NULL)
            return false;
    return s.len > 0;
}

static void read_sample(struct sample *s, struct slice input)
{
    struct slice line = {0};
    struct slice *const parts[] = {&s->request.method, &s->request.path, &s->request.query};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (slice_split(&input, '\n', &line))
            *parts[i] = line;
    line = (struct slice){0};
    slice_split(&input, '\n', &line);
    sha256_hex(line, s->request.body_sha256);
    while (s->request.header_count < HEADERS_MAX && slice_split(&input, '\n', &line)) {
        size_t colon = slice_find(line, ':');
        struct slice name = slice_sub(line, 0, colon);
        if (is_token(name))
            s->headers[s->request.header_count++] =
                (struct sigv4_header){name, slice_trim(slice_sub(line, colon + 1, line.len))};
    }
    s->request.headers = s->headers;
}

static enum aws_error verify(struct sample *s,
                             enum sigv4_secret (*find)(void *, struct slice, struct slice *))
{
    struct aws_fault fault = {.arena = &s->arena};
    struct sigv4_identity identity;
    struct sigv4_verify_options options = {
        .service = AWS_ROUTE53, .now_unix_s = NOW, .is_tls = true, .find_secret = find};
    enum aws_error error = sigv4_verify(&s->request, &options, &identity, &fault);
    CHECK(error == AWS_OK || fault.message != NULL);
    return error;
}

/* Whether the request can be signed by us: none of the headers that signing adds, a sound query. */
static bool is_signable(struct sample *s)
{
    bool has_host = false;
    for (size_t i = 0; i < s->request.header_count; i++) {
        struct slice name = s->headers[i].name;
        has_host = has_host || slice_equal_nocase(name, SLICE_LIT("host"));
        if (slice_equal_nocase(slice_sub(name, 0, 6), SLICE_LIT("x-amz-")) ||
            slice_equal_nocase(name, SLICE_LIT("authorization")))
            return false;
    }
    struct slice rest = s->request.query;
    struct slice name;
    struct slice value;
    struct slice decoded;
    for (size_t count = 1; uri_next_param(&rest, &name, &value); count++)
        if (count > SIGV4_MAX_PARAMS || !uri_decode(&s->arena, name, &decoded) ||
            slice_starts_with(decoded, SLICE_LIT("X-Amz-")) ||
            !uri_decode(&s->arena, value, &decoded))
            return false;
    return has_host;
}

static void sign_and_verify(struct sample *s)
{
    struct sigv4_sign_options options = {.key_id = SLICE_LIT("AKIA"),
                                         .secret = SLICE_LIT("secret"),
                                         .region = SLICE_LIT("us-east-1"),
                                         .service = "route53",
                                         .now_unix_s = NOW};
    struct sigv4_header added[SIGV4_SIGN_HEADERS];
    size_t count = sigv4_sign(&s->arena, &s->request, &options, added);
    memcpy(s->headers + s->request.header_count, added, count * sizeof(*added));
    s->request.header_count += count;
    CHECK(verify(s, any_key) == AWS_OK);
    CHECK(verify(s, no_key) == AWS_InvalidClientTokenId);

    struct sigv4_header *last = &s->headers[s->request.header_count - 1];
    char *changed = arena_str(&s->arena, last->value);
    changed[last->value.len - 1] = changed[last->value.len - 1] == '0' ? '1' : '0';
    last->value = slice_str(changed);
    CHECK(verify(s, any_key) == AWS_SignatureDoesNotMatch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample s = {0};
    arena_init(&s.arena);
    read_sample(&s, slice_of(data, size));
    CHECK(verify(&s, no_key) != AWS_OK);
    (void)verify(&s, any_key);
    if (is_signable(&s))
        sign_and_verify(&s);
    arena_fini(&s.arena);
    return 0;
}
