// SPDX-License-Identifier: Apache-2.0
// Traffic policies: the document (JSON) as a checked tree of rules, and the record sets that it
// becomes. Pure; called by the API on a worker.
// Source: Route 53 API Reference, "Traffic Policy Document Format", versions 2015-10-01 and
// 2023-05-09.
#ifndef AWS_R53_TRAFFIC_H
#define AWS_R53_TRAFFIC_H

#include "aws/error.h"
#include "aws/route53.h"

enum r53_traffic_endpoint_kind {
    R53_TRAFFIC_VALUE,        /* `value` is that of a record */
    R53_TRAFFIC_DISTRIBUTION, /* the domain name of a distribution */
    R53_TRAFFIC_OUTSIDE,      /* a name that is none of ours: load balancers, website buckets */
};

struct r53_traffic_endpoint {
    const char *id;
    enum r53_traffic_endpoint_kind kind;
    const char *value; /* names: lower case, with a final dot */
};

/** One way out of a rule. */
struct r53_traffic_branch {
    const char *id; /* of the rule or endpoint that it leads to */
    bool is_rule;
    size_t index; /* of that, in rules or endpoints */
    bool evaluates_health;
    /* The members of its policy (Weight, Region, Failover, ...) and HealthCheckId; no other. */
    struct r53_record_set set;
};

struct r53_traffic_rule {
    const char *id;
    const char *type; /* "failover", ... */
    struct r53_traffic_branch *branches;
    size_t branch_count; /* one at least */
};

/** A document. Every rule and endpoint is reached from the start, no rule leads back to itself. */
struct r53_traffic_tree {
    enum r53_rr_type type;
    struct r53_traffic_endpoint *endpoints;
    size_t endpoint_count;
    struct r53_traffic_rule *rules;
    size_t rule_count;
    struct r53_traffic_branch start; /* its id, is_rule and index alone */
};

/**
 * Parses and checks a document. Everything in the fault's arena.
 * Errors: InvalidTrafficPolicyDocument, naming the rule or endpoint.
 */
enum aws_error r53_traffic_parse(struct slice document, struct r53_traffic_tree *out,
                                 struct aws_fault *fault) MUST_USE;

/** What an instance adds to its policy. */
struct r53_traffic_instance {
    const char *zone_id; /* of its names: r53_traffic_zone_id */
    int64_t ttl_s;
};

/**
 * The zone id of an instance's names: its id, a UUID, without hyphens, as ids of zones have 32
 * characters at most. In `a`.
 */
const char *r53_traffic_zone_id(struct arena *a, const char *instance_id);

/** The name where the tree of an instance begins. */
#define R53_TRAFFIC_START "start."

/** A name of an instance's tree: the content of a STORE_TRAFFIC_RULES object. */
struct r53_traffic_name {
    const char *owner;     /* one label and a final dot */
    struct slice sort_key; /* the member of its object */
    struct r53_sets sets;
};

/**
 * The names that an instance of the tree has, that of the start first; in `a`. Branches that lead
 * to rules are aliases in the zone of the instance; outside names are aliases in the zone
 * R53_OUTSIDE_ZONE_ID.
 */
size_t r53_traffic_names(struct arena *a, const struct r53_traffic_tree *tree,
                         const struct r53_traffic_instance *instance,
                         struct r53_traffic_name **out);

#endif
