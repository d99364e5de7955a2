# SPDX-License-Identifier: Apache-2.0
"""CPU microseconds per UDP answer of the server's processes, all peers in one interleaved run."""

import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

import dns.exception
import dns.message
import dns.query

import peers
from harness import free_port

SERVER_CORE = 0
CLIENT_CORE = 1
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
OUTSTANDING = 64
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pids):
    """(user, system) seconds that the processes have used so far."""
    user = system = 0.0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        user += int(fields[11]) / TICKS_PER_S
        system += int(fields[12]) / TICKS_PER_S
    return user, system


def wait_serving(peer):
    query = dns.message.make_query(f"{peers.NAMES[0]}.{peers.ZONE}", "A")
    for _ in range(200):
        try:
            dns.query.udp(query, "127.0.0.1", port=peer.port, timeout=0.2, ignore_trailing=True)
            return
        except (dns.exception.DNSException, OSError):
            time.sleep(0.05)
    raise SystemExit(f"{peer.name} does not answer:\n{(peer.dir / 'log').read_text()[-2000:]}")


def load(peer, queries):
    """(answers, user us, system us) per answer of one burst."""
    before = cpu_s(peer.pids())
    done = subprocess.run(
        peers.pinned(CLIENT_CORE, "dnsperf", "-s", "127.0.0.1", "-p", str(peer.port), "-d",
                     str(queries), "-l", str(SECONDS), "-c", "8", "-q", str(OUTSTANDING)),
        capture_output=True, text=True, check=True,
    )
    after = cpu_s(peer.pids())
    answers = int(re.search(r"Queries completed:\s+(\d+)", done.stdout).group(1))
    return answers, *((b - a) * 1e6 / answers for a, b in zip(before, after))


def run():
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        queries = pathlib.Path(directory) / "queries"
        queries.write_text("".join(f"{name}.{peers.ZONE} A\n" for name in peers.NAMES))
        servers = [peer(directory, free_port(), SERVER_CORE) for peer in peers.ALL]
        samples = {server.name: [] for server in servers}
        try:
            for server in servers:
                server.start()
                wait_serving(server)
            for _ in range(ROUNDS):
                for server in servers:
                    samples[server.name].append(load(server, queries))
        finally:
            for server in servers:
                if server.process is not None:
                    server.stop()
        report(samples)


def report(samples):
    floor = statistics.median(u + s for _, u, s in samples[peers.Echo.name])
    print(f"{'server':<14} {'answers/s':>10} {'user us':>8} {'system us':>10} {'total us':>9} "
          f"{'x floor':>8}")
    for name, rows in samples.items():
        rate = statistics.median(r[0] for r in rows) / SECONDS
        user = statistics.median(r[1] for r in rows)
        system = statistics.median(r[2] for r in rows)
        print(f"{name:<14} {rate:>10.0f} {user:>8.2f} {system:>10.2f} {user + system:>9.2f} "
              f"{(user + system) / floor:>8.2f}")
