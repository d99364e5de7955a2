// SPDX-License-Identifier: Apache-2.0
// Tables of votes. Claims: what decodes encodes to the same bytes, so that a table has one form;
// each of its votes is found again, and has a sentence; a text that is an id is written as it was.
#include "base/check.h"
#include "health/vote_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_table(struct slice bytes)
{
    AUTO_ARENA struct arena a = {0};
    struct vote_table t;
    struct errctx ec = {0};
    enum err e = vote_table_decode(&a, bytes, &t, &ec);
    CHECK(e == ERR_OK || e == ERR_CORRUPT || e == ERR_UNSUPPORTED);
    CHECK((e == ERR_OK) == (ec.text[0] == '\0'));
    if (e != ERR_OK)
        return;
    CHECK(slice_equal(vote_table_encode(&a, &t), bytes));
    for (size_t i = 0; i < t.count; i++) {
        CHECK(vote_table_find(&t, &t.votes[i].check) == &t.votes[i]);
        CHECK(vote_reason(&a, &t.votes[i]).len > 0);
    }
}

static void check_id(struct slice text)
{
    struct check_id id;
    struct check_id again;
    char written[CHECK_ID_TEXT_SIZE];
    if (!check_id_parse(text, &id))
        return;
    check_id_format(&id, written);
    CHECK(slice_equal_nocase(slice_str(written), text));
    CHECK(check_id_parse(slice_str(written), &again) && check_id_compare(&id, &again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_table(slice_of(data, size));
    check_id(slice_of(data, size));
    return 0;
}
