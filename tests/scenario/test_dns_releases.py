# SPDX-License-Identifier: Apache-2.0
"""Releases, health, networks and outside names change while DNS is asked without pause: each answer
is of one state or the other, and no query is lost to a change."""

import threading

import dns.edns
import dns.message
import dns.query
import dns.rcode
import mmdb
import pytest

from harness import DEADLINE_S, alias, create, replace, split_address, upsert, wait_for

CHANGES = 30
EUROPE, ASIA = "192.0.2.1", "192.0.2.2"
GOOD = {
    "eu.load.example": {EUROPE, ASIA},
    "www.load.example": {"192.0.2.11", "192.0.2.12", "192.0.2.13"},
    "load.example": {"192.0.2.11", "192.0.2.12", "192.0.2.13"},
    "place.load.example": {EUROPE, ASIA},
}


class Asker(threading.Thread):
    """Asks without pause until it is stopped; keeps what was not as it should be."""

    def __init__(self, address, is_tcp):
        super().__init__()
        self.host, self.port = split_address(address)
        self.send = dns.query.tcp if is_tcp else dns.query.udp
        self.is_over = threading.Event()
        self.answers = 0
        self.findings = []

    def run(self):
        while not self.is_over.is_set():
            for name, good in GOOD.items():
                query = dns.message.make_query(name, "A", use_edns=True,
                                               options=[dns.edns.ECSOption("10.1.0.0", 24)])
                try:
                    answer = self.send(query, self.host, port=self.port, timeout=DEADLINE_S)
                    values = {rdata.to_text() for s in answer.answer for rdata in s}
                except Exception as failure:  # pylint: disable=broad-except
                    self.findings.append(f"{name}: {failure!r}")
                    continue
                self.answers += 1
                if answer.rcode() != dns.rcode.NOERROR or not values or not values <= good:
                    self.findings.append(f"{name}: {answer}")

    def stop(self):
        self.is_over.set()
        self.join()


@pytest.mark.smoke
def test_everything_changes_under_load(fleet):
    health, geo = fleet.path("health"), fleet.path("geo.mmdb")
    replace(health, "")
    mmdb.write(geo, {"10.1.0.0/16": {"country": {"iso_code": "DE"}}})
    node = fleet.node("node", "--health-file", health, "--geo-db", geo).start()
    zone = node.create_zone("load.example")

    def member(name, value, identifier, **fields):
        return create(name, "A", value, ttl=0, SetIdentifier=identifier, **fields)

    blue = node.health_check("blue")
    node.wait_insync(node.change(
        zone,
        member("www.load.example", "192.0.2.11", "blue", Weight=1, HealthCheckId=blue),
        member("www.load.example", "192.0.2.12", "green", Weight=1),
        member("eu.load.example", EUROPE, "one", Failover="PRIMARY", HealthCheckId=blue),
        member("eu.load.example", ASIA, "two", Failover="SECONDARY"),
        member("place.load.example", EUROPE, "eu", GeoLocation={"ContinentCode": "EU"}),
        member("place.load.example", ASIA, "other", GeoLocation={"CountryCode": "*"}),
        alias("load.example", "A", zone, "www.load.example", evaluate=True),
    ))
    askers = [Asker(node.ready["dns"], is_tcp) for is_tcp in (False, False, True)]
    for asker in askers:
        asker.start()
    try:
        client = node.boto()
        for i in range(CHANGES):
            replace(health, f"{blue} {'unhealthy' if i % 2 else 'healthy'}\n")
            country = "DE" if i % 2 else "JP"
            mmdb.write(geo, {"10.1.0.0/16": {"country": {"iso_code": country}}})
            change = node.change(
                zone,
                upsert("www.load.example", "A", "192.0.2.12" if i % 2 else "192.0.2.13", ttl=0,
                       SetIdentifier="green", Weight=1 + i),
                upsert(f"n{i}.load.example", "TXT", f'"{i}"'),
                client=client)
            node.wait_insync(change, client=client)
        last = f"n{CHANGES - 1}.load.example"
        assert node.values(last, "TXT") == [f'"{CHANGES - 1}"']
        wait_for(lambda: node.values("eu.load.example") == [ASIA], "the last state of health")
        seen = [asker.answers for asker in askers]
        wait_for(lambda: all(a.answers > s for a, s in zip(askers, seen)), "everybody's answers")
    finally:
        for asker in askers:
            asker.stop()
    assert not [finding for asker in askers for finding in asker.findings]
    assert node.metric("weir_process_crashes_total") == 0
