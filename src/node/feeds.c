// SPDX-License-Identifier: Apache-2.0
// Following controls and peers. Called by the agent on its only thread.
//
// What a peer sends needs no trust in the peer: a pointer is verified by the fleet root's
// signature, a chunk by its hash. So a peer is whom the operator lists, by whatever key; it is the
// peer that asks whether we are of its fleet.
#include "node/feeds.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/settings.h"
#include "metrics/log.h"
#include "node/controls.h"

#include <stdio.h>
#include <stdlib.h>

/* --control, --peer, and the control of this node. */
#define FEEDS_MAX (CONTROLS_MAX + SETTINGS_LIST_MAX_ITEMS)

/** One server that is, or may be, followed. */
struct server {
    struct feeds *feeds;
    const char *url;
    struct net_address address;
    bool is_control;
    bool is_up;
    char why[128];              /* it is down */
    struct feed_client *client; /* NULL: not followed now */
    bool is_asked;              /* for chunks */
    struct feed_fetch_handler asker;
};

struct feeds {
    struct feeds_options options;
    struct arena arena;
    struct slice fleet_root; /* PEM; empty while there is none */
    bool was_missing;        /* said once */
    struct net_tls *control_tls;
    struct net_tls *peer_tls;
    int64_t control_lost_ns; /* since when no control is up */
    size_t count;
    struct server servers[FEEDS_MAX];
};

/* ---- who is there */

enum err feeds_check(const struct settings *settings, struct errctx *ec)
{
    struct net_address address;
    enum err e = ERR_OK;
    for (size_t i = 0; i < settings->control.count && e == ERR_OK; i++)
        e = controls_parse_url(settings->control.items[i], "--control", &address, ec);
    for (size_t i = 0; i < settings->peer.count && e == ERR_OK; i++)
        e = controls_parse_url(settings->peer.items[i], "--peer", &address, ec);
    return e;
}

static void add_server(struct feeds *f, const struct control_address *at, bool is_control)
{
    CHECK(f->count < FEEDS_MAX);
    f->servers[f->count++] = (struct server){
        .feeds = f, .url = at->url, .address = at->address, .is_control = is_control};
}

static enum err add_servers(struct feeds *f, struct errctx *ec)
{
    const struct node *node = f->options.node;
    const struct settings *settings = node->settings;
    struct controls controls;
    enum err e = controls_find(&f->arena, settings, node->has_control ? &node->nodes_bound : NULL,
                               &controls, ec);
    for (size_t i = 0; e == ERR_OK && i < controls.count; i++)
        add_server(f, &controls.items[i], true);
    for (size_t i = 0; e == ERR_OK && i < settings->peer.count; i++) {
        struct control_address peer = {.url = settings->peer.items[i]};
        e = controls_parse_url(peer.url, "--peer", &peer.address, ec);
        if (e == ERR_OK)
            add_server(f, &peer, false);
    }
    return e;
}

enum err feeds_new(const struct feeds_options *options, struct feeds **out_feeds, struct errctx *ec)
{
    struct feeds *f = NEW(struct feeds);
    f->options = *options;
    f->control_lost_ns = loop_now_ns(options->loop);
    enum err e = add_servers(f, ec);
    if (e != ERR_OK) {
        feeds_free(f);
        return e;
    }
    *out_feeds = f;
    return ERR_OK;
}

/* ---- following */

/** Ends what a server was asked for: its answer will not come. */
static void end_asking(struct server *s, enum err result, const struct errctx *ec)
{
    if (!s->is_asked)
        return;
    s->is_asked = false;
    struct feed_fetch_handler asker = s->asker;
    asker.on_done(asker.user, result, ec);
}

static void unfollow(struct server *s)
{
    if (s->client == NULL)
        return;
    struct feed_client *client = s->client;
    s->client = NULL;
    s->is_up = false;
    feed_client_free(client);
    struct errctx ec = {0};
    end_asking(s, err_set(&ec, ERR_CLOSED, "%s: followed no longer", s->url), &ec);
}

static void pointer_arrived(void *user, struct slice signed_pointer)
{
    struct server *s = user;
    s->feeds->options.on_pointer(s->feeds->options.user, signed_pointer);
}

static void state_changed(void *user, bool is_up, const struct errctx *why)
{
    struct server *s = user;
    char reason[sizeof(s->why)];
    (void)snprintf(reason, sizeof(reason), "%.*s", (int)sizeof(reason) - 1,
                   is_up || why == NULL ? "" : why->text);
    if (is_up != s->is_up || strcmp(reason, s->why) != 0) /* a first failure is news, too */
        LOG(is_up ? LOG_INFO : LOG_WARNING, is_up ? "feed is up" : "feed is down",
            LOG_STR("url", s->url), LOG_STR("reason", reason));
    s->is_up = is_up;
    memcpy(s->why, reason, sizeof(reason));
}

static void follow(struct server *s)
{
    struct feeds *f = s->feeds;
    if (s->client != NULL)
        return;
    struct feed_client_options options = {
        .address = s->address,
        .tls = s->is_control ? f->control_tls : f->peer_tls,
        .after_epoch = f->options.after_epoch,
        .after_sequence = f->options.after_sequence,
    };
    struct feed_client_handler handler = {
        .on_pointer = pointer_arrived, .on_state = state_changed, .user = s};
    s->client = feed_client_new(f->options.loop, &options, &handler);
}

static bool any_control_up(const struct feeds *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->servers[i].is_control && f->servers[i].is_up)
            return true;
    }
    return false;
}

bool feeds_are_heard(const struct feeds *f)
{
    bool has_control = false;
    bool is_peer_up = false;
    for (size_t i = 0; i < f->count; i++) {
        has_control |= f->servers[i].is_control;
        is_peer_up |= !f->servers[i].is_control && f->servers[i].is_up;
    }
    return has_control ? any_control_up(f) : is_peer_up;
}

/** Certificates once the fleet root is there; false until then. */
static bool open_certificates(struct feeds *f)
{
    if (f->peer_tls != NULL)
        return true;
    struct errctx ec = {0};
    const struct net_identity *identity = f->options.identity;
    enum err e = ERR_OK;
    if (f->control_tls == NULL)
        e = controls_open_tls(&f->arena, identity, f->options.node->fleet_root_path,
                              &f->control_tls, &f->fleet_root, &ec);
    if (e == ERR_OK)
        e = net_tls_fleet_client_new(identity->cert_pem, identity->key_pem, (struct slice){0},
                                     &f->peer_tls, &ec);
    if (e == ERR_OK)
        return true;
    if (!f->was_missing)
        LOG(LOG_WARNING, "waiting for the fleet root's certificate", LOG_ERR(&ec));
    f->was_missing = true;
    return false;
}

void feeds_tick(struct feeds *f)
{
    if (!open_certificates(f))
        return;
    int64_t now_ns = loop_now_ns(f->options.loop);
    if (any_control_up(f))
        f->control_lost_ns = now_ns;
    bool wants_peers = now_ns - f->control_lost_ns >= NODE_PEER_AFTER_NS;
    for (size_t i = 0; i < f->count; i++) {
        struct server *s = &f->servers[i];
        if (s->is_control || wants_peers)
            follow(s);
        else if (!s->is_asked) /* what it was asked for is still worth having */
            unfollow(s);
    }
}

void feeds_set_position(struct feeds *f, uint64_t epoch, uint64_t sequence)
{
    f->options.after_epoch = epoch;
    f->options.after_sequence = sequence;
    for (size_t i = 0; i < f->count; i++) {
        if (f->servers[i].client != NULL)
            feed_client_set_after(f->servers[i].client, epoch, sequence);
    }
}

struct slice feeds_fleet_root(const struct feeds *f)
{
    return f->fleet_root;
}

/* ---- asking and telling */

static void chunk_arrived(void *user, const struct chunk_hash *hash, struct slice packed)
{
    struct server *s = user;
    if (s->is_asked)
        s->asker.on_chunk(s->asker.user, hash, packed);
}

static void chunks_done(void *user, enum err result, const struct errctx *ec)
{
    end_asking((struct server *)user, result, ec);
}

bool feeds_ask(void *user, unsigned turn, const struct chunk_hash *hashes, size_t count,
               const struct feed_fetch_handler *handler)
{
    struct feeds *f = user;
    size_t up[FEEDS_MAX];
    size_t up_count = 0;
    for (unsigned is_peer = 0; is_peer < 2; is_peer++) {
        for (size_t i = 0; i < f->count; i++) {
            const struct server *s = &f->servers[i];
            if (s->client != NULL && s->is_up && !s->is_asked && s->is_control == (is_peer == 0))
                up[up_count++] = i;
        }
    }
    if (up_count == 0)
        return false;
    struct server *s = &f->servers[up[turn % up_count]];
    s->asker = *handler;
    s->is_asked = true;
    struct feed_fetch_handler own = {.on_chunk = chunk_arrived, .on_done = chunks_done, .user = s};
    feed_client_fetch(s->client, hashes, count, &own);
    return true;
}

void feeds_report(struct feeds *f, struct slice encoded_report)
{
    for (size_t i = 0; i < f->count; i++) {
        struct server *s = &f->servers[i];
        if (s->is_control && s->client != NULL)
            feed_client_report(s->client, encoded_report);
    }
}

bool feeds_server_at(const struct feeds *f, size_t index, struct feeds_server *out)
{
    if (index >= f->count)
        return false;
    const struct server *s = &f->servers[index];
    *out = (struct feeds_server){
        .url = s->url, .is_control = s->is_control, .is_up = s->is_up, .why = s->why};
    return true;
}

void feeds_free(struct feeds *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->count; i++) {
        if (f->servers[i].client != NULL)
            feed_client_free(f->servers[i].client);
    }
    net_tls_free(f->control_tls);
    net_tls_free(f->peer_tls);
    arena_fini(&f->arena);
    free(f);
}
