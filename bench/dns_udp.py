# SPDX-License-Identifier: Apache-2.0
"""CPU microseconds per UDP answer of the server's processes, all peers in one interleaved run."""

import pathlib
import re
import subprocess
import tempfile
import time

import dns.exception
import dns.message
import dns.query

import measure
import peers
from harness import free_port

OUTSTANDING = 64


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
    """Answers of one burst."""
    done = subprocess.run(
        peers.pinned(measure.CLIENT_CORE, "dnsperf", "-s", "127.0.0.1", "-p", str(peer.port), "-d",
                     str(queries), "-l", str(measure.SECONDS), "-c", "8", "-q", str(OUTSTANDING)),
        capture_output=True, text=True, check=True,
    )
    return int(re.search(r"Queries completed:\s+(\d+)", done.stdout).group(1))


def run():
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        queries = pathlib.Path(directory) / "queries"
        queries.write_text("".join(f"{name}.{peers.ZONE} A\n" for name in peers.NAMES))
        servers = [peer(directory, free_port(), measure.SERVER_CORE) for peer in peers.ALL]
        samples = measure.interleaved(servers, wait_serving, lambda peer: load(peer, queries))
        measure.report(samples, peers.Echo.name)
