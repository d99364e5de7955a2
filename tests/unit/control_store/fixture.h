// SPDX-License-Identifier: Apache-2.0
// A store in a directory of its own, for each test of this room.
#ifndef TESTS_UNIT_CONTROL_STORE_FIXTURE_H
#define TESTS_UNIT_CONTROL_STORE_FIXTURE_H

#include "control/store/objects.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/** Fails the test with the words of the context. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        struct errctx ok_ec = {0};                                                                 \
        fixture_assert_ok((call), &ok_ec, __FILE__, __LINE__);                                     \
    } while (0)
/** The context that a call inside OK() gathers in. */
#define EC (&ok_ec)

struct fixture {
    char dir[TEMP_DIR_SIZE];
    struct store *store;
    struct store_conn *conn;
    struct arena arena;
};

void fixture_assert_ok(enum err err, const struct errctx *ec, const char *file, int line);

/** cmocka's setup and teardown; *state is the fixture, with the store open and one connection. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** Closes and opens again. */
void fixture_reopen(struct fixture *f);
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

/** DIR/NAME; static storage. */
const char *fixture_path(const struct fixture *f, const char *name);

/** SQL on control.db itself, beside the store. */
void fixture_sql(const struct fixture *f, const char *text);
/** The single number that such a query answers. */
int64_t fixture_sql_number(const struct fixture *f, const char *text);

void begin(struct fixture *f);
void commit(struct fixture *f);
uint64_t take_version(struct fixture *f);

/** A change of its own that writes one name of a zone; returns its version. */
uint64_t put_name(struct fixture *f, const char *zone, const char *name, const char *body);
uint64_t delete_name(struct fixture *f, const char *zone, const char *name);

#endif
