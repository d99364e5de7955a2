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

/* Record sets of one owner name in one stored object: 13 types of at most 100 sets each. */
#define R53_NAME_MAX_SETS ((size_t)1300)

#endif
