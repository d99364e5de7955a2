// SPDX-License-Identifier: Apache-2.0
// What a drill does next. Called on the loop of the command, once an interval.
//
//            DRILL_FAIL          DRILL_RETURN          DRILL_FINISH
//   before ------------> failed ------------> returning ----------> over
//
// A drill that waits for a real outage takes the first two steps by itself, when it sees them.
// 1. Each phase ends when all is as it should be for settle_ns, or when its time is over.
// 2. Only the first phase may end in DRILL_GIVE_UP: from then on what is seen is the result.
#include "tool/drill_timeline.h"

#include <stddef.h>

/* Samples from `from_ns` on that have ended: how many there are, and how many are as wanted. */
struct tally {
    size_t count;
    size_t wanted;
};

static struct tally count_answers(const struct drill_samples *lane, int64_t from_ns,
                                  enum drill_verdict wanted)
{
    struct tally tally = {0};
    for (size_t i = lane->count; i > 0 && lane->items[i - 1].at_ns >= from_ns; i--) {
        tally.count += lane->items[i - 1].is_ended;
        tally.wanted += lane->items[i - 1].is_ended && lane->items[i - 1].verdict == wanted;
    }
    return tally;
}

static struct tally count_good(const struct drill_samples *lane, int64_t from_ns)
{
    struct tally tally = {0};
    for (size_t i = lane->count; i > 0 && lane->items[i - 1].at_ns >= from_ns; i--) {
        tally.count += lane->items[i - 1].is_ended;
        tally.wanted += lane->items[i - 1].is_ended && lane->items[i - 1].is_good;
    }
    return tally;
}

static bool is_all(struct tally tally)
{
    return tally.count > 0 && tally.wanted == tally.count;
}

/* Whether answers and requests were so for the time to settle. */
static bool is_settled(const struct drill_course *course, const struct drill_timeline *t,
                       int64_t now_ns, enum drill_verdict verdict)
{
    int64_t from_ns = now_ns - course->settle_ns;
    struct tally requests = count_good(&t->lanes[DRILL_REQUEST], from_ns);
    return is_all(count_answers(&t->lanes[DRILL_AUTHORITY], from_ns, verdict)) &&
           is_all(count_answers(&t->lanes[DRILL_RESOLVER], from_ns, verdict)) &&
           (requests.count == 0 || is_all(requests));
}

/* ---- before */

/* What is wrong while nothing has failed yet; NULL: nothing. */
static const char *problem_before(const struct drill_timeline *t)
{
    struct tally answers = count_answers(&t->lanes[DRILL_AUTHORITY], t->start_ns, DRILL_PRIMARY);
    struct tally none = count_answers(&t->lanes[DRILL_AUTHORITY], t->start_ns, DRILL_NOWHERE);
    struct tally requests = count_good(&t->lanes[DRILL_REQUEST], t->start_ns);
    if (answers.count == 0 || none.wanted == answers.count)
        return "the name server does not answer with addresses of the name";
    if (answers.wanted == 0)
        return "the primary is not among the answers: it has failed already";
    if (t->is_exclusive && answers.wanted < answers.count)
        return "not all answers are the primary's: something changes already";
    if (requests.wanted < requests.count)
        return "requests fail already";
    return NULL;
}

/* When the newest samples of the lane, TOOL_DRILL_RUN of them, began to be all so; 0: they are
 * not. */
static int64_t run_since(const struct drill_samples *lane, bool is_good)
{
    size_t run = 0;
    for (size_t i = lane->count; i > 0 && run < TOOL_DRILL_RUN; i--) {
        const struct drill_sample *s = &lane->items[i - 1];
        if (!s->is_ended)
            continue;
        if (s->is_good != is_good)
            return 0;
        if (++run == TOOL_DRILL_RUN)
            return s->at_ns;
    }
    return 0;
}

/* The same for answers: the first of the newest that all are so. */
static int64_t answers_since(const struct drill_samples *lane, enum drill_verdict verdict)
{
    size_t run = 0;
    for (size_t i = lane->count; i > 0 && run < TOOL_DRILL_RUN; i--) {
        const struct drill_sample *s = &lane->items[i - 1];
        if (!s->is_ended)
            continue;
        if (s->verdict != verdict)
            return 0;
        if (++run == TOOL_DRILL_RUN)
            return s->at_ns;
    }
    return 0;
}

/* When a real outage began, or ended, as far as can be seen by now; 0: it did not. */
static int64_t outage_mark(const struct drill_timeline *t, bool is_end)
{
    const struct drill_samples *direct = &t->lanes[DRILL_DIRECT];
    if (direct->count > 0)
        return run_since(direct, is_end);
    return answers_since(&t->lanes[DRILL_AUTHORITY], is_end ? DRILL_PRIMARY : DRILL_OTHER);
}

static enum drill_step next_before(const struct drill_course *course, struct drill_timeline *t,
                                   int64_t now_ns, const char **out_reason)
{
    if (now_ns - t->start_ns < course->before_ns)
        return DRILL_GO_ON;
    if (!t->was_well) {
        *out_reason = problem_before(t);
        if (*out_reason != NULL)
            return DRILL_GIVE_UP;
        t->was_well = true;
    }
    if (t->is_override)
        return DRILL_FAIL;
    t->failed_ns = outage_mark(t, false);
    if (t->failed_ns != 0 || now_ns - t->start_ns < course->outage_ns)
        return DRILL_GO_ON;
    *out_reason = "no outage came";
    return DRILL_GIVE_UP;
}

/* ---- failed, and back again */

static enum drill_step next_failed(const struct drill_course *course, struct drill_timeline *t,
                                   int64_t now_ns)
{
    int64_t since_ns = now_ns - t->failed_ns;
    if (t->is_override) {
        bool is_over = since_ns >= course->settle_ns && is_settled(course, t, now_ns, DRILL_OTHER);
        return is_over || since_ns >= course->fail_ns ? DRILL_RETURN : DRILL_GO_ON;
    }
    int64_t back_ns = outage_mark(t, true);
    t->back_ns = back_ns > t->failed_ns ? back_ns : 0;
    return t->back_ns == 0 && since_ns >= course->outage_ns ? DRILL_FINISH : DRILL_GO_ON;
}

static enum drill_step next_back(const struct drill_course *course, const struct drill_timeline *t,
                                 int64_t now_ns)
{
    int64_t since_ns = now_ns - t->back_ns;
    if (since_ns >= course->fail_ns)
        return DRILL_FINISH;
    if (since_ns < course->settle_ns)
        return DRILL_GO_ON;
    if (t->is_exclusive)
        return is_settled(course, t, now_ns, DRILL_PRIMARY) ? DRILL_FINISH : DRILL_GO_ON;
    bool is_seen = count_answers(&t->lanes[DRILL_RESOLVER], t->back_ns, DRILL_PRIMARY).wanted > 0;
    return is_seen ? DRILL_FINISH : DRILL_GO_ON;
}

enum drill_step drill_next(const struct drill_course *course, struct drill_timeline *t,
                           int64_t now_ns, const char **out_reason)
{
    if (t->failed_ns == 0)
        return next_before(course, t, now_ns, out_reason);
    if (t->back_ns == 0)
        return next_failed(course, t, now_ns);
    return next_back(course, t, now_ns);
}
