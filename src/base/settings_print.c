// SPDX-License-Identifier: Apache-2.0
// The settings table as --help text and as a section of the man page. Called by the command line
// and by the build of the documentation.
#include "base/alloc.h"
#include "base/limits.h"
#include "base/settings_table_priv.h"

/* The default in fresh memory, or NULL where a setting has none. */
static char *fallback_words(const struct setting *row)
{
    if (row->kind == SETTING_NUMBER)
        return mem_printf("%ju", (uintmax_t)row->fallback_number);
    return row->fallback == NULL ? NULL : mem_strdup(row->fallback);
}

/* "1 to 64 threads" in fresh memory, or NULL where the setting is no number. */
static char *range_words(const struct setting *row)
{
    if (row->kind != SETTING_NUMBER)
        return NULL;
    return mem_printf("%ju to %ju %s", (uintmax_t)row->min, (uintmax_t)row->max, row->shape);
}

/* What stands for the value behind the flag. */
static const char *metavar(const struct setting *row)
{
    return row->kind == SETTING_NUMBER ? "N" : row->shape;
}

/* Prints words with line breaks, `column` being where the line stands at first. */
static void print_wrapped(FILE *out, const char *text, int column)
{
    struct slice rest = slice_str(text);
    struct slice word;
    while (slice_split(&rest, ' ', &word)) {
        if (column > SETTINGS_HELP_INDENT && column + 1 + (int)word.len > SETTINGS_HELP_WIDTH) {
            (void)fprintf(out, "\n%*s", SETTINGS_HELP_INDENT, "");
            column = SETTINGS_HELP_INDENT;
        }
        const char *gap = column > SETTINGS_HELP_INDENT ? " " : "";
        column += fprintf(out, "%s%.*s", gap, SLICE_FMT(word));
    }
    (void)fputc('\n', out);
}

void settings_print_help(FILE *out)
{
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *row = &settings_table[i];
        int column = row->kind == SETTING_FLAG ? fprintf(out, "  --%s", row->name)
                                               : fprintf(out, "  --%s %s", row->name, metavar(row));
        if (column >= SETTINGS_HELP_INDENT) {
            (void)fputc('\n', out);
            column = 0;
        }
        (void)fprintf(out, "%*s", SETTINGS_HELP_INDENT - column, "");

        AUTO_FREE char *range = range_words(row);
        AUTO_FREE char *fallback = fallback_words(row);
        AUTO_FREE char *text = mem_printf(
            "%s%s%s%s%s%s%s", row->prose, range == NULL ? "" : " From ", range == NULL ? "" : range,
            range == NULL ? "" : ".", fallback == NULL ? "" : " [",
            fallback == NULL ? "" : fallback, fallback == NULL ? "" : "]");
        print_wrapped(out, text, SETTINGS_HELP_INDENT);
    }
}

/* Text of the table in mdoc: a backslash begins an escape, a dot or quote in front a request. */
static void print_mdoc(FILE *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        (void)fputs("\\&", out);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\')
            (void)fputs("\\e", out);
        else
            (void)fputc(*c, out);
    }
}

void settings_print_man(FILE *out)
{
    (void)fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *row = &settings_table[i];
        (void)fprintf(out, ".It Fl -%s", row->name);
        if (row->kind != SETTING_FLAG) {
            (void)fputs(" Ar ", out);
            print_mdoc(out, metavar(row));
        }
        (void)fputc('\n', out);
        print_mdoc(out, row->prose);
        (void)fputc('\n', out);

        AUTO_FREE char *range = range_words(row);
        AUTO_FREE char *fallback = fallback_words(row);
        if (range != NULL)
            (void)fprintf(out, "From %s.\n", range);
        if (fallback != NULL) {
            (void)fputs("The default is\n.Ql ", out);
            print_mdoc(out, fallback);
            (void)fputs(" .\n", out);
        }
    }
    (void)fputs(".El\n", out);
}
