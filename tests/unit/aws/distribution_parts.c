// SPDX-License-Identifier: Apache-2.0
// Configurations of distributions for tests of their rules.
#include "distribution_parts.h"

#include "aws/xml.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const char *or_usual(const char *part, const char *usual)
{
    return part == NULL ? usual : part;
}

/* How many elements a list of items has, by its closing tags. */
static size_t count_of(const char *items, const char *closing)
{
    size_t count = 0;
    for (const char *at = items; (at = strstr(at, closing)) != NULL; at++)
        count++;
    return count;
}

static const char *text_of(const struct parts *p)
{
    const char *origin =
        arena_printf(&arena, "<Origin><Id>o</Id><DomainName>origin.example</DomainName>%s</Origin>",
                     or_usual(p->origin, CUSTOM("")));
    const char *origins = or_usual(p->origins, origin);
    const char *behaviors = or_usual(p->behaviors, "");
    return arena_printf(
        &arena,
        "<DistributionConfig><CallerReference>%s</CallerReference><Origins><Quantity>%zu"
        "</Quantity><Items>%s</Items></Origins><DefaultCacheBehavior>" TARGET(
            "o") "%s"
                 "</DefaultCacheBehavior><CacheBehaviors><Quantity>%zu</Quantity><Items>%s</Items>"
                 "</CacheBehaviors><Comment>%s</Comment><Enabled>true</Enabled>%s</"
                 "DistributionConfig>",
        or_usual(p->reference, "r"), count_of(origins, "</Origin>"), origins,
        or_usual(p->behavior, POLICY), count_of(behaviors, "</CacheBehavior>"), behaviors,
        or_usual(p->comment, ""), or_usual(p->rest, ""));
}

struct cf_distribution_config *parts_parse(const struct parts *p)
{
    struct aws_fault fault = {.arena = &arena};
    struct cf_distribution_config *config = ARENA_NEW(&arena, struct cf_distribution_config);
    if (aws_xml_parse(AWS_CLOUDFRONT, &AWS_SHAPE_OF(cf_distribution_config), slice_str(text_of(p)),
                      config, &fault) != AWS_OK)
        fail_msg("%s", fault.message);
    return config;
}

void parts_check(const struct parts *p, enum aws_error wanted, const char *file, int line)
{
    struct aws_fault fault = {.arena = &arena, .message = "accepted"};
    enum aws_error error = cf_distribution_check(parts_parse(p), CDN_DOMAIN, &fault);
    if (error != wanted)
        fail_msg("%s:%d: %d instead of %d: %s", file, line, error, wanted, fault.message);
    if (error != AWS_OK)
        assert_int_equal(fault.error, error);
}

const char *repeated(const char *before, const char *behind, size_t count)
{
    AUTO_BUF struct buf out = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s%zu%s", before, i, behind);
    return arena_str(&arena, buf_slice(&out));
}

const char *letters(size_t count)
{
    char *text = arena_alloc(&arena, count + 1);
    memset(text, 'a', count);
    return text;
}

void assert_holds(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, text);
}
