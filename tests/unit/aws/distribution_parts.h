// SPDX-License-Identifier: Apache-2.0
// Configurations of distributions for tests of their rules: a text with some parts of it replaced.
#ifndef TESTS_UNIT_AWS_DISTRIBUTION_PARTS_H
#define TESTS_UNIT_AWS_DISTRIBUTION_PARTS_H

#include "aws/cf_distribution_check.h"
#include "shared/test_arena.h"

#define CDN_DOMAIN "cdn.weir.test"

/** The parts of a configuration; NULL: as usual. */
struct parts {
    const char *reference;
    const char *origins;   /* the items */
    const char *origin;    /* within the one usual origin */
    const char *behavior;  /* within the default behaviour, behind target and protocol */
    const char *behaviors; /* the items */
    const char *rest;      /* members behind Enabled */
    const char *comment;
};

#define CUSTOM(rest)                                                                               \
    "<CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>"                        \
    "<OriginProtocolPolicy>http-only</OriginProtocolPolicy>" rest "</CustomOriginConfig>"
#define ORIGIN(id, name, rest)                                                                     \
    "<Origin><Id>" id "</Id><DomainName>" name "</DomainName>" rest "</Origin>"
#define TARGET(id)                                                                                 \
    "<TargetOriginId>" id "</TargetOriginId><ViewerProtocolPolicy>allow-all</"                     \
    "ViewerProtocolPolicy>"
#define BEHAVIOR(pattern, rest)                                                                    \
    "<CacheBehavior><PathPattern>" pattern "</PathPattern>" TARGET("o") rest "</CacheBehavior>"
#define LIST_OF(wrapper, count, items)                                                             \
    "<" wrapper "><Quantity>" count "</Quantity><Items>" items "</Items></" wrapper ">"

#define S3(identity)                                                                               \
    "<S3OriginConfig><OriginAccessIdentity>" identity "</OriginAccessIdentity></S3OriginConfig>"
#define POLICY "<CachePolicyId>658327ea-f89d-4fab-a63d-7e88639e58f6</CachePolicyId>"
#define FORWARDED(rest)                                                                            \
    "<ForwardedValues><QueryString>false</QueryString><Cookies><Forward>none</Forward></"          \
    "Cookies>" rest "</ForwardedValues>"

/** The configuration, as the API reads it; in the arena of the tests. */
struct cf_distribution_config *parts_parse(const struct parts *p);

/** Judges it; fails the test where the code is not the one that is wanted. */
void parts_check(const struct parts *p, enum aws_error wanted, const char *file, int line);

#define ACCEPTED(...) parts_check(&(struct parts){__VA_ARGS__}, AWS_OK, __FILE__, __LINE__)
#define REFUSED(code, ...) parts_check(&(struct parts){__VA_ARGS__}, AWS_##code, __FILE__, __LINE__)

/** `count` items that differ in the number between the two texts. */
const char *repeated(const char *before, const char *behind, size_t count);

/** A text of so many letters. */
const char *letters(size_t count);

/** Fails the test where `words` are not in `text`. */
void assert_holds(const char *text, const char *words);

#endif
