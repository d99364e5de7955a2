// SPDX-License-Identifier: Apache-2.0
// What a store lacks before the first release: in one transaction, safe to repeat after a crash.
// Called by rollout_start, before its thread runs.
#include "base/random.h"
#include "base/time.h"
#include "control/rollout/rollout_priv.h"

#define META_SEED "fleet.seed"

/** The fleet's key of the tries; it never changes, as every root depends on it. */
static enum err ensure_seed(struct store_conn *conn, struct trie_seed *out_seed, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct slice value = {0};
    struct errctx why = {0};
    enum err err = store_meta_get(conn, &arena, META_SEED, &value, &why);
    if (err == ERR_NOT_FOUND) {
        random_bytes(out_seed->bytes, sizeof(out_seed->bytes));
        return store_meta_set(conn, META_SEED, slice_of(out_seed->bytes, sizeof(out_seed->bytes)),
                              ec);
    }
    if (err != ERR_OK)
        return err_set(ec, err, "%s", why.text);
    if (value.len != sizeof(out_seed->bytes))
        return err_set(ec, ERR_CORRUPT, META_SEED " has %zu bytes", value.len);
    memcpy(out_seed->bytes, value.data, sizeof(out_seed->bytes));
    return ERR_OK;
}

/** Control's own node needs nobody to admit it; what an operator decided later stands. */
static enum err ensure_own_node(struct store_conn *conn, const struct net_identity *identity,
                                struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_node row = {0};
    struct errctx why = {0};
    enum err err = store_node_get(conn, &arena, identity->node_id, &row, &why);
    if (err == ERR_OK && row.state != STORE_NODE_PENDING)
        return ERR_OK;
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err_set(ec, err, "%s", why.text);
    row = (struct store_node){
        .id = identity->node_id,
        .state = STORE_NODE_ADMITTED,
        .address = "",
        .first_seen_unix_ms = time_unix_ms(),
    };
    memcpy(row.public_key, signing_key_public(identity->key), sizeof(row.public_key));
    err = store_node_put(conn, &row, ec);
    return err == ERR_OK ? store_node_put_object(conn, &row, ec) : err;
}

enum err rollout_first_start(struct store_conn *conn, const struct rollout_options *options,
                             struct trie_seed *out_seed, struct errctx *ec)
{
    bool is_changed = false;
    enum err err = store_begin_write(conn, ec);
    if (err != ERR_OK)
        return err;
    err = ensure_seed(conn, out_seed, ec);
    if (err == ERR_OK)
        err = ensure_own_node(conn, &options->keys->identity, ec);
    if (err == ERR_OK)
        err = compile_builtin_zones(conn, &options->builtin, &is_changed, ec);
    if (err == ERR_OK)
        return store_commit(conn, ec);
    store_rollback(conn);
    return err;
}
