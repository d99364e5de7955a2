// SPDX-License-Identifier: Apache-2.0
// Master files to record sets, in stages: directives are looked over -> ldns reads record after
// record -> our codec checks each -> records of one owner and type become a set. Called by the zone
// commands on their only thread.
#include "tool/zone_text.h"

#include "base/check.h"
#include "dns/rdata.h"
#include "tool/limits.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <strings.h>

/* Stands for no TTL, which ldns gives to records without one; no TTL may be so large (RFC 2181). */
#define NO_TTL UINT32_MAX
#define TTL_MAX INT32_MAX

struct zone_record {
    struct slice owner;
    struct slice sort_key;
    struct slice rdata;
    uint32_t ttl_s;
    uint16_t type;
    unsigned line;
};

/* A text being read. */
struct reader {
    struct arena *arena;
    const struct zone_listener *listener;
    struct zone_text found;
    struct buf records; /* of struct zone_record */
    ldns_buffer *wire;
    ldns_rdf *origin;
    ldns_rdf *previous;
    ldns_rdf *whole_origin; /* the origin before the last $ORIGIN, which may be relative to it */
    struct buf origins;     /* a byte for each $ORIGIN: whether it is relative */
    size_t origin_count;    /* of them, passed so far */
    struct slice text;
    size_t counted_to; /* lines before here are counted */
    unsigned counted_lines;
    uint32_t default_ttl_s; /* $TTL; NO_TTL before it */
    uint32_t last_ttl_s;    /* the last that a record gave */
};

static void complain(struct reader *r, unsigned line, const char *text)
{
    r->found.error_count++;
    if (r->found.error_count <= TOOL_ZONE_ERRORS_SHOWN_MAX)
        r->listener->say(r->listener->user, line, text);
}

/* ---- directives */

/* Where in the text the scan of directives is. */
struct scan {
    unsigned line;
    unsigned parentheses;
    bool is_quoted;
    bool is_comment;
};

/* Whether the directive at the start of `rest` is followed; its word is then in upper case. */
static bool take_directive(uint8_t *word, size_t len)
{
    static const char *const followed[] = {"$ORIGIN", "$TTL"};
    for (size_t i = 0; i < ARRAY_LEN(followed); i++) {
        bool is_it = len == strlen(followed[i]) && strncasecmp((char *)word, followed[i], len) == 0;
        if (is_it) {
            memcpy(word, followed[i], len);
            return true;
        }
    }
    return false;
}

/* Characters of the word at the start. */
static size_t word_length(const uint8_t *at, size_t len)
{
    size_t word = 0;
    while (word < len && at[word] != '\0' && strchr(" \t\r\n;", at[word]) == NULL)
        word++;
    return word;
}

/* Notes whether the name behind $ORIGIN lacks its final dot. */
static void note_origin(struct reader *r, const uint8_t *at, size_t len)
{
    size_t from = 0;
    while (from < len && (at[from] == ' ' || at[from] == '\t'))
        from++;
    size_t word = word_length(at + from, len - from);
    buf_append_byte(&r->origins, word > 0 && at[from + word - 1] != '.');
}

static void check_directive(struct reader *r, uint8_t *at, size_t len, unsigned line)
{
    size_t word = word_length(at, len);
    bool is_followed = take_directive(at, word);
    if (is_followed && at[1] == 'O')
        note_origin(r, at + word, len - word);
    if (!is_followed)
        complain(r, line,
                 arena_printf(r->arena, "%.*s is not supported: write its records into the file",
                              (int)min_size(word, TOOL_ZONE_WORD_SHOWN_MAX_BYTES), (char *)at));
}

static void step(struct scan *s, uint8_t c)
{
    if (c == '\n') {
        s->line++;
        s->is_comment = false;
        s->is_quoted = false;
    } else if (s->is_comment) {
        return;
    } else if (c == '"') {
        s->is_quoted = !s->is_quoted;
    } else if (!s->is_quoted && c == ';') {
        s->is_comment = true;
    } else if (!s->is_quoted && c == '(') {
        s->parentheses++;
    } else if (!s->is_quoted && c == ')' && s->parentheses > 0) {
        s->parentheses--;
    }
}

/* ldns knows directives in upper case alone, and passes over those that it does not know. */
static void check_directives(struct reader *r, uint8_t *text, size_t len)
{
    struct scan s = {.line = 1};
    for (size_t i = 0; i < len; i++) {
        bool is_line_start = i == 0 || text[i - 1] == '\n';
        if (is_line_start && text[i] == '$' && s.parentheses == 0)
            check_directive(r, text + i, len - i, s.line);
        if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
            text[i] = ' ';
        if (text[i] == '\0')
            complain(r, s.line, "a NUL byte");
        if (text[i] == '\\' && i + 1 < len && text[i + 1] != '\n')
            i++;
        else
            step(&s, text[i]);
    }
}

/* ---- records */

/* The name in lower case; in the arena. */
static struct slice owner_of(struct reader *r, const ldns_rdf *owner)
{
    struct dns_name name;
    char text[DNS_NAME_TEXT_SIZE];
    struct slice wire = slice_of(ldns_rdf_data(owner), ldns_rdf_size(owner));
    if (dns_name_measure(wire) != wire.len)
        return slice_of(NULL, 0);
    size_t len = dns_name_format(wire, text);
    if (dns_name_parse(slice_of(text, len), &name, NULL) != ERR_OK)
        return slice_of(NULL, 0);
    return arena_copy(r->arena, dns_name_slice(&name));
}

/* RFC 2308 section 4 and RFC 1035 section 5.1: what a record without TTL has. */
static uint32_t ttl_of(struct reader *r, const ldns_rr *rr)
{
    uint32_t ttl_s = ldns_rr_ttl(rr);
    if (ttl_s != NO_TTL)
        r->last_ttl_s = ttl_s;
    return ttl_s != NO_TTL ? ttl_s : r->last_ttl_s;
}

static bool take_rdata(struct reader *r, const ldns_rr *rr, struct zone_record *record,
                       struct errctx *ec)
{
    ldns_buffer_clear(r->wire);
    if (ldns_rr_rdata2buffer_wire(r->wire, rr) != LDNS_STATUS_OK)
        return err_set(ec, ERR_INVALID, "the data has no wire form") == ERR_OK;
    struct slice wire = slice_of(ldns_buffer_begin(r->wire), ldns_buffer_position(r->wire));
    return dns_rdata_canonical(r->arena, record->type, wire, &record->rdata, ec) == ERR_OK;
}

static void take_record(struct reader *r, const ldns_rr *rr, unsigned line)
{
    struct errctx ec = {0};
    struct zone_record record = {.type = (uint16_t)ldns_rr_get_type(rr), .line = line};
    if (dns_type_hosting(record.type) == DNS_NOT_SIGNED) {
        r->found.signing_count++;
        return;
    }
    record.owner = owner_of(r, ldns_rr_owner(rr));
    if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN) {
        complain(r, line, "records of class IN alone are hosted");
    } else if (record.owner.len == 0) {
        complain(r, line, "the owner is no domain name");
    } else if (!take_rdata(r, rr, &record, &ec)) {
        complain(r, line, ec.text);
    } else {
        record.ttl_s = ttl_of(r, rr);
        record.sort_key = dns_name_sort_key(r->arena, record.owner);
        buf_append(&r->records, slice_of(&record, sizeof(record)));
    }
}

/* The line, from 1, of the entry at the offset or behind the empty lines and comments there. */
static unsigned line_of_entry(struct reader *r, size_t offset)
{
    const uint8_t *text = r->text.data;
    CHECK(text != NULL);
    for (; r->counted_to < offset && r->counted_to < r->text.len; r->counted_to++)
        r->counted_lines += text[r->counted_to] == '\n' ? 1 : 0;
    unsigned line = r->counted_lines + 1;
    while (offset < r->text.len) {
        while (offset < r->text.len && (text[offset] == ' ' || text[offset] == '\t'))
            offset++;
        if (offset < r->text.len && text[offset] == ';')
            offset += slice_find(slice_sub(r->text, offset, r->text.len), '\n');
        if (offset >= r->text.len || text[offset] != '\n')
            break;
        offset++;
        line++;
    }
    return line;
}

/* ldns reads a relative $ORIGIN as if it were whole; it is below the one before. */
static void take_origin(struct reader *r, unsigned line)
{
    struct slice origins = buf_slice(&r->origins);
    if (origins.data == NULL || r->origin_count >= origins.len) {
        complain(r, line, "an $ORIGIN within parentheses");
        return;
    }
    bool is_relative = origins.data[r->origin_count++] != 0;
    if (is_relative && r->whole_origin == NULL)
        complain(r, line, "the origin is relative to none: give --zone, or end it with a dot");
    else if (is_relative && ldns_dname_cat(r->origin, r->whole_origin) != LDNS_STATUS_OK)
        complain(r, line, "the origin is too long");
    ldns_rdf_deep_free(r->whole_origin);
    r->whole_origin = r->origin != NULL ? ldns_rdf_clone(r->origin) : NULL;
}

/* Entries end at their last line; one that ldns refuses is passed over, so that all is said. */
static void read_records(struct reader *r, FILE *file)
{
    while (!feof(file)) {
        ldns_rr *rr = NULL;
        int line = 0; /* ldns counts some comments and not others */
        unsigned first_line = line_of_entry(r, (size_t)ftell(file));
        ldns_status status =
            ldns_rr_new_frm_fp_l(&rr, file, &r->default_ttl_s, &r->origin, &r->previous, &line);
        bool is_nothing = status == LDNS_STATUS_SYNTAX_EMPTY || status == LDNS_STATUS_SYNTAX_TTL;
        if (status == LDNS_STATUS_OK) {
            take_record(r, rr, first_line);
            ldns_rr_free(rr);
        } else if (status == LDNS_STATUS_SYNTAX_ORIGIN) {
            take_origin(r, first_line);
        } else if (!is_nothing) {
            complain(r, first_line, ldns_get_errorstr_by_id(status));
        }
    }
}

/* ---- sets */

static int compare_records(const void *one, const void *other)
{
    const struct zone_record *a = one;
    const struct zone_record *b = other;
    int order = slice_compare(a->sort_key, b->sort_key);
    if (order == 0 && a->type != b->type)
        order = a->type < b->type ? -1 : 1;
    if (order == 0)
        order = a->line < b->line ? -1 : a->line > b->line;
    return order;
}

/* What a record has that came before any TTL: SOA's minimum (as name servers do). */
static uint32_t fallback_ttl(const struct zone_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == DNS_TYPE_SOA) {
            struct dns_soa soa;
            dns_soa_read(records[i].rdata, &soa);
            return soa.minimum_s;
        }
    }
    return NO_TTL;
}

/* The records of one owner and type, the first `count`, in the order of their lines. */
static void group(struct reader *r, const struct zone_record *records, size_t count,
                  uint32_t fallback_ttl_s, struct zone_set *out)
{
    *out = (struct zone_set){.owner = records[0].owner,
                             .sort_key = records[0].sort_key,
                             .type = records[0].type,
                             .ttl_s = records[0].ttl_s,
                             .line = records[0].line};
    if (out->ttl_s == NO_TTL)
        out->ttl_s = fallback_ttl_s;
    if (out->ttl_s > TTL_MAX)
        complain(r, out->line, "the record has no TTL from 0 to 2147483647, and no $TTL is given");
    out->rdata = arena_array(r->arena, count, sizeof(*out->rdata));
    for (size_t i = 0; i < count; i++) {
        uint32_t ttl_s = records[i].ttl_s == NO_TTL ? fallback_ttl_s : records[i].ttl_s;
        if (ttl_s != out->ttl_s)
            complain(r, records[i].line,
                     arena_printf(r->arena,
                                  "TTL %u, but that of %s is %u in line %u: records of one name "
                                  "and type have one",
                                  ttl_s, zone_set_title(r->arena, out), out->ttl_s, out->line));
        out->rdata[out->rdata_count++] = records[i].rdata;
    }
}

static void make_sets(struct reader *r, struct zone_sets *out)
{
    size_t count = buf_len(&r->records) / sizeof(struct zone_record);
    if (count == 0)
        return;
    struct zone_record *records =
        (struct zone_record *)(void *)(r->records.data + r->records.start);
    uint32_t fallback_ttl_s = fallback_ttl(records, count);
    qsort(records, count, sizeof(*records), compare_records);
    out->items = arena_array(r->arena, count, sizeof(*out->items));
    size_t behind;
    for (size_t from = 0; from < count; from = behind) {
        for (behind = from + 1; behind < count; behind++)
            if (records[behind].type != records[from].type ||
                !slice_equal(records[behind].sort_key, records[from].sort_key))
                break;
        group(r, records + from, behind - from, fallback_ttl_s, &out->items[out->count++]);
    }
    zone_sets_sort(out);
}

static enum err read_text(struct reader *r, struct slice text, struct errctx *ec)
{
    uint8_t *bytes = arena_alloc(r->arena, text.len + 1);
    if (text.len > 0)
        memcpy(bytes, text.data, text.len);
    r->text = slice_of(bytes, text.len);
    check_directives(r, bytes, text.len);
    if (r->found.error_count == 0 && text.len > 0) {
        FILE *file = fmemopen(bytes, text.len, "r");
        if (file == NULL)
            return err_errno(ec, "the text");
        read_records(r, file);
        (void)fclose(file);
    }
    if (r->found.error_count == 0)
        make_sets(r, &r->found.sets);
    if (r->found.error_count > TOOL_ZONE_ERRORS_SHOWN_MAX)
        r->listener->say(r->listener->user, 0,
                         arena_printf(r->arena, "%zu errors more",
                                      r->found.error_count - TOOL_ZONE_ERRORS_SHOWN_MAX));
    if (r->found.error_count > 0)
        return err_set(ec, ERR_INVALID, "%u error%s in the file; nothing was changed",
                       r->found.error_count, r->found.error_count == 1 ? "" : "s");
    return ERR_OK;
}

enum err zone_text_read(struct arena *a, struct slice text, const struct dns_name *origin,
                        const struct zone_listener *listener, struct zone_text *out,
                        struct errctx *ec)
{
    struct reader r = {.arena = a,
                       .listener = listener,
                       .wire = ldns_buffer_new(LDNS_MAX_PACKETLEN),
                       .default_ttl_s = NO_TTL,
                       .last_ttl_s = NO_TTL};
    CHECK(r.wire != NULL);
    if (origin != NULL) {
        r.origin = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin->len, origin->wire);
        r.whole_origin = ldns_rdf_clone(r.origin);
    }
    enum err e = read_text(&r, text, ec);
    buf_fini(&r.records);
    ldns_buffer_free(r.wire);
    buf_fini(&r.origins);
    ldns_rdf_deep_free(r.origin);
    ldns_rdf_deep_free(r.whole_origin);
    ldns_rdf_deep_free(r.previous);
    if (e != ERR_OK)
        r.found.sets = (struct zone_sets){0};
    *out = r.found;
    return e;
}
