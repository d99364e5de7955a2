// SPDX-License-Identifier: Apache-2.0
// A control that is killed at any moment: what it acknowledged is stored, nothing is half stored.
#include "control/store/objects.h"

#include "base/random.h"
#include "fixture.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define KILLS 20
/* Names of one change; a change is whole when all of them are there. */
#define NAMES 5
/* Acknowledgements before a kill, at most: the moment differs each time. */
#define ACKNOWLEDGED_MAX 12

static enum err write_change(struct store_conn *c, uint64_t *out_version, struct errctx *ec)
{
    char body[24];
    enum err err = store_begin_write(c, ec);
    if (err == ERR_OK)
        err = store_take_version(c, out_version, ec);
    (void)snprintf(body, sizeof(body), "%llu", (unsigned long long)*out_version);
    for (int i = 0; i < NAMES && err == ERR_OK; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        const struct store_object object = {
            .kind = STORE_NAME, .group = "Z1", .member = slice_str(name), .body = slice_str(body)};
        err = store_object_put(c, &object, ec);
    }
    if (err == ERR_OK)
        err = store_meta_set(c, "last", slice_str(body), ec);
    return err == ERR_OK ? store_commit(c, ec) : err;
}

/** The child: commits for ever and says each version that was acknowledged. */
static void child_run(const char *dir, int pipe_fd)
{
    struct store *store = NULL;
    struct store_conn *c = NULL;
    struct errctx ec = {0};
    enum err err = store_open("sqlite", dir, &store, &ec);
    if (err == ERR_OK)
        err = store_connect(store, &c, &ec);
    while (err == ERR_OK) {
        uint64_t version = 0;
        err = write_change(c, &version, &ec);
        if (err == ERR_OK && write(pipe_fd, &version, sizeof(version)) != sizeof(version))
            break;
    }
    _exit(1);
}

/** Reads until nothing more is written; the last version acknowledged. */
static uint64_t drain(int fd, uint64_t last)
{
    uint64_t version = 0;
    while (read(fd, &version, sizeof(version)) == sizeof(version)) {
        assert_int_equal(version, last + 1);
        last = version;
    }
    return last;
}

/** Lets a child work until some acknowledgements and a random moment later, then kills it. */
static uint64_t run_and_kill(const char *dir, uint64_t last, struct prng *prng)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(fds[0]);
        child_run(dir, fds[1]);
    }
    assert_int_equal(close(fds[1]), 0);
    uint32_t wanted = 1 + prng_below(prng, ACKNOWLEDGED_MAX);
    for (uint32_t i = 0; i < wanted; i++) {
        uint64_t version = 0;
        assert_int_equal(read(fds[0], &version, sizeof(version)), sizeof(version));
        assert_int_equal(version, last + 1);
        last = version;
    }
    const struct timespec moment = {.tv_nsec = prng_below(prng, 2000000)};
    (void)ppoll(NULL, 0, &moment, NULL);
    assert_int_equal(kill(pid, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    last = drain(fds[0], last);
    assert_int_equal(close(fds[0]), 0);
    return last;
}

struct walk {
    uint64_t newest;
    unsigned count;
};

static enum err check_whole(void *user, const struct store_object *object, struct errctx *ec)
{
    struct walk *walk = (struct walk *)user;
    uint64_t body = 0;
    (void)ec;
    assert_true(slice_parse_u64(object->body, UINT64_MAX, &body));
    assert_int_equal(body, object->version);
    assert_int_equal(object->version, walk->newest);
    walk->count++;
    return ERR_OK;
}

/** That the store stands at one whole version; returns it. */
static uint64_t check_store(struct fixture *f)
{
    struct walk walk = {0};
    struct slice last;
    uint64_t meta = 0;
    const struct store_object_visitor visitor = {.visit = check_whole, .user = &walk};
    OK(store_version(f->conn, &walk.newest, EC));
    OK(store_meta_get(f->conn, &f->arena, "last", &last, EC));
    assert_true(slice_parse_u64(last, UINT64_MAX, &meta));
    assert_int_equal(meta, walk.newest);
    OK(store_object_changes(f->conn, 0, walk.newest, &visitor, EC));
    assert_int_equal(walk.count, NAMES);
    for (uint64_t v = 1; v <= walk.newest; v++) {
        const struct store_object which = {
            .kind = STORE_NAME, .group = "Z1", .member = SLICE_LIT("e")};
        struct store_object object;
        OK(store_object_get_at(f->conn, &f->arena, &which, v, &object, EC));
        assert_int_equal(object.version, v);
    }
    return walk.newest;
}

static void what_was_acknowledged_survives_kill_9(void **state)
{
    struct fixture *f = *state;
    struct prng prng;
    uint64_t last = 0;
    prng_init(&prng);
    for (int i = 0; i < KILLS; i++) {
        fixture_close(f);
        last = run_and_kill(f->dir, last, &prng);
        fixture_open(f);
        uint64_t stored = check_store(f);
        assert_true(stored == last || stored == last + 1); /* one may have lost its answer */
        last = stored;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_kill_9, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
