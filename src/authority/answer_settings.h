// SPDX-License-Identifier: Apache-2.0
// What this machine's settings say about answers, in the form that answers need it: part of every
// scene of the dns role, made once at its start.
#ifndef AUTHORITY_ANSWER_SETTINGS_H
#define AUTHORITY_ANSWER_SETTINGS_H

#include "base/arena.h"
#include "base/settings.h"

/** Unchanged once made; any thread reads. */
struct answer_settings {
    struct slice nsid; /* this server's name (RFC 5001); empty: not told */
    /* TXT data in wire form of the questions of class CHAOS; empty: refused. */
    struct slice chaos_version;
    struct slice chaos_host;
    struct arena arena;
};

/** Errors: ERR_INVALID with the setting's name. Owner of *out: the caller. */
enum err answer_settings_new(const struct settings *settings, struct answer_settings **out,
                             struct errctx *ec) MUST_USE;
void answer_settings_free(struct answer_settings *s); /* NULL is fine */

#endif
