// SPDX-License-Identifier: Apache-2.0
// Who may take a zone by transfer, and who is told of its changes: two operations of the service
// weir. Called by the dispatcher on a worker, inside a transaction.
#include "control/api/zones_priv.h"

#include "aws/r53_transfer.h"
#include "aws/route53.h"
#include "base/check.h"
#include "control/api/limits.h"
#include "dns/name.h"
#include "dns/types.h"

#include <string.h>

#define NOTIFY_PORT 53

/* ---- settings as JSON */

static json_t *texts_json(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *notify_json(const struct r53_zone_transfer *transfer)
{
    json_t *list = json_array();
    for (size_t i = 0; i < transfer->notify_count; i++) {
        const struct r53_zone_notify *n = &transfer->notify[i];
        json_t *target = json_pack("{s:s, s:I, s:s*}", "Address", n->address, "Port",
                                   (json_int_t)n->port, "Key", n->key);
        CHECK(target != NULL);
        json_array_append_new(list, target);
    }
    return list;
}

/* null: the zone is not transferred. */
static json_t *transfer_json(const struct r53_zone_transfer *transfer)
{
    if (transfer == NULL)
        return json_null();
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:b}", "Keys", texts_json(transfer->keys, transfer->keys_count),
        "Prefixes", texts_json(transfer->prefixes, transfer->prefixes_count), "Notify",
        notify_json(transfer), "Flatten", (int)(transfer->has_flatten && transfer->flatten));
    CHECK(object != NULL);
    return object;
}

/* ---- settings from JSON */

/* The texts of a list, each made canonical; a missing list is empty. */
struct texts_reader {
    const char *member;
    size_t most;
    enum aws_error (*read)(struct api_call *c, const char *text, const char **out);
};

static enum aws_error read_texts(struct api_call *c, const json_t *in,
                                 const struct texts_reader *reader, const char ***out,
                                 size_t *out_count)
{
    const json_t *list = json_object_get(in, reader->member);
    size_t count = json_array_size(list);
    if (list != NULL && !json_is_array(list))
        return aws_fail(&c->fault, AWS_InvalidInput, "'%s' is a list of texts", reader->member);
    if (count > reader->most)
        return aws_fail(&c->fault, AWS_InvalidInput, "'%s' has at most %zu elements",
                        reader->member, reader->most);
    const char **texts = arena_array(c->arena, count, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL)
            return aws_fail(&c->fault, AWS_InvalidInput, "'%s' is a list of texts", reader->member);
        enum aws_error error = reader->read(c, text, &texts[i]);
        if (error != AWS_OK)
            return error;
    }
    *out = texts;
    *out_count = count;
    return AWS_OK;
}

static enum aws_error read_key(struct api_call *c, const char *text, const char **out)
{
    struct dns_name name;
    char canonical[DNS_NAME_TEXT_SIZE];
    if (dns_name_parse(slice_str(text), &name, NULL) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "'%s' is not the name of a key",
                        aws_echo(c->arena, text));
    (void)dns_name_format(dns_name_slice(&name), canonical);
    *out = arena_strdup(c->arena, canonical);
    return AWS_OK;
}

static enum aws_error read_prefix(struct api_call *c, const char *text, const char **out)
{
    struct r53_cidr_block network;
    if (r53_transfer_network_parse(c->arena, slice_str(text), &network, NULL) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "'%s' is not a network",
                        aws_echo(c->arena, text));
    *out = r53_transfer_network_format(c->arena, &network);
    return AWS_OK;
}

static enum aws_error read_target(struct api_call *c, const json_t *in, struct r53_zone_notify *out)
{
    struct r53_cidr_block host;
    const char *address = json_string_value(json_object_get(in, "Address"));
    const char *key = json_string_value(json_object_get(in, "Key"));
    const json_t *port = json_object_get(in, "Port");
    out->has_port = true;
    out->port = port == NULL ? NOTIFY_PORT : json_integer_value(port);
    if (address == NULL || strchr(address, '/') != NULL ||
        r53_transfer_network_parse(c->arena, slice_str(address), &host, NULL) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "'Notify' names an IP address each");
    if (out->port < 1 || out->port > UINT16_MAX)
        return aws_fail(&c->fault, AWS_InvalidInput, "A port is 1 to 65535");
    out->address = r53_transfer_address_format(c->arena, &host);
    return key == NULL ? AWS_OK : read_key(c, key, &out->key);
}

static enum aws_error read_notify(struct api_call *c, const json_t *in,
                                  struct r53_zone_transfer *out)
{
    const json_t *list = json_object_get(in, "Notify");
    size_t count = json_array_size(list);
    if ((list != NULL && !json_is_array(list)) || count > API_TRANSFER_NOTIFY_MAX)
        return aws_fail(&c->fault, AWS_InvalidInput, "'Notify' is a list of at most %d targets",
                        API_TRANSFER_NOTIFY_MAX);
    out->has_notify = count > 0;
    out->notify_count = count;
    out->notify = arena_array(c->arena, count, sizeof(*out->notify));
    for (size_t i = 0; i < count; i++) {
        enum aws_error error = read_target(c, json_array_get(list, i), &out->notify[i]);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}

static enum aws_error read_transfer(struct api_call *c, const json_t *in,
                                    struct r53_zone_transfer *out)
{
    static const struct texts_reader keys = {"Keys", API_TRANSFER_KEYS_MAX, read_key};
    static const struct texts_reader prefixes = {"Prefixes", API_TRANSFER_PREFIXES_MAX,
                                                 read_prefix};
    enum aws_error error = read_texts(c, in, &keys, &out->keys, &out->keys_count);
    if (error == AWS_OK)
        error = read_texts(c, in, &prefixes, &out->prefixes, &out->prefixes_count);
    if (error == AWS_OK)
        error = read_notify(c, in, out);
    if (error != AWS_OK)
        return error;
    if (out->keys_count + out->prefixes_count == 0)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "A transfer needs keys or prefixes: who may take the zone");
    out->has_keys = out->keys_count > 0;
    out->has_prefixes = out->prefixes_count > 0;
    out->has_flatten = json_is_true(json_object_get(in, "Flatten"));
    out->flatten = out->has_flatten;
    return AWS_OK;
}

/* ---- the operations */

static enum aws_error find_body(struct api_call *c, const json_t *in, struct store_object *object,
                                struct r53_zone_body *body)
{
    struct store_zone zone;
    struct errctx ec = {0};
    const char *id = json_string_value(json_object_get(in, "Id"));
    if (id == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput, "A text 'Id' is expected");
    enum aws_error error = api_find_zone(c, id, &zone);
    if (error != AWS_OK)
        return error;
    const struct store_object which = {.kind = STORE_ZONE, .group = zone.id};
    enum err err = store_object_get(c->conn, c->arena, &which, object, &ec);
    if (err == ERR_OK)
        err = r53_zone_body_decode(c->arena, object->body, body, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_get_zone_transfer(struct api_call *c, const json_t *in, json_t *out)
{
    struct store_object object = {0};
    struct r53_zone_body body = {0};
    enum aws_error error = find_body(c, in, &object, &body);
    if (error != AWS_OK)
        return error;
    json_object_set_new(out, "Id", json_string(object.group));
    json_object_set_new(out, "Transfer", transfer_json(body.transfer));
    return AWS_OK;
}

enum aws_error api_set_zone_transfer(struct api_call *c, const json_t *in, json_t *out)
{
    struct store_object object = {0};
    struct r53_zone_body body = {0};
    struct r53_change_info change;
    struct errctx ec = {0};
    uint64_t version;
    const json_t *wanted = json_object_get(in, "Transfer");
    enum aws_error error = find_body(c, in, &object, &body);
    if (error != AWS_OK)
        return error;
    if (!json_is_object(wanted) && !json_is_null(wanted))
        return aws_fail(&c->fault, AWS_InvalidInput, "An object 'Transfer' or null is expected");
    body.transfer = NULL;
    if (json_is_object(wanted)) {
        body.transfer = ARENA_NEW(c->arena, struct r53_zone_transfer);
        error = read_transfer(c, wanted, body.transfer);
        if (error != AWS_OK)
            return error;
    }
    object.body = r53_zone_body_encode(c->arena, &body);
    enum err err = store_take_version(c->conn, &version, &ec);
    if (err == ERR_OK)
        err = store_object_put(c->conn, &object, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    error = api_add_change(c, version, NULL, &change);
    if (error != AWS_OK)
        return error;
    c->resource = arena_printf(c->arena, "/hostedzone/%s", object.group);
    json_object_set_new(out, "Transfer", transfer_json(body.transfer));
    json_object_set_new(out, "ChangeInfo", api_change_json(&change));
    return AWS_OK;
}
