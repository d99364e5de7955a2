# SPDX-License-Identifier: Apache-2.0
"""One object far larger than the cache and 100 viewers that are slower than its origin, each at its
own pace: storable, and not. Every viewer must get every byte, and the edge keep within its memory.
"""

import http.server
import os
import re
import selectors
import socket
import tempfile
import threading
import time

from harness import Node, cf_behavior, cf_config, cf_origin, split_address

OBJECT_MIB = int(os.environ.get("BENCH_OBJECT_MIB", "1024"))
VIEWERS = int(os.environ.get("BENCH_VIEWERS", "100"))
CACHE_MIB = int(os.environ.get("BENCH_CACHE_MIB", "256"))
MIB = 1 << 20
HOST = "large.bench.test"
SLOWEST_MIB_S = 16
FASTEST_MIB_S = 48
MIN_READ = 64 << 10
BLOCK = bytes(range(256)) * (MIB // 256)


def block(index):
    """A MiB of the object: it tells its own place."""
    return index.to_bytes(8, "big") + BLOCK[8:]


class Origin(http.server.BaseHTTPRequestHandler):
    """The object as fast as it is taken; whole, or a range of it."""

    protocol_version = "HTTP/1.1"
    sent_bytes = 0
    requests = 0

    def do_GET(self):
        size = OBJECT_MIB * MIB
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(wanted.group(1)) if wanted else 0
        last = min(int(wanted.group(2) or size - 1) if wanted else size - 1, size - 1)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        is_stored = not self.path.startswith("/no-store")
        self.send_header("Cache-Control", "max-age=3600" if is_stored else "no-store")
        self.send_header("ETag", '"large"')
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        Origin.requests += 1
        at = first
        while at <= last:
            piece = block(at // MIB)[at % MIB : min(MIB, at % MIB + last + 1 - at)]
            try:
                self.wfile.write(piece)
            except OSError:
                return
            Origin.sent_bytes += len(piece)
            at += len(piece)

    def log_message(self, *_):
        pass


class Viewer:
    """One download at a pace of its own; checks that each MiB is in its place."""

    def __init__(self, address, path, pace_mib_s):
        self.pace = pace_mib_s * MIB
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 << 10)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        self.head = b""
        self.got = 0
        self.began = time.monotonic()
        self.problem = None

    def check(self, data):
        at = self.got
        while at < self.got + len(data):
            start = at - self.got
            length = min(MIB - at % MIB, len(data) - start)
            if data[start : start + length] != block(at // MIB)[at % MIB : at % MIB + length]:
                self.problem = f"other bytes than the object's at {at}"
            at += length
        self.got += len(data)

    def allowed(self):
        """Bytes that its pace allows now."""
        return int((time.monotonic() - self.began) * self.pace) - self.got

    def read(self, allowed):
        """Takes so much; True once it is over."""
        data = self.socket.recv(min(allowed, MIB))
        if not data:
            self.problem = f"cut after {self.got} bytes"
            return True
        if not self.head.endswith(b"\r\n\r\n"):
            head, separator, data = (self.head + data).partition(b"\r\n\r\n")
            self.head = head + separator
            if separator and b" 200 " not in head.split(b"\r\n")[0]:
                self.problem = head.split(b"\r\n")[0].decode()
                return True
            data = data if separator else b""
        self.check(data)
        return self.problem is not None or self.got >= OBJECT_MIB * MIB


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


def download(node, path):
    """(seconds, most resident MiB of the edge, problems) of all viewers together."""
    pid = node.processes()["edge"]
    address = split_address(node.ready["http"])
    began = time.monotonic()
    poll = selectors.DefaultSelector()
    viewers = []
    for i in range(VIEWERS):
        pace = SLOWEST_MIB_S + (FASTEST_MIB_S - SLOWEST_MIB_S) * i / VIEWERS
        viewers.append(Viewer(address, path, pace))
        poll.register(viewers[-1].socket, selectors.EVENT_READ, viewers[-1])
    most, looked = resident_mib(pid), 0.0
    while poll.get_map():
        is_idle = True
        for key, _ in poll.select(1):
            allowed = key.data.allowed()
            is_idle = is_idle and allowed < MIN_READ
            if allowed >= MIN_READ and key.data.read(allowed):
                poll.unregister(key.fileobj)
                key.fileobj.close()
        if is_idle:
            time.sleep(0.001)
        if time.monotonic() - looked > 0.1:
            looked = time.monotonic()
            most = max(most, resident_mib(pid))
    return time.monotonic() - began, most, [v.problem for v in viewers if v.problem]


def run():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{OBJECT_MIB} MiB, {VIEWERS} viewers at {SLOWEST_MIB_S} to {FASTEST_MIB_S} MiB/s, "
          f"cache of {CACHE_MIB} MiB")
    print(f"{'object':<10} {'seconds':>8} {'MiB/s':>8} {'edge RSS MiB':>13} "
          f"{'origin requests':>16} {'origin MiB':>11}")
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        node = Node(f"{directory}/node", "--cache-memory", str(CACHE_MIB),
                    binary=os.environ["WEIR_BIN"]).start()
        try:
            made = node.create_distribution(
                cf_config([cf_origin("o", server.server_port)],
                          cf_behavior("o", "UseOriginCacheControlHeaders"), aliases=[HOST]))
            node.wait_deployed(made["Id"])
            for name, path in (("stored", "/stored"), ("no-store", "/no-store")):
                Origin.requests = Origin.sent_bytes = 0
                took, most, problems = download(node, path)
                print(f"{name:<10} {took:>8.1f} {VIEWERS * OBJECT_MIB / took:>8.0f} {most:>13.0f} "
                      f"{Origin.requests:>16} {Origin.sent_bytes / MIB:>11.0f}")
                if problems:
                    raise SystemExit(f"{len(problems)} viewers failed, the first: {problems[0]}")
        finally:
            node.kill()
            server.shutdown()
