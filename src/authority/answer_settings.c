// SPDX-License-Identifier: Apache-2.0
// Settings of answers. Runs at the start of the role's process.
#include "authority/answer_settings.h"

#include "authority/limits.h"
#include "authority/service.h"
#include "base/alloc.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* One character string of TXT. */
static struct slice txt_of(struct arena *a, struct slice text)
{
    size_t len = min_size(text.len, UINT8_MAX);
    uint8_t *wire = arena_alloc(a, 1 + len);
    wire[0] = (uint8_t)len;
    memcpy(wire + 1, text.data, len);
    return slice_of(wire, 1 + len);
}

/* The name that the server gives itself: the one of NSID, else the machine's. */
static struct slice host_of(const struct answer_settings *s, char *buffer, size_t size)
{
    if (s->nsid.len > 0)
        return s->nsid;
    if (gethostname(buffer, size) != 0)
        return SLICE_LIT("unknown");
    buffer[size - 1] = '\0';
    return slice_str(buffer);
}

/* Networks as they are gathered. */
struct network_list {
    struct net_table_entry *entries;
    size_t count;
};

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. IPv6 is told apart up to /64. */
static bool parse_network(struct slice text, struct net_key *out)
{
    struct net_address address;
    size_t slash = slice_find(text, '/');
    if (!net_address_parse_ip(slice_sub(text, 0, slash), &address))
        return false;
    struct view_address ip;
    view_address_of(&address, &ip);
    uint64_t length = 8UL * ip.len;
    if (slash < text.len && !slice_parse_u64(slice_sub(text, slash + 1, text.len), length, &length))
        return false;
    *out = net_key_of(ip.bytes, ip.len, (unsigned)length);
    return true;
}

static enum err add_networks(struct network_list *list, const struct settings_list *texts,
                             uint32_t value, const char *setting, struct errctx *ec)
{
    if (texts->count > CLIENT_NETWORKS_MAX - list->count)
        return err_set(ec, ERR_INVALID, "%s: too many networks", setting);
    list->entries =
        mem_resize(list->entries, list->count + texts->count + 1, sizeof(*list->entries));
    for (size_t i = 0; i < texts->count; i++) {
        struct net_table_entry *entry = &list->entries[list->count];
        entry->value = value;
        if (!parse_network(slice_str(texts->items[i]), &entry->network))
            return err_set(ec, ERR_INVALID, "%s: '%s' is no network", setting, texts->items[i]);
        list->count++;
    }
    return ERR_OK;
}

static void free_list(struct network_list *list)
{
    free(list->entries);
}

static struct net_table *table_of(const struct network_list *list)
{
    return list->count == 0 ? NULL : net_table_new(list->entries, list->count);
}

static enum err read_lists(struct answer_settings *s, const struct settings *settings,
                           struct errctx *ec)
{
    CLEANUP(free_list) struct network_list access = {0};
    CLEANUP(free_list) struct network_list exempt = {0};
    s->is_closed = settings->dns_allow.count > 0;
    enum err e = add_networks(&access, &settings->dns_allow, true, "--dns-allow", ec);
    if (e == ERR_OK)
        e = add_networks(&access, &settings->dns_deny, false, "--dns-deny", ec);
    if (e == ERR_OK)
        e = add_networks(&exempt, &settings->dns_rate_exempt, true, "--dns-rate-exempt", ec);
    if (e != ERR_OK)
        return e;
    s->access = table_of(&access);
    s->exempt = table_of(&exempt);
    return ERR_OK;
}

enum err answer_settings_new(const struct settings *settings, struct answer_settings **out,
                             struct errctx *ec)
{
    char host[HOST_NAME_MAX + 1];
    size_t nsid_len = settings->dns_nsid == NULL ? 0 : strlen(settings->dns_nsid);
    if (nsid_len > NSID_MAX_BYTES)
        return err_set(ec, ERR_INVALID, "--dns-nsid: at most %d bytes", NSID_MAX_BYTES);
    struct answer_settings *s = NEW(struct answer_settings);
    arena_init(&s->arena);
    s->rate_per_s = (unsigned)settings->dns_rate_limit;
    s->rate_slip = (unsigned)settings->dns_rate_slip;
    enum err e = read_lists(s, settings, ec);
    if (e != ERR_OK) {
        answer_settings_free(s);
        return e;
    }
    s->nsid = arena_copy(&s->arena, slice_of(settings->dns_nsid, nsid_len));
    s->identity = arena_copy(&s->arena, host_of(s, host, sizeof(host)));
    if (settings->dns_chaos) {
        s->chaos_version = txt_of(&s->arena, SLICE_LIT("weir " WEIR_VERSION));
        s->chaos_host = txt_of(&s->arena, s->identity);
    }
    *out = s;
    return ERR_OK;
}

void answer_settings_free(struct answer_settings *s)
{
    if (s == NULL)
        return;
    net_table_free(s->access);
    net_table_free(s->exempt);
    arena_fini(&s->arena);
    free(s);
}

static struct net_key key_of(const struct view_address *source)
{
    return net_key_of(source->bytes, source->len, 8U * source->len);
}

bool answer_settings_allow(const struct answer_settings *s, const struct view_address *source)
{
    uint32_t may_ask = 0;
    uint8_t scope;
    if (s == NULL || s->access == NULL || source->len == 0)
        return true;
    struct net_key key = key_of(source);
    return net_table_find(s->access, &key, &may_ask, &scope) ? may_ask != 0 : !s->is_closed;
}

bool answer_settings_exempt(const struct answer_settings *s, const struct view_address *source)
{
    uint32_t value;
    uint8_t scope;
    if (s == NULL || s->exempt == NULL || source->len == 0)
        return false;
    struct net_key key = key_of(source);
    return net_table_find(s->exempt, &key, &value, &scope);
}
