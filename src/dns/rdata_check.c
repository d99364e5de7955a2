// SPDX-License-Identifier: Apache-2.0
// The check of record data from anywhere but our own text parser. Called by the loader of
// releases and by transfers, on any thread.
#include "dns/rdata.h"

#include "base/check.h"
#include "dns/rdata_priv.h"
#include "dns/svc_params_priv.h"

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

static size_t string_bytes(struct slice rest)
{
    return rest.len > 0 && rest.data[0] < rest.len ? 1U + rest.data[0] : 0;
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
    case RDATA_STRING:
        return string_bytes(rest);
    case RDATA_STRINGS:
        return strings_bytes(rest);
    case RDATA_TAG:
        return tag_bytes(rest);
    case RDATA_VALUE:
    case RDATA_HEX:
        return rest.len;
    case RDATA_PARAMS:
        return svc_params_are_formed(rest) ? rest.len : 0;
    }
    return 0;
}

bool rdata_is_tag(struct slice tag)
{
    for (size_t i = 0; i < tag.len; i++) {
        uint8_t lower = dns_lower[tag.data[i]];
        if (!(lower >= 'a' && lower <= 'z') && !(lower >= '0' && lower <= '9') && lower != '-')
            return false;
    }
    return tag.len > 0 && tag.len <= DNS_STRING_MAX_BYTES;
}

/* Whether a digest of this type has this many bytes; of an unknown type, any. */
static bool is_digest(const uint8_t bytes_of_type[], size_t type_count, uint8_t type, size_t bytes)
{
    return type >= type_count || bytes_of_type[type] == 0 || bytes_of_type[type] == bytes;
}

/* IANA "DS RR Type Digest Algorithms", "SSHFP RR Types for Fingerprint Types", "TLSA Matching
 * Types": by type, bytes of the digest. */
static const uint8_t ds_digest_bytes[] = {[1] = 20, [2] = 32, [3] = 32, [4] = 48};
static const uint8_t sshfp_digest_bytes[] = {[1] = 20, [2] = 32};
static const uint8_t tlsa_digest_bytes[] = {[1] = 32, [2] = 64};

static enum dns_problem broken_naptr_rule(struct slice rdata)
{
    bool is_compressible;
    size_t replacement_at = dns_rdata_name_offset(DNS_TYPE_NAPTR, rdata, &is_compressible);
    size_t regexp_at = 4;
    for (unsigned i = 0; i < 2; i++)
        regexp_at += 1U + rdata.data[regexp_at];
    bool has_both = rdata.data[regexp_at] != 0 && rdata.data[replacement_at] != 0;
    return has_both ? DNS_PROBLEM_NAPTR_BOTH : DNS_PROBLEM_NONE;
}

static enum dns_problem broken_svc_rule(struct slice rdata)
{
    struct slice rest = slice_sub(rdata, 2, rdata.len);
    struct slice params = slice_sub(rest, dns_name_measure(rest), rest.len);
    bool is_alias = rdata.data[0] == 0 && rdata.data[1] == 0;
    if (is_alias)
        return params.len > 0 ? DNS_PROBLEM_SVC_ALIAS : DNS_PROBLEM_NONE;
    return svc_params_broken_rule(params);
}

enum dns_problem rdata_broken_rule(uint16_t type, struct slice rdata)
{
    const uint8_t *bytes = rdata.data;
    bool is_good = true;
    switch (type) {
    case DNS_TYPE_DS:
        is_good = is_digest(ds_digest_bytes, ARRAY_LEN(ds_digest_bytes), bytes[3], rdata.len - 4);
        break;
    case DNS_TYPE_SSHFP:
        is_good =
            is_digest(sshfp_digest_bytes, ARRAY_LEN(sshfp_digest_bytes), bytes[1], rdata.len - 2);
        break;
    case DNS_TYPE_TLSA:
        is_good =
            is_digest(tlsa_digest_bytes, ARRAY_LEN(tlsa_digest_bytes), bytes[2], rdata.len - 3);
        break;
    case DNS_TYPE_NAPTR:
        return broken_naptr_rule(rdata);
    case DNS_TYPE_SVCB:
    case DNS_TYPE_HTTPS:
        return broken_svc_rule(rdata);
    default:
        break;
    }
    return is_good ? DNS_PROBLEM_NONE : DNS_PROBLEM_DIGEST_LENGTH;
}

enum dns_problem rdata_hosting_problem(uint16_t type)
{
    switch (dns_type_hosting(type)) {
    case DNS_HOSTED:
        return DNS_PROBLEM_NONE;
    case DNS_NOT_DATA:
        return DNS_PROBLEM_NOT_DATA;
    case DNS_NOT_SIGNED:
        return DNS_PROBLEM_NOT_SIGNED;
    case DNS_NOT_DNAME:
        break;
    }
    return DNS_PROBLEM_NOT_DNAME;
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
        bool may_be_empty = field == RDATA_VALUE || (field == RDATA_PARAMS && at == rdata.len);
        if (bytes == 0 && !may_be_empty)
            return corrupt(type, "a field is broken or missing", ec);
        at += bytes;
    }
    if (at != rdata.len)
        return corrupt(type, "bytes behind the last field", ec);
    enum dns_problem problem = rdata_broken_rule(type, rdata);
    return problem == DNS_PROBLEM_NONE ? ERR_OK : corrupt(type, dns_problem_prose(problem), ec);
}

/* Names in lower case, as those that are read from text. */
void rdata_fold_names(const struct rdata_shape *shape, uint8_t *data, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < shape->field_count; i++) {
        size_t bytes = rdata_field_bytes(shape->fields[i], slice_of(data + at, len - at));
        for (size_t j = 0; shape->fields[i] == RDATA_NAME && j < bytes; j++)
            data[at + j] = dns_lower[data[at + j]];
        at += bytes;
    }
}

enum err dns_rdata_canonical(struct arena *a, uint16_t type, struct slice rdata,
                             struct slice *out_rdata, struct errctx *ec)
{
    const struct rdata_shape *shape = rdata_shape_of(type);
    enum dns_problem problem = rdata_hosting_problem(type);
    char buffer[DNS_TYPE_TEXT_SIZE];
    struct errctx why = {0};
    if (problem != DNS_PROBLEM_NONE)
        return err_set(ec, ERR_INVALID, "%s: %s", dns_type_text(type, buffer),
                       dns_problem_prose(problem));
    if (dns_rdata_check(type, rdata, &why) != ERR_OK)
        return err_set(ec, ERR_INVALID, "%s", why.text);
    uint8_t *copy = arena_alloc(a, rdata.len + 1);
    if (rdata.len > 0)
        memcpy(copy, rdata.data, rdata.len);
    if (shape != NULL)
        rdata_fold_names(shape, copy, rdata.len);
    *out_rdata = slice_of(copy, rdata.len);
    return ERR_OK;
}
