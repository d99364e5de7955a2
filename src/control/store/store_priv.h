// SPDX-License-Identifier: Apache-2.0
// What the typed functions of this room share: a connection, and rows of a query as structs.
#ifndef CONTROL_STORE_STORE_PRIV_H
#define CONTROL_STORE_STORE_PRIV_H

#include "control/store/sql_priv.h"
#include "control/store/store.h"

struct store_conn {
    struct store *store;
    struct sql *sql;
    uint64_t version;    /* newest, as read when the write transaction began */
    bool has_version;    /* this transaction took version + 1 */
    bool has_news;       /* it has something else that the listener of commits waits for */
    bool is_transaction; /* of either kind */
};

/** For tests: how long store_begin_write waits, instead of STORE_BUSY_TIMEOUT_MS. */
void store_set_busy_timeout(struct store *s, int timeout_ms);

/** How one row becomes a struct; `read` takes the columns in the order of the query. */
struct row_shape {
    const char *what; /* "hosted zone": for messages */
    size_t size_bytes;
    void (*read)(struct sql_reader *r, void *out);
};

/** The first row; ERR_NOT_FOUND where there is none. `out` is untouched on failure. */
enum err conn_get(struct store_conn *c, struct arena *a, const struct sql_call *call,
                  const struct row_shape *shape, void *out, struct errctx *ec) MUST_USE;

/** All rows, in an array in `a`. */
struct row_list {
    void *items;
    size_t count;
};
enum err conn_list(struct store_conn *c, struct arena *a, const struct sql_call *call,
                   const struct row_shape *shape, struct row_list *out, struct errctx *ec) MUST_USE;

/** The single number that a query answers. */
enum err conn_count(struct store_conn *c, const struct sql_call *call, uint64_t *out_number,
                    struct errctx *ec) MUST_USE;

/** A change that is told by nobody but its error. */
enum err conn_change(struct store_conn *c, const struct sql_call *call, struct errctx *ec) MUST_USE;

/** A change of one row that must be there (ERR_NOT_FOUND), or of one that must not (ERR_EXISTS). */
enum err conn_change_one(struct store_conn *c, const struct sql_call *call, enum err otherwise,
                         const char *what, struct errctx *ec) MUST_USE;

#endif
