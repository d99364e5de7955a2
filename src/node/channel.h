// SPDX-License-Identifier: Apache-2.0
// Messages between the processes of one node, over socket pairs (SOCK_SEQPACKET) that the
// supervisor makes before it forks and keeps open over restarts. Every message states a fact or a
// wish of the moment, so a repeated or a late one does no harm.
//
//   supervisor <-> agent       FIRST_ROOT, ROLE_STARTED, ROLE_ENDED, ROLE_CRASHED, ROLE_READY,
//                              SHUTDOWN; what still holds is told again to a new agent
//   supervisor <-> each role   ROLE_READY
//   agent <-> each role        ROLE_HELLO, APPLY, APPLIED, APPLY_FAILED, STABLE
#ifndef NODE_CHANNEL_H
#define NODE_CHANNEL_H

#include "os/loop.h"
#include "release/chunk.h"

enum channel_kind {
    CHANNEL_FIRST_ROOT =
        1,                /* agent -> supervisor: a root is tried and may be served: bind, start */
    CHANNEL_ROLE_STARTED, /* supervisor -> agent: the role's process runs (pid) */
    CHANNEL_ROLE_ENDED,   /* supervisor -> agent: it ended without a crash (pid) */
    CHANNEL_ROLE_CRASHED, /* supervisor -> agent: it crashed (pid); text says how ("signal 11") */
    CHANNEL_ROLE_READY,   /* role -> supervisor; supervisor -> agent (pid); text: where its first
                             socket is bound */
    CHANNEL_SHUTDOWN,     /* supervisor -> agent: the node is draining; /healthz turns 503 */
    CHANNEL_ROLE_HELLO,   /* role -> agent: new process, nothing loaded */
    CHANNEL_APPLY,        /* agent -> role: serve this root */
    CHANNEL_APPLIED,      /* role -> agent: it is served */
    CHANNEL_APPLY_FAILED, /* role -> agent: it could not be loaded; text says why */
    CHANNEL_STABLE,       /* agent -> role: the root that it serves is the fleet's stable one */
};

#define CHANNEL_TEXT_SIZE 256

struct channel_message {
    uint32_t kind;  /* enum channel_kind */
    int32_t role;   /* index in the node's table of roles */
    int64_t number; /* pid of the role's process, where the message is about one */
    struct chunk_hash root;
    char text[CHANNEL_TEXT_SIZE]; /* NUL-terminated */
};

/** Both ends, non-blocking and close-on-exec. Aborts where the kernel gives none (at start only).
 */
void channel_pair(int *out_a, int *out_b);

/** Sends, or drops the message when 64 wait already (the receiver is stuck; it is watched). */
void channel_send(int fd, const struct channel_message *message);

/** A receiver on a loop; embedded. */
struct channel {
    struct loop_io io;
    int fd;
    void (*on_message)(void *user, const struct channel_message *message);
    void *user;
};
void channel_start(struct loop *l, struct channel *c);
void channel_stop(struct channel *c);

#endif
