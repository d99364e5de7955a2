// SPDX-License-Identifier: Apache-2.0
// Calls of the API without sockets. Used by the tests of this room, on their one thread.
#include "fixture.h"

#include "base/alloc.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define HOST "127.0.0.1:5380"

int fixture_setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    struct errctx ec = {0};
    temp_dir_make(f->dir, "api");
    arena_init(&f->arena);
    memset(f->seal_key.bytes, 7, sizeof(f->seal_key.bytes));
    f->seal_key.version = 1;
    assert_int_equal(store_open("sqlite", f->dir, &f->store, &ec), ERR_OK);
    assert_int_equal(store_connect(f->store, &f->conn, &ec), ERR_OK);
    assert_int_equal(api_delegation_sets_make(f->conn, "weir.test", &ec), ERR_OK);
    assert_int_equal(
        api_access_key_make(f->conn, &f->seal_key, FIXTURE_ACCOUNT, "admin", &f->key, &ec), ERR_OK);
    f->options = (struct api_options){.store = f->store,
                                      .seal_key = &f->seal_key,
                                      .platform = "weir.test",
                                      .cdn_domain = "cdn.weir.test",
                                      .worker_count = 1,
                                      .rate_per_s = 1000000,
                                      .limits = HTTP_LIMITS_DEFAULT};
    f->throttle = throttle_new(f->options.rate_per_s);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    throttle_free(f->throttle);
    store_disconnect(f->conn);
    store_close(f->store);
    temp_dir_remove(f->dir);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

/* Host, If-Match where it is wanted, and what signing adds. */
static void sign(struct fixture *f, struct api_request *r, enum aws_service service,
                 const char *if_match)
{
    size_t own = if_match == NULL ? 1 : 2;
    r->headers = arena_array(&f->arena, own + SIGV4_SIGN_HEADERS, sizeof(*r->headers));
    r->headers[0] = (struct sigv4_header){SLICE_LIT("Host"), SLICE_LIT(HOST)};
    if (if_match != NULL)
        r->headers[1] = (struct sigv4_header){SLICE_LIT("If-Match"), slice_str(if_match)};
    struct sigv4_request request = {.method = r->method,
                                    .path = r->path,
                                    .query = r->query,
                                    .headers = r->headers,
                                    .header_count = own};
    sha256_hex(r->body, request.body_sha256);
    struct sigv4_sign_options options = {.key_id = slice_str(f->key.id),
                                         .secret = slice_str(f->key.secret),
                                         .region = SLICE_LIT("us-east-1"),
                                         .service = aws_service_name(service),
                                         .now_unix_s = time_unix_ms() / MS_PER_S};
    r->header_count = own + sigv4_sign(&f->arena, &request, &options, r->headers + own);
}

struct api_answer fixture_run(struct fixture *f, const struct fixture_call *call)
{
    struct api_request request = {.method = slice_str(call->method),
                                  .path = slice_str(call->path),
                                  .query = slice_str(call->query == NULL ? "" : call->query),
                                  .authority = SLICE_LIT(HOST),
                                  .body = slice_str(call->body == NULL ? "" : call->body),
                                  .source_ip = "127.0.0.1"};
    struct api_call api_call = {.arena = &f->arena,
                                .conn = f->conn,
                                .options = &f->options,
                                .throttle = f->throttle,
                                .request = &request,
                                .request_id = "00000000-0000-4000-8000-000000000000",
                                .now_unix_ms = time_unix_ms()};
    assert_true(aws_service_of_path(request.path, &api_call.service));
    sign(f, &request, api_call.service, call->if_match);
    struct api_answer answer;
    api_dispatch(&api_call, &answer);
    return answer;
}

static const char *run(struct fixture *f, const struct fixture_call *call, unsigned status)
{
    struct api_answer answer = fixture_run(f, call);
    const char *text = arena_str(&f->arena, answer.output.body);
    if (answer.output.status != status)
        fail_msg("%s %s: %u, %s", call->method, call->path, answer.output.status, text);
    return text;
}

const char *fixture_get(struct fixture *f, const char *path, const char *query, unsigned status)
{
    return run(f, &(struct fixture_call){.method = "GET", .path = path, .query = query}, status);
}

const char *fixture_post(struct fixture *f, const char *path, const char *body, unsigned status)
{
    return run(f, &(struct fixture_call){.method = "POST", .path = path, .body = body}, status);
}

const char *fixture_element(struct fixture *f, const char *xml, const char *name)
{
    const char *open = arena_printf(&f->arena, "<%s>", name);
    const char *start = strstr(xml, open);
    if (start == NULL)
        fail_msg("no %s in %s", open, xml);
    start += strlen(open);
    return arena_str(&f->arena, slice_of(start, strcspn(start, "<")));
}

void assert_holds(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, text);
}

const char *fixture_zone(struct fixture *f, const char *name, const char *reference)
{
    const char *body = arena_printf(&f->arena,
                                    "<CreateHostedZoneRequest><Name>%s</Name><CallerReference>%s"
                                    "</CallerReference></CreateHostedZoneRequest>",
                                    name, reference);
    const char *xml = fixture_post(f, "/2013-04-01/hostedzone", body, 201);
    return fixture_element(f, xml, "Id") + strlen("/hostedzone/");
}
