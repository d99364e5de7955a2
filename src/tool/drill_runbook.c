// SPDX-License-Identifier: Apache-2.0
// The same drill by hand, with the aws CLI, dig and curl. Pure.
#include "tool/drill_report.h"

#include "tool/drill_text.h"

/* "aws --endpoint-url URL route53 " */
static void aws(const struct drill_report *r, struct buf *out)
{
    buf_append_str(out, "aws --endpoint-url ");
    drill_text_shell(out, r->endpoint);
    buf_append_str(out, " route53 ");
}

static void dig(const struct drill_report *r, struct buf *out)
{
    char server[NET_ADDRESS_TEXT_SIZE];
    net_address_format_ip(&r->server, server);
    buf_printf(out, "dig @%s -p %u +noall +answer +time=1 +tries=1 ", server,
               net_address_port(&r->server));
    drill_text_shell(out, r->target->name);
    buf_printf(out, " %s", r->target->type_text);
}

static void write_look(const struct drill_report *r, struct buf *out)
{
    AUTO_ARENA struct arena a = {0};
    const struct drill_target *t = r->target;
    buf_append_str(out, "## 1. Look\n\nThe sets, and the health check of set '");
    drill_text_markdown(out, t->primary);
    buf_append_str(out, "', which is to fail:\n\n```sh\n");
    aws(r, out);
    buf_printf(out, "list-resource-record-sets --hosted-zone-id %s \\\n  --start-record-name ",
               t->zone_id);
    drill_text_shell(out, t->name);
    buf_printf(out, " --start-record-type %s --max-items %zu\n", t->type_text, t->set_count);
    aws(r, out);
    buf_append_str(out, "get-health-check --health-check-id ");
    drill_text_shell(out, t->health_check_id);
    buf_append_str(out, "\n```\n\nAnswers have to lead to the primary");
    if (t->addresses.count > 0)
        buf_printf(out, " (%s)", drill_addresses_text(&a, &t->addresses, t->type));
    buf_append_str(out, ", and the others have to work, or the drill is an outage:\n\n```sh\n");
    dig(r, out);
    buf_append_str(out, "\n");
    for (size_t i = 0; r->http.is_on && i < t->alternatives.count; i++) {
        struct drill_addresses one = {.items = {t->alternatives.items[i]}, .count = 1};
        bool is_v6 = t->type == DNS_TYPE_AAAA;
        buf_append_str(out, "curl -sS -o /dev/null -w '%{http_code}\\n' -m 2 -H ");
        drill_text_shell(out, arena_printf(&a, "Host: %s", r->http.host));
        buf_printf(out, " http://%s%s%s:%u", is_v6 ? "[" : "",
                   drill_addresses_text(&a, &one, t->type), is_v6 ? "]" : "", r->http.port);
        drill_text_shell(out, r->http.path);
        buf_append_str(out, "\n");
    }
    buf_append_str(out, "```\n\n");
}

static void write_watch(const struct drill_report *r, struct buf *out)
{
    buf_append_str(out,
                   "## 2. Watch\n\nIn a second terminal, once a second; keep what it prints:\n\n"
                   "```sh\nwhile sleep 1; do date +%T; ");
    dig(r, out);
    buf_append_str(out, "; done | tee drill.log\n```\n\nThe second column of an answer is its TTL: "
                        "clients may stay with it for so long.\n\n");
}

static void write_fail(const struct drill_report *r, struct buf *out)
{
    const struct drill_target *t = r->target;
    bool is_inverted = t->check->has_inverted && t->check->inverted;
    uint32_t detection_s = drill_detection_s(t->check);
    buf_append_str(out,
                   "## 3. Fail\n\nNote the time. Either stop the service on the primary, or let "
                   "its health check say the opposite of what it finds:\n\n```sh\n");
    aws(r, out);
    buf_append_str(out, "update-health-check --health-check-id ");
    drill_text_shell(out, t->health_check_id);
    buf_printf(out, " %s\n```\n\n", is_inverted ? "--no-inverted" : "--inverted");
    if (detection_s > 0)
        buf_printf(out, "A service that was stopped is found within %u s.\n",
                   (unsigned)detection_s);
    if (t->ttl_s > 0)
        buf_printf(out, "Clients follow within another %u s, the TTL of the set.\n",
                   (unsigned)t->ttl_s);
    buf_append_str(out,
                   "This has no lease: it stays until step 4, whatever happens to you or to your "
                   "terminal. `weir drill` has one.\n\n");
}

static void write_back(const struct drill_report *r, struct buf *out)
{
    const struct drill_target *t = r->target;
    bool is_inverted = t->check->has_inverted && t->check->inverted;
    buf_append_str(out, "## 4. Put it back\n\nStart the service, or:\n\n```sh\n");
    aws(r, out);
    buf_append_str(out, "update-health-check --health-check-id ");
    drill_text_shell(out, t->health_check_id);
    buf_printf(
        out, " %s\n```\n\nWatch until answers lead to the primary again, and for another TTL.\n\n",
        is_inverted ? "--inverted" : "--no-inverted");
}

static void write_judge(const struct drill_report *r, struct buf *out)
{
    const struct drill_objective *o = &r->objective;
    buf_append_str(out, "## 5. Judge\n\n"
                        "- Detection: from the time noted to the first answer elsewhere.\n"
                        "- RTO: that, and the TTL of the last answer with the primary.\n"
                        "- RPO: requests that clients lost in this time, by the logs of the "
                        "service.\n");
    if (o->has_rto)
        buf_printf(out, "- The objective is an RTO of %lld s.\n",
                   (long long)(o->rto_ns / NS_PER_S));
    if (o->has_rpo)
        buf_printf(out, "- The objective is at most %llu lost requests.\n",
                   (unsigned long long)o->rpo);
}

void drill_write_runbook(const struct drill_report *r, struct buf *out)
{
    buf_append_str(out, "# Failover drill of ");
    drill_text_markdown(out, r->target->title);
    buf_append_str(out, " by hand\n\nThe commands need the access key in the environment "
                        "(`AWS_SHARED_CREDENTIALS_FILE`, `AWS_DEFAULT_REGION`).\n\n");
    write_look(r, out);
    write_watch(r, out);
    write_fail(r, out);
    write_back(r, out);
    write_judge(r, out);
}
