# SPDX-License-Identifier: Apache-2.0
"""Zones of one name in several delegation sets: the address asked tells which one answers."""

import json

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from harness import DEADLINE_S, free_port, split_address, upsert, wait_for

FIRST, SECOND, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"


def ask_at(host, port, name, rdtype="A", tcp=False):
    """The answer of one address; one that leaves from another address is an error."""
    query = dns.message.make_query(name, rdtype)
    query.flags &= ~dns.flags.RD
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, host, port=port, timeout=DEADLINE_S)


def values_at(host, port, name, rdtype="A", tcp=False):
    answer = ask_at(host, port, name, rdtype, tcp)
    wanted = dns.rdatatype.from_text(rdtype)
    return sorted(r.to_text() for s in answer.answer if s.rdtype == wanted for r in s)


def sets_of(node):
    """The delegation sets as `weir set list` shows them."""
    return json.loads(node.weir("set", "list", "--json").stdout)["DelegationSets"]


def assign(node, set_id, *addresses):
    """Gives the set its addresses and waits until every node serves it so."""
    words = node.weir("set", "addresses", set_id, *addresses).stdout.split()
    node.wait_insync(words[words.index("change") + 1])


def two_zones(node, name="twice.test"):
    """Two zones of one name, which say which they are: "1", the older, and "2"."""
    for i in (1, 2):
        zone_id = node.create_zone(name)
        node.wait_insync(node.change(zone_id, upsert(f"www.{name}", "A", f"192.0.2.{i}")))


def flags_of(kind):
    """--dns flags for three loopback addresses of one port: one by one, or by the wildcard."""
    port = free_port()
    if kind == "wildcard":
        return ["--dns", f"0.0.0.0:{port}", "--advertise", FIRST], port
    return [w for host in (FIRST, SECOND, THIRD) for w in ("--dns", f"{host}:{port}")], port


@pytest.fixture(params=["addresses", "wildcard"])
def three(request, fleet):
    """A node on three loopback addresses, and the port."""
    flags, port = flags_of(request.param)
    node = fleet.node("node", *flags).start()
    bound = node.ready["dns"]
    assert split_address(bound if isinstance(bound, str) else bound[0])[1] == port
    return node, port


def test_each_address_answers_its_own_zone(three):
    node, port = three
    two_zones(node)
    for host in (FIRST, SECOND, THIRD):
        assert values_at(host, port, "www.twice.test") == ["192.0.2.1"]
    first, second = sets_of(node)[:2]
    assign(node, first["Id"], FIRST)
    assign(node, second["Id"], SECOND)
    for tcp in (False, True):
        assert values_at(FIRST, port, "www.twice.test", tcp=tcp) == ["192.0.2.1"]
        assert values_at(SECOND, port, "www.twice.test", tcp=tcp) == ["192.0.2.2"]
        assert values_at(THIRD, port, "www.twice.test", tcp=tcp) == ["192.0.2.1"]
    # The name servers of a set have its addresses, and are known at every address.
    for host in (FIRST, SECOND, THIRD):
        assert values_at(host, port, second["NameServers"][0]) == [SECOND]
        assert values_at(host, port, first["NameServers"][3]) == [FIRST]
        assert values_at(host, port, sets_of(node)[2]["NameServers"][0]) == [FIRST]
    # A zone of one set is nobody's at the address of another.
    zone_id = node.create_zone("once.test")
    node.wait_insync(node.change(zone_id, upsert("once.test", "A", "192.0.2.9")))
    assert values_at(FIRST, port, "once.test") == ["192.0.2.9"]
    assert values_at(THIRD, port, "once.test") == ["192.0.2.9"]
    assert ask_at(SECOND, port, "once.test").rcode() == dns.rcode.REFUSED


def test_addresses_move_between_sets_and_survive_a_restart(fleet):
    flags, port = flags_of("wildcard")
    node = fleet.node("node", *flags).start()
    two_zones(node)
    first, second, third = sets_of(node)[:3]
    assign(node, first["Id"], FIRST, THIRD)
    assign(node, second["Id"], SECOND)
    taken = node.weir("set", "addresses", second["Id"], SECOND, THIRD, check=False)
    assert taken.returncode == 1
    assert "AddressInUse" in taken.stderr and first["Id"] in taken.stderr
    assign(node, first["Id"], FIRST)
    assign(node, second["Id"], THIRD, SECOND)
    assert values_at(THIRD, port, "www.twice.test") == ["192.0.2.2"]
    # The address of a set without zones serves none of the others.
    assign(node, second["Id"], SECOND)
    assign(node, third["Id"], THIRD)
    assert ask_at(THIRD, port, "www.twice.test").rcode() == dns.rcode.REFUSED
    assert values_at(THIRD, port, third["NameServers"][0]) == [THIRD]
    node.stop()
    node.start()
    assert [s["Addresses"] for s in sets_of(node)] == [[FIRST], [SECOND], [THIRD], []]
    assert values_at(FIRST, port, "www.twice.test") == ["192.0.2.1"]
    assert values_at(SECOND, port, "www.twice.test") == ["192.0.2.2"]
    # Without addresses everything is as it was.
    for one in (first, second, third):
        assign(node, one["Id"], "all")
    for host in (FIRST, SECOND, THIRD):
        assert values_at(host, port, "www.twice.test") == ["192.0.2.1"]
    wait_for(lambda: values_at(THIRD, port, third["NameServers"][0]) == [FIRST], "--advertise")


def test_what_is_wrong_with_an_address_is_said(fleet):
    node = fleet.node().start()
    set_id = sets_of(node)[0]["Id"]
    lines = node.weir("set", "list").stdout.splitlines()
    assert lines[0].split() == ["ID", "NAME", "SERVERS", "ADDRESSES"]
    assert lines[1].split()[0] == set_id and lines[1].split()[-1] == "all"
    for words, finding in (
        (("addresses", set_id), "usage: weir set addresses"),
        (("addresses", set_id, "192.0.2"), "is not an IP address"),
        (("addresses", set_id, "192.0.2.1", "192.0.2.1"), "named twice"),
        (("addresses", "N404", "192.0.2.1"), "NoSuchDelegationSet"),
    ):
        done = node.weir("set", *words, check=False)
        assert done.returncode == 1 and finding in done.stderr, done.stderr
    node.weir("set", "addresses", set_id, *(f"10.0.0.{i}" for i in range(256)))
    assert len(sets_of(node)[0]["Addresses"]) == 256
