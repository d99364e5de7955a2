// SPDX-License-Identifier: Apache-2.0
// TestDNSAnswer of control: the newest release of the store, answered by the code of the dns role
// with the files of this machine and the states of health checks that control follows.
#ifndef CMD_TEST_ANSWER_H
#define CMD_TEST_ANSWER_H

#include "base/settings.h"
#include "cmd/health_status.h"

/** Owner: the control role. Threads: any; one answer at a time reads the files anew. */
struct test_answer;

/** Both are borrowed until test_answer_free. */
struct test_answer *test_answer_new(const struct settings *settings, struct health_status *health);
void test_answer_free(struct test_answer *t); /* NULL is fine */

/** The test_answer of struct api_options, with its user. */
enum err test_answer_ask(struct test_answer *t, struct store_conn *conn, struct arena *a,
                         const struct api_dns_question *question, struct api_dns_answer *out,
                         struct errctx *ec) MUST_USE;

#endif
