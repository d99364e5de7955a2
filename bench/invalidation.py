# SPDX-License-Identifier: Apache-2.0
"""Milliseconds from the call of CreateInvalidation to its answer, to its effect (no edge serves the
old object any more) and to Completed, on one node and on three; 300 ms apart."""

import http.client
import os
import statistics
import tempfile
import time

from harness import Node, cf_behavior, cf_config, cf_origin, split_address
from insync import add_node

from web import Origin

INVALIDATIONS = int(os.environ.get("BENCH_CHANGES", "100"))
APART_S = 0.3
PATH = "/object"


class Viewer:
    """A kept connection to an edge."""

    def __init__(self, node, host):
        address = node.ready["http"]
        self.connection = http.client.HTTPConnection(
            *split_address(address if isinstance(address, str) else address[0]))
        self.host = host

    def is_hit(self):
        self.connection.request("GET", PATH, headers={"Host": self.host})
        answer = self.connection.getresponse()
        answer.read()
        return answer.getheader("X-Cache", "").startswith("Hit")


def measure(control, distribution_id, viewers):
    """{what is waited for: [ms]}"""
    client = control.boto("cloudfront")
    took_ms = {"answer": [], "effect": [], "Completed": []}
    for _ in range(INVALIDATIONS):
        while not all([viewer.is_hit() for viewer in viewers]):
            pass
        start = time.monotonic()
        made = control.create_invalidation(distribution_id, PATH, client=client)
        took_ms["answer"].append((time.monotonic() - start) * 1000)
        left = viewers
        while left:
            left = [viewer for viewer in left if viewer.is_hit()]
        took_ms["effect"].append((time.monotonic() - start) * 1000)
        while not control.is_completed(distribution_id, made, client):
            pass
        took_ms["Completed"].append((time.monotonic() - start) * 1000)
        time.sleep(max(0, APART_S - (time.monotonic() - start)))
    return took_ms


def run_with(extra):
    """One control with an edge, and so many more edges."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory, Origin() as origin:
        nodes = [Node(f"{directory}/control", "--nodes", "127.0.0.1:0",
                      binary=os.environ["WEIR_BIN"]).start()]
        control = nodes[0]
        try:
            for i in range(extra):
                nodes.append(add_node(control, directory, f"edge{i}", roles="edge"))
            made = control.create_distribution(
                cf_config([cf_origin("o", origin.port)], cf_behavior("o")))
            control.wait_deployed(made["Id"])
            viewers = [Viewer(node, made["DomainName"]) for node in nodes]
            return measure(control, made["Id"], viewers)
        finally:
            for node in nodes:
                node.kill()


def run():
    print(f"{'nodes':<6} {'until':<10} {'count':>6} {'median ms':>10} {'p90 ms':>8} {'max ms':>8}")
    for extra in (0, 2):
        for name, took_ms in run_with(extra).items():
            took_ms.sort()
            median = statistics.median(took_ms)
            print(f"{1 + extra:<6} {name:<10} {len(took_ms):>6} {median:>10.1f} "
                  f"{took_ms[len(took_ms) * 9 // 10]:>8.1f} {took_ms[-1]:>8.1f}")
