// SPDX-License-Identifier: Apache-2.0
// Roots of nodes and health checks in memory.
#ifndef TESTS_CHECK_ROOTS_H
#define TESTS_CHECK_ROOTS_H

#include "node/role.h"
#include "release/health_check.h"
#include "release/memory_store.h"

struct check_root {
    struct memory_store *store;
    struct arena arena;
    struct release_root root;
    struct chunk_hash hash;
    struct role_root role_root; /* of what check_root_finish made */
};

void check_root_init(struct check_root *r, struct memory_store *store);
void check_root_fini(struct check_root *r);
/** A node whose key is the byte over and over. */
void check_root_node(struct check_root *r, const char *id, uint8_t key);
/** An HTTP check of 127.0.0.1. */
struct release_health_check check_root_http(const char *id);
void check_root_put(struct check_root *r, const char *id, struct slice value);
void check_root_check(struct check_root *r, const struct release_health_check *check);
void check_root_finish(struct check_root *r);

#endif
