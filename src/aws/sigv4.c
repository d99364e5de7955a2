// SPDX-License-Identifier: Apache-2.0
// Canonical requests, the signature over them, and signing. Called by the verifier and by tools.
#include "aws/sigv4_priv.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/time.h"
#include "base/uri.h"
#include "crypto/seal.h"

#include <stdlib.h>

struct slice sigv4_canonical_path(struct arena *a, struct slice path)
{
    return uri_encode(a, uri_normalize_path(a, path), true);
}

struct param {
    struct slice name;
    struct slice value;
};

static int compare_params(const void *one, const void *other)
{
    const struct param *a = one;
    const struct param *b = other;
    int order = slice_compare(a->name, b->name);
    return order != 0 ? order : slice_compare(a->value, b->value);
}

/* Decoded and encoded anew, so that both sides spell it the same. */
static bool recode(struct arena *a, struct slice *text)
{
    struct slice decoded;
    if (!uri_decode(a, *text, &decoded))
        return false;
    *text = uri_encode(a, decoded, false);
    return true;
}

bool sigv4_canonical_query(struct arena *a, struct slice query, struct slice *out)
{
    struct param *params = arena_array(a, SIGV4_MAX_PARAMS, sizeof(*params));
    size_t count = 0;
    struct param p;
    while (uri_next_param(&query, &p.name, &p.value)) {
        if (count == SIGV4_MAX_PARAMS || !recode(a, &p.name) || !recode(a, &p.value))
            return false;
        if (!slice_equal(p.name, SLICE_LIT("X-Amz-Signature")))
            params[count++] = p;
    }
    qsort(params, count, sizeof(*params), compare_params);
    AUTO_BUF struct buf text = {0};
    for (size_t i = 0; i < count; i++) {
        buf_append_str(&text, i == 0 ? "" : "&");
        buf_append(&text, params[i].name);
        buf_append_byte(&text, '=');
        buf_append(&text, params[i].value);
    }
    *out = arena_copy(a, buf_slice(&text));
    return true;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Appends the value without outer spaces, inner runs as one. */
static void append_collapsed(struct buf *out, struct slice value)
{
    value = slice_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        if (!is_space(value.data[i]))
            buf_append_byte(out, value.data[i]);
        else if (!is_space(value.data[i - 1]))
            buf_append_byte(out, ' ');
    }
}

bool sigv4_canonical_header(struct arena *a, const struct sigv4_request *request, struct slice name,
                            struct slice *out_value)
{
    AUTO_BUF struct buf text = {0};
    bool is_found = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!slice_equal_nocase(request->headers[i].name, name))
            continue;
        if (is_found)
            buf_append_byte(&text, ',');
        append_collapsed(&text, request->headers[i].value);
        is_found = true;
    }
    if (is_found)
        *out_value = arena_copy(a, buf_slice(&text));
    return is_found;
}

static void append_line(struct buf *out, struct slice line)
{
    buf_append(out, line);
    buf_append_byte(out, '\n');
}

void sigv4_request_hash(struct arena *a, const struct sigv4_request *request,
                        const struct sigv4_canon *canon, char out_hex[SHA256_HEX_SIZE])
{
    AUTO_BUF struct buf text = {0};
    append_line(&text, request->method);
    append_line(&text, canon->path);
    append_line(&text, canon->query);
    struct slice rest = canon->signed_headers;
    struct slice name;
    while (slice_split(&rest, ';', &name)) {
        struct slice value;
        bool is_found = sigv4_canonical_header(a, request, name, &value);
        CHECK(is_found);
        buf_append(&text, name);
        buf_append_byte(&text, ':');
        append_line(&text, value);
    }
    append_line(&text, SLICE_LIT(""));
    append_line(&text, canon->signed_headers);
    buf_append(&text, canon->payload);
    sha256_hex(buf_slice(&text), out_hex);
}

static struct slice as_slice(const uint8_t hash[SHA256_BYTES])
{
    return slice_of(hash, SHA256_BYTES);
}

/* HMAC over HMAC: date, region, service, terminator. */
static void derive_key(struct slice secret, const struct sigv4_scope *scope,
                       uint8_t out_key[SHA256_BYTES])
{
    AUTO_BUF struct buf first = {0};
    buf_append_str(&first, "AWS4");
    buf_append(&first, secret);
    uint8_t step[3][SHA256_BYTES];
    hmac_sha256(buf_slice(&first), scope->date, step[0]);
    hmac_sha256(as_slice(step[0]), scope->region, step[1]);
    hmac_sha256(as_slice(step[1]), scope->service, step[2]);
    hmac_sha256(as_slice(step[2]), SLICE_LIT(SIGV4_TERMINATOR), out_key);
    secret_wipe(first.data, first.end);
    secret_wipe(step, sizeof(step));
}

void sigv4_signature(struct arena *a, struct slice secret, const struct sigv4_scope *scope,
                     struct slice date_time, const char *request_hash,
                     char out_hex[SHA256_HEX_SIZE])
{
    const char *to_sign = arena_printf(
        a, SIGV4_ALGORITHM "\n%.*s\n%.*s/%.*s/%.*s/" SIGV4_TERMINATOR "\n%s", SLICE_FMT(date_time),
        SLICE_FMT(scope->date), SLICE_FMT(scope->region), SLICE_FMT(scope->service), request_hash);
    uint8_t key[SHA256_BYTES];
    uint8_t signature[SHA256_BYTES];
    derive_key(secret, scope, key);
    hmac_sha256(as_slice(key), slice_str(to_sign), signature);
    slice_hex(as_slice(signature), out_hex);
    secret_wipe(key, sizeof(key));
}

static int compare_names(const void *one, const void *other)
{
    return slice_compare(*(const struct slice *)one, *(const struct slice *)other);
}

static struct slice lower(struct arena *a, struct slice text)
{
    char *copy = arena_str(a, text);
    for (char *c = copy; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    return slice_of(copy, text.len);
}

/* "host;x-amz-date": the names of all headers, sorted, each once. */
static struct slice all_header_names(struct arena *a, const struct sigv4_request *request)
{
    struct slice *names = arena_array(a, request->header_count, sizeof(*names));
    for (size_t i = 0; i < request->header_count; i++)
        names[i] = lower(a, request->headers[i].name);
    qsort(names, request->header_count, sizeof(*names), compare_names);
    AUTO_BUF struct buf text = {0};
    for (size_t i = 0; i < request->header_count; i++) {
        if (i > 0 && slice_equal(names[i], names[i - 1]))
            continue;
        buf_append_str(&text, i == 0 ? "" : ";");
        buf_append(&text, names[i]);
    }
    return arena_copy(a, buf_slice(&text));
}

size_t sigv4_sign(struct arena *a, const struct sigv4_request *request,
                  const struct sigv4_sign_options *options,
                  struct sigv4_header out[SIGV4_SIGN_HEADERS])
{
    char date_time[TIME_BASIC_SIZE];
    time_format_basic(options->now_unix_s, date_time);
    size_t count = 0;
    out[count++] =
        (struct sigv4_header){SLICE_LIT("X-Amz-Date"), slice_str(arena_strdup(a, date_time))};
    if (options->session_token.len > 0)
        out[count++] =
            (struct sigv4_header){SLICE_LIT("X-Amz-Security-Token"), options->session_token};

    struct sigv4_header *headers = arena_array(a, request->header_count + count, sizeof(*headers));
    if (request->header_count > 0)
        memcpy(headers, request->headers, request->header_count * sizeof(*headers));
    memcpy(headers + request->header_count, out, count * sizeof(*headers));
    struct sigv4_request whole = *request;
    whole.headers = headers;
    whole.header_count += count;

    struct sigv4_canon canon = {.path = sigv4_canonical_path(a, request->path),
                                .signed_headers = all_header_names(a, &whole),
                                .payload = slice_str(request->body_sha256)};
    bool is_query_fit = sigv4_canonical_query(a, request->query, &canon.query);
    CHECK_MSG(is_query_fit, "a request of ours has a broken query");
    struct sigv4_scope scope = {.date = slice_sub(out[0].value, 0, 8),
                                .region = options->region,
                                .service = slice_str(options->service)};
    char hash[SHA256_HEX_SIZE];
    char signature[SHA256_HEX_SIZE];
    sigv4_request_hash(a, &whole, &canon, hash);
    sigv4_signature(a, options->secret, &scope, out[0].value, hash, signature);
    const char *authorization =
        arena_printf(a,
                     SIGV4_ALGORITHM " Credential=%.*s/%.*s/%.*s/%.*s/" SIGV4_TERMINATOR
                                     ", SignedHeaders=%.*s, Signature=%s",
                     SLICE_FMT(options->key_id), SLICE_FMT(scope.date), SLICE_FMT(scope.region),
                     SLICE_FMT(scope.service), SLICE_FMT(canon.signed_headers), signature);
    out[count++] = (struct sigv4_header){SLICE_LIT("Authorization"), slice_str(authorization)};
    return count;
}
