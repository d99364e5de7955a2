// SPDX-License-Identifier: Apache-2.0
// `weir zone import`: a master file into a hosted zone, in stages: file -> sets; zone -> sets; the
// plan of all changes; then batch after batch. What an import that was interrupted did is what the
// next one finds as it should be, so that it does the rest. Called by cmd on the main thread.
#include "os/file.h"
#include "tool/progress.h"
#include "tool/zone.h"
#include "tool/zone_batch.h"
#include "tool/zone_remote.h"

#include <string.h>
#include <unistd.h>

/* An import under way. */
struct import {
    struct arena *arena;
    const struct tool_options *options;
    const char *path;
    struct zone_listener listener;
    struct tool_client client;
    struct zone_remote zone;
    struct zone_sets file;
    struct zone_sets present;
    struct zone_plan plan;
    size_t done_records;
};

/* Control bytes of a file do not steer the terminal. */
static void say(void *user, unsigned line, const char *text)
{
    const struct import *im = user;
    char safe[512];
    size_t len = 0;
    for (; text[len] != '\0' && len + 1 < sizeof(safe); len++)
        safe[len] = text[len] >= ' ' && text[len] <= '~' ? text[len] : '?';
    safe[len] = '\0';
    if (line > 0)
        fprintf(stderr, "%s:%u: %s\n", im->path, line, safe);
    else
        fprintf(stderr, "%s: %s\n", im->path, safe);
}

/* Without --zone the zone is the one whose SOA the file holds. */
static enum err zone_of_file(struct import *im, struct errctx *ec)
{
    char name[DNS_NAME_TEXT_SIZE];
    const struct zone_set *soa = NULL;
    for (size_t i = 0; i < im->file.count; i++)
        if (im->file.items[i].type == DNS_TYPE_SOA)
            soa = &im->file.items[i];
    if (soa == NULL || soa->owner.len == 1)
        return err_set(ec, ERR_INVALID,
                       "the file does not say which zone it is, by an SOA with a whole name: give "
                       "--zone");
    dns_name_format(soa->owner, name);
    return zone_remote_find(&im->client, im->arena, name, &im->zone, ec);
}

static enum err read_file(struct import *im, struct errctx *ec)
{
    struct slice text;
    struct zone_text read = {0};
    const char *word = im->options->zone;
    const struct dns_name *origin = word != NULL ? &im->zone.apex : NULL;
    enum err e = ERR_OK;
    if (word != NULL)
        e = zone_remote_find(&im->client, im->arena, word, &im->zone, ec);
    if (e == ERR_OK)
        e = file_read(im->arena, im->path, TOOL_ZONE_TEXT_MAX_BYTES, &text, ec);
    if (e == ERR_OK)
        e = zone_text_read(im->arena, text, origin, &im->listener, &read, ec);
    im->file = read.sets;
    if (read.signing_count > 0)
        fprintf(
            stderr,
            "%s: %u records of the zone's own signing (RRSIG, NSEC, DNSKEY, ...) are left out\n",
            im->path, read.signing_count);
    if (e == ERR_OK && word == NULL)
        e = zone_of_file(im, ec);
    return e;
}

/* What is in the zone now (of one that is to be created, nothing), and what would change. */
static enum err make_plan(struct import *im, struct errctx *ec)
{
    const struct zone_plan_options how = {
        .apex = dns_name_slice(&im->zone.apex),
        .is_replacing = im->options->is_replacing,
        .is_replacing_apex = im->options->is_replacing_apex,
        .listener = im->listener,
    };
    enum err e = ERR_OK;
    if (im->zone.id != NULL)
        e = zone_remote_list(&im->client, im->arena, &im->zone, &im->present, ec);
    return e == ERR_OK ? zone_plan_make(im->arena, &how, &im->file, &im->present, &im->plan, ec)
                       : e;
}

/* Creates the zone where there is none, once the plan is known to fit, and plans with what it has
 * from the start. */
static enum err provide_zone(struct import *im, struct errctx *ec)
{
    char name[DNS_NAME_TEXT_SIZE];
    if (im->zone.id != NULL || im->options->is_dry_run)
        return ERR_OK;
    enum err e = zone_remote_create(&im->client, im->arena, &im->zone, ec);
    if (e != ERR_OK)
        return e;
    dns_name_format(dns_name_slice(&im->zone.apex), name);
    printf("created zone %s of %s\n", im->zone.id, name);
    return make_plan(im, ec);
}

static void print_plan(struct import *im)
{
    const struct zone_plan *plan = &im->plan;
    if (im->options->is_dry_run || im->options->is_diff) {
        AUTO_BUF struct buf text = {0};
        zone_plan_print(im->arena, plan, &text);
        (void)fwrite(buf_slice(&text).data, 1, buf_len(&text), stdout);
    }
    printf("%zu to create, %zu to change, %zu to delete, %zu as they should be, %zu aliases and "
           "policies kept\n",
           plan->action_counts[ZONE_CREATE], plan->action_counts[ZONE_CHANGE],
           plan->action_counts[ZONE_DELETE], plan->same_count, plan->kept_count);
    if (plan->kept_apex_count > 0)
        printf("the zone keeps its own SOA and NS; --replace-apex takes those of the file\n");
    (void)fflush(stdout);
}

static size_t records_of(const struct zone_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += plan->steps[i].after != NULL ? plan->steps[i].after->rdata_count
                                              : plan->steps[i].before->rdata_count;
    return count;
}

/* Sends batch after batch; the ids of the changes, of which each must be waited for. */
static enum err send_batches(struct import *im, struct tool_progress *progress, const char **ids,
                             size_t *out_count, struct errctx *ec)
{
    size_t at = 0;
    for (;;) {
        AUTO_ARENA struct arena a = {0};
        struct r53_change_batch batch;
        size_t records;
        const char *id;
        if (!zone_batch_next(&a, &im->plan, &at, "weir zone import", &batch, &records))
            return ERR_OK;
        enum err e = zone_remote_change(&im->client, &a, &im->zone, &batch, &id, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "after %zu records (a second import does the rest)",
                            im->done_records);
        ids[(*out_count)++] = arena_strdup(im->arena, id);
        im->done_records += records;
        tool_progress_show(progress, im->done_records, time_monotonic_ns());
    }
}

static enum err apply(struct import *im, struct errctx *ec)
{
    struct tool_progress progress;
    size_t count = 0;
    const char **ids = arena_array(im->arena, im->plan.count, sizeof(*ids));
    tool_progress_start(&progress, stderr, isatty(STDERR_FILENO) == 1, "records",
                        records_of(&im->plan), time_monotonic_ns());
    enum err e = send_batches(im, &progress, ids, &count, ec);
    tool_progress_end(&progress);
    if (e != ERR_OK)
        return e;
    int64_t now_ns = time_monotonic_ns();
    printf("%zu records in %zu change%s, %.1f s, %zu records/s\n", im->done_records, count,
           count == 1 ? "" : "s", (double)(now_ns - progress.start_ns) / (double)NS_PER_S,
           tool_progress_rate(&progress, im->done_records, now_ns));
    (void)fflush(stdout);
    for (size_t i = 0; e == ERR_OK && im->options->is_waiting && i < count; i++)
        e = zone_remote_wait(&im->client, ids[i], ec);
    if (e == ERR_OK && im->options->is_waiting)
        printf("INSYNC\n");
    return e;
}

static enum err run_import(struct import *im, struct errctx *ec)
{
    enum err e = read_file(im, ec);
    if (e == ERR_OK && im->zone.id == NULL && !im->options->is_creating) {
        char name[DNS_NAME_TEXT_SIZE];
        dns_name_format(dns_name_slice(&im->zone.apex), name);
        e = err_set(ec, ERR_NOT_FOUND, "there is no zone %s; --create makes it", name);
    }
    if (e == ERR_OK)
        e = make_plan(im, ec);
    if (e == ERR_OK)
        e = provide_zone(im, ec);
    if (e != ERR_OK)
        return e;
    print_plan(im);
    if (im->plan.count == 0)
        return ERR_OK;
    if (im->options->is_dry_run) {
        *im->options->exit_status = ZONE_EXIT_DIFFERS;
        return ERR_OK;
    }
    return apply(im, ec);
}

enum err zone_run_import(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct import im = {.arena = &a, .options = o, .path = o->words[1]};
    const struct tool_client_options where = {.data_dir = o->data_dir, .endpoint = o->endpoint};
    (void)verb;
    im.listener = (struct zone_listener){.say = say, .user = &im};
    enum err e = tool_client_open(&a, &where, &im.client, ec);
    if (e == ERR_OK)
        e = run_import(&im, ec);
    tool_client_close(&im.client);
    return e;
}
