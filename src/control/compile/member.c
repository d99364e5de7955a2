// SPDX-License-Identifier: Apache-2.0
// From sort keys back to names. Called by the compiler, on the rollout's thread; pure.
#include "control/compile/member_priv.h"

/** Puts the label's text (with its dot) before what is there. */
static bool prepend(struct slice label, char *text, size_t *start)
{
    if (label.len + 1 > *start)
        return false;
    *start -= label.len + 1;
    memcpy(text + *start, label.data, label.len);
    text[*start + label.len] = '.';
    return true;
}

enum err member_owner(struct slice member, struct dns_name *out_owner, struct errctx *ec)
{
    char text[DNS_NAME_TEXT_SIZE];
    size_t start = sizeof(text);
    struct slice rest = member;
    bool is_whole = member.len > 0 && member.data[member.len - 1] == '.';
    /* A dot inside a label is written \056, so every dot here ends a label. */
    struct slice label;
    while (is_whole && rest.len > 0) {
        size_t len = slice_find(rest, '.');
        label = slice_sub(rest, 0, len);
        is_whole = prepend(label, text, &start);
        rest = slice_sub(rest, len + 1, rest.len);
    }
    struct slice name = slice_of(text + start, sizeof(text) - start);
    if (!is_whole || dns_name_parse(name, out_owner, NULL) != ERR_OK)
        return err_set(ec, ERR_CORRUPT, "'%.*s' is the sort key of no name", SLICE_FMT(member));
    return ERR_OK;
}
