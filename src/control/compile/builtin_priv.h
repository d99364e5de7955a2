// SPDX-License-Identifier: Apache-2.0
// A writing of the built-in zones under way, shared by its files.
#ifndef CONTROL_COMPILE_BUILTIN_PRIV_H
#define CONTROL_COMPILE_BUILTIN_PRIV_H

#include "aws/r53_sets.h"
#include "base/map.h"
#include "control/compile/compile.h"
#include "control/store/zones.h"

/** Objects in the arena. Owner: compile_builtin_zones, on its stack. */
struct builtin {
    struct store_conn *conn;
    struct arena arena;
    const struct compile_builtin *wanted;
    struct store_delegation_set *sets; /* all of them, by position; one at least */
    size_t set_count;
    uint64_t version; /* 0: nothing was written */
    bool is_moved;    /* a zone had another apex before */
};

/** One zone of them. */
struct builtin_zone {
    struct builtin *builtin;
    const char *id;
    const char *domain; /* "weir.test" */
    uint32_t soa_ttl_s; /* also that of negative answers */
    struct map members; /* sort keys of the names that were written; a mark */
};

void builtin_zone_init(struct builtin_zone *z, struct builtin *b, const char *id,
                       const char *domain);
void builtin_zone_fini(struct builtin_zone *z);

/** Writes an object unless it is there with this very body. */
enum err builtin_put(struct builtin *b, struct store_object *object, struct errctx *ec) MUST_USE;

/** Writes the sets of a name ("ns-1.weir.test"); none: there is no such name. */
enum err builtin_put_sets(struct builtin_zone *z, const char *name, const struct r53_sets *sets,
                          struct errctx *ec) MUST_USE;

/**
 * The zone's object and its apex, and where `inner` is another zone of ours inside of this one, its
 * delegation: DS is asked of the zone above (RFC 4035 section 3.1.4.1).
 */
enum err builtin_put_zone(struct builtin_zone *z, const char *inner, struct errctx *ec) MUST_USE;

/** Says of a name whether it stays although this writing did not make it. */
typedef enum err builtin_stay_fn(struct builtin_zone *z, const struct store_object *name,
                                 bool *out_stays, struct errctx *ec);
/** Deletes names that an earlier writing made and this one did not; `stays` NULL: all of those. */
enum err builtin_remove_others(struct builtin_zone *z, builtin_stay_fn *stays, struct errctx *ec)
    MUST_USE;

/** An address set with these values of the family, added to `sets`; none: nothing. */
struct builtin_addresses {
    const char *const *texts;
    size_t count;
    uint32_t ttl_s;
};
void builtin_add_addresses(struct builtin *b, const char *name, bool is_v6,
                           const struct builtin_addresses *addresses, struct r53_sets *sets);

/** The zone of distributions. */
enum err builtin_put_cdn(struct builtin *b, struct errctx *ec) MUST_USE;

#endif
