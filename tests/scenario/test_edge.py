# SPDX-License-Identifier: Apache-2.0
"""What viewers get from an edge: stored, shared, passed through, in ranges, and kept in bounds."""

import os
import re
import selectors
import socket
import subprocess
import threading

import pytest

from harness import (DEADLINE_S, SANITIZER, cf_behavior, cf_config, cf_origin, split_address,
                     wait_for)
from web import Origin, Page

HOST = "www.edge.test"
VIEWERS = 200 if not SANITIZER else 50

MIB = 1 << 20
LARGE = bytes(range(256)) * (64 * MIB // 256 // 8) * 8
SLOW_VIEWERS = 100 if not SANITIZER else 20
CACHE_MIB = 16
# An edge that serves nothing has some 10 MiB; each viewer has less than half a MiB of its own.
OTHER_MEMORY_MIB = 64


@pytest.fixture
def origin():
    with Origin() as made:
        yield made


def distribution(node, origin, *behaviors, policy="CachingOptimized"):
    """A deployed distribution in front of the origin."""
    client = node.boto("cloudfront")
    made = node.create_distribution(
        cf_config([cf_origin("o", origin.port)], cf_behavior("o", policy), *behaviors,
                  aliases=[HOST]), client=client)
    node.wait_deployed(made["Id"], client=client)
    return made


def curl(node, path, *arguments):
    """(status, fields by lower-case name, body), as curl sees them."""
    address = node.ready["http"]
    url = f"http://{address if isinstance(address, str) else address[0]}{path}"
    done = subprocess.run(
        ["/usr/bin/curl", "-sS", "-D", "/dev/stderr", "-H", f"Host: {HOST}", *arguments, url],
        capture_output=True, timeout=DEADLINE_S, check=True)
    head = done.stderr.decode().split("\r\n\r\n")[-2].splitlines()
    fields = dict(line.lower().split(": ", 1) for line in head[1:])
    return int(head[0].split()[1]), fields, done.stdout


def ask_all(node, path, count):
    """Sockets on which that many viewers have asked at once."""
    address = split_address(node.ready["http"])
    viewers = []
    for _ in range(count):
        viewers.append(socket.create_connection(address, DEADLINE_S))
        viewers[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    return viewers


def read_answer(viewer):
    """(head, body) of one answer with a length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += viewer.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"\r\nContent-Length: (\d+)", head).group(1))
    while len(body) < length:
        piece = viewer.recv(65536)
        assert piece, f"cut after {len(body)} of {length} bytes"
        body += piece
    viewer.close()
    return head.decode(), body


@pytest.mark.smoke
def test_the_first_is_a_miss_and_the_next_a_hit_with_all_that_viewers_are_told(node, origin):
    origin.pages["/a"] = Page(b"0123456789", fields={"ETag": '"one"', "Content-Type": "text/plain"})
    distribution(node, origin)
    status, fields, body = curl(node, "/a")
    assert (status, body, fields["x-cache"]) == (200, b"0123456789", "miss from weir")
    assert fields["cache-status"] == "weir; fwd=miss; stored"
    status, fields, body = curl(node, "/a")
    assert (status, body, fields["x-cache"]) == (200, b"0123456789", "hit from weir")
    assert fields["age"].isdigit() and fields["x-amz-cf-pop"] and fields["x-amz-cf-id"]
    assert "(weir)" in fields["via"] and fields["content-type"] == "text/plain"
    status, fields, body = curl(node, "/a", "--head")
    assert (status, fields["content-length"], fields["x-cache"]) == (200, "10", "hit from weir")
    status, fields, body = curl(node, "/a", "--range", "2-4")
    assert (status, fields["content-range"], body) == (206, "bytes 2-4/10", b"234")
    status, fields, body = curl(node, "/a", "-H", 'If-None-Match: "one"')
    assert (status, body, fields["x-cache"]) == (304, b"", "hit from weir")
    assert origin.count("/a") == 1
    assert node.metric("weir_edge_answers_total", result="hit") == 4


def test_two_hundred_viewers_of_an_object_that_takes_a_second_are_one_request(node, origin):
    origin.pages["/slow"] = Page(b"x" * 100000, delay_s=1.0)
    distribution(node, origin)
    answers = [read_answer(v) for v in ask_all(node, "/slow", VIEWERS)]
    assert origin.count("/slow") == 1
    assert all(body == b"x" * 100000 for _, body in answers)
    misses = [head for head, _ in answers if "X-Cache: Miss from weir" in head]
    assert len(misses) == 1
    assert len([head for head, _ in answers if "X-Cache: Hit from weir" in head]) == VIEWERS - 1


def test_what_may_not_be_shared_is_asked_for_at_the_same_time_after_the_first_answer(node, origin):
    first, others = threading.Event(), threading.Event()

    def page(_):
        is_first = origin.count("/own") == 1
        return Page(b"own\n", fields={"Cache-Control": "no-store"},
                    hold=first if is_first else others)

    origin.pages["/own"] = page
    distribution(node, origin, policy="UseOriginCacheControlHeaders")
    viewers = ask_all(node, "/own", VIEWERS)
    wait_for(lambda: node.metric("weir_edge_collapsed_total") == VIEWERS - 1, "those who wait")
    wait_for(lambda: origin.count("/own") == 1, "the first at the origin")
    first.set()
    # All are at the origin while none of them is answered: nobody waits for another.
    wait_for(lambda: origin.count("/own") == VIEWERS, "the others at the origin")
    others.set()
    assert all(read_answer(v)[1] == b"own\n" for v in viewers)


class SlowViewer:
    """One download that is read when its turn comes; every byte is compared."""

    def __init__(self, address, path):
        self.socket = socket.create_connection(address, DEADLINE_S)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 << 10)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        self.head = b""
        self.got = 0

    def read(self):
        """Takes what is there; True once all has come."""
        data = self.socket.recv(256 << 10)
        assert data, f"cut after {self.got} bytes"
        if not self.head.endswith(b"\r\n\r\n"):
            head, separator, data = (self.head + data).partition(b"\r\n\r\n")
            self.head = head + separator
            data = data if separator else b""
        assert LARGE.startswith(data, self.got), f"other bytes at {self.got}"
        self.got += len(data)
        return self.got == len(LARGE)


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


def large_page(fields):
    """The large object, whole or a range of it."""

    def page(seen):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", seen.fields.get("range", ""))
        if wanted is None:
            return Page(LARGE, fields=fields)
        first, last = int(wanted.group(1)), int(wanted.group(2))
        return Page(memoryview(LARGE)[first:last + 1], 206,
                    {**fields, "Content-Range": f"bytes {first}-{last}/{len(LARGE)}"})

    return page


@pytest.mark.parametrize("fields", [
    {"Cache-Control": "max-age=3600", "ETag": '"large"'},
    {"Cache-Control": "max-age=3600"},
    {"Cache-Control": "no-store"},
], ids=["stored", "stored without a validator", "not stored"])
def test_slow_viewers_of_what_is_larger_than_the_memory_get_every_byte(fleet, origin, fields):
    node = fleet.node("node", "--cache-memory", str(CACHE_MIB)).start()
    origin.pages["/large"] = large_page(fields)
    distribution(node, origin, policy="UseOriginCacheControlHeaders")
    pid = node.processes()["edge"]
    poll = selectors.DefaultSelector()
    for _ in range(SLOW_VIEWERS):
        viewer = SlowViewer(split_address(node.ready["http"]), "/large")
        poll.register(viewer.socket, selectors.EVENT_READ, viewer)
    most = 0.0
    turn = 0
    while poll.get_map():
        # Each turn reads a few of those that can be read: all are slower than their origin.
        for key, _ in poll.select(DEADLINE_S)[turn % 7 :: 7]:
            if key.data.read():
                poll.unregister(key.fileobj)
                key.fileobj.close()
        turn += 1
        if turn % 50 == 0:
            most = max(most, resident_mib(pid))
            assert node.metric("weir_cache_bytes") <= CACHE_MIB * MIB
    assert SANITIZER or most < CACHE_MIB + OTHER_MEMORY_MIB
    assert node.processes()["edge"] == pid


def test_a_viewer_that_leaves_does_not_stop_the_others(node, origin):
    hold = threading.Event()
    origin.pages["/a"] = Page(b"x" * 1000000, hold=hold)
    distribution(node, origin)
    leader = ask_all(node, "/a", 1)[0]
    wait_for(lambda: origin.count("/a") == 1, "the first at the origin")
    others = ask_all(node, "/a", 10)
    wait_for(lambda: node.metric("weir_edge_collapsed_total") == 10, "those who wait")
    leader.close()
    wait_for(lambda: node.metric("weir_edge_viewers_lost_total") == 1, "the first to be gone")
    hold.set()
    assert all(read_answer(v)[1] == b"x" * 1000000 for v in others)
    assert origin.count("/a") == 1
    assert node.get(HOST, "/a").cache == "Hit"


def test_an_upload_goes_through_and_outdates_what_is_stored(node, origin, tmp_path):
    distribution(node, origin, cf_behavior("o", pattern="/api/*", AllowedMethods={
        "Quantity": 7, "Items": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
        "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]}}))
    upload = tmp_path / "upload"
    upload.write_bytes(b"y" * 5000000)
    assert [node.get(HOST, "/api/a").cache for _ in range(2)] == ["Miss", "Hit"]
    status, fields, _ = curl(node, "/api/a", "--upload-file", str(upload))
    assert (status, fields["cache-status"]) == (200, "weir; fwd=method")
    assert origin.seen[-1].method == "PUT" and origin.seen[-1].body == b"y" * 5000000
    assert node.get(HOST, "/api/a").cache == "Miss"
    status, fields, body = curl(node, "/other", "--data", "z")
    assert (status, fields["x-cache"]) == (403, "error from weir")
    assert b"not allowed" in body


def test_a_failing_origin_is_a_page_with_a_reason_or_the_expired_copy(node, origin):
    origin.pages["/kept"] = Page(b"kept\n", fields={"Cache-Control": "max-age=1"})
    with Origin() as gone:
        port = gone.port
    client = node.boto("cloudfront")
    made = node.create_distribution(cf_config(
        [cf_origin("o", origin.port), cf_origin("gone", port, ConnectionAttempts=1)],
        cf_behavior("o", "UseOriginCacheControlHeaders"), cf_behavior("gone", pattern="/gone/*"),
        aliases=[HOST]), client=client)
    node.wait_deployed(made["Id"], client=client)
    status, fields, body = curl(node, "/gone/a")
    assert (status, fields["x-cache"]) == (502, "error from weir")
    for number in range(20):
        assert curl(node, f"/gone/b{number}")[0] == 502
    lines = [line for line in node.log().splitlines() if '"origin failed"' in line]
    # each thread says it once, however often it happens
    assert 1 <= len(lines) <= len(os.sched_getaffinity(0)), node.log()
    assert f'request={fields["x-amz-cf-id"]}' in lines[0].lower() and "refused" in lines[0]
    assert b"127.0.0.1" not in body and fields["x-amz-cf-id"].encode() in body.lower()
    assert fields["content-type"] == "text/html; charset=utf-8"

    assert node.get(HOST, "/kept").cache == "Miss"
    origin.pages["/kept"] = Page(b"broken\n", 503)
    wait_for(lambda: node.metric("weir_edge_stale_total", why="error") > 0 or
             node.get(HOST, "/kept").body != b"kept\n", "the copy to expire")
    before = origin.count("/kept")
    answer = node.get(HOST, "/kept")
    assert (answer.status, answer.body, answer.cache) == (200, b"kept\n", "Hit")
    assert origin.count("/kept") == before  # left alone for a while
