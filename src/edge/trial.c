// SPDX-License-Identifier: Apache-2.0
// The trial of a root. Runs on the one thread of a trial process.
//
// Every request goes to the new root first. The old root is asked only where the new one answers
// badly, to tell what became worse from what always was: so a root that takes a crashing value
// away is not crashed by that very value.
#include "edge/trial.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/check.h"
#include "edge/limits.h"
#include "edge/path.h"
#include "edge/sample_request.h"
#include "edge/trial_ask.h"
#include "http/parse.h"

struct trial {
    const struct role_root *before_root; /* NULL: a first root */
    const struct role_root *after_root;
    struct edge_world *after;  /* what differs in it */
    struct edge_world *before; /* the same of the old one; NULL until it is needed */
    struct net_address peer;
    struct arena arena; /* of one question */
    struct buf text;    /* of one request */
    size_t asked;
};

/* Everything about a request that is made up. */
struct manner {
    const char *method;
    bool is_tls;
    bool is_dressed; /* with query, cookies, codings, a range and conditions */
};

static const char dress[] = "Accept-Encoding: br;q=0.9, gzip, *;q=0\r\n"
                            "Accept-Language: en\r\n"
                            "Authorization: Basic weir\r\n"
                            "Cookie: a=1; b=2\r\n"
                            "Cookie: c=3\r\n"
                            "If-None-Match: \"1\"\r\n"
                            "Origin: https://www.example.com\r\n"
                            "Range: bytes=0-9\r\n"
                            "Referer: https://www.example.com/\r\n"
                            "User-Agent: weir-trial\r\n"
                            "X-Forwarded-For: 198.51.100.1\r\n";

static const char *const methods[] = {"GET",  "HEAD",  "OPTIONS", "PUT",
                                      "POST", "PATCH", "DELETE",  "WEIR"};

/* ---- one question */

/** The old root's distributions that differ; NULL where there are none or they cannot be read: an
 *  old root that is damaged must not keep a new one out. */
static const struct edge_world *world_before(struct trial *t)
{
    struct errctx unread = {0};
    if (t->before == NULL && t->before_root != NULL &&
        edge_world_load_changed(t->before_root->hash, t->after_root->hash, t->before_root->source,
                                EDGE_TRIAL_DISTRIBUTIONS_MAX, &t->before, &unread) != ERR_OK)
        t->before_root = NULL;
    return t->before;
}

/** Asks the new root, and the old one about what went wrong. */
static enum err ask(struct trial *t, const struct trial_question *question, struct errctx *ec)
{
    t->asked++;
    const char *what = trial_ask(t->after, question, &t->arena);
    if (what == NULL)
        return ERR_OK;
    const struct edge_world *before = world_before(t);
    if (before != NULL && trial_ask(before, question, &t->arena) != NULL)
        return ERR_OK;
    const struct http_request *r = question->request;
    return err_set(ec, ERR_INVALID, "%.*s %s://%.*s%.*s: %s", SLICE_FMT(r->method),
                   question->is_tls ? "https" : "http", SLICE_FMT(r->authority),
                   SLICE_FMT(r->target), what);
}

/** Asks for a path at a host. The path that a pattern makes may be none: then nobody can ask so. */
static enum err ask_for(struct trial *t, const char *host, struct slice path,
                        const struct manner *manner, size_t origin_answer, struct errctx *ec)
{
    static const struct http_limits limits = HTTP_LIMITS_INIT;
    struct http_request request;
    struct http_parse_result result;
    buf_clear(&t->text);
    arena_reset(&t->arena);
    buf_printf(&t->text, "%s %.*s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", manner->method,
               SLICE_FMT(path), manner->is_dressed ? "?a=1&b=%20&a" : "", host,
               manner->is_dressed ? dress : "");
    if (http_parse_request(&t->arena, buf_slice(&t->text), &limits, &request, &result) !=
        HTTP_PARSE_DONE)
        return ERR_OK;
    const struct trial_question question = {.request = &request,
                                            .peer = &t->peer,
                                            .is_tls = manner->is_tls,
                                            .origin_answer = origin_answer};
    return ask(t, &question, ec);
}

/* ---- what is asked of one distribution */

/** A path that the pattern fits: `any` for each '*', 'x' for each '?'. NULL: of the default. */
static struct slice path_for(const char *pattern, const char *any, struct buf *out)
{
    buf_clear(out);
    if (pattern == NULL || pattern[0] != '/')
        buf_append_byte(out, '/');
    for (const char *c = pattern == NULL ? "*" : pattern; *c != '\0'; c++) {
        if (*c == '*')
            buf_append_str(out, any);
        else
            buf_append_byte(out, *c == '?' ? 'x' : (uint8_t)*c);
    }
    return buf_slice(out);
}

/** A host that the name stands for: one below a wildcard. */
static const char *host_for(const char *name, char out[EDGE_HOST_MAX_BYTES + 1])
{
    if (name[0] != '*')
        return name;
    int len = snprintf(out, EDGE_HOST_MAX_BYTES + 1, "weir-trial%s", name + 1);
    return len > EDGE_HOST_MAX_BYTES ? name : out;
}

/** Each name, by both schemes. */
static enum err ask_hosts(struct trial *t, const struct release_distribution *d, struct errctx *ec)
{
    size_t count = min_size(d->alias_count, EDGE_TRIAL_HOSTS_MAX);
    for (size_t i = 0; i < 2 * (count + 1); i++) {
        char text[EDGE_HOST_MAX_BYTES + 1];
        const char *name = i / 2 == count ? d->domain_name : d->aliases[i / 2];
        const struct manner manner = {.method = "GET", .is_tls = i % 2 == 1};
        enum err e = ask_for(t, host_for(name, text), SLICE_LIT("/"), &manner, 0, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/** Each behaviour once, in the plainest manner. */
static enum err ask_behaviors(struct trial *t, const struct release_distribution *d,
                              struct errctx *ec)
{
    AUTO_BUF struct buf path = {0};
    const struct manner plain = {.method = "GET"};
    for (size_t i = 0; i < d->behavior_count; i++) {
        struct slice text = path_for(d->behaviors[i].path_pattern, "weir/trial.html", &path);
        enum err e = ask_for(t, d->domain_name, text, &plain, t->asked % TRIAL_ORIGIN_ANSWERS, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/** One behaviour in all manners: methods, schemes, dress, answers of the origin. */
static enum err ask_manners(struct trial *t, const struct release_distribution *d,
                            struct slice path, struct errctx *ec)
{
    for (size_t i = 0; i < 4 * ARRAY_LEN(methods); i++) {
        const struct manner manner = {
            .method = methods[i / 4], .is_tls = i % 2 == 1, .is_dressed = i % 4 >= 2};
        enum err e = ask_for(t, d->domain_name, path, &manner, t->asked % TRIAL_ORIGIN_ANSWERS, ec);
        if (e != ERR_OK)
            return e;
    }
    for (size_t i = 0; i < (size_t)2 * TRIAL_ORIGIN_ANSWERS; i++) {
        const struct manner manner = {.method = "GET", .is_tls = true, .is_dressed = i % 2 == 1};
        enum err e = ask_for(t, d->domain_name, path, &manner, i / 2, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/** Everything, as far as the number of questions allows. */
static enum err ask_thoroughly(struct trial *t, const struct release_distribution *d,
                               struct errctx *ec)
{
    AUTO_BUF struct buf path = {0};
    enum err e = ask_manners(t, d, SLICE_LIT("/"), ec);
    for (size_t i = 0; e == ERR_OK && i < 2 * d->behavior_count; i++) {
        const char *any = i % 2 == 0 ? "weir/trial.html" : "";
        if (t->asked >= EDGE_TRIAL_REQUESTS_MAX)
            break;
        e = ask_manners(t, d, path_for(d->behaviors[i / 2].path_pattern, any, &path), ec);
    }
    return e;
}

/* ---- everything that differs */

/** First every distribution a little, so that none goes unasked; then the rest. */
static enum err try_distributions(struct trial *t, struct errctx *ec)
{
    struct edge_world_cursor cursor = {0};
    const struct edge_distribution *d;
    enum err e = ERR_OK;
    while (e == ERR_OK && (d = edge_world_next(t->after, &cursor)) != NULL) {
        e = ask_hosts(t, &d->config, ec);
        if (e == ERR_OK)
            e = ask_behaviors(t, &d->config, ec);
    }
    cursor = (struct edge_world_cursor){0};
    while (e == ERR_OK && t->asked < EDGE_TRIAL_REQUESTS_MAX &&
           (d = edge_world_next(t->after, &cursor)) != NULL)
        e = ask_thoroughly(t, &d->config, ec);
    return e;
}

/** Recent requests to what differs; the rest is answered as before. */
static enum err try_samples(struct trial *t, const struct sample_ring *samples, struct errctx *ec)
{
    for (unsigned i = 0; i < SAMPLE_COUNT; i++) {
        struct sample_request sample;
        arena_reset(&t->arena);
        if (!sample_request_get(samples, i, &t->arena, &sample))
            continue;
        struct slice host = edge_host_normalize(&t->arena, sample.request.authority);
        if (edge_world_find(t->after, host) == NULL)
            continue;
        const struct trial_question question = {.request = &sample.request,
                                                .peer = &sample.peer,
                                                .is_tls = sample.is_tls,
                                                .origin_answer = i % TRIAL_ORIGIN_ANSWERS};
        enum err e = ask(t, &question, ec);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/** What the new root holds otherwise than the old one; all of it where that cannot be read. */
static enum err load_after(struct trial *t, struct errctx *ec)
{
    const struct role_root *after = t->after_root;
    struct errctx unread = {0};
    if (t->before_root != NULL &&
        edge_world_load_changed(after->hash, t->before_root->hash, after->source,
                                EDGE_TRIAL_DISTRIBUTIONS_MAX, &t->after, &unread) == ERR_OK)
        return ERR_OK;
    t->before_root = NULL;
    return edge_world_load_changed(after->hash, NULL, after->source, EDGE_TRIAL_DISTRIBUTIONS_MAX,
                                   &t->after, ec);
}

static enum err try_all(struct trial *t, const struct sample_ring *samples, struct errctx *ec)
{
    enum err e = load_after(t, ec);
    if (e == ERR_OK)
        e = try_distributions(t, ec);
    /* A first root has no traffic to compare with. */
    if (e == ERR_OK && samples != NULL && t->before_root != NULL)
        e = try_samples(t, samples, ec);
    return e;
}

enum err edge_trial_run(const struct role_root *before, const struct role_root *after,
                        const struct sample_ring *samples, struct errctx *ec)
{
    bool has_before = before != NULL && before->hash != NULL;
    struct trial t = {.before_root = has_before ? before : NULL, .after_root = after};
    enum err parsed = net_address_parse(SLICE_LIT("192.0.2.1:49152"), &t.peer, NULL);
    CHECK(parsed == ERR_OK);
#ifdef WEIR_FAULTS
    edge_path_is_trial = true;
#endif
    enum err e = try_all(&t, samples, ec);
    edge_world_free(t.after);
    edge_world_free(t.before);
    arena_fini(&t.arena);
    buf_fini(&t.text);
    return e;
}
