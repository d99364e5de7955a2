// SPDX-License-Identifier: Apache-2.0
// `weir zone transfer`: who may take a zone by AXFR and IXFR, and who is told of its changes.
// Called by cmd on the main thread.
#include "net/address.h"
#include "tool/json.h"
#include "tool/zone.h"
#include "tool/zone_remote.h"

#include <stdio.h>

#define NOTIFY_PORT 53

/** The texts as a JSON list. NULL where one is no text that JSON can hold. */
static json_t *texts_json(const struct tool_values *values)
{
    json_t *list = json_array();
    for (size_t i = 0; i < values->count; i++) {
        if (json_array_append_new(list, json_string(values->items[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/** "ADDR" or "ADDR:PORT", IPv6 with a port in brackets; signed by the first key, if there is one.
 */
static enum err add_target(const char *text, const char *key, json_t *list, struct errctx *ec)
{
    struct net_address address;
    char ip[NET_ADDRESS_TEXT_SIZE];
    if (net_address_parse_ip(slice_str(text), &address))
        net_address_set_port(&address, NOTIFY_PORT);
    else if (net_address_parse(slice_str(text), &address, ec) != ERR_OK)
        return err_wrap(ec, "--notify");
    net_address_format_ip(&address, ip);
    json_t *target = json_pack("{s:s, s:i, s:s*}", "Address", ip, "Port",
                               (int)net_address_port(&address), "Key", key);
    if (target == NULL)
        return err_set(ec, ERR_INVALID, "names of keys are plain text");
    json_array_append_new(list, target);
    return ERR_OK;
}

/** The settings that the options say; null for --off. */
static enum err settings_of(const struct tool_options *o, json_t **out, struct errctx *ec)
{
    if (o->is_off) {
        *out = json_null();
        return ERR_OK;
    }
    AUTO_JSON json_t *notify = json_array();
    const char *key = o->keys.count > 0 ? o->keys.items[0] : NULL;
    for (size_t i = 0; i < o->notify.count; i++) {
        enum err e = add_target(o->notify.items[i], key, notify, ec);
        if (e != ERR_OK)
            return e;
    }
    *out = json_pack("{s:o, s:o, s:O, s:b}", "Keys", texts_json(&o->keys), "Prefixes",
                     texts_json(&o->networks), "Notify", notify, "Flatten", (int)o->is_flattening);
    return *out != NULL ? ERR_OK : err_set(ec, ERR_INVALID, "keys and networks are plain text");
}

static void print_targets(const json_t *notify)
{
    size_t index;
    const json_t *target;
    json_array_foreach(notify, index, target)
    {
        const char *key = tool_text_at(target, "Key");
        printf("  is told: %s port %lld%s%s\n", tool_text_at(target, "Address"),
               (long long)json_integer_value(json_object_get(target, "Port")),
               key[0] == '\0' ? "" : ", signed by ", key);
    }
}

static void print_settings(struct arena *a, const char *zone, const json_t *transfer)
{
    if (!json_is_object(transfer)) {
        printf("%s is not transferred to anyone\n", zone);
        return;
    }
    const char *keys = tool_joined(a, json_object_get(transfer, "Keys"));
    const char *prefixes = tool_joined(a, json_object_get(transfer, "Prefixes"));
    printf("%s may be transferred\n", zone);
    printf("  to networks: %s\n", prefixes[0] == '\0' ? "all" : prefixes);
    printf("  by keys: %s\n", keys[0] == '\0' ? "none is asked for" : keys);
    print_targets(json_object_get(transfer, "Notify"));
    if (json_is_true(json_object_get(transfer, "Flatten")))
        printf("  sets with a policy: by their default branch\n");
}

static bool is_setting(const struct tool_options *o)
{
    return o->is_off || o->is_flattening || o->keys.count + o->networks.count + o->notify.count > 0;
}

static enum err call(const struct tool_client *client, struct arena *a,
                     const struct tool_options *o, const char *zone_id, struct errctx *ec)
{
    AUTO_JSON json_t *input = json_pack("{s:s}", "Id", zone_id);
    AUTO_JSON json_t *output = NULL;
    if (is_setting(o)) {
        json_t *transfer = NULL;
        enum err e = settings_of(o, &transfer, ec);
        if (e != ERR_OK)
            return e;
        json_object_set_new(input, "Transfer", transfer);
    }
    enum err e = tool_weir_call(client, a, is_setting(o) ? "SetZoneTransfer" : "GetZoneTransfer",
                                input, &output, ec);
    if (e != ERR_OK)
        return e;
    print_settings(a, o->words[1], json_object_get(output, "Transfer"));
    const char *change = tool_text_at(json_object_get(output, "ChangeInfo"), "Id");
    if (change[0] != '\0')
        printf("change %s is INSYNC once every node knows\n", change);
    return ERR_OK;
}

enum err zone_run_transfer(const struct tool_verb *verb, const struct tool_options *o,
                           struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_CLIENT struct tool_client client = {0};
    const struct tool_client_options where = {.data_dir = o->data_dir, .endpoint = o->endpoint};
    struct zone_remote zone;
    (void)verb;
    enum err e = tool_client_open(&a, &where, &client, ec);
    if (e == ERR_OK)
        e = zone_remote_get(&client, &a, o->words[1], &zone, ec);
    return e == ERR_OK ? call(&client, &a, o, zone.id, ec) : e;
}
