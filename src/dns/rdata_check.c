// SPDX-License-Identifier: Apache-2.0
// The check of record data from anywhere but our own text parser. Called by the loader of
// releases and by transfers, on any thread.
#include "dns/rdata.h"

#include "base/check.h"
#include "dns/rdata_priv.h"

/* Bytes of one field at the start of the data; 0 where it is broken or cut short. */
static size_t fixed_bytes(struct slice rest, size_t bytes)
{
    return rest.len >= bytes ? bytes : 0;
}

static size_t strings_bytes(struct slice rest)
{
    size_t at = 0;
    while (at < rest.len)
        at += 1U + rest.data[at];
    return at == rest.len ? at : 0;
}

static size_t tag_bytes(struct slice rest)
{
    if (rest.len < 2 || rest.data[0] == 0 || rest.data[0] > rest.len - 1)
        return 0;
    struct slice tag = slice_of(rest.data + 1, rest.data[0]);
    return rdata_is_tag(tag) ? 1 + tag.len : 0;
}

size_t rdata_field_bytes(enum rdata_field field, struct slice rest)
{
    switch (field) {
    case RDATA_IPV4:
    case RDATA_U32:
        return fixed_bytes(rest, 4);
    case RDATA_IPV6:
        return fixed_bytes(rest, 16);
    case RDATA_U8:
        return fixed_bytes(rest, 1);
    case RDATA_U16:
        return fixed_bytes(rest, 2);
    case RDATA_NAME:
        return dns_name_measure(rest);
    case RDATA_STRINGS:
        return strings_bytes(rest);
    case RDATA_TAG:
        return tag_bytes(rest);
    case RDATA_VALUE:
        return rest.len;
    }
    return 0;
}

bool rdata_is_tag(struct slice tag)
{
    for (size_t i = 0; i < tag.len; i++) {
        uint8_t lower = dns_lower[tag.data[i]];
        if (!(lower >= 'a' && lower <= 'z') && !(lower >= '0' && lower <= '9'))
            return false;
    }
    return tag.len > 0 && tag.len <= DNS_STRING_MAX_BYTES;
}

static enum err corrupt(uint16_t type, const char *what, struct errctx *ec)
{
    char buffer[DNS_TYPE_TEXT_SIZE];
    return err_set(ec, ERR_CORRUPT, "data of a %s record: %s", dns_type_text(type, buffer), what);
}

enum err dns_rdata_check(uint16_t type, struct slice rdata, struct errctx *ec)
{
    const struct rdata_shape *shape = rdata_shape_of(type);
    if (!dns_type_is_hosted(type))
        return corrupt(type, "the type is not hosted", ec);
    if (rdata.len > DNS_RDATA_MAX_BYTES)
        return corrupt(type, "too long", ec);
    if (shape == NULL)
        return ERR_OK;
    size_t at = 0;
    for (size_t i = 0; i < shape->field_count; i++) {
        enum rdata_field field = shape->fields[i];
        size_t bytes = rdata_field_bytes(field, slice_sub(rdata, at, rdata.len));
        if (bytes == 0 && field != RDATA_VALUE)
            return corrupt(type, "a field is broken or missing", ec);
        at += bytes;
    }
    if (at != rdata.len)
        return corrupt(type, "bytes behind the last field", ec);
    return ERR_OK;
}
