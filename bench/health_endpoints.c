// SPDX-License-Identifier: Apache-2.0
// Endpoints of health checks on loopback: so many listeners, one thread. Each answers a request and
// closes: with 200, or 503 where it fails. Started by bench/health.py: COUNT; prints the ports, one
// a line, and an empty line. Lines "FAILING FLAPPING SECONDS" on standard input say how many fail,
// and how many of the next fail and recover by turns of so many seconds; at first none. Ends with
// its input.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define REQUEST_BYTES 4096
#define FDS_MAX 65536

static const char up[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
static const char down[] = "HTTP/1.1 503 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";

static int failing;
static int flapping;
static int period_s = 1;
static int endpoint_of[FDS_MAX]; /* by descriptor; of a listener: -1 - its number */

static int listen_on_any(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        perror("health_endpoints");
        exit(EXIT_FAILURE);
    }
    printf("%u\n", ntohs(address.sin_port));
    return fd;
}

static void add(int poll_fd, int fd, int endpoint)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (fd >= FDS_MAX || epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return;
    }
    endpoint_of[fd] = endpoint;
}

static void accept_all(int poll_fd, int listen_fd, int endpoint)
{
    int fd;
    while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
        add(poll_fd, fd, endpoint);
}

static int is_up(int endpoint)
{
    int turns = endpoint >= failing && endpoint < failing + flapping;
    return endpoint >= failing && (!turns || time(NULL) / period_s % 2 == 0);
}

/* A request comes in one piece. */
static void serve(int fd, int endpoint)
{
    char request[REQUEST_BYTES];
    if (read(fd, request, sizeof(request)) > 0) {
        const char *answer = is_up(endpoint) ? up : down;
        ssize_t sent = write(fd, answer, strlen(answer));
        (void)sent;
    }
    close(fd);
}

static void obey(void)
{
    char line[64];
    if (fgets(line, sizeof(line), stdin) == NULL ||
        sscanf(line, "%d %d %d", &failing, &flapping, &period_s) != 3 || period_s < 1)
        exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    int poll_fd = epoll_create1(0);
    for (int i = 0; argc == 2 && i < atoi(argv[1]); i++)
        add(poll_fd, listen_on_any(), -1 - i);
    printf("\n");
    fflush(stdout);
    add(poll_fd, STDIN_FILENO, 0);
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poll_fd, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO)
                obey();
            else if (endpoint_of[fd] < 0)
                accept_all(poll_fd, fd, -1 - endpoint_of[fd]);
            else
                serve(fd, endpoint_of[fd]);
        }
    }
}
