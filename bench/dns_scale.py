# SPDX-License-Identifier: Apache-2.0
"""A million names: start to first answer, memory, and what a change of one record costs."""

import os
import pathlib
import statistics
import tempfile
import time

from harness import upsert

import dns_content
import dns_rows
import measure
import peers

NAMES = int(os.environ.get("BENCH_NAMES", "1000000"))
FEW_NAMES = 1000
CHANGES = 50
PAUSE_S = 0.3


class Filled(peers.Weir):
    """A Weir that has served its content before: it starts from its node's own disk."""

    def prepare(self):
        super().prepare()
        self.start()
        dns_rows.wait_serving(self)
        self.stop()


STARTED = [peers.Gdnsd, peers.Knot, peers.Nsd, peers.Pdns, Filled]


def start_and_ask(peer):
    """(seconds from start to the first answer, MiB after it, the most MiB until then)."""
    name = peer.content.first_name()
    with measure.MemoryPeak(lambda: peer.memory_pids() if peer.process else []) as peak:
        start = time.monotonic()
        peer.start()
        measure.wait_until(lambda: dns_rows.does_answer(peer, name, 0.02), peer.name, 600)
        seconds = time.monotonic() - start
        after = measure.resident_bytes(peer.memory_pids())
    return seconds, after / measure.MIB, max(after, peak.bytes) / measure.MIB


def report_starts(servers):
    print(f"\n{NAMES:,} names, an A record each: from start to the first answer")
    print(f"{'server':<14} {'seconds':>8} {'MiB':>8} {'most MiB':>9}")
    for server in servers:
        rounds = []
        for _ in range(measure.ROUNDS):
            rounds.append(start_and_ask(server))
            server.stop()
        seconds, after, peak = (statistics.median(column) for column in zip(*rounds))
        print(f"{server.name:<14} {seconds:>8.2f} {after:>8.0f} {peak:>9.0f}", flush=True)


def cpu_of_node_s(weir):
    """{part: CPU seconds so far}, trials that ended included."""
    found = {}
    for name, pid in weir.node.processes().items():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ended = sum(int(ticks) for ticks in fields[13:15]) / measure.TICKS_PER_S
        found[name] = measure.run_ns([pid]) / 1e9 + ended
    return found


def change_once(weir, client, zone_id, number):
    """Milliseconds from the call until the new value is answered."""
    owner = weir.content.first_name()
    value = f"192.0.2.{number % 250 + 1}"
    start = time.monotonic()
    change_id = weir.node.change(zone_id, upsert(owner, "A", value), client=client)
    measure.wait_until(lambda: weir.node.values(owner) == [value], f"{value} of {owner}")
    served = time.monotonic() - start
    weir.node.wait_insync(change_id, client=client)
    time.sleep(PAUSE_S)
    return served * 1000


def zone_id_of(client):
    return client.list_hosted_zones()["HostedZones"][0]["Id"].rsplit("/", 1)[1]


def changes(weir):
    """(CPU ms of one change by part, ms until served of all, most MiB)."""
    weir.start()
    dns_rows.wait_serving(weir)
    weir.node.wait_ready()
    client = weir.node.boto()
    zone_id = zone_id_of(client)
    change_once(weir, client, zone_id, CHANGES)
    before = cpu_of_node_s(weir)
    with measure.MemoryPeak(weir.memory_pids) as peak:
        served = [change_once(weir, client, zone_id, number) for number in range(CHANGES)]
    after = cpu_of_node_s(weir)
    weir.stop()
    cost = {name: (after[name] - before[name]) * 1000 / CHANGES for name in before}
    return cost, served, peak.bytes / measure.MIB


def report_changes(filled):
    print("\nA change of one record: CPU ms of each process, ms until it is served")
    print(f"{'names':>9} {'dns':>7} {'agent':>7} {'control':>8} {'median':>8} {'longest':>8} "
          f"{'most MiB':>9}")
    for weir in filled:
        cost, served, mib = changes(weir)
        print(f"{weir.content.count():>9} {cost['dns']:>7.2f} {cost['agent']:>7.2f} "
              f"{cost['control']:>8.2f} {statistics.median(served):>8.1f} {max(served):>8.1f} "
              f"{mib:>9.0f}", flush=True)


def run():
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        many = dns_content.Content(dns_content.names_of_one_zone(NAMES))
        few = dns_content.Content(dns_content.names_of_one_zone(FEW_NAMES))
        servers = [server(directory, many) for server in STARTED]
        (pathlib.Path(directory) / "few").mkdir()
        small = Filled(pathlib.Path(directory) / "few", few)
        for server in [*servers, small]:
            server.prepare()
        report_starts(servers)
        report_changes([small, servers[-1]])
