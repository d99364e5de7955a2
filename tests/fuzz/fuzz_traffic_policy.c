// SPDX-License-Identifier: Apache-2.0
/*
 * Documents of traffic policies. Properties: a refusal has words and the code of the API; what is
 * accepted becomes names that differ, of which the first is the start; every alias inside of the
 * instance leads to one of them; the sets of each are stored and read back the same.
 */
#include "aws/limits.h"
#include "aws/r53_sets.h"
#include "aws/r53_traffic.h"
#include "base/check.h"
#include "base/map.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INSTANCE "00000000000040008000000000000000"

static void check_sets(struct arena *a, const struct map *owners, const struct r53_sets *sets)
{
    struct r53_sets again;
    struct slice body = r53_sets_encode(a, sets);
    enum err err = r53_sets_decode(a, body, &again, NULL);
    CHECK(err == ERR_OK && again.items_count == sets->items_count);
    for (size_t i = 0; i < sets->items_count; i++) {
        const struct r53_alias_target *target = sets->items[i].alias_target;
        if (target != NULL && strcmp(target->hosted_zone_id, INSTANCE) == 0)
            CHECK(map_get(owners, slice_str(target->dns_name)) != NULL);
    }
    for (size_t i = 1; i < again.items_count; i++)
        CHECK(strcmp(again.items[i - 1].set_identifier, again.items[i].set_identifier) != 0);
}

static void check_names(struct arena *a, const struct r53_traffic_tree *tree)
{
    const struct r53_traffic_instance instance = {.zone_id = INSTANCE, .ttl_s = 60};
    struct r53_traffic_name *names;
    AUTO_MAP struct map owners;
    map_init(&owners);
    size_t count = r53_traffic_names(a, tree, &instance, &names);
    CHECK(count >= 1 && count <= R53_TRAFFIC_RULES_MAX);
    CHECK(strcmp(names[0].owner, R53_TRAFFIC_START) == 0);
    for (size_t i = 0; i < count; i++) {
        void *before = map_put(&owners, slice_str(names[i].owner), &names[i]);
        CHECK(before == NULL);
    }
    for (size_t i = 0; i < count; i++)
        check_sets(a, &owners, &names[i].sets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct aws_fault fault = {.arena = &arena};
    struct r53_traffic_tree tree;
    enum aws_error error = r53_traffic_parse(slice_of(data, size), &tree, &fault);
    if (error == AWS_OK)
        check_names(&arena, &tree);
    else
        CHECK(error == AWS_InvalidTrafficPolicyDocument && fault.message != NULL);
    return 0;
}
