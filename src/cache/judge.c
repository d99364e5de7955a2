// SPDX-License-Identifier: Apache-2.0
// Verdicts on answers. Called by the edge on the thread that received the answer. What every mode
// shares (RFC 9111) is code here; in what the CDN rules differ is one constant, cache_rules_cdn.
#include "cache/judge.h"

#include "cache/cache_control.h"
#include "cache/object_priv.h"

#include "base/check.h"
#include "base/time.h"

/* How an error status is kept. */
struct error_rule {
    uint16_t status;
    bool wants_max_age;  /* only where the answer has max-age or s-maxage */
    bool is_preventable; /* by no-store, no-cache, private */
};

/* What an answer says of its freshness. */
struct freshness {
    bool is_said;
    bool is_by_directive; /* s-maxage or max-age, not Expires */
    uint32_t seconds;
};

struct cache_rules {
    /* The lifetime of an answer that may be reused; false: nothing may be kept. */
    bool (*lifetime)(const struct release_cache_policy *policy, const struct freshness *freshness,
                     uint32_t *out_seconds);
    const struct error_rule *errors; /* sorted; errors that are not listed are not kept */
    size_t error_count;
    unsigned overridden;              /* directives that a minimum TTL above 0 overrides */
    unsigned forbids_stale;           /* directives that forbid to serve an expired answer */
    uint32_t stale_if_error_s;        /* where the answer does not say */
    bool removes_unforwarded_cookies; /* Set-Cookie where cookies did not go to the origin */
};

/* ---- the CDN rules */

static uint32_t held_s(uint64_t seconds)
{
    return seconds > CACHE_SECONDS_MAX ? CACHE_SECONDS_MAX : (uint32_t)seconds;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A behaviour whose maximum TTL is 0 caches nothing (CloudFront: CachingDisabled). */
static bool cdn_lifetime(const struct release_cache_policy *policy,
                         const struct freshness *freshness, uint32_t *out_seconds)
{
    uint64_t seconds =
        freshness->is_said ? min_u64(freshness->seconds, policy->max_ttl_s) : policy->default_ttl_s;
    *out_seconds = held_s(max_u64(seconds, policy->min_ttl_s));
    return policy->max_ttl_s > 0;
}

/* CloudFront Developer Guide, HTTPStatusCodes. */
static const struct error_rule cdn_errors[] = {
    {400, true, true},   {403, true, true},  {404, false, true},  {405, true, true},
    {410, false, true},  {412, true, true},  {414, false, true},  {415, true, true},
    {500, false, false}, {501, false, true}, {502, false, false}, {503, false, false},
    {504, false, false},
};

const struct cache_rules cache_rules_cdn = {
    .lifetime = cdn_lifetime,
    .errors = cdn_errors,
    .error_count = ARRAY_LEN(cdn_errors),
    .overridden = DIRECTIVE_NO_STORE | DIRECTIVE_NO_CACHE | DIRECTIVE_PRIVATE,
    .forbids_stale = DIRECTIVE_MUST_REVALIDATE | DIRECTIVE_PROXY_REVALIDATE,
    .stale_if_error_s = UINT32_MAX,
    .removes_unforwarded_cookies = true,
};

/* ---- readings */

/* What is being judged, read once. */
struct reading {
    const struct cache_rules *rules;
    const struct cache_answer *answer;
    struct cache_control cc;
    struct freshness freshness;
};

static void read_freshness(struct reading *r, bool is_targeted, int64_t date_unix_s)
{
    struct freshness *f = &r->freshness;
    bool has_s_maxage = (r->cc.has & DIRECTIVE_S_MAXAGE) != 0;
    f->is_by_directive = has_s_maxage || (r->cc.has & DIRECTIVE_MAX_AGE) != 0;
    f->is_said = f->is_by_directive;
    f->seconds = has_s_maxage ? r->cc.s_maxage_s : r->cc.max_age_s;
    if (!f->is_said && !is_targeted)
        f->is_said = cache_expires_s(&r->answer->response->fields, date_unix_s, &f->seconds);
}

/* corrected_initial_age, RFC 9111 section 4.2.3; clocks that run backwards count as standing. */
static uint32_t initial_age_s(const struct cache_answer *answer, int64_t date_unix_s)
{
    int64_t delay_ms = answer->response_unix_ms - answer->request_unix_ms;
    int64_t age_ms = (int64_t)cache_age_value_s(&answer->response->fields) * MS_PER_S;
    int64_t corrected_s = (age_ms + (delay_ms > 0 ? delay_ms : 0)) / MS_PER_S;
    int64_t apparent_s = answer->response_unix_ms / MS_PER_S - date_unix_s;
    int64_t age_s = apparent_s > corrected_s ? apparent_s : corrected_s;
    return held_s((uint64_t)age_s);
}

static bool has(const struct reading *r, unsigned directives)
{
    return (r->cc.has & directives) != 0;
}

/* A status whose meaning for caches is known here (RFC 9111 section 5.2.2.3). */
static bool is_understood(unsigned status)
{
    return http_reason(status)[0] != '\0';
}

static bool is_method_cached(const struct cache_answer *answer)
{
    struct slice method = answer->sent->method;
    return slice_equal(method, SLICE_LIT("GET")) || slice_equal(method, SLICE_LIT("HEAD")) ||
           (answer->caches_options && slice_equal(method, SLICE_LIT("OPTIONS")));
}

/* An answer to credentials is shared only where it says so (RFC 9111 section 3.5). */
static bool is_kept_private_by_credentials(const struct reading *r)
{
    return http_fields_count(&r->answer->sent->fields, "authorization") > 0 &&
           !r->answer->has_authorization_in_key &&
           !has(r, DIRECTIVE_PUBLIC | DIRECTIVE_MUST_REVALIDATE | DIRECTIVE_S_MAXAGE);
}

/* What no lifetime can mend. Part of an answer (206) and 304 are no answers of their own here. */
static bool is_never_stored(const struct reading *r, struct slice vary)
{
    unsigned status = r->answer->response->status;
    bool varies_by_all = slice_equal(vary, SLICE_LIT("*"));
    return !is_method_cached(r->answer) || status < 200 || status > 599 || status == 206 ||
           status == 304 || is_kept_private_by_credentials(r) ||
           (has(r, DIRECTIVE_MUST_UNDERSTAND) && !is_understood(status)) ||
           (varies_by_all && r->answer->policy->min_ttl_s == 0) || !vary_is_bounded(vary);
}

/* no-store yields to must-understand where the status is understood (RFC 9111 section 5.2.2.3). */
static unsigned restrictions(const struct reading *r)
{
    unsigned restricting =
        r->cc.has & (DIRECTIVE_NO_STORE | DIRECTIVE_NO_CACHE | DIRECTIVE_PRIVATE);
    if (has(r, DIRECTIVE_MUST_UNDERSTAND))
        restricting &= ~(unsigned)DIRECTIVE_NO_STORE;
    return restricting;
}

static bool has_validator(const struct http_fields *fields)
{
    return http_fields_count(fields, "etag") > 0 || http_fields_count(fields, "last-modified") > 0;
}

/* ---- verdicts */

static const struct error_rule *find_error_rule(const struct cache_rules *rules, unsigned status)
{
    for (size_t i = 0; i < rules->error_count; i++) {
        if (rules->errors[i].status == status)
            return &rules->errors[i];
    }
    return NULL;
}

static void judge_error(const struct reading *r, struct cache_verdict *out)
{
    const struct error_rule *rule = find_error_rule(r->rules, r->answer->response->status);
    if (rule == NULL || (rule->wants_max_age && !r->freshness.is_by_directive) ||
        (rule->is_preventable && restrictions(r) != 0))
        return;
    uint64_t said_s =
        r->freshness.is_said ? min_u64(r->freshness.seconds, r->answer->policy->max_ttl_s) : 0;
    out->lifetime_s = held_s(max_u64(r->answer->error_min_ttl_s, said_s));
    out->is_storable = out->lifetime_s > 0;
}

/*
 * How long an expired answer may still be served. One that was never fresh, because its origin said
 * nothing or no-cache, is nobody else's unless stale-if-error makes it so: it is kept for its
 * validator alone. Else whoever makes the origin fail would get the page of the viewer before.
 */
static void judge_stale(const struct reading *r, struct cache_verdict *out)
{
    bool says_error = has(r, DIRECTIVE_STALE_IF_ERROR);
    bool is_own = out->lifetime_s == 0 && (!r->freshness.is_said || has(r, DIRECTIVE_NO_CACHE));
    if (has(r, r->rules->forbids_stale))
        return;
    if (!has(r, DIRECTIVE_NO_CACHE))
        out->stale_while_revalidate_s = r->cc.stale_while_revalidate_s;
    if (says_error)
        out->stale_if_error_s = r->cc.stale_if_error_s;
    else if (!is_own)
        out->stale_if_error_s = r->rules->stale_if_error_s;
}

static void judge_answer(const struct reading *r, struct cache_verdict *out)
{
    const struct release_cache_policy *policy = r->answer->policy;
    unsigned restricting = restrictions(r);
    bool is_overridden = policy->min_ttl_s > 0 && (restricting & ~r->rules->overridden) == 0;
    if (restricting != 0 && is_overridden)
        out->lifetime_s = held_s(policy->min_ttl_s);
    else if ((restricting & (DIRECTIVE_NO_STORE | DIRECTIVE_PRIVATE)) != 0 ||
             !r->rules->lifetime(policy, &r->freshness, &out->lifetime_s))
        return;
    else if ((restricting & DIRECTIVE_NO_CACHE) != 0)
        out->lifetime_s = 0;
    judge_stale(r, out);
    out->is_storable = out->lifetime_s > 0 || out->stale_while_revalidate_s > 0 ||
                       (has(r, DIRECTIVE_STALE_IF_ERROR) && out->stale_if_error_s > 0) ||
                       has_validator(&r->answer->response->fields);
}

/* The Vary of an answer: "*" where any of its members is that. */
static struct slice read_vary(struct arena *a, const struct http_fields *fields)
{
    return http_fields_has_token(fields, "vary", "*") ? SLICE_LIT("*")
                                                      : cache_joined(a, fields, "vary");
}

void cache_judge(const struct cache_rules *rules, const struct cache_answer *answer,
                 struct arena *a, struct cache_verdict *out)
{
    const struct http_fields *fields = &answer->response->fields;
    struct reading r = {.rules = rules, .answer = answer};
    int64_t date_unix_s = cache_date_unix_s(fields, answer->response_unix_ms / MS_PER_S);
    bool is_targeted = cache_control_read_targeted(a, fields, &r.cc);
    if (!is_targeted)
        cache_control_read(fields, &r.cc);
    read_freshness(&r, is_targeted, date_unix_s);

    struct cache_verdict verdict = {
        .initial_age_s = initial_age_s(answer, date_unix_s),
        .removes_set_cookie = rules->removes_unforwarded_cookies && !answer->forwards_cookies,
        /* An error is kept although its origin did not ask for it: nobody meant to share that. */
        .passes_set_cookie_once =
            has(&r, DIRECTIVE_NO_CACHE_SET_COOKIE) || answer->response->status >= 400,
    };
    struct slice vary = read_vary(a, fields);
    if (!is_never_stored(&r, vary)) {
        if (answer->response->status >= 400)
            judge_error(&r, &verdict);
        else
            judge_answer(&r, &verdict);
    }
    if (verdict.is_storable)
        verdict.vary = vary;
    else
        verdict.lifetime_s = 0;
    CHECK(verdict.lifetime_s <= CACHE_SECONDS_MAX && verdict.initial_age_s <= CACHE_SECONDS_MAX);
    *out = verdict;
}

void cache_judge_own_error(uint64_t error_min_ttl_s, struct cache_verdict *out)
{
    *out = (struct cache_verdict){.is_storable = error_min_ttl_s > 0,
                                  .lifetime_s = held_s(error_min_ttl_s)};
}
