// SPDX-License-Identifier: Apache-2.0
// What this machine's settings say about answers, in the form that answers need it: part of every
// scene of the dns role, made once at its start.
#ifndef AUTHORITY_ANSWER_SETTINGS_H
#define AUTHORITY_ANSWER_SETTINGS_H

#include "authority/zone_table.h"
#include "base/settings.h"
#include "routing/net_table.h"

/** Unchanged once made; any thread reads. */
struct answer_settings {
    struct slice nsid;     /* this server's name (RFC 5001); empty: not told */
    struct slice identity; /* the same, else the name of the machine; of dnstap */
    /* TXT data in wire form of the questions of class CHAOS; empty: refused. */
    struct slice chaos_version;
    struct slice chaos_host;
    struct net_table *access; /* of client networks, bool: may ask; NULL: everyone may */
    struct net_table *exempt; /* of those that no rate limit concerns; NULL: none */
    bool is_closed;           /* who is in no network of `access` may not ask */
    unsigned rate_per_s;      /* of answers; 0: no limit */
    unsigned rate_slip;
    struct arena arena;
};

/** Errors: ERR_INVALID with the setting's name. Owner of *out: the caller. */
enum err answer_settings_new(const struct settings *settings, struct answer_settings **out,
                             struct errctx *ec) MUST_USE;
void answer_settings_free(struct answer_settings *s); /* NULL is fine */

/** Whether the client may ask; the longest network that it is in says so. settings may be NULL. */
bool answer_settings_allow(const struct answer_settings *s, const struct view_address *source);

/** Whether no rate limit concerns the client. settings may be NULL. */
bool answer_settings_exempt(const struct answer_settings *s, const struct view_address *source);

#endif
