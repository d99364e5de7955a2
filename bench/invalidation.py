# SPDX-License-Identifier: Apache-2.0
"""Milliseconds from the call of CreateInvalidation to its effect (no viewer is served the old
answer any more) and to Completed, on one node; 300 ms apart."""

import os
import statistics
import tempfile
import time

import peers  # noqa: F401  (puts the scenario harness on the path)
from harness import Node, cf_behavior, cf_config, cf_origin

from web import Origin

INVALIDATIONS = int(os.environ.get("BENCH_CHANGES", "100"))
APART_S = 0.3
HOST = "www.invalidation.test"
PATH = "/object"


def create(client, distribution_id, number):
    made = client.create_invalidation(
        DistributionId=distribution_id,
        InvalidationBatch={"CallerReference": f"bench-{number}",
                           "Paths": {"Quantity": 1, "Items": [PATH]}})
    return made["Invalidation"]["Id"]


def measure(node, distribution_id):
    """([ms to effect], [ms to Completed])"""
    client = node.boto("cloudfront")
    effect_ms, completed_ms = [], []
    for i in range(INVALIDATIONS):
        while node.get(HOST, PATH).cache != "Hit":
            pass
        start = time.monotonic()
        made = create(client, distribution_id, i)
        while node.get(HOST, PATH).cache == "Hit":
            pass
        effect_ms.append((time.monotonic() - start) * 1000)
        while client.get_invalidation(DistributionId=distribution_id, Id=made)["Invalidation"][
                "Status"] != "Completed":
            pass
        completed_ms.append((time.monotonic() - start) * 1000)
        time.sleep(max(0, APART_S - (time.monotonic() - start)))
    return effect_ms, completed_ms


def run():
    print(f"{'until':<10} {'count':>6} {'median ms':>10} {'p90 ms':>8} {'max ms':>8}")
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory, Origin() as origin:
        node = Node(f"{directory}/node", binary=os.environ["WEIR_BIN"]).start()
        try:
            made = node.create_distribution(
                cf_config([cf_origin("o", origin.port)], cf_behavior("o"), aliases=[HOST]))
            node.wait_deployed(made["Id"])
            rows = measure(node, made["Id"])
        finally:
            node.kill()
    for name, took_ms in zip(("effect", "Completed"), rows):
        took_ms.sort()
        print(f"{name:<10} {len(took_ms):>6} {statistics.median(took_ms):>10.1f} "
              f"{took_ms[len(took_ms) * 9 // 10]:>8.1f} {took_ms[-1]:>8.1f}")
