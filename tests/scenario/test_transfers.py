# SPDX-License-Identifier: Apache-2.0
"""Zones to secondaries: AXFR, IXFR and NOTIFY, signed, to Knot, NSD and a client of the test."""

import random
import time

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.xfr
import pytest
from harness import alias, create, delete, split_address, upsert, wait_for
from secondaries import (KEYS, NAME, KnotSecondary, NsdSecondary, records, signing, transfer,
                         write_keys, zone_of)

ZONE = "moved.example."


@pytest.fixture
def node(fleet):
    return fleet.node("node", "--tsig-keys", write_keys(fleet.path("keys"), KEYS)).start()


def fill(node, zone=ZONE):
    """A zone with most of what zones have."""
    zone_id = node.create_zone(zone)
    node.wait_insync(node.change(
        zone_id,
        upsert(f"www.{zone}", "A", "192.0.2.1", "192.0.2.2"),
        upsert(f"*.wild.{zone}", "TXT", '"any"'),
        upsert(f"a.b.c.{zone}", "AAAA", "2001:db8::1"),
        upsert(f"sub.{zone}", "NS", f"ns.sub.{zone}"),
        upsert(f"ns.sub.{zone}", "A", "192.0.2.53"),
        upsert(zone, "MX", f"10 www.{zone}"),
        upsert(f"alias.{zone}", "CNAME", f"www.{zone}"),
    ))
    return zone_id


def serial_of(node, zone=ZONE):
    answer = node.ask(zone, "SOA").answer
    return answer[0][0].serial if answer else None


def allow(node, *options, **sign):
    """Sets who may take the zone, and waits until the test, who signs so, may."""
    node.weir("zone", "transfer", ZONE, *options)
    wait_for(lambda: not isinstance(try_zone(node, **sign), Exception), "a first transfer")


def wait_offered(node, **sign):
    """Waits until what is served is what secondaries get: it is stable."""
    wait_for(lambda: f" {serial_of(node)} 7200 " in records(
        transfer(node.ready["dns"], ZONE, **sign))[0], "the serial that is served")


def refusal(node, zone=ZONE, **options):
    """The RCODE that a transfer is refused with."""
    with pytest.raises((dns.xfr.TransferError, dns.exception.DNSException)) as caught:
        transfer(node.ready["dns"], zone, **options)
    error = caught.value
    return dns.rcode.to_text(error.rcode) if hasattr(error, "rcode") else type(error).__name__


def test_a_whole_zone_is_transferred_by_key(node):
    fill(node)
    assert serial_of(node) == 1
    assert refusal(node, sign=NAME) == "REFUSED"
    allow(node, "--key", NAME, sign=NAME)
    wait_offered(node, sign=NAME)
    done = node.metric("weir_dns_transfers_total", kind="axfr")
    texts = records(transfer(node.ready["dns"], ZONE, sign=NAME))
    assert texts[0] == texts[-1] and " SOA " in texts[0]
    assert f" {serial_of(node)} 7200 " in texts[0]
    kinds = {text.split(" ", 1)[0] for text in texts}
    assert kinds == {ZONE, f"www.{ZONE}", f"\\*.wild.{ZONE}".replace("\\*", "*"), f"a.b.c.{ZONE}",
                     f"sub.{ZONE}", f"ns.sub.{ZONE}", f"alias.{ZONE}"}
    assert len(texts) == len(set(texts)) + 1
    negative = node.ask(f"none.{ZONE}").authority[0][0]
    assert negative.serial == serial_of(node)
    wait_for(lambda: node.metric("weir_dns_transfers_total", kind="axfr") == done + 1, "its count")
    assert "zone transferred" in node.log()


def test_who_may_not_have_it_is_refused(node):
    fill(node)
    allow(node, "--key", NAME, sign=NAME)
    assert refusal(node) == "REFUSED"
    assert refusal(node, sign="two.") == "REFUSED"
    wrong = signing(NAME, {NAME: ("hmac-sha256", KEYS["two."][1])})
    assert refusal(node, **wrong) in ("NOTAUTH", "PeerBadSignature")
    unknown = signing("three.", {"three.": KEYS[NAME]})
    assert refusal(node, **unknown) in ("NOTAUTH", "PeerBadKey")
    node.weir("zone", "transfer", ZONE, "--key", NAME, "--to", "192.0.2.0/24")
    wait_for(lambda: isinstance(try_zone(node, sign=NAME), Exception), "the network to count")
    assert refusal(node, sign=NAME) == "REFUSED"
    allow(node, "--to", "127.0.0.0/8")
    shown = node.weir("zone", "transfer", ZONE).stdout
    assert "to networks: 127.0.0.0/8" in shown and "by keys: none" in shown
    node.weir("zone", "transfer", ZONE, "--off")
    wait_for(lambda: serial_of(node) == 1, "the stored serial")
    wait_for(lambda: isinstance(try_zone(node), Exception), "the end of transfers")
    assert refusal(node) == "REFUSED"


def test_a_wrong_clock_is_told_the_right_time(node, monkeypatch):
    fill(node)
    now = time.time()
    host, port = split_address(node.ready["dns"])
    query = dns.message.make_query(f"www.{ZONE}", "A")
    options = signing(NAME)
    query.use_tsig(options["keyring"], options["keyname"], algorithm=options["keyalgorithm"])
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: now - 400)
        wire = query.to_wire()
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.query.udp(query_of(query, wire), host, port=port, timeout=5)


def query_of(query, wire):
    """The query, sent as these bytes."""
    query.to_wire = lambda *_args, **_options: wire
    return query


def change_at_random(node, zone_id, chance, present):
    """One batch of changes; `present` is {owner: address}."""
    changes = []
    for _ in range(chance.randint(1, 4)):
        owner = f"n{chance.randrange(12)}.{ZONE}"
        if any(c["ResourceRecordSet"]["Name"] == owner for c in changes):
            continue
        if owner in present and chance.random() < 0.4:
            changes.append(delete(owner, "A", present.pop(owner)))
        else:
            present[owner] = f"192.0.2.{chance.randrange(256)}"
            changes.append(upsert(owner, "A", present[owner]))
    return node.change(zone_id, *changes)


def own_zone(node):
    """The node's zone as `knotc zone-read` writes zones."""
    return sorted(" ".join(text.split()) for text in
                  zone_of(node.ready["dns"], ZONE, sign=NAME))


@pytest.mark.parametrize("kind", [KnotSecondary, NsdSecondary])
def test_a_secondary_follows_by_ixfr_and_notify_under_tsig(node, fleet, kind):
    zone_id = fill(node)
    secondary = kind(fleet.path("secondary"), ZONE.rstrip("."), node.ready["dns"])
    allow(node, "--key", NAME, "--notify", f"127.0.0.1:{secondary.port}", sign=NAME)
    secondary.start()
    chance = random.Random(4)
    present = {}
    address = f"127.0.0.1:{secondary.port}"

    def is_same():
        try:
            return zone_of(address, ZONE) == zone_of(node.ready["dns"], ZONE, sign=NAME)
        except (dns.exception.DNSException, OSError, EOFError):
            return False

    try:
        wait_for(is_same, f"the first transfer:\n{secondary.log()}")
        for turn in range(50):
            change = change_at_random(node, zone_id, chance, present)
            if turn % 10 == 9:
                node.wait_insync(change)
                wait_for(is_same, f"the change of turn {turn}:\n{secondary.log()}")
        if kind is KnotSecondary:
            assert secondary.zone_read() == own_zone(node)
        # Every change came by what differs, but for the first.
        assert node.metric("weir_dns_transfers_total", kind="ixfr") >= 3
        assert node.metric("weir_dns_notify_total", outcome="acknowledged") >= 3
        # A node that starts anew knows no differences: the whole zone again, and on as before.
        whole = node.metric("weir_dns_transfers_total", kind="axfr")
        node.kill_process("dns")
        present[f"more.{ZONE}"] = "192.0.2.77"
        node.change(zone_id, upsert(f"more.{ZONE}", "A", "192.0.2.77"))
        wait_for(is_same, f"the change after a restart:\n{secondary.log()}", 60)
        assert node.metric("weir_dns_transfers_total", kind="axfr") >= whole
    finally:
        secondary.stop()


def test_a_client_at_the_present_serial_gets_one_record(node):
    zone_id = fill(node)
    allow(node, "--to", "127.0.0.1")
    wait_offered(node)
    serial = serial_of(node)
    host, port = split_address(node.ready["dns"])
    for send in (dns.query.udp, dns.query.tcp):
        query = dns.message.make_query(ZONE, "IXFR")
        query.authority.append(dns.rrset.from_text(ZONE, 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
        answer = send(query, host, port=port, timeout=5).answer
        assert len(answer) == 1 and answer[0][0].serial == serial
    node.wait_insync(node.change(zone_id, delete(f"a.b.c.{ZONE}", "AAAA", "2001:db8::1"),
                                 upsert(f"www.{ZONE}", "A", "192.0.2.1", "192.0.2.3")))
    wait_offered(node)
    texts = records(transfer(node.ready["dns"], ZONE, "IXFR", serial))
    assert f" {serial} 7200" in texts[1]
    assert sorted(texts[2:4]) == [f"a.b.c.{ZONE} 300 AAAA 2001:db8::1",
                                  f"www.{ZONE} 300 A 192.0.2.2"]
    assert texts[5] == f"www.{ZONE} 300 A 192.0.2.3"
    assert texts[0] == texts[4] == texts[6] and len(texts) == 7
    # A serial that nobody knows: the whole zone.
    whole = records(transfer(node.ready["dns"], ZONE, "IXFR", serial - 1))
    assert whole[1:-1] and sorted(set(whole)) == zone_of(node.ready["dns"], ZONE)
    # A process that has just started knows no differences.
    node.kill_process("dns")
    wait_for(lambda: not isinstance(try_zone(node), Exception), "the zone after a restart")
    whole = records(transfer(node.ready["dns"], ZONE, "IXFR", serial))
    assert sorted(set(whole)) == zone_of(node.ready["dns"], ZONE)


def test_policies_are_offered_only_where_the_zone_says_so(node):
    zone_id = fill(node)
    allow(node, "--to", "127.0.0.1")
    node.wait_insync(node.change(zone_id, alias(ZONE, "A", zone_id, f"www.{ZONE}")))
    wait_offered(node)
    texts = zone_of(node.ready["dns"], ZONE)
    assert f"{ZONE} 300 A 192.0.2.2" in texts # an alias inside of the zone is what it leads to
    node.wait_insync(node.change(
        zone_id,
        upsert(f"over.{ZONE}", "A", "192.0.2.10", SetIdentifier="first", Failover="PRIMARY"),
        upsert(f"over.{ZONE}", "A", "192.0.2.11", SetIdentifier="second", Failover="SECONDARY")))
    wait_for(lambda: isinstance(try_zone(node), Exception), "the refusal")
    assert refusal(node) == "REFUSED"
    allow(node, "--to", "127.0.0.1", "--flatten")
    texts = zone_of(node.ready["dns"], ZONE)
    assert f"over.{ZONE} 300 A 192.0.2.10" in texts
    assert f"over.{ZONE} 300 A 192.0.2.11" not in texts


def try_zone(node, **options):
    """The zone, or why it is refused."""
    try:
        return zone_of(node.ready["dns"], ZONE, **options)
    except (dns.exception.DNSException, OSError, EOFError) as error:
        return error


def test_a_generated_key_is_one(node, fleet):
    fill(node)
    node.weir("zone", "transfer", ZONE, "--key", "Fresh.Example")
    text = node.weir("tsig", "generate", "Fresh.Example").stdout
    name, algorithm, secret = text.splitlines()[0].split()
    assert name == "fresh.example." and f"secret: {secret}" in text
    write_keys(fleet.path("keys"), {name: (algorithm, secret)})
    wait_for(lambda: not isinstance(try_signed(node, name, {name: (algorithm, secret)}), Exception),
             "the new key")


def test_keys_are_read_anew_when_their_file_changes(node, fleet):
    fill(node)
    node.weir("zone", "transfer", ZONE, "--key", "three.")
    assert refusal(node, sign=NAME) == "REFUSED"
    three = {"three.": ("hmac-sha384", KEYS[NAME][1])}
    write_keys(fleet.path("keys"), {**KEYS, **three})
    wait_for(lambda: not isinstance(try_signed(node, "three.", three), Exception), "the new key")


def try_signed(node, name, keys):
    try:
        return transfer(node.ready["dns"], ZONE, **signing(name, keys))
    except dns.exception.DNSException as error:
        return error


def test_a_large_zone_leaves_others_their_answers(node):
    zone_id = fill(node)
    allow(node, "--to", "127.0.0.1")
    client = node.boto()
    last = None
    for batch in range(100):
        last = node.change(zone_id, *(
            create(f"h{batch * 100 + i}.{ZONE}", "A",
                   *(f"10.{batch}.{i}.{k}" for k in range(10)))
            for i in range(100)), client=client)
    node.wait_insync(last, client, 120)
    wait_for(lambda: len(zone_of(node.ready["dns"], ZONE)) >= 100000, "all of the zone", 60)
    host, port = split_address(node.ready["dns"])
    texts = []
    longest = 0.0
    for message in dns.query.xfr(host, ZONE, port=port, relativize=False, timeout=20, lifetime=60):
        texts += records([message])
        began = time.monotonic()
        assert node.ask(f"www.{ZONE}", tcp=True).answer
        longest = max(longest, time.monotonic() - began)
    assert len(texts) >= 100000
    assert longest < 2
