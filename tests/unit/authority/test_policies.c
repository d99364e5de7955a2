// SPDX-License-Identifier: Apache-2.0
// Routing policies as answers: groups, trees of aliases, health, the client's network and its
// scope. What each policy chooses has its own tests (routing).
#include "authority/health_file.h"
#include "authority/health_table.h"
#include "authority/limits.h"
#include "authority/trace.h"
#include "authority/tree_record.h"
#include "fixture.h"
#include "routing/atlas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define NO_DATA                                                                                    \
    "NOERROR aa\nNS example.com. 60 SOA ns-1.weir.test. hostmaster.weir.test. 1 2 3 4 60\n"

static struct fixture *start(void)
{
    static struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    ask_parts = (struct scene){0};
    return &f;
}

static struct world *finish(struct fixture *f)
{
    return fixture_world(f);
}

static void end(struct fixture *f, struct world *w)
{
    world_free(w);
    fixture_fini(f);
    ask_parts = (struct scene){0};
}

/* A set with a value and a check of the same name as its identifier. */
static struct release_set *branch(struct fixture *f, const char *owner, enum release_policy policy,
                                  const char *identifier, const char *value)
{
    struct release_set *set = fixture_branch(f, owner, "A", policy, identifier);
    fixture_branch_value(f, set, value);
    set->health_check = identifier;
    return set;
}

/* Makes these checks unhealthy, up to the NULL. Free ask_parts.health afterwards. */
static void break_checks(struct fixture *f, const char *const *ids)
{
    uint32_t numbers[16];
    size_t count = 0;
    for (; ids[count] != NULL; count++)
        numbers[count] = registry_number(f->registries.health, slice_str(ids[count]));
    health_table_free((struct health_table *)(uintptr_t)ask_parts.health);
    ask_parts.health = health_table_new(numbers, count);
}

static void heal(void)
{
    health_table_free((struct health_table *)(uintptr_t)ask_parts.health);
    ask_parts.health = NULL;
}

#define BREAK(f, ...) break_checks((f), (const char *const[]){__VA_ARGS__, NULL})

/* How many of 1,000 queries of different chance get the value. */
static unsigned count_of(const struct world *w, const char *name, const char *value)
{
    unsigned count = 0;
    for (uint64_t i = 1; i <= 1000; i++) {
        struct question q = {.name = name, .random = i * 0x9e3779b97f4a7c15U};
        count += strstr(ask(w, &q), value) != NULL;
    }
    return count;
}

static void weights_share_the_answers(void **state)
{
    (void)state;
    struct fixture *f = start();
    branch(f, "www.example.com", RELEASE_WEIGHTED, "a", "192.0.2.1")->weight = 1;
    branch(f, "www.example.com", RELEASE_WEIGHTED, "b", "192.0.2.2")->weight = 3;
    branch(f, "www.example.com", RELEASE_WEIGHTED, "c", "192.0.2.3")->weight = 0;
    struct world *w = finish(f);
    assert_in_range(count_of(w, "www.example.com", "192.0.2.1"), 165, 335); /* 250, 6 sigma */
    assert_int_equal(count_of(w, "www.example.com", "192.0.2.3"), 0);
    BREAK(f, "a", "b");
    assert_int_equal(count_of(w, "www.example.com", "192.0.2.3"), 1000);
    BREAK(f, "a", "b", "c");
    assert_int_equal(count_of(w, "www.example.com", "192.0.2.3"), 0); /* as if all were healthy */
    heal();
    end(f, w);
}

static void failover_follows_health(void **state)
{
    (void)state;
    struct fixture *f = start();
    branch(f, "www.example.com", RELEASE_FAILOVER, "first", "192.0.2.1");
    branch(f, "www.example.com", RELEASE_FAILOVER, "second", "192.0.2.2")->is_secondary = true;
    struct release_set *unchecked =
        branch(f, "old.example.com", RELEASE_FAILOVER, "first", "192.0.2.3");
    unchecked->health_check = NULL;
    branch(f, "old.example.com", RELEASE_FAILOVER, "second", "192.0.2.4")->is_secondary = true;
    struct world *w = finish(f);
    assert_non_null(strstr(ask_simply(w, "www.example.com", "A"), "192.0.2.1"));
    BREAK(f, "first");
    assert_string_equal(ask_simply(w, "www.example.com", "A"),
                        "NOERROR aa\nAN www.example.com. 60 A 192.0.2.2\n");
    assert_non_null(strstr(ask_simply(w, "old.example.com", "A"), "192.0.2.3"));
    BREAK(f, "first", "second");
    assert_non_null(strstr(ask_simply(w, "www.example.com", "A"), "192.0.2.1"));
    assert_string_equal(ask_simply(w, "www.example.com", "AAAA"), NO_DATA);
    heal();
    end(f, w);
}

static void a_multivalue_answer_has_eight_sets_and_one_ttl(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    struct fixture *f = start();
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        const char *value = arena_printf(&f->arena, "192.0.2.%zu", i + 1);
        branch(f, "www.example.com", RELEASE_MULTIVALUE, ids[i], value)->ttl_s =
            (uint32_t)(300 - i);
    }
    struct world *w = finish(f);
    unsigned lines = 0;
    const char *text = ask_simply(w, "www.example.com", "A");
    unsigned ttl_s = 0;
    for (const char *at = text; (at = strstr(at, "AN www.example.com. ")) != NULL; at++, lines++) {
        unsigned this_s = (unsigned)atoi(at + strlen("AN www.example.com. "));
        assert_true(ttl_s == 0 || ttl_s == this_s);
        ttl_s = this_s;
    }
    assert_int_equal(lines, 8);
    assert_in_range(ttl_s, 291, 293);
    BREAK(f, "a", "b", "c", "d", "e", "f", "g", "h", "i");
    assert_string_equal(ask_simply(w, "www.example.com", "A"),
                        "NOERROR aa\nAN www.example.com. 291 A 192.0.2.10\n");
    heal();
    end(f, w);
}

static struct atlas *small_atlas(void)
{
    static const struct {
        uint8_t address[4];
        unsigned length;
        const char *country;
    } networks[] = {{{10, 0, 0, 0}, 8, "DE"}, {{10, 1, 0, 0}, 16, "FR"}, {{11, 0, 0, 0}, 8, "JP"}};
    struct atlas_builder *b = atlas_builder_new();
    for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
        struct net_key key = net_key_of(networks[i].address, 4, networks[i].length);
        struct atlas_place place = {.place = place_country(slice_str(networks[i].country))};
        atlas_builder_add_place(b, &key, &place);
    }
    struct atlas *atlas = atlas_builder_finish(b);
    atlas_builder_free(b);
    return atlas;
}

static void locations_match_the_client_and_say_how_far(void **state)
{
    (void)state;
    struct fixture *f = start();
    branch(f, "www.example.com", RELEASE_GEOLOCATION, "eu", "192.0.2.1")->geo_continent = "EU";
    branch(f, "www.example.com", RELEASE_GEOLOCATION, "fr", "192.0.2.2")->geo_country = "FR";
    struct world *w = finish(f);
    struct atlas *atlas = small_atlas();
    ask_parts.atlas = atlas;
    struct question q = {.name = "www.example.com", .subnet = "10.9.0.0/24"};
    q.edns_bytes = 1232;
    assert_string_equal(ask(w, &q),
                        "NOERROR aa\nAN www.example.com. 60 A 192.0.2.1\n"
                        "OPT 1232 scope 13\n"); /* 10.8.0.0/13: all but 10.1/16's side */
    q.subnet = "10.1.2.0/24";
    assert_string_equal(ask(w, &q), "NOERROR aa\nAN www.example.com. 60 A 192.0.2.2\n"
                                    "OPT 1232 scope 16\n");
    q.subnet = "10.1.2.0/0"; /* the client wants none of it used: the resolver's address counts */
    assert_string_equal(ask(w, &q),
                        "NOERROR aa\nNS example.com. 60 SOA ns-1.weir.test. hostmaster.weir.test. "
                        "1 2 3 4 60\nOPT 1232 scope 0\n");
    BREAK(f, "fr");
    q.subnet = "10.1.2.0/24";
    assert_non_null(strstr(ask(w, &q), "192.0.2.1")); /* the next wider location */
    BREAK(f, "fr", "eu");
    assert_non_null(strstr(ask(w, &q), "192.0.2.2")); /* all unhealthy: the most specific */
    heal();
    atlas_free(atlas);
    end(f, w);
}

static void nobody_believes_for_long_that_a_location_gets_nothing(void **state)
{
    (void)state;
    struct fixture *f = start();
    fixture_value(f, "Z1", "example.com", "SOA", 900,
                  "ns-1.weir.test. hostmaster.weir.test. 1 2 3 4 86400");
    branch(f, "www.example.com", RELEASE_GEOLOCATION, "jp", "192.0.2.1")->geo_country = "JP";
    struct world *w = finish(f);
    const char *text = ask_simply(w, "www.example.com", "A");
    assert_string_equal(text, "NOERROR aa\nNS example.com. 60 SOA ns-1.weir.test. "
                              "hostmaster.weir.test. 1 2 3 4 86400\n");
    text = ask_simply(w, "www.example.com", "AAAA"); /* nobody gets one */
    assert_non_null(strstr(text, "NS example.com. 900 SOA"));
    end(f, w);
}

static void blocks_of_a_collection_decide(void **state)
{
    (void)state;
    static struct release_prefix wide[] = {{.address = {10}, .bytes = 4, .length = 8}};
    static struct release_prefix nested[] = {{.address = {10, 1}, .bytes = 4, .length = 16}};
    static struct release_cidr_location locations[] = {
        {.name = "nested", .blocks = nested, .block_count = 1},
        {.name = "wide", .blocks = wide, .block_count = 1}};
    static struct release_cidr_collection collection = {
        .id = "c-1", .locations = locations, .location_count = 2};
    struct fixture *f = start();
    f->collections = &collection;
    f->collection_count = 1;
    const char *const names[] = {"nested", "wide", "*"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = arena_printf(&f->arena, "192.0.2.%zu", i + 1);
        struct release_set *set = branch(f, "www.example.com", RELEASE_IP_BASED, names[i], value);
        set->cidr_collection = "c-1";
        set->cidr_location = names[i];
    }
    struct world *w = finish(f);
    struct question q = {.name = "www.example.com", .subnet = "10.1.2.0/24", .edns_bytes = 1232};
    assert_string_equal(ask(w, &q), "NOERROR aa\nAN www.example.com. 60 A 192.0.2.1\n"
                                    "OPT 1232 scope 16\n");
    q.subnet = "10.200.0.0/16";
    assert_string_equal(ask(w, &q), "NOERROR aa\nAN www.example.com. 60 A 192.0.2.2\n"
                                    "OPT 1232 scope 9\n");
    q.subnet = "11.0.0.0/8";
    assert_non_null(strstr(ask(w, &q), "192.0.2.3"));
    q.subnet = "10.0.0.0/7"; /* shorter than any block: it matches none */
    assert_non_null(strstr(ask(w, &q), "192.0.2.3"));
    BREAK(f, "nested");
    q.subnet = "10.1.2.0/24";
    assert_non_null(strstr(ask(w, &q), "192.0.2.1")); /* no wider block is tried */
    heal();
    end(f, w);
}

/* www: failover of two aliases; eu: weighted; us: one value. */
static struct fixture *tree(bool evaluates)
{
    struct fixture *f = start();
    struct release_set *set = fixture_branch(f, "www.example.com", "A", RELEASE_FAILOVER, "one");
    fixture_branch_alias(f, set, "eu.example.com", evaluates);
    set = fixture_branch(f, "www.example.com", "A", RELEASE_FAILOVER, "two");
    fixture_branch_alias(f, set, "us.example.com", evaluates);
    set->is_secondary = true;
    branch(f, "eu.example.com", RELEASE_WEIGHTED, "eu-a", "192.0.2.1")->weight = 1;
    branch(f, "eu.example.com", RELEASE_WEIGHTED, "eu-b", "192.0.2.2")->weight = 1;
    fixture_value(f, "Z1", "us.example.com", "A", 30, "192.0.2.3");
    return f;
}

static void a_branch_is_as_healthy_as_its_target(void **state)
{
    (void)state;
    struct fixture *f = tree(true);
    struct world *w = finish(f);
    assert_int_equal(count_of(w, "www.example.com", "192.0.2.3"), 0);
    BREAK(f, "eu-a");
    assert_int_equal(count_of(w, "www.example.com", "192.0.2.2"), 1000);
    BREAK(f, "eu-a", "eu-b");
    assert_string_equal(ask_simply(w, "www.example.com", "A"),
                        "NOERROR aa\nAN www.example.com. 30 A 192.0.2.3\n");
    heal();
    end(f, w);
}

static void a_branch_that_does_not_evaluate_counts_as_healthy(void **state)
{
    (void)state;
    struct fixture *f = tree(false);
    struct world *w = finish(f);
    BREAK(f, "eu-a", "eu-b");
    assert_int_equal(count_of(w, "www.example.com", "192.0.2.3"), 0);
    assert_in_range(count_of(w, "www.example.com", "192.0.2.1"), 400, 600); /* the last resort */
    heal();
    end(f, w);
}

static void a_branch_without_its_target_is_left(void **state)
{
    (void)state;
    struct fixture *f = tree(true);
    struct release_set *set = fixture_branch(f, "gone.example.com", "A", RELEASE_FAILOVER, "one");
    fixture_branch_alias(f, set, "nowhere.example.com", true);
    set = fixture_branch(f, "gone.example.com", "A", RELEASE_FAILOVER, "two");
    fixture_branch_alias(f, set, "us.example.com", true);
    set->is_secondary = true;
    struct world *w = finish(f);
    assert_non_null(strstr(ask_simply(w, "gone.example.com", "A"), "192.0.2.3"));
    end(f, w);
}

/* Names t0 to tN, each a group of two aliases to the next; the last has values. */
static void nest(struct fixture *f, unsigned levels)
{
    for (unsigned i = 0; i < levels; i++) {
        const char *owner = arena_printf(&f->arena, "t%u.example.com", i);
        const char *next = arena_printf(&f->arena, "t%u.example.com", i + 1);
        for (unsigned k = 0; k < 2; k++) {
            struct release_set *set =
                fixture_branch(f, owner, "A", RELEASE_WEIGHTED, k == 0 ? "left" : "right");
            set->weight = 1;
            fixture_branch_alias(f, set, next, true);
        }
    }
    fixture_value(f, "Z1", arena_printf(&f->arena, "t%u.example.com", levels), "A", 60,
                  "192.0.2.1");
}

static void trees_nest_to_their_limit(void **state)
{
    (void)state;
    struct fixture *f = start();
    nest(f, ALIAS_DEPTH_MAX - 1);
    struct world *w = finish(f);
    assert_non_null(strstr(ask_simply(w, "t0.example.com", "A"), "192.0.2.1"));
    end(f, w);
    f = start();
    nest(f, ALIAS_DEPTH_MAX + 2);
    w = finish(f);
    assert_string_equal(ask_simply(w, "t0.example.com", "A"), NO_DATA);
    end(f, w);
}

/* Groups that nobody judges to their end, each branch an alias to one with a broken check. */
static void a_tree_too_wide_to_be_judged_is_answered(void **state)
{
    (void)state;
    struct fixture *f = start();
    branch(f, "end.example.com", RELEASE_WEIGHTED, "end", "192.0.2.1")->weight = 1;
    for (unsigned i = 0; i < 4; i++) {
        const char *owner = arena_printf(&f->arena, "wide%u.example.com", i);
        for (unsigned k = 0; k < 100; k++) {
            struct release_set *set = fixture_branch(f, owner, "A", RELEASE_WEIGHTED,
                                                     arena_printf(&f->arena, "s%02u", k));
            set->weight = 1;
            fixture_branch_alias(f, set, "end.example.com", true);
        }
        struct release_set *set = fixture_branch(f, "www.example.com", "A", RELEASE_WEIGHTED,
                                                 arena_printf(&f->arena, "w%u", i));
        set->weight = 1;
        fixture_branch_alias(f, set, owner, true);
    }
    struct world *w = finish(f);
    assert_non_null(strstr(ask_simply(w, "www.example.com", "A"), "192.0.2.1"));
    BREAK(f, "end");
    assert_non_null(strstr(ask_simply(w, "www.example.com", "A"), "192.0.2.1"));
    heal();
    end(f, w);
}

static void a_loop_of_groups_ends(void **state)
{
    (void)state;
    struct fixture *f = start();
    for (unsigned i = 0; i < 20; i++) {
        struct release_set *set = fixture_branch(f, "loop.example.com", "A", RELEASE_WEIGHTED,
                                                 arena_printf(&f->arena, "s%02u", i));
        set->weight = 1;
        fixture_branch_alias(f, set, "loop.example.com", true);
    }
    struct world *w = finish(f);
    assert_string_equal(ask_simply(w, "loop.example.com", "A"), NO_DATA);
    end(f, w);
}

static void a_cname_may_be_chosen_and_is_followed(void **state)
{
    (void)state;
    struct fixture *f = start();
    struct release_set *set = fixture_branch(f, "c.example.com", "CNAME", RELEASE_FAILOVER, "one");
    fixture_branch_value(f, set, "one.example.com.");
    set->health_check = "one";
    set = fixture_branch(f, "c.example.com", "CNAME", RELEASE_FAILOVER, "two");
    fixture_branch_value(f, set, "two.example.com.");
    set->is_secondary = true;
    fixture_value(f, "Z1", "one.example.com", "A", 60, "192.0.2.1");
    fixture_value(f, "Z1", "two.example.com", "A", 60, "192.0.2.2");
    struct world *w = finish(f);
    assert_string_equal(ask_simply(w, "c.example.com", "A"),
                        "NOERROR aa\nAN c.example.com. 60 CNAME one.example.com.\n"
                        "AN one.example.com. 60 A 192.0.2.1\n");
    BREAK(f, "one");
    assert_string_equal(ask_simply(w, "c.example.com", "A"),
                        "NOERROR aa\nAN c.example.com. 60 CNAME two.example.com.\n"
                        "AN two.example.com. 60 A 192.0.2.2\n");
    heal();
    end(f, w);
}

static void an_explanation_names_each_branch(void **state)
{
    (void)state;
    struct fixture *f = tree(true);
    struct world *w = finish(f);
    BREAK(f, "eu-a", "eu-b");
    struct trace trace = {.arena = &f->arena};
    uint8_t bytes[600];
    const struct question q = {.name = "www.example.com"};
    struct answer_request request = {
        .query = question_bytes(&q, bytes), .view = question_view(&q), .trace = &trace};
    assert_non_null(ask_bytes(w, &request));
    AUTO_BUF struct buf all = {0};
    for (size_t i = 0; i < trace.count; i++) {
        buf_append_str(&all, trace.lines[i]);
        buf_append_byte(&all, '\n');
    }
    buf_append_byte(&all, 0);
    const char *text = (const char *)buf_slice(&all).data;
    assert_non_null(strstr(text, "'eu-a' is unhealthy\n"));
    assert_non_null(strstr(text, "'one' is unhealthy\n"));
    assert_non_null(strstr(text, "failover, 2 sets: 'two' is chosen\n"));
    assert_non_null(strstr(text, "to us.example.com.\n"));
    heal();
    end(f, w);
}

static void a_place_that_is_not_known_here_is_no_release(void **state)
{
    (void)state;
    struct fixture *f = start();
    branch(f, "www.example.com", RELEASE_LATENCY, "moon", "192.0.2.1")->region = "moon-north-1";
    struct chunk_hash root = fixture_build(f);
    struct world *w = NULL;
    struct errctx ec = {0};
    assert_int_equal(world_load(fixture_source(f, &root), NULL, &w, &ec), ERR_CORRUPT);
    assert_non_null(strstr(ec.text, "region 'moon-north-1' is not known here"));
    fixture_fini(f);
}

/* What a file says of an id; 'x' where it does not name it. */
static char said_of(const char *text, const char *id)
{
    struct arena a = {0};
    struct health_said *said;
    size_t count;
    char found = 'x';
    struct registry *ids = registry_new();
    assert_int_equal(health_file_parse(&a, slice_str(text), ids, &said, &count, NULL), ERR_OK);
    uint32_t number = registry_number(ids, slice_str(id));
    for (size_t i = 0; i < count; i++) {
        if (said[i].number == number)
            found = said[i].is_healthy ? 'h' : 'u';
    }
    registry_free(ids);
    arena_fini(&a);
    return found;
}

static void a_file_says_which_checks_are_unhealthy(void **state)
{
    (void)state;
    const char *text = "# states\nfirst healthy\n\n  second\tunhealthy \r\nfirst unhealthy\n"
                       "third unhealthy\nthird healthy";
    assert_int_equal(said_of(text, "first"), 'u'); /* the last line counts */
    assert_int_equal(said_of(text, "second"), 'u');
    assert_int_equal(said_of(text, "third"), 'h');
    assert_int_equal(said_of(text, "states"), 'x');
    AUTO_ARENA struct arena a = {0};
    struct registry *ids = registry_new();
    struct health_said *said;
    size_t count;
    struct errctx ec = {0};
    assert_int_equal(
        health_file_parse(&a, SLICE_LIT("a healthy\nb sick\n"), ids, &said, &count, &ec),
        ERR_INVALID);
    assert_string_equal(ec.text, "line 2: want: ID healthy|unhealthy");
    registry_free(ids);
}

static void a_health_table_names_the_unhealthy(void **state)
{
    (void)state;
    struct health_table *table = health_table_new((const uint32_t[]){3, 64}, 2);
    struct health_table *same = health_table_new((const uint32_t[]){64, 3}, 2);
    struct health_table *other = health_table_new((const uint32_t[]){2, 64}, 2);
    struct health_table *none = health_table_new(NULL, 0);
    assert_false(health_table_is_healthy(table, 3));
    assert_false(health_table_is_healthy(table, 64));
    assert_true(health_table_is_healthy(table, 4));
    assert_true(health_table_is_healthy(table, HEALTH_NONE));
    assert_true(health_table_is_healthy(NULL, 3));
    assert_true(health_table_equal(table, same));
    assert_false(health_table_equal(table, other));
    assert_false(health_table_equal(table, none));
    health_table_free(table);
    health_table_free(same);
    health_table_free(other);
    health_table_free(none);
}

static void a_trial_takes_every_branch(void **state)
{
    (void)state;
    struct fixture *f = start();
    branch(f, "www.example.com", RELEASE_FAILOVER, "one", "192.0.2.1");
    branch(f, "www.example.com", RELEASE_FAILOVER, "two", "192.0.2.2")->is_secondary = true;
    struct world *w = finish(f);
    uint8_t bytes[600];
    const struct question q = {.name = "www.example.com"};
    struct answer_request request = {
        .query = question_bytes(&q, bytes), .view = question_view(&q), .branch = 2};
    assert_non_null(strstr(ask_bytes(w, &request), "192.0.2.2"));
    request.branch = 1;
    assert_non_null(strstr(ask_bytes(w, &request), "192.0.2.1"));
    request.branch = 3;
    assert_null(strstr(ask_bytes(w, &request), "192.0.2."));
    end(f, w);
}

/* Eight further names of twenty levels each: six of them fit into what one query goes down. */
static void one_query_goes_down_a_bounded_number_of_levels(void **state)
{
    (void)state;
    struct fixture *f = start();
    const char *values[9] = {NULL};
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned level = 0; level < 20; level++) {
            const char *owner = arena_printf(&f->arena, "t%u-%u.example.com", i, level);
            const char *below = arena_printf(&f->arena, "t%u-%u.example.com", i, level + 1);
            fixture_alias(f, "Z1", owner, "A", "Z1", below);
        }
        const char *last = arena_printf(&f->arena, "t%u-20.example.com", i);
        fixture_value(f, "Z1", last, "A", 60, "192.0.2.1");
        values[i] = arena_printf(&f->arena, "10 t%u-0.example.com", i);
    }
    fixture_set(f, "Z1", "mail.example.com", "MX", 60, values);
    struct world *w = finish(f);
    unsigned further = 0;
    const char *text = ask_simply(w, "mail.example.com", "MX");
    for (const char *at = text; (at = strstr(at, " A 192.0.2.1")) != NULL; at++)
        further++;
    assert_int_equal(further, TREE_LEVELS_MAX / 20);
    end(f, w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_share_the_answers),
        cmocka_unit_test(one_query_goes_down_a_bounded_number_of_levels),
        cmocka_unit_test(failover_follows_health),
        cmocka_unit_test(a_multivalue_answer_has_eight_sets_and_one_ttl),
        cmocka_unit_test(locations_match_the_client_and_say_how_far),
        cmocka_unit_test(nobody_believes_for_long_that_a_location_gets_nothing),
        cmocka_unit_test(blocks_of_a_collection_decide),
        cmocka_unit_test(a_branch_is_as_healthy_as_its_target),
        cmocka_unit_test(a_branch_that_does_not_evaluate_counts_as_healthy),
        cmocka_unit_test(a_branch_without_its_target_is_left),
        cmocka_unit_test(trees_nest_to_their_limit),
        cmocka_unit_test(a_tree_too_wide_to_be_judged_is_answered),
        cmocka_unit_test(a_loop_of_groups_ends),
        cmocka_unit_test(a_cname_may_be_chosen_and_is_followed),
        cmocka_unit_test(an_explanation_names_each_branch),
        cmocka_unit_test(a_file_says_which_checks_are_unhealthy),
        cmocka_unit_test(a_health_table_names_the_unhealthy),
        cmocka_unit_test(a_trial_takes_every_branch),
        cmocka_unit_test(a_place_that_is_not_known_here_is_no_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
