// SPDX-License-Identifier: Apache-2.0
// Changes: the row that a mutation leaves for its client to wait for, and GetChange. Called by
// handlers and the dispatcher on a worker, inside a transaction.
#include "aws/r53_ids.h"
#include "aws/route53.h"
#include "control/api/api_priv.h"

enum aws_error api_put_change(struct api_call *c, uint64_t version, unsigned roles,
                              const char *comment, const char **out_id)
{
    struct errctx ec = {0};
    struct store_change change = {.id = api_new_id(c, R53_ID_CHANGE),
                                  .account_id = c->account_id,
                                  .version = version,
                                  .roles = roles,
                                  .submitted_unix_ms = c->now_unix_ms,
                                  .comment = comment};
    enum err err = store_change_add(c->conn, &change, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    *out_id = change.id;
    return AWS_OK;
}

enum aws_error api_add_change(struct api_call *c, uint64_t version, const char *comment,
                              struct r53_change_info *out)
{
    const char *id = NULL;
    enum aws_error error = api_put_change(c, version, STORE_ROLE_DNS, comment, &id);
    if (error != AWS_OK)
        return error;
    *out = (struct r53_change_info){.id = id,
                                    .status = R53_PENDING,
                                    .has_submitted_at = true,
                                    .submitted_at = c->now_unix_ms,
                                    .comment = comment};
    return AWS_OK;
}

/* The reason as it fits a Comment, not cut inside a UTF-8 character. */
static const char *clip(struct arena *a, const char *text)
{
    size_t len = strlen(text);
    if (len <= API_COMMENT_MAX_BYTES)
        return text;
    len = API_COMMENT_MAX_BYTES;
    while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
        len--;
    return arena_str(a, slice_of(text, len));
}

enum aws_error api_get_change(struct api_call *c, const void *in, void *out)
{
    const struct r53_get_change_request *request = in;
    struct r53_get_change_response *response = out;
    struct store_change change;
    struct errctx ec = {0};
    enum err err = store_change_get(c->conn, c->arena, c->account_id, request->id, &change, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchChange, "Could not find resource with ID: %s",
                        request->id);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    bool is_held = change.held_reason != NULL && !change.is_insync;
    response->change_info = ARENA_NEW(c->arena, struct r53_change_info);
    *response->change_info = (struct r53_change_info){
        .id = change.id,
        .status = change.is_insync ? R53_INSYNC : R53_PENDING,
        .has_submitted_at = true,
        .submitted_at = change.submitted_unix_ms,
        .comment = is_held ? clip(c->arena, change.held_reason) : change.comment,
    };
    return AWS_OK;
}
