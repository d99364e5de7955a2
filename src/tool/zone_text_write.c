// SPDX-License-Identifier: Apache-2.0
// Record sets to master files. Called by the zone commands on their only thread.
#include "aws/xml.h"
#include "base/check.h"
#include "dns/rdata.h"
#include "tool/zone_text.h"

#include <inttypes.h>

void zone_text_write_set(struct arena *a, const struct zone_set *set, struct buf *out)
{
    char name[DNS_NAME_TEXT_SIZE];
    char buffer[DNS_TYPE_TEXT_SIZE];
    const char *type = dns_type_text(set->type, buffer);
    dns_name_format_master(set->owner, name);
    for (size_t i = 0; i < set->rdata_count; i++) {
        struct slice text = dns_rdata_format_master(a, set->type, set->rdata[i]);
        buf_printf(out, "%s %" PRIu32 " IN %s %.*s\n", name, set->ttl_s, type, SLICE_FMT(text));
    }
}

/* A line of a comment whatever the bytes are: XML of ours has no line breaks but in texts. */
static void write_comment(struct buf *out, struct slice text)
{
    CHECK(text.data != NULL);
    for (size_t i = 0; i < text.len; i++)
        buf_append_byte(out, text.data[i] < ' ' ? ' ' : text.data[i]);
    buf_append_byte(out, '\n');
}

static void write_alias(struct arena *a, const struct zone_set *set, struct buf *out)
{
    const struct r53_alias_target *target = set->listed->alias_target;
    buf_printf(out, "; ALIAS %s ", zone_set_title(a, set));
    write_comment(out, slice_str(arena_printf(a, "%s zone %s, evaluate target health: %s",
                                              target->dns_name, target->hosted_zone_id,
                                              target->evaluate_target_health ? "yes" : "no")));
}

static void write_policy(struct arena *a, const struct zone_set *set, struct buf *out)
{
    AUTO_BUF struct buf xml = {0};
    aws_xml_write(&xml, &AWS_SHAPE_OF(r53_record_set), NULL, set->listed);
    buf_printf(out, "; POLICY %s ", zone_set_title(a, set));
    write_comment(out, buf_slice(&xml));
}

static void write_any(struct arena *a, const struct zone_set *set, struct buf *out)
{
    switch (set->kind) {
    case ZONE_PLAIN:
        zone_text_write_set(a, set, out);
        return;
    case ZONE_ALIAS:
        write_alias(a, set, out);
        return;
    case ZONE_POLICY:
        write_policy(a, set, out);
        return;
    }
}

void zone_text_write(struct arena *a, const struct zone_sets *sets, struct buf *out)
{
    for (size_t i = 0; i < sets->count; i++)
        if (sets->items[i].type == DNS_TYPE_SOA)
            write_any(a, &sets->items[i], out);
    for (size_t i = 0; i < sets->count; i++)
        if (sets->items[i].type != DNS_TYPE_SOA)
            write_any(a, &sets->items[i], out);
}
