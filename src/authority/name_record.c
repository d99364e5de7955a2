// SPDX-License-Identifier: Apache-2.0
// Packing and reading of names. Packing runs on the builder thread (or in a trial), reading on
// every thread that answers.
#include "authority/name_record.h"

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

void record_set_target(const struct record_set *alias, struct name_key *out_key,
                       struct slice *out_name)
{
    memcpy(out_key, alias->body, sizeof(*out_key));
    const uint8_t *name = alias->body + sizeof(*out_key);
    *out_name = slice_of(name + 1, name[0]);
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

static enum err pack_alias(const struct name_packing *packing, const struct release_set *set,
                           struct buf *out, struct errctx *ec)
{
    if (!is_whole_name(set->alias_name))
        return err_set(ec, ERR_CORRUPT, "alias target is no name");
    struct name_key key = {.zone = trie_hash(packing->seed, slice_str(set->alias_zone_id)),
                           .owner = trie_hash(packing->seed, set->alias_name)};
    buf_append(out, slice_of(&key, sizeof(key)));
    append_name(out, set->alias_name);
    return ERR_OK;
}

static enum err pack_set(const struct name_packing *packing, const struct release_set *set,
                         struct buf *out, struct errctx *ec)
{
    if (set->rdata_count > UINT16_MAX || (set->rdata_count == 0) != set->is_alias)
        return err_set(ec, ERR_CORRUPT, "set of %zu records", set->rdata_count);
    append_u16(out, set->type);
    append_u16(out, (uint16_t)set->rdata_count);
    size_t size_at = buf_len(out);
    append_u32(out, 0);
    enum err e = set->is_alias ? pack_alias(packing, set, out, ec) : ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < set->rdata_count; i++)
        e = pack_record(set, set->rdata[i], out, ec);
    if (e != ERR_OK)
        return e;
    uint32_t body_bytes = (uint32_t)(buf_len(out) - size_at - sizeof(body_bytes));
    memcpy(out->data + out->start + size_at, &body_bytes, sizeof(body_bytes));
    return ERR_OK;
}

enum err name_record_pack(const struct name_packing *packing, const struct release_name *name,
                          struct buf *out, struct errctx *ec)
{
    if (!is_whole_name(name->owner) || name->set_count > UINT16_MAX)
        return err_set(ec, ERR_CORRUPT, "name: not well-formed");
    append_name(out, name->owner);
    append_u16(out, (uint16_t)name->set_count);
    for (size_t i = 0; i < name->set_count; i++) {
        enum err e = pack_set(packing, &name->sets[i], out, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "name");
    }
    return ERR_OK;
}
