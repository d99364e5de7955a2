// SPDX-License-Identifier: Apache-2.0
// The bounds of release/. They are part of the contract: what breaks them does not decode, so
// raising one needs a feature in the root.
#ifndef RELEASE_LIMITS_H
#define RELEASE_LIMITS_H

#define TRIE_KEY_NIBBLES 32u             /* 16 bytes: how deep a trie may split */
#define TRIE_FAN_OUT 16u                 /* children of one chunk: four bits of the key */
#define TRIE_ID_MAX_BYTES 512u           /* zone id, '/', an owner name of 255 bytes, and room */
#define TRIE_INLINE_MAX_BYTES (8u << 10) /* a larger value is a list of pieces */
#define TRIE_PIECES_MAX 16u              /* VALUE_MAX_BYTES / CHUNK_PIECE_BYTES */
#define TRIE_ENTRIES_MAX (1ull << 32)    /* of one trie, so that sums never overflow */
#define TRIE_BYTES_MAX (1ull << 48)

#define RELEASE_ID_MAX_BYTES 128u         /* of zones, nodes, features, roles */
#define RELEASE_SET_TTL_MAX_S 0x7fffffffu /* RFC 2181 section 8 */
#define RELEASE_RDATA_MAX_BYTES 65535u    /* RFC 1035 section 3.2.1: RDLENGTH has 16 bits */
#define RELEASE_RDATA_MAX 4096u           /* of one set */
#define RELEASE_SETS_MAX 1024u            /* of one name */
#define RELEASE_IDENTIFIER_MAX_BYTES 512u /* 128 characters of a SetIdentifier in UTF-8 */
#define RELEASE_WEIGHT_MAX 255u
#define RELEASE_BIAS_MAX 99
#define RELEASE_LATITUDE_MAX_E2 9000 /* hundredths of a degree */
#define RELEASE_LONGITUDE_MAX_E2 18000
#define RELEASE_CIDR_LOCATIONS_MAX 4096u /* of one collection */
#define RELEASE_CIDR_BLOCKS_MAX 65536u   /* of one location */
#define RELEASE_ADDRESSES_MAX 256u       /* of a zone's delegation set */
#define RELEASE_SOURCES_MAX 4096u        /* networks of a private zone */
#define RELEASE_TRANSFER_KEYS_MAX 64u    /* of one zone */
#define RELEASE_TRANSFER_PREFIXES_MAX 256u
#define RELEASE_NOTIFY_MAX 64u
#define RELEASE_TRIES_MAX 64u             /* of one root, unknown kinds included */
#define RELEASE_WAVE_MAX 8192u            /* nodes that a pointer names */
#define RELEASE_PEM_MAX_BYTES (16u << 10) /* a release key's certificate */

#define RELEASE_TEXT_MAX_BYTES 4096u  /* of one text of a distribution: a custom header's value */
#define RELEASE_DOMAIN_MAX_BYTES 253u /* RFC 1035 section 2.3.4, written with dots */
#define RELEASE_ALIASES_MAX 4096u     /* alternate names of one distribution */
#define RELEASE_ORIGINS_MAX 1024u     /* of one distribution */
#define RELEASE_BEHAVIORS_MAX 1024u   /* of one distribution, the default one included */
#define RELEASE_SELECTED_MAX 1024u    /* names in one selection */
#define RELEASE_HEADERS_MAX 256u      /* custom headers of one origin */
#define RELEASE_ERROR_TTLS_MAX 200u   /* statuses 400 to 599 */
#define RELEASE_TTL_MAX_S 3153600000u /* 100 years: sums in nanoseconds fit 64 bits */
#define RELEASE_CONNECTION_ATTEMPTS_MAX 3u
#define RELEASE_CONNECTION_TIMEOUT_MAX_S 10u
#define RELEASE_RESPONSE_TIMEOUT_MAX_S 120u
#define RELEASE_KEEPALIVE_TIMEOUT_MAX_S 120u
#define RELEASE_POP_NODES_MAX 4096u    /* of one point of presence */
#define RELEASE_NODE_ADDRESSES_MAX 64u /* of one node of it */
#define RELEASE_LOCATION_MAX_BYTES 64u

#define RELEASE_CHECKS_MAX 65536u            /* health checks of one root */
#define RELEASE_CHECKERS_MAX 256u            /* of one root */
#define RELEASE_CHECK_HOST_MAX_BYTES 255u    /* Route 53: FullyQualifiedDomainName */
#define RELEASE_CHECK_PATH_MAX_BYTES 255u    /* Route 53: ResourcePath */
#define RELEASE_CHECK_SEARCH_MAX_BYTES 1020u /* Route 53: 255 characters of a SearchString */
#define RELEASE_CHECK_THRESHOLD_MAX 10u      /* Route 53: FailureThreshold */
#define RELEASE_CHECK_CHILDREN_MAX 256u      /* Route 53: ChildHealthChecks */
#define RELEASE_HOLD_DOWN_MAX_S 86400u       /* a day */
#define RELEASE_PROBE_ADDRESSES_MAX 64u      /* of one checker */

#define RELEASE_ROLES_MAX 16u  /* of one node */
#define RELEASE_HELD_MAX 1024u /* roots on one node's disk */
#define RELEASE_VERSION_MAX_BYTES 64u
#define RELEASE_REASON_MAX_BYTES 512u /* of a rejection; the rest is cut */

#endif
