// SPDX-License-Identifier: Apache-2.0
// Health checks and checkers, from structs to bytes and back. Called by control and roles; any
// thread.
#include "release/health_check.h"

#include "base/check.h"
#include "base/utf8.h"
#include "release/limits.h"
#include "release/wire_priv.h"

enum check_field {
    CHECK_ID = 1,
    CHECK_KIND = 2,
    CHECK_ADDRESS = 3,
    CHECK_HOST = 4,
    CHECK_PORT = 5,
    CHECK_PATH = 6,
    CHECK_SEARCH = 7,
    CHECK_IS_SNI = 8,
    CHECK_IS_SLOW = 9,
    CHECK_THRESHOLD = 10,
    CHECK_CHILDREN = 11,
    CHECK_HEALTHY_CHILDREN = 12,
    CHECK_IS_POSTED_HEALTHY = 13,
    CHECK_IS_INVERTED = 14,
    CHECK_IS_DISABLED = 15,
    CHECK_HOLD_DOWN_S = 16,
    CHECK_OVERRIDE = 17,
};
enum override_field { OVERRIDE_IS_HEALTHY = 1, OVERRIDE_NUMBER = 2, OVERRIDE_UNTIL_UNIX_S = 3 };
enum checker_field {
    CHECKER_NODE_ID = 1,
    CHECKER_PUBLIC_KEY = 2,
    CHECKER_ADDRESS = 3,
    CHECKER_PORT = 4,
    CHECKER_REGION = 5,
    CHECKER_IS_EXCLUDED = 6,
};

/* ---- what is one */

/* RFC 9562 section 4, lower case only. */
static bool is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text == NULL || strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        bool is_digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (form[i] == '-' ? text[i] != '-' : !is_digit)
            return false;
    }
    return true;
}

/* Visible ASCII, no spaces. */
static bool is_visible(struct slice s, size_t max)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] <= ' ' || s.data[i] > '~')
            return false;
    }
    return s.len <= max;
}

static bool is_host(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.data[i] >= 'A' && s.data[i] <= 'Z') || s.data[i] == '/')
            return false;
    }
    return is_visible(s, RELEASE_CHECK_HOST_MAX_BYTES);
}

static bool is_path(struct slice s)
{
    return s.len > 0 && s.data[0] == '/' && is_visible(s, RELEASE_CHECK_PATH_MAX_BYTES);
}

/* UTF-8 without NUL; lines may be in it. */
static bool is_search(struct slice s)
{
    if (s.len > RELEASE_CHECK_SEARCH_MAX_BYTES)
        return false;
    while (s.len > 0) {
        uint32_t code_point;
        size_t len = utf8_decode(s, &code_point);
        if (code_point == UTF8_INVALID || code_point == 0)
            return false;
        s = slice_sub(s, len, s.len - len);
    }
    return true;
}

static bool is_address_length(size_t len)
{
    return len == 4 || len == 16;
}

static bool is_endpoint(enum release_check_kind kind)
{
    return kind == RELEASE_CHECK_HTTP || kind == RELEASE_CHECK_HTTPS || kind == RELEASE_CHECK_TCP;
}

static const char *endpoint_problem(const struct release_health_check *c)
{
    bool is_http = c->kind != RELEASE_CHECK_TCP;
    if (c->address_bytes != 0 && !is_address_length(c->address_bytes))
        return "its address";
    if (!is_host(slice_str(c->host)) || (c->host[0] == '\0' && c->address_bytes == 0))
        return "its host";
    if (c->port == 0)
        return "its port";
    if (is_http ? !is_path(slice_str(c->path)) : c->path[0] != '\0')
        return "its path";
    if (is_http ? !is_search(slice_str(c->search)) : c->search[0] != '\0')
        return "its search string";
    if (c->is_sni && c->kind != RELEASE_CHECK_HTTPS)
        return "its SNI";
    if (c->threshold == 0 || c->threshold > RELEASE_CHECK_THRESHOLD_MAX)
        return "its failure threshold";
    return NULL;
}

static bool has_endpoint_fields(const struct release_health_check *c)
{
    return c->address_bytes != 0 || c->host[0] != '\0' || c->port != 0 || c->path[0] != '\0' ||
           c->search[0] != '\0' || c->is_sni || c->is_slow || c->threshold != 0;
}

static const char *children_problem(const struct release_health_check *c)
{
    bool is_calculated = c->kind == RELEASE_CHECK_CALCULATED;
    if (c->child_count > (is_calculated ? RELEASE_CHECK_CHILDREN_MAX : 0))
        return "how many children it has";
    if (c->healthy_children > (is_calculated ? RELEASE_CHECK_CHILDREN_MAX : 0))
        return "how many children have to be healthy";
    for (size_t i = 0; i < c->child_count; i++) {
        if (!is_uuid(c->children[i]))
            return "one of its children";
        if (i > 0 && strcmp(c->children[i - 1], c->children[i]) >= 0)
            return "the order of its children";
    }
    return NULL;
}

static bool override_is_valid(const struct release_override *o)
{
    return o->is_there ? o->number > 0 && o->until_unix_s >= 0
                       : !o->is_healthy && o->number == 0 && o->until_unix_s == 0;
}

const char *release_health_check_problem(const struct release_health_check *c)
{
    if (!is_uuid(c->id))
        return "its id";
    if (c->kind < RELEASE_CHECK_HTTP || c->kind > RELEASE_CHECK_POSTED)
        return "its kind";
    if (c->host == NULL || c->path == NULL || c->search == NULL)
        return "a text that is not there";
    const char *problem = is_endpoint(c->kind)     ? endpoint_problem(c)
                          : has_endpoint_fields(c) ? "an endpoint, which its kind has not"
                                                   : NULL;
    if (problem == NULL)
        problem = children_problem(c);
    if (problem != NULL)
        return problem;
    if (c->is_posted_healthy && c->kind != RELEASE_CHECK_POSTED)
        return "a posted state, which its kind has not";
    if (c->hold_down_s > RELEASE_HOLD_DOWN_MAX_S)
        return "its hold-down";
    return override_is_valid(&c->override) ? NULL : "its override";
}

const char *release_checker_problem(const struct release_checker *c)
{
    if (c->node_id == NULL || !text_is_id(slice_str(c->node_id)))
        return "its node";
    if (!is_address_length(c->address_bytes))
        return "its address";
    if (c->port == 0)
        return "its port";
    if (c->region == NULL || !text_is_printable(slice_str(c->region), RELEASE_LOCATION_MAX_BYTES))
        return "its region";
    return NULL;
}

/* ---- to bytes */

static void put_override(struct buf *b, const struct release_override *o)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, OVERRIDE_IS_HEALTHY, o->is_healthy);
    wire_put_number(&inner, OVERRIDE_NUMBER, o->number);
    wire_put_number(&inner, OVERRIDE_UNTIL_UNIX_S, (uint64_t)o->until_unix_s);
    wire_put_item(b, CHECK_OVERRIDE, buf_slice(&inner));
}

struct slice release_health_check_encode(struct arena *a, const struct release_health_check *c)
{
    CHECK(release_health_check_problem(c) == NULL);
    struct buf b = {0};
    wire_put_bytes(&b, CHECK_ID, slice_str(c->id));
    wire_put_number(&b, CHECK_KIND, c->kind);
    wire_put_bytes(&b, CHECK_ADDRESS, slice_of(c->address, c->address_bytes));
    wire_put_bytes(&b, CHECK_HOST, slice_str(c->host));
    wire_put_number(&b, CHECK_PORT, c->port);
    wire_put_bytes(&b, CHECK_PATH, slice_str(c->path));
    wire_put_bytes(&b, CHECK_SEARCH, slice_str(c->search));
    wire_put_number(&b, CHECK_IS_SNI, c->is_sni);
    wire_put_number(&b, CHECK_IS_SLOW, c->is_slow);
    wire_put_number(&b, CHECK_THRESHOLD, c->threshold);
    for (size_t i = 0; i < c->child_count; i++)
        wire_put_item(&b, CHECK_CHILDREN, slice_str(c->children[i]));
    wire_put_number(&b, CHECK_HEALTHY_CHILDREN, c->healthy_children);
    wire_put_number(&b, CHECK_IS_POSTED_HEALTHY, c->is_posted_healthy);
    wire_put_number(&b, CHECK_IS_INVERTED, c->is_inverted);
    wire_put_number(&b, CHECK_IS_DISABLED, c->is_disabled);
    wire_put_number(&b, CHECK_HOLD_DOWN_S, c->hold_down_s);
    if (c->override.is_there)
        put_override(&b, &c->override);
    return wire_take(a, &b);
}

struct slice release_checker_encode(struct arena *a, const struct release_checker *c)
{
    CHECK(release_checker_problem(c) == NULL);
    struct buf b = {0};
    wire_put_bytes(&b, CHECKER_NODE_ID, slice_str(c->node_id));
    wire_put_bytes(&b, CHECKER_PUBLIC_KEY, slice_of(c->public_key, ED25519_PUBLIC_BYTES));
    wire_put_bytes(&b, CHECKER_ADDRESS, slice_of(c->address, c->address_bytes));
    wire_put_number(&b, CHECKER_PORT, c->port);
    wire_put_bytes(&b, CHECKER_REGION, slice_str(c->region));
    wire_put_number(&b, CHECKER_IS_EXCLUDED, c->is_excluded);
    return wire_take(a, &b);
}

/* ---- from bytes */

/* Text without NUL, so that its length is that of the string; problems of its content are found
 * once the whole is read. */
static const char *read_text(struct arena *a, struct wire_reader *r, struct slice text, size_t max)
{
    bool is_text = text.len > 0 && text.len <= max && memchr(text.data, 0, text.len) == NULL;
    wire_expect(r, is_text);
    return r->is_bad ? "" : arena_str(a, text);
}

static void read_address(struct wire_reader *r, uint8_t out[16], uint8_t *out_bytes)
{
    struct slice bytes = wire_bytes(r);
    wire_expect(r, is_address_length(bytes.len));
    if (r->is_bad)
        return;
    memcpy(out, bytes.data, bytes.len);
    *out_bytes = (uint8_t)bytes.len;
}

static void read_override(struct wire_reader *outer, struct release_override *o)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    o->is_there = true;
    while (wire_next(&r)) {
        if (r.field == OVERRIDE_IS_HEALTHY)
            o->is_healthy = wire_number(&r, 1) == 1;
        else if (r.field == OVERRIDE_NUMBER)
            o->number = wire_number(&r, UINT64_MAX);
        else if (r.field == OVERRIDE_UNTIL_UNIX_S)
            o->until_unix_s = (int64_t)wire_number(&r, INT64_MAX);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_endpoint_field(struct arena *a, struct wire_reader *r,
                                struct release_health_check *c)
{
    switch (r->field) {
    case CHECK_ADDRESS:
        read_address(r, c->address, &c->address_bytes);
        break;
    case CHECK_HOST:
        c->host = read_text(a, r, wire_bytes(r), RELEASE_CHECK_HOST_MAX_BYTES);
        break;
    case CHECK_PORT:
        c->port = (uint16_t)wire_number(r, UINT16_MAX);
        break;
    case CHECK_PATH:
        c->path = read_text(a, r, wire_bytes(r), RELEASE_CHECK_PATH_MAX_BYTES);
        break;
    case CHECK_SEARCH:
        c->search = read_text(a, r, wire_bytes(r), RELEASE_CHECK_SEARCH_MAX_BYTES);
        break;
    case CHECK_IS_SNI:
        c->is_sni = wire_number(r, 1) == 1;
        break;
    case CHECK_IS_SLOW:
        c->is_slow = wire_number(r, 1) == 1;
        break;
    case CHECK_THRESHOLD:
        c->threshold = (uint8_t)wire_number(r, RELEASE_CHECK_THRESHOLD_MAX);
        break;
    default:
        break;
    }
}

static void read_check_field(struct arena *a, struct wire_reader *r, struct release_health_check *c)
{
    switch (r->field) {
    case CHECK_ID:
        c->id = read_text(a, r, wire_bytes(r), RELEASE_ID_MAX_BYTES);
        break;
    case CHECK_KIND:
        c->kind = (enum release_check_kind)wire_number(r, RELEASE_CHECK_POSTED);
        break;
    case CHECK_CHILDREN:
        c->children[c->child_count++] = read_text(a, r, wire_item(r), RELEASE_ID_MAX_BYTES);
        break;
    case CHECK_HEALTHY_CHILDREN:
        c->healthy_children = (uint32_t)wire_number(r, RELEASE_CHECK_CHILDREN_MAX);
        break;
    case CHECK_IS_POSTED_HEALTHY:
        c->is_posted_healthy = wire_number(r, 1) == 1;
        break;
    case CHECK_IS_INVERTED:
        c->is_inverted = wire_number(r, 1) == 1;
        break;
    case CHECK_IS_DISABLED:
        c->is_disabled = wire_number(r, 1) == 1;
        break;
    case CHECK_HOLD_DOWN_S:
        c->hold_down_s = (uint32_t)wire_number(r, RELEASE_HOLD_DOWN_MAX_S);
        break;
    case CHECK_OVERRIDE:
        read_override(r, &c->override);
        break;
    default:
        read_endpoint_field(a, r, c);
        break;
    }
}

enum err release_health_check_decode(struct arena *a, struct slice bytes,
                                     struct release_health_check *out, struct errctx *ec)
{
    size_t child_count = wire_count(bytes, CHECK_CHILDREN);
    if (child_count > RELEASE_CHECK_CHILDREN_MAX)
        return err_set(ec, ERR_CORRUPT, "health check: more children than any has");
    struct release_health_check c = {
        .host = "",
        .path = "",
        .search = "",
        .children = arena_array(a, child_count, sizeof(*c.children)),
    };
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r))
        read_check_field(a, &r, &c);
    enum err err = wire_finish(&r, "health check", ec);
    if (err != ERR_OK)
        return err;
    const char *problem = release_health_check_problem(&c);
    if (problem != NULL)
        return err_set(ec, ERR_CORRUPT, "health check: %s", problem);
    *out = c;
    return ERR_OK;
}

enum err release_checker_decode(struct arena *a, struct slice bytes, struct release_checker *out,
                                struct errctx *ec)
{
    struct release_checker c = {.region = ""};
    bool has_key = false;
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == CHECKER_NODE_ID)
            c.node_id = read_text(a, &r, wire_bytes(&r), RELEASE_ID_MAX_BYTES);
        else if (r.field == CHECKER_PUBLIC_KEY)
            has_key = wire_fixed(&r, c.public_key, sizeof(c.public_key));
        else if (r.field == CHECKER_ADDRESS)
            read_address(&r, c.address, &c.address_bytes);
        else if (r.field == CHECKER_PORT)
            c.port = (uint16_t)wire_number(&r, UINT16_MAX);
        else if (r.field == CHECKER_REGION)
            c.region = read_text(a, &r, wire_bytes(&r), RELEASE_LOCATION_MAX_BYTES);
        else if (r.field == CHECKER_IS_EXCLUDED)
            c.is_excluded = wire_number(&r, 1) == 1;
    }
    wire_expect(&r, has_key);
    enum err err = wire_finish(&r, "checker", ec);
    if (err != ERR_OK)
        return err;
    const char *problem = release_checker_problem(&c);
    if (problem != NULL)
        return err_set(ec, ERR_CORRUPT, "checker: %s", problem);
    *out = c;
    return ERR_OK;
}
