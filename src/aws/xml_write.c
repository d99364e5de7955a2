// SPDX-License-Identifier: Apache-2.0
// Struct to XML text. Called by the binder for answers and by the codec of stored objects, on any
// thread. Shapes nest, calls do not: a stack of cursors walks the members.
#include "aws/xml.h"

#include "aws/limits.h"
#include "aws/text_priv.h"
#include "aws/value_priv.h"
#include "base/check.h"

/* Where the writer stands in one open structure. */
struct cursor {
    const void *object;
    const struct aws_member *member; /* the next to write, or the list under way */
    size_t index;                    /* of the next element of that list */
    const char *element;             /* name of this structure's own element */
};

struct xml_writer {
    struct buf *out;
    struct cursor cursors[AWS_XML_MAX_DEPTH];
    size_t depth;
};

static void open_tag(struct buf *out, const char *name)
{
    buf_printf(out, "<%s>", name);
}

static void close_tag(struct buf *out, const char *name)
{
    buf_printf(out, "</%s>", name);
}

static void push(struct xml_writer *w, const char *element, const struct aws_shape *shape,
                 const void *object)
{
    CHECK(w->depth < AWS_XML_MAX_DEPTH);
    open_tag(w->out, element);
    w->cursors[w->depth++] =
        (struct cursor){.object = object, .member = shape->members, .element = element};
}

static void write_scalar(struct xml_writer *w, const struct aws_member *m, const void *object)
{
    AUTO_BUF struct buf text = {0};
    value_append(&text, m, object);
    open_tag(w->out, m->name);
    xml_append_text(w->out, buf_slice(&text));
    close_tag(w->out, m->name);
}

static void write_texts(struct xml_writer *w, const struct aws_member *m, const void *object)
{
    const char **items = member_pointer(m, object);
    open_tag(w->out, m->name);
    for (size_t i = 0; i < member_count_of(m, object); i++) {
        open_tag(w->out, m->element);
        xml_append_text(w->out, slice_str(items[i]));
        close_tag(w->out, m->element);
    }
    close_tag(w->out, m->name);
}

/* Writes the next element of the list under way, or ends the list. */
static void step_list(struct xml_writer *w, struct cursor *c)
{
    const struct aws_member *m = c->member;
    bool has_wrapper = m->type == AWS_LIST;
    if (c->index == 0 && has_wrapper)
        open_tag(w->out, m->name);
    if (c->index == member_count_of(m, c->object)) {
        if (has_wrapper)
            close_tag(w->out, m->name);
        c->member++;
        c->index = 0;
        return;
    }
    const uint8_t *items = member_pointer(m, c->object);
    const void *item = items + c->index++ * m->shape->size;
    push(w, m->element, m->shape, item);
}

/* Writes the member at the cursor and moves on. */
static void step_member(struct xml_writer *w, struct cursor *c)
{
    const struct aws_member *m = c->member;
    bool is_present = m->location == AWS_IN_BODY && member_is_present(m, c->object);
    if (!is_present) {
        CHECK_MSG(m->location != AWS_IN_BODY || !m->is_required, "'%s' is not set", m->name);
        c->member++;
        return;
    }
    switch (m->type) {
    case AWS_LIST:
    case AWS_FLAT_LIST:
        step_list(w, c);
        return;
    case AWS_TEXTS:
        write_texts(w, m, c->object);
        c->member++;
        return;
    case AWS_UNKNOWN:
        buf_append(w->out, member_unknown(m, c->object));
        c->member++;
        return;
    case AWS_STRUCTURE:
        c->member++;
        push(w, m->name, m->shape, member_pointer(m, c->object));
        return;
    case AWS_TEXT:
    case AWS_ID:
    case AWS_STRIPPED_ID:
    case AWS_BOOL:
    case AWS_NUMBER:
    case AWS_QUANTITY:
    case AWS_TIME:
    case AWS_ENUM:
        write_scalar(w, m, c->object);
        c->member++;
        return;
    }
}

static void walk(struct xml_writer *w)
{
    while (w->depth > 0) {
        struct cursor *c = &w->cursors[w->depth - 1];
        if (c->member->name == NULL) {
            close_tag(w->out, c->element);
            w->depth--;
        } else {
            step_member(w, c);
        }
    }
}

void aws_xml_write(struct buf *out, const struct aws_shape *shape, const char *xml_namespace,
                   const void *value)
{
    struct xml_writer w = {.out = out};
    buf_append_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if (xml_namespace == NULL) {
        push(&w, shape->name, shape, value);
    } else {
        buf_printf(out, "<%s xmlns=\"%s\">", shape->name, xml_namespace);
        w.cursors[w.depth++] =
            (struct cursor){.object = value, .member = shape->members, .element = shape->name};
    }
    walk(&w);
}
