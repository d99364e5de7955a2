// SPDX-License-Identifier: Apache-2.0
// The compiler: gathers the objects that differ between two contents, turns each into what a
// release holds of it, and updates the tries. Called by the rollout, on its thread.
#include "control/compile/compile.h"

#include "aws/r53_sets.h"
#include "base/buf.h"
#include "base/check.h"
#include "control/compile/checker_priv.h"
#include "control/compile/cidr_priv.h"
#include "control/compile/distribution_priv.h"
#include "control/compile/health_priv.h"
#include "control/compile/member_priv.h"
#include "control/compile/names_priv.h"
#include "control/compile/pop_priv.h"
#include "control/compile/zone_priv.h"
#include "control/store/fleet.h"
#include "dns/rdata.h"
#include "release/limits.h"
#include "release/objects.h"

#include <stdlib.h>
#include <string.h>

/** One compile under way. */
struct compile {
    const struct compile_job *job;
    struct arena arena;
    struct release_root before;
    struct names names;
    struct map zones;       /* struct names_zone by zone id */
    struct map put_zones;   /* struct release_zone by zone id: of the content after */
    struct map held;        /* struct store_held by identity: what `after` holds */
    struct map held_before; /* the same of `before` */
    struct map released;    /* struct store_held by identity: held before, not after, not yet put */
    struct buf changes[RELEASE_KIND_COUNT]; /* struct trie_change, but for names */
};

static struct slice identity(struct arena *a, enum store_kind kind, const char *group,
                             struct slice member)
{
    AUTO_BUF struct buf bytes = {0};
    buf_printf(&bytes, "%d/%s/", (int)kind, group);
    buf_append(&bytes, member);
    return arena_copy(a, buf_slice(&bytes));
}

static void add_change(struct compile *c, enum release_kind kind, const char *id,
                       struct slice value)
{
    struct slice kept_id = slice_str(arena_strdup(&c->arena, id));
    struct trie_change change = {
        .key = trie_key_of(&c->before.seed, kept_id, slice_of(NULL, 0)),
        .id = kept_id,
        .value = value,
    };
    buf_append(&c->changes[kind], slice_of(&change, sizeof(change)));
}

/** Kept until the names are known: the serial of a transferred zone depends on them. */
static enum err put_zone(struct compile *c, const struct store_object *object, struct errctx *ec)
{
    if (object->is_deleted) {
        map_remove(&c->put_zones, slice_str(object->group));
        add_change(c, RELEASE_ZONE, object->group, slice_of(NULL, 0));
        return ERR_OK;
    }
    struct release_zone *zone = ARENA_NEW(&c->arena, struct release_zone);
    enum err e = zone_read(&c->arena, object, zone, ec);
    if (e == ERR_OK)
        map_put(&c->put_zones, slice_str(zone->id), zone);
    return e;
}

static enum err put_node(struct compile *c, const struct store_object *object, struct errctx *ec)
{
    struct slice value = {0};
    if (!object->is_deleted) {
        if (object->body.len != STORE_NODE_BODY_BYTES)
            return err_set(ec, ERR_CORRUPT, "body of %zu bytes", object->body.len);
        struct release_node node = {.id = object->group};
        memcpy(node.public_key, object->body.data, STORE_NODE_KEY_BYTES);
        node.is_draining =
            (object->body.data[STORE_NODE_KEY_BYTES] & STORE_NODE_FLAG_DRAINING) != 0;
        value = release_node_encode(&c->arena, &node);
    }
    add_change(c, RELEASE_NODE, object->group, value);
    return ERR_OK;
}

static enum err put_distribution(struct compile *c, const struct store_object *object,
                                 struct errctx *ec)
{
    struct slice value = {0};
    if (!object->is_deleted) {
        enum err e = distribution_value(&c->arena, object->body, &value, ec);
        if (e != ERR_OK)
            return e;
    }
    add_change(c, RELEASE_DISTRIBUTION, object->group, value);
    return ERR_OK;
}

/** The point of presence as the root before has it, if it has it. */
static enum err pop_before(struct compile *c, const char *name, struct pop_check **out_checks,
                           size_t *out_count, struct errctx *ec)
{
    const struct trie_object object = {
        .key = trie_key_of(&c->before.seed, slice_str(name), slice_of(NULL, 0)),
        .id = slice_str(name)};
    struct slice value;
    struct release_pop pop;
    enum err e = trie_get(&c->arena, &c->before.tries[RELEASE_POP], &object, &c->job->chunks.source,
                          &value, ec);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = release_pop_decode(&c->arena, value, &pop, ec);
    if (e == ERR_OK)
        pop_checks(&c->arena, &pop, out_checks, out_count);
    return e;
}

/** The health checks that it brings along, in place of those that it brought before. Both are
 *  sorted. */
static void put_pop_checks(struct compile *c, const struct pop_check *before, size_t before_count,
                           const struct pop_check *after, size_t after_count)
{
    for (size_t i = 0; i < after_count; i++)
        add_change(c, RELEASE_HEALTH_CHECK, after[i].id, after[i].value);
    for (size_t i = 0, k = 0; i < before_count; i++) {
        while (k < after_count && strcmp(after[k].id, before[i].id) < 0)
            k++;
        if (k == after_count || strcmp(after[k].id, before[i].id) != 0)
            add_change(c, RELEASE_HEALTH_CHECK, before[i].id, slice_of(NULL, 0));
    }
}

/** The body of a point of presence is what releases hold of it. */
static enum err put_pop(struct compile *c, const struct store_object *object, struct errctx *ec)
{
    struct slice value = {0};
    struct pop_check *before = NULL;
    struct pop_check *after = NULL;
    size_t before_count = 0;
    size_t after_count = 0;
    enum err e = pop_before(c, object->group, &before, &before_count, ec);
    if (e == ERR_OK && !object->is_deleted) {
        struct release_pop pop;
        e = release_pop_decode(&c->arena, object->body, &pop, ec);
        if (e != ERR_OK)
            return e;
        value = release_pop_encode(&c->arena, &pop);
        pop_checks(&c->arena, &pop, &after, &after_count);
    }
    if (e != ERR_OK)
        return e;
    add_change(c, RELEASE_POP, object->group, value);
    put_pop_checks(c, before, before_count, after, after_count);
    return ERR_OK;
}

static enum err put_cidr_collection(struct compile *c, const struct store_object *object,
                                    struct errctx *ec)
{
    struct slice value = {0};
    if (!object->is_deleted) {
        enum err e = cidr_collection_value(&c->arena, object->group, object->body, &value, ec);
        if (e != ERR_OK)
            return e;
    }
    add_change(c, RELEASE_CIDR_COLLECTION, object->group, value);
    return ERR_OK;
}

static enum err put_health_check(struct compile *c, const struct store_object *object,
                                 struct errctx *ec)
{
    struct slice value = {0};
    if (!object->is_deleted) {
        enum err e = health_check_value(&c->arena, object->group, object->body, &value, ec);
        if (e != ERR_OK)
            return e;
    }
    add_change(c, RELEASE_HEALTH_CHECK, object->group, value);
    return ERR_OK;
}

static enum err put_checker(struct compile *c, const struct store_object *object, struct errctx *ec)
{
    struct slice value = {0};
    if (!object->is_deleted) {
        enum err e = checker_value(&c->arena, object->group, object->body, &value, ec);
        if (e != ERR_OK)
            return e;
    }
    add_change(c, RELEASE_CHECKER, object->group, value);
    return ERR_OK;
}

static enum err read_zone(struct compile *c, const char *zone_id, uint64_t version,
                          struct names_zone *out, struct errctx *ec)
{
    struct store_object which = {.kind = STORE_ZONE, .group = zone_id};
    struct store_object object;
    struct r53_zone_body body;
    struct dns_name *apex = ARENA_NEW(&c->arena, struct dns_name);
    enum err e = store_object_get_at(c->job->conn, &c->arena, &which, version, &object, ec);
    if (e == ERR_OK)
        e = r53_zone_body_decode(&c->arena, object.body, &body, ec);
    if (e == ERR_OK)
        e = dns_name_parse(slice_str(body.name), apex, ec);
    if (e == ERR_OK)
        *out = (struct names_zone){.id = arena_strdup(&c->arena, zone_id),
                                   .apex = dns_name_slice(apex),
                                   .is_transferred = body.transfer != NULL};
    return e;
}

/**
 * Where the names of a zone end: from its object, the newest that ever was in the new content's
 * range, since a zone that is going takes its names along.
 */
static enum err zone_of(struct compile *c, const char *zone_id, struct names_zone **out,
                        struct errctx *ec)
{
    *out = map_get(&c->zones, slice_str(zone_id));
    if (*out != NULL)
        return ERR_OK;
    struct names_zone *zone = ARENA_NEW(&c->arena, struct names_zone);
    enum err e = read_zone(c, zone_id, c->job->after.version, zone, ec);
    if (e == ERR_NOT_FOUND) /* deleted meanwhile: as it was in the content before */
        e = read_zone(c, zone_id, c->job->before.version, zone, ec);
    if (e != ERR_OK)
        return e;
    map_put(&c->zones, slice_str(zone->id), zone);
    *out = zone;
    return ERR_OK;
}

/* The policies of aws and of releases have the same numbers. */
_Static_assert((int)R53_POLICY_IP_BASED == (int)RELEASE_IP_BASED &&
                   (int)R53_POLICY_MULTIVALUE == (int)RELEASE_MULTIVALUE &&
                   (int)R53_POLICY_GEOPROXIMITY == (int)RELEASE_GEOPROXIMITY &&
                   (int)R53_POLICY_GEOLOCATION == (int)RELEASE_GEOLOCATION &&
                   (int)R53_POLICY_FAILOVER == (int)RELEASE_FAILOVER &&
                   (int)R53_POLICY_LATENCY == (int)RELEASE_LATENCY &&
                   (int)R53_POLICY_WEIGHTED == (int)RELEASE_WEIGHTED &&
                   (int)R53_POLICY_SIMPLE == (int)RELEASE_SIMPLE,
               "policies differ");

static void copy_set(struct arena *a, const struct r53_wire_set *from, struct release_set *to)
{
    const struct r53_wire_policy *p = &from->policy;
    *to = (struct release_set){
        .type = from->type,
        .ttl_s = from->ttl_s,
        .rdata = from->rdata,
        .rdata_count = from->rdata_count,
        .is_alias = from->is_alias,
        .alias_zone_id = from->alias_zone_id,
        .alias_evaluate_health = from->alias_evaluate_health,
        .alias_is_outside = from->alias_is_outside,
        .policy = (enum release_policy)p->kind,
        .identifier = p->identifier,
        .health_check = p->health_check,
        .weight = p->weight,
        .region = p->region,
        .is_secondary = p->is_secondary,
        .geo_continent = p->continent,
        .geo_country = p->country,
        .geo_subdivision = p->subdivision,
        .cidr_collection = p->cidr_collection,
        .cidr_location = p->cidr_location,
        .latitude_e2 = p->latitude_e2,
        .longitude_e2 = p->longitude_e2,
        .bias = p->bias,
    };
    if (from->is_alias)
        to->alias_name = arena_copy(a, dns_name_slice(&from->alias_name));
}

/** By type, then identifier. */
static int compare_sets(const void *a, const void *b)
{
    const struct release_set *left = a;
    const struct release_set *right = b;
    if (left->type != right->type)
        return (int)left->type - (int)right->type;
    return strcmp(left->identifier == NULL ? "" : left->identifier,
                  right->identifier == NULL ? "" : right->identifier);
}

/** What a release asks of the sets of a name, sorted; a change batch has made sure of it. */
static enum err check_groups(const struct release_set *sets, size_t count, struct errctx *ec)
{
    if (count > RELEASE_SETS_MAX)
        return err_set(ec, ERR_INVALID, "%zu record sets of one name", count);
    for (size_t i = 1; i < count; i++) {
        bool is_group = sets[i].type == sets[i - 1].type;
        if (is_group && (sets[i].policy != sets[i - 1].policy || sets[i].policy == RELEASE_SIMPLE ||
                         compare_sets(&sets[i - 1], &sets[i]) == 0))
            return err_set(ec, ERR_INVALID, "record sets of one name and type do not go together");
    }
    return ERR_OK;
}

/** The sets of a body, as releases order them. */
static enum err read_sets(struct compile *c, struct slice body, struct release_set **out_sets,
                          size_t *out_count, struct errctx *ec)
{
    struct r53_sets sets;
    enum err e = r53_sets_decode(&c->arena, body, &sets, ec);
    if (e != ERR_OK)
        return e;
    struct release_set *wire = arena_array(&c->arena, sets.items_count, sizeof(*wire));
    for (size_t i = 0; i < sets.items_count; i++) {
        struct r53_wire_set one;
        e = r53_set_to_wire(&c->arena, &sets.items[i], &one, ec);
        if (e != ERR_OK)
            return e;
        copy_set(&c->arena, &one, &wire[i]);
    }
    if (sets.items_count > 1)
        qsort(wire, sets.items_count, sizeof(*wire), compare_sets);
    *out_sets = wire;
    *out_count = sets.items_count;
    return check_groups(wire, sets.items_count, ec);
}

/**
 * The zone that a name is counted in. One that goes because its zone has another apex now is
 * counted out where it was.
 */
static enum err zone_of_name(struct compile *c, const struct store_object *object,
                             struct slice owner, struct names_zone **out, struct errctx *ec)
{
    enum err e = zone_of(c, object->group, out, ec);
    if (e != ERR_OK || !object->is_deleted || dns_name_is_within(owner, (*out)->apex))
        return e;
    *out = ARENA_NEW(&c->arena, struct names_zone);
    return read_zone(c, object->group, c->job->before.version, *out, ec);
}

static enum err put_name(struct compile *c, const struct store_object *object, struct errctx *ec)
{
    struct dns_name owner;
    struct names_zone *zone = NULL;
    struct release_set *sets = NULL;
    size_t set_count = 0;
    enum err e = member_owner(object->member, &owner, ec);
    if (e == ERR_OK)
        e = zone_of_name(c, object, dns_name_slice(&owner), &zone, ec);
    if (e == ERR_NOT_FOUND && object->is_deleted)
        return ERR_OK; /* the zone came and went between the two contents */
    if (e == ERR_OK && !object->is_deleted)
        e = read_sets(c, object->body, &sets, &set_count, ec);
    if (e == ERR_OK)
        e = names_set(&c->names, zone, dns_name_slice(&owner), sets, set_count, ec);
    return e;
}

/** A name of an instance's tree: there is no zone around it, so only aliases lead there. */
static enum err put_traffic_rules(struct compile *c, const struct store_object *object,
                                  struct errctx *ec)
{
    struct dns_name owner;
    struct release_set *sets = NULL;
    size_t set_count = 0;
    enum err e = member_owner(object->member, &owner, ec);
    if (e == ERR_OK && !object->is_deleted)
        e = read_sets(c, object->body, &sets, &set_count, ec);
    if (e != ERR_OK)
        return e;
    const struct names_zone alone = {.id = object->group, .apex = dns_name_slice(&owner)};
    return names_set(&c->names, &alone, alone.apex, sets, set_count, ec);
}

static enum err put_object(struct compile *c, const struct store_object *object, struct errctx *ec)
{
    enum err e = ERR_OK;
    switch (object->kind) {
    case STORE_ZONE:
        e = put_zone(c, object, ec);
        break;
    case STORE_NAME:
        e = put_name(c, object, ec);
        break;
    case STORE_NODE:
        e = put_node(c, object, ec);
        break;
    case STORE_DISTRIBUTION:
        e = put_distribution(c, object, ec);
        break;
    case STORE_POP:
        e = put_pop(c, object, ec);
        break;
    case STORE_TRAFFIC_RULES:
        e = put_traffic_rules(c, object, ec);
        break;
    case STORE_CIDR_COLLECTION:
        e = put_cidr_collection(c, object, ec);
        break;
    case STORE_CHECKER:
        e = put_checker(c, object, ec);
        break;
    case STORE_HEALTH_CHECK:
        e = put_health_check(c, object, ec);
        break;
    }
    if (e == ERR_OK)
        return ERR_OK;
    return err_wrap(ec, "object %d %s %.*s", (int)object->kind, object->group,
                    SLICE_FMT(object->member));
}

static enum err visit_change(void *user, const struct store_object *object, struct errctx *ec)
{
    struct compile *c = user;
    struct slice id = identity(&c->arena, object->kind, object->group, object->member);
    if (map_get(&c->held, id) != NULL)
        return ERR_OK;
    map_remove(&c->released, id);
    return put_object(c, object, ec);
}

/** Puts one object as it was at a version; where it was not there, it goes. */
static enum err put_at(struct compile *c, const struct store_held *held, uint64_t version,
                       struct errctx *ec)
{
    struct store_object which = {.kind = held->kind, .group = held->group, .member = held->member};
    struct store_object object;
    enum err e = store_object_get_at(c->job->conn, &c->arena, &which, version, &object, ec);
    if (e == ERR_NOT_FOUND) {
        object = which;
        object.is_deleted = true;
        e = ERR_OK;
    }
    return e == ERR_OK ? put_object(c, &object, ec) : e;
}

static struct slice held_identity(struct compile *c, const struct store_held *held)
{
    return identity(&c->arena, held->kind, held->group, held->member);
}

static void index_held(struct compile *c, const struct compile_content *content, struct map *to)
{
    for (size_t i = 0; i < content->held_count; i++) {
        struct store_held *kept = ARENA_NEW(&c->arena, struct store_held);
        *kept = content->held[i];
        map_put(to, held_identity(c, kept), kept);
    }
}

/** Notes which objects are held, and which are no longer: the row range does not tell those. */
static void mark_held(struct compile *c)
{
    index_held(c, &c->job->after, &c->held);
    index_held(c, &c->job->before, &c->held_before);
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&c->held_before, &cursor)) != NULL) {
        if (map_get(&c->held, entry->key) == NULL)
            map_put(&c->released, entry->key, entry->value);
    }
}

/** Whether the content before holds the object at the same version: it is in the trie so. */
static bool is_held_as_before(struct compile *c, const struct store_held *held)
{
    const struct store_held *before = map_get(&c->held_before, held_identity(c, held));
    return before != NULL && before->at_version == held->at_version;
}

static enum err gather(struct compile *c, struct errctx *ec)
{
    const struct compile_content *after = &c->job->after;
    mark_held(c);
    struct store_object_visitor visitor = {.visit = visit_change, .user = c};
    enum err e =
        store_object_changes(c->job->conn, c->job->before.version, after->version, &visitor, ec);
    for (size_t i = 0; i < after->held_count && e == ERR_OK; i++) {
        if (!is_held_as_before(c, &after->held[i]))
            e = put_at(c, &after->held[i], after->held[i].at_version, ec);
    }
    size_t cursor = 0;
    const struct map_entry *entry;
    while (e == ERR_OK && (entry = map_next(&c->released, &cursor)) != NULL)
        e = put_at(c, entry->value, after->version, ec);
    return e;
}

/** Of a transferred zone whose names changed: its object, as this content has it. */
static enum err put_zone_of_names(struct compile *c, const struct names_zone *zone,
                                  struct errctx *ec)
{
    struct store_object object = {.kind = STORE_ZONE, .group = zone->id};
    struct slice id = identity(&c->arena, STORE_ZONE, zone->id, slice_of(NULL, 0));
    const struct store_held *held = map_get(&c->held, id);
    if (held == NULL && !zone->is_transferred)
        return ERR_OK;
    uint64_t version = held == NULL ? c->job->after.version : held->at_version;
    enum err e = store_object_get_at(c->job->conn, &c->arena, &object, version, &object, ec);
    if (e == ERR_NOT_FOUND)
        return ERR_OK; /* it is gone, and its names go with it */
    return e == ERR_OK ? put_object(c, &object, ec) : e;
}

/** The changes of zones, after those of names. */
static enum err finish_zones(struct compile *c, struct errctx *ec)
{
    const struct zone_serials serials = {.seed = &c->before.seed,
                                         .trie = &c->before.tries[RELEASE_ZONE],
                                         .source = &c->job->chunks.source,
                                         .version = c->job->after.version};
    enum err e = ERR_OK;
    size_t cursor = 0;
    const struct map_entry *entry;
    while (e == ERR_OK && (entry = map_next(&c->zones, &cursor)) != NULL) {
        const struct names_zone *zone = entry->value;
        if (map_get(&c->put_zones, entry->key) == NULL)
            e = put_zone_of_names(c, zone, ec);
    }
    cursor = 0;
    while (e == ERR_OK && (entry = map_next(&c->put_zones, &cursor)) != NULL) {
        struct release_zone *zone = entry->value;
        e = zone_number(&c->arena, &serials, zone, ec);
        if (e == ERR_OK)
            add_change(c, RELEASE_ZONE, zone->id, release_zone_encode(&c->arena, zone));
    }
    return e;
}

static enum err update_trie(struct compile *c, enum release_kind kind, struct trie_ref *out,
                            struct errctx *ec)
{
    size_t count = 0;
    struct trie_change *changes = NULL;
    if (kind == RELEASE_NAME) {
        changes = names_changes(&c->names, &count);
    } else {
        struct slice all = buf_slice(&c->changes[kind]);
        count = all.len / sizeof(*changes);
        changes = arena_array(&c->arena, count, sizeof(*changes));
        if (all.data != NULL)
            memcpy(changes, all.data, all.len);
    }
    const struct trie_io io = {.source = &c->job->chunks.source, .sink = &c->job->chunks.sink};
    return trie_update(&c->before.tries[kind], changes, count, &io, out, ec);
}

/** What a reader of the root must know: a feature of a trie only where that trie is not empty, so
 *  that a node of an older version serves a fleet that does not use the newer parts; what names may
 *  hold always, as nobody counts which of them do. */
static void list_features(struct compile *c, struct release_root *root)
{
#define BIT(kind) (1u << (kind))
    static const struct {
        const char *feature;
        unsigned kinds; /* bits of enum release_kind; 0: in every root */
    } uses[] = {
        {RELEASE_FEATURE_ALIAS, 0},
        {RELEASE_FEATURE_POLICIES, 0},
        {RELEASE_FEATURE_RECORDS, 0},
        {RELEASE_FEATURE_DISTRIBUTIONS, BIT(RELEASE_DISTRIBUTION)},
        {RELEASE_FEATURE_POPS, BIT(RELEASE_POP)},
        {RELEASE_FEATURE_NODES, 0},
        {RELEASE_FEATURE_CHECKS, BIT(RELEASE_HEALTH_CHECK) | BIT(RELEASE_CHECKER)},
    };
    unsigned used = 0;
    for (unsigned kind = 1; kind < RELEASE_KIND_COUNT; kind++)
        used |= root->tries[kind].entries > 0 ? BIT(kind) : 0;
#undef BIT
    root->features = arena_array(&c->arena, ARRAY_LEN(uses), sizeof(*root->features));
    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        if (uses[i].kinds == 0 || (uses[i].kinds & used) != 0)
            root->features[root->feature_count++] = uses[i].feature;
    }
}

static enum err write_root(struct compile *c, struct chunk_hash *out_root, struct errctx *ec)
{
    struct release_root after = {.seed = c->before.seed};
    for (unsigned kind = 1; kind < RELEASE_KIND_COUNT; kind++) {
        enum err e = update_trie(c, (enum release_kind)kind, &after.tries[kind], ec);
        if (e != ERR_OK)
            return e;
    }
    list_features(c, &after);
    struct chunk_hash hash;
    struct slice bytes = release_root_encode(&c->arena, &after, &hash);
    enum err e = c->job->chunks.sink.put(c->job->chunks.sink.user, &hash, bytes, ec);
    if (e == ERR_OK)
        *out_root = hash;
    return e;
}

static enum err read_before(struct compile *c, struct errctx *ec)
{
    const struct compile_job *job = c->job;
    c->before = (struct release_root){.seed = job->seed};
    if (chunk_hash_is_zero(&job->before_root)) {
        CHECK(job->before.version == 0 && job->before.held_count == 0);
        return ERR_OK;
    }
    struct slice bytes;
    enum err e =
        job->chunks.source.get(job->chunks.source.user, &c->arena, &job->before_root, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(&c->arena, bytes, &c->before, ec);
    return e;
}

enum err compile_release(const struct compile_job *job, struct chunk_hash *out_root,
                         struct errctx *ec)
{
    struct compile c = {.job = job};
    map_init(&c.zones);
    map_init(&c.put_zones);
    map_init(&c.held);
    map_init(&c.held_before);
    map_init(&c.released);
    enum err e = read_before(&c, ec);
    struct names_before before = {
        .seed = job->seed,
        .trie = c.before.tries[RELEASE_NAME],
        .source = &job->chunks.source,
    };
    names_init(&c.names, &c.arena, &before);
    if (e == ERR_OK)
        e = gather(&c, ec);
    if (e == ERR_OK)
        e = finish_zones(&c, ec);
    if (e == ERR_OK)
        e = write_root(&c, out_root, ec);
    names_fini(&c.names);
    map_fini(&c.zones);
    map_fini(&c.put_zones);
    map_fini(&c.held);
    map_fini(&c.held_before);
    map_fini(&c.released);
    for (unsigned kind = 0; kind < RELEASE_KIND_COUNT; kind++)
        buf_fini(&c.changes[kind]);
    arena_fini(&c.arena);
    return e;
}
