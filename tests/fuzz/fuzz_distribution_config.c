// SPDX-License-Identifier: Apache-2.0
/*
 * Bodies of CreateDistribution and of its siblings. The first byte chooses a shape. Properties:
 * what was parsed, written and parsed again is written the same; the rules answer with a code and
 * words; what they accept is filled in, stored and read back the same, is accepted again, fills in
 * to itself, and all of its behaviours resolve.
 */
#include "aws/cf_distribution.h"
#include "aws/cf_distribution_check.h"
#include "aws/cf_policies.h"
#include "aws/xml.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CDN_DOMAIN "cdn.weir.test"

static const struct aws_shape *const shapes[] = {
    &AWS_SHAPE_OF(cf_distribution_config),
    &AWS_SHAPE_OF(cf_distribution_config_with_tags),
    &AWS_SHAPE_OF(cf_invalidation_batch),
    &AWS_SHAPE_OF(cf_tags),
    &AWS_SHAPE_OF(cf_tag_keys),
    &AWS_SHAPE_OF(cf_distribution_body),
};

/* Parses into a new struct; NULL where the text is refused. */
static void *parse(struct arena *a, const struct aws_shape *shape, struct slice text)
{
    struct aws_fault fault = {.arena = a};
    void *value = arena_alloc(a, shape->size);
    if (aws_xml_parse(AWS_CLOUDFRONT, shape, text, value, &fault) == AWS_OK)
        return value;
    CHECK(fault.message != NULL);
    return NULL;
}

static struct slice write(struct arena *a, const struct aws_shape *shape, const void *value)
{
    AUTO_BUF struct buf out = {0};
    aws_xml_write(&out, shape, aws_service_namespace(AWS_CLOUDFRONT), value);
    return arena_copy(a, buf_slice(&out));
}

static void check_rules_of_behavior(struct arena *a, const struct cf_cache_behavior *behavior)
{
    struct cf_behavior_rules rules;
    enum cf_resolution resolution = cf_behavior_resolve(a, behavior, &rules);
    CHECK(resolution == CF_RESOLVED);
    CHECK(rules.cache.min_ttl_s <= rules.cache.default_ttl_s || rules.cache.max_ttl_s == 0 ||
          rules.cache.default_ttl_s == 0);
    for (size_t i = 1; i < rules.cache.headers.name_count; i++)
        CHECK(strcmp(rules.cache.headers.names[i - 1], rules.cache.headers.names[i]) < 0);
}

/* The body of the store holds what was accepted. */
static void check_stored(struct arena *a, struct cf_distribution_config *config)
{
    struct errctx ec = {0};
    struct cf_distribution_body body = {.id = "E1", .domain_name = "e1." CDN_DOMAIN, config};
    struct slice stored = cf_distribution_body_encode(a, &body);
    struct cf_distribution_body again;
    enum err err = cf_distribution_body_decode(a, stored, &again, &ec);
    CHECK(err == ERR_OK);
    struct aws_fault fault = {.arena = a};
    enum aws_error error = cf_distribution_check(again.config, CDN_DOMAIN, &fault);
    CHECK(error == AWS_OK);
    cf_distribution_fill(a, again.config);
    CHECK(slice_equal(cf_distribution_body_encode(a, &again), stored));
}

static void check_config(struct arena *a, struct cf_distribution_config *config)
{
    struct aws_fault fault = {.arena = a};
    if (cf_distribution_check(config, CDN_DOMAIN, &fault) != AWS_OK) {
        CHECK(fault.message != NULL && aws_error_status(fault.error) >= 400);
        return;
    }
    cf_distribution_fill(a, config);
    check_rules_of_behavior(a, config->default_cache_behavior);
    for (size_t i = 0; i < config->cache_behaviors->items_count; i++)
        check_rules_of_behavior(a, &config->cache_behaviors->items[i]);
    check_stored(a, config);
}

static void check_value(struct arena *a, const struct aws_shape *shape, void *value)
{
    struct aws_fault fault = {.arena = a};
    size_t wildcards = 0;
    if (shape == shapes[0])
        check_config(a, value);
    else if (shape == shapes[1])
        check_config(a, ((struct cf_distribution_config_with_tags *)value)->config);
    else if (shape == shapes[2] && cf_invalidation_check(value, &wildcards, &fault) == AWS_OK)
        CHECK(wildcards <= ((struct cf_invalidation_batch *)value)->paths->items_count);
    else if (shape == shapes[3] && cf_tags_check(value, &fault) != AWS_OK)
        CHECK(fault.error == AWS_InvalidTagging);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    if (size == 0)
        return 0;
    const struct aws_shape *shape = shapes[data[0] % ARRAY_LEN(shapes)];
    void *value = parse(&arena, shape, slice_of(data + 1, size - 1));
    if (value == NULL)
        return 0;
    struct slice first = write(&arena, shape, value);
    void *again = parse(&arena, shape, first);
    CHECK(again != NULL);
    CHECK(slice_equal(write(&arena, shape, again), first));
    check_value(&arena, shape, value);
    return 0;
}
