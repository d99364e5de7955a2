// SPDX-License-Identifier: Apache-2.0
// `weir zone test`: what a client gets from a zone, and why, by TestDNSAnswer. Called by cmd on the
// main thread.
#include "tool/route53.h"
#include "tool/zone.h"
#include "tool/zone_remote.h"

#include <stdio.h>

static void print_answer(const struct r53_test_dns_answer_response *answer)
{
    for (size_t i = 0; i < answer->explanation_count; i++)
        (void)printf("; %s\n", answer->explanation[i]);
    (void)printf("; %s\n", answer->response_code);
    for (size_t i = 0; i < answer->record_data_count; i++)
        (void)printf("%s\n", answer->record_data[i]);
}

enum err zone_run_test(const struct tool_verb *verb, const struct tool_options *o,
                       struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_CLIENT struct tool_client client = {0};
    const struct tool_client_options where = {.data_dir = o->data_dir, .endpoint = o->endpoint};
    struct zone_remote zone;
    struct r53_test_dns_answer_response answer = {0};
    (void)verb;
    enum err e = tool_client_open(&a, &where, &client, ec);
    if (e == ERR_OK)
        e = zone_remote_get(&client, &a, o->words[1], &zone, ec);
    if (e != ERR_OK)
        return e;
    const struct tool_route53_question question = {.zone_id = zone.id,
                                                   .name = o->words[2],
                                                   .type = o->words[3],
                                                   .resolver = o->resolver,
                                                   .subnet = o->subnet};
    e = tool_route53_test_answer(&client, &a, &question, &answer, ec);
    if (e == ERR_OK)
        print_answer(&answer);
    return e;
}
