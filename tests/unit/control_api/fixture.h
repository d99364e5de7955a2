// SPDX-License-Identifier: Apache-2.0
// A store in a temporary directory with delegation sets and an access key, and signed calls that
// run in place, as a worker runs them.
#ifndef TESTS_CONTROL_API_FIXTURE_H
#define TESTS_CONTROL_API_FIXTURE_H

#include "control/api/api_priv.h"
#include "control/api/throttle.h"
#include "control/store/store.h"
#include "shared/temp_dir.h"

#define FIXTURE_ACCOUNT "000000000000"

struct fixture {
    char dir[TEMP_DIR_SIZE];
    struct arena arena;
    struct store *store;
    struct store_conn *conn;
    struct seal_key seal_key;
    struct api_access_key key;
    struct api_options options;
    struct throttle *throttle;
};

/** cmocka's setup and teardown; *state is the struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** What to call; the service follows from the path. */
struct fixture_call {
    const char *method;
    const char *path;
    const char *query;
    const char *body;
    const char *if_match; /* NULL: no such header */
};

/** Signs and runs the call. The answer lives in the fixture's arena. */
struct api_answer fixture_run(struct fixture *f, const struct fixture_call *call);

/** Runs it, asserts the status, answers the body as text. */
const char *fixture_get(struct fixture *f, const char *path, const char *query, unsigned status);
const char *fixture_post(struct fixture *f, const char *path, const char *body, unsigned status);

/** The text of the first element with this name in an XML answer; fails the test without one. */
const char *fixture_element(struct fixture *f, const char *xml, const char *name);

/** Asserts that `text` holds `words`. */
void assert_holds(const char *text, const char *words);

/** Makes a zone; answers its bare id. */
const char *fixture_zone(struct fixture *f, const char *name, const char *reference);

#endif
