# SPDX-License-Identifier: Apache-2.0
"""Every documented refusal of ChangeResourceRecordSets, with its wording."""

import botocore.exceptions
import pytest

from harness import alias, create, delete, record, upsert


@pytest.fixture(scope="module")
def zone(shared_node):
    zone_id = shared_node.create_zone("errors.test")
    shared_node.change(
        zone_id,
        create("www.errors.test", "A", "192.0.2.1"),
        create("name.errors.test", "CNAME", "www.errors.test"),
    )
    return zone_id


def refused(node, zone_id, *changes):
    """(code, message) of a batch that must be refused, and must change nothing."""
    client = node.boto()
    before = client.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        node.change(zone_id, *changes, client=client)
    after = client.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert before == after
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


BATCHES = {
    "create of what exists": (
        [create("www.errors.test", "A", "192.0.2.9")],
        "[Tried to create resource record set [name='www.errors.test.', type='A'] "
        "but it already exists]",
    ),
    "delete of what is missing": (
        [delete("nowhere.errors.test", "A", "192.0.2.1")],
        "[Tried to delete resource record set [name='nowhere.errors.test.', type='A'] "
        "but it was not found]",
    ),
    "delete with other values": (
        [delete("www.errors.test", "A", "192.0.2.2")],
        "[Tried to delete resource record set [name='www.errors.test.', type='A'] "
        "but the values provided do not match the current values]",
    ),
    "delete with another ttl": (
        [delete("www.errors.test", "A", "192.0.2.1", ttl=301)],
        "[Tried to delete resource record set [name='www.errors.test.', type='A'] "
        "but the values provided do not match the current values]",
    ),
    "address beside a cname": (
        [create("name.errors.test", "A", "192.0.2.1")],
        "[RRSet of type A with DNS name name.errors.test. is not permitted because a conflicting "
        "RRSet of type CNAME with the same DNS name already exists in zone errors.test.]",
    ),
    "cname beside an address": (
        [create("www.errors.test", "CNAME", "elsewhere.test")],
        "[RRSet of type CNAME with DNS name www.errors.test. is not permitted because a "
        "conflicting RRSet of type A with the same DNS name already exists in zone errors.test.]",
    ),
    "name outside the zone": (
        [create("www.other.test", "A", "192.0.2.1")],
        "[RRSet with DNS name www.other.test. is not permitted in zone errors.test.]",
    ),
}


@pytest.mark.parametrize("case", BATCHES)
def test_refusal_has_route_53s_words(shared_node, zone, case):
    changes, message = BATCHES[case]
    assert refused(shared_node, zone, *changes) == ("InvalidChangeBatch", message)


def test_a_cname_at_the_apex_is_refused_and_alias_is_named(shared_node, zone):
    code, message = refused(shared_node, zone, create("errors.test", "CNAME", "www.errors.test"))
    assert code == "InvalidChangeBatch"
    assert (
        "RRSet of type CNAME with DNS name errors.test. is not permitted at apex in zone "
        "errors.test." in message
    )
    assert "alias" in message.lower()


def test_all_errors_of_a_batch_are_told_at_once(shared_node, zone):
    code, message = refused(
        shared_node, zone,
        create("www.errors.test", "A", "192.0.2.9"),
        delete("nowhere.errors.test", "A", "192.0.2.1"),
    )
    assert code == "InvalidChangeBatch"
    assert message == (
        "[Tried to create resource record set [name='www.errors.test.', type='A'] but it already "
        "exists, Tried to delete resource record set [name='nowhere.errors.test.', type='A'] but "
        "it was not found]"
    )


@pytest.mark.parametrize(
    "changes, word",
    [
        ([create("a.errors.test", "A", "192.0.2.256")], "ARRDATAIllegalIPv4Address"),
        ([create("a.errors.test", "AAAA", "2001:db8::g")], "AAAARRDATAIllegalIPv6Address"),
        ([create("a.errors.test", "TXT", "unquoted")], "enclosed in quotation marks"),
        ([create("a.errors.test", "MX", "mail.errors.test")], "MXRRDATANotTwoFields"),
        ([create("a.errors.test", "SRV", "1 2 host.errors.test")], "SRVRRDATANotFourFields"),
        ([create("a..errors.test", "A", "192.0.2.1")], "DomainLabelEmpty"),
        ([create("a" * 64 + ".errors.test", "A", "192.0.2.1")], "DomainLabelTooLong"),
        ([create("a.errors.test", "A", "192.0.2.1", "192.0.2.1")], "Duplicate"),
        ([create("a.errors.test", "CNAME", "b.test", "c.test")], "CNAME"),
        ([delete("errors.test", "SOA", "x. y. 1 2 3 4 5")], "SOA"),
    ],
)
def test_bad_values_and_names_are_named(shared_node, zone, changes, word):
    code, message = refused(shared_node, zone, *changes)
    assert code in ("InvalidChangeBatch", "InvalidInput")
    assert word.lower() in message.lower()


@pytest.mark.parametrize("kind", ["SOA", "NS"])
def test_soa_and_ns_of_the_apex_cannot_be_deleted(shared_node, zone, kind):
    sets = shared_node.boto().list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    (apex,) = [s for s in sets if s["Name"] == "errors.test." and s["Type"] == kind]
    code, message = refused(shared_node, zone, {"Action": "DELETE", "ResourceRecordSet": apex})
    assert code == "InvalidChangeBatch"
    assert kind in message


def test_limits_of_a_batch(shared_node, zone):
    many = [create(f"n{i}.errors.test", "A", "192.0.2.1") for i in range(1001)]
    assert refused(shared_node, zone, *many)[0] == "InvalidChangeBatch"
    half = [upsert(f"n{i}.errors.test", "A", "192.0.2.1") for i in range(501)]
    assert refused(shared_node, zone, *half)[0] == "InvalidChangeBatch"
    long_values = [f'"{i:04d}{"x" * 240}"' for i in range(140)]
    assert refused(shared_node, zone, create("l.errors.test", "TXT", *long_values))[0] == (
        "InvalidChangeBatch"
    )


def test_aliases_need_a_target_of_the_same_type_in_the_zone(shared_node, zone):
    code, message = refused(
        shared_node, zone, alias("a.errors.test", "A", zone, "missing.errors.test")
    )
    assert code == "InvalidChangeBatch" and "alias" in message and "not found" in message
    code, message = refused(
        shared_node, zone, alias("a.errors.test", "AAAA", zone, "www.errors.test")
    )
    assert code == "InvalidChangeBatch" and "alias" in message


def test_a_record_set_is_values_or_alias_never_both_or_neither(shared_node, zone):
    both = alias("a.errors.test", "A", zone, "www.errors.test")
    both["ResourceRecordSet"]["ResourceRecords"] = [{"Value": "192.0.2.1"}]
    both["ResourceRecordSet"]["TTL"] = 60
    neither = record("CREATE", "a.errors.test", "A")
    without_ttl = create("a.errors.test", "A", "192.0.2.1")
    del without_ttl["ResourceRecordSet"]["TTL"]
    for change in (both, neither, without_ttl):
        assert refused(shared_node, zone, change)[0] in ("InvalidChangeBatch", "InvalidInput")


def test_members_of_a_policy_go_together(shared_node, zone):
    values = ("a.errors.test", "A", "192.0.2.1")
    for fields, words in (
        ({"Weight": 10}, "Missing field 'SetIdentifier'"),
        ({"SetIdentifier": "one"}, "but found none"),
        ({"SetIdentifier": "one", "Weight": 1, "Failover": "PRIMARY"}, "but found more than one"),
        ({"SetIdentifier": "one", "Region": "moon-1"}, "the region 'moon-1' is not known"),
    ):
        code, message = refused(shared_node, zone, create(*values, **fields))
        assert code == "InvalidInput" and words in message


def test_an_unknown_zone_and_an_unknown_change_are_named(shared_node):
    client = shared_node.boto()
    with pytest.raises(client.exceptions.NoSuchHostedZone) as caught:
        shared_node.change("ZNOWHERE", create("a.b", "A", "192.0.2.1"), client=client)
    assert caught.value.response["Error"]["Message"] == "No hosted zone found with ID: ZNOWHERE"
    with pytest.raises(client.exceptions.NoSuchChange):
        client.get_change(Id="CNOWHERE")


def test_a_batch_applies_its_changes_in_order(shared_node, zone):
    shared_node.change(
        zone,
        create("order.errors.test", "A", "192.0.2.1"),
        delete("order.errors.test", "A", "192.0.2.1"),
        create("order.errors.test", "CNAME", "www.errors.test"),
    )
    shared_node.change(
        zone,
        delete("order.errors.test", "CNAME", "www.errors.test"),
        create("order.errors.test", "A", "192.0.2.3"),
    )
    sets = shared_node.boto().list_resource_record_sets(
        HostedZoneId=zone, StartRecordName="order.errors.test", MaxItems="1"
    )["ResourceRecordSets"]
    assert sets[0]["Type"] == "A"


def test_a_name_does_not_grow_beyond_what_can_be_read_again(shared_node):
    client = shared_node.boto()
    zone_id = shared_node.create_zone("large.example", client)
    value = " ".join('"' + letter * 250 + '"' for letter in "abcdefghijklmno")
    refusal, calls = None, 0
    for rdtype in ("TXT", "SPF"):
        for i in range(100):
            values = [value.replace("a", chr(ord("A") + k)) for k in range(8)]
            change = create("large.example", rdtype, *values, SetIdentifier=f"s{i:03}",
                            MultiValueAnswer=True)
            try:
                shared_node.change(zone_id, change, client=client)
                calls += 1
            except botocore.exceptions.ClientError as error:
                refusal = error.response["Error"]
                break
        if refusal:
            break
    assert calls > 100
    assert refusal["Code"] == "InvalidChangeBatch"
    assert "The record sets of one name take 4194304 bytes at most." in refusal["Message"]
    # What was accepted is there, and the name can still be changed.
    listed = client.list_resource_record_sets(HostedZoneId=zone_id, MaxItems="1")
    assert listed["IsTruncated"]
    change = delete("large.example", "TXT", *[value.replace("a", chr(ord("A") + k))
                                             for k in range(8)],
                    SetIdentifier="s000", MultiValueAnswer=True)
    shared_node.wait_insync(shared_node.change(zone_id, change, client=client))
