// SPDX-License-Identifier: Apache-2.0
// settings.def as an array that code can walk; shared by the reader and the printer of settings.
#ifndef BASE_SETTINGS_TABLE_PRIV_H
#define BASE_SETTINGS_TABLE_PRIV_H

#include "base/settings.h"

enum setting_kind { SETTING_TEXT, SETTING_LIST, SETTING_FLAG, SETTING_NUMBER, SETTING_CHOICE };

/* One row of settings.def. */
struct setting {
    const char *name; /* as in the flag, without "--" */
    enum setting_kind kind;
    size_t offset;        /* of the field in struct settings */
    const char *fallback; /* of texts, lists and choices; NULL where there is none */
    const char *shape;    /* metavar of texts and lists, unit of numbers, "a|b" of choices */
    const char *prose;
    uint64_t fallback_number;
    uint64_t min;
    uint64_t max;
};

extern const struct setting settings_table[];
extern const size_t settings_count;

#endif
