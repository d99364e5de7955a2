// SPDX-License-Identifier: Apache-2.0
// The file of TSIG keys. Runs on the main thread of the role; look-ups on every serving thread.
#include "authority/tsig_keys.h"

#include "base/alloc.h"
#include "base/check.h"
#include "dns/base64.h"
#include "os/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct algorithm {
    struct slice text;
    struct slice wire;
};

static const struct algorithm algorithms[HMAC_HASH_COUNT] = {
    [HMAC_SHA256] = {SLICE_LIT("hmac-sha256"), SLICE_LIT("\13hmac-sha256\0")},
    [HMAC_SHA384] = {SLICE_LIT("hmac-sha384"), SLICE_LIT("\13hmac-sha384\0")},
    [HMAC_SHA512] = {SLICE_LIT("hmac-sha512"), SLICE_LIT("\13hmac-sha512\0")},
};

struct slice tsig_algorithm_name(enum hmac_hash hash)
{
    return algorithms[hash].wire;
}

/* The next word of a line; empty at its end. */
static struct slice next_word(struct slice *rest)
{
    *rest = slice_trim(*rest);
    size_t len = 0;
    while (len < rest->len && rest->data[len] != ' ' && rest->data[len] != '\t')
        len++;
    struct slice word = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len, rest->len - len);
    return word;
}

static bool read_algorithm(struct slice word, enum hmac_hash *out)
{
    if (slice_ends_with(word, SLICE_LIT(".")))
        word.len--;
    for (unsigned i = 0; i < HMAC_HASH_COUNT; i++) {
        if (slice_equal_nocase(word, algorithms[i].text)) {
            *out = (enum hmac_hash)i;
            return true;
        }
    }
    return false;
}

static enum err read_line(struct slice line, struct tsig_key *out, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct slice name = next_word(&line);
    struct slice algorithm = next_word(&line);
    struct slice secret = next_word(&line);
    struct slice bytes;
    if (secret.len == 0 || next_word(&line).len > 0)
        return err_set(ec, ERR_INVALID, "NAME ALGORITHM SECRET is expected");
    enum err e = dns_name_parse(name, &out->name, ec);
    if (e != ERR_OK)
        return e;
    if (!read_algorithm(algorithm, &out->hash))
        return err_set(ec, ERR_INVALID,
                       "algorithm '%.*s': one of hmac-sha256, hmac-sha384, "
                       "hmac-sha512 is expected",
                       SLICE_FMT(algorithm));
    if (!dns_base64_read(&a, secret, &bytes) || bytes.len > TSIG_SECRET_MAX_BYTES)
        return err_set(ec, ERR_INVALID, "the secret is no base64 of 1 to %d bytes",
                       TSIG_SECRET_MAX_BYTES);
    memcpy(out->secret, bytes.data, bytes.len);
    out->secret_bytes = (uint8_t)bytes.len;
    explicit_bzero((void *)(uintptr_t)bytes.data, bytes.len);
    return ERR_OK;
}

static enum err add_line(struct slice line, struct tsig_keys *keys, struct errctx *ec)
{
    line = slice_trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return ERR_OK;
    if (keys->count == TSIG_KEYS_MAX)
        return err_set(ec, ERR_INVALID, "at most %d keys are possible", TSIG_KEYS_MAX);
    struct tsig_key *key = &keys->keys[keys->count];
    enum err e = read_line(line, key, ec);
    if (e != ERR_OK)
        return e;
    if (tsig_keys_find(keys, dns_name_slice(&key->name)) != NULL)
        return err_set(ec, ERR_INVALID, "the key is named twice");
    keys->count++;
    return ERR_OK;
}

enum err tsig_keys_parse(struct slice text, struct tsig_keys **out, struct errctx *ec)
{
    struct tsig_keys *keys = mem_new(1, sizeof(*keys) + TSIG_KEYS_MAX * sizeof(struct tsig_key));
    struct slice line;
    unsigned number = 1;
    for (; slice_split(&text, '\n', &line); number++) {
        enum err e = add_line(line, keys, ec);
        if (e != ERR_OK) {
            tsig_keys_free(keys);
            return err_wrap(ec, "line %u", number);
        }
    }
    *out = keys;
    return ERR_OK;
}

void tsig_keys_free(struct tsig_keys *keys)
{
    if (keys == NULL)
        return;
    explicit_bzero(keys->keys, TSIG_KEYS_MAX * sizeof(struct tsig_key));
    free(keys);
}

enum err tsig_keys_read(const char *path, struct tsig_keys **out, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct stat info;
    struct slice text;
    enum err e = ERR_OK;
    if (stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        e = err_set(ec, ERR_DENIED, "others than its owner may read it: chmod 600");
    if (e == ERR_OK)
        e = file_read(&a, path, TSIG_FILE_MAX_BYTES, &text, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "TSIG keys '%s'", path);
    e = tsig_keys_parse(text, out, ec);
    if (text.len > 0)
        explicit_bzero((void *)(uintptr_t)text.data, text.len);
    return e == ERR_OK ? e : err_wrap(ec, "TSIG keys '%s'", path);
}

const struct tsig_key *tsig_keys_find(const struct tsig_keys *keys, struct slice name)
{
    for (size_t i = 0; keys != NULL && i < keys->count; i++) {
        if (slice_equal(dns_name_slice(&keys->keys[i].name), name))
            return &keys->keys[i];
    }
    return NULL;
}
