// SPDX-License-Identifier: Apache-2.0
// What the demo prints. Pure.
#ifndef TOOL_DEMO_TEXT_H
#define TOOL_DEMO_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/** What the commands name; borrowed. NULL: there is none, and what needs it is left out. */
struct demo_facts {
    const char *dns;         /* "ADDR:PORT" really bound */
    const char *api;         /* the same */
    const char *admin;       /* the same */
    const char *http;        /* the same */
    const char *https;       /* the same */
    const char *data_dir;    /* absolute */
    const char *program;     /* absolute path of the running binary */
    const char *health_file; /* states of health checks, which the demo may change */
    const char *check_id;    /* of the health check that the failover depends on */
    const char *zone_id;     /* of the demo zone */
    const char *change_id;   /* of the change that filled it, where this start did that */
    const char *distribution_id;
    const char *distribution_name; /* its domain name */
    bool has_other_key; /* the environment holds AWS keys of its own, which must not be used */
};

/**
 * Appends the text: prose at the margin, and each command on an indented line of its own that works
 * as it stands when pasted into a shell, the `export` line before the others.
 */
void demo_text(struct buf *out, const struct demo_facts *facts);

/** The text as one word of a POSIX shell, in quotes where it needs them. In `a`. */
const char *shell_word(struct arena *a, const char *text);

#endif
