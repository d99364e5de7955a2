// SPDX-License-Identifier: Apache-2.0
// dnstap: a copy of each query and answer to a reader behind a Unix socket, in Frame Streams
// (content type protobuf:dnstap.Dnstap). Threads that answer put frames into queues of their own,
// without waiting or a lock; one thread of libfstrm writes them. A full queue or no reader: the
// frame is dropped and counted.
#ifndef AUTHORITY_DNSTAP_H
#define AUTHORITY_DNSTAP_H

#include "authority/zone_table.h"
#include "base/err.h"

/** Owner: the role; made before its threads and freed after them. */
struct dnstap;

struct dnstap_options {
    const char *target;    /* "unix:PATH" */
    struct slice identity; /* of this server, kept; may be empty */
    unsigned threads;      /* that put frames, each with an index below */
};

/** Whether a target is well formed. Errors: ERR_INVALID. */
enum err dnstap_check(const char *target, struct errctx *ec) MUST_USE;

/** Errors: ERR_INVALID for a target of another form, ERR_IO. The socket need not be there yet. */
enum err dnstap_new(const struct dnstap_options *options, struct dnstap **out, struct errctx *ec)
    MUST_USE;

/** Writes what waits, for a second at the most. NULL is fine. */
void dnstap_free(struct dnstap *d);

/** A query and where it came from; everything borrowed. */
struct dnstap_query {
    struct slice query;
    struct slice answer; /* empty: there was none, and only the query is put */
    const struct view *view;
    uint16_t source_port;
    uint16_t local_port;
    bool is_tcp;
    int64_t now_unix_ms;
};

/** Puts a frame for the query and one for the answer. `thread`'s own thread. */
void dnstap_put(struct dnstap *d, unsigned thread, const struct dnstap_query *query);

#endif
