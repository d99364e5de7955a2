# SPDX-License-Identifier: Apache-2.0
"""The road of a change: a call of the aws CLI becomes a DNS answer."""

import json
import subprocess

import dns.flags
import dns.rcode
import pytest

from harness import DEADLINE_S, alias, delete, split_address, upsert, wait_for


def kdig(node, *arguments):
    host, port = split_address(node.ready["dns"])
    done = subprocess.run(
        ["kdig", f"@{host}", "-p", str(port), "+timeout=10", *arguments],
        capture_output=True, text=True, timeout=DEADLINE_S, check=True,
    )
    return done.stdout


@pytest.mark.smoke
def test_a_change_by_the_aws_cli_is_answered_once_get_change_says_insync(node):
    created = node.aws(
        "create-hosted-zone", "--name", "example.com", "--caller-reference", "road"
    )
    zone_id = created["HostedZone"]["Id"]
    assert zone_id.startswith("/hostedzone/Z")
    assert len(created["DelegationSet"]["NameServers"]) == 4
    batch = {"Changes": [upsert("www.example.com", "A", "192.0.2.1", "192.0.2.2", ttl=60)]}
    changed = node.aws(
        "change-resource-record-sets", "--hosted-zone-id", zone_id,
        "--change-batch", json.dumps(batch),
    )
    change_id = changed["ChangeInfo"]["Id"]
    assert changed["ChangeInfo"]["Status"] == "PENDING"
    wait_for(
        lambda: node.aws("get-change", "--id", change_id)["ChangeInfo"]["Status"] == "INSYNC",
        "INSYNC",
    )
    answer = kdig(node, "www.example.com", "A", "+short")
    assert sorted(answer.split()) == ["192.0.2.1", "192.0.2.2"]
    assert sorted(kdig(node, "+tcp", "www.example.com", "A", "+short").split()) == [
        "192.0.2.1",
        "192.0.2.2",
    ]


def test_the_aws_cli_waits_by_its_own_waiter(node):
    zone_id = node.create_zone("waiter.test")
    change_id = node.change(zone_id, upsert("waiter.test", "TXT", '"hello"'))
    node.wait_insync(change_id)
    node.aws("wait", "resource-record-sets-changed", "--id", change_id)
    assert node.values("waiter.test", "TXT") == ['"hello"']


def test_every_type_of_this_version_is_answered_as_it_was_given(shared_node):
    node = shared_node
    zone_id = node.create_zone("types.test")
    wanted = {
        "A": ("a.types.test", ["192.0.2.7"]),
        "AAAA": ("aaaa.types.test", ["2001:db8::7"]),
        "CNAME": ("cname.types.test", ["a.types.test."]),
        "TXT": ("txt.types.test", ['"one two" "three"', '"quo\\"te"']),
        "MX": ("mx.types.test", ["10 mail.types.test.", "20 mail2.types.test."]),
        "PTR": ("ptr.types.test", ["host.types.test."]),
        "SRV": ("_sip._tcp.types.test", ["1 2 5060 a.types.test."]),
        "CAA": ("caa.types.test", ['0 issue "ca.example"']),
        "NS": ("sub.types.test", ["ns.elsewhere.test."]),
    }
    changes = [upsert(name, kind, *values) for kind, (name, values) in wanted.items()]
    node.wait_insync(node.change(zone_id, *changes))
    for kind, (name, values) in wanted.items():
        if kind == "NS":  # below the apex it is a delegation: a referral, not an answer
            referral = node.ask(name, "NS")
            assert not referral.flags & dns.flags.AA
            assert [r.to_text() for s in referral.authority for r in s] == values
            continue
        assert node.values(name, kind) == sorted(values)
        assert node.ask(name, kind).flags & dns.flags.AA


def test_zone_apex_answers_soa_and_ns(shared_node):
    node = shared_node
    zone_id = node.create_zone("apex.test")
    node.wait_insync(node.change(zone_id, upsert("www.apex.test", "A", "192.0.2.1")))
    (soa,) = node.values("apex.test", "SOA")
    assert soa == "ns-1.weir.test. hostmaster.weir.test. 1 7200 900 1209600 86400"
    servers = node.values("apex.test", "NS")
    assert len(servers) == 4
    for server in servers:  # the built-in zone answers for them
        assert node.values(server, "A") == ["127.0.0.1"]


def test_negative_answers_carry_soa_with_the_negative_ttl(shared_node):
    node = shared_node
    zone_id = node.create_zone("negative.test")
    node.wait_insync(node.change(zone_id, upsert("a.b.negative.test", "A", "192.0.2.1")))
    missing = node.ask("nothing.negative.test")
    assert missing.rcode() == dns.rcode.NXDOMAIN
    assert missing.authority[0].ttl == 900
    for name, kind in (("a.b.negative.test", "AAAA"), ("b.negative.test", "A")):
        nodata = node.ask(name, kind)  # the second is an empty non-terminal
        assert nodata.rcode() == dns.rcode.NOERROR
        assert not nodata.answer and nodata.authority[0].ttl == 900
    assert node.ask("example.org").rcode() == dns.rcode.REFUSED


def test_wildcards_answer_below_the_closest_encloser_only(shared_node):
    node = shared_node
    zone_id = node.create_zone("wild.test")
    node.wait_insync(
        node.change(
            zone_id,
            upsert("*.wild.test", "TXT", '"any"'),
            upsert("host.wild.test", "A", "192.0.2.1"),
        )
    )
    assert node.values("x.y.wild.test", "TXT") == ['"any"']
    assert node.ask("host.wild.test", "TXT").rcode() == dns.rcode.NOERROR
    assert node.ask("below.host.wild.test", "TXT").rcode() == dns.rcode.NXDOMAIN


def test_an_alias_at_the_apex_answers_with_the_records_of_its_target(shared_node):
    node = shared_node
    zone_id = node.create_zone("alias.test")
    node.wait_insync(
        node.change(
            zone_id,
            upsert("www.alias.test", "A", "192.0.2.1", "192.0.2.2", ttl=77),
            alias("alias.test", "A", zone_id, "www.alias.test"),
        )
    )
    answer = node.ask("alias.test", "A")
    (records,) = answer.answer
    assert records.name.to_text() == "alias.test."
    assert records.ttl == 77
    assert sorted(r.to_text() for r in records) == ["192.0.2.1", "192.0.2.2"]
    node.wait_insync(node.change(zone_id, upsert("www.alias.test", "A", "192.0.2.9", ttl=30)))
    assert node.values("alias.test", "A") == ["192.0.2.9"]


def test_large_answers_are_truncated_over_udp_and_whole_over_tcp(shared_node):
    node = shared_node
    zone_id = node.create_zone("large.test")
    values = [f'"{i:03d}{"x" * 200}"' for i in range(30)]
    node.wait_insync(node.change(zone_id, upsert("large.test", "TXT", *values)))
    short = node.ask("large.test", "TXT")
    assert short.flags & dns.flags.TC and not short.answer
    assert node.ask("large.test", "TXT", use_edns=0, payload=4096).flags & dns.flags.TC
    assert node.values("large.test", "TXT", tcp=True) == values


def test_a_deleted_record_and_a_deleted_zone_are_gone(shared_node):
    node = shared_node
    client = node.boto()
    zone_id = node.create_zone("gone.test")
    node.wait_insync(node.change(zone_id, upsert("www.gone.test", "A", "192.0.2.1")))
    node.wait_insync(node.change(zone_id, delete("www.gone.test", "A", "192.0.2.1")))
    assert node.ask("www.gone.test").rcode() == dns.rcode.NXDOMAIN
    deleted = client.delete_hosted_zone(Id=zone_id)
    node.wait_insync(deleted["ChangeInfo"]["Id"])
    assert node.ask("gone.test", "SOA").rcode() == dns.rcode.REFUSED
