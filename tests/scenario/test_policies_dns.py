# SPDX-License-Identifier: Apache-2.0
"""What clients get from record sets with routing policies: the rules of docs/route53.md, "How an
answer is chosen", asked over the wire. Bounds on shares are Hoeffding's (policy_site.py); a whole
run fails by chance less than once in 10^9."""

import time

import dns.rcode
import dns.rdatatype
import pytest

from conftest import Fleet
from harness import alias, delete, replace, upsert, wait_for
from policy_site import (LOCATIONS, Site, addresses, assert_shares, branch, locations, member)


@pytest.fixture(scope="module")
def site():
    made = Fleet()
    try:
        yield Site(made).start()
    finally:
        made.end()


# ---- weighted


def test_weighted_sets_have_their_shares(site):
    zone = site.node.create_zone("shares.test")
    site.apply(zone,
               member("some.shares.test", 1, Weight=10), member("some.shares.test", 2, Weight=30),
               member("some.shares.test", 3, Weight=0),
               *(member("zero.shares.test", n, Weight=0) for n in (1, 2, 3, 4)),
               member("only.shares.test", 1, Weight=255))
    assert_shares(site.draw("some.shares.test"),
                  {"192.0.2.1": 0.25, "192.0.2.2": 0.75, "192.0.2.3": 0})
    assert_shares(site.draw("zero.shares.test"), dict.fromkeys(addresses(1, 2, 3, 4), 0.25))
    assert_shares(site.draw("only.shares.test", count=100), {"192.0.2.1": 1}, 100)


def test_weights_of_unhealthy_sets_go_to_the_healthy_ones(site):
    zone = site.node.create_zone("weights.test")
    name = "www.weights.test"
    site.apply(zone, member(name, 1, "w1", Weight=10), member(name, 2, "w2", Weight=30),
               member(name, 3, "w3", Weight=60), member(name, 4, "w4", Weight=0))
    site.are_unhealthy("w3")
    assert_shares(site.draw(name), {"192.0.2.1": 0.25, "192.0.2.2": 0.75})
    site.are_unhealthy("w1", "w2", "w3")
    assert_shares(site.draw(name, count=200), {"192.0.2.4": 1}, 200)
    # Nothing is healthy: the positive weights again, and never the zero one.
    site.are_unhealthy("w1", "w2", "w3", "w4")
    assert_shares(site.draw(name), {"192.0.2.1": 0.1, "192.0.2.2": 0.3, "192.0.2.3": 0.6})


def test_weights_of_zero_alone_share_when_all_are_unhealthy(site):
    zone = site.node.create_zone("zeros.test")
    name = "www.zeros.test"
    site.apply(zone, *(member(name, n, f"z{n}", Weight=0) for n in (1, 2, 3)))
    site.are_unhealthy("z2")
    assert_shares(site.draw(name), {"192.0.2.1": 0.5, "192.0.2.3": 0.5})
    site.are_unhealthy("z1", "z2", "z3")
    assert_shares(site.draw(name), dict.fromkeys(addresses(1, 2, 3), 1 / 3))


def test_levels_of_a_tree_draw_independently(site):
    zone = site.node.create_zone("levels.test")
    halves = ("left.levels.test", "right.levels.test")
    site.apply(zone, *(member(name, 2 * n + i, f"v{2 * n + i}", Weight=1)
                       for n, name in enumerate(halves) for i in range(2)))
    site.apply(zone, *(branch("www.levels.test", zone, name, True, Weight=7) for name in halves))
    site.are_unhealthy()
    assert_shares(site.draw("www.levels.test"), dict.fromkeys(addresses(0, 1, 2, 3), 0.25))
    # A branch that still has a healthy set keeps its share.
    site.are_unhealthy("v1")
    assert_shares(site.draw("www.levels.test"),
                  {"192.0.2.0": 0.5, "192.0.2.2": 0.25, "192.0.2.3": 0.25})


# ---- failover


@pytest.mark.parametrize("unhealthy, number", [
    ((), 1), (("f1",), 2), (("f2",), 1), (("f1", "f2"), 1)])
def test_the_secondary_answers_while_it_alone_is_healthy(site, unhealthy, number):
    apex = f"failover{len(unhealthy)}{number}.test"
    zone = site.node.create_zone(apex)
    site.apply(zone, member(apex, 1, "f1", Failover="PRIMARY"),
               member(apex, 2, "f2", Failover="SECONDARY"))
    site.are_unhealthy(*unhealthy)
    assert site.draw(apex, count=50) == {f"192.0.2.{number}": 50}


def test_a_primary_without_a_check_never_fails_over(site):
    zone = site.node.create_zone("never.test")
    site.apply(zone, member("www.never.test", 1, Failover="PRIMARY"),
               member("www.never.test", 2, "n2", Failover="SECONDARY"),
               member("back.never.test", 1, "n1", Failover="PRIMARY"),
               member("back.never.test", 2, Failover="SECONDARY"))
    for unhealthy in ((), ("n1",), ("n2",), ("n1", "n2")):
        site.are_unhealthy(*unhealthy)
        assert site.values("www.never.test") == addresses(1)
        assert site.values("back.never.test") == addresses(2 if "n1" in unhealthy else 1)


# ---- multivalue


def test_a_multivalue_answer_merges_up_to_eight_healthy_sets(site):
    zone = site.node.create_zone("multi.test")
    name = "www.multi.test"
    sets = [upsert(name, "A", f"192.0.2.{n}", f"198.51.100.{n}", ttl=100 + n, MultiValueAnswer=True,
                   SetIdentifier=f"set-{n}", HealthCheckId=f"m{n}") for n in range(12)]
    site.apply(zone, *sets)

    def numbers(got):
        """The sets in an answer; each has all its values, and the TTL is the smallest."""
        assert len(got.message.answer) == 1
        found = sorted(int(v.rsplit(".", 1)[1]) for v in got.values if v.startswith("192."))
        assert got.values == sorted(f"{net}.{n}" for net in ("192.0.2", "198.51.100")
                                    for n in found)
        assert got.ttl == 100 + min(found)
        return found

    site.are_unhealthy()
    assert all(len(numbers(site.ask(name))) == 8 for _ in range(20))
    assert_shares(site.draw(name), {v: 8 / 12 for s in sets for v in (
        r["Value"] for r in s["ResourceRecordSet"]["ResourceRecords"])})
    site.are_unhealthy(*(f"m{n}" for n in range(12) if n not in (3, 7, 9)))
    assert numbers(site.ask(name)) == [3, 7, 9]
    site.are_unhealthy(*(f"m{n}" for n in range(12)))
    assert all(len(numbers(site.ask(name))) == 8 for _ in range(20))


# ---- latency


def test_the_nearest_healthy_region_answers(site):
    zone = site.node.create_zone("latency.test")
    name = "www.latency.test"
    site.apply(zone, member(name, 1, "l1", Region="us-west-2"),
               member(name, 2, "l2", Region="us-east-1"), member(name, 3, "l3", Region="eu-west-1"))
    for unhealthy, western, european in [
        ((), 1, 3), (("l1",), 2, 3), (("l1", "l2"), 3, 3), (("l3",), 1, 2),
        (("l1", "l2", "l3"), 1, 3),  # none is healthy: as if all were
    ]:
        site.are_unhealthy(*unhealthy)
        assert site.ask(name, subnet="10.1.9.0/24")[::2] == (addresses(western), 16)
        assert site.values(name, source="127.4.0.9") == addresses(european)


def test_distance_stands_in_where_no_latency_is_known(site):
    zone = site.node.create_zone("distance.test")
    name = "www.distance.test"
    site.apply(zone, member(name, 1, "g1", Region="us-west-2"),
               member(name, 2, "g2", Region="us-east-1"), member(name, 3, "g3", Region="eu-west-1"))
    site.are_unhealthy()
    # Turkey, of which nothing is measured; so is Switzerland, whose point is in the file.
    assert site.ask(name, subnet="10.4.1.0/24")[::2] == (addresses(3), 16)
    assert site.values(name, subnet="10.5.1.0/24") == addresses(3)
    # One region is measured, the others are judged by distance: by milliseconds all.
    assert site.values(name, subnet="10.2.1.0/24") == addresses(3)
    assert site.values(name, subnet="10.3.1.0/24") != addresses(3)
    # Next by distance from Zurich, past the one that failed.
    site.are_unhealthy("g3")
    assert site.values(name, subnet="10.5.1.0/24") == addresses(2)
    # Nothing is known of these: always the same set, whatever the chance.
    site.are_unhealthy()
    assert len({tuple(site.values(name, subnet="11.0.0.0/24")) for _ in range(30)}) == 1


# ---- geoproximity, in traffic policies


def test_the_smallest_distance_after_its_bias_answers(site):
    """From Zurich: Frankfurt 300 km, Milan 220, Dublin 1,240."""
    zone = site.node.create_zone("biased.test")

    def group(name, *biases):
        site.instance(zone, name, values=addresses(0, 1, 2), start="near", rules={
            "near": {"RuleType": "geoproximity", "GeoproximityLocations": [
                {"EndpointReference": f"v{n}", "HealthCheck": f"p{n}", "Bias": bias, **place}
                for n, (bias, place) in enumerate(zip(biases, (
                    {"Region": "aws:route53:eu-central-1"},
                    {"Latitude": "45.46", "Longitude": "9.19"},
                    {"Region": "aws:route53:eu-west-1"})))]}})

    group("plain.biased.test", 0, 0, 0)
    group("grown.biased.test", 50, 0, 0)  # 150 km
    group("shrunk.biased.test", 0, -50, 0)  # 440 km
    group("far.biased.test", 0, 0, 90)  # 124 km
    group("slight.biased.test", 0, 0, 50)  # 620 km
    zurich = {"subnet": "10.5.1.0/24"}
    site.are_unhealthy()
    for name, number in [("plain", 1), ("grown", 0), ("shrunk", 0), ("far", 2), ("slight", 1)]:
        got = site.ask(f"{name}.biased.test", **zurich)
        assert (got.values, got.ttl, got.scope) == (addresses(number), 60, 16), name
    site.are_unhealthy("p1")
    assert site.values("plain.biased.test", **zurich) == addresses(0)
    site.are_unhealthy("p1", "p0")
    assert site.values("plain.biased.test", **zurich) == addresses(2)
    site.are_unhealthy("p1", "p0", "p2")
    assert site.values("plain.biased.test", **zurich) == addresses(1)


# ---- geolocation

@pytest.mark.parametrize("unhealthy, expected", [
    ((), "WA US NA EU DE *"),
    (("WA",), "US US NA EU DE *"),
    (("WA", "US"), "NA NA NA EU DE *"),
    (("WA", "US", "NA"), "* * * EU DE *"),
    (("DE",), "WA US NA EU EU *"),
    (("DE", "EU"), "WA US NA * * *"),
    (("*",), "WA US NA EU DE *"),
    # Nothing that the client may get is healthy: the most specific match.
    (("WA", "US", "NA", "*"), "WA US NA EU DE *"),
    (tuple(LOCATIONS), "WA US NA EU DE *"),
])
def test_the_most_specific_healthy_location_answers(site, unhealthy, expected):
    apex = "geo" + "".join(code.lower() for code in unhealthy).replace("*", "all") + ".test"
    zone = site.node.create_zone(apex)
    site.apply(zone, *locations(apex, apex, *LOCATIONS))
    site.are_unhealthy(*(f"{apex}-{code}" for code in unhealthy))
    clients = ("10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.4.0.0/24", "127.4.0.0/24",
               "11.0.0.0/24")
    wanted = [f"192.0.2.{list(LOCATIONS).index(code)}" for code in expected.split()]
    assert [site.values(apex, subnet=subnet)[0] for subnet in clients] == wanted
    assert site.values(apex, subnet="2001:db8:4::/48") == site.values(apex, source="127.4.0.1")


def test_a_client_without_a_location_gets_no_records_and_no_error(site):
    zone = site.node.create_zone("nowhere.test")
    collection = site.collection("nowhere", {"here": ["10.9.0.0/16"]})
    site.apply(zone, *locations("geo.nowhere.test", "nowhere", "US", "EU"),
               member("ip.nowhere.test", 1, CidrRoutingConfig={
                   "CollectionId": collection, "LocationName": "here"}),
               upsert("plain.nowhere.test", "A", "192.0.2.1"))
    for name in ("geo.nowhere.test", "ip.nowhere.test"):
        answer = site.ask(name, subnet="11.0.0.0/24").message
        assert answer.rcode() == dns.rcode.NOERROR and not answer.answer
        assert [(s.rdtype, s.ttl <= 60) for s in answer.authority] == [(dns.rdatatype.SOA, True)]
    # What is absent for everybody may be kept as long as ever.
    assert site.ask("plain.nowhere.test", "TXT").message.authority[0].ttl == 900
    assert site.values("geo.nowhere.test", subnet="10.2.0.0/24") == addresses(1)
    assert site.values("ip.nowhere.test", subnet="10.9.3.0/24") == addresses(1)


# ---- IP-based


def test_the_longest_block_answers_and_no_wider_one(site):
    zone = site.node.create_zone("blocks.test")
    blocks = {"wide": ["10.0.0.0/8", "2001:db8::/32"], "narrow": ["10.5.0.0/16"],
              "six": ["2001:db8:6::/48"], "loopback": ["127.5.0.0/16", "::/48"]}
    collection = site.collection("blocks", blocks)
    name = "www.blocks.test"
    site.apply(zone, *(member(name, number, f"b-{location}", CidrRoutingConfig={
        "CollectionId": collection, "LocationName": location})
        for number, location in enumerate([*blocks, "*"])))
    for unhealthy in ((), ("b-narrow",), ("b-narrow", "b-wide", "b-six", "b-loopback", "b-*")):
        site.are_unhealthy(*unhealthy)
        for subnet, number, scopes in [
            ("10.5.7.0/24", 1, {16}), ("10.5.7.0/20", 1, {16}),
            ("10.6.7.0/24", 0, {15, 16}),  # beside the nested block: never 8
            ("10.128.0.0/24", 0, {9}), ("11.0.0.0/24", 4, {8}),
            ("10.5.0.0/15", 0, {16}),  # matches /8, is wider than the /16 within
            ("10.0.0.0/7", 4, set(range(8, 33))),  # wider than any block
            ("2001:db8:6::/48", 2, {48}), ("2001:db8:6::/56", 2, {48}),
            ("2001:db8:6::/40", 0, set(range(41, 65))), ("2001:db8:8000::/48", 0, {33}),
            ("2001:db9::/48", 4, {32}),
        ]:
            got = site.ask(name, subnet=subnet)
            assert (got.values, got.scope in scopes) == (addresses(number), True), (
                unhealthy, subnet, got)
        assert site.values(name, source="127.5.0.1") == addresses(3)
        assert site.values(name, source="127.6.0.1") == addresses(4)
        assert site.values(name, is_v6=True) == addresses(3)


# ---- where the client is


def test_the_subnet_counts_before_the_address_of_the_resolver(site):
    zone = site.node.create_zone("client.test")
    name = "www.client.test"
    site.apply(zone, *locations(name, "client", "US", "DE", "*"),
               upsert("plain.client.test", "A", "192.0.2.9"),
               member("some.client.test", 9, Weight=1))
    assert site.values(name, source="127.4.0.1") == addresses(4)
    assert site.values(name, source="127.6.0.1") == addresses(5)
    assert site.ask(name, source="127.4.0.1", subnet="10.2.3.0/24")[::2] == (addresses(1), 16)
    assert site.ask(name, subnet="10.2.3.0/24", tcp=True)[::2] == (addresses(1), 16)
    # A source length of 0 asks for privacy: the resolver's own place, for everybody.
    assert site.ask(name, source="127.4.0.1", subnet="0.0.0.0/0")[::2] == (addresses(4), 0)
    assert site.ask(name, source="127.4.0.1", subnet="::/0")[::2] == (addresses(4), 0)
    # What does not depend on the client has scope 0; who sent no option gets none.
    assert site.ask("plain.client.test", subnet="10.2.3.0/24").scope == 0
    assert site.ask("some.client.test", subnet="10.2.3.0/24").scope == 0
    assert site.ask(name, source="127.4.0.1").scope is None


# ---- trees


def test_a_failed_branch_is_left_for_the_next_best(site):
    zone = site.node.create_zone("tree.test")
    top = "www.tree.test"
    site.apply(zone, *(member(f"{region}.tree.test", 10 * n + i, f"t{n}{i}", Weight=weight)
                       for n, region in enumerate(("west", "east")) for i, weight in
                       enumerate((1, 3))))
    site.apply(zone, branch(top, zone, "west.tree.test", True, Region="us-west-2"),
               branch(top, zone, "east.tree.test", True, Region="us-east-1"))
    asked = {"subnet": "10.1.0.0/24"}

    def seen():
        return {v for _ in range(60) for v in site.values(top, **asked)}

    site.are_unhealthy()
    assert seen() <= {"192.0.2.0", "192.0.2.1"}
    site.are_unhealthy("t00")
    assert seen() == {"192.0.2.1"}
    site.are_unhealthy("t00", "t01", "t10")
    assert seen() == {"192.0.2.11"}
    # Nothing is healthy anywhere: each level is as if all were, from the nearest region on.
    site.are_unhealthy("t00", "t01", "t10", "t11")
    assert seen() <= {"192.0.2.0", "192.0.2.1"}


def test_a_branch_that_is_not_evaluated_is_never_left(site):
    zone = site.node.create_zone("stay.test")
    top, inner = "www.stay.test", "inner.stay.test"
    site.apply(zone, member(inner, 1, "i1", Failover="PRIMARY"),
               member(inner, 2, "i2", Failover="SECONDARY"))
    first = branch(top, zone, inner, False, Failover="PRIMARY")
    site.apply(zone, first, member(top, 3, Failover="SECONDARY"))
    for unhealthy, number in [((), 1), (("i1",), 2), (("i1", "i2"), 1)]:
        site.are_unhealthy(*unhealthy)
        assert site.values(top) == addresses(number)
    site.apply(zone, branch(top, zone, inner, True, Failover="PRIMARY"))
    assert site.values(top) == addresses(3)
    site.are_unhealthy("i1")
    assert site.values(top) == addresses(2)


def test_a_check_and_the_target_must_both_be_good(site):
    zone = site.node.create_zone("both.test")
    top, inner = "www.both.test", "inner.both.test"
    site.apply(zone, member(inner, 1, "in", Weight=1))
    site.apply(zone, branch(top, zone, inner, True, Failover="PRIMARY", HealthCheckId="own"),
               member(top, 2, Failover="SECONDARY"))
    for unhealthy, number in [((), 1), (("own",), 2), (("in",), 2), (("own", "in"), 2)]:
        site.are_unhealthy(*unhealthy)
        assert site.values(top) == addresses(number)


def test_health_is_what_this_client_may_receive(site):
    zone = site.node.create_zone("mine.test")
    top, inner = "www.mine.test", "geo.mine.test"
    site.apply(zone, *locations(inner, "mine", "US", "DE"))
    site.apply(zone, branch(top, zone, inner, True, Failover="PRIMARY"),
               member(top, 9, Failover="SECONDARY"))
    site.are_unhealthy("mine-US")
    assert site.ask(top, subnet="10.2.0.0/24")[::2] == (addresses(9), 16)
    assert site.ask(top, subnet="127.4.0.0/24")[::2] == (addresses(4), 16)
    assert site.values(top, subnet="11.0.0.0/24") == addresses(9)  # nothing there is for them


def test_a_tree_of_thirty_two_levels_answers_as_its_last(site):
    zone = site.node.create_zone("deep.test")
    changes = [member("l31.deep.test", 1, "d1", Failover="PRIMARY"),
               member("l31.deep.test", 2, "d2", Failover="SECONDARY")]
    for level in range(30, -1, -1):
        changes += [branch(f"l{level}.deep.test", zone, f"l{level + 1}.deep.test", True,
                           Failover="PRIMARY"),
                    member(f"l{level}.deep.test", 100 + level, Failover="SECONDARY")]
    site.apply(zone, *changes)
    for unhealthy, number in [((), 1), (("d1",), 2), (("d1", "d2"), 130)]:
        site.are_unhealthy(*unhealthy)
        assert site.values("l0.deep.test") == addresses(number)


# ---- aliases, types and TTLs


def test_an_alias_answers_its_own_type_with_its_targets_ttl(site):
    zone = site.node.create_zone("alias.test")
    target = "target.alias.test"
    site.apply(zone, upsert(target, "A", "192.0.2.1", ttl=77),
               upsert(target, "AAAA", "2001:db8::1"), member("grp.alias.test", 2, Weight=1, ttl=33))
    site.apply(zone, alias("alias.test", "A", zone, target),
               alias("grps.alias.test", "A", zone, "grp.alias.test", True))
    got = site.ask("alias.test")
    assert (got.values, got.ttl) == (addresses(1), 77)
    assert got.message.answer[0].name.to_text() == "alias.test."
    answer = site.ask("alias.test", "AAAA").message  # its target has one, the alias none
    assert answer.rcode() == dns.rcode.NOERROR and not answer.answer
    got = site.ask("grps.alias.test")
    assert (got.values, got.ttl) == (addresses(2), 33)


def test_a_cname_that_a_policy_chose_answers_every_type(site):
    zone = site.node.create_zone("cname.test")
    name = "www.cname.test"
    site.apply(zone, member(name, 1, "c1", "CNAME", "one.cname.test", Failover="PRIMARY"),
               member(name, 2, "c2", "CNAME", "two.cname.test", Failover="SECONDARY"),
               upsert("one.cname.test", "A", "192.0.2.1"), upsert("two.cname.test", "TXT", '"2"'),
               member("two.cname.test", 2, Weight=5))
    site.are_unhealthy()
    assert site.values(name) == ["192.0.2.1", "one.cname.test."]
    assert site.values(name, "TXT") == ["one.cname.test."]
    assert site.values(name, "CNAME") == ["one.cname.test."]
    site.are_unhealthy("c1")
    assert site.values(name) == ["192.0.2.2", "two.cname.test."]
    assert site.values(name, "TXT") == ['"2"', "two.cname.test."]
    assert site.values(name, "ANY", tcp=True) == ["two.cname.test."]


def test_cname_sets_have_their_shares(site):
    zone = site.node.create_zone("cnames.test")
    name = "www.cnames.test"
    site.apply(zone, member(name, 1, "k1", "CNAME", "one.elsewhere.test", Weight=1),
               member(name, 2, "k2", "CNAME", "two.elsewhere.test", Weight=4),
               member(name, 3, "k3", "CNAME", "three.elsewhere.test", Weight=5))
    site.are_unhealthy("k3")
    assert_shares(site.draw(name, "TXT"),
                  {"one.elsewhere.test.": 0.2, "two.elsewhere.test.": 0.8})


def test_further_records_are_healthy_ones(site):
    zone = site.node.create_zone("more.test")
    site.apply(zone, upsert("more.test", "MX", "10 mail.more.test"),
               member("mail.more.test", 1, "x1", Failover="PRIMARY"),
               member("mail.more.test", 2, "x2", Failover="SECONDARY"))
    site.are_unhealthy("x1")

    def further(name, **options):
        got = site.ask(name, "MX", **options)
        return [r.to_text() for s in got.message.additional for r in s], got.scope

    assert further("more.test") == (addresses(2), None)
    # They are as much for one client as what was asked for: the scope says so.
    site.apply(zone, upsert("far.more.test", "MX", "10 place.more.test"),
               *locations("place.more.test", "more", "US", "*"))
    assert further("far.more.test", subnet="10.2.1.0/24") == (addresses(1), 16)
    assert further("far.more.test", subnet="10.4.1.0/24") == (addresses(5), 16)
    assert further("more.test", subnet="10.4.1.0/24") == (addresses(2), 0)


# ---- changes under way


def test_a_group_follows_its_changes(site):
    zone = site.node.create_zone("follow.test")
    name = "www.follow.test"
    site.apply(zone, member(name, 1, Weight=1), member(name, 2, Weight=0))
    assert site.values(name) == addresses(1)
    site.apply(zone, member(name, 1, Weight=0), member(name, 2, Weight=7))
    assert site.draw(name, count=100) == {"192.0.2.2": 100}
    site.apply(zone, delete(name, "A", "192.0.2.2", SetIdentifier="set-2", Weight=7))
    assert site.draw(name, count=100) == {"192.0.2.1": 100}


def test_queries_see_a_change_of_health_within_a_second(site):
    zone = site.node.create_zone("soon.test")
    site.apply(zone, member("soon.test", 1, "soon", Failover="PRIMARY"),
               member("soon.test", 2, Failover="SECONDARY"))
    site.are_unhealthy()
    taken = []
    for flip in range(6):
        state, number = ("healthy", 1) if flip % 2 else ("unhealthy", 2)
        replace(site.health, f"# flip {flip}\n{site.check('soon')} {state}\n")
        started = time.monotonic()
        wait_for(lambda n=number: site.values("soon.test") == addresses(n), "the change")
        taken.append(time.monotonic() - started)
    # A busy machine may be late once or twice.
    assert sorted(taken)[3] < 1, taken


def test_health_is_followed_without_control(fleet):
    own = Site(fleet, "lonely").start()
    zone = own.node.create_zone("lonely.test")
    own.apply(zone, member("lonely.test", 1, "a", Failover="PRIMARY"),
              member("lonely.test", 2, "b", Failover="SECONDARY"),
              *locations("geo.lonely.test", "lonely", "DE", "*"))
    own.node.stop()
    own.node.roles = "dns"
    own.start()
    assert own.values("lonely.test") == addresses(1)
    assert own.values("geo.lonely.test", source="127.4.0.1") == addresses(4)
    replace(own.health, f"{own.check('a')} unhealthy\n{own.check('lonely-DE')} unhealthy\n")
    wait_for(lambda: own.values("lonely.test") == addresses(2), "the secondary")
    assert own.values("geo.lonely.test", source="127.4.0.1") == addresses(5)
    # A damaged file changes nothing.
    replace(own.health, f"{own.check('a')} unhealthy\n{own.check('b')} perhaps\n")
    wait_for(lambda: "states of health checks not read" in own.node.log(), "the complaint")
    assert own.values("lonely.test") == addresses(2)
    own.are_unhealthy()
    assert own.values("lonely.test") == addresses(1)
