// SPDX-License-Identifier: Apache-2.0
// Nodes, the rollout, its lease, and the roots it published. Called by the rollout's thread, and
// for nodes by the API's workers, on the thread that uses the connection.
#include "control/store/fleet.h"

#include "base/check.h"
#include "control/store/objects.h"
#include "control/store/store_priv.h"

#define NODE_COLUMNS "id, public_key, state, address, first_seen_unix_ms"
#define ROLLOUT_COLUMNS                                                                            \
    "epoch, sequence, stable_root, stable_version, candidate_root, candidate_version,"             \
    " signed_pointer"

static void node_read(struct sql_reader *r, void *out)
{
    struct store_node *node = (struct store_node *)out;
    node->id = sql_get_text(r);
    sql_get_bytes(r, node->public_key, sizeof(node->public_key));
    node->state = (enum store_node_state)sql_get_enum(r, STORE_NODE_REMOVED);
    node->address = sql_get_text(r);
    node->first_seen_unix_ms = sql_get_number(r);
}

static const struct row_shape node_shape = {"node", sizeof(struct store_node), node_read};

enum err store_node_get(struct store_conn *c, struct arena *a, const char *id,
                        struct store_node *out, struct errctx *ec)
{
    return conn_get(c, a, SQL("SELECT " NODE_COLUMNS " FROM node WHERE id = $1", sql_text(id)),
                    &node_shape, out, ec);
}

enum err store_node_put(struct store_conn *c, const struct store_node *node, struct errctx *ec)
{
    return conn_change(
        c,
        SQL("INSERT INTO node (" NODE_COLUMNS ") VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (id) DO UPDATE SET public_key = excluded.public_key,"
            " state = excluded.state, address = excluded.address,"
            " first_seen_unix_ms = excluded.first_seen_unix_ms",
            sql_text(node->id), sql_blob(slice_of(node->public_key, sizeof(node->public_key))),
            sql_number(node->state), sql_text(node->address), sql_number(node->first_seen_unix_ms)),
        ec);
}

enum err store_node_drop_pending(struct store_conn *c, const char *id, struct errctx *ec)
{
    return conn_change(c,
                       SQL("DELETE FROM node WHERE id = $1 AND state = $2", sql_text(id),
                           sql_number(STORE_NODE_PENDING)),
                       ec);
}

enum err store_node_put_object(struct store_conn *c, const struct store_node *node,
                               struct errctx *ec)
{
    uint8_t body[STORE_NODE_BODY_BYTES] = {0};
    struct store_object object = {.kind = STORE_NODE, .group = node->id};
    memcpy(body, node->public_key, STORE_NODE_KEY_BYTES);
    if (node->state == STORE_NODE_DRAINING)
        body[STORE_NODE_KEY_BYTES] = STORE_NODE_FLAG_DRAINING;
    if (node->state == STORE_NODE_REMOVED)
        object.is_deleted = true;
    else
        object.body = slice_of(body, sizeof(body));
    uint64_t version = 0;
    enum err err = store_take_version(c, &version, ec);
    return err == ERR_OK ? store_object_put(c, &object, ec) : err;
}

enum err store_node_list(struct store_conn *c, struct arena *a, struct store_node **out_nodes,
                         size_t *out_count, struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a, SQL("SELECT " NODE_COLUMNS " FROM node ORDER BY id"),
                             &node_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_nodes = (struct store_node *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

static void lease_read(struct sql_reader *r, void *out)
{
    struct store_lease *lease = (struct store_lease *)out;
    lease->holder = sql_get_text(r);
    lease->epoch = sql_get_unsigned(r);
    lease->expires_unix_ms = sql_get_number(r);
}

static const struct row_shape lease_shape = {"lease", sizeof(struct store_lease), lease_read};

static enum err lease_get(struct store_conn *c, struct arena *a, struct store_lease *out,
                          struct errctx *ec)
{
    return conn_get(c, a, SQL("SELECT holder, epoch, expires_unix_ms FROM lease WHERE id = 1"),
                    &lease_shape, out, ec);
}

/** What the lease becomes, inside the transaction. `wanted` holds the taker and the expiry. */
static enum err lease_decide(struct store_conn *c, int64_t now_unix_ms, struct store_lease *wanted,
                             struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_lease lease = {0};
    enum err err = lease_get(c, &arena, &lease, ec);
    if (err == ERR_NOT_FOUND) {
        wanted->epoch = 1;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    bool is_same = strcmp(lease.holder, wanted->holder) == 0;
    if (!is_same && lease.expires_unix_ms > now_unix_ms)
        return err_set(ec, ERR_CONFLICT, "store: '%s' holds the lease", lease.holder);
    wanted->epoch = is_same ? lease.epoch : lease.epoch + 1;
    return ERR_OK;
}

static enum err lease_put(struct store_conn *c, const struct store_lease *lease, struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO lease (id, holder, epoch, expires_unix_ms)"
                           " VALUES (1, $1, $2, $3)"
                           " ON CONFLICT (id) DO UPDATE SET holder = excluded.holder,"
                           " epoch = excluded.epoch, expires_unix_ms = excluded.expires_unix_ms",
                           sql_text(lease->holder), sql_unsigned(lease->epoch),
                           sql_number(lease->expires_unix_ms)),
                       ec);
}

enum err store_lease_take(struct store_conn *c, const char *holder, int64_t now_unix_ms,
                          int64_t duration_ms, uint64_t *out_epoch, struct errctx *ec)
{
    CHECK(duration_ms > 0);
    struct store_lease wanted = {.holder = holder, .expires_unix_ms = now_unix_ms + duration_ms};
    enum err err = store_begin_write(c, ec);
    if (err != ERR_OK)
        return err;
    err = lease_decide(c, now_unix_ms, &wanted, ec);
    if (err == ERR_OK)
        err = lease_put(c, &wanted, ec);
    if (err != ERR_OK) {
        store_rollback(c);
        return err;
    }
    err = store_commit(c, ec);
    if (err == ERR_OK)
        *out_epoch = wanted.epoch;
    return err;
}

static void rollout_read(struct sql_reader *r, void *out)
{
    struct store_rollout *row = (struct store_rollout *)out;
    row->epoch = sql_get_unsigned(r);
    row->sequence = sql_get_unsigned(r);
    sql_get_bytes(r, row->stable_root, sizeof(row->stable_root));
    row->stable_version = sql_get_unsigned(r);
    sql_get_bytes(r, row->candidate_root, sizeof(row->candidate_root));
    row->candidate_version = sql_get_unsigned(r);
    row->signed_pointer = sql_get_blob(r);
}

static const struct row_shape rollout_shape = {"rollout", sizeof(struct store_rollout),
                                               rollout_read};

enum err store_rollout_get(struct store_conn *c, struct arena *a, struct store_rollout *out,
                           struct errctx *ec)
{
    return conn_get(c, a, SQL("SELECT " ROLLOUT_COLUMNS " FROM rollout WHERE id = 1"),
                    &rollout_shape, out, ec);
}

enum err store_lease_check(struct store_conn *c, uint64_t epoch, struct errctx *ec)
{
    uint64_t current = 0;
    enum err err = conn_count(c, SQL("SELECT COALESCE(MAX(epoch), 0) FROM lease"), &current, ec);
    if (err == ERR_OK && current != epoch)
        err = err_set(ec, ERR_CONFLICT, "store: the lease is at epoch %llu, this write at %llu",
                      (unsigned long long)current, (unsigned long long)epoch);
    return err;
}

enum err store_rollout_put(struct store_conn *c, const struct store_rollout *row, struct errctx *ec)
{
    enum err err = store_lease_check(c, row->epoch, ec);
    if (err != ERR_OK)
        return err;
    return conn_change(
        c,
        SQL("INSERT INTO rollout (id, " ROLLOUT_COLUMNS ")"
            " VALUES (1, $1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch,"
            " sequence = excluded.sequence, stable_root = excluded.stable_root,"
            " stable_version = excluded.stable_version, candidate_root = excluded.candidate_root,"
            " candidate_version = excluded.candidate_version,"
            " signed_pointer = excluded.signed_pointer",
            sql_unsigned(row->epoch), sql_unsigned(row->sequence),
            sql_blob(slice_of(row->stable_root, sizeof(row->stable_root))),
            sql_unsigned(row->stable_version),
            sql_blob(slice_of(row->candidate_root, sizeof(row->candidate_root))),
            sql_unsigned(row->candidate_version), sql_blob(row->signed_pointer)),
        ec);
}

static void release_read(struct sql_reader *r, void *out)
{
    struct store_release *release = (struct store_release *)out;
    sql_get_bytes(r, release->root, sizeof(release->root));
    release->version = sql_get_unsigned(r);
    release->created_unix_ms = sql_get_number(r);
    release->note = sql_get_blob(r);
}

static const struct row_shape release_shape = {"release", sizeof(struct store_release),
                                               release_read};

enum err store_release_add(struct store_conn *c, const struct store_release *release,
                           struct errctx *ec)
{
    return conn_change(c,
                       SQL("INSERT INTO published_root"
                           " (root, version, created_unix_ms, note, ordinal)"
                           " VALUES ($1, $2, $3, $4,"
                           " (SELECT COALESCE(MAX(ordinal), 0) + 1 FROM published_root))"
                           " ON CONFLICT (root) DO UPDATE SET version = excluded.version,"
                           " created_unix_ms = excluded.created_unix_ms,"
                           " note = excluded.note, ordinal = excluded.ordinal",
                           sql_blob(slice_of(release->root, sizeof(release->root))),
                           sql_unsigned(release->version), sql_number(release->created_unix_ms),
                           sql_blob(release->note)),
                       ec);
}

enum err store_release_list(struct store_conn *c, struct arena *a,
                            struct store_release **out_releases, size_t *out_count,
                            struct errctx *ec)
{
    struct row_list list = {0};
    enum err err = conn_list(c, a,
                             SQL("SELECT root, version, created_unix_ms, note FROM published_root"
                                 " ORDER BY ordinal DESC"),
                             &release_shape, &list, ec);
    if (err != ERR_OK)
        return err;
    *out_releases = (struct store_release *)list.items;
    *out_count = list.count;
    return ERR_OK;
}

enum err store_release_remove(struct store_conn *c, const uint8_t root[32], struct errctx *ec)
{
    return conn_change_one(
        c, SQL("DELETE FROM published_root WHERE root = $1", sql_blob(slice_of(root, 32))),
        ERR_NOT_FOUND, release_shape.what, ec);
}
