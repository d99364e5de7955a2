// SPDX-License-Identifier: Apache-2.0
// The trial of a root's health checks. Runs on the one thread of a trial process; reads only what
// differs.
#include "check/trial.h"

#include "base/buf.h"
#include "check/limits.h"
#include "health/probe_http.h"
#include "health/vote_table.h"
#include "release/limits.h"

struct trial {
    const struct chunk_source *source;
    size_t tried;
};

static enum err try_check(const struct release_health_check *check, struct errctx *ec)
{
    AUTO_BUF struct buf request = {0};
    struct check_id id;
    if (!check_id_parse(slice_str(check->id), &id))
        return err_set(ec, ERR_INVALID, "its id is no UUID");
    if (check->kind == RELEASE_CHECK_HTTP || check->kind == RELEASE_CHECK_HTTPS)
        probe_http_request(&request, check);
    return ERR_OK;
}

static enum err on_entry(void *user, const struct trie_entry *before,
                         const struct trie_entry *after, struct errctx *ec)
{
    (void)before;
    struct trial *t = user;
    AUTO_ARENA struct arena a = {0};
    struct slice value;
    struct release_health_check check;
    if (after == NULL || t->tried >= CHECK_TRIAL_MAX)
        return ERR_OK;
    t->tried++;
    enum err e = trie_entry_value(&a, after, t->source, &value, ec);
    if (e != ERR_OK)
        return e;
    e = release_health_check_decode(&a, value, &check, ec);
    if (e == ERR_OK)
        e = try_check(&check, ec);
    if (e != ERR_OK) {
        (void)err_wrap(ec, "health check %.*s", SLICE_FMT(after->id));
        return ERR_INVALID;
    }
    return ERR_OK;
}

static enum err read_root(struct arena *a, const struct role_root *root, struct release_root *out,
                          struct errctx *ec)
{
    struct slice bytes;
    enum err e = root->source->get(root->source->user, a, root->hash, &bytes, ec);
    return e == ERR_OK ? release_root_decode(a, bytes, out, ec) : e;
}

enum err check_trial_run(const struct role_root *before, const struct role_root *after,
                         const struct sample_ring *samples, struct errctx *ec)
{
    (void)samples; /* a checker has no traffic but its own */
    AUTO_ARENA struct arena a = {0};
    struct release_root old = {0};
    struct release_root new;
    struct errctx unread = {0};
    enum err e = read_root(&a, after, &new, ec);
    if (e != ERR_OK)
        return e;
    const struct trie_ref *checks = &new.tries[RELEASE_HEALTH_CHECK];
    if (checks->entries > RELEASE_CHECKS_MAX)
        return err_set(ec, ERR_INVALID, "more than %u health checks", RELEASE_CHECKS_MAX);
    if (before->hash != NULL && read_root(&a, before, &old, &unread) != ERR_OK)
        old = (struct release_root){0}; /* a damaged old root must not keep a new one out */
    struct trial t = {.source = after->source};
    const struct trie_diff_visitor visitor = {.on_entry = on_entry, .user = &t};
    return trie_diff(&old.tries[RELEASE_HEALTH_CHECK], checks, after->source, &visitor, ec);
}
