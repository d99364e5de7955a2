// SPDX-License-Identifier: Apache-2.0
// What the demo prints. Called by the demo once its zone is served.
#include "tool/demo_text.h"

#include "net/address.h"
#include "tool/demo_zone.h"

#include <ctype.h>

#define UPSERT_BATCH                                                                               \
    "'{\"Changes\":[{\"Action\":\"UPSERT\",\"ResourceRecordSet\":{\"Name\":\"new." DEMO_ZONE "\"," \
    "\"Type\":\"A\",\"TTL\":60,\"ResourceRecords\":[{\"Value\":\"192.0.2.99\"}]}}]}'"

/** One query to try. */
struct demo_query {
    const char *prose; /* NULL: that of the query before */
    const char *question;
};

static const struct demo_query queries[] = {
    {"Two addresses, and an ALIAS at the apex that follows them:", "www." DEMO_ZONE " A"},
    {NULL, DEMO_ZONE " A"},
    {"A wildcard, a CNAME, a service, and all over TCP as well:", "shop.apps." DEMO_ZONE " A"},
    {NULL, "docs." DEMO_ZONE " A"},
    {NULL, "_sip._tcp." DEMO_ZONE " SRV +tcp"},
    {"No such name (NXDOMAIN), no such type there (NODATA), and a name that exists only because\n"
     "one below it does:",
     "nobody." DEMO_ZONE " A"},
    {NULL, "www." DEMO_ZONE " AAAA"},
    {NULL, "lab." DEMO_ZONE " A"},
};

const char *shell_word(struct arena *a, const char *text)
{
    static const char harmless[] = "_@%+=:,./-";
    bool is_plain = text[0] != '\0';
    for (const char *c = text; *c != '\0'; c++)
        is_plain = is_plain && (isalnum((unsigned char)*c) || strchr(harmless, *c) != NULL);
    if (is_plain)
        return text;
    AUTO_BUF struct buf quoted = {0};
    buf_append_byte(&quoted, '\'');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'')
            buf_append_str(&quoted, "'\\''");
        else
            buf_append_byte(&quoted, (uint8_t)*c);
    }
    buf_append_byte(&quoted, '\'');
    return arena_str(a, buf_slice(&quoted));
}

/** The start of a dig command for an address; a wildcard is asked at loopback. NULL: no address. */
static const char *dig_command(struct arena *a, const char *dns)
{
    struct net_address address;
    char ip[NET_ADDRESS_TEXT_SIZE];
    if (dns == NULL || net_address_parse(slice_str(dns), &address, NULL) != ERR_OK)
        return NULL;
    net_address_format_ip(&address, ip);
    const char *loopback = address.sa.sa_family == AF_INET6 ? "::1" : "127.0.0.1";
    return arena_printf(a, "dig @%s -p %u", net_address_is_wildcard(&address) ? loopback : ip,
                        (unsigned)net_address_port(&address));
}

static void print_queries(struct buf *out, const char *dig)
{
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        if (queries[i].prose != NULL)
            buf_printf(out, "\n%s\n", queries[i].prose);
        buf_printf(out, "    %s %s\n", dig, queries[i].question);
    }
}

/** A change of the demo zone, as one command. */
static const char *upsert_command(struct arena *a, const char *aws, const char *zone_id)
{
    return arena_printf(
        a, "%s change-resource-record-sets --hosted-zone-id %s --change-batch " UPSERT_BATCH, aws,
        zone_id);
}

static void print_change(struct arena *a, struct buf *out, const struct demo_facts *f,
                         const char *aws, const char *dig)
{
    const char *upsert = upsert_command(a, aws, f->zone_id);
    buf_append_str(out, "\nA change, its answer, and whether every node has it (INSYNC):\n");
    buf_printf(out, "    %s\n", upsert);
    if (dig != NULL)
        buf_printf(out, "    %s new." DEMO_ZONE " A\n", dig);
    if (f->change_id != NULL)
        buf_printf(out, "    %s get-change --id %s\n", aws, f->change_id);
    else
        buf_printf(out, "    %s get-change --id \"$(%s --query ChangeInfo.Id --output text)\"\n",
                   aws, upsert);
}

static void print_api(struct arena *a, struct buf *out, const struct demo_facts *f, const char *dig)
{
    const char *aws = arena_printf(a, "aws --endpoint-url http://%s route53", f->api);
    const char *credentials = shell_word(a, arena_printf(a, "%s/credentials", f->data_dir));
    buf_append_str(out, "\nThe Route 53 API, for any client of it:\n");
    if (f->has_other_key)
        buf_append_str(out, "    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
                            "AWS_PROFILE\n");
    buf_printf(out,
               "    export AWS_SHARED_CREDENTIALS_FILE=%s AWS_DEFAULT_REGION=us-east-1 "
               "AWS_PAGER=\n",
               credentials);
    buf_printf(out, "    %s list-hosted-zones\n", aws);
    if (f->zone_id == NULL)
        return;
    buf_printf(out, "    %s list-resource-record-sets --hosted-zone-id %s\n", aws, f->zone_id);
    print_change(a, out, f, aws, dig);
}

static void print_node(struct arena *a, struct buf *out, const struct demo_facts *f)
{
    static const char *const pages[] = {"healthz", "status", "metrics"};
    static const char *const commands[] = {"status", "node list"};
    buf_append_str(out, "\nThe node itself:\n");
    for (size_t i = 0; f->admin != NULL && i < ARRAY_LEN(pages); i++)
        buf_printf(out, "    curl -sS http://%s/%s\n", f->admin, pages[i]);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        buf_printf(out, "    %s %s --data %s\n", shell_word(a, f->program), commands[i],
                   shell_word(a, f->data_dir));
}

void demo_text(struct buf *out, const struct demo_facts *facts)
{
    AUTO_ARENA struct arena a = {0};
    const char *dig = dig_command(&a, facts->dns);
    bool has_zone = facts->zone_id != NULL;
    buf_printf(out, "\nWeir serves%s. What to try, line by line:\n",
               has_zone ? " the zone " DEMO_ZONE : "");
    if (!has_zone)
        buf_append_str(out, "The account has zones of its own, so there is no demo zone.\n");
    if (has_zone && dig != NULL)
        print_queries(out, dig);
    if (facts->api != NULL)
        print_api(&a, out, facts, dig);
    print_node(&a, out, facts);
    buf_append_str(out, "\nCtrl-C ends it; what is in the data directory stays.\n\n");
}
