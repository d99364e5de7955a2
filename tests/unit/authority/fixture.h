// SPDX-License-Identifier: Apache-2.0
// Small releases for the tests of authority/: zones and record sets from text, compiled into
// chunks in memory; questions asked and answers rendered as text.
#ifndef TESTS_AUTHORITY_FIXTURE_H
#define TESTS_AUTHORITY_FIXTURE_H

#include "authority/answer.h"
#include "authority/response.h"

#define FIXTURE_SETS_MAX 4096
#define FIXTURE_ZONES_MAX 64
#define FIXTURE_NAME_SETS_MAX 320 /* of one name */

/** One record set as a test wrote it. */
struct fixture_set {
    const char *zone_id;
    struct dns_name owner;
    struct release_set set;
    bool is_removed;
};

/** A release being written, and every chunk that was ever compiled. */
struct fixture {
    struct arena arena;
    struct map chunks; /* hash to struct slice * */
    struct release_zone zones[FIXTURE_ZONES_MAX];
    size_t zone_count;
    struct fixture_set *sets;
    size_t set_count;
    struct release_cidr_collection *collections; /* collection_count of them, a test's */
    size_t collection_count;
    struct world_registries registries;
    struct world_source world_source;
    unsigned reads; /* chunks read from the source */
    struct chunk_source source;
    struct slice health_check; /* of fixture_check_id, encoded; empty: there is none */
};

extern const struct slice fixture_check_id;

void fixture_init(struct fixture *f);
void fixture_fini(struct fixture *f);

/** A zone that every address serves; the caller may set more of it. */
struct release_zone *fixture_zone(struct fixture *f, const char *id, const char *apex);

/** The zone with an SOA (TTL 900, minimum 60) and an NS record at its apex. */
struct release_zone *fixture_whole_zone(struct fixture *f, const char *id, const char *apex);

/** Values in the API's syntax, up to the NULL. Replaces the set that is there. */
void fixture_set(struct fixture *f, const char *zone_id, const char *owner, const char *type,
                 uint32_t ttl_s, const char *const *values);

/** One value. */
void fixture_value(struct fixture *f, const char *zone_id, const char *owner, const char *type,
                   uint32_t ttl_s, const char *value);

/** An alias set. */
void fixture_alias(struct fixture *f, const char *zone_id, const char *owner, const char *type,
                   const char *target_zone_id, const char *target);

/**
 * One more set of a name and type, TTL 60, with a routing policy: the caller sets what the policy
 * needs. Of IP-based ones, too.
 */
struct release_set *fixture_branch(struct fixture *f, const char *owner, const char *type,
                                   enum release_policy policy, const char *identifier);
/** Its value, or its alias's target in a zone; true: the alias evaluates the target's health. All
 *  in zone Z1. */
void fixture_branch_value(struct fixture *f, struct release_set *set, const char *value);
void fixture_branch_alias(struct fixture *f, struct release_set *set, const char *target,
                          bool evaluates);

/** Takes the set out. */
void fixture_remove(struct fixture *f, const char *zone_id, const char *owner, const char *type);

/** Compiles everything, empty non-terminals included; returns the name of the root. */
struct chunk_hash fixture_build(struct fixture *f);

/** Where worlds of this fixture come from; valid until the next call. */
const struct world_source *fixture_source(struct fixture *f, const struct chunk_hash *root);

/** Compiles and loads. */
struct world *fixture_world(struct fixture *f);

/** Forgets a chunk, as a damaged disk would. */
void fixture_lose(struct fixture *f, const struct chunk_hash *hash);

/** How a question is asked; zeroed is UDP, no EDNS, from and to 192.0.2.1. */
struct question {
    const char *name;
    const char *type; /* NULL: A */
    uint16_t class;   /* 0: IN */
    uint16_t flags;
    bool is_tcp;
    bool has_edns;
    bool dnssec_ok;
    uint8_t edns_version;
    uint16_t edns_bytes;
    const char *local;
    const char *source;
    const char *subnet; /* "198.51.100.0/24": EDNS Client Subnet; the address is cut */
    uint64_t random;
};

/** The query's bytes. */
struct slice question_bytes(const struct question *q, uint8_t out[600]);

/** A view from texts of addresses; NULL is 192.0.2.1. */
struct view question_view(const struct question *q);

#define ANSWER_TEXT_SIZE 65536

/**
 * Asks and renders the answer, after checking that it parses, echoes id and question, and keeps to
 * its limit. First line: rcode and flags, e.g. "NOERROR aa tc". Then a line a record, sorted within
 * a section: "AN www.example.com. 60 A 192.0.2.1"; OPT as "OPT 1232" or "OPT 1232 do", with a
 * client subnet "OPT 1232 scope 24".
 */
const char *ask(const struct world *w, const struct question *q);

/** Settings of what is asked, with cookies; NULL, as at first: no settings and no cookies. */
extern const struct answer_settings *ask_settings;
#define ASK_NOW_UNIX_S 1780000000

/** Further parts of the scene that is asked; zeroed at first. */
extern struct scene ask_parts;

/** The same for bytes of any kind; NULL where there is no answer. */
const char *ask_bytes(const struct world *w, const struct answer_request *request);

/** ask() of a name and type, nothing else set. */
const char *ask_simply(const struct world *w, const char *name, const char *type);

#endif
