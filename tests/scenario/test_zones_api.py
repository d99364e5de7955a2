# SPDX-License-Identifier: Apache-2.0
"""Hosted zones and listings: shapes, order, pages and refusals that clients rely on."""

import botocore.exceptions
import pytest

from harness import create, upsert


def code_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_a_new_zone_is_described_as_route_53_does(shared_node):
    client = shared_node.boto()
    created = client.create_hosted_zone(
        Name="Described.Test", CallerReference="described",
        HostedZoneConfig={"Comment": "a comment"},
    )
    zone = created["HostedZone"]
    assert zone["Name"] == "described.test."
    assert zone["Config"] == {"Comment": "a comment", "PrivateZone": False}
    assert zone["ResourceRecordSetCount"] == 2
    assert created["ChangeInfo"]["Status"] in ("PENDING", "INSYNC")
    assert created["Location"].endswith(zone["Id"])
    got = client.get_hosted_zone(Id=zone["Id"])
    assert got["HostedZone"] == zone
    assert got["DelegationSet"]["NameServers"] == created["DelegationSet"]["NameServers"]
    assert all(not n.endswith(".") for n in got["DelegationSet"]["NameServers"])


def test_a_caller_reference_works_once(shared_node):
    client = shared_node.boto()
    shared_node.create_zone("reference.test", reference="once")
    for name in ("reference.test", "other.test"):
        assert code_of(client.create_hosted_zone, Name=name, CallerReference="once") == (
            "HostedZoneAlreadyExists"
        )


@pytest.mark.parametrize("name", ["", "..", "a..test", "a" * 64 + ".test", "*.*.test"])
def test_a_name_that_is_none_is_refused(shared_node, name):
    code = code_of(
        shared_node.boto().create_hosted_zone, Name=name, CallerReference=f"bad-{name}"
    )
    assert code in ("InvalidDomainName", "InvalidInput")


def test_each_zone_of_one_name_takes_another_delegation_set(shared_node):
    client = shared_node.boto()
    servers = set()
    for i in range(4):
        made = client.create_hosted_zone(Name="same.test", CallerReference=f"same-{i}")
        servers.add(tuple(made["DelegationSet"]["NameServers"]))
    assert len(servers) == 4
    assert code_of(
        client.create_hosted_zone, Name="same.test", CallerReference="same-4"
    ) == "ConflictingDomainExists"


def test_zones_are_counted_listed_and_paged(fleet):
    node = fleet.node().start()
    client = node.boto()
    names = ["com.test", "a.com.test", "b.test", "z.a.test"]
    ids = {name: node.create_zone(name) for name in names}
    assert client.get_hosted_zone_count()["HostedZoneCount"] == 4
    seen, marker = [], {}
    while True:
        page = client.list_hosted_zones(MaxItems="3", **marker)
        assert page["MaxItems"] == "3"
        seen += [z["Id"].rsplit("/", 1)[1] for z in page["HostedZones"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    assert sorted(seen) == sorted(ids.values())
    by_name, start = [], {}
    while True:
        page = client.list_hosted_zones_by_name(MaxItems="1", **start)
        by_name += [z["Name"] for z in page["HostedZones"]]
        if not page["IsTruncated"]:
            break
        start = {"DNSName": page["NextDNSName"], "HostedZoneId": page["NextHostedZoneId"]}
    assert by_name == ["z.a.test.", "b.test.", "com.test.", "a.com.test."]
    found = client.list_hosted_zones_by_name(DNSName="b.test", MaxItems="1")
    assert found["HostedZones"][0]["Name"] == "b.test."


def test_a_comment_is_changed_and_taken_away(shared_node):
    client = shared_node.boto()
    zone_id = shared_node.create_zone("comment.test")
    changed = client.update_hosted_zone_comment(Id=zone_id, Comment="new words")
    assert changed["HostedZone"]["Config"]["Comment"] == "new words"
    client.update_hosted_zone_comment(Id=zone_id)
    assert "Comment" not in client.get_hosted_zone(Id=zone_id)["HostedZone"]["Config"]


def test_only_an_empty_zone_can_be_deleted(shared_node):
    client = shared_node.boto()
    zone_id = shared_node.create_zone("full.test")
    shared_node.change(zone_id, create("www.full.test", "A", "192.0.2.1"))
    assert code_of(client.delete_hosted_zone, Id=zone_id) == "HostedZoneNotEmpty"
    assert code_of(client.delete_hosted_zone, Id="ZNOWHERE") == "NoSuchHostedZone"


def test_record_sets_are_listed_by_reversed_labels_and_paged(shared_node):
    node = shared_node
    client = node.boto()
    zone_id = node.create_zone("list.test")
    names = ["www.list.test", "a.b.list.test", "b.list.test", "*.list.test", "z.list.test"]
    node.change(zone_id, *[create(name, "A", "192.0.2.1") for name in names])
    node.change(zone_id, create("b.list.test", "TXT", '"t"'), create("b.list.test", "AAAA", "::1"))
    sets = client.list_resource_record_sets(HostedZoneId=zone_id)
    order = [(s["Name"], s["Type"]) for s in sets["ResourceRecordSets"]]
    assert order == [
        ("list.test.", "NS"),
        ("list.test.", "SOA"),
        ("\\052.list.test.", "A"),
        ("b.list.test.", "A"),
        ("b.list.test.", "AAAA"),
        ("b.list.test.", "TXT"),
        ("a.b.list.test.", "A"),
        ("www.list.test.", "A"),
        ("z.list.test.", "A"),
    ]
    assert sets["IsTruncated"] is False
    for size in ("1", "2", "4"):
        paged, start = [], {}
        while True:
            page = client.list_resource_record_sets(HostedZoneId=zone_id, MaxItems=size, **start)
            paged += [(s["Name"], s["Type"]) for s in page["ResourceRecordSets"]]
            if not page["IsTruncated"]:
                break
            start = {
                "StartRecordName": page["NextRecordName"],
                "StartRecordType": page["NextRecordType"],
            }
        assert paged == order


def test_absent_fields_stay_absent_in_listings(shared_node):
    zone_id = shared_node.create_zone("absent.test")
    shared_node.change(
        zone_id,
        create("www.absent.test", "A", "192.0.2.1"),
        upsert("absent.test", "A", AliasTarget={
            "HostedZoneId": zone_id, "DNSName": "www.absent.test", "EvaluateTargetHealth": False,
        }),
    )
    sets = shared_node.boto().list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    (made,) = [s for s in sets if s["Name"] == "absent.test." and s["Type"] == "A"]
    assert "TTL" not in made and "SetIdentifier" not in made
    assert not made.get("ResourceRecords")
    assert made["AliasTarget"]["DNSName"] == "www.absent.test."


def test_an_operation_that_is_not_built_is_named(shared_node):
    client = shared_node.boto()
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.list_reusable_delegation_sets()
    error = caught.value.response
    assert error["Error"]["Code"] == "NotImplemented"
    assert "ListReusableDelegationSets" in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501
    cloudfront = shared_node.boto("cloudfront")
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        cloudfront.list_functions()
    assert "ListFunctions" in caught.value.response["Error"]["Message"]
