// SPDX-License-Identifier: Apache-2.0
// Packing and reading of names. Packing runs on the builder thread (or in a trial), reading on
// every thread that answers.
#include "authority/tree_record.h"

#include "dns/rdata.h"

bool name_record_find(const struct name_record *name, uint16_t type, struct record_set *out)
{
    struct record_set set;
    const uint8_t *at = name->sets;
    for (unsigned i = 0; i < name->set_count; i++) {
        at = record_set_read(at, &set);
        if (set.type < type)
            continue;
        if (set.type > type)
            return false;
        *out = set;
        return true;
    }
    return false;
}

static void append_u16(struct buf *out, uint16_t value)
{
    buf_append(out, slice_of(&value, sizeof(value)));
}

static void append_u32(struct buf *out, uint32_t value)
{
    buf_append(out, slice_of(&value, sizeof(value)));
}

static void append_name(struct buf *out, struct slice wire)
{
    buf_append_byte(out, (uint8_t)wire.len);
    buf_append(out, wire);
}

static bool is_whole_name(struct slice wire)
{
    return wire.len > 0 && dns_name_measure(wire) == wire.len;
}

static enum err pack_record(const struct release_set *set, struct slice rdata, struct buf *out,
                            struct errctx *ec)
{
    if (rdata.len > DNS_RDATA_MAX_BYTES)
        return err_set(ec, ERR_CORRUPT, "record data of %zu bytes", rdata.len);
    enum err e = dns_rdata_check(set->type, rdata, ec);
    if (e != ERR_OK)
        return e;
    append_u16(out, htobe16(set->type));
    append_u16(out, htobe16(DNS_CLASS_IN));
    append_u32(out, htobe32(set->ttl_s));
    append_u16(out, htobe16((uint16_t)rdata.len));
    buf_append(out, rdata);
    return ERR_OK;
}

/* Appends the head of a set; its body is what is appended until end_set(). */
static size_t begin_set(struct buf *out, uint16_t type, uint16_t count)
{
    append_u16(out, type);
    append_u16(out, count);
    append_u32(out, 0);
    return buf_len(out);
}

static void end_set(struct buf *out, size_t body_at)
{
    uint32_t body_bytes = (uint32_t)(buf_len(out) - body_at);
    memcpy(out->data + out->start + body_at - sizeof(body_bytes), &body_bytes, sizeof(body_bytes));
}

enum err name_record_pack_records(const struct release_set *set, struct buf *out, struct errctx *ec)
{
    if (set->rdata_count > UINT16_MAX || set->rdata_count == 0)
        return err_set(ec, ERR_CORRUPT, "set of %zu records", set->rdata_count);
    size_t body_at = begin_set(out, set->type, (uint16_t)set->rdata_count);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < set->rdata_count; i++)
        e = pack_record(set, set->rdata[i], out, ec);
    end_set(out, body_at);
    return e;
}

/* Appends the sets of one type, `count` of them, as one set. */
static enum err pack_type(const struct name_packing *packing, const struct release_set *sets,
                          size_t count, struct buf *out, struct errctx *ec)
{
    bool is_simple = sets[0].policy == RELEASE_SIMPLE;
    if (is_simple && !sets[0].is_alias)
        return name_record_pack_records(&sets[0], out, ec);
    size_t body_at = begin_set(out, sets[0].type, 0);
    enum err e = is_simple ? tree_record_pack_alias(packing, &sets[0], out, ec)
                           : tree_record_pack_group(packing, sets, count, out, ec);
    end_set(out, body_at);
    return e;
}

/* Sets from `first` on that share its type. */
static size_t count_type(const struct release_name *name, size_t first)
{
    size_t end = first;
    while (end < name->set_count && name->sets[end].type == name->sets[first].type)
        end++;
    return end - first;
}

enum err name_record_pack(const struct name_packing *packing, const struct release_name *name,
                          struct buf *out, struct errctx *ec)
{
    if (!is_whole_name(name->owner) || name->set_count > UINT16_MAX)
        return err_set(ec, ERR_CORRUPT, "name: not well-formed");
    append_name(out, name->owner);
    uint16_t set_count = 0;
    append_u16(out, set_count);
    size_t sets_at = buf_len(out);
    size_t of_type = 0;
    for (size_t i = 0; i < name->set_count; i += of_type, set_count++) {
        of_type = count_type(name, i);
        enum err e = pack_type(packing, &name->sets[i], of_type, out, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "name");
    }
    memcpy(out->data + out->start + sets_at - sizeof(set_count), &set_count, sizeof(set_count));
    return ERR_OK;
}
