# SPDX-License-Identifier: Apache-2.0
"""Milliseconds from the call of ChangeResourceRecordSets to INSYNC, changes 300 ms apart, on one
node and on three."""

import os
import statistics
import tempfile
import time

from harness import Node, upsert, wait_for

CHANGES = int(os.environ.get("BENCH_CHANGES", "100"))
APART_S = 0.3


def measure(control, zone_id):
    client = control.boto()
    took_ms = []
    for i in range(CHANGES):
        start = time.monotonic()
        change = control.change(zone_id, upsert("www.insync.test", "A", f"192.0.2.{i % 250 + 1}"),
                                client=client)
        while client.get_change(Id=change)["ChangeInfo"]["Status"] != "INSYNC":
            pass
        took_ms.append((time.monotonic() - start) * 1000)
        time.sleep(max(0, APART_S - (time.monotonic() - start)))
    return took_ms


def add_node(control, directory, name, roles="dns"):
    node = Node(f"{directory}/{name}", "--control", f"https://{control.ready['nodes']}",
                "--fleet-root", str(control.dir / "fleet-root.pem"), roles=roles,
                binary=control.binary)
    node.start(wait=False)

    def admit():
        import json

        listed = json.loads(control.weir("node", "list", "--json").stdout)["Nodes"]
        pending = [n["Id"] for n in listed if n["State"].lower() == "pending"]
        for node_id in pending:
            control.weir("node", "admit", node_id)
        return bool(pending)

    wait_for(admit, f"{name} in the list")
    node.wait_ready()
    return node


def run():
    print(f"{'nodes':<6} {'changes':>8} {'median ms':>10} {'p90 ms':>8} {'max ms':>8}")
    for extra in (0, 2):
        with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
            nodes = [Node(f"{directory}/control", "--nodes", "127.0.0.1:0",
                          binary=os.environ["WEIR_BIN"]).start()]
            control = nodes[0]
            try:
                for i in range(extra):
                    nodes.append(add_node(control, directory, f"dns{i}"))
                zone_id = control.create_zone("insync.test")
                took_ms = measure(control, zone_id)
            finally:
                for node in nodes:
                    node.kill()
        took_ms.sort()
        print(f"{1 + extra:<6} {len(took_ms):>8} {statistics.median(took_ms):>10.1f} "
              f"{took_ms[len(took_ms) * 9 // 10]:>8.1f} {took_ms[-1]:>8.1f}")
