// SPDX-License-Identifier: Apache-2.0
// Checkers in the service weir: which nodes probe, and whose votes an operator does not trust.
// Called by the dispatcher on a worker, inside a transaction.
#include "control/api/api_priv.h"

#include "base/check.h"
#include "control/store/checkers.h"
#include "net/address.h"

#include <string.h>

/** "192.0.2.1:5391". In the call's arena. */
static const char *votes_text(struct api_call *c, const struct store_checker *checker)
{
    struct net_address address = {0};
    char text[NET_ADDRESS_TEXT_SIZE];
    if (checker->address_bytes == sizeof(struct in_addr)) {
        address.in.sin_family = AF_INET;
        memcpy(&address.in.sin_addr, checker->address, sizeof(address.in.sin_addr));
        address.len = sizeof(address.in);
    } else {
        address.in6.sin6_family = AF_INET6;
        memcpy(&address.in6.sin6_addr, checker->address, sizeof(address.in6.sin6_addr));
        address.len = sizeof(address.in6);
    }
    net_address_set_port(&address, checker->port);
    net_address_format(&address, text);
    return arena_strdup(c->arena, text);
}

static json_t *checker_json(struct api_call *c, const struct store_checker *checker)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:b}", "Id", checker->node_id, "Votes", votes_text(c, checker),
                  "Region", checker->region, "Excluded", checker->is_excluded);
    CHECK(object != NULL); /* texts that a node reported are printable */
    return object;
}

/** What this machine sees of its votes. */
static void add_seen(const struct api_call *c, const char *node_id, json_t *checker)
{
    const struct api_options *o = c->options;
    if (o->checker_of == NULL)
        return;
    struct api_checker seen = o->checker_of(o->user, node_id);
    if (!seen.is_known)
        return;
    json_object_set_new(checker, "Fresh", json_boolean(seen.is_fresh));
    json_object_set_new(checker, "Outlier", json_boolean(seen.is_outlier));
    json_object_set_new(checker, "Disagreements", json_integer((json_int_t)seen.disagreements));
}

enum aws_error api_list_checkers(struct api_call *c, const json_t *in, json_t *out)
{
    (void)in;
    struct store_checker *checkers = NULL;
    size_t count = 0;
    struct errctx ec = {0};
    enum err err = store_checker_list(c->conn, c->arena, API_CHECKERS_MAX, &checkers, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    json_t *status = api_fleet_status(c);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *checker = checker_json(c, &checkers[i]);
        const json_t *node = json_object_get(json_object_get(status, "Nodes"), checkers[i].node_id);
        json_t *heard = json_object_get(node, "HeardMsAgo");
        if (heard != NULL)
            json_object_set(checker, "HeardMsAgo", heard);
        add_seen(c, checkers[i].node_id, checker);
        json_array_append_new(list, checker);
    }
    json_object_set_new(out, "Checkers", list);
    json_decref(status);
    return AWS_OK;
}

static enum aws_error set_excluded(struct api_call *c, const json_t *in, bool is_excluded)
{
    struct errctx ec = {0};
    bool is_changed = false;
    const char *id = json_string_value(json_object_get(in, "Id"));
    if (id == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput, "A text 'Id' is expected");
    enum err err = store_checker_exclude(c->conn, id, is_excluded, &is_changed, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchNode, "No checker found with ID: %s",
                        aws_echo(c->arena, id));
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = arena_printf(c->arena, "/checker/%s", id);
    return AWS_OK;
}

enum aws_error api_exclude_checker(struct api_call *c, const json_t *in, json_t *out)
{
    (void)out;
    return set_excluded(c, in, true);
}

enum aws_error api_include_checker(struct api_call *c, const json_t *in, json_t *out)
{
    (void)out;
    return set_excluded(c, in, false);
}
