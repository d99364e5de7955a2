// SPDX-License-Identifier: Apache-2.0
// The control role: where API, store and rollout meet. They never include each other; the API
// wakes the rollout through the store's commit, and asks for the nodes' status and for the built-in
// zones through callbacks.
// Runs in the role's process: API on the main loop, rollout on a thread of its own.
#include "cmd/control_role.h"

#include "base/alloc.h"
#include "cmd/control_first_start.h"
#include "cmd/health_status.h"
#include "cmd/test_answer.h"
#include "control/api/api.h"
#include "control/compile/compile.h"
#include "control/rollout/rollout.h"
#include "dns/name.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL_ACCOUNT_DIGITS 12        /* AWS account ids */
#define CONTROL_CDN_DOMAIN_MAX_BYTES 200 /* with the label of a distribution it is a name still */

/** Everything of one control. */
struct control {
    struct role_context *context;
    struct control_keys *keys;
    struct store *store;
    _Atomic(struct rollout *) rollout; /* set once; committing threads look at it */
    struct net_tls *tls;               /* of --api-https */
    struct api *api;
    struct compile_builtin builtin;
    struct test_answer *test_answer;
    struct health_status *health_status;
};

static struct role_socket control_sockets[2];

/** The APIs over plain HTTP only ever on loopback; elsewhere TLS. */
static enum err plan_api(const struct settings *settings, struct errctx *ec)
{
    control_sockets[0] = (struct role_socket){.kind = ROLE_SOCKET_TCP, .label = "api"};
    enum err e = net_address_parse(slice_str(settings->api), &control_sockets[0].wanted, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "--api");
    if (!net_address_is_loopback(&control_sockets[0].wanted))
        return err_set(ec, ERR_INVALID,
                       "--api: %s is no loopback address; elsewhere the APIs speak TLS alone "
                       "(--api-https)",
                       settings->api);
    return ERR_OK;
}

static enum err check_domain(const char *setting, const char *value, struct errctx *ec)
{
    struct dns_name name;
    struct slice text = slice_str(value);
    enum err e = dns_name_parse(text, &name, ec);
    bool ends_in_dot = text.len > 0 && text.data[text.len - 1] == '.';
    if (e == ERR_OK && (name.len <= 1 || ends_in_dot))
        e = err_set(ec, ERR_INVALID, "'%s' is no domain without its final dot", value);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "%s", setting);
}

/** A mistake that would show only later, as a release that no node serves. */
static enum err check_names(const struct settings *settings, struct errctx *ec)
{
    enum err e = check_domain("--platform", settings->platform, ec);
    if (e == ERR_OK)
        e = check_domain("--cdn-domain", settings->cdn_domain, ec);
    if (e == ERR_OK && strpbrk(settings->cdn_domain, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL)
        e = err_set(ec, ERR_INVALID, "--cdn-domain: '%s' is not in lower case",
                    settings->cdn_domain);
    if (e == ERR_OK && strlen(settings->cdn_domain) > CONTROL_CDN_DOMAIN_MAX_BYTES)
        e = err_set(ec, ERR_INVALID, "--cdn-domain: '%s' is longer than %d characters",
                    settings->cdn_domain, CONTROL_CDN_DOMAIN_MAX_BYTES);
    if (e == ERR_OK && strcasecmp(settings->platform, settings->cdn_domain) == 0)
        e = err_set(ec, ERR_INVALID, "--cdn-domain: the same as --platform");
    if (e != ERR_OK)
        return e;
    size_t digits = strspn(settings->account_id, "0123456789");
    if (digits != CONTROL_ACCOUNT_DIGITS || settings->account_id[digits] != '\0')
        return err_set(ec, ERR_INVALID, "--account-id: '%s' is not %d digits", settings->account_id,
                       CONTROL_ACCOUNT_DIGITS);
    return ERR_OK;
}

static enum err control_plan(const struct settings *settings, struct role_socket **out_sockets,
                             size_t *out_count, unsigned *out_threads, struct errctx *ec)
{
    enum err e = check_names(settings, ec);
    if (e == ERR_OK)
        e = plan_api(settings, ec);
    if (e != ERR_OK)
        return e;
    size_t count = 1;
    if (settings->api_https != NULL) {
        struct role_socket *socket = &control_sockets[count++];
        *socket = (struct role_socket){.kind = ROLE_SOCKET_TCP, .label = "api_https"};
        e = net_address_parse(slice_str(settings->api_https), &socket->wanted, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "--api-https");
    }
    *out_sockets = control_sockets;
    *out_count = count;
    *out_threads = 1;
    return ERR_OK;
}

static struct slice node_status(void *user, struct arena *a)
{
    struct control *c = user;
    return rollout_status(c->rollout, a);
}

/** Delegation sets changed; on a worker of the API, in its transaction. */
static enum err write_builtin_zones(void *user, struct store_conn *conn, struct errctx *ec)
{
    struct control *c = user;
    bool is_changed = false;
    return compile_builtin_zones(conn, &c->builtin, &is_changed, ec);
}

/** TestDNSAnswer; on a worker of the API, in its transaction. */
static enum err test_answer(void *user, struct store_conn *conn, struct arena *a,
                            const struct api_dns_question *question, struct api_dns_answer *out,
                            struct errctx *ec)
{
    struct control *c = user;
    return test_answer_ask(c->test_answer, conn, a, question, out, ec);
}

/** GetHealthCheckStatus and its like; on a worker of the API. */
static enum err observe_health(void *user, struct arena *a,
                               const struct api_health_question *question,
                               struct api_observations *out, struct errctx *ec)
{
    struct control *c = user;
    return health_status_ask(c->health_status, a, question, out, ec);
}

/** ListHealthStates; on a worker of the API. */
static struct api_health health_of(void *user, const char *check_id)
{
    struct control *c = user;
    return health_status_of(c->health_status, check_id);
}

/** ListCheckers; on a worker of the API. */
static struct api_checker checker_of(void *user, const char *node_id)
{
    struct control *c = user;
    return health_status_checker(c->health_status, node_id);
}

/** The addresses that clients reach this node by; none where nobody said and DNS is on a wildcard.
 */
static void find_advertised(struct control *c)
{
    static char text[NET_ADDRESS_TEXT_SIZE];
    static const char *listener = text;
    const struct settings *settings = c->context->settings;
    struct net_address address;
    if (settings->advertise.count > 0) {
        c->builtin.addresses = settings->advertise.items;
        c->builtin.address_count = settings->advertise.count;
        return;
    }
    if (settings->dns.count == 0 ||
        net_address_parse(slice_str(settings->dns.items[0]), &address, NULL) != ERR_OK ||
        net_address_is_wildcard(&address))
        return;
    net_address_format_ip(&address, text);
    c->builtin.addresses = &listener;
    c->builtin.address_count = 1;
}

static enum err start_rollout(struct control *c, struct errctx *ec)
{
    const struct settings *settings = c->context->settings;
    c->builtin = (struct compile_builtin){.platform = settings->platform,
                                          .cdn_domain = settings->cdn_domain};
    find_advertised(c);
    struct rollout_options options = {
        .store = c->store,
        .keys = c->keys,
        .holder = c->keys->identity.node_id,
        .nodes_fd = c->context->nodes_fd,
        .builtin = c->builtin,
    };
    struct rollout *rollout = NULL;
    enum err e = rollout_start(&options, &rollout, ec);
    if (e == ERR_OK)
        atomic_store(&c->rollout, rollout);
    return e;
}

static enum err start_api(struct control *c, struct errctx *ec)
{
    const struct settings *settings = c->context->settings;
    struct api_options options = {
        .store = c->store,
        .seal_key = &c->keys->seal,
        .platform = settings->platform,
        .cdn_domain = settings->cdn_domain,
        .worker_count = (unsigned)settings->control_workers,
        .rate_per_s = (uint32_t)settings->api_rate,
        .limits = HTTP_LIMITS_DEFAULT,
        .node_status = node_status,
        .write_builtin_zones = write_builtin_zones,
        .test_answer = test_answer,
        .observe_health = observe_health,
        .health_of = health_of,
        .checker_of = checker_of,
        .user = c,
    };
    enum err e =
        health_status_new(c->context->loop, c->store, &c->keys->identity, &c->health_status, ec);
    if (e != ERR_OK)
        return e;
    c->test_answer = test_answer_new(settings, c->health_status);
    e = api_new(c->context->loop, &options, &c->api, ec);
    if (e != ERR_OK)
        return e;
    api_listen(c->api, c->context->sockets[0].fds[0], NULL);
    if (c->context->socket_count > 1) {
        e = net_tls_server_new(c->keys->api.cert_pem, c->keys->api.key_pem, &c->tls, ec);
        if (e != ERR_OK)
            return e;
        api_listen(c->api, c->context->sockets[1].fds[0], c->tls);
    }
    return ERR_OK;
}

/** Committed on a worker; the rollout may not stand yet at the very start. */
static void version_committed(void *user)
{
    struct control *c = user;
    struct rollout *rollout = atomic_load(&c->rollout);
    if (rollout != NULL)
        rollout_wake(rollout);
}

static enum err control_start(struct role_context *context, void **out_state, struct errctx *ec)
{
    struct control *c = NEW(struct control);
    c->context = context;
    *out_state = c;
    enum err e = control_open_keys(context->settings, &c->keys, ec);
    if (e == ERR_OK)
        e = store_open(context->settings->store, context->settings->data, &c->store, ec);
    if (e != ERR_OK)
        return e;
    store_on_commit(c->store, version_committed, c);
    e = start_rollout(c, ec);
    if (e == ERR_OK)
        e = start_api(c, ec);
    if (e == ERR_OK)
        role_ready(context);
    return e;
}

static void api_drained(void *user)
{
    struct control *c = user;
    role_drained(c->context);
}

static void control_drain(void *state)
{
    struct control *c = state;
    api_drain(c->api, api_drained, c);
}

static void control_stop(void *state)
{
    struct control *c = state;
    api_free(c->api);
    net_tls_free(c->tls);
    test_answer_free(c->test_answer);
    health_status_free(c->health_status);
    rollout_stop(c->rollout);
    store_close(c->store);
    control_keys_free(c->keys);
    free(c);
}

const struct role control_role = {
    .name = "control",
    .metrics_role = METRICS_CONTROL,
    .plan = control_plan,
    .prepare = control_prepare,
    .start = control_start,
    .drain = control_drain,
    .stop = control_stop,
};
