# SPDX-License-Identifier: Apache-2.0
"""What origins must not answer, and what viewers get then: each row is a claim. In each row the
bytes of the bad answer are stored nowhere and never taken for another answer, the edge lives on,
and the next request to the same path is fine."""

import pytest

from conftest import Fleet
from harness import cf_behavior, cf_config, cf_origin
from raw import RawOrigin, Viewer

OK = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\n"
GOOD = OK + b"Content-Length: 5\r\n\r\ngood\n"
EVIL = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 5\r\n\r\nevil\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# The viewer is told 502: what came is no answer.
REFUSED = {
    "nothing at all": (b"", "close"),
    "a reset": (b"", "reset"),
    "something else than HTTP": (b"220 mail.test ESMTP\r\n" * 3, "close"),
    "HTTP/0.9": (b"<html>hello</html>\r\n", "close"),
    "a status line of HTTP/2": (b"HTTP/2 200\r\n\r\n", "close"),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-", "close"),
    "lines that end without CR": (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nevil\n", "close"),
    "a bare CR": (OK + b"A: b\rc\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "a folded field": (OK + b"A: b\r\n c\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "white space before a colon": (OK + b"Content-Length : 5\r\n\r\nevil\n", "keep"),
    "NUL in a value": (OK + b"A: b\x00c\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "NUL in a name": (OK + b"A\x00: b\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "a field without a colon": (OK + b"evil\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "a status below 100": (b"HTTP/1.1 099 Low\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "a status above 599": (b"HTTP/1.1 600 High\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "a status that is no number": (b"HTTP/1.1 2OO OK\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "a status of four digits": (b"HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nevil\n", "keep"),
    "both lengths":
        (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + EVIL, "keep"),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\nevil\n", "keep"),
    "a list of lengths": (OK + b"Content-Length: 5, 5\r\n\r\nevil\n", "keep"),
    "a negative length": (OK + b"Content-Length: -5\r\n\r\nevil\n", "keep"),
    "a length past 64 bits": (OK + b"Content-Length: 99999999999999999999\r\n\r\nevil\n", "keep"),
    "a coding before chunked": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "keep"),
    "chunked in HTTP/1.0":
        (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "close"),
    "a switch that nobody asked for":
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\n\r\n", "hold"),
    "informational answers without end": (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100, "hold"),
    "a head without end": (OK + b"A: b\r\n" * 20000, "hold"),
    "too many fields": (OK + b"A: b\r\n" * 500 + b"Content-Length: 5\r\n\r\nevil\n", "keep"),
}

# The viewer got a head already: the answer is cut, so that nobody takes it for whole.
CUT = {
    "a body shorter than its length": (OK + b"Content-Length: 50\r\n\r\nevil\n", "close"),
    "a body that is reset": (OK + b"Content-Length: 50\r\n\r\nevil\n", "reset"),
    "chunks without an end": (CHUNKED + b"5\r\nevil\n\r\n", "close"),
    "a chunk shorter than its size": (CHUNKED + b"50\r\nevil\n", "close"),
    "a chunk longer than its size": (CHUNKED + b"4\r\nevil\n\r\n0\r\n\r\n", "hold"),
    "a chunk size that is none": (CHUNKED + b"5\r\nevil\n\r\nxyz\r\n", "hold"),
    "a chunk size past 64 bits": (CHUNKED + b"5\r\nevil\n\r\n10000000000000005\r\n", "hold"),
    "a chunk size with a sign": (CHUNKED + b"5\r\nevil\n\r\n-5\r\n", "hold"),
    "chunk lines that end without CR": (CHUNKED + b"5\nevil\n\n0\n\n", "hold"),
    "a flood of chunk extensions": (CHUNKED + (b"1;" + b"a" * 200 + b"\r\nx\r\n") * 200, "hold"),
    "a flood of trailers": (CHUNKED + b"0\r\n" + b"A: b\r\n" * 3000, "hold"),
}

# Odd, but whole: (bytes, how, status, body).
WHOLE = {
    "no reason phrase": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "keep", 200, b"ok"),
    "a reason phrase of any bytes":
        (b"HTTP/1.1 200 \xfc\xff so so\r\nContent-Length: 2\r\n\r\nok", "keep", 200, b"ok"),
    "hints before the answer":
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
         b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "keep", 200, b"ok"),
    "a body up to the close": (b"HTTP/1.1 200 OK\r\n\r\nall of it", "close", 200, b"all of it"),
    "a status that nobody knows":
        (b"HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok", "keep", 299, b"ok"),
    "a body longer than its length":
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + EVIL, "keep", 200, b"ok"),
    "a second answer behind the first":
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + EVIL + EVIL, "keep", 200, b"ok"),
    "an answer behind the last chunk":
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + EVIL,
         "keep", 200, b"ok"),
    "a body where none may be":
        (b"HTTP/1.1 204 No Content\r\n\r\n" + EVIL, "keep", 204, b""),
    "trailers that would be fields":
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
         b"0\r\nContent-Length: 50\r\nSet-Cookie: evil=1\r\n\r\n", "keep", 200, b"ok"),
}


class Edge:
    """A node with a distribution whose origin answers bytes; failures are not kept."""

    def __init__(self, fleet, origin):
        self.origin = origin
        self.node = fleet.node().start()
        errors = [{"ErrorCode": status, "ErrorCachingMinTTL": 0} for status in (502, 504)]
        made = self.node.create_distribution(
            cf_config([cf_origin("o", origin.port)],
                      cf_behavior("o", "UseOriginCacheControlHeaders"),
                      CustomErrorResponses={"Quantity": len(errors), "Items": errors}))
        self.node.wait_deployed(made["Id"])
        self.host = made["DomainName"].encode()
        self.pid = self.node.processes()["edge"]
        self.paths = 0

    def path(self, answer, how):
        """A path that was never asked for, for which the origin has this answer."""
        self.paths += 1
        path = f"/{self.paths}"
        self.origin.answers[path] = (answer, how)
        return path

    def ask(self, path):
        """(status, fields, body, whole) over a connection of its own."""
        with Viewer(self.node.ready["http"]) as viewer:
            viewer.send(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: " + self.host + b"\r\n\r\n")
            return viewer.read_answer()

    def check_next(self, path):
        """The path is fine once its origin is; nothing of before was kept."""
        asked = self.origin.count(path)
        self.origin.answers[path] = (GOOD, "keep")
        status, fields, body, is_whole = self.ask(path)
        assert (status, body, is_whole) == (200, b"good\n", True)
        assert fields["x-cache"] == "Miss from weir"
        assert self.origin.count(path) == asked + 1
        assert self.ask(path)[1]["x-cache"] == "Hit from weir"
        assert self.node.processes()["edge"] == self.pid


@pytest.fixture(scope="module", name="edge")
def make_edge():
    fleet = Fleet()
    try:
        with RawOrigin() as origin:
            yield Edge(fleet, origin)
    finally:
        fleet.end()


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_a_bad_gateway(edge, name):
    path = edge.path(*REFUSED[name])
    status, fields, body, is_whole = edge.ask(path)
    assert (status, is_whole) == (502, True)
    assert fields["x-cache"] == "Error from weir"
    assert b"evil" not in body and b"127.0.0.1" not in body
    # It did answer, and is not asked again, but for a kept connection that just died.
    assert edge.origin.count(path) == 1 or REFUSED[name][0] == b""
    edge.check_next(path)


@pytest.mark.parametrize("name", CUT)
def test_the_viewers_answer_is_cut(edge, name):
    path = edge.path(*CUT[name])
    status, _, _, is_whole = edge.ask(path)
    assert (status, is_whole) == (200, False)
    edge.check_next(path)


@pytest.mark.parametrize("name", WHOLE)
def test_it_is_an_answer_to_its_last_byte_and_no_further(edge, name):
    answer, how, status, body = WHOLE[name]
    path = edge.path(answer, how)
    for _ in range(2):
        found = edge.ask(path)
        assert (found[0], *found[2:]) == (status, body, True)
        assert "set-cookie" not in found[1]
    edge.check_next(edge.path(GOOD, "keep"))


def test_what_follows_an_answer_is_never_the_next_one(edge):
    # The surplus may come late, when the connection is idle already.
    for surplus in (EVIL, EVIL * 2, b"x"):
        first = edge.path(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + surplus, "keep")
        second = edge.path(GOOD, "keep")
        assert edge.ask(first)[2] == b"ok"
        assert edge.ask(second)[2] == b"good\n"


def test_a_head_request_gets_no_body_of_an_origin_that_sends_one(edge):
    path = edge.path(EVIL, "keep")
    with Viewer(edge.node.ready["http"]) as viewer:
        viewer.send(b"HEAD " + path.encode() + b" HTTP/1.1\r\nHost: " + edge.host + b"\r\n\r\n")
        status, _, _, _ = viewer.read_answer(is_head=True)
        assert status == 200
        good = edge.path(GOOD, "keep")
        viewer.send(b"GET " + good.encode() + b" HTTP/1.1\r\nHost: " + edge.host + b"\r\n\r\n")
        assert viewer.read_answer()[2] == b"good\n"
