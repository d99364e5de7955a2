# SPDX-License-Identifier: Apache-2.0
"""What DNS servers serve in a bench, and what they are asked: the same for every one of them."""

import random

import dns.edns
import dns.message
import dns.rdatatype

SEED = 4
TTL_S = 300


class Content:
    """Zones of A records: [(apex, {owner: address})]. `kind` says what stands in the place of the
    addresses: "static", or "weighted" and "networks", where WEIGHTS and NETWORKS choose."""

    def __init__(self, zones, kind="static"):
        self.zones = zones
        self.kind = kind

    def apexes(self):
        return [apex for apex, _ in self.zones]

    def first_name(self):
        return next(iter(self.zones[0][1]))

    def count(self):
        return sum(len(records) for _, records in self.zones)


# Shares and addresses of a weighted name.
WEIGHTS = [(10, "192.0.2.1"), (20, "192.0.2.2"), (30, "192.0.2.3"), (40, "192.0.2.4")]
# Places by network: name, address, networks. Clients ask from all of them and from elsewhere.
NETWORKS = [
    (f"place{place}", f"192.0.2.{place + 1}",
     [f"10.{place * 16 + i // 16}.{i % 16 * 16}.0/20" for i in range(250)])
    for place in range(4)
]
ELSEWHERE = "192.0.2.250"


def address(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def names_of_one_zone(count, apex="bench.test"):
    return [(apex, {f"n{i}.{apex}": address(i) for i in range(count)})]


def zones_of_one_name(count):
    return [(f"z{i}.test", {f"www.z{i}.test": address(i)}) for i in range(count)]


def header(apex):
    """SOA and NS as Weir gives them to a new zone, in zone file form."""
    yield f"{apex}. 900 IN SOA ns-1.weir.test. hostmaster.weir.test. 1 7200 900 1209600 86400\n"
    yield f"{apex}. 172800 IN NS ns-1.weir.test.\n"


def write_zones(content, directory, line=None):
    """A zone file for each zone, named like it. line(owner, address): its text, if no A record."""
    directory.mkdir()
    line = line or (lambda owner, value: f"{owner}. {TTL_S} IN A {value}\n")
    for apex, records in content.zones:
        with open(directory / apex, "w", encoding="ascii") as out:
            out.writelines(header(apex))
            out.writelines(line(owner, value) for owner, value in records.items())


def message(name, options=None):
    """A query in wire form, behind its length, as dnsperf -B and udp_pace read it."""
    query = dns.message.make_query(name, "A", use_edns=options is not None, options=options,
                                   payload=1232)
    query.flags = 0
    wire = query.to_wire()
    return len(wire).to_bytes(2, "big") + wire


def write_queries(path, content, count, absent_percent=0, options=None):
    """`count` questions in random order, of which so many percent are for absent names.
    options(random): the EDNS options of one query."""
    chance = random.Random(SEED)
    names = [owner for _, records in content.zones for owner in records]
    apexes = content.apexes()
    with open(path, "wb") as out:
        for i in range(count):
            is_absent = chance.randrange(100) < absent_percent
            name = f"absent{i}.{chance.choice(apexes)}" if is_absent else chance.choice(names)
            out.write(message(name, options(chance) if options else None))


def client_subnets(chance):
    """A client subnet: three of four in one of the networks, else elsewhere."""
    inside = f"10.{chance.randrange(64)}.{chance.randrange(256)}.0"
    where = inside if chance.randrange(4) else f"172.16.{chance.randrange(256)}.0"
    return [dns.edns.ECSOption(where, 24)]


def client_cookies(chance):
    """A cookie of a client that knows none of the server's (RFC 7873 section 5.2.3)."""
    return [dns.edns.GenericOption(dns.edns.OptionType.COOKIE, chance.randbytes(8))]
