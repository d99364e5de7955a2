// SPDX-License-Identifier: Apache-2.0
// What a drill saw, sample after sample, and what follows from it: how long it took until answers
// changed, and what clients lost. Pure; times are monotonic nanoseconds of the caller's.
#ifndef TOOL_DRILL_TIMELINE_H
#define TOOL_DRILL_TIMELINE_H

#include "tool/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum drill_lane {
    DRILL_AUTHORITY, /* the name server's answer */
    DRILL_RESOLVER,  /* the answer of a resolver that honours TTLs */
    DRILL_REQUEST,   /* a request to the address that the resolver gives */
    DRILL_DIRECT,    /* a request to the primary, whatever DNS says */
    DRILL_LANE_COUNT
};

/** Where an answer leads to, or where a request went. */
enum drill_verdict {
    DRILL_NOWHERE, /* no answer, or none with an address */
    DRILL_PRIMARY, /* a value of the primary is in it */
    DRILL_OTHER,
};

struct drill_sample {
    int64_t at_ns; /* when it was asked for */
    enum drill_verdict verdict;
    uint32_t ttl_s; /* of DRILL_AUTHORITY */
    bool is_ended;  /* it is known how it ended; until then the rest does not count */
    bool is_good;   /* of requests: answered 2xx or 3xx in time */
};

struct drill_samples {
    struct drill_sample *items; /* by time */
    size_t count;
    size_t room;
};

/**
 * Owner: whoever zeroed it and calls drill_timeline_fini; embedded by value.
 * The marks are 0 until they are reached.
 */
struct drill_timeline {
    struct drill_samples lanes[DRILL_LANE_COUNT];
    bool is_override;  /* the primary is said to have failed, and works */
    bool is_exclusive; /* failover: all well, every answer is the primary's */
    bool was_well;     /* all was well before anything failed */
    int64_t start_ns;
    int64_t failed_ns; /* the primary failed, or was said to have */
    int64_t back_ns;   /* it works again, or is no longer said to have failed */
    int64_t end_ns;    /* the last sample was taken */
};

void drill_timeline_fini(struct drill_timeline *t);

/** Adds a sample that has not ended; its place. False where TOOL_DRILL_SAMPLES_MAX are there. */
bool drill_timeline_add(struct drill_timeline *t, enum drill_lane lane, int64_t at_ns,
                        size_t *out_place);

/** Some requests of one phase. */
struct drill_loss {
    size_t sent;
    size_t lost;     /* failed, or went to a primary that is said to have failed */
    size_t failed;   /* of these, those that really did */
    int64_t from_ns; /* of the first lost one, since the phase began; -1: none was lost */
    int64_t for_ns;  /* until the first good one behind the last lost; -1: none came */
};

/** All durations in ns, -1 where it did not happen or was not looked at. */
struct drill_measures {
    struct drill_loss before; /* in the time before */
    struct drill_loss failed; /* from the failure until the primary is back */
    struct drill_loss back;   /* from then on */
    /* Since the failure: */
    int64_t changed_ns;      /* the first answer without the primary, that none with it follows */
    int64_t stale_answer_ns; /* the last answer of the resolver with the primary; 0: none */
    int64_t worst_stale_ns;  /* the last that any resolver may give that honours TTLs */
    int64_t resolved_ns;     /* the first answer of the resolver elsewhere, after the last stale */
    int64_t recovered_ns;    /* clients are served again: the good request behind the last lost
                                one, 0 without any; without requests, as resolved_ns */
    int64_t worst_recovered_ns; /* the same of a resolver with the worst luck */
    /* Since the primary is back: */
    int64_t returned_ns;          /* the first answer with the primary */
    int64_t resolver_returned_ns; /* the first of the resolver with it */
};

/** What follows from the samples so far. Cost: a pass over them each. */
void drill_measure(const struct drill_timeline *t, struct drill_measures *out);

/** What a drill does next. */
enum drill_step {
    DRILL_GO_ON,
    DRILL_FAIL,    /* the time before is over: now the primary fails */
    DRILL_RETURN,  /* put the primary back */
    DRILL_FINISH,  /* all has been seen */
    DRILL_GIVE_UP, /* it cannot be done */
};

/** How long a drill takes for its parts. */
struct drill_course {
    int64_t before_ns; /* of looking on while all is well */
    int64_t settle_ns; /* all is as it will be once it has been so for this long */
    int64_t fail_ns;   /* failover and fail back are given up after so long each */
    int64_t outage_ns; /* a real outage is waited for, and its end, so long each */
};

/**
 * What comes next at `now_ns`. Without override it sets failed_ns and back_ns itself, when a real
 * outage shows: by requests to the primary, else by the answers.
 * *out_reason of DRILL_GIVE_UP: static text.
 */
enum drill_step drill_next(const struct drill_course *course, struct drill_timeline *t,
                           int64_t now_ns, const char **out_reason);

#endif
