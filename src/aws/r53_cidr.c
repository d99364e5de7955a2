// SPDX-License-Identifier: Apache-2.0
// CIDR collections: blocks as texts, and what a change makes of the locations. Called by the API on
// a worker and by the compiler.
#include "aws/r53_cidr.h"

#include "aws/limits.h"
#include "aws/xml.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/map.h"

#include <arpa/inet.h>
#include <stdlib.h>

int r53_cidr_compare(const struct r53_cidr_block *a, const struct r53_cidr_block *b)
{
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    int order = memcmp(a->address, b->address, a->bytes);
    return order != 0 ? order : (int)a->length - (int)b->length;
}

/* ---- texts */

static bool clear_host_bits(struct r53_cidr_block *block)
{
    bool has_any = false;
    for (size_t bit = block->length; bit < (size_t)block->bytes * 8; bit++) {
        uint8_t mask = (uint8_t)(0x80u >> (bit % 8));
        has_any = has_any || (block->address[bit / 8] & mask) != 0;
        block->address[bit / 8] &= (uint8_t)~mask;
    }
    return has_any;
}

const char *r53_cidr_format(struct arena *a, const struct r53_cidr_block *block)
{
    char text[INET6_ADDRSTRLEN];
    const char *address =
        inet_ntop(block->bytes == 4 ? AF_INET : AF_INET6, block->address, text, sizeof(text));
    CHECK(address != NULL);
    return arena_printf(a, "%s/%u", address, block->length);
}

static bool read_address(struct slice text, struct r53_cidr_block *block)
{
    char address[INET6_ADDRSTRLEN];
    if (text.len >= sizeof(address))
        return false;
    memcpy(address, text.data, text.len);
    address[text.len] = '\0';
    bool is_v6 = slice_find(text, ':') != text.len;
    block->bytes = is_v6 ? 16 : 4;
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, address, block->address) == 1;
}

enum err r53_cidr_parse(struct slice text, struct r53_cidr_block *out, struct errctx *ec)
{
    struct r53_cidr_block block = {0};
    size_t slash = slice_find(text, '/');
    uint64_t length = 0;
    if (slash == text.len || !read_address(slice_sub(text, 0, slash), &block) ||
        !slice_parse_u64(slice_sub(text, slash + 1, text.len), 128, &length))
        return err_set(ec, ERR_INVALID, "'%.*s' is not a CIDR block", SLICE_FMT(text));
    unsigned most = block.bytes == 4 ? R53_CIDR_V4_MAX_BITS : R53_CIDR_V6_MAX_BITS;
    if (length < 1 || length > most)
        return err_set(ec, ERR_INVALID,
                       "'%.*s' has a prefix outside of /1 to /%u, which %s blocks may have",
                       SLICE_FMT(text), most, block.bytes == 4 ? "IPv4" : "IPv6");
    block.length = (uint8_t)length;
    if (clear_host_bits(&block)) {
        AUTO_ARENA struct arena a = {0};
        return err_set(ec, ERR_INVALID, "'%.*s' has bits set behind its prefix: the block is %s",
                       SLICE_FMT(text), r53_cidr_format(&a, &block));
    }
    *out = block;
    return ERR_OK;
}

bool r53_cidr_name_is_valid(const char *name, size_t longest)
{
    size_t len = strlen(name);
    return len > 0 && len <= longest &&
           strspn(name, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-") == len;
}

/* ---- locations */

static int compare_locations(const void *one, const void *other)
{
    const struct r53_cidr_location *a = one;
    const struct r53_cidr_location *b = other;
    return strcmp(a->name, b->name);
}

const struct r53_cidr_location *r53_cidr_find(const struct r53_cidr_locations *locations,
                                              const char *name)
{
    if (locations->count == 0)
        return NULL;
    const struct r53_cidr_location key = {.name = name};
    return bsearch(&key, locations->items, locations->count, sizeof(key), compare_locations);
}

/* A block of a location, while a change is applied. */
struct entry {
    const char *location;
    struct r53_cidr_block block;
};

/* Owner: r53_cidr_apply, on its stack. */
struct change {
    struct arena *arena;
    struct aws_fault *fault;
    struct map live; /* struct entry by location and block */
};

static struct slice key_of(const struct entry *e, struct buf *buf)
{
    buf_clear(buf);
    buf_append(buf, slice_of(e->block.address, e->block.bytes));
    buf_append(buf, slice_of(&e->block.length, 1));
    buf_append_str(buf, e->location);
    return buf_slice(buf);
}

static void put_entry(struct change *c, const struct entry *e, struct buf *key)
{
    struct entry *kept = ARENA_NEW(c->arena, struct entry);
    *kept = *e;
    map_put(&c->live, key_of(e, key), kept);
}

static void put_before(struct change *c, const struct r53_cidr_locations *before)
{
    AUTO_BUF struct buf key = {0};
    for (size_t i = 0; i < before->count; i++) {
        const struct r53_cidr_location *location = &before->items[i];
        for (size_t j = 0; j < location->block_count; j++)
            put_entry(c, &(struct entry){location->name, location->blocks[j]}, &key);
    }
}

static enum aws_error apply_one(struct change *c, const struct r53_cidr_collection_change *change)
{
    AUTO_BUF struct buf key = {0};
    struct errctx ec = {0};
    struct entry e = {.location = change->location_name};
    if (!r53_cidr_name_is_valid(e.location, R53_CIDR_LOCATION_NAME_MAX_CHARACTERS))
        return aws_fail(c->fault, AWS_InvalidInput,
                        "'%s' is not the name of a location: it has 1 to 16 letters, digits, "
                        "hyphens and underscores",
                        aws_echo(c->arena, e.location));
    for (size_t i = 0; i < change->cidr_list_count; i++) {
        if (r53_cidr_parse(slice_str(change->cidr_list[i]), &e.block, &ec) != ERR_OK)
            return aws_fail(c->fault, AWS_InvalidInput, "Location %s: %s", e.location, ec.text);
        if (change->action == R53_CIDR_PUT)
            put_entry(c, &e, &key);
        else
            map_remove(&c->live, key_of(&e, &key));
    }
    return AWS_OK;
}

static enum aws_error apply_all(struct change *c,
                                const struct r53_change_cidr_collection_request *request)
{
    size_t blocks = 0;
    for (size_t i = 0; i < request->changes_count; i++)
        blocks += request->changes[i].cidr_list_count;
    if (blocks > R53_CIDR_CHANGE_BLOCKS_MAX)
        return aws_fail(c->fault, AWS_LimitsExceeded, "A change can name %zu CIDR blocks at most",
                        R53_CIDR_CHANGE_BLOCKS_MAX);
    for (size_t i = 0; i < request->changes_count; i++) {
        enum aws_error error = apply_one(c, &request->changes[i]);
        if (error != AWS_OK)
            return error;
    }
    if (c->live.count > R53_CIDR_BLOCKS_MAX)
        return aws_fail(c->fault, AWS_LimitsExceeded, "A collection can have %zu CIDR blocks",
                        R53_CIDR_BLOCKS_MAX);
    return AWS_OK;
}

static int compare_blocks(const void *one, const void *other)
{
    const struct entry *a = one;
    const struct entry *b = other;
    int order = r53_cidr_compare(&a->block, &b->block);
    return order != 0 ? order : strcmp(a->location, b->location);
}

static int compare_entries(const void *one, const void *other)
{
    const struct entry *a = one;
    const struct entry *b = other;
    int order = strcmp(a->location, b->location);
    return order != 0 ? order : r53_cidr_compare(&a->block, &b->block);
}

static enum aws_error check_once(struct change *c, struct entry *entries, size_t count)
{
    if (count > 1)
        qsort(entries, count, sizeof(*entries), compare_blocks);
    for (size_t i = 1; i < count; i++)
        if (r53_cidr_compare(&entries[i - 1].block, &entries[i].block) == 0)
            return aws_fail(c->fault, AWS_CidrBlockInUseException,
                            "The CIDR block %s is already in use: it cannot be in the locations %s "
                            "and %s",
                            r53_cidr_format(c->arena, &entries[i].block), entries[i - 1].location,
                            entries[i].location);
    return AWS_OK;
}

/* Entries, sorted, to locations. */
static enum aws_error gather(struct change *c, const struct entry *entries, size_t count,
                             struct r53_cidr_locations *out)
{
    struct r53_cidr_locations all = {.items = arena_array(c->arena, count, sizeof(*all.items))};
    struct r53_cidr_block *blocks = arena_array(c->arena, count, sizeof(*blocks));
    for (size_t i = 0; i < count; i++) {
        blocks[i] = entries[i].block;
        if (i == 0 || strcmp(entries[i - 1].location, entries[i].location) != 0)
            all.items[all.count++] = (struct r53_cidr_location){
                .name = entries[i].location, .blocks = &blocks[i], .block_count = 0};
        struct r53_cidr_location *last = &all.items[all.count - 1];
        if (++last->block_count > R53_CIDR_LOCATION_BLOCKS_MAX)
            return aws_fail(c->fault, AWS_LimitsExceeded, "A location can have %zu CIDR blocks",
                            R53_CIDR_LOCATION_BLOCKS_MAX);
    }
    if (all.count > R53_CIDR_LOCATIONS_MAX)
        return aws_fail(c->fault, AWS_LimitsExceeded, "A collection can have %zu locations",
                        R53_CIDR_LOCATIONS_MAX);
    *out = all;
    return AWS_OK;
}

static enum aws_error conclude(struct change *c, struct r53_cidr_locations *out)
{
    size_t count = 0;
    size_t cursor = 0;
    const struct map_entry *live;
    struct entry *entries = arena_array(c->arena, c->live.count, sizeof(*entries));
    while ((live = map_next(&c->live, &cursor)) != NULL)
        entries[count++] = *(const struct entry *)live->value;
    enum aws_error error = check_once(c, entries, count);
    if (error != AWS_OK)
        return error;
    if (count > 1)
        qsort(entries, count, sizeof(*entries), compare_entries);
    return gather(c, entries, count, out);
}

enum aws_error r53_cidr_apply(const struct r53_cidr_locations *before,
                              const struct r53_change_cidr_collection_request *request,
                              struct r53_cidr_locations *out, struct aws_fault *fault)
{
    struct change c = {.arena = fault->arena, .fault = fault};
    map_init(&c.live);
    put_before(&c, before);
    enum aws_error error = apply_all(&c, request);
    if (error == AWS_OK)
        error = conclude(&c, out);
    map_fini(&c.live);
    return error;
}

/* ---- the stored form */

struct slice r53_cidr_encode(struct arena *a, const struct r53_cidr_locations *locations)
{
    struct r53_cidr_collection_body body = {.has_locations = true};
    body.locations = arena_array(a, locations->count, sizeof(*body.locations));
    body.locations_count = locations->count;
    for (size_t i = 0; i < locations->count; i++) {
        const struct r53_cidr_location *from = &locations->items[i];
        struct r53_cidr_location_body *to = &body.locations[i];
        to->name = from->name;
        to->has_blocks = true;
        to->blocks = arena_array(a, from->block_count, sizeof(*to->blocks));
        to->blocks_count = from->block_count;
        for (size_t j = 0; j < from->block_count; j++)
            to->blocks[j] = r53_cidr_format(a, &from->blocks[j]);
    }
    AUTO_BUF struct buf text = {0};
    aws_xml_write(&text, &AWS_SHAPE_OF(r53_cidr_collection_body), NULL, &body);
    return arena_copy(a, buf_slice(&text));
}

static enum err decode_location(struct arena *a, const struct r53_cidr_location_body *from,
                                struct r53_cidr_location *to, struct errctx *ec)
{
    to->name = from->name;
    to->blocks = arena_array(a, from->blocks_count, sizeof(*to->blocks));
    to->block_count = from->blocks_count;
    for (size_t i = 0; i < from->blocks_count; i++) {
        if (r53_cidr_parse(slice_str(from->blocks[i]), &to->blocks[i], ec) != ERR_OK)
            return err_set(ec, ERR_CORRUPT, "stored CIDR location %s", from->name);
    }
    return ERR_OK;
}

enum err r53_cidr_decode(struct arena *a, struct slice text, struct r53_cidr_locations *out,
                         struct errctx *ec)
{
    struct r53_cidr_collection_body body = {0};
    struct aws_fault fault = {.arena = a};
    const struct aws_shape *shape = &AWS_SHAPE_OF(r53_cidr_collection_body);
    if (aws_xml_parse(AWS_ROUTE53, shape, text, &body, &fault) != AWS_OK)
        return err_set(ec, ERR_CORRUPT, "stored CIDR collection: %s", fault.message);
    struct r53_cidr_locations all = {.count = body.locations_count};
    all.items = arena_array(a, all.count, sizeof(*all.items));
    for (size_t i = 0; i < all.count; i++) {
        enum err e = decode_location(a, &body.locations[i], &all.items[i], ec);
        if (e != ERR_OK)
            return e;
    }
    *out = all;
    return ERR_OK;
}
