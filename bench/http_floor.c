// SPDX-License-Identifier: Apache-2.0
// The floor of an HTTP answer over kept connections: epoll, one read, one write of the same bytes.
// What any server pays to the kernel. Also the origin that the caches fetch their object from.
// Started by bench/run: PORT BODY-BYTES; single-threaded; ends by SIGTERM.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 64
#define HEAD_BYTES 512
#define REQUEST_BYTES 8192

static char *answer;
static size_t answer_len;

static void make_answer(size_t body_bytes)
{
    answer = malloc(HEAD_BYTES + body_bytes);
    if (answer == NULL)
        exit(EXIT_FAILURE);
    int head = snprintf(answer, HEAD_BYTES,
                        "HTTP/1.1 200 OK\r\nServer: floor\r\nContent-Type: text/plain\r\n"
                        "Cache-Control: max-age=86400\r\nETag: \"1\"\r\n"
                        "Date: Sat, 28 Nov 2026 08:00:00 GMT\r\nContent-Length: %zu\r\n\r\n",
                        body_bytes);
    memset(answer + head, 'x', body_bytes);
    answer_len = (size_t)head + body_bytes;
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 512) != 0) {
        perror("http_floor");
        exit(EXIT_FAILURE);
    }
    return fd;
}

static void add(int poll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        close(fd);
}

/* One request comes in one piece, because clients wait for the answer. */
static void serve(int fd)
{
    char request[REQUEST_BYTES];
    ssize_t got = read(fd, request, sizeof(request));
    if (got <= 0 || write(fd, answer, answer_len) != (ssize_t)answer_len)
        close(fd);
}

int main(int argc, char **argv)
{
    int on = 1;
    int poll_fd = epoll_create1(0);
    int listener = listen_on((uint16_t)atoi(argc > 1 ? argv[1] : "0"));
    make_answer((size_t)atol(argc > 2 ? argv[2] : "1024"));
    add(poll_fd, listener);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(poll_fd, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != listener) {
                serve(events[i].data.fd);
                continue;
            }
            int fd = accept(listener, NULL, NULL);
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            if (fd >= 0)
                add(poll_fd, fd);
        }
    }
}
