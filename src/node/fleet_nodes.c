// SPDX-License-Identifier: Apache-2.0
// The nodes of the fleet as the served root lists them: whom to serve as a peer, and what an
// operator wants of this node. Part of the agent, on its only thread.
#include "metrics/log.h"
#include "node/agent_priv.h"

static enum err read_node(struct agent *a, struct arena *arena, const char *id,
                          struct release_node *out, struct errctx *ec)
{
    struct chunk_source source = node_db_source(a->db);
    struct slice bytes;
    struct release_root root;
    enum err e = source.get(source.user, arena, &a->state.serving, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(arena, bytes, &root, ec);
    if (e != ERR_OK)
        return e;
    struct trie_object object = {.key = trie_key_of(&root.seed, slice_str(id), (struct slice){0}),
                                 .id = slice_str(id)};
    e = trie_get(arena, &root.tries[RELEASE_NODE], &object, &source, &bytes, ec);
    return e == ERR_OK ? release_node_decode(arena, bytes, out, ec) : e;
}

enum err agent_find_node(struct agent *a, const char *id, struct release_node *out,
                         struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct release_node node;
    if (!agent_state_has_first_root(&a->state))
        return err_set(ec, ERR_NOT_FOUND, "no root is served");
    enum err e = read_node(a, &arena, id, &node, ec);
    if (e != ERR_OK)
        return e;
    node.id = NULL; /* it lives in the arena */
    *out = node;
    return ERR_OK;
}

void agent_look_at_self(struct agent *a)
{
    struct release_node self = {0};
    struct errctx ec = {0};
    if (chunk_hash_equal(&a->self_root, &a->state.serving))
        return;
    enum err e = agent_find_node(a, a->identity.node_id, &self, &ec);
    if (e != ERR_OK && e != ERR_NOT_FOUND) { /* looked at again with the next event */
        LOG(LOG_WARNING, "this node's own object cannot be read", LOG_ERR(&ec));
        return;
    }
    a->self_root = a->state.serving;
    if (a->is_ordered_out != self.is_draining)
        LOG(LOG_INFO, self.is_draining ? "drained by an operator" : "no longer drained");
    a->is_ordered_out = self.is_draining;
}
