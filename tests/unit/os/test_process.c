// SPDX-License-Identifier: Apache-2.0
// Tests of os/process.h but for the crash report; what limits a process is tried in a child.
#include "os/process.h"

#include "base/alloc.h"
#include "child.h"
#include "os/sanitizer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB ((size_t)1024 * 1024)

static bool can_map(size_t size_bytes)
{
    void *memory = mmap(NULL, size_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && munmap(memory, size_bytes) == 0;
}

static int map_within_and_beyond(void *arg)
{
    (void)arg;
    const struct process_limits limits = {.memory_bytes = 64 * MIB};
    if (process_limit(&limits, NULL) != ERR_OK)
        return 1;
    return can_map(60 * MIB) && !can_map(65 * MIB) ? 0 : 2;
}

static void memory_is_limited_beyond_what_is_mapped(void **state)
{
    (void)state;
    if (HAS_SANITIZER)
        skip();
    assert_int_equal(child_run(map_within_and_beyond, NULL), 0);
}

static int raise_descriptors(void *arg)
{
    (void)arg;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1;
    limit.rlim_cur = 64;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || process_raise_descriptors(NULL) != ERR_OK)
        return 2;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == limit.rlim_max ? 0 : 3;
}

static void descriptors_are_raised_to_what_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(child_run(raise_descriptors, NULL), 0);
}

static int spin(void *arg)
{
    (void)arg;
    const struct process_limits limits = {.cpu_s = 1};
    if (process_limit(&limits, NULL) != ERR_OK)
        return 1;
    for (volatile uint64_t turns = 0;; turns++)
        continue;
}

static void a_process_that_spins_dies_of_its_cpu_limit(void **state)
{
    (void)state;
    int status = child_run(spin, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGXCPU);
    assert_false(process_status_is_crash(status));
}

/** Whether sockets are refused, and the rest of the system is not. */
static bool is_off_the_network(void)
{
    int pair[2];
    int listener = -1;
    bool is_refused = socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EACCES;
    is_refused = is_refused && socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EACCES;
    is_refused = is_refused && accept(listener, NULL, NULL) < 0 && errno == EACCES;
    return is_refused && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
           write(pair[0], "x", 1) == 1 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
}

static void *look_from_a_thread(void *arg)
{
    pthread_barrier_t *is_limited = (pthread_barrier_t *)arg;
    pthread_barrier_wait(is_limited);
    return is_off_the_network() ? arg : NULL;
}

static int deny_network(void *arg)
{
    (void)arg;
    pthread_barrier_t is_limited;
    pthread_t thread;
    pthread_barrier_init(&is_limited, NULL, 2);
    if (pthread_create(&thread, NULL, look_from_a_thread, &is_limited) != 0)
        return 1;
    const struct process_limits limits = {.deny_network = true};
    if (process_limit(&limits, NULL) != ERR_OK)
        return 2;
    pthread_barrier_wait(&is_limited);
    void *answer = NULL;
    pthread_join(thread, &answer);
    return is_off_the_network() && answer != NULL ? 0 : 3;
}

static void no_thread_makes_a_socket_once_the_network_is_denied(void **state)
{
    (void)state;
    assert_int_equal(child_run(deny_network, NULL), 0);
}

/** Whether the calling thread holds exactly this: CAP_NET_BIND_SERVICE, or nothing. */
static bool holds_only_bind(bool has_bind)
{
    cap_t held = cap_get_proc();
    cap_t wanted = cap_init();
    const cap_value_t bind_value = CAP_NET_BIND_SERVICE;
    if (has_bind) {
        cap_set_flag(wanted, CAP_PERMITTED, 1, &bind_value, CAP_SET);
        cap_set_flag(wanted, CAP_EFFECTIVE, 1, &bind_value, CAP_SET);
    }
    bool is_equal = cap_compare(held, wanted) == 0;
    cap_free(held);
    cap_free(wanted);
    return is_equal;
}

static int drop_in_two_steps(void *arg)
{
    (void)arg;
    cap_t held = cap_get_proc();
    cap_flag_value_t had_bind = CAP_CLEAR;
    cap_get_flag(held, CAP_NET_BIND_SERVICE, CAP_PERMITTED, &had_bind);
    cap_free(held);
    if (process_drop_capabilities(true, NULL) != ERR_OK || !holds_only_bind(had_bind == CAP_SET))
        return 1;
    if (process_drop_capabilities(false, NULL) != ERR_OK || !holds_only_bind(false))
        return 2;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
}

static int drop_as_a_user(void *arg)
{
    (void)arg;
    if (geteuid() == 0 && setuid(65534) != 0)
        return 1;
    return process_drop_capabilities(true, NULL) == ERR_OK && holds_only_bind(false) ? 0 : 2;
}

static void capabilities_are_dropped_but_for_the_one_kept(void **state)
{
    (void)state;
    assert_int_equal(child_run(drop_in_two_steps, NULL), 0);
    assert_int_equal(child_run(drop_as_a_user, NULL), 0);
}

/** Leaves a grandchild that holds the pipe's end until it dies. */
static int leave_a_child(void *arg)
{
    int fd = *(const int *)arg;
    pid_t parent = getpid();
    if (fork() != 0)
        return 0;
    process_die_with_parent(parent);
    char mark = 'x';
    if (write(fd, &mark, 1) != 1)
        return 1;
    for (;;)
        pause();
}

static void a_child_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(child_run(leave_a_child, &ends[1]), 0);
    close(ends[1]);
    char mark;
    struct pollfd end = {.fd = ends[0], .events = POLLIN};
    /* The mark is there, unless the parent was gone before the call: then it died at once. */
    while (poll(&end, 1, 10000) == 1 && read(ends[0], &mark, 1) == 1)
        continue;
    assert_true((end.revents & POLLHUP) != 0);
    close(ends[0]);
}

static int outlive(void *arg)
{
    (void)arg;
    process_die_with_parent(getpid()); /* surely not its parent */
    return 0;
}

static void a_child_whose_parent_is_gone_already_dies_at_once(void **state)
{
    (void)state;
    int status = child_run(outlive, NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static int wait_for_term(void *arg)
{
    bool *is_unblocked = (bool *)arg;
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, NULL);
    if (*is_unblocked)
        process_unblock_signals();
    (void)raise(SIGTERM);
    return 0;
}

static void unblocked_signals_end_a_child_again(void **state)
{
    (void)state;
    bool is_unblocked = false;
    assert_int_equal(child_run(wait_for_term, &is_unblocked), 0);
    is_unblocked = true;
    assert_true(WIFSIGNALED(child_run(wait_for_term, &is_unblocked)));
}

static int pid_of_self(void *arg)
{
    *(pid_t *)arg = getpid();
    return 0;
}

static void resident_memory_is_known_while_a_process_lives(void **state)
{
    (void)state;
    size_t before = process_resident_bytes(getpid());
    assert_true(before > 0);
    AUTO_FREE uint8_t *memory = (uint8_t *)mem_alloc(32 * MIB);
    memset(memory, 1, 32 * MIB);
    assert_true(memory[MIB] == 1 && process_resident_bytes(getpid()) >= before + 16 * MIB);

    pid_t *gone =
        mmap(NULL, sizeof(*gone), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(gone != MAP_FAILED);
    assert_int_equal(child_run(pid_of_self, gone), 0);
    assert_true(*gone > 0);
    assert_int_equal(process_resident_bytes(*gone), 0);
    munmap(gone, sizeof(*gone));
}

static int name_self(void *arg)
{
    (void)arg;
    char name[17] = "";
    process_set_name("weir: a name longer than the kernel keeps");
    prctl(PR_GET_NAME, name, 0, 0, 0);
    return strcmp(name, "weir: a name lo") == 0 ? 0 : 1;
}

static void a_name_is_cut_to_what_the_kernel_keeps(void **state)
{
    (void)state;
    assert_int_equal(child_run(name_self, NULL), 0);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int close_sockets_but_one(void *arg)
{
    (void)arg;
    int pair[2];
    int ends[2];
    int event = eventfd(0, EFD_CLOEXEC);
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || pipe(ends) != 0 ||
        process_close_sockets(pair[1], NULL) != ERR_OK)
        return 1;
    bool is_kept = is_open(pair[1]) && is_open(ends[0]) && is_open(ends[1]) && is_open(file) &&
                   is_open(STDERR_FILENO);
    bool is_closed = !is_open(pair[0]) && !is_open(event) && !is_open(poll_fd);
    return is_kept && is_closed ? 0 : 2;
}

static void sockets_and_loops_are_closed_files_and_pipes_kept(void **state)
{
    (void)state;
    assert_int_equal(child_run(close_sockets_but_one, NULL), 0);
}

static void only_faults_and_aborts_are_crashes(void **state)
{
    (void)state;
    const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    const int others[] = {SIGKILL, SIGTERM, SIGXCPU, SIGPIPE, SIGTRAP};
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        assert_true(process_status_is_crash(W_EXITCODE(0, crashes[i])));
        assert_true(process_status_is_crash(W_EXITCODE(0, crashes[i]) | WCOREFLAG));
        assert_false(process_status_is_crash(W_EXITCODE(crashes[i], 0)));
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(process_status_is_crash(W_EXITCODE(0, others[i])));
    assert_false(process_status_is_crash(W_EXITCODE(0, 0)));
    assert_false(process_status_is_crash(W_EXITCODE(1, 0)));
    assert_int_equal(process_status_is_crash(W_EXITCODE(SANITIZER_EXIT_CODE, 0)), HAS_SANITIZER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_limited_beyond_what_is_mapped),
        cmocka_unit_test(descriptors_are_raised_to_what_is_allowed),
        cmocka_unit_test(a_process_that_spins_dies_of_its_cpu_limit),
        cmocka_unit_test(no_thread_makes_a_socket_once_the_network_is_denied),
        cmocka_unit_test(capabilities_are_dropped_but_for_the_one_kept),
        cmocka_unit_test(a_child_dies_with_its_parent),
        cmocka_unit_test(a_child_whose_parent_is_gone_already_dies_at_once),
        cmocka_unit_test(unblocked_signals_end_a_child_again),
        cmocka_unit_test(resident_memory_is_known_while_a_process_lives),
        cmocka_unit_test(a_name_is_cut_to_what_the_kernel_keeps),
        cmocka_unit_test(sockets_and_loops_are_closed_files_and_pipes_kept),
        cmocka_unit_test(only_faults_and_aborts_are_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
