// SPDX-License-Identifier: Apache-2.0
// The words of problems.def around a refused name or value. Called by name.c and the rdata
// parser, on any thread.
#include "dns/problem_priv.h"

#include "base/check.h"
#include "dns/limits.h"

struct problem_text {
    const char *severity;
    const char *code;
    const char *prose;
};

static const struct problem_text problem_texts[] = {
    [DNS_PROBLEM_NONE] = {"", "", ""},
#define DNS_PROBLEM_DEF(symbol, severity, code, prose)                                             \
    [DNS_PROBLEM_##symbol] = {severity, code, prose},
#include "dns/problems.def"
#undef DNS_PROBLEM_DEF
};

static const struct problem_text *text_of(enum dns_problem problem)
{
    CHECK(problem > DNS_PROBLEM_NONE && (size_t)problem < ARRAY_LEN(problem_texts));
    return &problem_texts[problem];
}

const char *dns_problem_prose(enum dns_problem problem)
{
    return text_of(problem)->prose;
}

static struct slice cut(struct slice text)
{
    return slice_of(text.data, min_size(text.len, DNS_PROBLEM_VALUE_MAX_BYTES));
}

enum err dns_problem_of_name(struct errctx *ec, enum dns_problem problem, struct slice text)
{
    const struct problem_text *p = text_of(problem);
    struct slice shown = cut(text);
    return err_set(ec, ERR_INVALID, "%s problem: %s (%s) encountered with '%.*s'", p->severity,
                   p->code, p->prose, SLICE_FMT(shown));
}

enum err dns_problem_of_value(struct errctx *ec, enum dns_problem problem, struct slice text)
{
    const struct problem_text *p = text_of(problem);
    struct slice shown = cut(text);
    return err_set(ec, ERR_INVALID,
                   "Invalid Resource Record: '%s problem: %s (%s) encountered with '%.*s''",
                   p->severity, p->code, p->prose, SLICE_FMT(shown));
}
