// SPDX-License-Identifier: Apache-2.0
// Sends DNS queries at a steady rate, however slowly they are answered, and prints how long the
// answers took. Started by bench/dns.py; single-threaded.
//
//     udp_pace PORT RATE SECONDS FILE
//
// FILE: messages, each behind its length in two bytes, as over TCP. Prints one line:
// sent, answered, median, p99 and longest in microseconds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define IDS 65536
#define LONGEST_US 100000
#define LINGER_NS 200000000LL
#define NS_PER_S 1000000000LL

static uint8_t messages[64 << 20];
static size_t messages_bytes;
static int64_t sent_ns[IDS]; /* by id; 0: not under way */
static uint32_t histogram[LONGEST_US + 1];

static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int open_socket(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("udp_pace: socket");
        exit(EXIT_FAILURE);
    }
    return fd;
}

/* Takes all answers that are there; returns how many. */
static unsigned receive(int fd)
{
    uint8_t answer[4096];
    unsigned count = 0;
    while (recv(fd, answer, sizeof(answer), 0) >= 2) {
        unsigned id = (unsigned)answer[0] << 8 | answer[1];
        if (sent_ns[id] == 0)
            continue;
        int64_t us = (now_ns() - sent_ns[id]) / 1000;
        histogram[us < LONGEST_US ? us : LONGEST_US]++;
        sent_ns[id] = 0;
        count++;
    }
    return count;
}

/* Sends the message at `at` under the id; returns where the next one starts. */
static size_t send_next(int fd, size_t at, unsigned id)
{
    if (at + 2 > messages_bytes)
        at = 0;
    size_t len = (size_t)messages[at] << 8 | messages[at + 1];
    uint8_t *message = messages + at + 2;
    message[0] = (uint8_t)(id >> 8);
    message[1] = (uint8_t)id;
    sent_ns[id] = now_ns();
    if (send(fd, message, len, 0) < 0)
        sent_ns[id] = 0;
    return at + 2 + len;
}

static unsigned quantile_us(unsigned total, unsigned permille)
{
    uint64_t wanted = (uint64_t)total * permille / 1000;
    uint64_t seen = 0;
    for (unsigned us = 0; us <= LONGEST_US; us++) {
        seen += histogram[us];
        if (seen > wanted || seen == total)
            return us;
    }
    return LONGEST_US;
}

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    messages_bytes = file == NULL ? 0 : fread(messages, 1, sizeof(messages), file);
    if (messages_bytes == 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return EXIT_FAILURE;
    int fd = open_socket(atoi(argv[1]));
    int64_t rate = atoll(argv[2]);
    int64_t total = rate * atoll(argv[3]);
    unsigned answered = 0;
    size_t at = 0;
    load(argv[4]);
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    int64_t start_ns = now_ns();
    int64_t end_ns = start_ns + total * NS_PER_S / rate + LINGER_NS;
    for (int64_t sent = 0, t = start_ns; t < end_ns; t = now_ns()) {
        int64_t due = (t - start_ns) * rate / NS_PER_S;
        for (; sent < due && sent < total; sent++)
            at = send_next(fd, at, (unsigned)(sent % IDS));
        unsigned count = receive(fd);
        answered += count;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (count == 0)
            (void)ppoll(&wait, 1, &(struct timespec){.tv_nsec = 20000}, NULL);
    }
    printf("%lld %u %u %u %u\n", (long long)total, answered, quantile_us(answered, 500),
           quantile_us(answered, 990), quantile_us(answered, 1000));
    return EXIT_SUCCESS;
}
