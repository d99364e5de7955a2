# SPDX-License-Identifier: Apache-2.0
"""Aliases to names that are none of ours: resolved in the background, kept while that fails."""

import dns.edns
import dns.rcode
import pytest

from harness import alias, upsert, wait_for
from internet import Internet

LOAD_BALANCERS = "Z35SXDOTRQ7X7K"  # as AWS documents it for us-east-1; clients send it
NO_REACHABLE_AUTHORITY = 22  # RFC 8914


@pytest.fixture
def internet():
    with Internet() as made:
        made.put("lb.example.net.", "A", 300, "203.0.113.1", "203.0.113.2")
        made.put("lb.example.net.", "AAAA", 20, "2001:db8:1::1")
        yield made


def start(fleet, internet, name="node"):
    return fleet.node(name, "--resolver", internet.address, roles="control,dns").start()


def outside(owner, rdtype="A", target="lb.example.net", **fields):
    change = alias(owner, rdtype, LOAD_BALANCERS, target, evaluate=True)
    change["ResourceRecordSet"].update(fields)
    return change


def apply(node, zone_id, *changes):
    node.wait_insync(node.change(zone_id, *changes))


def ttl_of(answer):
    return answer.answer[0].ttl


def test_an_alias_at_the_apex_answers_with_the_addresses_of_an_outside_name(fleet, internet):
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    apply(node, zone_id, outside("example.com"), outside("example.com", "AAAA"),
          alias("www.example.com", "A", zone_id, "example.com"))
    assert node.values("example.com") == ["203.0.113.1", "203.0.113.2"]
    assert node.values("www.example.com") == ["203.0.113.1", "203.0.113.2"]
    assert node.values("example.com", "AAAA") == ["2001:db8:1::1"]
    assert ttl_of(node.ask("example.com")) == 60  # no more, whatever was learned
    assert ttl_of(node.ask("example.com", "AAAA")) == 20
    assert node.ask("example.com").answer[0].name.to_text() == "example.com."
    assert node.metric("weir_dns_outside_names") == 2
    assert node.metric("weir_dns_outside_names_unresolved") == 0
    listed = node.boto().list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert listed[0]["AliasTarget"] == {
        "HostedZoneId": LOAD_BALANCERS, "EvaluateTargetHealth": True, "DNSName": "lb.example.net."}


def test_a_change_of_the_outside_name_is_followed(fleet, internet):
    internet.put("lb.example.net.", "A", 1, "203.0.113.1")
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    apply(node, zone_id, outside("example.com"))
    assert node.values("example.com") == ["203.0.113.1"]
    internet.put("lb.example.net.", "A", 1, "203.0.113.77")
    wait_for(lambda: node.values("example.com") == ["203.0.113.77"], "the new address")
    asked = internet.questions["lb.example.net.", "A"]
    for _ in range(20):
        node.ask("example.com")
    assert internet.questions["lb.example.net.", "A"] <= asked + 5  # queries ask for nothing


def test_the_last_good_addresses_stand_while_resolution_fails(fleet, internet):
    internet.put("lb.example.net.", "A", 1, "203.0.113.1")
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    apply(node, zone_id, outside("example.com"))
    internet.mode = "fail"
    wait_for(lambda: node.metric("weir_dns_outside_names_kept") == 1, "a name that is kept")
    assert node.values("example.com") == ["203.0.113.1"]
    assert node.metric("weir_dns_outside_failures_total") > 0
    internet.mode = "answer"
    wait_for(lambda: node.metric("weir_dns_outside_names_kept") == 0, "a name that is fresh")


def test_a_restart_without_name_servers_has_the_last_good_addresses(fleet, internet):
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    apply(node, zone_id, outside("example.com"))
    assert node.values("example.com") == ["203.0.113.1", "203.0.113.2"]
    node.stop()
    internet.mode = "silent"
    node.start()
    assert node.values("example.com") == ["203.0.113.1", "203.0.113.2"]
    assert ttl_of(node.ask("example.com")) == 30


def test_a_damaged_file_is_logged_and_ignored(fleet, internet):
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    apply(node, zone_id, outside("example.com"))
    node.stop()
    (node.dir / "dns-outside").write_text("weir outside addresses 1\nA lb.example.net. 1 1 1.1.1")
    node.start()
    wait_for(lambda: node.values("example.com") == ["203.0.113.1", "203.0.113.2"], "an answer")
    assert "outside addresses not read" in node.log()


def test_a_branch_without_addresses_is_left(fleet, internet):
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    secondary = upsert("www.example.com", "A", "192.0.2.9", SetIdentifier="b", Failover="SECONDARY")
    primary = outside("www.example.com", SetIdentifier="a", Failover="PRIMARY")
    apply(node, zone_id, primary, secondary)
    assert node.values("www.example.com") == ["203.0.113.1", "203.0.113.2"]
    apply(node, zone_id, outside("www.example.com", target="none.example.net", SetIdentifier="a",
                                 Failover="PRIMARY"))
    wait_for(lambda: node.values("www.example.com") == ["192.0.2.9"], "the other branch")
    internet.put("none.example.net.", "A", 60, "203.0.113.5")
    wait_for(lambda: node.values("www.example.com") == ["203.0.113.5"], "the first branch again")


def test_nothing_else_to_answer_is_servfail_with_the_reason(fleet, internet):
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    apply(node, zone_id, outside("example.com", target="none.example.net"),
          upsert("www.example.com", "A", "192.0.2.1"))
    answer = node.ask("example.com", use_edns=0)
    assert answer.rcode() == dns.rcode.SERVFAIL
    codes = [option.code for option in answer.options if option.otype == dns.edns.OptionType.EDE]
    assert codes == [NO_REACHABLE_AUTHORITY]
    assert node.values("www.example.com") == ["192.0.2.1"]
    assert node.metric("weir_dns_outside_names_unresolved") == 1


def test_a_name_is_resolved_no_more_once_nothing_refers_to_it(fleet, internet):
    internet.put("lb.example.net.", "A", 1, "203.0.113.1")
    node = start(fleet, internet)
    zone_id = node.create_zone("example.com")
    change = outside("example.com")
    apply(node, zone_id, change)
    assert node.values("example.com") == ["203.0.113.1"]
    apply(node, zone_id, {**change, "Action": "DELETE"})
    assert node.values("example.com") == []


def test_what_cannot_lead_outside_is_refused(fleet, internet):
    node = start(fleet, internet)
    client = node.boto()
    zone_id = node.create_zone("example.com")
    for change, why in [
        (outside("a.example.com", "TXT"), "types A and AAAA alone"),
        (outside("a.example.com", target="b.example.com"), "does not lie within the target zone"),
    ]:
        with pytest.raises(client.exceptions.InvalidChangeBatch, match=why):
            node.change(zone_id, change, client=client)
