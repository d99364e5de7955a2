// SPDX-License-Identifier: Apache-2.0
// Every bound of the room authority that is not a number of the protocol, with unit and reason.
#ifndef AUTHORITY_LIMITS_H
#define AUTHORITY_LIMITS_H

#include "base/time.h"

/* CNAMEs that one answer follows; the client goes on from the last. */
#define CNAME_FOLLOWED_MAX 8

/* Aliases behind one another (Route 53 nests trees to 32 levels, from the last of which a
 * distribution leads on to the points of presence), and targets whose health one query judges over
 * all its branches. */
#define ALIAS_DEPTH_MAX 34
#define ALIAS_VISITS_MAX 256

/* Levels of trees that one query goes down, over all names and types that its answer looks at: some
 * deepest trees, or the addresses of all further records behind an alias and two groups each. What
 * an account builds then costs a query about a millisecond at most. */
#define TREE_LEVELS_MAX 128

/* Targets of the records of one answer that further records are looked up for. */
#define ADDITIONAL_TARGETS_MAX 16

/* How long a client may believe, seconds, that a name has nothing for it because its location
 * matches no set: its resolver keeps that for clients who would get something. */
#define NO_MATCH_TTL_MAX_S 60

/* The file of health checks: bytes of it (20,000 checks need about a megabyte) and of one id, and
 * how often it is looked at. */
#define HEALTH_FILE_MAX_BYTES ((size_t)64 << 20)
#define HEALTH_ID_MAX_BYTES ((size_t)64)
#define HEALTH_WATCH_NS (200 * NS_PER_MS)

/* Lines about health checks that the log gets in a second; how long a root waits for the states of
 * its checks, seconds: a turn of the main loop, and for the first one until checkers were heard. */
#define HEALTH_LOG_LINES_PER_S 20
#define HEALTH_SETTLE_S 2

/* First array of zones, entries. */
#define ZONE_TABLE_FIRST ((size_t)64)

/* UDP answers, bytes: no larger than fits an unfragmented IPv6 packet over any path (DNS flag day
 * 2020), whatever the client offers. */
#define ANSWER_UDP_MAX_BYTES 1232

/* TTL of the HINFO record that stands for ANY, seconds: it says nothing that could change. */
#define ANY_HINFO_TTL_S 3600

/* Server cookies (RFC 9018 section 4.3), seconds: accepted so old and so far ahead of this clock;
 * answered with a new one once so old. Days whose secrets are known: yesterday's, today's, and
 * tomorrow's for a clock that is slow. */
#define COOKIE_AGE_MAX_S 3600
#define COOKIE_AHEAD_MAX_S 300
#define COOKIE_RENEWED_AFTER_S 1800
#define COOKIE_DAYS 3

/* How often the role looks whether a new day needs new secrets. */
#define SERVICE_TICK_NS NS_PER_S

/* The name of this server in answers, bytes: it takes room in each answer that asks for it. */
#define NSID_MAX_BYTES 64

/* Response rate limiting: buckets of one thread, which are 512 KiB; those of one cache line, among
 * which one network and kind may lie; bytes of an address that make a network (IPv4 /24, IPv6 /56);
 * answers that every bucket holds, for resolvers that ask again. */
#define RATE_LIMIT_ROWS ((size_t)8192)
#define RATE_LIMIT_WAYS 4
#define RATE_LIMIT_IPV4_BYTES 3
#define RATE_LIMIT_IPV6_BYTES 7
#define RATE_LIMIT_BURST_LEAST 5

/* Networks of all lists of clients. */
#define CLIENT_NETWORKS_MAX 65536

/* dnstap: bytes of a frame that a place of the pool holds (a UDP query or answer, and what stands
 * about it); places, and frames in the queue, of one thread (a power of 2: libfstrm); seconds until
 * a reader that is not there is looked for again, and that one may hold up a read or write. */
#define DNSTAP_FRAME_BYTES 2304
#define DNSTAP_FRAMES 512
#define DNSTAP_REOPEN_S 1
#define DNSTAP_WAIT_S 1

/* The file of TSIG keys: its bytes, keys, and bytes of one secret (a hash's block is 128 at most;
 * longer secrets gain nothing, RFC 2104 section 3). How often the file is looked at. */
#define TSIG_FILE_MAX_BYTES ((size_t)65536)
#define TSIG_KEYS_MAX 256
#define TSIG_SECRET_MAX_BYTES 128
#define TSIG_WATCH_NS NS_PER_S

/* Zone transfers. Differences kept of one zone: serials, and bytes of their records; bytes of all
 * zones together. What is older is answered by the whole zone. */
#define TRANSFER_DELTAS_MAX 64
#define TRANSFER_DELTA_BYTES_MAX ((size_t)4 << 20)
/* Names with aliases or policies of one zone, whose records may change although they do not; a zone
 * with more has no differences. */
#define TRANSFER_TREES_MAX 1024
#define TRANSFER_BOOK_BYTES_MAX ((size_t)64 << 20)
/* Transfers under way at once, of all clients and of one (IPv4 address, IPv6 /64). */
#define TRANSFERS_MAX 64
#define TRANSFERS_PER_CLIENT_MAX 16
/* Messages of a transfer, up to 64 KiB each, that one turn of the loop makes before others get
 * theirs. */
#define TRANSFER_MESSAGES_PER_TURN 2

/* NOTIFY: targets that are told at once; how long an answer is waited for at first, twice as long
 * each time (RFC 1996 section 3.6 speaks of 60 s), and how often it is said. */
#define NOTIFY_PENDING_MAX 64
#define NOTIFY_WAIT_NS (1 * NS_PER_S)
#define NOTIFY_TRIES 6
#define NOTIFY_TARGETS_MAX 65536

/* Searches in a tree of names that wait for memory together: about as many cache lines as a core
 * asks for at once. */
#define NAME_FETCH_MAX 8
/* Names of a world from which on they do so: fewer lie in a core's cache anyway. */
#define NAME_FETCH_LEAST 4096

/* UDP: datagrams of one batch, and those of it that are answered together; bytes of one query
 * (longer ones are malformed anyway); how long a thread waits in the kernel before it gives a sign
 * of life. */
#define UDP_BATCH 64
#define UDP_GROUP NAME_FETCH_MAX

/* A thread whose last batch is no older is busy, and stays online for RCU while it waits in the
 * kernel: who swaps a scene waits for its next datagram then, UDP_WAIT_NS at most. */
#define UDP_BUSY_MS 10
#define UDP_QUERY_MAX_BYTES 2048
#define UDP_WAIT_NS (100 * NS_PER_MS)

/* A thread puts a query of each of its first batches into the ring of samples, later of every
 * sixteenth, so that the ring costs a busy server nothing and a quiet one still fills it. */
#define SAMPLE_EAGER_BATCHES 256
#define SAMPLE_BATCH_STEP 16

/* A busy thread gives a sign of life with every eighth batch: where none waits UDP_WAIT_NS for its
 * first datagram, that is once in 0.8 s at the least, and the cache line that all threads' signs
 * share costs little. */
#define HEARTBEAT_BATCH_STEP 8

/* How often a thread looks for the first root, and the TCP thread for idle connections. */
#define WORLD_WAIT_NS (10 * NS_PER_MS)
#define TCP_TICK_NS (100 * NS_PER_MS)

/* TCP (RFC 7766 section 6.2, RFC 9210 section 4): connections of all clients and of one (IPv4
 * address, IPv6 /64), time without a whole query or progress of an answer. */
#define TCP_CONNECTIONS_MAX 2048
#define TCP_CONNECTIONS_PER_CLIENT_MAX 128
#define TCP_IDLE_NS (10 * NS_PER_S)
/* Queries a second of one client network (IPv4 /24, IPv6 /56), those of --dns-rate-exempt not
 * counted: a fifth of what one thread answers, and far more than a resolver asks. */
#define TCP_QUERIES_PER_CLIENT_S 10000
/* Bytes read at once, and of one query: one name and some options; who says more is cut off. */
#define TCP_READ_BYTES ((size_t)4096)
#define TCP_QUERY_MAX_BYTES ((size_t)4096)
/* Answers that wait for a slow reader, bytes; past it no more queries of that connection are
 * answered or read. */
#define TCP_OUT_MAX_BYTES ((size_t)65536)
/* Connections accepted in one turn of the loop. */
#define TCP_ACCEPTS_PER_TURN 64

/* Geography files (MMDB): the largest, bytes (files of cities have some 150 MB), the part that is
 * copied at once, the text of a coordinate, and how often a file may lead to each node of its
 * search tree on the average: once, but for writers that share equal branches. */
#define GEO_FILE_MAX_BYTES (2ULL << 30)
#define GEO_COPY_BYTES ((size_t)1 << 20)
#define GEO_NUMBER_MAX_CHARS 40
#define GEO_VISITS_PER_NODE 4

/* Latency tables: the largest, bytes; the longest latency, milliseconds (one more is "unknown"). */
#define LATENCY_FILE_MAX_BYTES ((size_t)256 << 20)
#define LATENCY_MAX_MS (UINT16_MAX - 1)

/* How often the files of the atlas are looked at, and how long the first root waits for the first
 * atlas, so that no client is sent astray at a start. */
#define ATLAS_WATCH_NS NS_PER_S
#define ATLAS_FIRST_WAIT_S 60

/* Threads of the role: heartbeats that the node watches. Addresses: values of a list setting. */
#define DNS_THREADS_MAX 256
#define DNS_ADDRESSES_MAX 64

/* The trial: names, zones and record types of one name that it asks about; larger differences are
 * sampled evenly. A thousand names, the most that one call of the API changes, are asked whole. */
#define TRIAL_NAMES_MAX 2048
#define TRIAL_ZONES_MAX 512
#define TRIAL_TYPES_MAX 32
/* Branches of one group that it takes one after the other: all that a group may have. */
#define TRIAL_BRANCHES_MAX 256

/* Outside targets of aliases. Names of all roots together; questions to name servers at once; how
 * long one takes with all its tries. */
#define OUTSIDE_NAMES_MAX 16384
#define OUTSIDE_QUESTIONS_MAX 64
#define OUTSIDE_TIMEOUT_NS (5 * NS_PER_S)
/* The most that is said as TTL of an outside target's addresses, seconds (Route 53 says 60 for
 * load balancers), and of addresses whose name no longer resolves (RFC 8767 section 4). */
#define OUTSIDE_TTL_MAX_S 60
#define OUTSIDE_KEPT_TTL_MAX_S 30
/* A name is asked for again after this share of its TTL, percent, and at random later, but not
 * sooner than after a second, and after an hour at the latest. */
#define OUTSIDE_REFRESH_PERCENT 80
#define OUTSIDE_JITTER_PERCENT 15
#define OUTSIDE_REFRESH_MIN_NS NS_PER_S
#define OUTSIDE_REFRESH_MAX_NS (3600 * NS_PER_S)
/* After failures in a row: twice as late each time, up to the longest. No such name, or none of its
 * type: asked again after a while. */
#define OUTSIDE_RETRY_NS NS_PER_S
#define OUTSIDE_RETRY_DOUBLINGS 5
#define OUTSIDE_ABSENT_RETRY_NS (10 * NS_PER_S)
/* Last good addresses stand for so long after their TTL while resolution fails, seconds. */
#define OUTSIDE_KEEP_S ((int64_t)86400)
/* Names that no root refers to any more are still resolved for so long: a roll back finds them. */
#define OUTSIDE_KEEP_UNUSED_NS (600 * NS_PER_S)
/* A new table at most so often; sooner after a pause, so that both families of a name share it. */
#define OUTSIDE_PUBLISH_APART_NS (250 * NS_PER_MS)
#define OUTSIDE_PUBLISH_SOON_NS (5 * NS_PER_MS)
/* A root with new outside targets waits so long for their first addresses, no longer: they may
 * never come. */
#define OUTSIDE_FIRST_WAIT_NS (250 * NS_PER_MS)
/* The file is written at most so often. Its most bytes: each name with all addresses it may have.
 */
#define OUTSIDE_SAVE_APART_NS (10 * NS_PER_S)
#define OUTSIDE_FILE_MAX_BYTES ((size_t)64 << 20)

#endif
