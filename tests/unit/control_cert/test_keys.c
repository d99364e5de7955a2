// SPDX-License-Identifier: Apache-2.0
// Control's keys: made at the first start, completed after a crash at any point of it, renewed in
// time, and never silently replaced once others rely on them.

#include "control/cert/cert.h"

#include "os/file.h"
#include "shared/temp_dir.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_S 1800000000
#define DAY_S ((int64_t)86400)

/** All files, in the order in which the first start writes them. */
static const char *const files[] = {
    "identity.key", "identity.pem", "seal.key", "fleet-root.key", "fleet-root.pem", "release.key",
    "release.pem",  "control.pem",  "ca.key",   "ca.pem",         "api.key",        "api.pem",
};

static const char *const platform_names[] = {"10.0.0.9", "weir.test"};

static char dir[TEMP_DIR_SIZE];

static const char *path_of(const char *name)
{
    return temp_dir_file(dir, name);
}

static int setup(void **state)
{
    (void)state;
    temp_dir_make(dir, "keys");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static struct control_keys_options options_at(int64_t now_unix_s)
{
    return (struct control_keys_options){
        .dir = dir,
        .now_unix_s = now_unix_s,
        .nodes_host = "10.0.0.9",
        .api_names = platform_names,
        .api_name_count = ARRAY_LEN(platform_names),
    };
}

static struct control_keys *open_with(const struct control_keys_options *options)
{
    struct control_keys *keys = NULL;
    struct errctx ec = {0};
    if (control_keys_open(options, &keys, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return keys;
}

static struct control_keys *open_at(int64_t now_unix_s)
{
    const struct control_keys_options options = options_at(now_unix_s);
    return open_with(&options);
}

/** Opening must fail so, with `word` in the text. */
static void assert_fails(const struct control_keys_options *options, enum err code,
                         const char *word)
{
    struct control_keys *keys = NULL;
    struct errctx ec = {0};
    assert_int_equal(control_keys_open(options, &keys, &ec), code);
    assert_null(keys);
    if (strstr(ec.text, word) == NULL)
        fail_msg("'%s' is not in: %s", word, ec.text);
}

static void assert_refused(const char *word)
{
    const struct control_keys_options options = options_at(NOW_S);
    assert_fails(&options, ERR_CORRUPT, word);
}

static struct slice content_of(struct arena *a, const char *name)
{
    struct slice content = {0};
    struct errctx ec = {0};
    if (file_read(a, path_of(name), 65536, &content, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return content;
}

static void write_text(const char *name, struct slice content)
{
    struct errctx ec = {0};
    assert_int_equal(file_replace(path_of(name), content, 0600, &ec), ERR_OK);
}

static void lose(const char *name)
{
    assert_int_equal(unlink(path_of(name)), 0);
}

/** That every part works and belongs to the others. */
static void assert_sound(const struct control_keys *k, int64_t now_unix_s)
{
    AUTO_ARENA struct arena a = {0};
    struct errctx ec = {0};
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    assert_int_equal(
        cert_verify(k->release_pem, k->fleet_root_pem, CERT_RELEASE_KEY, now_unix_s, &ec), ERR_OK);
    assert_int_equal(cert_public_key(k->release_pem, public_key, &ec), ERR_OK);
    assert_memory_equal(public_key, signing_key_public(k->release_key), sizeof(public_key));
    assert_int_equal(cert_verify(k->control_pem, k->fleet_root_pem, CERT_TLS_PEER, now_unix_s, &ec),
                     ERR_OK);
    assert_true(cert_matches_key(k->control_pem, k->identity.key_pem));
    assert_int_equal(
        cert_verify(k->api.cert_pem, k->authority.cert_pem, CERT_TLS_SERVER, now_unix_s, &ec),
        ERR_OK);
    assert_true(cert_matches_key(k->api.cert_pem, k->api.key_pem));
    if (k->fleet_root_key != NULL)
        assert_true(cert_matches_key(k->fleet_root_pem, signing_key_pem(&a, k->fleet_root_key)));
    assert_int_not_equal(k->seal.version, 0);
}

static void the_first_start_makes_every_file_and_the_second_keeps_them(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct slice first[ARRAY_LEN(files)];
    struct control_keys *keys = open_at(NOW_S);
    assert_sound(keys, NOW_S);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct stat st;
        bool is_secret = slice_ends_with(slice_str(files[i]), SLICE_LIT(".key"));
        assert_int_equal(stat(path_of(files[i]), &st), 0);
        assert_int_equal(st.st_mode & 07777, is_secret ? 0600 : 0644);
        first[i] = content_of(&a, files[i]);
    }
    struct control_keys *again = open_at(NOW_S + DAY_S);
    assert_sound(again, NOW_S + DAY_S);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        assert_true(slice_equal(first[i], content_of(&a, files[i])));
    assert_memory_equal(&keys->seal, &again->seal, sizeof(keys->seal));
    control_keys_free(keys);
    control_keys_free(again);
    control_keys_free(NULL);
}

static void nothing_else_is_left_in_the_directory(void **state)
{
    (void)state;
    size_t count = 0;
    control_keys_free(open_at(NOW_S));
    DIR *d = opendir(dir);
    assert_non_null(d);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
    for (const struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d))
        count += entry->d_name[0] != '.';
    (void)closedir(d);
    assert_int_equal(count, ARRAY_LEN(files));
}

static void a_start_cut_off_after_any_file_is_completed(void **state)
{
    (void)state;
    for (size_t written = 0; written < ARRAY_LEN(files); written++) {
        AUTO_ARENA struct arena a = {0};
        struct slice before[ARRAY_LEN(files)];
        control_keys_free(open_at(NOW_S));
        for (size_t i = 0; i < ARRAY_LEN(files); i++)
            before[i] = content_of(&a, files[i]);
        for (size_t i = written; i < ARRAY_LEN(files); i++)
            lose(files[i]);
        struct control_keys *keys = open_at(NOW_S);
        assert_sound(keys, NOW_S);
        for (size_t i = 0; i < written; i++) {
            /* The API's key is made anew with its certificate; nobody relies on it yet. */
            if (strcmp(files[i], "api.key") != 0)
                assert_true(slice_equal(before[i], content_of(&a, files[i])));
        }
        control_keys_free(keys);
    }
}

static void what_others_rely_on_is_not_replaced_once_lost(void **state)
{
    (void)state;
    /* One or two files lost together, and what the message must name. */
    static const char *const losses[][3] = {
        {"identity.key", NULL, "identity.key"},
        {"seal.key", NULL, "seal.key"},
        {"fleet-root.key", "fleet-root.pem", "fleet-root.pem"},
        {"ca.key", "ca.pem", "ca.pem"},
    };
    for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
        AUTO_ARENA struct arena a = {0};
        struct slice kept[2] = {{0}};
        control_keys_free(open_at(NOW_S));
        for (size_t j = 0; j < 2 && losses[i][j] != NULL; j++) {
            kept[j] = content_of(&a, losses[i][j]);
            lose(losses[i][j]);
        }
        assert_refused(losses[i][2]);
        for (size_t j = 0; j < 2 && losses[i][j] != NULL; j++)
            write_text(losses[i][j], kept[j]);
    }
}

static void a_key_that_is_not_its_certificates_is_an_error(void **state)
{
    (void)state;
    static const char *const keys[] = {"identity.key", "fleet-root.key", "ca.key"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        AUTO_ARENA struct arena a = {0};
        control_keys_free(open_at(NOW_S));
        struct signing_key *other = signing_key_make();
        struct slice kept = content_of(&a, keys[i]);
        write_text(keys[i], signing_key_pem(&a, other));
        assert_refused(keys[i]);
        assert_true(slice_equal(content_of(&a, keys[i]), signing_key_pem(&a, other)));
        write_text(keys[i], kept);
        signing_key_free(other);
    }
}

static void damaged_keys_are_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"seal.key",    "fleet-root.key", "fleet-root.pem",
                                        "release.key", "ca.key",         "ca.pem"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO_ARENA struct arena a = {0};
        control_keys_free(open_at(NOW_S));
        struct slice kept = content_of(&a, names[i]);
        write_text(names[i], slice_sub(kept, 0, kept.len / 2));
        assert_refused(names[i]);
        write_text(names[i], SLICE_LIT(""));
        assert_refused(names[i]);
        write_text(names[i], kept);
    }
}

static void a_seal_key_is_a_version_and_64_hex_digits(void **state)
{
    (void)state;
    static const char digits[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char *const bad[] = {"0 %s\n",  "x %s\n",   "%s\n",        "4294967296 %s\n",
                                      "1 %s0\n", "1 %s00\n", "1 %s\nmore\n"};
    char text[128];
    control_keys_free(open_at(NOW_S));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct slice hex = slice_str(digits);
        const char *at = strstr(bad[i], "%s");
        (void)snprintf(text, sizeof(text), "%.*s%.*s%s", (int)(at - bad[i]), bad[i], SLICE_FMT(hex),
                       at + 2);
        write_text("seal.key", slice_str(text));
        assert_refused("seal.key");
    }
    (void)snprintf(text, sizeof(text), "4294967295 %s\n", digits);
    write_text("seal.key", slice_str(text));
    struct control_keys *keys = open_at(NOW_S);
    assert_int_equal(keys->seal.version, UINT32_MAX);
    assert_int_equal(keys->seal.bytes[1], 0x11);
    control_keys_free(keys);
}

static void certificates_follow_the_addresses(void **state)
{
    (void)state;
    static const char *const all[] = {"localhost", "127.0.0.1", "::1", "10.0.0.9", "weir.test"};
    static const char *const others[] = {"::", "127.0.0.1", "Localhost", "other.test"};
    static const char *const all_others[] = {"localhost", "127.0.0.1", "::1", "other.test"};
    const char *host = "10.0.0.9";
    struct control_keys_options options = options_at(NOW_S);
    struct control_keys *first = open_with(&options);
    assert_true(cert_has_alt_names(first->control_pem, &host, 1));
    assert_true(cert_has_alt_names(first->api.cert_pem, all, ARRAY_LEN(all)));

    options.nodes_host = "0.0.0.0";
    options.api_names = others;
    options.api_name_count = ARRAY_LEN(others);
    struct control_keys *second = open_with(&options);
    assert_sound(second, NOW_S);
    assert_true(cert_has_alt_names(second->control_pem, NULL, 0));
    assert_true(cert_has_alt_names(second->api.cert_pem, all_others, ARRAY_LEN(all_others)));
    assert_true(slice_equal(first->release_pem, second->release_pem));
    assert_true(slice_equal(first->authority.cert_pem, second->authority.cert_pem));
    control_keys_free(first);
    control_keys_free(second);
}

static void without_a_nodes_listener_it_has_no_certificate(void **state)
{
    (void)state;
    struct control_keys_options options = options_at(NOW_S);
    options.nodes_host = NULL;
    options.api_name_count = 0;
    struct control_keys *keys = open_with(&options);
    assert_int_equal(keys->control_pem.len, 0);
    assert_int_not_equal(access(path_of("control.pem"), F_OK), 0);
    control_keys_free(keys);
}

static void names_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"two words"};
    const char *many[62];
    char texts[ARRAY_LEN(many)][16];
    struct control_keys_options options = options_at(NOW_S);
    options.api_names = bad;
    options.api_name_count = 1;
    assert_fails(&options, ERR_INVALID, "two words");
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "n%zu.test", i);
        many[i] = texts[i];
    }
    options.api_names = many;
    options.api_name_count = 62; /* with the three fixed ones: one too many */
    assert_fails(&options, ERR_LIMIT, "64");
    options.api_name_count = 61;
    control_keys_free(open_with(&options));
}

static void certificates_are_renewed_30_days_before_their_end(void **state)
{
    (void)state;
    const int64_t api_s = NOW_S + (825 - 30) * DAY_S;
    const int64_t fleet_s = NOW_S + (3650 - 30) * DAY_S;
    struct control_keys *first = open_at(NOW_S);
    struct control_keys *before = open_at(api_s - 1);
    struct control_keys *after = open_at(api_s + 1);
    struct control_keys *late = open_at(fleet_s - 1);
    struct control_keys *later = open_at(fleet_s + 1);
    assert_true(slice_equal(first->api.cert_pem, before->api.cert_pem));
    assert_false(slice_equal(first->api.cert_pem, after->api.cert_pem));
    assert_true(slice_equal(first->release_pem, late->release_pem));
    assert_true(slice_equal(first->control_pem, late->control_pem));
    assert_false(slice_equal(first->release_pem, later->release_pem));
    assert_false(slice_equal(first->control_pem, later->control_pem));
    assert_sound(later, fleet_s + 1);
    assert_memory_equal(signing_key_public(first->release_key),
                        signing_key_public(later->release_key), ED25519_PUBLIC_BYTES);
    assert_true(slice_equal(first->fleet_root_pem, later->fleet_root_pem));
    control_keys_free(first);
    control_keys_free(before);
    control_keys_free(after);
    control_keys_free(late);
    control_keys_free(later);
}

static void a_fleet_root_past_its_end_is_an_error(void **state)
{
    (void)state;
    struct control_keys_options options = options_at(NOW_S + 10951 * DAY_S);
    control_keys_free(open_at(NOW_S));
    assert_fails(&options, ERR_DENIED, "fleet-root.pem");
}

static void root_keys_may_be_kept_offline_until_they_are_needed(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct control_keys_options options = options_at(NOW_S);
    control_keys_free(open_at(NOW_S));
    struct slice root_key = content_of(&a, "fleet-root.key");
    lose("fleet-root.key");
    lose("ca.key");
    struct control_keys *keys = open_with(&options);
    assert_null(keys->fleet_root_key);
    assert_sound(keys, NOW_S);
    control_keys_free(keys);

    options.nodes_host = "10.0.0.10";
    assert_fails(&options, ERR_DENIED, "fleet-root.key");
    write_text("fleet-root.key", root_key);
    options.api_name_count = 1;
    assert_fails(&options, ERR_DENIED, "ca.key");
}

static void a_certificate_without_its_key_is_issued_to_a_new_one(void **state)
{
    (void)state;
    struct control_keys *first = open_at(NOW_S);
    lose("release.key");
    lose("api.key");
    lose("fleet-root.pem");
    lose("ca.pem");
    struct control_keys *second = open_at(NOW_S);
    struct errctx ec = {0};
    assert_sound(second, NOW_S);
    /* The certificate that nodes and clients hold still vouches for what is issued now. */
    assert_int_equal(
        cert_verify(second->release_pem, first->fleet_root_pem, CERT_RELEASE_KEY, NOW_S, &ec),
        ERR_OK);
    assert_int_equal(
        cert_verify(second->api.cert_pem, first->authority.cert_pem, CERT_TLS_SERVER, NOW_S, &ec),
        ERR_OK);
    control_keys_free(first);
    control_keys_free(second);
}

#define IN_A_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_DIRECTORY(the_first_start_makes_every_file_and_the_second_keeps_them),
        IN_A_DIRECTORY(nothing_else_is_left_in_the_directory),
        IN_A_DIRECTORY(a_start_cut_off_after_any_file_is_completed),
        IN_A_DIRECTORY(what_others_rely_on_is_not_replaced_once_lost),
        IN_A_DIRECTORY(a_key_that_is_not_its_certificates_is_an_error),
        IN_A_DIRECTORY(damaged_keys_are_an_error),
        IN_A_DIRECTORY(a_seal_key_is_a_version_and_64_hex_digits),
        IN_A_DIRECTORY(certificates_follow_the_addresses),
        IN_A_DIRECTORY(without_a_nodes_listener_it_has_no_certificate),
        IN_A_DIRECTORY(names_that_cannot_be_are_refused),
        IN_A_DIRECTORY(certificates_are_renewed_30_days_before_their_end),
        IN_A_DIRECTORY(a_fleet_root_past_its_end_is_an_error),
        IN_A_DIRECTORY(root_keys_may_be_kept_offline_until_they_are_needed),
        IN_A_DIRECTORY(a_certificate_without_its_key_is_issued_to_a_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
