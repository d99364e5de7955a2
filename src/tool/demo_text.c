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
    {"Two addresses, and an ALIAS that follows them:", "pool." DEMO_ZONE " A"},
    {NULL, "mirror." DEMO_ZONE " A"},
    {"A wildcard, a CNAME, a service, and all over TCP as well:", "shop.apps." DEMO_ZONE " A"},
    {NULL, "docs." DEMO_ZONE " A"},
    {NULL, "_sip._tcp." DEMO_ZONE " SRV +tcp"},
    {"No such name (NXDOMAIN), no such type there (NODATA), and a name that exists only because\n"
     "one below it does:",
     "nobody." DEMO_ZONE " A"},
    {NULL, "pool." DEMO_ZONE " AAAA"},
    {NULL, "lab." DEMO_ZONE " A"},
    {"Traffic management: three of four answers to blue, one to green; a primary and its standby;\n"
     "eight of ten hosts, others each time; and shares of the two first:",
     "share." DEMO_ZONE " A"},
    {NULL, "ha." DEMO_ZONE " A"},
    {NULL, "many." DEMO_ZONE " A"},
    {NULL, "tree." DEMO_ZONE " A"},
    {"By the client's place: from Europe, from the United States, from elsewhere (the last for "
     "all\n"
     "where no --geo-db says where networks are):",
     "geo." DEMO_ZONE " A +subnet=193.0.6.0/24"},
    {NULL, "geo." DEMO_ZONE " A +subnet=8.8.8.0/24"},
    {NULL, "geo." DEMO_ZONE " A +subnet=192.0.2.0/24"},
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

/** An address to call, parsed; a wildcard is called at loopback. False: there is none. */
static bool reachable(const char *text, struct net_address *out)
{
    if (text == NULL || net_address_parse(slice_str(text), out, NULL) != ERR_OK)
        return false;
    if (!net_address_is_wildcard(out))
        return true;
    uint16_t port = net_address_port(out);
    struct slice loopback =
        out->sa.sa_family == AF_INET6 ? SLICE_LIT("[::1]:0") : SLICE_LIT("127.0.0.1:0");
    if (net_address_parse(loopback, out, NULL) != ERR_OK)
        return false;
    net_address_set_port(out, port);
    return true;
}

/** The start of a dig command for an address. NULL: no address. */
static const char *dig_command(struct arena *a, const char *dns)
{
    struct net_address address;
    char ip[NET_ADDRESS_TEXT_SIZE];
    if (!reachable(dns, &address))
        return NULL;
    net_address_format_ip(&address, ip);
    return arena_printf(a, "dig @%s -p %u", ip, (unsigned)net_address_port(&address));
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

/** Requests over plain HTTP: from the cache, past it, and slow ones. */
static void print_http(struct arena *a, struct buf *out, const struct net_address *address)
{
    char host[NET_ADDRESS_TEXT_SIZE];
    net_address_format(address, host);
    const char *curl = arena_printf(a, "curl -sS -H 'Host: www." DEMO_ZONE "'");
    const char *get = arena_printf(a, "%s -i http://%s", curl, host);
    buf_append_str(out, "\nHTTP through the edge: twice the same, once a Miss and then a Hit, as "
                        "X-Cache says:\n");
    buf_printf(out, "    %s/hello\n    %s/hello\n", get, get);
    buf_append_str(out, "Another origin behind /api/*, which is never cached:\n");
    buf_printf(out, "    %s/api/time\n    %s/api/time\n", get, get);
    buf_append_str(out, "An answer that takes its origin a second takes the cache none:\n");
    for (size_t i = 0; i < 2; i++)
        buf_printf(out,
                   "    %s -o /dev/null -w '%%{http_code} after %%{time_total} s\\n' "
                   "http://%s/slow\n",
                   curl, host);
}

/** The distribution by its own name, which the certificate is for. */
static void print_https(struct arena *a, struct buf *out, const struct demo_facts *f)
{
    struct net_address address;
    char ip[NET_ADDRESS_TEXT_SIZE];
    if (!reachable(f->https, &address))
        return;
    unsigned port = net_address_port(&address);
    net_address_format_ip(&address, ip);
    bool is_v6 = address.sa.sa_family == AF_INET6;
    const char *authority = shell_word(a, arena_printf(a, "%s/ca.pem", f->data_dir));
    buf_append_str(out, "HTTPS, by the distribution's own name:\n");
    buf_printf(out, "    curl -sS -i --cacert %s --resolve %s:%u:%s%s%s https://%s:%u/hello\n",
               authority, f->distribution_name, port, is_v6 ? "[" : "", ip, is_v6 ? "]" : "",
               f->distribution_name, port);
}

/** After the credentials: the calls need them. */
static void print_invalidation(struct arena *a, struct buf *out, const struct demo_facts *f,
                               const struct net_address *address)
{
    char host[NET_ADDRESS_TEXT_SIZE];
    net_address_format(address, host);
    const char *aws = arena_printf(a, "aws --endpoint-url http://%s cloudfront", f->api);
    buf_append_str(out, "\nThe CloudFront API; an invalidation, after which the next request is a "
                        "Miss:\n");
    buf_printf(out, "    %s get-distribution --id %s\n", aws, f->distribution_id);
    buf_printf(out,
               "    %s wait invalidation-completed --distribution-id %s --id \"$(%s "
               "create-invalidation --distribution-id %s --paths /hello --query Invalidation.Id "
               "--output text)\"\n",
               aws, f->distribution_id, aws, f->distribution_id);
    buf_printf(out, "    curl -sS -H 'Host: www." DEMO_ZONE "' -i http://%s/hello\n", host);
}

/** What a client gets and why, and a failover; after the credentials, which the calls need. */
static void print_policies(struct arena *a, struct buf *out, const struct demo_facts *f,
                           const char *dig)
{
    static const char *const questions[] = {"tree." DEMO_ZONE " A",
                                            "geo." DEMO_ZONE " A --subnet 193.0.6.0/24"};
    const char *weir = shell_word(a, f->program);
    const char *data_dir = shell_word(a, f->data_dir);
    buf_append_str(out, "\nWhat a client gets, and which branch was taken for it:\n");
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        buf_printf(out, "    %s zone test " DEMO_ZONE " %s --data %s\n", weir, questions[i],
                   data_dir);
    if (f->check_id == NULL)
        return;
    if (dig != NULL)
        buf_printf(out,
                   "A drill: the primary is said to have failed, and is put back; how long did it "
                   "take?\n    %s drill ha." DEMO_ZONE " A --zone " DEMO_ZONE " --data %s\n",
                   weir, data_dir);
    if (f->health_file == NULL)
        return;
    const char *file = shell_word(a, f->health_file);
    buf_append_str(out, "The primary fails, and a second later the standby answers, below the "
                        "shares as well; then\nit is back:\n");
    buf_printf(out, "    echo '%s unhealthy' >%s\n", f->check_id, file);
    if (dig != NULL)
        buf_printf(out, "    %s ha." DEMO_ZONE " A\n", dig);
    buf_printf(out, "    %s zone test " DEMO_ZONE " %s --data %s\n", weir, questions[0], data_dir);
    buf_printf(out, "    echo '# all as their checks say' >%s\n", file);
}

static void print_cdn_names(struct buf *out, const char *dig)
{
    buf_append_str(out, "\nNames that lead to the distribution, and so to this edge:\n");
    buf_printf(out, "    %s www." DEMO_ZONE " A\n    %s " DEMO_ZONE " A\n", dig, dig);
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
    struct net_address http;
    bool has_cdn = facts->distribution_id != NULL && reachable(facts->http, &http);
    buf_printf(out, "\nWeir serves%s. What to try, line by line:\n",
               has_zone ? " the zone " DEMO_ZONE : "");
    if (!has_zone)
        buf_append_str(out, "The account has zones of its own, so there is no demo zone.\n");
    if (has_zone && dig != NULL)
        print_queries(out, dig);
    if (has_cdn && dig != NULL)
        print_cdn_names(out, dig);
    else if (has_zone && dig != NULL)
        buf_printf(out, "\nAn ALIAS at the apex, where no CNAME may be:\n    %s " DEMO_ZONE " A\n",
                   dig);
    if (has_cdn) {
        print_http(&a, out, &http);
        print_https(&a, out, facts);
    }
    if (facts->api != NULL)
        print_api(&a, out, facts, dig);
    if (facts->api != NULL && has_zone)
        print_policies(&a, out, facts, dig);
    if (facts->api != NULL && has_cdn)
        print_invalidation(&a, out, facts, &http);
    print_node(&a, out, facts);
    buf_append_str(out, "\nCtrl-C ends it; what is in the data directory stays.\n\n");
}
