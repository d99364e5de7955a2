// SPDX-License-Identifier: Apache-2.0
// The XML codec: what a request may look like, and the words in which it is refused.
#include "aws/limits.h"
#include "aws/route53.h"
#include "aws/xml.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define NS "https://route53.amazonaws.com/doc/2013-04-01/"

static enum aws_error parse_change(const char *text, struct r53_change *out, const char **message)
{
    struct aws_fault fault = {.arena = &arena};
    *out = (struct r53_change){0};
    enum aws_error error =
        aws_xml_parse(AWS_ROUTE53, &AWS_SHAPE_OF(r53_change), slice_str(text), out, &fault);
    *message = fault.message;
    return error;
}

static void assert_refused(const char *text, enum aws_error wanted, const char *words)
{
    struct r53_change change;
    const char *message;
    assert_int_equal(parse_change(text, &change, &message), wanted);
    if (strstr(message, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, message);
}

#define SET(inner)                                                                                 \
    "<Change><Action>CREATE</Action><ResourceRecordSet>" inner "</ResourceRecordSet></Change>"
#define NAME_AND_TYPE "<Name>a.example.com</Name><Type>A</Type>"

static void a_change_is_read_whole(void **state)
{
    (void)state;
    struct r53_change c;
    const char *message;
    const char *text = "<?xml version=\"1.0\"?>\n<Change xmlns=\"" NS "\">\n"
                       "<Action>UPSERT</Action><ResourceRecordSet>" NAME_AND_TYPE
                       "<TTL> 60 </TTL><ResourceRecords>"
                       "<ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>"
                       "<ResourceRecord><Value>a &lt;&#38;&#x41;&gt; b</Value></ResourceRecord>"
                       "</ResourceRecords></ResourceRecordSet></Change>";
    assert_int_equal(parse_change(text, &c, &message), AWS_OK);
    assert_int_equal(c.action, R53_UPSERT);
    const struct r53_record_set *set = c.resource_record_set;
    assert_string_equal(set->name, "a.example.com");
    assert_int_equal(set->type, R53_TYPE_A);
    assert_true(set->has_ttl);
    assert_int_equal(set->ttl, 60);
    assert_int_equal(set->resource_records_count, 2);
    assert_string_equal(set->resource_records[1].value, "a <&A> b");
}

static void what_was_not_sent_is_absent(void **state)
{
    (void)state;
    struct r53_change c;
    const char *message;
    assert_int_equal(parse_change(SET(NAME_AND_TYPE), &c, &message), AWS_OK);
    const struct r53_record_set *set = c.resource_record_set;
    assert_false(set->has_ttl);
    assert_false(set->has_resource_records);
    assert_false(set->has_weight);
    assert_null(set->set_identifier);
    assert_null(set->alias_target);
    assert_int_equal(set->failover, r53_failover_absent);

    AUTO_BUF struct buf out = {0};
    aws_xml_write(&out, &AWS_SHAPE_OF(r53_change), NULL, &c);
    const char *written = arena_str(&arena, buf_slice(&out));
    assert_null(strstr(written, "TTL"));
    assert_null(strstr(written, "ResourceRecords>"));
}

static void the_namespace_may_be_absent_prefixed_or_ours_but_no_other(void **state)
{
    (void)state;
    struct r53_change c;
    const char *message;
    const char *prefixed = "<n:Change xmlns:n=\"" NS "\"><n:Action>CREATE</n:Action>"
                           "<n:ResourceRecordSet><n:Name>a</n:Name><n:Type>A</n:Type>"
                           "</n:ResourceRecordSet></n:Change>";
    assert_int_equal(parse_change(prefixed, &c, &message), AWS_OK);
    assert_refused("<Change xmlns=\"http://example.com/\"/>", AWS_MalformedInput,
                   "Change is not valid, expected Change");
}

static void another_root_is_refused_as_route53_does(void **state)
{
    (void)state;
    assert_refused("<ChangeBatch/>", AWS_MalformedInput,
                   "ChangeBatch is not valid, expected Change");
}

static void unknown_and_repeated_elements_are_refused(void **state)
{
    (void)state;
    assert_refused(SET("<Bogus/>"), AWS_InvalidInput,
                   "Invalid XML ; cvc-complex-type.2.4.a: Invalid content was found starting with "
                   "element 'Bogus'. One of '{\"" NS "\":Name, ");
    assert_refused(SET(NAME_AND_TYPE "<Type>A</Type>"), AWS_InvalidInput,
                   "starting with element 'Type'");
    assert_refused(SET(NAME_AND_TYPE "<ResourceRecords><Value/></ResourceRecords>"),
                   AWS_InvalidInput, "One of '{\"" NS "\":ResourceRecord}' is expected.");
}

static void missing_members_are_named(void **state)
{
    (void)state;
    assert_refused("<Change><Action>CREATE</Action></Change>", AWS_InvalidInput,
                   "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Change' is not "
                   "complete. One of '{\"" NS "\":ResourceRecordSet}' is expected.");
    assert_refused(SET(NAME_AND_TYPE "<ResourceRecords></ResourceRecords>"), AWS_InvalidInput,
                   "The content of element 'ResourceRecords' is not complete. One of '{\"" NS
                   "\":ResourceRecord}' is expected.");
}

static void values_of_a_wrong_type_are_refused(void **state)
{
    (void)state;
    assert_refused("<Change><Action>FROB</Action></Change>", AWS_InvalidInput,
                   "cvc-enumeration-valid: Value 'FROB' is not facet-valid with respect to "
                   "enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the "
                   "enumeration.");
    assert_refused(SET(NAME_AND_TYPE "<TTL>soon</TTL>"), AWS_InvalidInput,
                   "'soon' is not a valid value for 'integer'");
    assert_refused(SET(NAME_AND_TYPE "<TTL><Name/></TTL>"), AWS_InvalidInput,
                   "Element 'TTL' is a simple type");
    assert_refused(SET("stray" NAME_AND_TYPE), AWS_InvalidInput,
                   "Element 'ResourceRecordSet' cannot have character [children]");
}

static enum r53_rr_type type_read(const char *text)
{
    struct r53_record_set set = {0};
    struct aws_fault fault = {.arena = &arena};
    char xml[256];
    (void)snprintf(xml, sizeof(xml),
                   "<ResourceRecordSet><Name>a</Name><Type>%s</Type></ResourceRecordSet>", text);
    if (aws_xml_parse(AWS_ROUTE53, &AWS_SHAPE_OF(r53_record_set), slice_str(xml), &set, &fault) !=
        AWS_OK)
        return r53_rr_type_absent;
    AUTO_BUF struct buf written = {0};
    aws_xml_write(&written, &AWS_SHAPE_OF(r53_record_set), NULL, &set);
    buf_append(&written, SLICE_LIT("\0"));
    (void)snprintf(xml, sizeof(xml), "<Type>%s</Type>", text);
    assert_non_null(strstr((const char *)buf_slice(&written).data, xml));
    return set.type;
}

static void types_are_names_or_numbers(void **state)
{
    (void)state;
    assert_int_equal(type_read("TXT"), R53_TYPE_TXT);
    assert_int_equal(type_read("TYPE0"), R53_TYPE_NUMBERED);
    assert_int_equal(type_read("TYPE65535"), R53_TYPE_NUMBERED + 65535);
    static const char *const wrong[] = {"TYPE", "TYPE65536", "TYPE01", "TYPE-1", "type1", "TXT1"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(type_read(wrong[i]), r53_rr_type_absent);
}

static void numbers_and_lengths_have_both_ends(void **state)
{
    (void)state;
    struct r53_change c;
    const char *message;
    assert_int_equal(parse_change(SET(NAME_AND_TYPE "<TTL>2147483647</TTL>"), &c, &message),
                     AWS_OK);
    assert_refused(SET(NAME_AND_TYPE "<TTL>2147483648</TTL>"), AWS_InvalidInput,
                   "maxInclusive '2147483647'");
    assert_int_equal(parse_change(SET(NAME_AND_TYPE "<TTL>0</TTL>"), &c, &message), AWS_OK);
    assert_refused(SET(NAME_AND_TYPE "<TTL>-1</TTL>"), AWS_InvalidInput, "minInclusive '0'");
    assert_refused(SET(NAME_AND_TYPE "<SetIdentifier></SetIdentifier>"), AWS_InvalidInput,
                   "length = '0' is not facet-valid with respect to minLength '1'");

    char *longest = arena_alloc(&arena, 1025);
    memset(longest, 'a', 1024);
    const char *form = SET("<Name>%s%s</Name><Type>A</Type>");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    assert_int_equal(parse_change(arena_printf(&arena, form, longest, ""), &c, &message), AWS_OK);
    assert_refused(arena_printf(&arena, form, longest, "a"), AWS_InvalidInput,
                   "length = '1025' is not facet-valid with respect to maxLength '1024'");
#pragma GCC diagnostic pop
}

static void broken_xml_is_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "no xml",
        "<Change>",
        "<Change><Action>CREATE</Change></Action>",
        "<Change>&nope;</Change>",
        "<Change/><Change/>",
        SET(NAME_AND_TYPE) "x",
        SET("<Name>\x01</Name>"),
        SET("<Name>\xff</Name>"),
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct r53_change c;
        const char *message;
        if (parse_change(texts[i], &c, &message) == AWS_OK)
            fail_msg("accepted: %s", texts[i]);
    }
}

static void document_types_and_their_entities_are_refused(void **state)
{
    (void)state;
    assert_refused("<!DOCTYPE Change [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>"
                   "<Change><Action>&b;</Action></Change>",
                   AWS_MalformedInput, "A document type is not allowed");
    assert_refused("<!DOCTYPE Change SYSTEM \"file:///etc/passwd\"><Change/>", AWS_MalformedInput,
                   "A document type is not allowed");
}

static void an_answer_has_the_form_that_clients_read(void **state)
{
    (void)state;
    struct r53_change_info info = {.id = "C1",
                                   .status = R53_PENDING,
                                   .submitted_at = 1769860800123,
                                   .comment = "a<b>&\r\"\x01"};
    struct r53_get_change_response response = {.change_info = &info};
    AUTO_BUF struct buf out = {0};
    aws_xml_write(&out, &AWS_SHAPE_OF(r53_get_change_response), NS, &response);
    assert_string_equal(arena_str(&arena, buf_slice(&out)),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<GetChangeResponse xmlns=\"" NS
                        "\">"
                        "<ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>"
                        "<SubmittedAt>2026-01-31T12:00:00.123Z</SubmittedAt>"
                        "<Comment>a&lt;b&gt;&amp;&#13;&quot;\xef\xbf\xbd</Comment></ChangeInfo>"
                        "</GetChangeResponse>");
}

static void required_lists_are_written_even_when_empty(void **state)
{
    (void)state;
    struct r53_list_hosted_zones_response response = {.max_items = "100"};
    AUTO_BUF struct buf out = {0};
    aws_xml_write(&out, &AWS_SHAPE_OF(r53_list_hosted_zones_response), NULL, &response);
    const char *text = arena_str(&arena, buf_slice(&out));
    assert_non_null(strstr(text, "<HostedZones></HostedZones><IsTruncated>false</IsTruncated>"));
    assert_null(strstr(text, "NextMarker"));
}

/* <Change xmlns="..." a=">..."> of `tag_bytes`, behind markup that only looks like tags. */
static const char *with_tag_of(const char *before, size_t tag_bytes)
{
    static const char start[] = "<Change xmlns=\"" NS "\" a='>";
    char *filler = arena_alloc(&arena, tag_bytes);
    memset(filler, 'x', tag_bytes - sizeof(start) - 1);
    return arena_printf(&arena, "%s%s%s'><Action>CREATE</Action></Change>", before, start, filler);
}

static void a_tag_is_no_longer_than_its_limit(void **state)
{
    (void)state;
    static const char *const before[] = {
        "",
        "<!-- <a \" -->",
        "<?a <b ' ?>",
        "<!-- > --><?b \"?>",
    };
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        assert_refused(with_tag_of(before[i], AWS_XML_MAX_TAG_BYTES), AWS_InvalidInput,
                       "is not complete");
        assert_refused(with_tag_of(before[i], AWS_XML_MAX_TAG_BYTES + 1), AWS_MalformedInput,
                       "a tag is too long");
    }
}

static void text_and_cdata_may_be_longer_than_a_tag(void **state)
{
    (void)state;
    char *filler = arena_alloc(&arena, 4 * AWS_XML_MAX_TAG_BYTES);
    memset(filler, 'x', 4 * AWS_XML_MAX_TAG_BYTES - 1);
    assert_refused(arena_printf(&arena, "<Change><!--%s--><Action><![CDATA[<%s]]>", filler, filler),
                   AWS_MalformedInput, "not well-formed");
}

static void only_utf8_is_read_whatever_is_declared(void **state)
{
    (void)state;
    struct r53_change change;
    const char *message;
    const char *body = "<Change><Action>CREATE</Action><ResourceRecordSet>" NAME_AND_TYPE
                       "</ResourceRecordSet></Change>";
    const char *declared =
        arena_printf(&arena, "<?xml version=\"1.0\" encoding=\"UTF-7\"?>%s", body);
    assert_int_equal(parse_change(declared, &change, &message), AWS_OK);
    assert_refused("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Change>\xe9</Change>",
                   AWS_MalformedInput, "not UTF-8");
    struct aws_fault fault = {.arena = &arena};
    static const char utf16[] = "\xff\xfe<\0C\0h\0a\0n\0g\0e\0/\0>\0";
    assert_int_equal(aws_xml_parse(AWS_ROUTE53, &AWS_SHAPE_OF(r53_change),
                                   slice_of(utf16, sizeof(utf16) - 1), &change, &fault),
                     AWS_MalformedInput);
    assert_int_equal(aws_xml_parse(AWS_ROUTE53, &AWS_SHAPE_OF(r53_change),
                                   slice_of(utf16 + 2, sizeof(utf16) - 3), &change, &fault),
                     AWS_MalformedInput);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_read_whole),
        cmocka_unit_test(what_was_not_sent_is_absent),
        cmocka_unit_test(the_namespace_may_be_absent_prefixed_or_ours_but_no_other),
        cmocka_unit_test(another_root_is_refused_as_route53_does),
        cmocka_unit_test(unknown_and_repeated_elements_are_refused),
        cmocka_unit_test(missing_members_are_named),
        cmocka_unit_test(values_of_a_wrong_type_are_refused),
        cmocka_unit_test(types_are_names_or_numbers),
        cmocka_unit_test(numbers_and_lengths_have_both_ends),
        cmocka_unit_test(broken_xml_is_malformed),
        cmocka_unit_test(document_types_and_their_entities_are_refused),
        cmocka_unit_test(an_answer_has_the_form_that_clients_read),
        cmocka_unit_test(required_lists_are_written_even_when_empty),
        cmocka_unit_test(a_tag_is_no_longer_than_its_limit),
        cmocka_unit_test(text_and_cdata_may_be_longer_than_a_tag),
        cmocka_unit_test(only_utf8_is_read_whatever_is_declared),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
