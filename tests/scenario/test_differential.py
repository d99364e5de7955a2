# SPDX-License-Identifier: Apache-2.0
"""The same zones, served by Weir, NSD and Knot: ten thousand random questions, and the answers that
differ, each explained by one of four rules."""

import collections
import contextlib
import itertools
import socket

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

import random_zones
from harness import create, split_address
from name_servers import Knot, Nsd

SEED = 20261128
QUESTIONS = 10_000
BATCH = 100
KNOT_CNAMES = 5
WEIR_CNAMES = 9

Seen = collections.namedtuple("Seen", "rcode aa answer referral absence")


def zone_text(client, zone_id, zone):
    """The zone file: what the zone was made with (SOA, NS), and its sets."""
    lines = []
    pages = client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    for made in itertools.chain.from_iterable(page["ResourceRecordSets"] for page in pages):
        if made["Type"] in ("SOA", "NS") and made["Name"] == zone.apex + ".":
            lines += [f"{made['Name']} {made['TTL']} IN {made['Type']} {record['Value']}"
                      for record in made["ResourceRecords"]]
    for (owner, rdtype), (ttl, values) in zone.sets.items():
        lines += [f"{owner}. {ttl} IN {rdtype} {value}" for value in values]
    return "\n".join(lines) + "\n"


def fill(node, client, zone):
    """The zone through the API; its id and the id of the last change."""
    zone_id = node.create_zone(zone.apex, client=client)
    by_owner = collections.defaultdict(list)
    for (owner, rdtype), (ttl, values) in zone.sets.items():
        by_owner[owner].append(create(owner, rdtype, *values, ttl=ttl))
    changes = [change for owner in sorted(by_owner) for change in by_owner[owner]]
    change_id = None
    while changes:
        batch, changes = changes[:BATCH], changes[BATCH:]
        change_id = node.change(zone_id, *batch, client=client)
    return zone_id, change_id


def ask(connection, number, name, rdtype):
    """One question over UDP."""
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232, id=number % 65536)
    query.flags = 0
    connection.send(query.to_wire())
    while True:
        answer = dns.message.from_wire(connection.recv(65535))
        if answer.id == query.id:
            return answer


def sets_of(section):
    """{(owner, type, ttl, value)} without order and case."""
    return frozenset((rrset.name.to_text().lower(), dns.rdatatype.to_text(rrset.rdtype),
                      rrset.ttl, rdata.to_text().lower()) for rrset in section for rdata in rrset)


def seen(answer):
    """What is compared: of the authority section only referrals and the SOA of an absence."""
    authority = sets_of(answer.authority)
    referral = frozenset(entry for entry in authority if entry[1] == "NS")
    if answer.flags & dns.flags.AA and any(entry[1] == "SOA" for entry in sets_of(answer.answer)):
        referral = frozenset()
    targets = {entry[3] for entry in referral}
    glue = frozenset(entry for entry in sets_of(answer.additional) if entry[0] in targets)
    return Seen(dns.rcode.to_text(answer.rcode()), bool(answer.flags & dns.flags.AA),
                sets_of(answer.answer), referral | glue,
                frozenset(entry for entry in authority if entry[1] == "SOA"))


@contextlib.contextmanager
def serving(servers):
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.stop()


def connect(host, port):
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.settimeout(30)
    connection.connect((host, port))
    return connection


class Context:
    """What a rule knows besides the answers."""

    def __init__(self, zones, question):
        self.owners = {owner for zone in zones for owner in zone.owners()}
        self.name, self.rdtype = question[0].lower(), question[1]
        within = [z.apex for z in zones if f".{self.name}".endswith(f".{z.apex}")]
        self.apex = max(within, key=len, default="")

    def links(self, answer):
        """Targets of the CNAMEs that an answer leads through, without final dots; up to the first
        that comes twice."""
        found, name = [], self.name
        targets = {entry[0].rstrip("."): entry[3].rstrip(".") for entry in answer
                   if entry[1] == "CNAME"}
        while name in targets and targets[name] not in found:
            name = targets[name]
            found.append(name)
        return found


def is_glue_from_a_wildcard(context, weir, other):
    """NSD and Knot add addresses of a server outside the delegation that only a wildcard gives.
    They would only save a query, and Weir adds what stands there by its own name."""
    more = other.referral - weir.referral
    return (weir._replace(referral=None) == other._replace(referral=None)
            and weir.referral < other.referral
            and all(entry[0].rstrip(".") not in context.owners for entry in more))


def is_followed_into_another_zone(context, weir, other):
    """NSD goes on where a CNAME leads to another zone that it serves, and the end of the chain
    decides. Weir leaves that to the resolver, as Knot does: who may answer for the other zone is
    said by the delegations above it alone."""
    links = context.links(weir.answer)
    return (bool(links) and not f".{links[-1]}".endswith(f".{context.apex}")
            and weir._replace(answer=None) == Seen("NOERROR", True, None, frozenset(), frozenset())
            and weir.answer <= other.answer and other.aa)


def is_a_longer_chain(context, weir, other):
    """Knot gives up after five CNAMEs, Weir after nine, NSD later: where they stop is NOERROR."""
    short, long = sorted((weir, other), key=lambda answer: len(answer.answer))
    stop = WEIR_CNAMES if short is weir else KNOT_CNAMES
    return (len(context.links(short.answer)) == len(short.answer) == stop
            and short.answer < long.answer
            and short._replace(answer=None) == Seen("NOERROR", True, None, frozenset(),
                                                    frozenset()))


def is_absence_of_ds_behind_a_cname(context, weir, other):
    """NSD denies a DS at the apex of a zone, to which a CNAME of the same zone leads, with the SOA
    of the zone above, which it serves, too. Weir and Knot stay in the question's zone."""
    return (context.rdtype == "DS" and context.links(weir.answer)[-1:] == [context.apex]
            and weir._replace(absence=None) == other._replace(absence=None))


INTENDED = {"nsd": [is_glue_from_a_wildcard, is_followed_into_another_zone, is_a_longer_chain,
                    is_absence_of_ds_behind_a_cname],
            "knot": [is_glue_from_a_wildcard, is_a_longer_chain]}


def explain(question, peer, weir, other):
    """What is different, for people."""
    parts = [f"{field}: weir {sorted(ours) if isinstance(ours, frozenset) else ours}, "
             f"{peer} {sorted(theirs) if isinstance(theirs, frozenset) else theirs}"
             for field, ours, theirs in zip(Seen._fields, weir, other) if ours != theirs]
    return "\n  ".join([f"{question[0]} {question[1]}", *parts])


def test_random_questions_are_answered_as_nsd_and_knot_answer_them(fleet):
    node = fleet.node(roles="control,dns").start()
    client = node.boto()
    zones = random_zones.make_zones(SEED)
    texts = {}
    for zone in zones:
        zone_id, change_id = fill(node, client, zone)
        texts[zone.apex] = zone_text(client, zone_id, zone)
    node.wait_insync(change_id, client=client)
    peers = [Nsd(fleet.path("nsd"), texts), Knot(fleet.path("knot"), texts)]
    questions = random_zones.make_questions(zones, SEED, QUESTIONS)
    unexplained = []
    with serving(peers), contextlib.ExitStack() as stack:
        addresses = [split_address(node.ready["dns"]), *(("127.0.0.1", p.port) for p in peers)]
        connections = [stack.enter_context(connect(*address)) for address in addresses]
        for number, question in enumerate(questions):
            answers = [ask(connection, number, *question) for connection in connections]
            assert not any(answer.flags & dns.flags.TC for answer in answers), question
            weir, *others = map(seen, answers)
            unexplained += [
                explain(question, peer, weir, other)
                for peer, other in zip(("nsd", "knot"), others)
                if weir != other and not any(
                    rule(Context(zones, question), weir, other) for rule in INTENDED[peer])
            ]
    assert not unexplained, "\n".join([f"{len(unexplained)} differences", *unexplained[:20]])
