// SPDX-License-Identifier: Apache-2.0
// Calls of the zone commands. Called on their only thread, which they block.
#include "tool/zone_remote.h"

#include "base/time.h"
#include "tool/limits.h"
#include "tool/route53.h"

#include <string.h>
#include <time.h>

#define ID_PREFIX "/hostedzone/"
#define ID_MAX_CHARACTERS 32

static void pause_for(int64_t ns)
{
    nanosleep(&(struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S}, NULL);
}

static const char *bare_id(const char *word)
{
    size_t len = strlen(ID_PREFIX);
    return strncmp(word, ID_PREFIX, len) == 0 ? word + len : word;
}

static bool is_id(const char *word)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const char *id = bare_id(word);
    size_t len = strlen(id);
    return id[0] == 'Z' && len > 1 && len <= ID_MAX_CHARACTERS && strspn(id, letters) == len;
}

static enum err find_by_id(const struct tool_client *c, struct arena *a, const char *id,
                           struct zone_remote *out, struct errctx *ec)
{
    struct r53_get_hosted_zone_response response;
    enum err e = tool_route53_get_zone(c, a, id, &response, ec);
    if (e == ERR_OK)
        e = dns_name_parse(slice_str(response.hosted_zone->name), &out->apex, ec);
    if (e == ERR_OK)
        out->id = response.hosted_zone->id;
    return e;
}

/* Zones of one name follow each other in the listing, which starts at the name. */
static enum err find_by_name(const struct tool_client *c, struct arena *a, const char *name,
                             struct zone_remote *out, struct errctx *ec)
{
    struct r53_list_hosted_zones_by_name_response response;
    char text[DNS_NAME_TEXT_SIZE];
    enum err e = dns_name_parse(slice_str(name), &out->apex, ec);
    if (e != ERR_OK)
        return e;
    dns_name_format(dns_name_slice(&out->apex), text);
    e = tool_route53_zones(c, a, text, &response, ec);
    if (e != ERR_OK)
        return e;
    size_t count = 0;
    for (size_t i = 0; i < response.hosted_zones_count; i++) {
        if (strcmp(response.hosted_zones[i].name, text) != 0)
            continue;
        out->id = response.hosted_zones[i].id;
        count++;
    }
    if (count > 1)
        return err_set(ec, ERR_CONFLICT, "%zu zones are called %s: name one by its id", count,
                       text);
    return ERR_OK;
}

enum err zone_remote_find(const struct tool_client *c, struct arena *a, const char *word,
                          struct zone_remote *out, struct errctx *ec)
{
    struct zone_remote zone = {0};
    enum err e = is_id(word) ? find_by_id(c, a, bare_id(word), &zone, ec)
                             : find_by_name(c, a, word, &zone, ec);
    if (e == ERR_OK)
        *out = zone;
    return e;
}

enum err zone_remote_get(const struct tool_client *c, struct arena *a, const char *word,
                         struct zone_remote *out, struct errctx *ec)
{
    struct zone_remote zone;
    enum err e = zone_remote_find(c, a, word, &zone, ec);
    if (e == ERR_OK && zone.id == NULL)
        e = err_set(ec, ERR_NOT_FOUND, "there is no zone '%s'", word);
    if (e == ERR_OK)
        *out = zone;
    return e;
}

enum err zone_remote_create(const struct tool_client *c, struct arena *a, struct zone_remote *zone,
                            struct errctx *ec)
{
    char name[DNS_NAME_TEXT_SIZE];
    dns_name_format(dns_name_slice(&zone->apex), name);
    struct r53_create_hosted_zone_request request = {
        .name = name,
        .caller_reference = arena_printf(a, "weir-zone-import-%lld", (long long)time_unix_ms())};
    struct r53_create_hosted_zone_response response;
    enum err e = tool_route53_create_zone(c, a, &request, &response, ec);
    if (e == ERR_OK)
        zone->id = response.hosted_zone->id;
    return e;
}

/* Adds the sets of a page to the list, whose room doubles. */
static enum err add_page(struct arena *a, const struct r53_list_record_sets_response *page,
                         struct zone_sets *sets, size_t *room, struct errctx *ec)
{
    if (sets->count + page->resource_record_sets_count > *room) {
        size_t wanted = 2 * *room + page->resource_record_sets_count;
        struct zone_set *items = arena_array(a, wanted, sizeof(*items));
        if (sets->count > 0)
            memcpy(items, sets->items, sets->count * sizeof(*items));
        sets->items = items;
        *room = wanted;
    }
    for (size_t i = 0; i < page->resource_record_sets_count; i++) {
        enum err e =
            zone_set_of_listed(a, &page->resource_record_sets[i], &sets->items[sets->count], ec);
        if (e != ERR_OK)
            return e;
        sets->count++;
    }
    return ERR_OK;
}

enum err zone_remote_list(const struct tool_client *c, struct arena *a,
                          const struct zone_remote *zone, struct zone_sets *out, struct errctx *ec)
{
    struct zone_sets sets = {0};
    size_t room = 0;
    struct r53_list_record_sets_response page = {.is_truncated = true};
    while (page.is_truncated) {
        struct tool_route53_from from = {.name = page.next_record_name,
                                         .type = page.next_record_type,
                                         .identifier = page.next_record_identifier};
        enum err e = tool_route53_list_sets(c, a, zone->id, &from, &page, ec);
        if (e == ERR_OK && page.is_truncated && page.resource_record_sets_count == 0)
            e = err_set(ec, ERR_CORRUPT, "a page without record sets");
        if (e == ERR_OK)
            e = add_page(a, &page, &sets, &room, ec);
        if (e != ERR_OK)
            return e;
    }
    zone_sets_sort(&sets);
    *out = sets;
    return ERR_OK;
}

/* Codes with which the API asks for patience. */
static bool is_too_soon(const struct errctx *ec)
{
    static const char *const codes[] = {"Throttling", "PriorRequestNotComplete"};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (strncmp(ec->text, codes[i], strlen(codes[i])) == 0)
            return true;
    return false;
}

enum err zone_remote_change(const struct tool_client *c, struct arena *a,
                            const struct zone_remote *zone, struct r53_change_batch *batch,
                            const char **out_change_id, struct errctx *ec)
{
    const struct r53_change_record_sets_request request = {.hosted_zone_id = zone->id,
                                                           .change_batch = batch};
    for (unsigned tries = 0;; tries++) {
        struct r53_change_record_sets_response response;
        enum err e = tool_route53_change(c, a, &request, &response, ec);
        if (e == ERR_OK)
            *out_change_id = response.change_info->id;
        if (e == ERR_OK || tries == TOOL_ZONE_RETRIES_MAX || !is_too_soon(ec))
            return e;
        pause_for(TOOL_ZONE_RETRY_NS);
    }
}

enum err zone_remote_wait(const struct tool_client *c, const char *change_id, struct errctx *ec)
{
    int64_t deadline_ns = time_monotonic_ns() + TOOL_ZONE_INSYNC_NS;
    for (;;) {
        AUTO_ARENA struct arena a = {0};
        struct r53_get_change_response change;
        enum err e = tool_route53_get_change(c, &a, change_id, &change, ec);
        if (e != ERR_OK || change.change_info->status == R53_INSYNC)
            return e;
        if (time_monotonic_ns() >= deadline_ns)
            return err_set(ec, ERR_TIMEOUT, "change %s is not INSYNC after %d s%s%s", change_id,
                           (int)(TOOL_ZONE_INSYNC_NS / NS_PER_S),
                           change.change_info->comment != NULL ? ": " : "",
                           change.change_info->comment != NULL ? change.change_info->comment : "");
        pause_for(TOOL_ZONE_POLL_NS);
    }
}
