# SPDX-License-Identifier: Apache-2.0
"""A node that serves routing policies, with what they depend on: places, latencies, health. For the
scenarios of policies."""

import collections
import json
import math
import socket

import dns.edns
import dns.flags
import dns.message
import dns.query
import mmdb

from harness import DEADLINE_S, alias, replace, split_address, upsert, wait_for

WASHINGTON = {"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "WA"}]}
PLACES = {
    "10.1.0.0/16": WASHINGTON,
    "10.2.0.0/16": {"country": {"iso_code": "US"}},
    "10.3.0.0/16": {"country": {"iso_code": "CA"}},
    "10.4.0.0/16": {"country": {"iso_code": "TR"}},
    "10.5.0.0/16": {"country": {"iso_code": "CH"},
                    "location": {"latitude": 47.37, "longitude": 8.54}},
    "127.4.0.0/16": {"country": {"iso_code": "DE"}},
    "2001:db8:4::/48": {"country": {"iso_code": "DE"}},
}
LATENCIES = ["10.1.0.0/16,us-west-2,10", "10.1.0.0/16,us-east-1,60", "10.1.0.0/16,eu-west-1,140",
             "10.2.0.0/16,eu-west-1,1", "10.3.0.0/16,eu-west-1,900",
             "127.4.0.0/16,eu-west-1,5", "127.4.0.0/16,us-east-1,80", "127.4.0.0/16,us-west-2,150"]
DRAWS = 3000
WINDOW = 50  # questions under way
BY_CHANCE = 1e-11  # of one comparison; a run makes fewer than a hundred

Got = collections.namedtuple("Got", "values ttl scope message")


class Site:
    """A node that knows where networks are and takes states of health checks from a file."""

    def __init__(self, fleet, name="site"):
        self.checks = {}
        self.health = fleet.path(f"{name}-health")
        self.geo, self.table = fleet.path(f"{name}.mmdb"), fleet.path(f"{name}.csv")
        mmdb.write(self.geo, PLACES)
        replace(self.table, "\n".join(LATENCIES) + "\n")
        replace(self.health, "")
        self.node = fleet.node(name, "--dns", "127.0.0.1:0", "--dns", "[::1]:0",
                               "--geo-db", self.geo, "--latency-table", self.table,
                               "--health-file", self.health, roles="control,dns")

    def start(self):
        self.node.start()
        wait_for(lambda: self.node.metric("weir_dns_networks", file="geo") == len(PLACES),
                 "the geography")
        wait_for(lambda: self.node.metric("weir_dns_networks", file="latency") > 0,
                 "the latencies")
        self.servers = [split_address(text) for text in self.node.ready["dns"]]
        return self

    def collection(self, name, blocks):
        """The id of a new one, which all nodes have: {location: blocks}."""
        client = self.node.boto()
        made = client.create_cidr_collection(Name=name, CallerReference=name)["Collection"]
        changed = client.change_cidr_collection(Id=made["Id"], Changes=[
            {"LocationName": location, "Action": "PUT", "CidrList": list(listed)}
            for location, listed in blocks.items()])
        self.node.wait_insync(changed["Id"])
        return made["Id"]

    def instance(self, zone, name, rules, start, ttl=60, rdtype="A", values=()):
        """A traffic policy of these rules and endpoints v0, v1 ... at a name, once applied."""
        client = self.node.boto()
        policy = client.create_traffic_policy(Name=name, Document=json.dumps({
            "AWSPolicyFormatVersion": "2015-10-01", "RecordType": rdtype, "StartRule": start,
            "Endpoints": {f"v{n}": {"Type": "value", "Value": value}
                          for n, value in enumerate(values)}, "Rules": rules}))["TrafficPolicy"]
        made = client.create_traffic_policy_instance(
            HostedZoneId=zone, Name=name, TTL=ttl, TrafficPolicyId=policy["Id"],
            TrafficPolicyVersion=policy["Version"])["TrafficPolicyInstance"]
        wait_for(lambda: client.get_traffic_policy_instance(
            Id=made["Id"])["TrafficPolicyInstance"]["State"] == "Applied", f"{name} to be applied")

    def check(self, name):
        """The id of the health check of this name, made at the first look."""
        if name not in self.checks:
            self.checks[name] = self.node.health_check(name)
        return self.checks[name]

    def are_unhealthy(self, *names):
        """The checks of these names are unhealthy, all others healthy, once this returns."""
        said = "states of health checks read"
        before = self.node.log().count(said)
        ids = [self.checks.get(name, name) for name in names]
        replace(self.health, "".join(f"{check} unhealthy\n" for check in ids))
        wait_for(lambda: self.node.log().count(said) > before, "the states of the checks")

    def apply(self, zone, *changes):
        """The changes, with names of health checks in place of ids."""
        for change in changes:
            fields = change["ResourceRecordSet"]
            if "HealthCheckId" in fields:
                fields["HealthCheckId"] = self.check(fields["HealthCheckId"])
        self.node.wait_insync(self.node.change(zone, *changes))

    def ask(self, name, rdtype="A", subnet=None, source=None, tcp=False, is_v6=False):
        """subnet: of the client, as its resolver says; source: address of the resolver; is_v6: it
        is ::1."""
        options = {}
        if subnet is not None:
            address, length = subnet.split("/")
            options = {"use_edns": 0, "options": [dns.edns.ECSOption(address, int(length))]}
        query = dns.message.make_query(name, rdtype, **options)
        query.flags &= ~dns.flags.RD
        host, port = self.servers[is_v6]
        send = dns.query.tcp if tcp else dns.query.udp
        message = send(query, host, port=port, timeout=DEADLINE_S, source=source)
        scopes = [o.scopelen for o in message.options if isinstance(o, dns.edns.ECSOption)]
        return Got(sorted(r.to_text() for s in message.answer for r in s),
                   message.answer[0].ttl if message.answer else None,
                   scopes[0] if scopes else None, message)

    def values(self, name, rdtype="A", **options):
        return self.ask(name, rdtype, **options).values

    def draw(self, name, rdtype="A", count=DRAWS):
        """How often each value was answered, of answers with all their values."""
        query = dns.message.make_query(name, rdtype, id=0).to_wire()
        found = collections.Counter()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE_S)
            client.connect(self.servers[0])
            for start in range(0, count, WINDOW):
                numbers = range(start, min(start + WINDOW, count))
                for number in numbers:
                    client.send(number.to_bytes(2, "big") + query[2:])
                for _ in numbers:
                    found[client.recv(4096)[2:]] += 1
        shares = collections.Counter()
        for wire, times in found.items():
            answer = dns.message.from_wire(bytes(2) + wire)
            for rdata in (r for s in answer.answer for r in s):
                shares[rdata.to_text()] += times
        return shares


def assert_shares(found, shares, count=DRAWS):
    """Of `count` answers each value is in its share; no other value is. Hoeffding's bound."""
    slack = math.sqrt(math.log(2 / BY_CHANCE) / (2 * count))
    assert set(found) <= {value for value, share in shares.items() if share > 0}, found
    for value, share in shares.items():
        assert abs(found[value] / count - share) <= slack, (value, share, found)


def member(name, number, check=None, rdtype="A", value=None, **policy):
    """The set of 192.0.2.`number` in a group."""
    if check is not None:
        policy["HealthCheckId"] = check
    return upsert(name, rdtype, value or f"192.0.2.{number}", SetIdentifier=f"set-{number}",
                  **policy)


def branch(name, zone, target, evaluate, **policy):
    """A set of a group that leads to the target."""
    change = alias(name, "A", zone, target, evaluate)
    change["ResourceRecordSet"].update(SetIdentifier=f"to {target}", **policy)
    return change


def addresses(*numbers):
    return sorted(f"192.0.2.{number}" for number in numbers)


LOCATIONS = {"WA": {"CountryCode": "US", "SubdivisionCode": "WA"}, "US": {"CountryCode": "US"},
             "NA": {"ContinentCode": "NA"}, "EU": {"ContinentCode": "EU"},
             "DE": {"CountryCode": "DE"}, "*": {"CountryCode": "*"}}


def locations(name, prefix, *codes):
    """The sets of these locations, each with its check: 192.0.2.N for the N-th of LOCATIONS."""
    order = list(LOCATIONS)
    return [member(name, order.index(code), f"{prefix}-{code}", GeoLocation=LOCATIONS[code])
            for code in codes]
