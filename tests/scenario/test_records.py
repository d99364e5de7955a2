# SPDX-License-Identifier: Apache-2.0
"""Every record type through the API and back: created, answered, listed as it was sent; values that
do not fit are refused in Route 53's words."""

import json
import subprocess

import botocore.exceptions
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

from harness import DEADLINE_S, create, delete, split_address, upsert

SHA256 = "8D02536C887482BC34FF54E41D2BA659BF85B341A0A20AFADB5813DCFBCF286D"
LONG = "x" * 255

# name below the zone: type, values as sent, the same as a master file has them where they differ.
RECORDS = {
    "a": ("A", ["192.0.2.1", "192.0.2.2"], None),
    "aaaa": ("AAAA", ["2001:0db8:85a3:0:0:8a2e:0370:7334"], None),
    "caa": ("CAA", ['0 issue "ca.example.net; account=123456"', '128 iodef "mailto:a@b.example"'],
            None),
    "cname": ("CNAME", ["Host.Example.com"], ["host.example.com."]),
    "ds": ("DS", [f"12345 13 2 {SHA256}"], None),
    "https": ("HTTPS", ['1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 ech="AAECAw=="'], None),
    "https-alias": ("HTTPS", ["0 svc.example.net."], None),
    "mx": ("MX", ["10 mail.example.com", "20 mail2.example.com."],
           ["10 mail.example.com.", "20 mail2.example.com."]),
    "naptr": ("NAPTR", ['100 50 "u" "E2U+sip" "!^(\\\\+441632960083)$!sip:\\\\1@example.com!" .',
                        '100 51 "S" "SIP+D2U" "" _sip._udp.example.com.'], None),
    "ns": ("NS", ["ns-1.example.com", "ns-2.example.com"],
           ["ns-1.example.com.", "ns-2.example.com."]),
    "ptr": ("PTR", ["host.example.com."], None),
    "spf": ("SPF", ['"v=spf1 ip4:192.0.2.0/24 -all"'], None),
    "srv": ("SRV", ["1 10 5269 xmpp.example.com."], None),
    "sshfp": ("SSHFP", ["1 1 09F6A01D2175742B257C6B98B7C72C44C4040683"], None),
    "svcb": ("SVCB", ['16 foo.example.org port=53 alpn="h2" mandatory=alpn key667="hello\\322qoo"'],
             ['16 foo.example.org. mandatory=alpn alpn="h2" port=53 key667="hello\\210qoo"']),
    "tlsa": ("TLSA", [f"3 1 1 {SHA256[:32]} {SHA256[32:]}"], None),
    "txt": ("TXT", ['"one" "two"', '"a \\"quoted\\" \\\\ word; b\\303\\274"', f'"{LONG}" "{LONG}"'],
            ['"one" "two"', '"a \\"quoted\\" \\\\ word; b\\195\\188"', f'"{LONG}" "{LONG}"']),
    "opaque": ("TYPE65280", ["\\# 4 0A000001", "\\# 0"], None),
    "loc": ("TYPE29", ["\\# 16 00121613 88DE0DF0 70BE15F0 009893BC"], None),
    "generic-a": ("A", ["\\# 4 C0000207"], ["192.0.2.7"]),
}


@pytest.fixture(scope="module")
def zone(shared_node):
    zone_id = shared_node.create_zone("records.test")
    changes = [upsert(f"{name}.records.test", kind, *values)
               for name, (kind, values, _) in RECORDS.items()]
    shared_node.wait_insync(shared_node.change(zone_id, *changes))
    return zone_id


def kdig(node, *arguments):
    host, port = split_address(node.ready["dns"])
    done = subprocess.run(["kdig", f"@{host}", "-p", str(port), "+timeout=10", *arguments],
                          capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    return done.stdout


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_of_every_type_is_answered(shared_node, zone, name):
    kind, values, master = RECORDS[name]
    rdtype = dns.rdatatype.from_text(kind)
    answer = shared_node.ask(f"{name}.records.test", kind, tcp=True)
    section = answer.authority if kind == "NS" else answer.answer
    (rrset,) = [s for s in section if s.rdtype == rdtype]
    wanted = [dns.rdata.from_text(dns.rdataclass.IN, rdtype, text) for text in master or values]
    assert sorted(rrset, key=lambda r: r.to_digestable()) == sorted(
        wanted, key=lambda r: r.to_digestable()
    )
    assert rrset.ttl == 300


def test_every_value_is_listed_as_it_was_sent(shared_node, zone):
    sets = {}
    for page in shared_node.boto().get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone, PaginationConfig={"PageSize": "3"}
    ):
        for one in page["ResourceRecordSets"]:
            sets[one["Name"], one["Type"]] = [r["Value"] for r in one.get("ResourceRecords", [])]
    for name, (kind, values, _) in RECORDS.items():
        assert sets[f"{name}.records.test.", kind] == values


def test_the_aws_cli_lists_and_deletes_a_numbered_type(shared_node):
    zone_id = shared_node.create_zone("numbered.test")
    batch = {"Changes": [create("n.numbered.test", "TYPE65280", "\\# 2 ABCD"),
                         create("n.numbered.test", "TYPE1", "192.0.2.1")]}
    shared_node.aws("change-resource-record-sets", "--hosted-zone-id", zone_id, "--change-batch",
                    json.dumps(batch))
    listed = shared_node.aws("list-resource-record-sets", "--hosted-zone-id", zone_id)
    assert [(s["Name"], s["Type"]) for s in listed["ResourceRecordSets"]][2:] == [
        ("n.numbered.test.", "A"), ("n.numbered.test.", "TYPE65280")
    ]
    page = shared_node.boto().list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName="n.numbered.test", StartRecordType="TYPE1",
        MaxItems="1",
    )
    assert page["ResourceRecordSets"][0]["Type"] == "A"
    assert page["NextRecordType"] == "TYPE65280"
    batch = {"Changes": [delete("n.numbered.test", "TYPE65280", "\\# 2 abcd")]}
    change = shared_node.aws("change-resource-record-sets", "--hosted-zone-id", zone_id,
                             "--change-batch", json.dumps(batch))
    shared_node.wait_insync(change["ChangeInfo"]["Id"].rsplit("/", 1)[1])
    assert shared_node.values("n.numbered.test", "A") == ["192.0.2.1"]
    assert shared_node.values("n.numbered.test", "TYPE65280") == []


def test_kdig_reads_service_records_and_what_comes_with_them(shared_node):
    zone_id = shared_node.create_zone("service.test")
    change = shared_node.change(
        zone_id,
        upsert("service.test", "HTTPS", '1 . alpn="h2,h3"', "2 svc.service.test."),
        upsert("service.test", "A", "192.0.2.1"),
        upsert("svc.service.test", "AAAA", "2001:db8::1"),
        upsert("_sip.service.test", "NAPTR", '1 1 "S" "SIP+D2U" "" _sip._udp.service.test.'),
        upsert("_sip._udp.service.test", "SRV", "1 2 5060 svc.service.test."),
    )
    shared_node.wait_insync(change)
    text = kdig(shared_node, "service.test", "HTTPS")
    assert "1 . alpn=h2,h3" in text.replace('"', "")
    assert "192.0.2.1" in text and "2001:db8::1" in text
    text = kdig(shared_node, "_sip.service.test", "NAPTR")
    assert "_sip._udp.service.test." in text and "5060 svc.service.test." in text


def fatal(code, prose, value, severity="FATAL"):
    return (f"Invalid Resource Record: '{severity} problem: {code} ({prose}) encountered with "
            f"'{value}''")


TOO_LONG = '"' + "x" * 256 + '"'
REFUSED = {
    "A": ("1.2.3", "ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address"),
    "AAAA": ("1.2.3.4", "AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address"),
    "CAA": ("0 issue", "CAARRDATANotThreeFields", "CAA record doesn't have 3 fields"),
    "CNAME": ("a b", "CNAMERRDATANotSingleField", "Value contains spaces"),
    "DS": ("1 8 2 00", "IllegalDigestLength", "Digest does not have the length of its type"),
    "HTTPS": ("0 . port=1", "IllegalSvcParamAliasMode", "Record of priority 0 has no parameters"),
    "MX": ("mail.example.com", "MXRRDATANotTwoFields", "MX record doesn't have 2 fields"),
    "NAPTR": ("1 1 u x y .", "InvalidCharacterString",
              "Value should be enclosed in quotation marks"),
    "PTR": ("a..b", "DomainLabelEmpty", "Domain label is empty"),
    "SPF": ("v=spf1", "InvalidCharacterString", "Value should be enclosed in quotation marks"),
    "SRV": ("1 2 a.example.", "SRVRRDATANotFourFields", "SRV record doesn't have 4 fields"),
    "SSHFP": ("1 1 0", "IllegalHexadecimal",
              "Value is not an even number of hexadecimal digits"),
    "SVCB": ("1 . port=1 port=2", "RepeatedSvcParamKey", "Parameter is given more than once"),
    "TLSA": ("3 1 1", "TLSARRDATANotFourFields", "TLSA record doesn't have 4 fields"),
    "TXT": (TOO_LONG, "CharacterStringTooLong", "Value is too long"),
    "TYPE65280": ("0A000001", "GenericRDATAIllegalForm",
                  "Value is not of the form \\# LENGTH HEXADECIMAL"),
    "TYPE1": ("\\# 3 0A0000", "GenericRDATAIllegalData", "Data is not well-formed for the type"),
    "TYPE39": ("a.example.", "UnsupportedType",
               "DNAME is not supported: create a record for each name, or delegate them"),
    "TYPE48": ("\\# 1 00", "UnsupportedType",
               "Records of this type belong to a zone's own signing, they are not supported"),
    "TYPE252": ("\\# 0", "UnsupportedType",
                "This type stands in questions and messages, it has no records"),
}


def message_of(node, zone_id, change):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        node.change(zone_id, change)
    assert caught.value.response["Error"]["Code"] == "InvalidChangeBatch"
    return caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("kind", REFUSED)
def test_a_value_that_does_not_fit_is_refused_in_route_53s_words(shared_node, zone, kind):
    value, code, prose = REFUSED[kind]
    message = message_of(shared_node, zone, create("refused.records.test", kind, value))
    assert message == "[" + fatal(code, prose, value) + "]"


def test_naptr_has_a_regexp_or_a_replacement(shared_node, zone):
    value = '1 1 "U" "123" "regular" myentry.example.com'
    message = message_of(shared_node, zone, create("refused.records.test", "NAPTR", value))
    prose = "NAPTR record can have only one field in regexp and replacement"
    code = "NAPTRRRDATARegexpAndReplacementError"
    assert message == "[" + fatal(code, prose, value, severity="WARNING") + "]"


def test_internationalised_names_are_sent_in_punycode(shared_node, zone):
    message = message_of(shared_node, zone, create("münchen.records.test", "A", "192.0.2.1"))
    assert "UnsupportedCharacter (Value contains unsupported characters)" in message
    change = shared_node.change(zone, create("xn--mnchen-3ya.records.test", "A", "192.0.2.1"))
    shared_node.wait_insync(change)
    assert shared_node.values("xn--mnchen-3ya.records.test", "A") == ["192.0.2.1"]
