// SPDX-License-Identifier: Apache-2.0
// Reads the settings of this machine: flags, then environment, then DIR/weir.conf, then defaults,
// each filling only what the ones before left open. Called once, at the start of a program.
#include "base/settings.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/settings_table_priv.h"

#include <errno.h>
#include <stdlib.h>

/* Where a value came from; a higher one is never replaced by a lower. */
enum source { SOURCE_NONE, SOURCE_FALLBACK, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };

struct reader {
    struct settings s;
    enum source *sources; /* one for each row of the table */
    enum source source;   /* that is being read */
};

/* A value and the words that tell the operator where it stands. */
struct given {
    struct slice value;
    const char *where; /* "--api", "WEIR_API" or "DIR/weir.conf:7: api" */
};

static const struct setting *setting_find(struct slice name)
{
    for (size_t i = 0; i < settings_count; i++) {
        if (slice_equal(slice_str(settings_table[i].name), name))
            return &settings_table[i];
    }
    return NULL;
}

static void *field_of(struct settings *s, const struct setting *row)
{
    return (char *)s + row->offset;
}

static enum err set_text(struct settings *s, const struct setting *row, const struct given *g,
                         struct errctx *ec)
{
    const char **field = field_of(s, row);
    if (g->value.len == 0 && row->fallback != NULL)
        return err_set(ec, ERR_INVALID, "%s: needs a value", g->where);
    *field = g->value.len == 0 ? NULL : arena_str(&s->arena, g->value);
    return ERR_OK;
}

static enum err list_add(struct settings *s, struct settings_list *list, struct slice item,
                         const struct given *g, struct errctx *ec)
{
    if (list->count == SETTINGS_LIST_MAX_ITEMS)
        return err_set(ec, ERR_INVALID, "%s: more than %zu values", g->where,
                       SETTINGS_LIST_MAX_ITEMS);
    if (list->items == NULL)
        list->items = arena_array(&s->arena, SETTINGS_LIST_MAX_ITEMS, sizeof(*list->items));
    list->items[list->count++] = arena_str(&s->arena, item);
    return ERR_OK;
}

static enum err set_list(struct settings *s, const struct setting *row, const struct given *g,
                         struct errctx *ec)
{
    struct settings_list *list = field_of(s, row);
    struct slice rest = g->value;
    struct slice part;
    bool has_item = false;
    while (slice_split(&rest, ',', &part)) {
        struct slice item = slice_trim(part);
        if (item.len == 0)
            continue;
        enum err err = list_add(s, list, item, g, ec);
        if (err != ERR_OK)
            return err;
        has_item = true;
    }
    if (!has_item && row->fallback != NULL)
        return err_set(ec, ERR_INVALID, "%s: needs a value", g->where);
    return ERR_OK;
}

static enum err set_flag(struct settings *s, const struct setting *row, const struct given *g,
                         struct errctx *ec)
{
    bool *field = field_of(s, row);
    bool is_true = slice_equal(g->value, SLICE_LIT("true"));
    if (!is_true && !slice_equal(g->value, SLICE_LIT("false")))
        return err_set(ec, ERR_INVALID, "%s: '%.*s' is neither true nor false", g->where,
                       SLICE_FMT(g->value));
    *field = is_true;
    return ERR_OK;
}

static enum err set_number(struct settings *s, const struct setting *row, const struct given *g,
                           struct errctx *ec)
{
    uint64_t *field = field_of(s, row);
    uint64_t value = 0;
    if (!slice_parse_u64(g->value, row->max, &value) || value < row->min)
        return err_set(ec, ERR_INVALID, "%s: '%.*s' is no number from %ju to %ju (%s)", g->where,
                       SLICE_FMT(g->value), (uintmax_t)row->min, (uintmax_t)row->max, row->shape);
    *field = value;
    return ERR_OK;
}

static enum err set_choice(struct settings *s, const struct setting *row, const struct given *g,
                           struct errctx *ec)
{
    const char **field = field_of(s, row);
    struct slice rest = slice_str(row->shape);
    struct slice choice;
    while (slice_split(&rest, '|', &choice)) {
        if (slice_equal(choice, g->value)) {
            *field = arena_str(&s->arena, choice);
            return ERR_OK;
        }
    }
    return err_set(ec, ERR_INVALID, "%s: '%.*s' is not one of %s", g->where, SLICE_FMT(g->value),
                   row->shape);
}

typedef enum err set_fn(struct settings *s, const struct setting *row, const struct given *g,
                        struct errctx *ec);

static set_fn *const set_by_kind[] = {
    [SETTING_TEXT] = set_text,     [SETTING_LIST] = set_list,     [SETTING_FLAG] = set_flag,
    [SETTING_NUMBER] = set_number, [SETTING_CHOICE] = set_choice,
};

/*
 * Takes one given value. What a higher source has set stays, but the value is judged all the same:
 * a mistake shall not wait for the day when the flag is left out.
 */
static enum err apply(struct reader *r, const struct setting *row, const struct given *g,
                      struct errctx *ec)
{
    size_t index = (size_t)(row - settings_table);
    CHECK(index < settings_count && (size_t)row->kind < ARRAY_LEN(set_by_kind));
    if (slice_find(g->value, '\0') < g->value.len)
        return err_set(ec, ERR_INVALID, "%s: holds a NUL character", g->where);
    if (r->sources[index] > r->source) {
        struct settings scratch = {0};
        enum err err = set_by_kind[row->kind](&scratch, row, g, ec);
        arena_fini(&scratch.arena);
        return err;
    }
    if (r->sources[index] < r->source && row->kind == SETTING_LIST)
        *(struct settings_list *)field_of(&r->s, row) = (struct settings_list){0};
    r->sources[index] = r->source;
    return set_by_kind[row->kind](&r->s, row, g, ec);
}

/* args[*at] is a flag; its value may be the next argument, which *at then moves onto. */
static enum err read_flag(struct reader *r, const char *const *args, size_t count, size_t *at,
                          struct errctx *ec)
{
    struct slice arg = slice_str(args[*at]);
    if (!slice_starts_with(arg, SLICE_LIT("--")) || arg.len == 2)
        return err_set(ec, ERR_INVALID, "'%s' is not expected here", args[*at]);
    size_t equals = slice_find(arg, '=');
    struct slice name = slice_sub(arg, 2, equals - 2);
    AUTO_FREE char *where = mem_printf("--%.*s", SLICE_FMT(name));
    const struct setting *row = setting_find(name);
    if (row == NULL)
        return err_set(ec, ERR_INVALID, "%s: there is no such flag", where);

    struct given g = {.where = where};
    if (equals < arg.len) {
        g.value = slice_sub(arg, equals + 1, arg.len);
    } else if (row->kind == SETTING_FLAG) {
        g.value = SLICE_LIT("true");
    } else if (*at + 1 < count) {
        *at += 1;
        g.value = slice_str(args[*at]);
    } else {
        return err_set(ec, ERR_INVALID, "%s: needs a value", where);
    }
    return apply(r, row, &g, ec);
}

static enum err read_flags(struct reader *r, const char *const *args, size_t count,
                           struct errctx *ec)
{
    r->source = SOURCE_FLAG;
    for (size_t at = 0; at < count; at++) {
        enum err err = read_flag(r, args, count, &at, ec);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* "WEIR_LOG_FORMAT" for "log-format", in fresh memory. */
static char *environment_name(const char *name)
{
    char *variable = mem_printf("WEIR_%s", name);
    for (char *c = variable; *c != '\0'; c++) {
        if (*c == '-')
            *c = '_';
        else if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
    return variable;
}

/*
 * Looks for each setting's own variable. Unknown ones that begin with WEIR_ are passed over:
 * orchestrators make such variables of the name of a service.
 */
static enum err read_environment(struct reader *r, char *const *environ_, struct errctx *ec)
{
    r->source = SOURCE_ENVIRONMENT;
    for (size_t i = 0; i < settings_count; i++) {
        AUTO_FREE char *variable = environment_name(settings_table[i].name);
        size_t len = strlen(variable);
        for (size_t k = 0; environ_[k] != NULL; k++) {
            if (strncmp(environ_[k], variable, len) != 0 || environ_[k][len] != '=')
                continue;
            struct given g = {.value = slice_str(environ_[k] + len + 1), .where = variable};
            enum err err = apply(r, &settings_table[i], &g, ec);
            if (err != ERR_OK)
                return err;
            break; /* the first counts, as for getenv */
        }
    }
    return ERR_OK;
}

/* One line of weir.conf. `place` is "DIR/weir.conf:7". */
static enum err read_line(struct reader *r, struct slice line, const char *place, struct errctx *ec)
{
    if (slice_ends_with(line, SLICE_LIT("\r")))
        line.len--;
    line = slice_trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return ERR_OK;
    size_t equals = slice_find(line, '=');
    if (equals == line.len)
        return err_set(ec, ERR_INVALID, "%s: a line is 'name = value'", place);
    struct slice name = slice_trim(slice_sub(line, 0, equals));
    AUTO_FREE char *where = mem_printf("%s: %.*s", place, SLICE_FMT(name));
    const struct setting *row = setting_find(name);
    if (row == NULL)
        return err_set(ec, ERR_INVALID, "%s: there is no such setting", where);
    if (row->offset == offsetof(struct settings, data))
        return err_set(ec, ERR_INVALID,
                       "%s: is set by --data or WEIR_DATA only, it says where "
                       "this file is",
                       where);
    struct given g = {.value = slice_trim(slice_sub(line, equals + 1, line.len)), .where = where};
    return apply(r, row, &g, ec);
}

static enum err read_lines(struct reader *r, struct slice text, const char *path, struct errctx *ec)
{
    struct slice rest = text;
    struct slice line;
    for (size_t number = 1; slice_split(&rest, '\n', &line); number++) {
        AUTO_FREE char *place = mem_printf("%s:%zu", path, number);
        enum err err = read_line(r, line, place, ec);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* A missing file is an empty one. */
static enum err read_file(struct reader *r, struct errctx *ec)
{
    r->source = SOURCE_FILE;
    AUTO_FREE char *path = mem_printf("%s/weir.conf", r->s.data);
    FILE *file = fopen(path, "re");
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
        return ERR_OK;
    if (file == NULL) {
        (void)err_errno(ec, "%s", path);
        return err_set(ec, ERR_IO, "%s: cannot be opened", path);
    }
    AUTO_FREE char *text = mem_alloc(SETTINGS_FILE_MAX_BYTES);
    size_t len = fread(text, 1, SETTINGS_FILE_MAX_BYTES, file);
    bool has_failed = ferror(file) != 0;
    (void)fclose(file);
    if (has_failed)
        return err_set(ec, ERR_IO, "%s: cannot be read", path);
    if (len == SETTINGS_FILE_MAX_BYTES)
        return err_set(ec, ERR_INVALID, "%s: is not below %zu bytes", path,
                       SETTINGS_FILE_MAX_BYTES);
    return read_lines(r, slice_of(text, len), path, ec);
}

/* What no source has given. Every fallback is valid, or the table is wrong. */
static void apply_fallback(struct reader *r, const struct setting *row)
{
    size_t index = (size_t)(row - settings_table);
    r->source = SOURCE_FALLBACK;
    if (r->sources[index] != SOURCE_NONE)
        return;
    if (row->kind == SETTING_NUMBER) {
        CHECK(row->fallback_number >= row->min && row->fallback_number <= row->max);
        *(uint64_t *)field_of(&r->s, row) = row->fallback_number;
    } else if (row->fallback != NULL) {
        struct errctx ec = {0};
        struct given g = {.value = slice_str(row->fallback), .where = row->name};
        enum err err = apply(r, row, &g, &ec);
        CHECK_MSG(err == ERR_OK, "default of %s", ec.text);
    }
    r->sources[index] = SOURCE_FALLBACK;
}

enum err settings_load(struct settings *out_settings, const char *const *args, size_t count,
                       char *const *environ_, struct errctx *ec)
{
    AUTO_FREE enum source *sources = mem_new(settings_count, sizeof(*sources));
    struct reader r = {.sources = sources};
    arena_init(&r.s.arena);

    enum err err = read_flags(&r, args, count, ec);
    if (err == ERR_OK)
        err = read_environment(&r, environ_, ec);
    if (err == ERR_OK) {
        apply_fallback(&r, setting_find(SLICE_LIT("data")));
        err = read_file(&r, ec);
    }
    if (err != ERR_OK) {
        arena_fini(&r.s.arena);
        return err;
    }
    for (size_t i = 0; i < settings_count; i++)
        apply_fallback(&r, &settings_table[i]);
    *out_settings = r.s;
    return ERR_OK;
}

void settings_fini(struct settings *s)
{
    arena_fini(&s->arena);
    *s = (struct settings){0};
}
