// SPDX-License-Identifier: Apache-2.0
// The look-up of one name in one zone. Called by the stages of an
// answer, on every thread that answers.
#include "authority/lookup.h"

#include "authority/limits.h"
#include "base/check.h"
#include "dns/name.h"

static bool is_cut(const struct name_record *record)
{
    struct record_set ns;
    return name_record_find(record, DNS_TYPE_NS, &ns);
}

/*
 * Looks at the names between the apex and `name`, both left out, from above. Returns how many of
 * them exist without a gap; *out is the first delegation among them (*out_is_cut).
 */
static unsigned walk_down(const struct world *w, const struct zone *zone, struct slice name,
                          unsigned labels_below_apex, struct name_record *out, bool *out_is_cut)
{
    unsigned existing = 0;
    *out_is_cut = false;
    for (unsigned depth = 1; depth < labels_below_apex; depth++) {
        struct name_record record;
        struct slice ancestor = dns_name_parent(name, labels_below_apex - depth);
        if (!world_find(w, zone, ancestor, &record))
            break;
        existing++;
        if (is_cut(&record)) {
            *out = record;
            *out_is_cut = true;
            break;
        }
    }
    return existing;
}

static enum lookup_found find_wildcard(const struct world *w, const struct zone *zone,
                                       struct slice closest_encloser, struct name_record *out)
{
    struct dns_name wildcard;
    if (!dns_name_wildcard_of(closest_encloser, &wildcard))
        return LOOKUP_NXDOMAIN;
    bool is_found = world_find(w, zone, dns_name_slice(&wildcard), out);
    return is_found ? LOOKUP_NAME : LOOKUP_NXDOMAIN;
}

enum lookup_found lookup_name(const struct world *w, const struct zone *zone, struct slice name,
                              const struct name_key *key, uint16_t qtype, struct name_record *out)
{
    struct name_record record;
    unsigned labels_below_apex = dns_name_label_count(name) - zone->apex_labels;
    bool exists = name_tree_find(&w->names, key, name, &record);
    bool has_cut;
    unsigned existing = walk_down(w, zone, name, labels_below_apex, out, &has_cut);
    if (has_cut)
        return LOOKUP_DELEGATION;
    if (exists) {
        *out = record;
        bool is_own_cut = labels_below_apex > 0 && qtype != DNS_TYPE_DS && is_cut(&record);
        return is_own_cut ? LOOKUP_DELEGATION : LOOKUP_NAME;
    }
    if (labels_below_apex == 0)
        return LOOKUP_NXDOMAIN; /* a zone without its apex: the caller finds no SOA either */
    return find_wildcard(w, zone, dns_name_parent(name, labels_below_apex - existing), out);
}
