// SPDX-License-Identifier: Apache-2.0
// XML text to struct, by libxml2's event parser. Called by the binder for bodies of requests and by
// the codec of stored objects, on any thread.
//
// A stack of frames follows the open elements:
//
//   STRUCTURE --member--> LEAF         text of a scalar
//             --member--> STRUCTURE    a structure within
//             --member--> LIST --element--> STRUCTURE or LEAF
//             --unknown element--> UNKNOWN  where the shape keeps those: text and markup, as sent
//
// Invariants: (1) the stack is no deeper than the shapes nest, because an element that no shape
// knows ends the parse at once or is one frame with all that it holds; (2) after the first failure
// nothing is written any more; (3) entities, DTDs and the network are never used: a DOCTYPE ends
// the parse; (4) the parser sees UTF-8 with short tags only (xml_scan.c).
#include "aws/xml.h"

#include "aws/limits.h"
#include "aws/text_priv.h"
#include "aws/value_priv.h"
#include "aws/xml_scan_priv.h"
#include "base/check.h"
#include "base/utf8.h"

#include <libxml/parser.h>

enum frame_kind { FRAME_STRUCTURE, FRAME_LIST, FRAME_LEAF, FRAME_UNKNOWN };

struct frame {
    enum frame_kind kind;
    const char *name;                /* of the element */
    void *object;                    /* the struct that is filled, or that holds the member */
    const struct aws_shape *shape;   /* FRAME_STRUCTURE: of the object */
    const struct aws_member *member; /* all but FRAME_STRUCTURE */
    uint64_t seen;                   /* FRAME_STRUCTURE: a bit for each member of the shape */
};

/* One parse. Owner: aws_xml_parse, on its stack. */
struct xml_parser {
    enum aws_service service;
    const struct aws_shape *root;
    void *out;
    struct aws_fault *fault;
    struct arena *arena;
    xmlParserCtxt *context;
    struct frame frames[AWS_XML_MAX_DEPTH];
    size_t depth;
    struct slice prefix;  /* of the root's name; elements of the shapes have the same */
    struct buf text;      /* of the open leaf, or the markup of the open unknown element */
    size_t unknown_depth; /* elements open within the unknown one, itself included */
    size_t unknown_bytes; /* kept by the whole document */
};

/* ---- refusals */

static void stop(struct xml_parser *p)
{
    xmlStopParser(p->context);
}

static enum aws_error malformed_code(enum aws_service service)
{
    return service == AWS_CLOUDFRONT ? AWS_MalformedXML : AWS_MalformedInput;
}

/* An element or a value that does not fit the shape. */
static void refuse(struct xml_parser *p, const char *finding)
{
    enum aws_error code = p->service == AWS_CLOUDFRONT ? AWS_MalformedXML : AWS_InvalidInput;
    aws_fail(p->fault, code, "Invalid XML ; %s", finding);
    stop(p);
}

/* A value that does not fit its member: each service has words of its own. */
static void refuse_value(struct xml_parser *p, enum misfit misfit, const struct aws_member *m,
                         struct slice text)
{
    if (p->service != AWS_CLOUDFRONT) {
        refuse(p, misfit_in_xml(p->arena, misfit, m, text));
        return;
    }
    aws_fail(p->fault, AWS_MalformedXML, "%s", misfit_in_request(p->arena, misfit, m, text));
    stop(p);
}

static uint64_t bit_of(const struct aws_shape *shape, const struct aws_member *m)
{
    CHECK(m - shape->members < AWS_SHAPE_MAX_MEMBERS);
    return (uint64_t)1 << (m - shape->members);
}

/* The members that may or must still come: {"namespace":A, "namespace":B}. */
static const char *expected_members(struct xml_parser *p, const struct frame *f, bool only_required)
{
    const char *ns = aws_service_namespace(p->service);
    AUTO_BUF struct buf list = {0};
    for (const struct aws_member *m = f->shape->members; m->name != NULL; m++) {
        if (m->location != AWS_IN_BODY || m->type == AWS_UNKNOWN ||
            (f->seen & bit_of(f->shape, m)) != 0 || (only_required && !m->is_required))
            continue;
        buf_printf(&list, "%s\"%s\":%s", buf_len(&list) == 0 ? "" : ", ", ns, m->name);
    }
    return arena_str(p->arena, buf_slice(&list));
}

static const char *expected(struct xml_parser *p, const struct frame *f, bool only_required)
{
    if (f->kind == FRAME_LIST)
        return arena_printf(p->arena, "\"%s\":%s", aws_service_namespace(p->service),
                            f->member->element);
    return expected_members(p, f, only_required);
}

static void refuse_element(struct xml_parser *p, const struct frame *f, const char *name)
{
    struct slice shown = utf8_clip(slice_str(name), 128);
    const char *wanted = expected(p, f, false);
    if (*wanted == '\0')
        refuse(p, arena_printf(p->arena,
                               "cvc-complex-type.2.4.d: Invalid content was found starting with "
                               "element '%.*s'. No child element is expected at this point.",
                               SLICE_FMT(shown)));
    else
        refuse(p, arena_printf(p->arena,
                               "cvc-complex-type.2.4.a: Invalid content was found starting with "
                               "element '%.*s'. One of '{%s}' is expected.",
                               SLICE_FMT(shown), wanted));
}

/* Where the first missing member of a closing structure would stand: "Origins.Items.Origin.Id". */
static const char *missing_path(struct xml_parser *p, const struct frame *f)
{
    AUTO_BUF struct buf path = {0};
    for (size_t i = 1; i < p->depth; i++)
        buf_printf(&path, "%s.", p->frames[i].name);
    if (p->depth > 0)
        buf_printf(&path, "%s.", f->name);
    for (const struct aws_member *m = f->shape->members; m->name != NULL; m++) {
        if (m->location == AWS_IN_BODY && m->is_required && (f->seen & bit_of(f->shape, m)) == 0) {
            buf_append_str(&path, m->name);
            break;
        }
    }
    return arena_str(p->arena, buf_slice(&path));
}

static void refuse_incomplete(struct xml_parser *p, const struct frame *f)
{
    if (p->service == AWS_CLOUDFRONT && f->kind == FRAME_STRUCTURE) {
        aws_fail(p->fault, AWS_MalformedXML,
                 "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                 "Member must not be null",
                 missing_path(p, f));
        stop(p);
        return;
    }
    refuse(p, arena_printf(p->arena,
                           "cvc-complex-type.2.4.b: The content of element '%s' is not complete. "
                           "One of '{%s}' is expected.",
                           f->name, expected(p, f, true)));
}

/* ---- opening elements */

static struct frame *top(struct xml_parser *p)
{
    return &p->frames[p->depth - 1];
}

static void push(struct xml_parser *p, const struct frame *f)
{
    CHECK(p->depth < AWS_XML_MAX_DEPTH);
    p->frames[p->depth++] = *f;
    if (f->kind == FRAME_LEAF || f->kind == FRAME_UNKNOWN)
        buf_clear(&p->text);
}

/* The name behind a prefix ("a:Name"), and the prefix; the reader knows no namespaces. */
static const char *local_name(const char *name, struct slice *out_prefix)
{
    const char *colon = strchr(name, ':');
    *out_prefix = slice_of(name, colon == NULL ? 0 : (size_t)(colon - name));
    return colon == NULL ? name : colon + 1;
}

/* The namespace that the root declares for its own prefix; NULL where it declares none. */
static const char *declared_namespace(struct xml_parser *p, const char **attributes)
{
    const char *wanted = p->prefix.len == 0 ? "xmlns"
                                            : arena_printf(p->arena, "xmlns:%.*s",
                                                           SLICE_FMT(utf8_clip(p->prefix, 64)));
    for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
        if (strcmp(attributes[0], wanted) == 0)
            return attributes[1];
    return NULL;
}

static void open_root(struct xml_parser *p, const char *name, const char **attributes)
{
    struct slice prefix;
    const char *local = local_name(name, &prefix);
    p->prefix = arena_copy(p->arena, prefix);
    const char *ns = declared_namespace(p, attributes);
    bool is_ours = ns == NULL || strcmp(ns, aws_service_namespace(p->service)) == 0;
    if (strcmp(local, p->root->name) != 0 || !is_ours) {
        struct slice shown = utf8_clip(slice_str(local), 128);
        aws_fail(p->fault, malformed_code(p->service), "%.*s is not valid, expected %s",
                 SLICE_FMT(shown), p->root->name);
        stop(p);
        return;
    }
    push(p,
         &(struct frame){
             .kind = FRAME_STRUCTURE, .name = p->root->name, .object = p->out, .shape = p->root});
}

/* Room for one more element of a list: arrays double from 4, so the count tells the capacity. */
static void list_reserve(struct xml_parser *p, const struct aws_member *m, void *object,
                         size_t item_size)
{
    size_t count = *member_count(m, object);
    bool is_full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!is_full)
        return;
    void *items = arena_array(p->arena, count == 0 ? 4 : 2 * count, item_size);
    if (count > 0)
        memcpy(items, member_pointer(m, object), count * item_size);
    member_set_pointer(m, object, items);
}

static void open_item(struct xml_parser *p, const struct aws_member *m, void *object)
{
    if (*member_count(m, object) >= AWS_LIST_MAX_ITEMS) {
        refuse(p, arena_printf(p->arena, "'%s' has more than %zu elements.", m->name,
                               AWS_LIST_MAX_ITEMS));
        return;
    }
    if (m->shape == NULL) {
        push(p, &(struct frame){
                    .kind = FRAME_LEAF, .name = m->element, .object = object, .member = m});
        return;
    }
    list_reserve(p, m, object, m->shape->size);
    size_t index = (*member_count(m, object))++;
    void *item = (uint8_t *)member_pointer(m, object) + index * m->shape->size;
    push(p, &(struct frame){
                .kind = FRAME_STRUCTURE, .name = m->element, .object = item, .shape = m->shape});
}

static void open_member(struct xml_parser *p, const struct aws_member *m, void *object)
{
    void *inner;
    switch (m->type) {
    case AWS_STRUCTURE:
        inner = arena_alloc(p->arena, m->shape->size);
        member_set_pointer(m, object, inner);
        push(p, &(struct frame){
                    .kind = FRAME_STRUCTURE, .name = m->name, .object = inner, .shape = m->shape});
        return;
    case AWS_FLAT_LIST:
        *member_has(m, object) = true;
        open_item(p, m, object);
        return;
    case AWS_TEXTS:
    case AWS_LIST:
        *member_has(m, object) = true;
        push(p,
             &(struct frame){.kind = FRAME_LIST, .name = m->name, .object = object, .member = m});
        return;
    case AWS_TEXT:
    case AWS_ID:
    case AWS_STRIPPED_ID:
    case AWS_BOOL:
    case AWS_NUMBER:
    case AWS_QUANTITY:
    case AWS_TIME:
    case AWS_ENUM:
        push(p,
             &(struct frame){.kind = FRAME_LEAF, .name = m->name, .object = object, .member = m});
        return;
    case AWS_UNKNOWN:
        CHECK_MSG(false, "no element is called '%s'", m->name);
    }
}

/* ---- unknown elements that are kept: written down as they come, without attributes */

static void grow_unknown(struct xml_parser *p, size_t before)
{
    p->unknown_bytes += buf_len(&p->text) - before;
    if (p->unknown_bytes > AWS_XML_UNKNOWN_MAX_BYTES)
        refuse(p, "More unknown elements than are kept.");
}

static void open_unknown(struct xml_parser *p, const char *name)
{
    size_t before = buf_len(&p->text);
    if (strchr(name, ':') != NULL || p->depth + p->unknown_depth >= AWS_XML_MAX_DEPTH) {
        refuse(p, "An unknown element is of another namespace or nested too deeply.");
        return;
    }
    p->unknown_depth++;
    buf_printf(&p->text, "<%s>", name);
    grow_unknown(p, before);
}

static void close_unknown(struct xml_parser *p, const char *name)
{
    struct slice prefix;
    size_t before = buf_len(&p->text);
    buf_printf(&p->text, "</%s>", local_name(name, &prefix));
    grow_unknown(p, before);
    if (p->fault->error != AWS_OK || --p->unknown_depth > 0)
        return;
    const struct frame *f = &p->frames[--p->depth];
    AUTO_BUF struct buf whole = {0};
    buf_append(&whole, member_unknown(f->member, f->object));
    buf_append(&whole, buf_slice(&p->text));
    member_set_unknown(f->member, f->object, arena_copy(p->arena, buf_slice(&whole)));
}

/* The member that keeps what the shape does not know; NULL where it refuses that. */
static const struct aws_member *keeper_of(const struct aws_shape *shape)
{
    for (const struct aws_member *m = shape->members; m->name != NULL; m++)
        if (m->type == AWS_UNKNOWN)
            return m;
    return NULL;
}

static void open_in_structure(struct xml_parser *p, struct frame *f, const char *name)
{
    for (const struct aws_member *m = f->shape->members; m->name != NULL; m++) {
        if (m->location != AWS_IN_BODY || strcmp(m->name, name) != 0)
            continue;
        uint64_t bit = bit_of(f->shape, m);
        if ((f->seen & bit) != 0 && m->type != AWS_FLAT_LIST) {
            refuse_element(p, f, name);
            return;
        }
        f->seen |= bit;
        open_member(p, m, f->object);
        return;
    }
    const struct aws_member *keeper = keeper_of(f->shape);
    if (keeper == NULL) {
        refuse_element(p, f, name);
        return;
    }
    push(p,
         &(struct frame){
             .kind = FRAME_UNKNOWN, .name = keeper->name, .object = f->object, .member = keeper});
    open_unknown(p, name);
}

static void on_start(void *user, const xmlChar *xml_name, const xmlChar **attributes)
{
    struct xml_parser *p = user;
    if (p->fault->error != AWS_OK)
        return;
    if (p->depth == 0) {
        open_root(p, (const char *)xml_name, (const char **)attributes);
        return;
    }
    struct slice prefix;
    const char *name = local_name((const char *)xml_name, &prefix);
    if (!slice_equal(prefix, p->prefix))
        name = (const char *)xml_name;
    struct frame *f = top(p);
    if (f->kind == FRAME_LEAF)
        refuse(p, arena_printf(p->arena,
                               "cvc-type.3.1.2: Element '%s' is a simple type, so it must have no "
                               "element information item [children].",
                               f->name));
    else if (f->kind == FRAME_STRUCTURE)
        open_in_structure(p, f, name);
    else if (f->kind == FRAME_UNKNOWN)
        open_unknown(p, name);
    else if (strcmp(f->member->element, name) == 0)
        open_item(p, f->member, f->object);
    else
        refuse_element(p, f, name);
}

/* ---- closing elements */

static void close_text_item(struct xml_parser *p, const struct frame *f)
{
    const struct aws_member *m = f->member;
    struct slice text = buf_slice(&p->text);
    if (utf8_count(text) > (uint64_t)m->max) {
        refuse_value(p, MISFIT_LONG, m, text);
        return;
    }
    list_reserve(p, m, f->object, sizeof(char *));
    const char **items = member_pointer(m, f->object);
    items[(*member_count(m, f->object))++] = arena_str(p->arena, text);
}

static void close_leaf(struct xml_parser *p, const struct frame *f)
{
    if (f->member->type == AWS_TEXTS) {
        close_text_item(p, f);
        return;
    }
    struct slice text = buf_slice(&p->text);
    enum misfit misfit = value_set(p->arena, f->member, text, f->object);
    if (misfit != MISFIT_NONE)
        refuse_value(p, misfit, f->member, text);
}

static void refuse_quantity(struct xml_parser *p, const struct frame *f)
{
    aws_fail(p->fault, AWS_InconsistentQuantities,
             "The value of Quantity and the size of Items don't match in '%s'.", f->name);
    stop(p);
}

static void close_structure(struct xml_parser *p, const struct frame *f)
{
    for (const struct aws_member *m = f->shape->members; m->name != NULL; m++) {
        bool is_wanted = m->location == AWS_IN_BODY && m->is_required &&
                         !(m->type == AWS_FLAT_LIST && m->min == 0);
        if (is_wanted && (f->seen & bit_of(f->shape, m)) == 0) {
            refuse_incomplete(p, f);
            return;
        }
        if (m->type == AWS_QUANTITY &&
            (uint64_t)member_quantity(m, f->object) != member_count_of(m, f->object)) {
            refuse_quantity(p, f);
            return;
        }
    }
}

static void on_end(void *user, const xmlChar *name)
{
    struct xml_parser *p = user;
    if (p->fault->error != AWS_OK)
        return;
    CHECK(p->depth > 0);
    if (top(p)->kind == FRAME_UNKNOWN) {
        close_unknown(p, (const char *)name);
        return;
    }
    const struct frame *f = &p->frames[--p->depth];
    if (f->kind == FRAME_LEAF)
        close_leaf(p, f);
    else if (f->kind == FRAME_STRUCTURE)
        close_structure(p, f);
    else if (*member_count(f->member, f->object) < (uint64_t)f->member->min)
        refuse_incomplete(p, f);
}

/* ---- text, and what is not wanted */

static bool is_blank(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] != ' ' && s.data[i] != '\t' && s.data[i] != '\n' && s.data[i] != '\r')
            return false;
    return true;
}

static void on_text(void *user, const xmlChar *text, int len)
{
    struct xml_parser *p = user;
    struct slice s = slice_of(text, (size_t)len);
    if (p->fault->error != AWS_OK || p->depth == 0)
        return;
    size_t before = buf_len(&p->text);
    if (top(p)->kind == FRAME_LEAF) {
        buf_append(&p->text, s);
    } else if (top(p)->kind == FRAME_UNKNOWN) {
        xml_append_text(&p->text, s);
        grow_unknown(p, before);
    } else if (!is_blank(s))
        refuse(p, arena_printf(p->arena,
                               "cvc-complex-type.2.3: Element '%s' cannot have character "
                               "[children], because the type's content type is element-only.",
                               top(p)->name));
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    struct xml_parser *p = user;
    if (p->fault->error == AWS_OK)
        aws_fail(p->fault, malformed_code(p->service), "A document type is not allowed");
    stop(p);
}

static void refuse_malformed(struct xml_parser *p)
{
    const xmlError *error = &p->context->lastError;
    struct slice message = slice_str(error->message);
    while (message.len > 0 && message.data[message.len - 1] == '\n')
        message.len--;
    message = utf8_clip(message, 256);
    aws_fail(p->fault, malformed_code(p->service),
             "The XML document is not well-formed: line %d: %.*s", error->line, SLICE_FMT(message));
}

static void run_parser(struct xml_parser *p, struct slice text)
{
    xmlSAXHandler sax = {
        .initialized = 1, /* the first form of the events: they pass names as they stand */
        .startElement = on_start,
        .endElement = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_doctype,
    };
    p->context = xmlCreatePushParserCtxt(&sax, p, NULL, 0, NULL);
    CHECK(p->context != NULL);
    /* What the declaration says of the encoding is not heeded: the text is UTF-8. */
    xmlCtxtUseOptions(p->context, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    int result = xmlParseChunk(p->context, (const char *)text.data, (int)text.len, 1);
    bool is_whole = result == XML_ERR_OK && p->context->wellFormed && p->depth == 0;
    if (p->fault->error == AWS_OK && !is_whole)
        refuse_malformed(p);
    if (p->context->myDoc != NULL)
        xmlFreeDoc(p->context->myDoc);
    xmlFreeParserCtxt(p->context);
}

void aws_xml_init(void)
{
    xmlInitParser();
}

enum aws_error aws_xml_parse(enum aws_service service, const struct aws_shape *shape,
                             struct slice text, void *out, struct aws_fault *fault)
{
    CHECK(aws_service_namespace(service) != NULL);
    if (text.len > AWS_XML_MAX_BYTES)
        return aws_fail(fault, AWS_RequestEntityTooLarge, "The request is larger than %zu bytes",
                        AWS_XML_MAX_BYTES);
    if (text.len == 0)
        return aws_fail(fault, malformed_code(service), "A body with %s is expected", shape->name);
    const char *finding;
    if (!xml_is_harmless(text, &finding))
        return aws_fail(fault, malformed_code(service), "The XML document is not accepted: %s",
                        finding);
    fault->error = AWS_OK;
    struct xml_parser p = {
        .service = service, .root = shape, .out = out, .fault = fault, .arena = fault->arena};
    run_parser(&p, text);
    buf_fini(&p.text);
    return fault->error;
}
