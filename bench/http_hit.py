# SPDX-License-Identifier: Apache-2.0
"""CPU microseconds per cache hit of 1 KiB of the server's processes, all peers in one interleaved
run."""

import http.client
import re
import subprocess
import tempfile
import time

import http_peers
import measure
import peers

CONNECTIONS = 32


def wait_serving(peer):
    """Until the object is answered twice: then it is in the cache."""
    answered = 0
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=2)
        try:
            connection.request("GET", http_peers.PATH, headers={"Host": http_peers.HOST})
            answer = connection.getresponse()
            body = answer.read()
            answered += answer.status == 200 and len(body) == http_peers.OBJECT_BYTES
        except OSError:
            pass
        finally:
            connection.close()
        if answered == 2:
            return
        time.sleep(0.05)
    raise SystemExit(f"{peer.name} does not answer:\n{(peer.dir / 'log').read_text()[-2000:]}")


def load(peer):
    """Answers of one burst; each must be a whole one."""
    done = subprocess.run(
        peers.pinned(measure.CLIENT_CORE, "wrk", "-t1", f"-c{CONNECTIONS}",
                     f"-d{measure.SECONDS}s", "-H", f"Host: {http_peers.HOST}",
                     f"http://127.0.0.1:{peer.port}{http_peers.PATH}"),
        capture_output=True, text=True, check=True,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"{peer.name} failed under load:\n{done.stdout}")
    return int(re.search(r"(\d+) requests in", done.stdout).group(1))


def run():
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        origin, servers = http_peers.make(directory, measure.SERVER_CORE)
        origin.start()
        try:
            samples = measure.interleaved(servers, wait_serving, load)
        finally:
            origin.stop()
        measure.report(samples, http_peers.Floor.name)
