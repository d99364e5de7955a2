// SPDX-License-Identifier: Apache-2.0
// The nodes of the fleet as control sees them. The rollout's thread.
#include "control/rollout/roster.h"

#include "base/alloc.h"
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const roster_role_names[STORE_ROLE_COUNT] = {"dns", "edge"};
_Static_assert(STORE_ROLE_DNS == 1u << 0 && STORE_ROLE_EDGE == 1u << 1, "the order of the names");

int position_compare(struct position a, struct position b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    return (a.sequence > b.sequence) - (a.sequence < b.sequence);
}

static void node_free(struct roster_node *n)
{
    mem_cleanup(&n->held);
    mem_cleanup(&n->addresses);
    mem_cleanup(&n->probe_addresses);
    mem_cleanup(&n);
}

bool roster_address_is_ones(const struct roster_address *address)
{
    static const uint8_t zeros[16];
    bool is_multicast = address->len == 4 ? address->bytes[0] >= 224 : address->bytes[0] == 0xff;
    return memcmp(address->bytes, zeros, address->len) != 0 && !is_multicast;
}

void roster_init(struct roster *r)
{
    *r = (struct roster){0};
}

void roster_fini(struct roster *r)
{
    for (size_t i = 0; i < r->count; i++)
        node_free(r->nodes[i]);
    mem_cleanup(&r->nodes);
    r->count = 0;
}

/** Index of the first node whose id is not below. */
static size_t lower_bound(const struct roster *r, const char *id)
{
    size_t low = 0;
    size_t high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(r->nodes[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct roster_node *roster_get(const struct roster *r, const char *id)
{
    size_t at = lower_bound(r, id);
    bool is_there = at < r->count && strcmp(r->nodes[at]->id, id) == 0;
    return is_there ? r->nodes[at] : NULL;
}

struct roster_node *roster_add(struct roster *r, const struct store_node *row)
{
    struct roster_node *n = roster_get(r, row->id);
    if (n == NULL) {
        size_t at = lower_bound(r, row->id);
        r->nodes = mem_resize(r->nodes, r->count + 1, sizeof(struct roster_node *));
        memmove(&r->nodes[at + 1], &r->nodes[at], (r->count - at) * sizeof(struct roster_node *));
        n = NEW(struct roster_node);
        (void)snprintf(n->id, sizeof(n->id), "%s", row->id);
        r->nodes[at] = n;
        r->count++;
    }
    memcpy(n->public_key, row->public_key, sizeof(n->public_key));
    n->state = row->state;
    return n;
}

static int compare_rows(const void *a, const void *b)
{
    const struct store_node *const *left = a;
    const struct store_node *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

/** Whether one of the sorted rows has the id. */
static bool is_listed(const struct store_node **rows, size_t count, const char *id)
{
    const struct store_node wanted = {.id = id};
    const struct store_node *key = &wanted;
    return count > 0 &&
           bsearch(&key, rows, count, sizeof(struct store_node *), compare_rows) != NULL;
}

void roster_update(struct roster *r, const struct store_node *rows, size_t count)
{
    AUTO_FREE const struct store_node **sorted = mem_new(count + 1, sizeof(struct store_node *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &rows[i];
    if (count > 1)
        qsort(sorted, count, sizeof(struct store_node *), compare_rows);
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (is_listed(sorted, count, r->nodes[i]->id))
            r->nodes[kept++] = r->nodes[i];
        else
            node_free(r->nodes[i]);
    }
    r->count = kept;
    for (size_t i = 0; i < count; i++)
        (void)roster_add(r, sorted[i]);
}

/** The bit of a role; 0 for one that serves no releases. */
static unsigned role_bit(const char *name)
{
    for (unsigned i = 0; i < STORE_ROLE_COUNT; i++) {
        if (strcmp(roster_role_names[i], name) == 0)
            return 1u << i;
    }
    return 0;
}

static void hear_roles(struct roster_node *n, const struct release_report *report)
{
    size_t used = 0;
    n->serves = 0;
    n->is_checker = false;
    n->roles[0] = '\0';
    for (size_t i = 0; i < report->role_count; i++) {
        n->serves |= role_bit(report->roles[i]);
        n->is_checker = n->is_checker || strcmp(report->roles[i], "check") == 0;
        size_t len = strlen(report->roles[i]);
        if (used + len + 2 > sizeof(n->roles))
            continue;
        if (used > 0)
            n->roles[used++] = ',';
        memcpy(n->roles + used, report->roles[i], len + 1);
        used += len;
    }
}

static void hear_rejection(struct roster_node *n, const struct release_report *report,
                           struct position at)
{
    if (!n->is_heard || !chunk_hash_equal(&n->rejected, &report->rejected)) {
        n->rejected_at = at;
        n->was_rejected_from_start = !n->is_heard;
    }
    n->rejected = report->rejected;
    (void)snprintf(n->reason, sizeof(n->reason), "%s",
                   report->rejected_reason == NULL ? "" : report->rejected_reason);
}

static bool has_feature(const struct release_report *report, const char *feature)
{
    for (size_t i = 0; i < report->feature_count; i++) {
        if (strcmp(report->features[i], feature) == 0)
            return true;
    }
    return false;
}

static struct roster_address address_of(struct slice bytes)
{
    struct roster_address address = {.len = (uint8_t)bytes.len};
    CHECK(bytes.len <= sizeof(address.bytes));
    if (bytes.len > 0)
        memcpy(address.bytes, bytes.data, bytes.len);
    return address;
}

static void hear_addresses(struct roster_address **addresses, size_t *out_count,
                           const struct slice *heard, size_t count)
{
    *addresses = mem_resize(*addresses, count + 1, sizeof(struct roster_address));
    *out_count = count;
    for (size_t i = 0; i < count; i++)
        (*addresses)[i] = address_of(heard[i]);
}

static void hear_presence(struct roster_node *n, const struct release_report *report)
{
    n->knows_pops = has_feature(report, RELEASE_FEATURE_POPS);
    (void)snprintf(n->pop, sizeof(n->pop), "%s", report->pop == NULL ? "" : report->pop);
    (void)snprintf(n->location, sizeof(n->location), "%s",
                   report->location == NULL ? "" : report->location);
    n->http_port = report->http_port;
    hear_addresses(&n->addresses, &n->address_count, report->addresses, report->address_count);
}

static void hear_checker(struct roster_node *n, const struct release_report *report)
{
    n->knows_checks = has_feature(report, RELEASE_FEATURE_CHECKS);
    n->votes_address = address_of(report->votes_address);
    n->votes_port = report->votes_port;
    hear_addresses(&n->probe_addresses, &n->probe_address_count, report->probe_addresses,
                   report->probe_address_count);
}

void roster_hear(struct roster_node *n, const struct release_report *report, int64_t now_ns,
                 int64_t gap_ns)
{
    const struct position at = {.epoch = report->epoch, .sequence = report->sequence};
    if (!n->is_heard || now_ns - n->heard_at_ns > gap_ns)
        n->heard_since_ns = now_ns;
    if (!n->is_heard || position_compare(n->at, at) != 0)
        n->at_since_ns = now_ns;
    if (n->is_heard && !chunk_hash_equal(&n->applied, &report->applied))
        n->applied_before = n->applied;
    hear_rejection(n, report, at);
    hear_roles(n, report);
    hear_presence(n, report);
    hear_checker(n, report);
    n->is_heard = true;
    n->heard_at_ns = now_ns;
    n->at = at;
    n->applied = report->applied;
    n->tried = report->tried;
    n->proven = report->proven;
    n->is_pinned = report->is_pinned;
    (void)snprintf(n->version, sizeof(n->version), "%s", report->version);
    n->held = mem_resize(n->held, report->held_count + 1, sizeof(*n->held));
    if (report->held_count > 0)
        memcpy(n->held, report->held, report->held_count * sizeof(*n->held));
    n->held_count = report->held_count;
}

bool roster_is_served(const struct roster_node *n)
{
    switch (n->state) {
    case STORE_NODE_ADMITTED:
    case STORE_NODE_CORDONED:
    case STORE_NODE_DRAINING:
        return true;
    case STORE_NODE_PENDING:
    case STORE_NODE_REMOVED:
        break;
    }
    return false;
}

bool roster_counts(const struct roster_node *n, int64_t now_ns, int64_t within_ns)
{
    return n->state == STORE_NODE_ADMITTED && n->is_heard && n->serves != 0 && !n->is_pinned &&
           now_ns - n->heard_at_ns <= within_ns;
}

size_t roster_count_state(const struct roster *r, enum store_node_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += r->nodes[i]->state == state;
    return count;
}
