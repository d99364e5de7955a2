// SPDX-License-Identifier: Apache-2.0
// Answers for TestDNSAnswer. Runs on the workers of the API.
//
// The atlas of --geo-db and --latency-table is kept between calls and read anew when a file has
// changed; a reader of the old one holds it until its answer is made.
#include "cmd/test_answer.h"

#include "authority/explain.h"
#include "authority/geo_file.h"
#include "authority/latency_file.h"
#include "authority/limits.h"
#include "authority/service.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/random.h"
#include "control/rollout/chunks.h"
#include "control/store/fleet.h"
#include "os/file.h"

#include <pthread.h>
#include <stdlib.h>

struct test_answer {
    const struct settings *settings;
    struct health_status *health;
    pthread_mutex_t lock; /* held while an answer is made with the atlas */
    struct file_stamp geo;
    struct file_stamp latency;
    struct atlas *atlas;
};

struct test_answer *test_answer_new(const struct settings *settings, struct health_status *health)
{
    struct test_answer *t = NEW(struct test_answer);
    t->settings = settings;
    t->health = health;
    int result = pthread_mutex_init(&t->lock, NULL);
    CHECK(result == 0);
    return t;
}

void test_answer_free(struct test_answer *t)
{
    if (t == NULL)
        return;
    atlas_free(t->atlas);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

static struct file_stamp stamp_of(const char *path)
{
    return path == NULL ? (struct file_stamp){0} : file_stamp_of(path);
}

/* Reads the files where they changed. Errors: ERR_INVALID. */
static enum err refresh_atlas(struct test_answer *t, struct errctx *ec)
{
    const struct settings *settings = t->settings;
    struct file_stamp geo = stamp_of(settings->geo_db);
    struct file_stamp latency = stamp_of(settings->latency_table);
    bool has_file = settings->geo_db != NULL || settings->latency_table != NULL;
    bool is_same = file_stamp_equal(&geo, &t->geo) && file_stamp_equal(&latency, &t->latency);
    if (!has_file || (is_same && t->atlas != NULL))
        return ERR_OK;
    size_t unknown_regions = 0;
    enum err e = ERR_OK;
    struct atlas_builder *b = atlas_builder_new();
    if (settings->geo_db != NULL)
        e = geo_file_read(settings->geo_db, b, ec);
    if (e == ERR_OK && settings->latency_table != NULL)
        e = latency_file_read(settings->latency_table, b, &unknown_regions, ec);
    if (e == ERR_OK) {
        atlas_free(t->atlas);
        t->atlas = atlas_builder_finish(b);
        t->geo = geo;
        t->latency = latency;
    }
    atlas_builder_free(b);
    return e == ERR_OK ? ERR_OK : ERR_INVALID;
}

static struct explain_question question_of(const struct api_dns_question *asked)
{
    struct explain_question q = {
        .zone_id = asked->zone_id, .name = asked->name, .type = asked->type};
    view_address_of(&asked->resolver, &q.resolver);
    random_bytes(&q.random, sizeof(q.random));
    if (asked->subnet.len == 0)
        return q;
    struct view_address subnet;
    view_address_of(&asked->subnet, &subnet);
    q.has_subnet = true;
    q.subnet.family = subnet.len == 4 ? 1 : 2;
    q.subnet.source_length = (uint8_t)asked->subnet_bits;
    memcpy(q.subnet.address, subnet.bytes, subnet.len);
    for (unsigned bit = asked->subnet_bits; bit < 8U * subnet.len; bit++)
        q.subnet.address[bit / 8] &= (uint8_t) ~(0x80U >> (bit % 8));
    return q;
}

/* The states of health checks as the votes say, and behind them, so that it wins, the text of
 * --health-file where there is one. */
static enum err read_states(const struct test_answer *t, struct arena *a, struct slice *out,
                            struct errctx *ec)
{
    struct slice said = {0};
    AUTO_BUF struct buf text = {0};
    const char *path = t->settings->health_file;
    enum err e = ERR_OK;
    if (path != NULL)
        e = file_read(a, path, HEALTH_FILE_MAX_BYTES, &said, ec);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return ERR_INVALID;
    buf_append(&text, health_status_text(t->health, a));
    buf_append(&text, said);
    *out = arena_copy(a, buf_slice(&text));
    return ERR_OK;
}

static enum err explain_newest(struct test_answer *t, struct store_conn *conn, struct arena *a,
                               const struct api_dns_question *asked, struct explain_answer *out,
                               struct errctx *ec)
{
    struct store_rollout rollout;
    struct chunk_hash hash;
    struct explain_parts parts = {0};
    enum err e = store_rollout_get(conn, a, &rollout, ec);
    if (e == ERR_OK)
        e = read_states(t, a, &parts.health_states, ec);
    if (e != ERR_OK)
        return e;
    memcpy(hash.bytes, rollout.candidate_root, sizeof(hash.bytes));
    const struct chunk_source source = store_chunk_source(conn);
    const struct role_root root = {.hash = &hash, .source = &source};
    const struct explain_question question = question_of(asked);
    (void)pthread_mutex_lock(&t->lock);
    e = refresh_atlas(t, ec);
    parts.atlas = t->atlas;
    if (e == ERR_OK)
        e = explain(a, &root, &parts, &question, out, ec);
    (void)pthread_mutex_unlock(&t->lock);
    return e;
}

enum err test_answer_ask(struct test_answer *t, struct store_conn *conn, struct arena *a,
                         const struct api_dns_question *question, struct api_dns_answer *out,
                         struct errctx *ec)
{
    struct explain_answer *explained = ARENA_NEW(a, struct explain_answer);
    enum err e = explain_newest(t, conn, a, question, explained, ec);
    if (e != ERR_OK)
        return e;
    *out = (struct api_dns_answer){.rcode = explained->rcode,
                                   .values = explained->values,
                                   .value_count = explained->value_count,
                                   .lines = explained->trace.lines,
                                   .line_count = explained->trace.count};
    return ERR_OK;
}
