// SPDX-License-Identifier: Apache-2.0
// `weir status`: what the node on this machine does. Called by cmd on the main thread.
#include "tool/status.h"

#include "base/buf.h"
#include "tool/options.h"
#include "tool/ready.h"
#include "tool/table.h"
#include "tool/tool.h"

#include <stdlib.h>

#define USAGE "usage: weir status [--data DIR] [--json]"

/* Asks the admin address that DIR/ready.json names for a page. */
static enum err get_page(struct arena *a, const char *data_dir, const char *path,
                         struct http_answer *out_answer, struct errctx *ec)
{
    struct tool_ready ready;
    enum err e = tool_ready_read(a, data_dir, &ready, ec);
    if (e != ERR_OK)
        return e;
    if (ready.admin == NULL)
        return err_set(ec, ERR_UNAVAILABLE, "the node of '%s' has no admin address", data_dir);
    return tool_get(a, ready.admin, path, out_answer, ec);
}

enum err tool_status_fetch(struct arena *a, const char *data_dir, json_t **out_status,
                           struct errctx *ec)
{
    struct http_answer answer = {0};
    enum err e = get_page(a, data_dir, "/status", &answer, ec);
    if (e != ERR_OK)
        return e;
    json_t *status = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
    if (answer.status != 200 || !json_is_object(status)) {
        json_decref(status);
        return err_set(ec, ERR_CORRUPT, "/status answered %u and no JSON object", answer.status);
    }
    *out_status = status;
    return ERR_OK;
}

static long long number_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *yes_at(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key)) ? "yes" : "no";
}

/** What the node does besides serving, in a few words; "" for nothing. */
static const char *activity(struct arena *a, const json_t *status)
{
    static const char *const keys[] = {"fetching", "trying", "draining", "in_wave", "bad_pin"};
    static const char *const words[] = {"fetching", "trying", "draining", "in the wave",
                                        "pin unreadable"};
    AUTO_BUF struct buf out = {0};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (json_is_true(json_object_get(status, keys[i])))
            buf_printf(&out, "%s%s", buf_len(&out) > 0 ? ", " : "", words[i]);
    }
    return arena_str(a, buf_slice(&out));
}

/** What this node makes of the votes about health checks; "" where there is nothing. */
static const char *checks_line(struct arena *a, const json_t *status)
{
    const json_t *checks = json_object_get(status, "checks");
    long long outliers = number_at(checks, "outliers");
    if (number_at(checks, "count") + number_at(checks, "checkers") == 0)
        return "";
    const char *alone = outliers > 0 ? arena_printf(a, "; %lld against all others", outliers) : "";
    return arena_printf(
        a, "%lld health checks, %lld unhealthy, %lld frozen; %lld of %lld checkers heard%s",
        number_at(checks, "count"), number_at(checks, "unhealthy"), number_at(checks, "frozen"),
        number_at(checks, "checkers_fresh"), number_at(checks, "checkers"), alone);
}

static void print_facts(struct arena *a, const json_t *status, const char *health, FILE *out)
{
    const char *rejected = tool_text_at(status, "rejected");
    const char *reason = tool_text_at(status, "rejected_reason");
    const char *const rows[][2] = {
        {"node", tool_text_at(status, "node")},
        {"version", tool_text_at(status, "version")},
        {"health", health},
        {"doing", activity(a, status)},
        {"release", arena_printf(a, "epoch %lld, sequence %lld", number_at(status, "epoch"),
                                 number_at(status, "sequence"))},
        {"checks", checks_line(a, status)},
        {"serving", tool_text_at(status, "serving")},
        {"applied", tool_text_at(status, "applied")},
        {"proven", tool_text_at(status, "proven")},
        {"pinned", tool_text_at(status, "pin")},
        {"disk", tool_text_at(status, "disk_reason")},
        {"rejected", rejected[0] != '\0' ? arena_printf(a, "%s: %s", rejected, reason) : ""},
    };
    AUTO_TABLE struct tool_table table;
    tool_table_init(&table, NULL, 2);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        tool_table_add(&table, rows[i]);
    tool_table_print(&table, out);
}

static void print_roles(struct arena *a, const json_t *status, FILE *out)
{
    static const char *const titles[] = {"ROLE", "RUNNING", "READY", "PID"};
    const json_t *role = NULL;
    size_t i = 0;
    AUTO_TABLE struct tool_table table;
    tool_table_init(&table, titles, ARRAY_LEN(titles));
    json_array_foreach(json_object_get(status, "roles"), i, role)
    {
        const char *const cells[] = {tool_text_at(role, "name"), yes_at(role, "running"),
                                     yes_at(role, "ready"),
                                     arena_printf(a, "%lld", number_at(role, "pid"))};
        tool_table_add(&table, cells);
    }
    tool_table_print(&table, out);
}

static void print_feeds(const json_t *status, FILE *out)
{
    static const char *const titles[] = {"FEED", "KIND", "UP", "REASON"};
    const json_t *feeds = json_object_get(status, "feeds");
    const json_t *feed = NULL;
    size_t i = 0;
    if (json_array_size(feeds) == 0)
        return;
    AUTO_TABLE struct tool_table table;
    tool_table_init(&table, titles, ARRAY_LEN(titles));
    json_array_foreach(feeds, i, feed)
    {
        const char *const cells[] = {tool_text_at(feed, "url"), tool_text_at(feed, "kind"),
                                     yes_at(feed, "up"), tool_text_at(feed, "reason")};
        tool_table_add(&table, cells);
    }
    (void)fputc('\n', out);
    tool_table_print(&table, out);
}

void tool_status_print(const json_t *status, const char *health, FILE *out)
{
    AUTO_ARENA struct arena a = {0};
    print_facts(&a, status, health, out);
    (void)fputc('\n', out);
    print_roles(&a, status, out);
    print_feeds(status, out);
}

/** /healthz on one line: "ok", or what is wrong. */
static const char *health_line(struct arena *a, struct slice page)
{
    AUTO_BUF struct buf out = {0};
    struct slice line;
    while (slice_split(&page, '\n', &line)) {
        if (line.len > 0)
            buf_printf(&out, "%s%.*s", buf_len(&out) > 0 ? "; " : "", SLICE_FMT(line));
    }
    return arena_str(a, buf_slice(&out));
}

static enum err run_status(const struct tool_options *o, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct http_answer page = {0};
    if (o->is_json) {
        enum err e = get_page(&a, o->data_dir, "/status", &page, ec);
        if (e == ERR_OK)
            (void)fwrite(page.body.data, 1, page.body.len, stdout);
        return e;
    }
    AUTO_JSON json_t *status = NULL;
    enum err e = get_page(&a, o->data_dir, "/healthz", &page, ec);
    if (e == ERR_OK)
        e = tool_status_fetch(&a, o->data_dir, &status, ec);
    if (e == ERR_OK)
        tool_status_print(status, health_line(&a, page.body), stdout);
    return e;
}

int tool_status(int argc, char **argv)
{
    struct tool_options options;
    struct errctx ec = {0};
    if (argc > 0 && strcmp(argv[0], "--help") == 0) {
        puts(USAGE);
        return EXIT_SUCCESS;
    }
    enum err e = tool_options_parse(argc, argv, TOOL_OPTION_JSON, &options, &ec);
    if (e == ERR_OK && options.word_count != 0)
        e = err_set(&ec, ERR_INVALID, USAGE);
    if (e == ERR_OK)
        e = run_status(&options, &ec);
    if (e == ERR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "weir status: %s\n", ec.text);
    return EXIT_FAILURE;
}
