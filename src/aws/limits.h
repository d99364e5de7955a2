// SPDX-License-Identifier: Apache-2.0
// Every bound of the room aws, with its unit and the reason for its size.
#ifndef AWS_LIMITS_H
#define AWS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Body of one request. A Route 53 batch of 1,000 records with 32,000 characters of values and names
 * of 1,024 characters each, with its markup, is about 1.5 MiB. */
#define AWS_XML_MAX_BYTES ((size_t)4 << 20)

/* A value of the client's inside an error text, bytes; what is longer is cut. */
#define AWS_ECHO_MAX_BYTES ((size_t)256)

/* Elements within elements. The deepest shape (DistributionList) has eleven. */
#define AWS_XML_MAX_DEPTH 16

/* Unknown elements that one document keeps: members of a newer CloudFront are small. */
#define AWS_XML_UNKNOWN_MAX_BYTES ((size_t)32768)

/* One tag with its attributes. SDKs send a namespace declaration at the most; the parser's work
 * grows with the square of the attributes. */
#define AWS_XML_MAX_TAG_BYTES ((size_t)1024)

/* Members of one shape: one bit each remembers what was seen. */
#define AWS_SHAPE_MAX_MEMBERS 64

/* Elements of one list. A change batch may hold 1,000 records; a listing 300 sets. */
#define AWS_LIST_MAX_ITEMS ((size_t)10000)

/* Labels of one URI template; the real APIs have two at most. */
#define AWS_PATH_MAX_LABELS 4

/* Signature Version 4: clock skew either way and validity of a presigned URL. */
#define SIGV4_SKEW_S 300
#define SIGV4_EXPIRES_MAX_S 604800

/* Headers and query parameters that a signature is computed over. */
#define SIGV4_MAX_HEADERS ((size_t)128)
#define SIGV4_MAX_PARAMS ((size_t)256)

/* Route 53: resource record elements and characters of their values in one change batch. */
#define R53_BATCH_MAX_RECORDS ((size_t)1000)
#define R53_BATCH_MAX_CHARACTERS ((size_t)32000)

/* Route 53: values of one record set. */
#define R53_SET_MAX_VALUES ((size_t)400)

/* Route 53: sets of one name and type. Of one name in all: what a release takes. */
#define R53_GROUP_MAX_SETS ((size_t)100)
#define R53_OWNER_MAX_SETS ((size_t)1000)

/* Record sets of one owner name in one stored object: 13 types of at most 100 sets each. */
#define R53_NAME_MAX_SETS ((size_t)1300)

/* Blocks of a CIDR collection and of one location, locations of a collection, blocks in one change.
 * Route 53's quota is 1,000 blocks of a collection and of a change; a stored list ends at
 * AWS_LIST_MAX_ITEMS, a stored collection at AWS_XML_MAX_BYTES. */
#define R53_CIDR_BLOCKS_MAX ((size_t)50000)
#define R53_CIDR_LOCATION_BLOCKS_MAX ((size_t)10000)
#define R53_CIDR_LOCATIONS_MAX ((size_t)4000)
#define R53_CIDR_CHANGE_BLOCKS_MAX ((size_t)10000)

/* A traffic policy document: characters (API Reference, CreateTrafficPolicy), what it may hold, and
 * how many rules may lie below each other: trees nest to 32 levels, aliases before the instance
 * included. Route 53's quota is 100 sets of one name and type. */
#define R53_TRAFFIC_DOCUMENT_MAX_CHARACTERS ((size_t)102400)
#define R53_TRAFFIC_ENDPOINTS_MAX ((size_t)500)
#define R53_TRAFFIC_RULES_MAX ((size_t)200)
#define R53_TRAFFIC_BRANCHES_MAX ((size_t)100)
#define R53_TRAFFIC_DEPTH_MAX 24u
#define R53_TRAFFIC_ID_MAX_CHARACTERS ((size_t)100)

/* Route 53: children of a calculated health check, its path, regions of a check at least and at
 * most (API Reference, HealthCheckConfig); tags of a resource and in one change of them. */
#define R53_HEALTH_CHILDREN_MAX ((size_t)255)
#define R53_HEALTH_PATH_MAX_CHARACTERS ((size_t)255)
#define R53_HEALTH_REGIONS_MIN ((size_t)3)
#define R53_HEALTH_REGIONS_MAX ((size_t)64)
#define R53_TAGS_MAX ((size_t)50)
#define R53_TAGS_CHANGE_MAX ((size_t)10)

/* Route 53: versions of one traffic policy (API Reference, TrafficPolicyVersion). */
#define R53_TRAFFIC_VERSIONS_MAX 1000u

/* Route 53: the longest prefixes of blocks, bits (API Reference, ChangeCidrCollection). */
#define R53_CIDR_V4_MAX_BITS 24
#define R53_CIDR_V6_MAX_BITS 48

/* CloudFront: what one distribution may have, by its quotas (Developer Guide, Quotas). */
#define CF_MAX_ALIASES ((size_t)100)
#define CF_MAX_ORIGINS ((size_t)100)
#define CF_MAX_CACHE_BEHAVIORS ((size_t)75)
#define CF_MAX_CUSTOM_HEADERS ((size_t)30)
#define CF_MAX_FORWARDED_HEADERS ((size_t)10)
#define CF_MAX_FORWARDED_COOKIES ((size_t)10)
#define CF_MAX_QUERY_KEYS ((size_t)10)

/* CloudFront: lengths in characters (Developer Guide, Quotas; API Reference). */
#define CF_CALLER_REFERENCE_MAX_CHARACTERS ((size_t)128)
#define CF_COMMENT_MAX_CHARACTERS ((size_t)128)
#define CF_ROOT_OBJECT_MAX_CHARACTERS ((size_t)255)
#define CF_ORIGIN_ID_MAX_CHARACTERS ((size_t)128)
#define CF_ORIGIN_PATH_MAX_CHARACTERS ((size_t)255)
#define CF_PATH_PATTERN_MAX_CHARACTERS ((size_t)255)
#define CF_HEADER_NAME_MAX_CHARACTERS ((size_t)256)
#define CF_HEADER_VALUE_MAX_CHARACTERS ((size_t)1783)
#define CF_CUSTOM_HEADERS_MAX_CHARACTERS ((size_t)10240) /* names and values of one origin */
#define CF_COOKIE_NAME_MAX_CHARACTERS ((size_t)128)
#define CF_QUERY_KEY_MAX_CHARACTERS ((size_t)128)
#define CF_HOST_NAME_MAX_CHARACTERS ((size_t)253)
#define CF_RELATIVE_PATH_MAX_CHARACTERS ((size_t)4000)

/* CloudFront: seconds that an object may be kept, 100 years; an error, a year. */
#define CF_TTL_MAX_S INT64_C(3153600000)
#define CF_ERROR_TTL_MAX_S INT64_C(31536000)

/* A stored distribution: with all lists full of ordinary values it is about 200 KiB. */
#define CF_DISTRIBUTION_MAX_BYTES ((size_t)512 << 10)

/* CloudFront: one invalidation's paths in characters, those in progress for a distribution. */
#define CF_INVALIDATION_PATH_MAX_CHARACTERS ((size_t)4000)
#define CF_INVALIDATION_MAX_EXACT_PATHS ((size_t)3000)
#define CF_INVALIDATION_MAX_WILDCARD_PATHS ((size_t)15)

/* CloudFront: tags of a resource (API Reference, Tag). */
#define CF_MAX_TAGS ((size_t)50)
#define CF_TAG_NAME_MAX_CHARACTERS ((size_t)128)
#define CF_TAG_VALUE_MAX_CHARACTERS ((size_t)256)

#endif
