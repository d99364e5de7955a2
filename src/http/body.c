// SPDX-License-Identifier: Apache-2.0
// Decoder of message bodies (RFC 9112 sections 6 and 7). Pure: called with what has arrived, by
// the connections of both sides.
//
// Chunked bodies, one byte a transition of the table below; chunk data is taken in runs:
//
//                     +------------------- LF -------------------+
//                     v                                          |
//   SIZE_FIRST -> SIZE -(CR)-> SIZE_LF -(LF, size > 0)-> DATA -> DATA_CR -> DATA_LF
//                   |  ^          |
//                 ( ; )|(CR)      +-(LF, size = 0)-> TRAILER_FIRST -(CR)-> END_LF -(LF)-> END
//                   v  |                               |        ^
//              extensions, checked                  TRAILER_NAME, _VALUE, _LF: dropped
//              and dropped
//
// 1. What the table does not name is malformed; nothing is repaired, no white space is passed over.
// 2. A size line is at most HTTP_CHUNK_LINE_BYTES, all trailers together HTTP_TRAILER_BYTES, all
//    extensions of a body HTTP_EXTENSION_BYTES.
// 3. total_bytes never exceeds limit_bytes: a chunk is refused when its size is read.
#include "http/chars_priv.h"
#include "http/parse.h"

enum chunk_state {
    BAD, /* 0: what the table does not name */
    SIZE_FIRST,
    SIZE,
    EXT_FIRST,
    EXT_NAME,
    EXT_VALUE_FIRST,
    EXT_VALUE,
    EXT_QUOTED,
    EXT_ESCAPED,
    EXT_QUOTED_END,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_FIRST,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END,
    STATE_COUNT
};

#define TOKEN_TO(state) [HTTP_HEX] = (state), [HTTP_TCHAR] = (state)
#define VISIBLE_TO(state)                                                                          \
    TOKEN_TO(state), [HTTP_SEMICOLON] = (state), [HTTP_EQUALS] = (state), [HTTP_COLON] = (state),  \
                     [HTTP_BLANK] = (state), [HTTP_TEXT] = (state)

static const uint8_t next_state[STATE_COUNT][HTTP_CLASS_COUNT] = {
    [SIZE_FIRST] = {[HTTP_HEX] = SIZE},
    [SIZE] = {[HTTP_HEX] = SIZE, [HTTP_SEMICOLON] = EXT_FIRST, [HTTP_CR] = SIZE_LF},
    [EXT_FIRST] = {TOKEN_TO(EXT_NAME)},
    [EXT_NAME] = {TOKEN_TO(EXT_NAME), [HTTP_EQUALS] = EXT_VALUE_FIRST, [HTTP_SEMICOLON] = EXT_FIRST,
                  [HTTP_CR] = SIZE_LF},
    [EXT_VALUE_FIRST] = {TOKEN_TO(EXT_VALUE), [HTTP_QUOTE] = EXT_QUOTED},
    [EXT_VALUE] = {TOKEN_TO(EXT_VALUE), [HTTP_SEMICOLON] = EXT_FIRST, [HTTP_CR] = SIZE_LF},
    [EXT_QUOTED] =
        {VISIBLE_TO(EXT_QUOTED), [HTTP_BACKSLASH] = EXT_ESCAPED, [HTTP_QUOTE] = EXT_QUOTED_END},
    [EXT_ESCAPED] =
        {VISIBLE_TO(EXT_QUOTED), [HTTP_BACKSLASH] = EXT_QUOTED, [HTTP_QUOTE] = EXT_QUOTED},
    [EXT_QUOTED_END] = {[HTTP_SEMICOLON] = EXT_FIRST, [HTTP_CR] = SIZE_LF},
    [SIZE_LF] = {[HTTP_LF] = DATA},
    [DATA_CR] = {[HTTP_CR] = DATA_LF},
    [DATA_LF] = {[HTTP_LF] = SIZE_FIRST},
    [TRAILER_FIRST] = {TOKEN_TO(TRAILER_NAME), [HTTP_CR] = END_LF},
    [TRAILER_NAME] = {TOKEN_TO(TRAILER_NAME), [HTTP_COLON] = TRAILER_VALUE},
    [TRAILER_VALUE] = {VISIBLE_TO(TRAILER_VALUE), [HTTP_BACKSLASH] = TRAILER_VALUE,
                       [HTTP_QUOTE] = TRAILER_VALUE, [HTTP_CR] = TRAILER_LF},
    [TRAILER_LF] = {[HTTP_LF] = TRAILER_FIRST},
    [END_LF] = {[HTTP_LF] = END},
};

void http_body_init(struct http_body *b, enum http_body_kind kind, uint64_t length,
                    uint64_t limit_bytes)
{
    *b = (struct http_body){.kind = kind,
                            .left_bytes = kind == HTTP_BODY_LENGTH ? length : 0,
                            .limit_bytes = limit_bytes,
                            .state = SIZE_FIRST};
}

static unsigned hex_value(uint8_t digit)
{
    return digit <= '9' ? digit - (unsigned)'0' : (digit | 0x20u) - (unsigned)'a' + 10;
}

/* Counts the byte against the limit of its line; false past it. */
static bool line_byte_count(struct http_body *b)
{
    if (b->state == SIZE_FIRST || b->state == DATA_CR)
        b->line_bytes = 0;
    if (b->state >= EXT_FIRST && b->state <= EXT_QUOTED_END &&
        ++b->extension_bytes > HTTP_EXTENSION_BYTES)
        return false;
    bool is_trailer = b->state >= TRAILER_FIRST;
    return ++b->line_bytes <= (is_trailer ? HTTP_TRAILER_BYTES : HTTP_CHUNK_LINE_BYTES);
}

/* Takes one byte outside chunk data. */
static void chunk_byte(struct http_body *b, uint8_t byte)
{
    enum chunk_state next = (enum chunk_state)next_state[b->state][http_class[byte]];
    if (!line_byte_count(b))
        next = BAD;
    if (next == SIZE) {
        if (b->left_bytes > UINT64_MAX >> 4)
            next = BAD;
        b->left_bytes = b->left_bytes << 4 | hex_value(byte);
    }
    if (b->state == SIZE_LF && next == DATA && b->left_bytes == 0) {
        next = TRAILER_FIRST;
        b->line_bytes = 0;
    }
    b->state = next;
}

/* A run of body bytes, as many as the input and left_bytes give. */
static enum http_body_step data_take(struct http_body *b, struct slice input, size_t *out_used,
                                     struct slice *out_data)
{
    size_t count = b->left_bytes < input.len ? (size_t)b->left_bytes : input.len;
    b->left_bytes -= count;
    b->total_bytes += count;
    *out_used += count;
    *out_data = slice_sub(input, 0, count);
    return HTTP_BODY_DATA;
}

static enum http_body_step chunked_next(struct http_body *b, struct slice input, size_t *out_used,
                                        struct slice *out_data)
{
    for (size_t i = 0; i < input.len; i++) {
        if (b->state == DATA) {
            if (b->left_bytes > b->limit_bytes - b->total_bytes)
                return HTTP_BODY_LIMIT;
            enum http_body_step step =
                data_take(b, slice_sub(input, i, input.len), out_used, out_data);
            b->state = b->left_bytes == 0 ? DATA_CR : DATA;
            return step;
        }
        if (b->state == END || b->state == BAD)
            break;
        chunk_byte(b, input.data[i]);
        *out_used += 1;
        if (b->state == DATA && b->left_bytes > b->limit_bytes - b->total_bytes)
            return HTTP_BODY_LIMIT;
    }
    if (b->state == END)
        return HTTP_BODY_END;
    return b->state == BAD ? HTTP_BODY_BAD : HTTP_BODY_MORE;
}

static enum http_body_step length_next(struct http_body *b, struct slice input, size_t *out_used,
                                       struct slice *out_data)
{
    if (b->left_bytes > b->limit_bytes - b->total_bytes)
        return HTTP_BODY_LIMIT;
    if (b->left_bytes == 0)
        return HTTP_BODY_END;
    if (input.len == 0)
        return HTTP_BODY_MORE;
    return data_take(b, input, out_used, out_data);
}

enum http_body_step http_body_next(struct http_body *b, struct slice input, size_t *out_used,
                                   struct slice *out_data)
{
    *out_used = 0;
    switch (b->kind) {
    case HTTP_BODY_NONE:
        return HTTP_BODY_END;
    case HTTP_BODY_LENGTH:
        return length_next(b, input, out_used, out_data);
    case HTTP_BODY_CHUNKED:
        return chunked_next(b, input, out_used, out_data);
    case HTTP_BODY_UNTIL_CLOSE:
        break;
    }
    if (input.len == 0)
        return HTTP_BODY_MORE;
    b->left_bytes = b->limit_bytes - b->total_bytes;
    if (b->left_bytes == 0)
        return HTTP_BODY_LIMIT;
    return data_take(b, input, out_used, out_data);
}
