// SPDX-License-Identifier: Apache-2.0
// The trial process and its judge. Called by the agent on its only thread; what runs in the child
// says so.
//
// The child writes one struct verdict into a pipe and ends. The pipe's end of file tells the agent
// that it ended, however it did; what it wrote counts only where it ended by itself.
//
// SQLite counts the locks of a process in memory that the child inherits. So the agent has no
// transaction open when it forks: else the child's reads would rest on locks that only its parent
// has.
#include "node/trial.h"

#include "base/alloc.h"
#include "base/check.h"
#include "metrics/log.h"
#include "node/db.h"
#include "node/limits.h"
#include "os/file.h"
#include "os/process.h"
#include "os/sanitizer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/** What the child says; written in one piece. */
struct verdict {
    int32_t outcome; /* enum trial_outcome */
    char reason[NODE_REASON_SIZE];
};

struct trial {
    struct trial_options options;
    pid_t pid; /* -1: it could not be forked; 0: reaped */
    int read_fd;
    unsigned cpu_ms;
    bool is_late; /* past its wall time: killed by us */
    bool has_verdict;
    struct verdict verdict;
    struct loop_io io;
    struct loop_timer wall;
};

_Static_assert(sizeof(struct verdict) <= 4096, "PIPE_BUF: written in one piece");

/** CPU time that no trial goes beyond. */
static unsigned cpu_max_ms(void)
{
    return NODE_TRIAL_CAREFUL_MS * (HAS_SANITIZER ? NODE_TRIAL_SANITIZER_TIMES : 1);
}

static unsigned cpu_limit_ms(const struct trial_options *o)
{
    bool is_careful = HAS_SANITIZER || chunk_hash_is_zero(&o->before);
    unsigned ms = is_careful ? NODE_TRIAL_CAREFUL_MS : NODE_TRIAL_FAST_MS;
    return HAS_SANITIZER ? ms * NODE_TRIAL_SANITIZER_TIMES : ms;
}

/* ---- in the child */

/** node.db as the trial reads it: remembers that the disk failed, which is no fault of the root. */
struct watched_source {
    struct chunk_source below;
    enum err failure;      /* the first one */
    unsigned extra_ms_max; /* of CPU time that chunks may still add */
    unsigned extra_us;     /* added by chunks and not yet given to the timer */
};

/** More CPU time for what there is to read. */
static void add_time(struct watched_source *watched)
{
    watched->extra_us += NODE_TRIAL_CHUNK_US;
    unsigned ms = watched->extra_us / 1000;
    if (ms < NODE_TRIAL_TOP_UP_MS || watched->extra_ms_max < ms)
        return;
    struct itimerval timer;
    (void)getitimer(ITIMER_PROF, &timer);
    int64_t left_us = (int64_t)timer.it_value.tv_sec * US_PER_S + timer.it_value.tv_usec +
                      (int64_t)watched->extra_us;
    timer.it_value = (struct timeval){.tv_sec = left_us / US_PER_S,
                                      .tv_usec = (suseconds_t)(left_us % US_PER_S)};
    (void)setitimer(ITIMER_PROF, &timer, NULL);
    watched->extra_ms_max -= ms;
    watched->extra_us = 0;
}

static enum err watched_get(void *user, struct arena *a, const struct chunk_hash *hash,
                            struct slice *out_bytes, struct errctx *ec)
{
    struct watched_source *watched = user;
    add_time(watched);
    enum err e = watched->below.get(watched->below.user, a, hash, out_bytes, ec);
    if (watched->failure == ERR_OK)
        watched->failure = e;
    return e;
}

/** Whether this binary serves what the root needs. */
static enum err check_features(const struct chunk_hash *hash, const struct chunk_source *source,
                               struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct slice bytes;
    struct release_root root;
    enum err e = source->get(source->user, &a, hash, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(&a, bytes, &root, ec);
    if (e != ERR_OK)
        return e;
    const char *missing = release_root_missing_feature(&root);
    if (missing != NULL)
        return err_set(ec, ERR_UNSUPPORTED, "this version lacks the feature %s", missing);
    return ERR_OK;
}

static enum err ask_roles(const struct trial_options *o, const struct chunk_source *source,
                          struct errctx *ec)
{
    bool is_first = chunk_hash_is_zero(&o->before);
    struct role_root before = {.hash = is_first ? NULL : &o->before, .source = source};
    struct role_root after = {.hash = &o->after, .source = source};
    enum err e = check_features(&o->after, source, ec);
    for (size_t i = 0; i < o->role_count && e == ERR_OK; i++) {
        const struct role_release_ops *ops = o->roles[i].role->release;
        if (ops != NULL)
            e = ops->try_root(&before, &after, o->roles[i].samples, ec);
    }
    return e;
}

/** Gives up what the child inherited and has no use for: who is heard by whom, and as whom. */
static void shed_inheritance(const struct trial_options *o)
{
    struct errctx ec = {0};
    if (o->forget != NULL)
        o->forget(o->user);
    if (process_close_sockets(log_fd(), &ec) != ERR_OK)
        LOG(LOG_WARNING, "trial keeps the sockets", LOG_ERR(&ec));
}

/** Bounds of the child for the rest of its life; what the kernel refuses is left out. */
static void limit_child(unsigned cpu_ms)
{
    struct errctx ec = {0};
    struct process_limits limits = {
        .memory_bytes = NODE_TRIAL_MEMORY_BYTES,
        .cpu_s = cpu_max_ms() / (unsigned)MS_PER_S + 1, /* where the timer does not end it */
    };
    if (process_limit(&limits, &ec) != ERR_OK)
        LOG(LOG_WARNING, "trial not limited", LOG_ERR(&ec));
    limits = (struct process_limits){.deny_network = true};
    if (process_limit(&limits, &ec) != ERR_OK)
        LOG(LOG_DEBUG, "trial keeps the network", LOG_ERR(&ec));
    struct itimerval timer = {
        .it_value = {.tv_sec = cpu_ms / 1000, .tv_usec = (suseconds_t)(cpu_ms % 1000) * 1000}};
    (void)setitimer(ITIMER_PROF, &timer, NULL); /* SIGPROF ends the process */
}

/** What a failed trial means, by what the disk answered: damage is another matter than a lock. */
static enum trial_outcome outcome_of(enum err disk_failure)
{
    if (disk_failure == ERR_OK)
        return TRIAL_FAILED;
    bool is_damage = disk_failure == ERR_CORRUPT || disk_failure == ERR_NOT_FOUND;
    return is_damage ? TRIAL_UNREADABLE : TRIAL_INTERRUPTED;
}

static void become_trial(const struct trial *t, pid_t parent, int write_fd) NORETURN;

static void become_trial(const struct trial *t, pid_t parent, int write_fd)
{
    static _Atomic uint64_t own_cells[METRIC_COUNT];
    process_die_with_parent(parent);
    process_unblock_signals();
    process_set_name("trial");
    log_set_role("trial");
    crash_report_install(log_fd(), "trial");
    metrics_cells = own_cells; /* made-up questions are no traffic */
    shed_inheritance(&t->options);
    struct errctx ec = {0};
    struct node_db *db = NULL;
    struct watched_source watched = {.extra_ms_max = cpu_max_ms() - t->cpu_ms};
    struct chunk_source source = {.get = watched_get, .user = &watched};
    enum err e = node_db_open(t->options.data_dir, false, &db, &ec);
    watched.failure = e;
    if (e == ERR_OK) {
        watched.below = node_db_source(db);
        limit_child(t->cpu_ms);
        e = ask_roles(&t->options, &source, &ec);
    }
    struct verdict verdict = {.outcome = TRIAL_PASSED};
    if (e != ERR_OK) {
        verdict.outcome = (int32_t)outcome_of(watched.failure);
        (void)snprintf(verdict.reason, sizeof(verdict.reason), "%.*s", NODE_REASON_SIZE - 1,
                       ec.text);
    }
    ssize_t written = write(write_fd, &verdict, sizeof(verdict));
    _exit(written == (ssize_t)sizeof(verdict) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- in the agent */

/** What the end of the process says; the verdict counts where it ended as it should. */
static enum trial_outcome judge(const struct trial *t, int status, char reason[NODE_REASON_SIZE])
{
    int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (t->is_late) {
        (void)snprintf(reason, NODE_REASON_SIZE, "trial: no answer within %lld ms",
                       (long long)(t->options.wall_ns / NS_PER_MS));
        return TRIAL_FAILED;
    }
    if (signo == SIGPROF || signo == SIGXCPU) {
        (void)snprintf(reason, NODE_REASON_SIZE,
                       "trial: more than %u ms of CPU time, and %u us a chunk", t->cpu_ms,
                       NODE_TRIAL_CHUNK_US);
        return TRIAL_FAILED;
    }
    if (signo != 0) {
        (void)snprintf(reason, NODE_REASON_SIZE, "trial: signal %d (%s)", signo,
                       sigabbrev_np(signo));
        return signo == SIGKILL ? TRIAL_INTERRUPTED : TRIAL_FAILED;
    }
    if (WEXITSTATUS(status) != EXIT_SUCCESS || !t->has_verdict) {
        (void)snprintf(reason, NODE_REASON_SIZE, "trial: exit %d", WEXITSTATUS(status));
        return TRIAL_FAILED;
    }
    (void)snprintf(reason, NODE_REASON_SIZE, "trial: %.*s", NODE_REASON_SIZE - 8,
                   t->verdict.reason);
    return (enum trial_outcome)t->verdict.outcome;
}

/** Whether a verdict arrived now; it is the child's word, so it is checked. */
static bool read_verdict(struct trial *t)
{
    struct verdict verdict;
    ssize_t got;
    do
        got = read(t->read_fd, &verdict, sizeof(verdict));
    while (got < 0 && errno == EINTR);
    bool is_sane = got == (ssize_t)sizeof(verdict) && verdict.outcome >= TRIAL_PASSED &&
                   verdict.outcome <= TRIAL_UNREADABLE;
    if (is_sane && !t->has_verdict) {
        t->verdict = verdict;
        t->verdict.reason[NODE_REASON_SIZE - 1] = '\0';
        t->has_verdict = true;
    }
    return got > 0;
}

/** Waits for a process that has closed its side of the pipe, or must end now. */
static int reap(struct trial *t)
{
    CHECK(t->pid > 0);
    int status = 0;
    pid_t ended;
    (void)kill(t->pid, SIGKILL); /* without effect on one that is ending already */
    do
        ended = waitpid(t->pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    CHECK(ended == t->pid);
    t->pid = 0;
    return status;
}

static void trial_readable(struct loop_io *io, unsigned events)
{
    (void)events;
    struct trial *t = io->user;
    if (read_verdict(t))
        return; /* the end of the process comes next */
    char reason[NODE_REASON_SIZE] = "trial: no process";
    enum trial_outcome outcome = TRIAL_INTERRUPTED;
    if (t->pid > 0)
        outcome = judge(t, reap(t), reason);
    t->options.on_end(t->options.user, outcome, outcome == TRIAL_PASSED ? NULL : reason);
    trial_free(t);
}

static void wall_time_over(struct loop_timer *timer)
{
    struct trial *t = timer->user;
    t->is_late = true;
    if (t->pid > 0)
        (void)kill(t->pid, SIGKILL); /* which closes the pipe */
}

struct trial *trial_start(const struct trial_options *options)
{
    struct trial *t = NEW(struct trial);
    t->options = *options;
    t->cpu_ms = cpu_limit_ms(options);
    if (options->wall_ns == 0)
        t->options.wall_ns = NODE_TRIAL_WALL_NS * (HAS_SANITIZER ? NODE_TRIAL_SANITIZER_TIMES : 1);
    int fds[2];
    CHECK_MSG(pipe2(fds, O_CLOEXEC) == 0, "no pipe for the trial");
    pid_t parent = getpid();
    t->pid = fork();
    if (t->pid == 0) {
        close(fds[0]);
        become_trial(t, parent, fds[1]);
    }
    close(fds[1]);
    t->read_fd = fds[0];
    t->io.on_ready = trial_readable;
    t->io.user = t;
    loop_io_set(options->loop, &t->io, t->read_fd, LOOP_READ);
    t->wall.on_time = wall_time_over;
    t->wall.user = t;
    loop_timer_set(options->loop, &t->wall, t->options.wall_ns, 0);
    return t;
}

void trial_free(struct trial *t)
{
    if (t == NULL)
        return;
    loop_io_stop(&t->io);
    loop_timer_stop(&t->wall);
    if (t->pid > 0)
        (void)reap(t);
    close(t->read_fd);
    free(t);
}
