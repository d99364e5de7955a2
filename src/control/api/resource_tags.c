// SPDX-License-Identifier: Apache-2.0
// Tags of Route 53's resources: hosted zones and health checks. Called by the dispatcher on a
// worker, inside a transaction.
#include "aws/limits.h"
#include "control/api/health_priv.h"
#include "control/store/distributions.h"
#include "control/store/zones.h"

/* A resource of the calling account, with the name under which its tags are kept. */
static enum aws_error find_resource(struct api_call *c, enum r53_tag_resource_type type,
                                    const char *id, const char **out_arn)
{
    struct store_health_check check;
    struct store_zone zone;
    enum aws_error error = type == R53_TAG_HEALTH_CHECK ? find_health_check(c, id, &check)
                                                        : api_find_zone(c, id, &zone);
    if (error == AWS_OK)
        *out_arn = type == R53_TAG_HEALTH_CHECK ? health_check_arn(c, id) : api_zone_arn(c, id);
    return error;
}

/* ---- ChangeTagsForResource */

static enum aws_error check_tags(struct api_call *c, const struct r53_change_tags_request *request)
{
    size_t changes = request->add_tags_count + request->remove_tag_keys_count;
    if (changes == 0)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "At least one of AddTags and RemoveTagKeys must be specified.");
    if (request->add_tags_count > R53_TAGS_CHANGE_MAX ||
        request->remove_tag_keys_count > R53_TAGS_CHANGE_MAX)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "One call can add and remove %zu tags at most.", R53_TAGS_CHANGE_MAX);
    for (size_t i = 0; i < request->add_tags_count; i++) {
        const char *key = request->add_tags[i].key;
        if (key == NULL || *key == '\0')
            return aws_fail(&c->fault, AWS_InvalidInput, "A tag must have a key.");
    }
    return AWS_OK;
}

static enum err change_tags(struct api_call *c, const char *arn,
                            const struct r53_change_tags_request *request, struct errctx *ec)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < request->remove_tag_keys_count && err == ERR_OK; i++)
        err = store_tag_remove(c->conn, arn, request->remove_tag_keys[i], ec);
    for (size_t i = 0; i < request->add_tags_count && err == ERR_OK; i++) {
        const struct r53_tag *tag = &request->add_tags[i];
        const struct store_tag row = {tag->key, tag->value == NULL ? "" : tag->value};
        err = store_tag_put(c->conn, arn, &row, ec);
    }
    return err;
}

enum aws_error api_change_tags(struct api_call *c, const void *in, void *out)
{
    (void)out;
    const struct r53_change_tags_request *request = in;
    struct store_tag *all;
    size_t count = 0;
    const char *arn = NULL;
    struct errctx ec = {0};
    enum aws_error error = find_resource(c, request->resource_type, request->resource_id, &arn);
    if (error == AWS_OK)
        error = check_tags(c, request);
    if (error != AWS_OK)
        return error;
    enum err err = change_tags(c, arn, request, &ec);
    if (err == ERR_OK)
        err = store_tag_list(c->conn, c->arena, arn, &all, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count > R53_TAGS_MAX)
        return aws_fail(&c->fault, AWS_InvalidInput, "A resource has at most %zu tags.",
                        R53_TAGS_MAX);
    c->resource = arn;
    return AWS_OK;
}

/* ---- ListTagsForResource, ListTagsForResources */

static enum aws_error read_tags(struct api_call *c, enum r53_tag_resource_type type, const char *id,
                                struct r53_resource_tag_set *out)
{
    struct store_tag *rows;
    size_t count = 0;
    const char *arn = NULL;
    struct errctx ec = {0};
    enum aws_error error = find_resource(c, type, id, &arn);
    if (error != AWS_OK)
        return error;
    enum err err = store_tag_list(c->conn, c->arena, arn, &rows, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    *out = (struct r53_resource_tag_set){
        .resource_type = type, .resource_id = id, .has_tags = true, .tags_count = count};
    out->tags = arena_array(c->arena, count, sizeof(*out->tags));
    for (size_t i = 0; i < count; i++)
        out->tags[i] = (struct r53_tag){.key = rows[i].name, .value = rows[i].value};
    return AWS_OK;
}

enum aws_error api_list_tags(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_tags_request *request = in;
    struct r53_list_tags_response *response = out;
    response->resource_tag_set = ARENA_NEW(c->arena, struct r53_resource_tag_set);
    return read_tags(c, request->resource_type, request->resource_id, response->resource_tag_set);
}

enum aws_error api_list_tags_of_many(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_tags_of_many_request *request = in;
    struct r53_list_tags_of_many_response *response = out;
    size_t count = request->resource_ids_count;
    if (count > R53_TAGS_CHANGE_MAX)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "One call can list the tags of %zu resources at most.",
                        R53_TAGS_CHANGE_MAX);
    response->resource_tag_sets =
        arena_array(c->arena, count, sizeof(*response->resource_tag_sets));
    for (size_t i = 0; i < count; i++) {
        enum aws_error error = read_tags(c, request->resource_type, request->resource_ids[i],
                                         &response->resource_tag_sets[i]);
        if (error != AWS_OK)
            return error;
    }
    response->resource_tag_sets_count = count;
    return AWS_OK;
}
