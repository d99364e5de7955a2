// SPDX-License-Identifier: Apache-2.0
// Streams that are held open: a follower is an exchange whose answer does not end. Each has a place
// in what it follows, and is sent what is newer as it reads; so one that reads slowly holds no
// memory but FEED_OUTPUT_BYTES, and misses what the source no longer keeps. On the owner's loop
// thread.
#include "base/check.h"
#include "feed/limits.h"
#include "feed/server_priv.h"
#include "metrics/counters.h"

/* Sends what the follower lacks, as far as it reads; says whether there was anything. */
static bool send_newer(struct request *r)
{
    AUTO_ARENA struct arena a = {0};
    struct slice frame;
    bool is_sent = false;
    while (!r->is_blocked && r->route->stream->next(r, &a, &frame)) {
        r->is_blocked = !request_send_frame(r, frame);
        is_sent = true;
        arena_reset(&a);
    }
    return is_sent;
}

void stream_open(struct request *r)
{
    struct feed_server *s = r->server;
    const struct stream *stream = r->route->stream;
    if (!stream->is_served(&s->source)) {
        request_reply(r, 404);
        return;
    }
    if (s->follower_count == FEED_FOLLOWERS_MAX) {
        metrics_add(METRIC_FEED_SHED, 1);
        request_reply(r, 503);
        return;
    }
    if (!stream->begin(r, http_exchange_request(r->exchange)->query)) {
        request_reply(r, 400);
        return;
    }
    list_push_back(&s->followers, &r->follower);
    metrics_set(METRIC_FEED_FOLLOWERS, ++s->follower_count);
    request_respond(r);
    if (!send_newer(r))
        r->is_blocked = !request_send_frame(r, (struct slice){0});
}

void stream_go_on(struct request *r)
{
    r->is_blocked = false;
    (void)send_newer(r);
}

void stream_close(struct request *r)
{
    if (list_is_empty(&r->follower))
        return;
    list_remove(&r->follower);
    metrics_set(METRIC_FEED_FOLLOWERS, --r->server->follower_count);
    if (r->route->stream->end != NULL)
        r->route->stream->end(r);
}

void streams_tell(struct feed_server *s, bool is_heartbeat)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &s->followers) {
        struct request *r = LIST_ENTRY(node, struct request, follower);
        if (!request_is_admitted(r)) {
            metrics_add(METRIC_FEED_REFUSED, 1);
            http_abort(r->exchange);
            continue;
        }
        if (!r->is_blocked && !send_newer(r) && is_heartbeat)
            r->is_blocked = !request_send_frame(r, (struct slice){0});
    }
}

/* The value of "after=EPOCH.NUMBER". */
static bool parse_after(struct slice query, struct feed_position *out)
{
    struct slice name = SLICE_LIT("after=");
    return slice_starts_with(query, name) &&
           feed_position_parse(slice_sub(query, name.len, query.len), out);
}

/* Pointers: each replaces all before it, so there is never more than one to send. */

static bool has_pointers(const struct feed_source *source)
{
    return source->newest_pointer != NULL;
}

static bool begin_pointers(struct request *r, struct slice query)
{
    struct feed_position after;
    if (!parse_after(query, &after))
        return false;
    r->at.pointer.epoch = after.epoch;
    r->at.pointer.sequence = after.number;
    return true;
}

static bool next_pointer(struct request *r, struct arena *a, struct slice *out_frame)
{
    (void)a;
    const struct feed_source *source = &r->server->source;
    struct feed_position newest = {0};
    struct feed_position at = {r->at.pointer.epoch, r->at.pointer.sequence};
    struct slice pointer = source->newest_pointer(source->user, &newest.epoch, &newest.number);
    if (pointer.len == 0 || feed_position_compare(newest, at) <= 0)
        return false;
    r->at.pointer.epoch = newest.epoch;
    r->at.pointer.sequence = newest.number;
    metrics_add(METRIC_FEED_POINTERS_SENT, 1);
    *out_frame = pointer;
    return true;
}

const struct stream stream_pointers = {
    .is_served = has_pointers, .begin = begin_pointers, .next = next_pointer};

/* Invalidations. A follower is told of to the owner: what it has was applied by its node. */

static bool has_invalidations(const struct feed_source *source)
{
    return source->invalidations != NULL;
}

static bool begin_invalidations(struct request *r, struct slice query)
{
    const struct feed_source *source = &r->server->source;
    struct feed_position after = {0};
    if (query.len > 0 && !parse_after(query, &after))
        return false;
    r->at.invalidations = feed_log_cursor_at(after);
    source->on_follower(source->user, r->key, &after);
    return true;
}

static bool next_invalidation(struct request *r, struct arena *a, struct slice *out_frame)
{
    if (!feed_log_next(r->server->source.invalidations, &r->at.invalidations, a, out_frame))
        return false;
    metrics_add(METRIC_FEED_INVALIDATIONS_SENT, 1);
    return true;
}

static void end_invalidations(struct request *r)
{
    const struct feed_source *source = &r->server->source;
    source->on_follower(source->user, r->key, NULL);
}

const struct stream stream_invalidations = {.is_served = has_invalidations,
                                            .begin = begin_invalidations,
                                            .next = next_invalidation,
                                            .end = end_invalidations};

/* Votes: a whole table each time. A follower that reads slowly gets the newest when it can. */

static bool has_votes(const struct feed_source *source)
{
    return source->newest_votes != NULL;
}

static bool begin_votes(struct request *r, struct slice query)
{
    (void)r;
    return query.len == 0;
}

static bool next_votes(struct request *r, struct arena *a, struct slice *out_frame)
{
    (void)a;
    const struct feed_source *source = &r->server->source;
    uint64_t run = 0;
    uint64_t number = 0;
    struct slice votes = source->newest_votes(source->user, &run, &number);
    if (votes.len == 0 || (run == r->at.votes.run && number == r->at.votes.number))
        return false;
    r->at.votes.run = run;
    r->at.votes.number = number;
    metrics_add(METRIC_FEED_VOTES_SENT, 1);
    *out_frame = votes;
    return true;
}

const struct stream stream_votes = {
    .is_served = has_votes, .begin = begin_votes, .next = next_votes};
