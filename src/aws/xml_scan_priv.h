// SPDX-License-Identifier: Apache-2.0
// What is asked of a text before the XML parser sees it. For xml_read.c only.
#ifndef AWS_XML_SCAN_PRIV_H
#define AWS_XML_SCAN_PRIV_H

#include "base/slice.h"

/**
 * Whether the text is UTF-8 without NUL and no tag of it is longer than AWS_XML_MAX_TAG_BYTES;
 * else false with what is wrong.
 */
bool xml_is_harmless(struct slice text, const char **out_finding);

#endif
