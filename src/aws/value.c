// SPDX-License-Identifier: Apache-2.0
// Scalar members of shapes. Called by the XML codec and the binder, on any thread.
#include "aws/value_priv.h"

#include "aws/limits.h"
#include "aws/text_priv.h"
#include "base/check.h"
#include "base/time.h"
#include "base/utf8.h"

#include <inttypes.h>

static void *field_of(const struct aws_member *m, void *object)
{
    return (uint8_t *)object + m->offset;
}

static const void *const_field_of(const struct aws_member *m, const void *object)
{
    return (const uint8_t *)object + m->offset;
}

static bool is_list(const struct aws_member *m)
{
    return m->type == AWS_TEXTS || m->type == AWS_LIST || m->type == AWS_FLAT_LIST ||
           m->type == AWS_QUANTITY;
}

bool *member_has(const struct aws_member *m, void *object)
{
    return (bool *)((uint8_t *)object + m->has_offset);
}

size_t *member_count(const struct aws_member *m, void *object)
{
    CHECK(is_list(m));
    return (size_t *)(void *)((uint8_t *)object + m->count_offset);
}

size_t member_count_of(const struct aws_member *m, const void *object)
{
    CHECK(is_list(m));
    return *(const size_t *)(const void *)((const uint8_t *)object + m->count_offset);
}

struct slice member_unknown(const struct aws_member *m, const void *object)
{
    CHECK(m->type == AWS_UNKNOWN);
    struct slice xml;
    memcpy(&xml, const_field_of(m, object), sizeof(xml));
    return xml;
}

void member_set_unknown(const struct aws_member *m, void *object, struct slice xml)
{
    CHECK(m->type == AWS_UNKNOWN);
    memcpy(field_of(m, object), &xml, sizeof(xml));
}

int64_t member_quantity(const struct aws_member *m, const void *object)
{
    CHECK(m->type == AWS_QUANTITY);
    int64_t quantity;
    memcpy(&quantity, const_field_of(m, object), sizeof(quantity));
    return quantity;
}

void *member_pointer(const struct aws_member *m, const void *object)
{
    void *pointer;
    memcpy(&pointer, const_field_of(m, object), sizeof(pointer));
    return pointer;
}

void member_set_pointer(const struct aws_member *m, void *object, const void *pointer)
{
    memcpy(field_of(m, object), &pointer, sizeof(pointer));
}

bool member_is_present(const struct aws_member *m, const void *object)
{
    unsigned value;
    switch (m->type) {
    case AWS_TEXT:
    case AWS_ID:
    case AWS_STRIPPED_ID:
    case AWS_STRUCTURE:
        return member_pointer(m, object) != NULL;
    case AWS_ENUM:
        memcpy(&value, const_field_of(m, object), sizeof(value));
        return value != 0;
    case AWS_UNKNOWN:
        return member_unknown(m, object).len > 0;
    case AWS_BOOL:
    case AWS_NUMBER:
    case AWS_TIME:
    case AWS_TEXTS:
    case AWS_LIST:
    case AWS_FLAT_LIST:
    case AWS_QUANTITY:
        break;
    }
    if (m->is_counted)
        return member_count_of(m, object) > 0;
    return m->is_required || *(const bool *)((const uint8_t *)object + m->has_offset);
}

static enum misfit set_text(struct arena *a, const struct aws_member *m, struct slice text,
                            void *object)
{
    struct slice prefix = slice_str(m->prefix);
    if (prefix.len > 0 && slice_starts_with(text, prefix))
        text = slice_sub(text, prefix.len, text.len);
    size_t length = utf8_count(text);
    if (length < (uint64_t)m->min)
        return MISFIT_SHORT;
    if (length > (uint64_t)m->max)
        return MISFIT_LONG;
    member_set_pointer(m, object, arena_str(a, text));
    return MISFIT_NONE;
}

static enum misfit set_bool(const struct aws_member *m, struct slice text, void *object)
{
    bool is_true = slice_equal(text, SLICE_LIT("true")) || slice_equal(text, SLICE_LIT("1"));
    bool is_false = slice_equal(text, SLICE_LIT("false")) || slice_equal(text, SLICE_LIT("0"));
    if (!is_true && !is_false)
        return MISFIT_BOOL;
    *(bool *)field_of(m, object) = is_true;
    return MISFIT_NONE;
}

static enum misfit set_number(const struct aws_member *m, struct slice text, void *object)
{
    bool is_negative = text.len > 0 && text.data[0] == '-';
    uint64_t magnitude;
    if (!slice_parse_u64(slice_sub(text, is_negative ? 1 : 0, text.len), INT64_MAX, &magnitude))
        return MISFIT_NUMBER;
    int64_t number = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    if (number < m->min)
        return MISFIT_SMALL;
    if (number > m->max)
        return MISFIT_LARGE;
    memcpy(field_of(m, object), &number, sizeof(number));
    return MISFIT_NONE;
}

/* "2026-01-31T12:00:00.123Z", the fraction optional and at most milliseconds. */
static bool parse_time(struct slice text, int64_t *out_unix_ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    char basic[TIME_BASIC_SIZE] = {0};
    size_t len = 0;
    if (text.len <= sizeof(form) - 1)
        return false;
    for (size_t i = 0; i + 1 < sizeof(form); i++) {
        bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (form[i] == 'd' ? !is_digit : text.data[i] != (uint8_t)form[i])
            return false;
        if (is_digit || text.data[i] == 'T')
            basic[len++] = (char)text.data[i];
    }
    basic[len++] = 'Z';
    int64_t unix_s;
    uint64_t fraction_ms = 0;
    struct slice rest = slice_sub(text, sizeof(form) - 1, text.len);
    if (rest.len == 5 && rest.data[0] == '.') {
        if (!slice_parse_u64(slice_sub(rest, 1, 3), 999, &fraction_ms))
            return false;
        rest = slice_sub(rest, 4, 1);
    }
    if (!slice_equal(rest, SLICE_LIT("Z")) || !time_parse_basic(slice_of(basic, len), &unix_s))
        return false;
    *out_unix_ms = unix_s * MS_PER_S + (int64_t)fraction_ms;
    return true;
}

static enum misfit set_time(const struct aws_member *m, struct slice text, void *object)
{
    int64_t unix_ms;
    if (!parse_time(text, &unix_ms))
        return MISFIT_TIME;
    memcpy(field_of(m, object), &unix_ms, sizeof(unix_ms));
    return MISFIT_NONE;
}

/* Whether the text is one of the values that the row stands for. */
static bool is_enum_value(const struct aws_enum_value *v, struct slice text, unsigned *out_value)
{
    struct slice prefix = slice_str(v->text);
    uint64_t number = 0;
    if (v->number_max == 0 && !slice_equal(text, prefix))
        return false;
    if (v->number_max > 0) {
        struct slice digits = slice_sub(text, prefix.len, text.len);
        bool has_leading_zero = digits.len > 1 && digits.data[0] == '0';
        if (!slice_starts_with(text, prefix) || has_leading_zero ||
            !slice_parse_u64(digits, v->number_max, &number))
            return false;
    }
    *out_value = v->value + (unsigned)number;
    return true;
}

static enum misfit set_enum(const struct aws_member *m, struct slice text, void *object)
{
    for (const struct aws_enum_value *v = m->values; v->text != NULL; v++) {
        unsigned value;
        if (is_enum_value(v, text, &value)) {
            memcpy(field_of(m, object), &value, sizeof(value));
            return MISFIT_NONE;
        }
    }
    return MISFIT_ENUM;
}

/* White space around a value that is no text is nothing (whiteSpace="collapse" in XML Schema). */
static struct slice collapse(struct slice text)
{
    while (text.len > 0 && (text.data[0] == '\n' || text.data[0] == '\r' || text.data[0] == ' ' ||
                            text.data[0] == '\t'))
        text = slice_sub(text, 1, text.len);
    while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]) != NULL)
        text.len--;
    return text;
}

enum misfit value_set(struct arena *a, const struct aws_member *m, struct slice text, void *object)
{
    if (!xml_text_is_valid(text))
        return MISFIT_CHARACTER;
    enum misfit misfit = MISFIT_NONE;
    switch (m->type) {
    case AWS_TEXT:
    case AWS_ID:
    case AWS_STRIPPED_ID:
        return set_text(a, m, text, object);
    case AWS_ENUM:
        return set_enum(m, text, object);
    case AWS_BOOL:
        misfit = set_bool(m, collapse(text), object);
        break;
    case AWS_QUANTITY:
        return set_number(m, collapse(text), object);
    case AWS_NUMBER:
        misfit = set_number(m, collapse(text), object);
        break;
    case AWS_TIME:
        misfit = set_time(m, collapse(text), object);
        break;
    case AWS_STRUCTURE:
    case AWS_TEXTS:
    case AWS_LIST:
    case AWS_FLAT_LIST:
    case AWS_UNKNOWN:
        CHECK_MSG(false, "'%s' is no scalar", m->name);
    }
    if (misfit == MISFIT_NONE)
        *member_has(m, object) = true;
    return misfit;
}

static void append_enum(struct buf *out, const struct aws_member *m, const void *object)
{
    unsigned value;
    memcpy(&value, const_field_of(m, object), sizeof(value));
    const struct aws_enum_value *v = m->values;
    while (v->text != NULL && (value < v->value || value - v->value > v->number_max))
        v++;
    CHECK_MSG(v->text != NULL, "'%s' has no value %u", m->name, value);
    buf_append_str(out, v->text);
    if (v->number_max > 0)
        buf_printf(out, "%u", value - v->value);
}

void value_append(struct buf *out, const struct aws_member *m, const void *object)
{
    int64_t number = 0;
    char time[TIME_ISO8601_SIZE];
    if (m->type == AWS_NUMBER || m->type == AWS_TIME)
        memcpy(&number, const_field_of(m, object), sizeof(number));
    switch (m->type) {
    case AWS_ID:
        buf_append_str(out, m->prefix);
        buf_append_str(out, member_pointer(m, object));
        return;
    case AWS_TEXT:
    case AWS_STRIPPED_ID:
        buf_append_str(out, member_pointer(m, object));
        return;
    case AWS_ENUM:
        append_enum(out, m, object);
        return;
    case AWS_BOOL:
        buf_append_str(out, *(const bool *)const_field_of(m, object) ? "true" : "false");
        return;
    case AWS_NUMBER:
        buf_printf(out, "%" PRId64, number);
        return;
    case AWS_QUANTITY:
        buf_printf(out, "%zu", member_count_of(m, object));
        return;
    case AWS_TIME:
        time_format_iso8601(number, time);
        buf_append_str(out, time);
        return;
    case AWS_STRUCTURE:
    case AWS_TEXTS:
    case AWS_LIST:
    case AWS_FLAT_LIST:
    case AWS_UNKNOWN:
        CHECK_MSG(false, "'%s' is no scalar", m->name);
    }
}

/* "CREATE, DELETE, UPSERT"; without the row of numbers, which no list can show. */
static const char *enum_list(struct arena *a, const struct aws_member *m)
{
    AUTO_BUF struct buf list = {0};
    for (const struct aws_enum_value *v = m->values; v->text != NULL && v->number_max == 0; v++)
        buf_printf(&list, "%s%s", v == m->values ? "" : ", ", v->text);
    return arena_str(a, buf_slice(&list));
}

const char *misfit_in_xml(struct arena *a, enum misfit misfit, const struct aws_member *m,
                          struct slice text)
{
    struct slice shown = utf8_clip(text, AWS_ECHO_MAX_BYTES);
    const char *value = arena_str(a, shown);
    switch (misfit) {
    case MISFIT_BOOL:
        return arena_printf(a, "cvc-datatype-valid.1.2.1: '%s' is not a valid value for 'boolean'.",
                            value);
    case MISFIT_NUMBER:
        return arena_printf(a, "cvc-datatype-valid.1.2.1: '%s' is not a valid value for 'integer'.",
                            value);
    case MISFIT_TIME:
        return arena_printf(
            a, "cvc-datatype-valid.1.2.1: '%s' is not a valid value for 'dateTime'.", value);
    case MISFIT_SHORT:
        return arena_printf(
            a,
            "cvc-minLength-valid: Value '%s' with length = '%zu' is not facet-valid "
            "with respect to minLength '%" PRId64 "' for type '%s'.",
            value, utf8_count(text), m->min, m->name);
    case MISFIT_LONG:
        return arena_printf(
            a,
            "cvc-maxLength-valid: Value '%s' with length = '%zu' is not facet-valid "
            "with respect to maxLength '%" PRId64 "' for type '%s'.",
            value, utf8_count(text), m->max, m->name);
    case MISFIT_SMALL:
        return arena_printf(a,
                            "cvc-minInclusive-valid: Value '%s' is not facet-valid with respect to "
                            "minInclusive '%" PRId64 "' for type '%s'.",
                            value, m->min, m->name);
    case MISFIT_LARGE:
        return arena_printf(a,
                            "cvc-maxInclusive-valid: Value '%s' is not facet-valid with respect to "
                            "maxInclusive '%" PRId64 "' for type '%s'.",
                            value, m->max, m->name);
    case MISFIT_ENUM:
        return arena_printf(a,
                            "cvc-enumeration-valid: Value '%s' is not facet-valid with respect to "
                            "enumeration '[%s]'. It must be a value from the enumeration.",
                            value, enum_list(a, m));
    case MISFIT_CHARACTER:
    case MISFIT_NONE:
        break;
    }
    return arena_printf(a, "The value of '%s' holds a character that is not allowed.", m->name);
}

/* The constraint that a text breaks, in the words of AWS's services. */
static const char *constraint_of(struct arena *a, enum misfit misfit, const struct aws_member *m)
{
    switch (misfit) {
    case MISFIT_BOOL:
        return "Member must be a boolean";
    case MISFIT_NUMBER:
        return "Member must be an integer";
    case MISFIT_TIME:
        return "Member must be a timestamp";
    case MISFIT_SHORT:
        return arena_printf(a, "Member must have length greater than or equal to %" PRId64, m->min);
    case MISFIT_LONG:
        return arena_printf(a, "Member must have length less than or equal to %" PRId64, m->max);
    case MISFIT_SMALL:
        return arena_printf(a, "Member must have value greater than or equal to %" PRId64, m->min);
    case MISFIT_LARGE:
        return arena_printf(a, "Member must have value less than or equal to %" PRId64, m->max);
    case MISFIT_ENUM:
        return arena_printf(a, "Member must satisfy enum value set: [%s]", enum_list(a, m));
    case MISFIT_CHARACTER:
    case MISFIT_NONE:
        break;
    }
    return "Member must be UTF-8 text without control characters";
}

const char *misfit_in_request(struct arena *a, enum misfit misfit, const struct aws_member *m,
                              struct slice text)
{
    struct slice shown = utf8_clip(text, AWS_ECHO_MAX_BYTES);
    if (misfit == MISFIT_CHARACTER)
        shown = SLICE_LIT("?");
    return arena_printf(
        a, "1 validation error detected: Value '%.*s' at '%s' failed to satisfy constraint: %s",
        SLICE_FMT(shown), m->name, constraint_of(a, misfit, m));
}
