// SPDX-License-Identifier: Apache-2.0
// Queries that are answered together: as each would be alone. The zone that a guess may stand for.
#include "authority/limits.h"
#include "base/random.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NAMES 4000
#define PARENTS 200 /* empty non-terminals */

/* A zone with so many names that searches wait together, and another one below it. */
static struct world *large_world(struct fixture *f)
{
    fixture_init(f);
    fixture_whole_zone(f, "Z1", "example.com");
    fixture_whole_zone(f, "Z2", "sub.example.com");
    fixture_value(f, "Z2", "www.sub.example.com", "A", 60, "192.0.2.2");
    fixture_value(f, "Z1", "*.wild.example.com", "A", 60, "192.0.2.3");
    for (unsigned i = 0; i < NAMES; i++) {
        char owner[64];
        (void)snprintf(owner, sizeof(owner), "n%u.e%u.example.com", i, i % PARENTS);
        fixture_value(f, "Z1", owner, "A", 60, "192.0.2.1");
    }
    struct world *w = fixture_world(f);
    assert_true(w->name_count >= NAME_FETCH_LEAST);
    return w;
}

/* Names that are there, that are not, in the zone below, under a wildcard, and of no zone. */
static void random_name(struct prng *prng, char out[64])
{
    unsigned n = (unsigned)(prng_next(prng) % (2 * NAMES));
    switch (prng_next(prng) % 8) {
    case 0:
        (void)snprintf(out, 64, "www.sub.example.com");
        break;
    case 1:
        (void)snprintf(out, 64, "n%u.wild.example.com", n);
        break;
    case 2:
        (void)snprintf(out, 64, "n%u.example.net", n);
        break;
    case 3:
        (void)snprintf(out, 64, "e%u.example.com", n % (2 * PARENTS));
        break;
    default:
        (void)snprintf(out, 64, "n%u.e%u.example.com", n, n % PARENTS);
        break;
    }
}

struct asked {
    uint8_t bytes[600];
    struct answer_request request;
};

static void make_group(struct prng *prng, struct asked asked[NAME_FETCH_MAX])
{
    for (unsigned i = 0; i < NAME_FETCH_MAX; i++) {
        char name[64];
        random_name(prng, name);
        struct question q = {.name = name, .has_edns = i % 2 == 0};
        asked[i].request = (struct answer_request){.query = question_bytes(&q, asked[i].bytes),
                                                   .view = question_view(&q),
                                                   .random = prng_next(prng)};
        if (prng_next(prng) % 16 == 0)
            asked[i].request.query.len /= 2; /* malformed */
    }
}

static void assert_same_alone(const struct scene *scene, const struct asked *asked,
                              const struct answer_begun *begun)
{
    static uint8_t alone[ANSWER_UDP_MAX_BYTES];
    static uint8_t together[ANSWER_UDP_MAX_BYTES];
    struct answer_summary summary = {0};
    struct answer_summary summary_alone = {0};
    size_t len_alone = answer(scene, &asked->request, alone, sizeof(alone), &summary_alone);
    size_t len = answer_finish(scene, &asked->request, begun, together, sizeof(together), &summary);
    assert_int_equal(len, len_alone);
    assert_memory_equal(together, alone, len);
    assert_int_equal(summary.rcode, summary_alone.rcode);
    assert_int_equal(summary.kind, summary_alone.kind);
    assert_int_equal(summary.zone_counter, summary_alone.zone_counter);
}

static void a_group_is_answered_as_each_query_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct prng prng;
    struct world *w = large_world(&f);
    const struct scene scene = {.world = w};
    static struct asked asked[NAME_FETCH_MAX];
    static struct answer_begun begun[NAME_FETCH_MAX];
    const struct zone *guess = NULL;
    prng_init_fixed(&prng, 20260608);
    for (unsigned round = 0; round < 1000; round++) {
        make_group(&prng, asked);
        for (unsigned i = 0; i < NAME_FETCH_MAX; i++) {
            answer_begin(&scene, &asked[i].request, guess, &begun[i]);
            guess = begun[i].zone;
        }
        answer_fetch(&scene, begun, NAME_FETCH_MAX);
        for (unsigned i = 0; i < NAME_FETCH_MAX; i++)
            assert_same_alone(&scene, &asked[i], &begun[i]);
    }
    world_free(w);
    fixture_fini(&f);
}

/* The certain zones of a world, by apex, as text. */
static const char *certain_zones(const struct world *w)
{
    static char text[256];
    static const char *const apexes[] = {"example.com", "sub.example.com", "example.net"};
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(apexes); i++) {
        struct dns_name name;
        struct errctx ec = {0};
        assert_int_equal(dns_name_parse(slice_str(apexes[i]), &name, &ec), ERR_OK);
        for (size_t z = 0; z < w->zones->zone_count; z++) {
            const struct zone *zone = w->zones->zones[z];
            if (!slice_equal(zone->apex, dns_name_slice(&name)) ||
                !zone_is_certain(zone, zone->apex))
                continue;
            size_t len = strlen(text);
            (void)snprintf(text + len, sizeof(text) - len, "%s ", apexes[i]);
        }
    }
    return text;
}

static void a_zone_is_certain_where_no_other_can_answer(void **state)
{
    (void)state;
    static uint8_t address[] = {192, 0, 2, 53};
    static struct slice addresses[] = {{address, sizeof(address)}};
    static struct release_prefix inside[] = {{.address = {10}, .bytes = 4, .length = 8}};
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "sub.example.com");
    struct release_zone *last = fixture_whole_zone(&f, "Z3", "example.net");
    struct world *w = fixture_world(&f);
    assert_string_equal(certain_zones(w), "sub.example.com example.net ");
    world_free(w);
    last->addresses = addresses; /* of a delegation set: shown at one address */
    last->address_count = 1;
    w = fixture_world(&f);
    assert_string_equal(certain_zones(w), "sub.example.com ");
    world_free(w);
    last->address_count = 0;
    fixture_whole_zone(&f, "Z4", "example.net"); /* two of one apex */
    w = fixture_world(&f);
    assert_string_equal(certain_zones(w), "sub.example.com ");
    world_free(w);
    last->is_private = true;
    last->sources = inside;
    last->source_count = ARRAY_LEN(inside);
    w = fixture_world(&f);
    assert_string_equal(certain_zones(w), "");
    world_free(w);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_answered_as_each_query_alone),
        cmocka_unit_test(a_zone_is_certain_where_no_other_can_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
