# SPDX-License-Identifier: Apache-2.0
"""The scope of an answer to a client subnet (RFC 7871) is true: whoever is inside it gets the same
answer. Random places, latencies, collections and states of health replace each other in one node;
no answer here depends on chance."""

import bisect
import collections
import ipaddress
import random
import socket
import struct

import dns.name
import mmdb
import pytest

from conftest import Fleet
from harness import DEADLINE_S, replace, wait_for
from policy_site import LOCATIONS, WINDOW, Site, addresses, branch, member

ROUNDS = 6
CLIENTS = 70  # of one round, each asks for all names
INSIDE = 8  # others asked for within the scope of an answer
OPT, CLIENT_SUBNET = 41, 8

REGIONS = ("us-west-2", "us-east-1", "eu-central-1", "ap-northeast-1", "sa-east-1")
BLOCK_LOCATIONS = ("l0", "l1", "l2", "l3")
NAMES = ("geo", "near", "ip", "biased", "tree", "switch", "far")
MARK = "198.51.100.0/24"  # its place and its nearest region tell which files are in use
MARK_COUNTRIES = ("DE", "FR", "JP", "BR", "US", "AU")[:ROUNDS]
PLACES = (
    {"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "WA"}]},
    {"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "NY"}],
     "location": {"latitude": 40.7, "longitude": -74.0}},
    {"country": {"iso_code": "US"}},
    {"country": {"iso_code": "DE"}},
    {"country": {"iso_code": "FR"}, "location": {"latitude": 48.9, "longitude": 2.4}},
    {"country": {"iso_code": "JP"}},
    {"country": {"iso_code": "BR"}},
    {"continent": {"code": "EU"}},
    {"city": {"names": {"en": "Nowhere"}}},
)


class Asker:
    """Asks many questions at once; its messages are made and read by hand, to be fast."""

    def __init__(self, site, zone_name):
        self.zone_name = zone_name
        self.questions = {name: dns.name.from_text(f"{name}.{zone_name}").to_wire() +
                          struct.pack(">HH", 1, 1) for name in (*NAMES, "mark", "marknear")}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(site.servers[0])

    def query(self, number, name, network):
        length = network.prefixlen
        address = network.network_address.packed[: (length + 7) // 8]
        option = struct.pack(">HHHBB", CLIENT_SUBNET, 4 + len(address),
                             1 if network.version == 4 else 2, length, 0) + address
        return (struct.pack(">6H", number, 0, 1, 0, 0, 1) + self.questions[name] +
                struct.pack(">BHHIH", 0, OPT, 1232, 0, len(option)) + option)

    def read(self, data, name):
        """(response code and addresses, scope)"""
        _, flags, _, answers, authority, additional = struct.unpack_from(">6H", data)
        at = 12 + len(self.questions[name])
        found = []
        for number in range(answers + authority):
            assert data[at] >= 0xC0  # each owner is a name of the question
            size = struct.unpack_from(">H", data, at + 10)[0]
            if number < answers:
                found.append(data[at + 12 : at + 12 + size])
            at += 12 + size
        assert additional == 1 and struct.unpack_from(">H", data, at + 1)[0] == OPT
        at += 11
        while at < len(data):
            code, size = struct.unpack_from(">HH", data, at)
            if code == CLIENT_SUBNET:
                return (flags & 15, *sorted(found)), data[at + 7]
            at += 4 + size
        raise AssertionError("no client subnet in an answer to one")

    def ask(self, questions):
        """What read() says of each (name, network), in order."""
        found = [None] * len(questions)
        for start in range(0, len(questions), WINDOW):
            window = range(start, min(start + WINDOW, len(questions)))
            for number in window:
                self.socket.send(self.query(number, *questions[number]))
            for _ in window:
                data = self.socket.recv(4096)
                number = struct.unpack_from(">H", data)[0]
                found[number] = self.read(data, questions[number][0])
        assert None not in found
        return found


class Networks:
    """Random networks of one family, many inside each other, and the addresses at their borders."""

    def __init__(self, chance, version, count):
        self.chance, self.version = chance, version
        self.bits = 32 if version == 4 else 128
        self.looked_at = min(self.bits, 64)
        self.all = []
        for _ in range(count):
            self.all.append(self.draw())
        self.borders = sorted({border for n in self.all for at in (
            int(n.network_address), int(n.broadcast_address)) for border in (at - 1, at, at + 1)
            if 0 <= border < 1 << self.bits})

    def draw(self):
        if self.all and self.chance.random() < 0.6:
            outer = self.chance.choice(self.all)
        else:
            outer = ipaddress.ip_network(
                self.chance.choice(("10.0.0.0/8", "12.0.0.0/6", "100.64.0.0/10"))
                if self.version == 4 else self.chance.choice(("2001:db8::/32", "2400::/12")))
        longest = self.looked_at
        if outer.prefixlen >= longest:
            return outer
        length = self.chance.randint(outer.prefixlen, min(longest, outer.prefixlen + 10))
        return self.network(self.random_in(outer), length)

    def network(self, address, length):
        kind = ipaddress.IPv4Network if self.version == 4 else ipaddress.IPv6Network
        return kind((address, length), strict=False)

    def random_in(self, network):
        return int(network.network_address) + self.chance.randrange(network.num_addresses)

    def sample_in(self, network, count):
        """Addresses in it, those at borders first."""
        first = bisect.bisect_left(self.borders, int(network.network_address))
        last = bisect.bisect_right(self.borders, int(network.broadcast_address))
        picked = {self.borders[self.chance.randrange(first, last)]
                  for _ in range(count - 2)} if first < last else set()
        return [*picked, self.random_in(network), self.random_in(network)]

    def client(self):
        address = (self.chance.choice(self.borders) if self.chance.random() < 0.6
                   else self.random_in(self.chance.choice(self.all)))
        lengths = (32, 32, 24, 24, 20, 16) if self.version == 4 else (128, 64, 56, 56, 48, 36)
        return address, self.chance.choice(lengths)


def blocks_of(chance, families):
    """{location: blocks} of a collection, each block in one of them."""
    blocks = sorted({n for family in families for n in family.all
                     if 1 <= n.prefixlen <= (24 if n.version == 4 else 48)}, key=str)
    found = collections.defaultdict(list)
    for number, block in enumerate(blocks):
        location = BLOCK_LOCATIONS[number] if number < 4 else chance.choice(BLOCK_LOCATIONS)
        found[location].append(str(block))
    return found


class World:
    """The node, its zone, and what is replaced in it."""

    def __init__(self, fleet):
        self.site = Site(fleet).start()
        self.zone = self.site.node.create_zone("scopes.test")
        self.checks = []
        self.blocks = {location: [f"10.{n}.0.0/16"] for n, location in enumerate(BLOCK_LOCATIONS)}
        self.collection = self.site.collection("scopes", self.blocks)
        self.site.apply(self.zone, *self.groups())
        self.site.apply(self.zone, *self.trees())
        self.checks += [f"biased-{n}" for n in range(3)]
        self.site.instance(self.zone, "biased.scopes.test", values=addresses(0, 1, 2),
                           start="near", rules={
            "near": {"RuleType": "geoproximity", "GeoproximityLocations": [
                {"EndpointReference": f"v{n}", "HealthCheck": f"biased-{n}", "Bias": bias,
                 "Region": f"aws:route53:{region}"}
                for n, (region, bias) in enumerate(zip(REGIONS, (0, 40, -30)))]}})
        self.asker = Asker(self.site, "scopes.test")

    def group(self, name, policies):
        """Sets with these fields of a policy, and a check each."""
        checks = [f"{name}-{n}" for n in range(len(policies))]
        if not name.startswith("mark"):
            self.checks += checks
        return [member(f"{name}.scopes.test", n, check, **fields)
                for n, (check, fields) in enumerate(zip(checks, policies))]

    def groups(self):
        blocks = [{"CidrRoutingConfig": {"CollectionId": self.collection, "LocationName": name}}
                  for name in (*BLOCK_LOCATIONS, "*")]
        places = [{"GeoLocation": LOCATIONS[code]} for code in ("WA", "US", "DE", "EU")]
        regions = [{"Region": region} for region in REGIONS]
        marks = [{"GeoLocation": {"CountryCode": code}} for code in MARK_COUNTRIES]
        return [*self.group("geo", places), *self.group("near", regions), *self.group("ip", blocks),
                *self.group("mark", marks), *self.group("marknear", regions)]

    def trees(self):
        def to(name, target, **fields):
            return branch(f"{name}.scopes.test", self.zone, f"{target}.scopes.test", True, **fields)

        return [
            to("switch", "ip", Failover="PRIMARY"), to("switch", "near", Failover="SECONDARY"),
            to("tree", "ip", GeoLocation=LOCATIONS["US"]),
            to("tree", "near", GeoLocation=LOCATIONS["EU"]),
            to("tree", "switch", GeoLocation=LOCATIONS["*"]),
            *self.group("tree", [{"GeoLocation": LOCATIONS["DE"]}]),
            to("far", "ip", Region="eu-central-1"), to("far", "geo", Region="us-east-1"),
            *self.group("far", [{"Region": "ap-northeast-1"}]),
        ]

    def replace(self, chance, number, families):
        """New files and blocks of these networks; returns once answers come from them."""
        site = self.site
        mmdb.write(site.geo, {MARK: {"country": {"iso_code": MARK_COUNTRIES[number]}}, **{
            str(n): chance.choice(PLACES) for family in families for n in family.all
            if chance.random() < 0.5}})
        mark = REGIONS[number % len(REGIONS)]
        replace(site.table, "".join(
            [f"{MARK},{region},{1 if region == mark else 99}\n" for region in REGIONS] +
            [f"{n},{region},{chance.randint(1, 12)}\n" for family in families for n in family.all
             if chance.random() < 0.5 for region in chance.sample(REGIONS, chance.randint(1, 5))]))
        blocks = blocks_of(chance, families)
        client = site.node.boto()
        changed = client.change_cidr_collection(Id=self.collection, Changes=[
            {"LocationName": location, "Action": action, "CidrList": listed[location]}
            for action, listed in (("DELETE_IF_EXISTS", self.blocks), ("PUT", blocks))
            for location in BLOCK_LOCATIONS])
        self.blocks = blocks
        site.are_unhealthy(*(check for check in self.checks if chance.random() < 0.3))
        site.node.wait_insync(changed["Id"])
        wanted = [f"192.0.2.{number}", f"192.0.2.{number % len(REGIONS)}"]
        wait_for(lambda: [site.values(f"{name}.scopes.test", subnet=MARK)[:1]
                          for name in ("mark", "marknear")] == [[value] for value in wanted],
                 "the files of this round")


@pytest.fixture(scope="module")
def world():
    made = Fleet()
    try:
        yield World(made)
    finally:
        made.end()


def check_family(world, family):
    """How many addresses within a scope were asked for, how many beside it differed, answers."""
    clients = [family.client() for _ in range(CLIENTS)]
    first = [(name, family.network(*client)) for client in clients for name in NAMES]
    found = world.asker.ask(first)
    inside, beside = [], []
    for client, (name, _), (answer, scope) in zip(
            [client for client in clients for _ in NAMES], first, found):
        if scope > client[1]:
            continue  # too wide a question to be answered for all of it
        reach = family.network(client[0], scope)
        inside += [(name, other, answer, reach) for other in family.sample_in(reach, INSIDE)]
        if scope > 0:
            sibling = family.network(client[0] ^ 1 << family.bits - scope, scope)
            beside += [(name, other, answer) for other in family.sample_in(sibling, 3)]

    def ask(cases):
        return world.asker.ask([(name, family.network(other, family.bits))
                                for name, other, *_ in cases])

    for case, (answer, _) in zip(inside, ask(inside)):
        assert answer == case[2], (case[0], str(family.network(case[1], family.bits)), case)
    differing = sum(answer != case[2] for case, (answer, _) in zip(beside, ask(beside)))
    return len(inside), differing, {(name, answer) for (name, _), (answer, _) in zip(first, found)}


def test_everybody_within_the_scope_of_an_answer_gets_the_same(world):
    inside = beside = 0
    answers = set()
    for number in range(ROUNDS):
        chance = random.Random(7871 + number)
        families = [Networks(chance, version, 120) for version in (4, 6)]
        world.replace(chance, number, families)
        for family in families:
            checked, differing, found = check_family(world, family)
            inside, beside, answers = inside + checked, beside + differing, answers | found
    # The question was not idle: many addresses, many answers, and wider scopes would be wrong.
    assert inside > 10000
    assert beside > 1000
    assert all(len([1 for asked, _ in answers if asked == name]) >= 3 for name in NAMES), answers
