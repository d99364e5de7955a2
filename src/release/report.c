// SPDX-License-Identifier: Apache-2.0
// Reports of nodes, from struct to bytes and back. Called by the agent and by control; any thread.
#include "release/report.h"

#include "base/check.h"
#include "release/limits.h"
#include "release/wire_priv.h"

enum report_field {
    REPORT_NODE_ID = 1,
    REPORT_ROLES = 2,
    REPORT_VERSION = 3,
    REPORT_EPOCH = 4,
    REPORT_SEQUENCE = 5,
    REPORT_APPLIED_ROOT = 6,
    REPORT_PROVEN_ROOT = 7,
    REPORT_TRIED_ROOT = 8,
    REPORT_REJECTED_ROOT = 9,
    REPORT_REJECTED_REASON = 10,
    REPORT_IS_PINNED = 11,
    REPORT_FEATURES = 12,
    REPORT_BOOT = 13,
    REPORT_HELD_ROOTS = 14,
    REPORT_POP = 15,
    REPORT_ADDRESSES = 16,
    REPORT_LOCATION = 17,
    REPORT_VOTES_ADDRESS = 18,
    REPORT_VOTES_PORT = 19,
    REPORT_PROBE_ADDRESSES = 20,
    REPORT_HTTP_PORT = 21,
};

static void put_root(struct buf *b, uint32_t field, const struct chunk_hash *root)
{
    if (!chunk_hash_is_zero(root))
        wire_put_bytes(b, field, slice_of(root->bytes, SHA256_BYTES));
}

static void put_ids(struct buf *b, uint32_t field, const char *const *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(text_is_id(slice_str(ids[i])));
        wire_put_item(b, field, slice_str(ids[i]));
    }
}

/* A reason may quote anything: what is not printable ASCII becomes '?', what is too long is cut. */
static struct slice reason_text(struct arena *a, const char *reason)
{
    struct slice text = slice_sub(slice_str(reason), 0, RELEASE_REASON_MAX_BYTES);
    char *clean = arena_str(a, text);
    for (size_t i = 0; i < text.len; i++) {
        if (clean[i] < ' ' || clean[i] > '~')
            clean[i] = '?';
    }
    return slice_of(clean, text.len);
}

static bool is_address(struct slice s)
{
    return s.len == 4 || s.len == 16;
}

static void put_presence(struct buf *b, const struct release_report *r)
{
    struct slice pop = slice_str(r->pop);
    CHECK(pop.len == 0 || text_is_id(pop));
    CHECK(text_is_printable(slice_str(r->location), RELEASE_LOCATION_MAX_BYTES));
    CHECK(r->address_count <= RELEASE_NODE_ADDRESSES_MAX);
    wire_put_bytes(b, REPORT_POP, pop);
    for (size_t i = 0; i < r->address_count; i++) {
        CHECK(is_address(r->addresses[i]));
        wire_put_item(b, REPORT_ADDRESSES, r->addresses[i]);
    }
    wire_put_bytes(b, REPORT_LOCATION, slice_str(r->location));
}

/* Where votes are served: an address and a port, or neither. */
static bool votes_are_valid(const struct release_report *r)
{
    bool is_served = r->votes_address.len > 0;
    return (!is_served || is_address(r->votes_address)) && is_served == (r->votes_port != 0);
}

static void put_checker(struct buf *b, const struct release_report *r)
{
    CHECK(votes_are_valid(r) && r->probe_address_count <= RELEASE_PROBE_ADDRESSES_MAX);
    wire_put_bytes(b, REPORT_VOTES_ADDRESS, r->votes_address);
    wire_put_number(b, REPORT_VOTES_PORT, r->votes_port);
    for (size_t i = 0; i < r->probe_address_count; i++) {
        CHECK(is_address(r->probe_addresses[i]));
        wire_put_item(b, REPORT_PROBE_ADDRESSES, r->probe_addresses[i]);
    }
    wire_put_number(b, REPORT_HTTP_PORT, r->http_port);
}

struct slice release_report_encode(struct arena *a, const struct release_report *r)
{
    CHECK(text_is_id(slice_str(r->node_id)));
    CHECK(text_is_printable(slice_str(r->version), RELEASE_VERSION_MAX_BYTES));
    CHECK(r->role_count <= RELEASE_ROLES_MAX && r->feature_count <= RELEASE_FEATURES_MAX &&
          r->held_count <= RELEASE_HELD_MAX);
    struct buf b = {0};
    wire_put_bytes(&b, REPORT_NODE_ID, slice_str(r->node_id));
    put_ids(&b, REPORT_ROLES, r->roles, r->role_count);
    wire_put_bytes(&b, REPORT_VERSION, slice_str(r->version));
    wire_put_number(&b, REPORT_EPOCH, r->epoch);
    wire_put_number(&b, REPORT_SEQUENCE, r->sequence);
    put_root(&b, REPORT_APPLIED_ROOT, &r->applied);
    put_root(&b, REPORT_PROVEN_ROOT, &r->proven);
    put_root(&b, REPORT_TRIED_ROOT, &r->tried);
    put_root(&b, REPORT_REJECTED_ROOT, &r->rejected);
    wire_put_bytes(&b, REPORT_REJECTED_REASON, reason_text(a, r->rejected_reason));
    wire_put_number(&b, REPORT_IS_PINNED, r->is_pinned);
    put_ids(&b, REPORT_FEATURES, r->features, r->feature_count);
    wire_put_number(&b, REPORT_BOOT, r->boot);
    for (size_t i = 0; i < r->held_count; i++)
        wire_put_item(&b, REPORT_HELD_ROOTS, slice_of(r->held[i].bytes, SHA256_BYTES));
    put_presence(&b, r);
    put_checker(&b, r);
    CHECK(buf_len(&b) <= RELEASE_REPORT_MAX_BYTES);
    return wire_take(a, &b);
}

static const char *read_id(struct arena *a, struct wire_reader *r)
{
    struct slice text = wire_item(r);
    wire_expect(r, text_is_id(text));
    return r->is_bad ? NULL : arena_str(a, text);
}

static const char *read_text(struct arena *a, struct wire_reader *r, size_t max)
{
    struct slice text = wire_bytes(r);
    wire_expect(r, text_is_printable(text, max));
    return r->is_bad ? NULL : arena_str(a, text);
}

static void read_root(struct wire_reader *r, struct slice bytes, struct chunk_hash *out)
{
    wire_expect(r, chunk_hash_from(bytes, out) && !chunk_hash_is_zero(out));
}

static void read_address(struct arena *a, struct wire_reader *r, struct slice bytes,
                         struct slice *out)
{
    wire_expect(r, is_address(bytes));
    *out = arena_copy(a, bytes);
}

static void read_checker_field(struct arena *a, struct wire_reader *r, struct release_report *out)
{
    switch (r->field) {
    case REPORT_VOTES_ADDRESS:
        read_address(a, r, wire_bytes(r), &out->votes_address);
        break;
    case REPORT_VOTES_PORT:
        out->votes_port = (uint16_t)wire_number(r, UINT16_MAX);
        break;
    case REPORT_PROBE_ADDRESSES:
        read_address(a, r, wire_item(r), &out->probe_addresses[out->probe_address_count++]);
        break;
    case REPORT_HTTP_PORT:
        out->http_port = (uint16_t)wire_number(r, UINT16_MAX);
        break;
    default:
        break;
    }
}

static void read_field(struct arena *a, struct wire_reader *r, struct release_report *out)
{
    switch (r->field) {
    case REPORT_NODE_ID:
        wire_expect(r, !r->is_repeat);
        out->node_id = read_id(a, r);
        break;
    case REPORT_ROLES:
        out->roles[out->role_count++] = read_id(a, r);
        break;
    case REPORT_VERSION:
        out->version = read_text(a, r, RELEASE_VERSION_MAX_BYTES);
        break;
    case REPORT_EPOCH:
        out->epoch = wire_number(r, UINT64_MAX);
        break;
    case REPORT_SEQUENCE:
        out->sequence = wire_number(r, UINT64_MAX);
        break;
    case REPORT_APPLIED_ROOT:
        read_root(r, wire_bytes(r), &out->applied);
        break;
    case REPORT_PROVEN_ROOT:
        read_root(r, wire_bytes(r), &out->proven);
        break;
    case REPORT_TRIED_ROOT:
        read_root(r, wire_bytes(r), &out->tried);
        break;
    case REPORT_REJECTED_ROOT:
        read_root(r, wire_bytes(r), &out->rejected);
        break;
    case REPORT_REJECTED_REASON:
        out->rejected_reason = read_text(a, r, RELEASE_REASON_MAX_BYTES);
        break;
    case REPORT_IS_PINNED:
        out->is_pinned = wire_number(r, 1) == 1;
        break;
    case REPORT_FEATURES:
        out->features[out->feature_count++] = read_id(a, r);
        break;
    case REPORT_BOOT:
        out->boot = wire_number(r, UINT64_MAX);
        break;
    case REPORT_HELD_ROOTS:
        read_root(r, wire_item(r), &out->held[out->held_count++]);
        break;
    case REPORT_POP:
        wire_expect(r, !r->is_repeat);
        out->pop = read_id(a, r);
        break;
    case REPORT_ADDRESSES:
        read_address(a, r, wire_item(r), &out->addresses[out->address_count++]);
        break;
    case REPORT_LOCATION:
        out->location = read_text(a, r, RELEASE_LOCATION_MAX_BYTES);
        break;
    default:
        read_checker_field(a, r, out);
        break;
    }
}

enum err release_report_decode(struct arena *a, struct slice bytes, struct release_report *out,
                               struct errctx *ec)
{
    size_t roles = wire_count(bytes, REPORT_ROLES);
    size_t features = wire_count(bytes, REPORT_FEATURES);
    size_t held = wire_count(bytes, REPORT_HELD_ROOTS);
    size_t addresses = wire_count(bytes, REPORT_ADDRESSES);
    size_t probe_addresses = wire_count(bytes, REPORT_PROBE_ADDRESSES);
    if (bytes.len > RELEASE_REPORT_MAX_BYTES || roles > RELEASE_ROLES_MAX ||
        features > RELEASE_FEATURES_MAX || held > RELEASE_HELD_MAX ||
        addresses > RELEASE_NODE_ADDRESSES_MAX || probe_addresses > RELEASE_PROBE_ADDRESSES_MAX)
        return err_set(ec, ERR_CORRUPT, "report: larger than any");
    struct release_report report = {
        .version = "",
        .rejected_reason = "",
        .roles = arena_array(a, roles, sizeof(const char *)),
        .features = arena_array(a, features, sizeof(const char *)),
        .held = arena_array(a, held, sizeof(struct chunk_hash)),
        .pop = "",
        .location = "",
        .addresses = arena_array(a, addresses, sizeof(struct slice)),
        .probe_addresses = arena_array(a, probe_addresses, sizeof(struct slice)),
    };
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r))
        read_field(a, &r, &report);
    wire_expect(&r, report.node_id != NULL && votes_are_valid(&report));
    enum err err = wire_finish(&r, "report", ec);
    if (err == ERR_OK)
        *out = report;
    return err;
}
