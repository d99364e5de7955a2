// SPDX-License-Identifier: Apache-2.0
// States of checks as text: a line each, "ID up|down healthy|unhealthy CHANGED", the last being the
// Unix time of the last change in seconds, 0 where there was none. On the loop's thread.
#include "health/standing_priv.h"

#include "base/alloc.h"
#include "crypto/sealed_text.h"
#include "health/limits.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct slice first_line = SLICE_LIT("weir states of health checks 1\n");

/* When the state changed, by the clock of the world; at least 1. */
static int64_t changed_unix_s(const struct standing *s, const struct quorum_now *now)
{
    int64_t changed_s = now->unix_s - (now->ns - s->changed_ns) / NS_PER_S;
    return changed_s > 0 ? changed_s : 1;
}

void standings_encode(const struct standing *standings, size_t count, const struct quorum_now *now,
                      struct buf *out)
{
    buf_append(out, first_line);
    for (size_t i = 0; i < count; i++) {
        const struct standing *s = &standings[i];
        char id[CHECK_ID_TEXT_SIZE];
        if (!s->is_known)
            continue;
        check_id_format(&s->id, id);
        buf_printf(out, "%s %s %s %" PRId64 "\n", id, s->is_up ? "up" : "down",
                   s->is_healthy ? "healthy" : "unhealthy",
                   s->has_changed ? changed_unix_s(s, now) : 0);
    }
    sealed_text_end(out);
}

/* One of two words. */
static bool read_word(struct slice *line, const char *yes, const char *no, bool *out)
{
    struct slice word;
    if (!slice_split(line, ' ', &word))
        return false;
    *out = slice_equal(word, slice_str(yes));
    return *out || slice_equal(word, slice_str(no));
}

static bool read_line(struct slice line, const struct quorum_now *now, struct standing *out)
{
    struct slice id;
    uint64_t changed_s;
    struct standing s = {.is_known = true};
    if (!slice_split(&line, ' ', &id) || !check_id_parse(id, &s.id) ||
        !read_word(&line, "up", "down", &s.is_up) ||
        !read_word(&line, "healthy", "unhealthy", &s.is_healthy) ||
        !slice_parse_u64(line, INT64_MAX, &changed_s))
        return false;
    if (changed_s > 0) {
        /* A clock that was set back must not make a change lie ahead. */
        int64_t age_s = now->unix_s - (int64_t)changed_s;
        age_s = age_s > 0 ? age_s : 0;
        age_s = age_s < UINT32_MAX ? age_s : UINT32_MAX; /* longer than any hold-down */
        s.has_changed = true;
        s.changed_ns = now->ns - age_s * NS_PER_S;
    }
    *out = s;
    return true;
}

static size_t count_lines(struct slice lines)
{
    size_t count = 0;
    for (size_t i = 0; i < lines.len; i++)
        count += lines.data[i] == '\n';
    return count;
}

enum err standings_decode(struct slice text, const struct quorum_now *now,
                          struct standing **out_standings, size_t *out_count, struct errctx *ec)
{
    struct slice lines;
    struct slice line;
    if (!sealed_text_open(text, first_line, &lines))
        return err_set(ec, ERR_CORRUPT, "states of health checks: not what was written");
    size_t count = count_lines(lines);
    AUTO_FREE struct standing *standings = mem_new(count, sizeof(*standings));
    for (size_t i = 0; i < count; i++) {
        if (!slice_split(&lines, '\n', &line) || !read_line(line, now, &standings[i]) ||
            (i > 0 && check_id_compare(&standings[i - 1].id, &standings[i].id) >= 0))
            return err_set(ec, ERR_CORRUPT, "states of health checks: line %zu", i + 2);
    }
    *out_standings = standings;
    *out_count = count;
    standings = NULL;
    return ERR_OK;
}
