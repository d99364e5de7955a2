// SPDX-License-Identifier: Apache-2.0
// Reading of files of health states. Any thread.
#include "authority/health_file.h"

#include "authority/limits.h"
#include "base/map.h"

/* Cuts the first word off the front of *rest. */
static struct slice take_word(struct slice *rest)
{
    size_t end = 0;
    *rest = slice_trim(*rest);
    while (end < rest->len && rest->data[end] != ' ' && rest->data[end] != '\t')
        end++;
    struct slice word = slice_sub(*rest, 0, end);
    *rest = slice_trim(slice_sub(*rest, end, rest->len));
    return word;
}

/* An id with its state, or no id: an empty line or a comment. */
static enum err parse_line(struct slice line, struct slice *out_id, bool *out_is_healthy,
                           struct errctx *ec)
{
    struct slice rest =
        line.len > 0 && line.data[line.len - 1] == '\r' ? slice_sub(line, 0, line.len - 1) : line;
    struct slice id = take_word(&rest);
    *out_id = slice_of(NULL, 0);
    if (id.len == 0 || id.data[0] == '#')
        return ERR_OK;
    bool is_healthy = slice_equal(rest, SLICE_LIT("healthy"));
    if (!is_healthy && !slice_equal(rest, SLICE_LIT("unhealthy")))
        return err_set(ec, ERR_INVALID, "want: ID healthy|unhealthy");
    if (id.len > HEALTH_ID_MAX_BYTES)
        return err_set(ec, ERR_INVALID, "an id of more than %zu bytes", HEALTH_ID_MAX_BYTES);
    *out_id = id;
    *out_is_healthy = is_healthy;
    return ERR_OK;
}

enum err health_file_parse(struct arena *a, struct slice text, struct registry *health,
                           struct health_said **out_said, size_t *out_count, struct errctx *ec)
{
    AUTO_MAP struct map states = {0};
    struct slice line;
    size_t line_number = 0;
    static char sick, well; /* their addresses are the states */
    map_init(&states);
    while (slice_split(&text, '\n', &line)) {
        struct slice id;
        bool is_healthy = false;
        line_number++;
        if (parse_line(line, &id, &is_healthy, ec) != ERR_OK)
            return err_wrap(ec, "line %zu", line_number);
        if (id.len > 0)
            (void)map_put(&states, id, is_healthy ? &well : &sick);
    }
    size_t cursor = 0;
    size_t count = 0;
    const struct map_entry *entry;
    struct health_said *said = arena_array(a, states.count, sizeof(*said));
    while ((entry = map_next(&states, &cursor)) != NULL)
        said[count++] =
            (struct health_said){registry_number(health, entry->key), entry->value == &well};
    *out_said = said;
    *out_count = count;
    return ERR_OK;
}
