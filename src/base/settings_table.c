// SPDX-License-Identifier: Apache-2.0
// settings.def as an array: read-only data for settings.c and settings_print.c.
#include "base/settings_table_priv.h"

const struct setting settings_table[] = {
#define SETTING_TEXT(field_, name_, fallback_, metavar_, prose_)                                   \
    {.name = (name_),                                                                              \
     .kind = SETTING_TEXT,                                                                         \
     .offset = offsetof(struct settings, field_),                                                  \
     .fallback = (fallback_),                                                                      \
     .shape = (metavar_),                                                                          \
     .prose = (prose_)},
#define SETTING_LIST(field_, name_, fallback_, metavar_, prose_)                                   \
    {.name = (name_),                                                                              \
     .kind = SETTING_LIST,                                                                         \
     .offset = offsetof(struct settings, field_),                                                  \
     .fallback = (fallback_),                                                                      \
     .shape = (metavar_),                                                                          \
     .prose = (prose_)},
#define SETTING_FLAG(field_, name_, prose_)                                                        \
    {.name = (name_),                                                                              \
     .kind = SETTING_FLAG,                                                                         \
     .offset = offsetof(struct settings, field_),                                                  \
     .prose = (prose_)},
#define SETTING_NUMBER(field_, name_, fallback_, min_, max_, unit_, prose_)                        \
    {.name = (name_),                                                                              \
     .kind = SETTING_NUMBER,                                                                       \
     .offset = offsetof(struct settings, field_),                                                  \
     .fallback_number = (fallback_),                                                               \
     .min = (min_),                                                                                \
     .max = (max_),                                                                                \
     .shape = (unit_),                                                                             \
     .prose = (prose_)},
#define SETTING_CHOICE(field_, name_, fallback_, choices_, prose_)                                 \
    {.name = (name_),                                                                              \
     .kind = SETTING_CHOICE,                                                                       \
     .offset = offsetof(struct settings, field_),                                                  \
     .fallback = (fallback_),                                                                      \
     .shape = (choices_),                                                                          \
     .prose = (prose_)},
#include "base/settings.def"
#undef SETTING_TEXT
#undef SETTING_LIST
#undef SETTING_FLAG
#undef SETTING_NUMBER
#undef SETTING_CHOICE
};

const size_t settings_count = ARRAY_LEN(settings_table);

/* Design, section 11: one table, at most 60 settings. */
_Static_assert(ARRAY_LEN(settings_table) <= 60, "too many settings");
