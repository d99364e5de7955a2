// SPDX-License-Identifier: Apache-2.0
// The text of a zone on its way through ldns and our codec. What is read and written again reads
// the same, and so does what the API is sent.
#include "base/check.h"
#include "dns/rdata.h"
#include "tool/zone_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* ldns 1.8.3 forgets a field of some records that it refuses; the unit tests look for our leaks. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libldns.so\n";
}

/* The longest value that the API takes. */
enum { VALUE_MAX_CHARACTERS = 4000 };

static void say(void *user, unsigned line, const char *text)
{
    (void)line;
    CHECK(user == NULL && text[0] != '\0');
}

static const struct zone_listener listener = {.say = say};

static bool is_for_api(const struct r53_record_set *set)
{
    for (size_t i = 0; i < set->resource_records_count; i++)
        if (strlen(set->resource_records[i].value) > VALUE_MAX_CHARACTERS)
            return false;
    return true;
}

static void check_api(struct arena *a, const struct zone_set *set)
{
    struct r53_record_set *sent = ARENA_NEW(a, struct r53_record_set);
    struct zone_set listed;
    zone_set_to_api(a, set, sent);
    if (!is_for_api(sent))
        return;
    CHECK(zone_set_of_listed(a, sent, &listed, NULL) == ERR_OK);
    CHECK(zone_set_compare(&listed, set) == 0 && zone_set_is_same(&listed, set));
}

/* ldns reads names of 255 characters at most, escapes included. */
static bool is_for_ldns(struct arena *a, const struct zone_sets *sets)
{
    enum { NAME_MAX_CHARACTERS = 255 };
    char name[DNS_NAME_TEXT_SIZE];
    for (size_t i = 0; i < sets->count; i++) {
        const struct zone_set *set = &sets->items[i];
        if (dns_name_format_master(set->owner, name) >= NAME_MAX_CHARACTERS)
            return false;
        for (size_t j = 0; j < set->rdata_count; j++) {
            bool is_compressible;
            size_t at = dns_rdata_name_offset(set->type, set->rdata[j], &is_compressible);
            if (at < set->rdata[j].len &&
                dns_rdata_format_master(a, set->type, set->rdata[j]).len >= NAME_MAX_CHARACTERS)
                return false;
        }
    }
    return true;
}

static void check_again(struct arena *a, const struct dns_name *origin,
                        const struct zone_sets *sets)
{
    AUTO_BUF struct buf text = {0};
    struct zone_text again;
    zone_text_write(a, sets, &text);
    CHECK(zone_text_read(a, buf_slice(&text), origin, &listener, &again, NULL) == ERR_OK);
    CHECK(again.sets.count == sets->count && again.signing_count == 0);
    for (size_t i = 0; i < sets->count; i++) {
        CHECK(zone_set_compare(&again.sets.items[i], &sets->items[i]) == 0);
        CHECK(zone_set_is_same(&again.sets.items[i], &sets->items[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena a = {0};
    struct dns_name origin;
    struct zone_text read;
    CHECK(dns_name_parse(SLICE_LIT("example.com"), &origin, NULL) == ERR_OK);
    if (zone_text_read(&a, slice_of(data, size), &origin, &listener, &read, NULL) != ERR_OK) {
        CHECK(read.error_count > 0 && read.sets.count == 0);
        return 0;
    }
    for (size_t i = 0; i < read.sets.count; i++)
        check_api(&a, &read.sets.items[i]);
    if (is_for_ldns(&a, &read.sets))
        check_again(&a, &origin, &read.sets);
    return 0;
}
