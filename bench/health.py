# SPDX-License-Identifier: Apache-2.0
"""20,000 health checks of 200 endpoints on loopback: CPU and memory of the checker and of a name
server that follows its votes, while all endpoints are up, a tenth of them flap, all are down."""

import concurrent.futures
import os
import subprocess
import tempfile
import time

import measure
import peers
from harness import DEADLINE_S, Node, wait_for

CHECKS = int(os.environ.get("BENCH_CHECKS", "20000"))
ENDPOINTS = 200
SECONDS = int(os.environ.get("BENCH_SECONDS", "30"))
SETTLE_S = 35  # three results of each check, and a reserve
ROWS = {"all up": (0, 0), "a tenth flap": (0, ENDPOINTS // 10), "all down": (ENDPOINTS, 0)}


class Endpoints:
    def __init__(self, directory):
        program = peers.compiled("health_endpoints.c", directory)
        self.process = subprocess.Popen([program, str(ENDPOINTS)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.ports = []
        while (line := self.process.stdout.readline().strip()):
            self.ports.append(int(line))

    def set(self, failing, flapping):
        self.process.stdin.write(f"{failing} {flapping} 10\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)


def create_checks(node, ports):
    """Through the API, by four clients."""
    def create(first):
        client = node.boto()
        for i in range(first, CHECKS, 4):
            client.create_health_check(CallerReference=f"c{i}", HealthCheckConfig={
                "Type": "HTTP", "IPAddress": "127.0.0.1", "Port": ports[i % len(ports)],
                "ResourcePath": "/", "RequestInterval": 10, "FailureThreshold": 3})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(4)))
    wait_for(lambda: node.metric("weir_probed_checks", role="check") == CHECKS,
             "all checks in the checker", 300)


def probes(node):
    return {outcome: node.metric("weir_probes_total", outcome=outcome)
            for outcome in ("passed", "bad_status", "own_failure")} | {
                "all": node.metric("weir_probes_total")}


def row(node, name):
    """CPU over so many seconds, in percent of one core."""
    pids = node.processes()
    roles = ("check", "dns")
    before, start = probes(node), time.monotonic()
    used = {role: sum(measure.cpu_s([pids[role]])) for role in roles}
    time.sleep(SECONDS)
    took_s = time.monotonic() - start
    after = probes(node)
    cpu = {role: (sum(measure.cpu_s([pids[role]])) - used[role]) / took_s * 100 for role in roles}
    mib = {role: measure.resident_bytes([pids[role]]) / measure.MIB for role in roles}
    made = after["all"] - before["all"]
    failed = made - (after["passed"] - before["passed"])
    print(f"{name:<13} {made / took_s:>9.0f} {failed / made * 100:>7.1f}% {cpu['check']:>8.1f}% "
          f"{mib['check']:>9.1f} {cpu['dns']:>8.1f}% {mib['dns']:>9.1f}", flush=True)


def run():
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        endpoints = Endpoints(directory)
        node = Node(f"{directory}/node", "--api-rate", "1000000", binary=os.environ["WEIR_BIN"],
                    roles="control,dns,check").start()
        try:
            create_checks(node, endpoints.ports)
            print(f"{'endpoints':<13} {'probes/s':>9} {'failing':>8} {'check CPU':>9} {'MiB':>9} "
                  f"{'dns CPU':>9} {'MiB':>9}")
            for name, (failing, flapping) in ROWS.items():
                endpoints.set(failing, flapping)
                time.sleep(SETTLE_S)
                row(node, name)
            late = node.metric("weir_probes_late_total")
            lacking = node.metric("weir_probes_total", outcome="own_failure")
            print(f"late probes: {late:.0f}; not made for want of anything here: {lacking:.0f}")
        finally:
            endpoints.close()
            node.kill()
