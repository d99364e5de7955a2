// SPDX-License-Identifier: Apache-2.0
// Serving this node's releases to its peers. Part of the agent, on its only thread.
//
// Whom to serve is part of what is served: a peer is admitted when the served root lists its key.
#include "node/agent_priv.h"

#include "release/objects.h"

/** Whether the node object with this key's id is in the root, and of this key. */
static enum err find_node(struct agent *a, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                          bool *out_is_listed, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct chunk_source source = node_db_source(a->db);
    char id[NODE_ID_SIZE];
    struct slice bytes;
    struct release_root root;
    struct release_node node;
    node_id_format(public_key, id);
    enum err e = source.get(source.user, &arena, &a->state.serving, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(&arena, bytes, &root, ec);
    if (e != ERR_OK)
        return e;
    struct trie_object object = {.key = trie_key_of(&root.seed, slice_str(id), (struct slice){0}),
                                 .id = slice_str(id)};
    e = trie_get(&arena, &root.tries[RELEASE_NODE], &object, &source, &bytes, ec);
    if (e == ERR_OK)
        e = release_node_decode(&arena, bytes, &node, ec);
    if (e == ERR_OK)
        *out_is_listed = memcmp(node.public_key, public_key, ED25519_PUBLIC_BYTES) == 0;
    return e;
}

static bool is_admitted(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    struct agent *a = user;
    struct errctx ec = {0};
    bool is_listed = false;
    if (!agent_state_has_first_root(&a->state))
        return false;
    return find_node(a, public_key, &is_listed, &ec) == ERR_OK && is_listed;
}

static struct slice newest_pointer(void *user, uint64_t *out_epoch, uint64_t *out_sequence)
{
    const struct agent *a = user;
    *out_epoch = a->state.epoch;
    *out_sequence = a->state.sequence;
    return a->signed_pointer;
}

static enum err packed_chunk(void *user, struct arena *arena, const struct chunk_hash *hash,
                             struct slice *out_packed, struct errctx *ec)
{
    struct agent *a = user;
    return node_db_packed_chunk(a->db, arena, hash, out_packed, ec);
}

enum err peers_start(struct agent *a, int listen_fd, struct errctx *ec)
{
    enum err e =
        net_tls_fleet_server_new(a->identity.cert_pem, a->identity.key_pem, &a->peers_tls, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "--peer-listen");
    struct feed_source source = {
        .is_admitted = is_admitted,
        .newest_pointer = newest_pointer,
        .packed_chunk = packed_chunk,
        .user = a,
    };
    a->peers = feed_server_new(a->loop, a->peers_tls, &source);
    feed_server_listen(a->peers, listen_fd);
    return ERR_OK;
}

void peers_stop(struct agent *a)
{
    if (a->peers != NULL)
        feed_server_free(a->peers);
    net_tls_free(a->peers_tls);
}
