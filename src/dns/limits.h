// SPDX-License-Identifier: Apache-2.0
// Every bound of the room dns that is not a number of the protocol (those stand in dns/types.h).
#ifndef DNS_LIMITS_H
#define DNS_LIMITS_H

/* One character string of TXT, and the value of a CAA record. RFC 1035 section 3.3; Route 53. */
#define DNS_STRING_MAX_BYTES 255

/* Text of one TXT value, quotes and escapes included. Route 53: TXT record type, 4,000. */
#define DNS_TXT_TEXT_MAX_CHARS 4000

/* Fields of a value's text: SOA has most. */
#define DNS_RDATA_FIELD_MAX_COUNT 7

/* Parameters of one SVCB or HTTPS record; seven have names so far (RFC 9460 section 14.3.2). */
#define DNS_SVC_PARAM_MAX_COUNT 64

/* A refused value inside an error text; what is longer is cut, so that the closing words fit
 * ERRCTX_TEXT_SIZE. */
#define DNS_PROBLEM_VALUE_MAX_BYTES ((size_t)320)

#endif
