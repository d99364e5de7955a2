// SPDX-License-Identifier: Apache-2.0
// Texts and refusals that the rules of a distribution share. Pure; any thread.
#include "aws/cf_check_priv.h"

#include "aws/limits.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <strings.h>

bool cf_is_set(const char *text)
{
    return text != NULL && *text != '\0';
}

enum aws_error cf_unavailable(struct aws_fault *fault, enum aws_error code, const char *what)
{
    return aws_fail(fault, code, "%s is not available in this version of Weir", what);
}

enum aws_error cf_invalid(struct aws_fault *fault, const char *name, const char *finding)
{
    return aws_fail(fault, AWS_InvalidArgument, "The parameter %s %s", name, finding);
}

enum aws_error cf_check_range(struct aws_fault *fault, const char *name, bool is_sent,
                              int64_t value, const int64_t limits[2])
{
    if (!is_sent || (value >= limits[0] && value <= limits[1]))
        return AWS_OK;
    return aws_fail(fault, AWS_InvalidArgument,
                    "The parameter %s must be between %" PRId64 " and %" PRId64, name, limits[0],
                    limits[1]);
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool cf_has_only(const char *text, const char *others, size_t longest)
{
    size_t len = 0;
    for (; text[len] != '\0'; len++)
        if (len >= longest || (!is_alphanumeric(text[len]) && strchr(others, text[len]) == NULL))
            return false;
    return true;
}

bool cf_is_token(const char *text, size_t longest)
{
    return *text != '\0' && cf_has_only(text, "!#$%&'*+-.^_`|~", longest);
}

bool cf_is_path(const char *text, size_t longest)
{
    return cf_has_only(text, "-._~%!$&'()*+,;=:@/", longest);
}

static bool is_label(struct slice label)
{
    if (label.len == 0 || label.len > 63 || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = (char)label.data[i];
        if (!is_alphanumeric(c) && c != '-' && c != '_')
            return false;
    }
    return true;
}

bool cf_is_host_name(const char *text)
{
    struct slice rest = slice_str(text);
    struct slice label;
    if (rest.len == 0 || rest.len > CF_HOST_NAME_MAX_CHARACTERS || text[rest.len - 1] == '.')
        return false;
    while (slice_split(&rest, '.', &label))
        if (!is_label(label))
            return false;
    return true;
}

bool cf_is_address(const char *text)
{
    uint8_t address[16];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

bool cf_lists(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(texts[i], text) == 0)
            return true;
    return false;
}
