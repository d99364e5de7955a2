# SPDX-License-Identifier: Apache-2.0
"""Random zones and random questions about them, from a fixed seed: wildcards, delegations with and
without glue, what they hide, empty non-terminals, CNAME chains and loops, deep names."""

import random

LABELS = ["a", "b", "c", "dd", "e-1", "_f", "www", "*"]
# Types of plain sets, and how their values are made.
PLAIN = ["A", "AAAA", "TXT", "MX", "SRV", "PTR", "CAA", "NAPTR", "SSHFP", "TLSA"]
ASKED = ["A", "A", "A", "AAAA", "AAAA", "TXT", "MX", "CNAME", "NS", "SOA", "DS", "SRV", "PTR",
         "CAA", "NAPTR", "TLSA", "HINFO", "LOC", "TYPE65280"]


class Zone:
    """sets: {(owner without final dot, type): (ttl, [values])}"""

    def __init__(self, apex):
        self.apex = apex
        self.sets = {}

    def types(self, owner):
        return {rdtype for name, rdtype in self.sets if name == owner}

    def is_below_cut(self, owner):
        """Whether a delegation stands on or above the name."""
        while owner != self.apex:
            if (owner, "NS") in self.sets:
                return True
            owner = owner.split(".", 1)[1]
        return False

    def owners(self):
        return sorted({owner for owner, _ in self.sets})


class Maker:
    """One zone from one source of chance."""

    def __init__(self, apex, chance):
        self.zone = Zone(apex)
        self.chance = chance

    def name(self, deepest=5):
        """A random name below the apex, often below or beside one that is there."""
        base = self.zone.apex
        if self.zone.sets and self.chance.random() < 0.6:
            base = self.chance.choice(self.zone.owners())
            if base != self.zone.apex and self.chance.random() < 0.3:
                base = base.split(".", 1)[1]
        depth = base.count(".") - self.zone.apex.count(".")
        for _ in range(self.chance.randint(1, max(1, deepest - depth))):
            base = f"{self.chance.choice(LABELS)}.{base}"
        return base

    def target(self):
        """A name that a record points to: mostly in the zone, maybe to nothing."""
        roll = self.chance.random()
        if roll < 0.1:
            return "host.elsewhere.test."
        if roll < 0.2:  # another zone of the same server
            return f"{self.chance.choice(LABELS)}.zone{self.chance.randrange(8)}.test."
        if roll < 0.75 and self.zone.sets:
            return self.chance.choice(self.zone.owners()) + "."
        return self.name() + "."

    def value(self, rdtype):
        number = self.chance.randrange
        return {
            "A": lambda: f"192.0.2.{number(256)}",
            "AAAA": lambda: f"2001:db8::{number(65536):x}",
            "TXT": lambda: f'"text {number(1000)}" "more"',
            "MX": lambda: f"{number(100)} {self.target()}",
            "SRV": lambda: f"{number(10)} {number(10)} {number(65536)} {self.target()}",
            "PTR": self.target,
            "CAA": lambda: f'0 issue "ca{number(9)}.test"',
            "NAPTR": lambda: f'{number(99)} 10 "u" "E2U+sip" "!^.*$!sip:a{number(9)}@b.test!" .',
            "SSHFP": lambda: f"1 1 {number(1 << 160):040x}",
            "TLSA": lambda: f"3 1 1 {number(1 << 256):064x}",
            "DS": lambda: f"{number(65536)} 13 2 {number(1 << 256):064x}",
        }[rdtype]()

    def put(self, owner, rdtype, values):
        self.zone.sets[owner, rdtype] = (self.chance.randrange(30, 3600), sorted(set(values)))

    def add_plain(self):
        owner = self.name() if self.chance.random() < 0.9 else self.zone.apex
        if "CNAME" in self.zone.types(owner) or "NS" in self.zone.types(owner) - {"SOA"}:
            if owner != self.zone.apex:
                return
        for rdtype in self.chance.sample(PLAIN, self.chance.randint(1, 3)):
            count = self.chance.randint(1, 3)
            self.put(owner, rdtype, [self.value(rdtype) for _ in range(count)])

    def add_cname(self):
        owner = self.name()
        if not self.zone.types(owner):
            self.put(owner, "CNAME", [self.target()])

    def add_chain(self):
        """CNAMEs behind one another, to something, to nothing, or back to one of themselves."""
        count = self.chance.randint(2, 7)
        names = [f"link{i}.{self.name()}" for i in range(count)]
        ends = [self.target(), names[self.chance.randrange(count)] + "."]
        for name, to in zip(names, [n + "." for n in names[1:]] + [self.chance.choice(ends)]):
            if not self.zone.types(name):
                self.put(name, "CNAME", [to])

    def add_delegation(self):
        owner = self.name()
        if self.zone.types(owner) or owner.startswith("*."):
            return
        servers = []
        for _ in range(self.chance.randint(1, 3)):
            roll = self.chance.random()
            if roll < 0.5:  # below the cut: needs glue
                server = f"ns{self.chance.randrange(4)}.{owner}"
            elif roll < 0.8:  # elsewhere in the zone
                server = f"ns{self.chance.randrange(4)}.{self.zone.apex}"
            else:
                server = "ns.elsewhere.test"
            servers.append(server)
            if server.endswith(self.zone.apex) and self.chance.random() < 0.8:
                if not self.zone.types(server) - {"A", "AAAA"}:
                    self.put(server, "A", [self.value("A")])
                    if self.chance.random() < 0.5:
                        self.put(server, "AAAA", [self.value("AAAA")])
        self.put(owner, "NS", [server + "." for server in servers])
        if self.chance.random() < 0.4:
            self.put(owner, "DS", [self.value("DS")])


def make_zone(apex, chance, size):
    maker = Maker(apex, chance)
    for _ in range(size):
        roll = chance.random()
        if roll < 0.6:
            maker.add_plain()
        elif roll < 0.75:
            maker.add_cname()
        elif roll < 0.8:
            maker.add_chain()
        else:
            maker.add_delegation()
    return maker.zone


def make_zones(seed, count=8, size=100):
    """The zones: the last one lies within the first."""
    chance = random.Random(seed)
    zones = [make_zone(f"zone{i}.test", chance, size) for i in range(count)]
    inner = make_zone("inner.zone0.test", chance, size)
    for owner, rdtype in list(zones[0].sets):  # the outer zone says nothing of its own below there
        if owner == inner.apex or owner.endswith("." + inner.apex):
            del zones[0].sets[owner, rdtype]
    return [*zones, inner]


def random_case(name, chance):
    return "".join(c.upper() if chance.random() < 0.3 else c for c in name)


def make_questions(zones, seed, count):
    """[(name, type)]: names that are there, above, below and beside them, and elsewhere."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        zone = chance.choice(zones)
        name = chance.choice(zone.owners() + [zone.apex])
        roll = chance.random()
        if roll < 0.25:
            name = f"{chance.choice(LABELS)}.{name}"
        elif roll < 0.4 and name != zone.apex:
            name = name.split(".", 1)[1]
        elif roll < 0.55 and name != zone.apex:
            name = f"{chance.choice(LABELS + ['absent'])}.{name.split('.', 1)[1]}"
        elif roll < 0.65:
            name = f"x.{chance.choice(LABELS)}.{chance.choice(LABELS)}.{name}"
        elif roll < 0.67:
            name = "www.elsewhere.test"
        found.append((random_case(name, chance), chance.choice(ASKED)))
    return found
