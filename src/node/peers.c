// SPDX-License-Identifier: Apache-2.0
// Serving this node's releases to its peers. Part of the agent, on its only thread.
//
// Whom to serve is part of what is served: a peer is admitted when the served root lists its key.
#include "node/agent_priv.h"

#include "release/objects.h"

static bool is_admitted(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    struct agent *a = user;
    struct release_node node;
    struct errctx ec = {0};
    char id[NODE_ID_SIZE];
    node_id_format(public_key, id);
    return agent_find_node(a, id, &node, &ec) == ERR_OK &&
           memcmp(node.public_key, public_key, ED25519_PUBLIC_BYTES) == 0;
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
