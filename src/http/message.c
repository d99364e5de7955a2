// SPDX-License-Identifier: Apache-2.0
// Fields of messages and the reason phrases. Pure; any thread.
#include "http/message.h"

enum { HTTP_FIELDS_FIRST_CAPACITY = 16 };

void http_fields_add(struct arena *a, struct http_fields *f, struct slice name, struct slice value)
{
    if (f->count == f->capacity) {
        size_t capacity = f->capacity == 0 ? HTTP_FIELDS_FIRST_CAPACITY : 2 * f->capacity;
        struct http_field *items =
            (struct http_field *)arena_array(a, capacity, sizeof(struct http_field));
        if (f->count > 0)
            memcpy(items, f->items, f->count * sizeof(struct http_field));
        f->items = items;
        f->capacity = capacity;
    }
    f->items[f->count++] = (struct http_field){.name = name, .value = value};
}

void http_fields_add_str(struct arena *a, struct http_fields *f, const char *name,
                         const char *value)
{
    http_fields_add(a, f, slice_str(name), slice_str(value));
}

const struct slice *http_fields_get(const struct http_fields *f, const char *name)
{
    struct slice wanted = slice_str(name);
    for (size_t i = 0; i < f->count; i++) {
        if (slice_equal_nocase(f->items[i].name, wanted))
            return &f->items[i].value;
    }
    return NULL;
}

size_t http_fields_count(const struct http_fields *f, const char *name)
{
    struct slice wanted = slice_str(name);
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++)
        count += slice_equal_nocase(f->items[i].name, wanted) ? 1 : 0;
    return count;
}

/* Whether one comma-separated value holds the token. */
static bool value_has_token(struct slice value, struct slice token)
{
    struct slice item;
    while (slice_split(&value, ',', &item)) {
        if (slice_equal_nocase(slice_trim(item), token))
            return true;
    }
    return false;
}

bool http_fields_has_token(const struct http_fields *f, const char *name, const char *token)
{
    struct slice wanted = slice_str(name);
    for (size_t i = 0; i < f->count; i++) {
        if (slice_equal_nocase(f->items[i].name, wanted) &&
            value_has_token(f->items[i].value, slice_str(token)))
            return true;
    }
    return false;
}

bool http_fields_is_hop(const struct http_fields *f, struct slice name)
{
    static const struct slice names[] = {
        SLICE_LIT("connection"), SLICE_LIT("keep-alive"),        SLICE_LIT("proxy-connection"),
        SLICE_LIT("te"),         SLICE_LIT("transfer-encoding"), SLICE_LIT("upgrade"),
        SLICE_LIT("trailer"),
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_equal_nocase(name, names[i]))
            return true;
    }
    for (size_t i = 0; i < f->count; i++) {
        if (slice_equal_nocase(f->items[i].name, names[0]) &&
            value_has_token(f->items[i].value, name))
            return true;
    }
    return false;
}

/* RFC 9110 section 15, RFC 6585, RFC 8297, RFC 8470. */
static const struct {
    uint16_t status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

const char *http_reason(unsigned status)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "";
}
