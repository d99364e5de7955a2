# SPDX-License-Identifier: Apache-2.0
"""Distributions in DNS: their own names, aliases to them, the points of presence behind both."""

import botocore.exceptions
import dns.rcode
import pytest

from harness import alias, cf_behavior, cf_config, cf_origin, free_port, upsert, wait_for
from test_static_stability import control_with_zone, dns_node, nodes_of, pending_id

CDN_ZONE = "Z2FDTNDATAQYW2"


def a_config():
    """A distribution whose origin nobody listens for."""
    return cf_config([cf_origin("o", free_port())], cf_behavior("o"))


def wait_for_values(node, name, *values):
    wait_for(lambda: node.values(name) == sorted(values), f"{values} at {name}")


def ttl_of(node, name, rdtype="A"):
    (found,) = node.ask(name, rdtype).answer
    return found.ttl


def refused(node, zone_id, change):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        node.change(zone_id, change)
    return caught.value.response["Error"]


def delete_distribution(node, distribution_id):
    def disable(config):
        config["Enabled"] = False

    client = node.boto("cloudfront")
    node.update_distribution(distribution_id, disable)
    node.wait_deployed(distribution_id)
    etag = client.get_distribution(Id=distribution_id)["ETag"]
    client.delete_distribution(Id=distribution_id, IfMatch=etag)


def edge_node(fleet, name, control, *flags):
    """An edge on another machine, admitted and serving."""
    node = fleet.node(
        name, "--control", f"https://{control.ready['nodes']}",
        "--fleet-root", str(control.dir / "fleet-root.pem"), *flags, roles="edge",
    )
    node.start(wait=False)
    node.id = wait_for(lambda: pending_id(control), f"{name} in the list")
    control.weir("node", "admit", node.id)
    node.wait_ready()
    return node


def test_the_name_of_a_distribution_leads_to_this_edge(shared_node):
    node = shared_node
    made = node.create_distribution(a_config())
    name = made["DomainName"]
    assert name == f"{made['Id'].lower()}.cdn.weir.test"
    node.wait_deployed(made["Id"])
    wait_for_values(node, name, "127.0.0.1")
    assert ttl_of(node, name) == 60
    assert node.values(name.upper()) == ["127.0.0.1"]
    answer = node.ask(name, "AAAA")  # this edge has no IPv6
    assert answer.rcode() == dns.rcode.NOERROR and not answer.answer
    assert answer.authority[0].ttl == 60
    assert node.get(name).status == 502  # it is served there: nothing listens at its origin


def test_the_domain_of_distributions_is_a_zone_of_its_own(shared_node):
    node = shared_node
    assert len(node.values("cdn.weir.test", "NS")) == 4
    assert node.values("cdn.weir.test", "NS") == node.values("weir.test", "NS")
    nobody = node.ask("nobody.cdn.weir.test")
    assert nobody.rcode() == dns.rcode.NXDOMAIN
    assert nobody.authority[0].name.to_text() == "cdn.weir.test."
    above = node.ask("cdn.weir.test", "DS")  # the zone above has the delegation
    assert above.rcode() == dns.rcode.NOERROR
    assert above.authority[0].name.to_text() == "weir.test."


def test_an_alias_leads_to_a_distribution_at_the_apex_and_below(shared_node):
    node = shared_node
    made = node.create_distribution(a_config())
    node.wait_deployed(made["Id"])
    zone_id = node.create_zone("alias.test")
    node.wait_insync(node.change(
        zone_id,
        alias("alias.test", "A", CDN_ZONE, made["DomainName"]),
        alias("alias.test", "AAAA", CDN_ZONE, made["DomainName"]),
        alias("www.alias.test", "A", CDN_ZONE, made["DomainName"] + "."),
        alias("also.alias.test", "A", zone_id, "www.alias.test"),
    ))
    for name in ("alias.test", "www.alias.test", "also.alias.test"):
        wait_for_values(node, name, "127.0.0.1")
        assert ttl_of(node, name) == 60
    assert not node.ask("alias.test", "AAAA").answer
    sets = node.boto().list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    (apex,) = [s for s in sets if s["Name"] == "alias.test." and s["Type"] == "A"]
    assert apex["AliasTarget"] == {"HostedZoneId": CDN_ZONE, "EvaluateTargetHealth": False,
                                   "DNSName": made["DomainName"] + "."}
    assert "ResourceRecords" not in apex


@pytest.mark.parametrize("rdtype, target, evaluate, words", [
    ("A", "enobody.cdn.weir.test", False, "that target was not found"),
    ("A", "pops.cdn.weir.test", False, "that target was not found"),
    ("A", "d111111abcdef8.cloudfront.net", False, "does not lie within the target zone"),
    ("TXT", None, False, "that target was not found"),
    ("A", None, True, "EvaluateTargetHealth"),
])
def test_an_alias_to_what_is_no_distribution_is_refused(shared_node, rdtype, target, evaluate,
                                                        words):
    node = shared_node
    made = node.create_distribution(a_config())
    apex = f"refused-{rdtype}-{evaluate}-{len(target or '')}.test".lower()
    zone_id = node.create_zone(apex)
    error = refused(node, zone_id, alias(f"www.{apex}", rdtype, CDN_ZONE,
                                         target or made["DomainName"], evaluate))
    assert error["Code"] == "InvalidChangeBatch"
    assert words in error["Message"]


def test_a_deleted_distribution_leaves_no_name_and_no_answer(shared_node):
    node = shared_node
    made = node.create_distribution(a_config())
    name = made["DomainName"]
    zone_id = node.create_zone("gone.test")
    node.wait_insync(node.change(zone_id, alias("gone.test", "A", CDN_ZONE, name)))
    wait_for_values(node, "gone.test", "127.0.0.1")
    delete_distribution(node, made["Id"])
    wait_for(lambda: node.ask(name).rcode() == dns.rcode.NXDOMAIN, "no such name")
    answer = node.ask("gone.test")
    assert answer.rcode() == dns.rcode.NOERROR and not answer.answer
    assert refused(node, zone_id, alias("x.gone.test", "A", CDN_ZONE, name))


def test_without_an_edge_distributions_wait_and_records_do_not(fleet):
    control, zone_id = control_with_zone(fleet)
    resolver = dns_node(fleet, "dns1", control)
    made = control.create_distribution(a_config())
    control.wait_insync(control.change(zone_id, upsert("a.stable.test", "A", "192.0.2.7")))
    client = control.boto("cloudfront")
    assert client.get_distribution(Id=made["Id"])["Distribution"]["Status"] == "InProgress"
    assert not resolver.ask(made["DomainName"]).answer
    edge = edge_node(fleet, "edge1", control, "--advertise", "192.0.2.80",
                     "--advertise", "2001:db8::80", "--pop", "ZRH50-P1",
                     "--location", "eu-central-2")
    control.wait_deployed(made["Id"])
    assert edge.get(made["DomainName"]).status == 502
    wait_for_values(resolver, made["DomainName"], "192.0.2.80")
    (shown,) = [n for n in nodes_of(control) if n["Id"] == edge.id]
    assert shown["Pop"] == "ZRH50-P1"
    assert shown["Location"] == "eu-central-2"
    assert shown["Addresses"] == ["192.0.2.80", "2001:db8::80"]


def test_an_operator_takes_an_edge_out_of_dns_and_silence_does_not(fleet):
    control = fleet.node("control", "--nodes", f"127.0.0.1:{free_port()}", roles="control,dns")
    control.start()
    first = edge_node(fleet, "edge1", control, "--advertise", "192.0.2.81")
    second = edge_node(fleet, "edge2", control, "--advertise", "192.0.2.82")
    made = control.create_distribution(a_config())
    control.wait_deployed(made["Id"])
    name = made["DomainName"]
    wait_for_values(control, name, "192.0.2.81", "192.0.2.82")
    first.kill()
    control.kill()
    control.start()
    control.weir("node", "drain", second.id)
    wait_for_values(control, name, "192.0.2.81")
    control.weir("node", "uncordon", second.id)
    wait_for_values(control, name, "192.0.2.81", "192.0.2.82")


def test_a_role_that_is_added_later_serves_what_there_is(fleet):
    node = fleet.node("node", roles="control,dns").start()
    made = node.create_distribution(a_config())
    node.wait_insync(node.change(node.create_zone("later.test"),
                                 upsert("www.later.test", "A", "192.0.2.9")))
    node.stop()
    node.roles = "control,dns,edge"
    node.start()
    node.wait_deployed(made["Id"])
    assert node.get(made["DomainName"]).status == 502
    assert node.values("www.later.test") == ["192.0.2.9"]
    wait_for_values(node, made["DomainName"], "127.0.0.1")


def test_a_dead_edge_leaves_dns_by_itself_and_comes_back(fleet):
    control = fleet.node(
        "control", "--nodes", f"127.0.0.1:{free_port()}", "--check-interval-ms", "200",
        roles="control,dns,check",
    ).start()
    ports = (f"127.0.0.2:{free_port()}", f"127.0.0.3:{free_port()}")
    edges = [edge_node(fleet, f"edge{i}", control, "--http", port)
             for i, port in enumerate(ports)]
    made = control.create_distribution(a_config())
    name = made["DomainName"]
    control.wait_deployed(made["Id"])
    both = ("127.0.0.2", "127.0.0.3")
    wait_for_values(control, name, *both)
    wait_for(lambda: control.metric("weir_votes", state="healthy") == 2, "both edges are well")
    edges[0].kill()
    wait_for_values(control, name, "127.0.0.3")
    edges[0].start()
    wait_for_values(control, name, *both)
    for edge in edges:
        edge.kill()
    wait_for(lambda: control.metric("weir_votes", state="unhealthy") == 2, "both edges are gone")
    wait_for_values(control, name, *both)  # the last resort
    edges[1].start()
    wait_for_values(control, name, "127.0.0.3")
    nodes = [n for n in nodes_of(control) if n["State"] == "ADMITTED"]
    assert len(nodes) == 3  # nobody decided anything
