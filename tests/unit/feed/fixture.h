// SPDX-License-Identifier: Apache-2.0
// A server and a client of feeds on one loop, over loopback with mutual TLS: the owner of the
// server is a few variables, the owner of the client remembers what it was told.
#ifndef TEST_FEED_FIXTURE_H
#define TEST_FEED_FIXTURE_H

#include "base/map.h"
#include "feed/feed.h"
#include "net/identity.h"

enum { NOTES = 16 };

struct fixture {
    struct loop *loop;
    struct loop_timer deadline; /* fails the test */
    struct arena arena;
    int listen_fd;
    struct net_address address;

    struct net_tls *server_tls;
    struct net_tls *client_tls;
    uint8_t server_key[ED25519_PUBLIC_BYTES];
    uint8_t client_key[ED25519_PUBLIC_BYTES];
    char node_id[NODE_ID_SIZE]; /* of the client */

    /* The server and its owner. */
    struct feed_source source;
    struct feed_server *server;
    bool admits;
    struct slice pointer;
    uint64_t epoch;
    uint64_t sequence;
    struct map chunks;        /* hash -> struct slice in the arena */
    char reported[NOTES][32]; /* version texts */
    size_t report_count;

    /* The client and its owner. */
    struct feed_client_options options;
    struct feed_client *client;
    char pointers[NOTES][32];
    size_t pointer_count;
    size_t up_count;
    size_t down_count;
    enum err down_code;
    struct chunk_hash fetched[FEED_FETCH_MAX_CHUNKS];
    size_t fetched_count;
    bool is_fetched;
    enum err fetch_result;
};

void fixture_init(struct fixture *f);
void fixture_fini(struct fixture *f);

void fixture_start_server(struct fixture *f);
void fixture_stop_server(struct fixture *f);
void fixture_start_client(struct fixture *f);

/** Sets the newest pointer, and announces it where the server runs. */
void fixture_publish(struct fixture *f, const char *text, uint64_t epoch, uint64_t sequence);

/** Gives the server a chunk of that many random bytes. */
struct chunk_hash fixture_add_chunk(struct fixture *f, size_t size);

/** Runs the loop until the condition holds; fails after 10 s. */
#define RUN_UNTIL(f, condition)                                                                    \
    do {                                                                                           \
        fixture_arm(f);                                                                            \
        while (!(condition))                                                                       \
            fixture_turn(f);                                                                       \
    } while (0)
void fixture_arm(struct fixture *f);
void fixture_turn(struct fixture *f);

/** Runs the loop for a time. */
void fixture_run_for(struct fixture *f, int64_t ns);

/** The status that one request gets, over TLS or plain. */
unsigned fixture_status(struct fixture *f, const char *method, const char *target,
                        struct slice body);

#endif
