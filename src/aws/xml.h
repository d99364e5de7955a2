// SPDX-License-Identifier: Apache-2.0
// One parser and one writer for every shape: XML text to struct and back (libxml2, with entities,
// DTDs and the network off). Called by the API on a worker, by the compiler for stored objects.
#ifndef AWS_XML_H
#define AWS_XML_H

#include "aws/error.h"
#include "aws/shape.h"
#include "base/buf.h"

/** Prepares libxml2. Once, before other threads of the process parse. */
void aws_xml_init(void);

/**
 * Parses a document whose root is `shape` into *out (zeroed by the caller, shape->size bytes), in
 * the fault's arena. Only members that travel in the body are looked for; the root's namespace is
 * the service's or none. Errors: the service's words for XML that is not well-formed, another root
 * (MalformedInput, MalformedXML), an unknown or missing element (InvalidInput "Invalid XML ; ...")
 * and a value that does not fit its member ("1 validation error detected: ...").
 * *out is undefined after an error. Cost: one pass.
 */
enum aws_error aws_xml_parse(enum aws_service service, const struct aws_shape *shape,
                             struct slice text, void *out, struct aws_fault *fault) MUST_USE;

/**
 * Appends the document of `value`: XML declaration, root with the namespace (NULL: none), members
 * of the body. Required members must be set (text, structures and enums); of the others those
 * that are present are written.
 */
void aws_xml_write(struct buf *out, const struct aws_shape *shape, const char *xml_namespace,
                   const void *value);

#endif
