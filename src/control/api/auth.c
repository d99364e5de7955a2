// SPDX-License-Identifier: Apache-2.0
// Who calls: the signature, the access key behind it, and making such keys. Called on a worker for
// each call; api_access_key_make by cmd at the first start.
#include "control/api/api_priv.h"

#include "base/check.h"
#include "base/random.h"
#include "base/time.h"

/* The secret stays in the call's arena until it is wiped, when the signature has been compared. */
struct lookup {
    struct api_call *call;
    struct store_access_key key;
    struct slice secret;
    enum err err;
    struct errctx ec;
};

static const char *seal_context(struct arena *a, const char *key_id)
{
    return arena_printf(a, "access-key/%s", key_id);
}

static enum sigv4_secret find_secret(void *user, struct slice key_id, struct slice *out_secret)
{
    struct lookup *l = user;
    struct api_call *c = l->call;
    const char *id = arena_str(c->arena, key_id);
    if (strlen(id) != key_id.len) /* a NUL, escaped in a query: else the text before it is meant */
        return SIGV4_SECRET_UNKNOWN;
    l->err = store_access_key_get(c->conn, c->arena, id, &l->key, &l->ec);
    if (l->err == ERR_NOT_FOUND)
        return SIGV4_SECRET_UNKNOWN;
    if (l->err == ERR_OK && !l->key.is_active)
        return SIGV4_SECRET_UNKNOWN;
    if (l->err == ERR_OK)
        l->err = seal_open(c->arena, c->options->seal_key, slice_str(seal_context(c->arena, id)),
                           l->key.sealed_secret, &l->secret, &l->ec);
    if (l->err != ERR_OK)
        return SIGV4_SECRET_UNAVAILABLE;
    *out_secret = l->secret;
    return SIGV4_SECRET_FOUND;
}

enum aws_error api_authenticate(struct api_call *c)
{
    const struct api_request *r = c->request;
    struct sigv4_request request = {.method = r->method,
                                    .path = r->path,
                                    .query = r->query,
                                    .headers = r->headers,
                                    .header_count = r->header_count};
    sha256_hex(r->body, request.body_sha256);
    struct lookup lookup = {.call = c};
    struct sigv4_verify_options options = {.service = c->service,
                                           .now_unix_s = c->now_unix_ms / MS_PER_S,
                                           .is_tls = r->is_tls,
                                           .find_secret = find_secret,
                                           .user = &lookup};
    struct sigv4_identity identity;
    enum aws_error error = sigv4_verify(&request, &options, &identity, &c->fault);
    secret_wipe_slice(lookup.secret);
    if (lookup.err != ERR_OK && lookup.err != ERR_NOT_FOUND)
        return api_store_failed(c, lookup.err, &lookup.ec);
    if (error != AWS_OK)
        return error;
    c->account_id = lookup.key.account_id;
    c->access_key_id = lookup.key.id;
    return AWS_OK;
}

/* Fills `out` but for its NUL with characters of the alphabet, each equally likely. */
static void random_text(const char *alphabet, char *out, size_t size)
{
    size_t count = strlen(alphabet);
    CHECK(count == 32 || count == 64);
    random_bytes(out, size - 1);
    for (size_t i = 0; i + 1 < size; i++)
        out[i] = alphabet[(uint8_t)out[i] % count];
    out[size - 1] = '\0';
}

enum err api_access_key_make(struct store_conn *c, const struct seal_key *seal_key,
                             const char *account_id, const char *user_name,
                             struct api_access_key *out, struct errctx *ec)
{
    static const char prefix[] = "AKIA";
    struct api_access_key made;
    memcpy(made.id, prefix, sizeof(prefix) - 1);
    random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", made.id + sizeof(prefix) - 1,
                sizeof(made.id) - sizeof(prefix) + 1);
    random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", made.secret,
                sizeof(made.secret));
    AUTO_ARENA struct arena a = {0};
    struct store_access_key row = {
        .id = made.id,
        .account_id = account_id,
        .user_name = user_name,
        .is_active = true,
        .sealed_secret =
            seal(&a, seal_key, slice_str(seal_context(&a, made.id)), slice_str(made.secret))};
    enum err err = store_begin_write(c, ec);
    if (err == ERR_OK)
        err = store_access_key_add(c, &row, ec);
    if (err == ERR_OK)
        err = store_commit(c, ec);
    else
        store_rollback(c);
    if (err == ERR_OK)
        *out = made;
    secret_wipe(&made, sizeof(made));
    return err == ERR_OK ? ERR_OK : err_wrap(ec, "access key");
}
