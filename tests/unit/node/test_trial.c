// SPDX-License-Identifier: Apache-2.0
// Trials of roles that behave well, badly, and not at all.
#include "node/trial.h"

#include "base/check.h"
#include "base/time.h"
#include "kit.h"
#include "os/sanitizer.h"
#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct outcome {
    bool has_ended;
    enum trial_outcome outcome;
    char reason[NODE_REASON_SIZE];
};

static void on_end(void *user, enum trial_outcome outcome, const char *reason)
{
    struct outcome *o = user;
    o->has_ended = true;
    o->outcome = outcome;
    (void)snprintf(o->reason, sizeof(o->reason), "%s", reason == NULL ? "" : reason);
}

static bool has_ended(void *arg)
{
    return ((const struct outcome *)arg)->has_ended;
}

typedef enum err (*try_root)(const struct role_root *before, const struct role_root *after,
                             const struct sample_ring *samples, struct errctx *ec);

/** A node with one release that serves and one that comes. */
struct stage {
    struct kit kit;
    struct loop *loop;
    struct node_db *db;
    struct chunk_hash before;
    struct chunk_hash after;
    bool is_first;
    int64_t wall_ns;
    void (*forget)(void *user);
};

static void stage_init(struct stage *s)
{
    *s = (struct stage){.wall_ns = 60 * NS_PER_S};
    kit_init(&s->kit);
    s->loop = loop_new(true);
    s->db = kit_open(&s->kit);
    s->before = kit_root_make(&s->kit, &(struct kit_root){.names = 10});
    s->after = kit_root_make(&s->kit, &(struct kit_root){.names = 11});
    kit_store(&s->kit, s->db, &s->before);
    kit_store(&s->kit, s->db, &s->after);
}

static void stage_fini(struct stage *s)
{
    loop_free(s->loop);
    node_db_close(s->db);
    kit_fini(&s->kit);
}

static struct outcome run_trial(struct stage *s, try_root role)
{
    struct role_release_ops ops = {.try_root = role};
    struct role roles[] = {{.name = "control"}, {.name = "dns", .release = &ops}};
    struct node_role entries[] = {{.role = &roles[0]}, {.role = &roles[1]}};
    entries[1].samples = sample_ring_new();
    sample_ring_put(entries[1].samples, SLICE_LIT("sample"));
    struct outcome o = {0};
    struct trial_options options = {.loop = s->loop,
                                    .roles = entries,
                                    .role_count = 2,
                                    .data_dir = s->kit.dir,
                                    .after = s->after,
                                    .wall_ns = s->wall_ns,
                                    .forget = s->forget,
                                    .on_end = on_end,
                                    .user = &o};
    if (!s->is_first)
        options.before = s->before;
    struct trial *t = trial_start(&options);
    assert_non_null(t);
    run_until(s->loop, has_ended, &o);
    return o;
}

static struct outcome trial_of(try_root role)
{
    struct stage s;
    stage_init(&s);
    struct outcome o = run_trial(&s, role);
    stage_fini(&s);
    return o;
}

#define UNUSED_ARGUMENTS                                                                           \
    do {                                                                                           \
        (void)before;                                                                              \
        (void)after;                                                                               \
        (void)samples;                                                                             \
        (void)ec;                                                                                  \
    } while (0)

/* ---- roles */

static enum err reads_both(const struct role_root *before, const struct role_root *after,
                           const struct sample_ring *samples, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct slice bytes;
    uint8_t sample[SAMPLE_MAX_BYTES];
    enum err e = before->source->get(before->source->user, &a, before->hash, &bytes, ec);
    if (e == ERR_OK)
        e = after->source->get(after->source->user, &a, after->hash, &bytes, ec);
    if (e == ERR_OK && sample_ring_get(samples, 0, sample) != 6)
        e = err_set(ec, ERR_INVALID, "no sample");
    return e;
}

static enum err wants_no_before(const struct role_root *before, const struct role_root *after,
                                const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    return before->hash == NULL ? ERR_OK : err_set(ec, ERR_INVALID, "before");
}

static enum err finds_fault(const struct role_root *before, const struct role_root *after,
                            const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    return err_set(ec, ERR_INVALID, "www.example.com. TXT: answer became SERVFAIL");
}

static enum err crashes(const struct role_root *before, const struct role_root *after,
                        const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    (void)raise(HAS_SANITIZER ? SIGABRT : SIGSEGV); /* the other is reported as a finding */
    return ERR_OK;
}

static enum err is_killed(const struct role_root *before, const struct role_root *after,
                          const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    (void)raise(SIGKILL);
    return ERR_OK;
}

static enum err leaves(const struct role_root *before, const struct role_root *after,
                       const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    _exit(0);
}

static enum err computes_forever(const struct role_root *before, const struct role_root *after,
                                 const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    volatile unsigned counter = 1;
    while (counter != 0)
        counter |= 1;
    return ERR_OK;
}

static enum err sleeps_forever(const struct role_root *before, const struct role_root *after,
                               const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    while (pause() != 0)
        continue;
    return ERR_OK;
}

static enum err grows(const struct role_root *before, const struct role_root *after,
                      const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    /* Mapped, not allocated: an allocator that is told to fill what it gives takes CPU time. */
    for (size_t i = 0; i < 64; i++) {
        CHECK(mmap(NULL, (size_t)16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0) != MAP_FAILED);
    }
    return ERR_OK;
}

static enum err calls_home(const struct role_root *before, const struct role_root *after,
                           const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? ERR_OK : err_set(ec, ERR_INVALID, "a socket");
}

static bool has_forgotten; /* in the child */

static void forget(void *user)
{
    (void)user;
    has_forgotten = true;
}

static enum err lists_what_it_inherited(const struct role_root *before,
                                        const struct role_root *after,
                                        const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    enum err e = has_forgotten ? ERR_OK : err_set(ec, ERR_INVALID, "secrets");
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char target[64] = "";
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
        bool is_channel = len > 0 && (strncmp(target, "socket:", 7) == 0 ||
                                      strncmp(target, "anon_inode:", 11) == 0);
        if (is_channel && atoi(entry->d_name) > STDERR_FILENO)
            e = err_set(ec, ERR_INVALID, "%s", target);
    }
    (void)closedir(dir);
    return e;
}

static enum err misses_a_chunk(const struct role_root *before, const struct role_root *after,
                               const struct sample_ring *samples, struct errctx *ec)
{
    UNUSED_ARGUMENTS;
    AUTO_ARENA struct arena a = {0};
    struct slice bytes;
    struct chunk_hash none = kit_hash(1);
    return after->source->get(after->source->user, &a, &none, &bytes, ec);
}

/* ---- claims */

static void a_role_that_finds_nothing_passes(void **state)
{
    (void)state;
    struct outcome o = trial_of(reads_both);
    assert_string_equal(o.reason, "");
    assert_int_equal(o.outcome, TRIAL_PASSED);
}

static void a_first_root_has_nothing_before_it(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.is_first = true;
    assert_int_equal(run_trial(&s, wants_no_before).outcome, TRIAL_PASSED);
    s.is_first = false;
    assert_int_equal(run_trial(&s, wants_no_before).outcome, TRIAL_FAILED);
    stage_fini(&s);
}

static void findings_fail_with_their_words(void **state)
{
    (void)state;
    struct outcome o = trial_of(finds_fault);
    assert_int_equal(o.outcome, TRIAL_FAILED);
    assert_string_equal(o.reason, "trial: www.example.com. TXT: answer became SERVFAIL");
}

static void a_crash_fails(void **state)
{
    (void)state;
    struct outcome o = trial_of(crashes);
    assert_int_equal(o.outcome, TRIAL_FAILED);
    if (!HAS_SANITIZER)
        assert_string_equal(o.reason, "trial: signal 11 (SEGV)");
}

static void a_kill_by_somebody_else_says_nothing(void **state)
{
    (void)state;
    struct outcome o = trial_of(is_killed);
    assert_int_equal(o.outcome, TRIAL_INTERRUPTED);
    assert_string_equal(o.reason, "trial: signal 9 (KILL)");
}

static void an_end_without_a_word_fails(void **state)
{
    (void)state;
    struct outcome o = trial_of(leaves);
    assert_int_equal(o.outcome, TRIAL_FAILED);
    assert_string_equal(o.reason, "trial: exit 0");
}

static void computing_forever_fails(void **state)
{
    (void)state;
    if (HAS_SANITIZER)
        skip(); /* its limit is 50 s there */
    struct outcome o = trial_of(computes_forever);
    assert_int_equal(o.outcome, TRIAL_FAILED);
    assert_string_equal(o.reason, "trial: more than 200 ms of CPU time, and 1000 us a chunk");
}

static void waiting_forever_fails(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.wall_ns = 100 * NS_PER_MS;
    struct outcome o = run_trial(&s, sleeps_forever);
    assert_int_equal(o.outcome, TRIAL_FAILED);
    assert_string_equal(o.reason, "trial: no answer within 100 ms");
    stage_fini(&s);
}

static void growth_fails(void **state)
{
    (void)state;
    if (HAS_SANITIZER)
        skip(); /* memory is not limited there */
    struct outcome o = trial_of(grows);
    assert_int_equal(o.outcome, TRIAL_FAILED);
    assert_string_equal(o.reason, "trial: signal 6 (ABRT)");
}

static void there_is_no_network(void **state)
{
    (void)state;
    assert_int_equal(trial_of(calls_home).outcome, TRIAL_PASSED);
}

static void nothing_to_talk_by_and_no_secret_is_inherited(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.forget = forget;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    struct outcome o = run_trial(&s, lists_what_it_inherited);
    assert_string_equal(o.reason, "");
    assert_int_equal(o.outcome, TRIAL_PASSED);
    assert_false(has_forgotten); /* the agent goes on as it was */
    assert_int_equal(send(pair[0], "x", 1, 0), 1);
    char byte;
    assert_int_equal(recv(pair[1], &byte, 1, 0), 1);
    (void)close(pair[0]);
    (void)close(pair[1]);
    stage_fini(&s);
}

static void a_lost_chunk_is_the_disks_fault(void **state)
{
    (void)state;
    assert_int_equal(trial_of(misses_a_chunk).outcome, TRIAL_UNREADABLE);
}

static void a_feature_that_this_version_lacks_fails(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.after = kit_root_make(&s.kit, &(struct kit_root){.names = 1, .feature = "dns.telepathy"});
    kit_store(&s.kit, s.db, &s.after);
    struct outcome o = run_trial(&s, reads_both);
    assert_int_equal(o.outcome, TRIAL_FAILED);
    assert_string_equal(o.reason, "trial: this version lacks the feature dns.telepathy");
    stage_fini(&s);
}

static void a_trial_that_is_freed_says_nothing(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    struct role_release_ops ops = {.try_root = sleeps_forever};
    struct role role = {.name = "dns", .release = &ops};
    struct node_role entry = {.role = &role, .samples = sample_ring_new()};
    struct outcome o = {0};
    struct trial_options options = {.loop = s.loop,
                                    .roles = &entry,
                                    .role_count = 1,
                                    .data_dir = s.kit.dir,
                                    .after = s.after,
                                    .wall_ns = s.wall_ns,
                                    .on_end = on_end,
                                    .user = &o};
    struct trial *t = trial_start(&options);
    trial_free(t);
    run_for(s.loop, 5 * NS_PER_MS);
    assert_false(o.has_ended);
    trial_free(NULL);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_that_finds_nothing_passes),
        cmocka_unit_test(a_first_root_has_nothing_before_it),
        cmocka_unit_test(findings_fail_with_their_words),
        cmocka_unit_test(a_crash_fails),
        cmocka_unit_test(a_kill_by_somebody_else_says_nothing),
        cmocka_unit_test(an_end_without_a_word_fails),
        cmocka_unit_test(computing_forever_fails),
        cmocka_unit_test(waiting_forever_fails),
        cmocka_unit_test(growth_fails),
        cmocka_unit_test(there_is_no_network),
        cmocka_unit_test(nothing_to_talk_by_and_no_secret_is_inherited),
        cmocka_unit_test(a_lost_chunk_is_the_disks_fault),
        cmocka_unit_test(a_feature_that_this_version_lacks_fails),
        cmocka_unit_test(a_trial_that_is_freed_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
