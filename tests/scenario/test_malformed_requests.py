# SPDX-License-Identifier: Apache-2.0
"""What viewers must not send, and what becomes of it: each row is a claim. In each row the edge
answers with the status, closes the connection or goes on, passes nothing of it to the origin, lives
on and serves the next request."""

import pytest

from conftest import Fleet
from harness import cf_behavior, cf_config, cf_origin
from raw import Viewer
from web import Origin, Page

# Behind what must be refused: whoever takes it for a request of its own was smuggled.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n"

HEAD = b"Host: HOST\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
FIVE = b"Content-Length: 5\r\n"


def post(*lines, body=b"hello"):
    """A POST with these field lines besides Host."""
    return b"POST /x HTTP/1.1\r\n" + HEAD + b"".join(lines) + b"\r\n" + body


def get(*lines, line=b"GET /x HTTP/1.1", host=HEAD):
    """A GET with these field lines besides Host."""
    return line + b"\r\n" + host + b"".join(lines) + b"\r\n"


def chunks(body):
    """A POST whose chunked body is this."""
    return post(CHUNKED, body=body)


LENGTHS = {
    "both lengths": (post(CHUNKED, FIVE, body=b"0\r\n\r\n"), 400),
    "both lengths, the other way round": (post(FIVE, CHUNKED, body=b"0\r\n\r\n"), 400),
    "a coding before chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n", body=b""), 501),
    "chunked twice": (post(b"Transfer-Encoding: chunked, chunked\r\n", body=b""), 400),
    "chunked not last": (post(b"Transfer-Encoding: chunked, identity\r\n", body=b""), 400),
    "two fields of codings": (post(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), 400),
    "a coding and chunked in two fields":
        (post(b"Transfer-Encoding: identity\r\n", CHUNKED, body=b"0\r\n\r\n"), 400),
    "chunked behind a control character":
        (post(b"Transfer-Encoding: \x0bchunked\r\n", body=b"0\r\n\r\n"), 400),
    "chunked in quotes": (post(b'Transfer-Encoding: "chunked"\r\n', body=b"0\r\n\r\n"), 400),
    "chunked on a folded line":
        (post(b"Transfer-Encoding:\r\n chunked\r\n", body=b"0\r\n\r\n"), 400),
    "white space before the colon of a coding":
        (post(b"Transfer-Encoding : chunked\r\n", body=b"0\r\n\r\n"), 400),
    "chunked in HTTP/1.0":
        (b"POST /x HTTP/1.0\r\n" + HEAD + CHUNKED + b"\r\n0\r\n\r\n", 400),
    "two lengths that differ": (post(FIVE, b"Content-Length: 6\r\n"), 400),
    "two lengths that agree": (post(FIVE, FIVE), 400),
    "a list of lengths": (post(b"Content-Length: 5, 5\r\n"), 400),
    "a length with a plus": (post(b"Content-Length: +5\r\n"), 400),
    "a length with a minus": (post(b"Content-Length: -5\r\n"), 400),
    "a hexadecimal length": (post(b"Content-Length: 0x5\r\n"), 400),
    "a length with a space within": (post(b"Content-Length: 5 5\r\n"), 400),
    "a length with a fraction": (post(b"Content-Length: 5.0\r\n"), 400),
    "no length at all": (post(b"Content-Length:\r\n"), 400),
    "a length past 64 bits": (post(b"Content-Length: 18446744073709551621\r\n"), 400),
    "a length past every limit": (post(b"Content-Length: 9000000000000000000\r\n"), 413),
}

CHUNKS = {
    "a chunk size past 64 bits": (chunks(b"10000000000000005\r\nhello\r\n0\r\n\r\n"), 400),
    "a chunk size of many zeros": (chunks(b"0" * 300 + b"5\r\nhello\r\n0\r\n\r\n"), 400),
    "a chunk size with a prefix": (chunks(b"0x5\r\nhello\r\n0\r\n\r\n"), 400),
    "a chunk size with a sign": (chunks(b"+5\r\nhello\r\n0\r\n\r\n"), 400),
    "a space behind a chunk size": (chunks(b"5 \r\nhello\r\n0\r\n\r\n"), 400),
    "a space before a chunk size": (chunks(b" 5\r\nhello\r\n0\r\n\r\n"), 400),
    "no chunk size": (chunks(b"\r\nhello\r\n0\r\n\r\n"), 400),
    "a chunk that is longer than its size": (chunks(b"4\r\nhello\r\n0\r\n\r\n"), 400),
    "a chunk's line that ends without CR": (chunks(b"5\nhello\r\n0\r\n\r\n"), 400),
    "a chunk that ends without CR": (chunks(b"5\r\nhello\n0\r\n\r\n"), 400),
    "a bare CR in a chunk extension": (chunks(b"5;a\rb\r\nhello\r\n0\r\n\r\n"), 400),
    "a long chunk extension": (chunks(b"5;" + b"a" * 300 + b"\r\nhello\r\n0\r\n\r\n"), 400),
    "a flood of chunk extensions":
        (chunks((b"1;" + b"a" * 200 + b"\r\nx\r\n") * 100 + b"0\r\n\r\n"), 400),
    "a flood of trailers": (chunks(b"0\r\n" + b"A: b\r\n" * 2000 + b"\r\n"), 400),
    "a trailer that is no field": (chunks(b"0\r\nno field\r\n\r\n"), 400),
}

LINES = {
    "lines that end without CR":
        (b"GET /x HTTP/1.1\nHost: HOST\n\n", 400),
    "a field line that ends without CR": (get(b"A: b\n"), 400),
    "a bare CR in a value": (get(b"A: b\rc\r\n"), 400),
    "a bare CR as a line's end": (b"GET /x HTTP/1.1\r\nHost: HOST\r\r\n\r\n", 400),
    "a folded field line": (get(b"A: b\r\n c\r\n"), 400),
    "a folded line right behind the request line":
        (b"GET /x HTTP/1.1\r\n Host: HOST\r\n\r\n", 400),
    "white space before a colon": (get(b"A : b\r\n"), 400),
    "white space before the colon of Host": (get(host=b"Host : HOST\r\n"), 400),
    "NUL in a value": (get(b"A: b\x00c\r\n"), 400),
    "NUL in a name": (get(b"A\x00B: c\r\n"), 400),
    "a control character in a value": (get(b"A: b\x01c\r\n"), 400),
    "DEL in a value": (get(b"A: b\x7fc\r\n"), 400),
    "a space in a name": (get(b"A B: c\r\n"), 400),
    "a name beyond ASCII": (get(b"A\xe4: c\r\n"), 400),
    "no name": (get(b": c\r\n"), 400),
    "no colon": (get(b"just words\r\n"), 400),
    "a TLS handshake without TLS":
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 32, 400),
    "many empty lines before the request": (b"\r\n" * 8 + get(), 400),
}

REQUEST_LINES = {
    "HTTP/0.9": (b"GET /x\r\n\r\n", 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a version that there is not": (get(line=b"GET /x HTTP/3.0"), 505),
    "a minor version of two digits": (get(line=b"GET /x HTTP/1.10"), 400),
    "a version in lower case": (get(line=b"GET /x http/1.1"), 400),
    "another protocol": (get(line=b"GET /x ICY/1.1"), 400),
    "two spaces before the version": (get(line=b"GET /x  HTTP/1.1"), 400),
    "a space behind the version": (get(line=b"GET /x HTTP/1.1 "), 400),
    "tabs instead of spaces": (get(line=b"GET\t/x\tHTTP/1.1"), 400),
    "a space before the method": (get(line=b" GET /x HTTP/1.1"), 400),
    "a space in the target": (get(line=b"GET /x y HTTP/1.1"), 400),
    "a control character in the target": (get(line=b"GET /x\x0by HTTP/1.1"), 400),
    "NUL in the target": (get(line=b"GET /x\x00y HTTP/1.1"), 400),
    "bytes beyond ASCII in the target": (get(line=b"GET /\xc3\xa4 HTTP/1.1"), 400),
    "a fragment in the target": (get(line=b"GET /x#y HTTP/1.1"), 400),
    "a target without a slash": (get(line=b"GET x HTTP/1.1"), 400),
    "no target": (get(line=b"GET  HTTP/1.1"), 400),
    "a method that is no token": (get(line=b"GE(T /x HTTP/1.1"), 400),
    "an asterisk for GET": (get(line=b"GET * HTTP/1.1"), 400),
    "CONNECT": (get(line=b"CONNECT HOST:443 HTTP/1.1"), 501),
    "CONNECT to a path": (get(line=b"CONNECT /x HTTP/1.1"), 400),
    "a URL of another scheme": (get(line=b"GET ftp://HOST/x HTTP/1.1"), 400),
    "a URL with a user": (get(line=b"GET http://user@HOST/x HTTP/1.1"), 400),
    "a URL without a host": (get(line=b"GET http:///x HTTP/1.1"), 400),
    "an expectation that there is not": (get(b"Expect: cookies\r\n"), 417),
}

HOSTS = {
    "no Host": (get(host=b""), 400),
    "two Hosts that differ": (get(b"Host: other.test\r\n"), 400),
    "two Hosts that agree": (get(HEAD), 400),
    "an empty Host": (get(host=b"Host:\r\n"), 400),
    "a Host with a path": (get(host=b"Host: HOST/x\r\n"), 400),
    "a Host with a user": (get(host=b"Host: user@HOST\r\n"), 400),
    "a Host with a space": (get(host=b"Host: a HOST\r\n"), 400),
    "a list of Hosts": (get(host=b"Host: HOST, HOST\r\n"), 400),
    "a Host whose port is none": (get(host=b"Host: HOST:80a\r\n"), 400),
    "a Host whose port is too large": (get(host=b"Host: HOST:65536\r\n"), 400),
    "an unclosed bracket in Host": (get(host=b"Host: [::1\r\n"), 400),
}

SIZES = {
    "a URL of more than 8,192 bytes": (get(line=b"GET /" + b"x" * 8192 + b" HTTP/1.1"), 413),
    "a head of more than 20,480 bytes": (get((b"A: " + b"x" * 1000 + b"\r\n") * 20 +
                                             b"B: " + b"x" * 500 + b"\r\n"), 413),
    "one endless field": (get(b"A: " + b"x" * 30000 + b"\r\n"), 413),
    "too many fields": (get(b"A: b\r\n" * 300), 413),
}

BODIES = {
    "a GET with a body": (get(FIVE) + b"hello", 403),
    "a GET with a chunked body": (get(CHUNKED) + b"5\r\nhello\r\n0\r\n\r\n", 403),
    "a HEAD with a body": (get(FIVE, line=b"HEAD /x HTTP/1.1") + b"hello", 403),
}

CLOSING = {**LENGTHS, **CHUNKS, **LINES, **REQUEST_LINES, **HOSTS, **SIZES, **BODIES}

# What is understood, and refused or served: the connection goes on.
GOING_ON = {
    "TRACE": (get(line=b"TRACE /x HTTP/1.1"), 403),
    "a method that nobody knows": (get(line=b"BREW /x HTTP/1.1"), 403),
    "a method in lower case": (get(line=b"get /x HTTP/1.1"), 403),
    "a host that is no distribution's": (get(host=b"Host: nobody.test\r\n"), 403),
    "a URL whose host is no distribution's":
        (get(line=b"GET http://nobody.test/x HTTP/1.1"), 403),
    "an address as host": (get(host=b"Host: 127.0.0.1\r\n"), 403),
    "names in a row as host": (get(host=b"Host: HOST,HOST\r\n"), 403),
    "an asterisk for OPTIONS": (get(line=b"OPTIONS * HTTP/1.1"), 400),
    "a later minor version": (get(line=b"GET /good HTTP/1.2"), 200),
    "a URL whose host wins over the field":
        (get(line=b"GET http://HOST/good HTTP/1.1", host=b"Host: nobody.test\r\n"), 200),
    "one empty line before the request": (b"\r\n" + get(line=b"GET /good HTTP/1.1"), 200),
    "a URL of 8,192 bytes": (get(line=b"GET /good?" + b"x" * 8186 + b" HTTP/1.1"), 200),
    "white space around a value": (get(b"A:  \t b \t \r\n", line=b"GET /good HTTP/1.1"), 200),
}


class Edge:
    """A node with a distribution whose origin counts what it is asked."""

    def __init__(self, fleet, origin):
        self.origin = origin
        self.node = fleet.node().start()
        methods = ["HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"]
        cached = {"Quantity": 2, "Items": ["HEAD", "GET"]}
        behavior = cf_behavior(
            "o", AllowedMethods={"Quantity": 7, "Items": methods, "CachedMethods": cached})
        made = self.node.create_distribution(
            cf_config([cf_origin("o", origin.port)], behavior))
        self.node.wait_deployed(made["Id"])
        self.host = made["DomainName"]
        self.pid = self.node.processes()["edge"]

    def connect(self):
        return Viewer(self.node.ready["http"])

    def bytes(self, data):
        return data.replace(b"HOST", self.host.encode())

    def check_lives_on(self):
        """No process has ended, and the next viewer is served."""
        assert self.node.processes()["edge"] == self.pid
        answer = self.node.get(self.host, "/good")
        assert (answer.status, answer.body) == (200, b"good\n")
        assert self.origin.count("/smuggled") == 0


@pytest.fixture(scope="module", name="edge")
def make_edge():
    fleet = Fleet()
    try:
        with Origin(**{"/good": Page(b"good\n")}) as origin:
            yield Edge(fleet, origin)
    finally:
        fleet.end()


def asked(origin):
    """What came to the origin but for the good path."""
    return [seen.path for seen in origin.seen if not seen.path.startswith("/good")]


@pytest.mark.parametrize("name", CLOSING)
def test_it_is_refused_and_the_connection_closed(edge, name):
    data, status = CLOSING[name]
    before = len(asked(edge.origin))
    with edge.connect() as viewer:
        viewer.send(edge.bytes(data + SMUGGLED))
        found, fields, _, is_whole = viewer.read_answer(is_head=data.startswith(b"HEAD"))
        assert (found, is_whole) == (status, True)
        assert fields.get("connection") == "close"
        assert viewer.is_closed()
    # Of a body that breaks on its way the origin may have seen the head, not more than that.
    assert len(asked(edge.origin)) == before or name in CHUNKS
    edge.check_lives_on()


@pytest.mark.parametrize("name", GOING_ON)
def test_it_is_answered_and_the_connection_goes_on(edge, name):
    data, status = GOING_ON[name]
    before = len(asked(edge.origin))
    with edge.connect() as viewer:
        viewer.send(edge.bytes(data))
        found, _, _, is_whole = viewer.read_answer()
        assert (found, is_whole) == (status, True)
        viewer.send(edge.bytes(get(line=b"GET /good HTTP/1.1")))
        assert viewer.read_answer()[:3:2] == (200, b"good\n")
    assert len(asked(edge.origin)) == before
    edge.check_lives_on()


def test_what_follows_a_good_request_is_judged_alone(edge):
    with edge.connect() as viewer:
        viewer.send(edge.bytes(get(line=b"GET /good HTTP/1.1") + b"garbage\r\n\r\n" + SMUGGLED))
        assert viewer.read_answer()[0] == 200
        assert viewer.read_answer()[0] == 400
        assert viewer.is_closed()
    edge.check_lives_on()


def test_plain_text_to_the_tls_listener_is_not_answered(edge):
    with Viewer(edge.node.ready["https"]) as viewer:
        viewer.send(edge.bytes(get(line=b"GET /good HTTP/1.1")))
        assert not viewer.read_all().startswith(b"HTTP")
    edge.check_lives_on()


def test_requests_sent_at_once_are_answered_in_order(edge):
    with edge.connect() as viewer:
        viewer.send(edge.bytes(get(line=b"GET /good HTTP/1.1") + get(line=b"BREW /x HTTP/1.1") +
                               get(line=b"GET /good HTTP/1.1")))
        assert [viewer.read_answer()[0] for _ in range(3)] == [200, 403, 200]
    edge.check_lives_on()


def test_a_request_that_comes_byte_by_byte_is_the_same_request(edge):
    with edge.connect() as viewer:
        for byte in edge.bytes(get(line=b"GET /good HTTP/1.1")):
            viewer.send(bytes([byte]))
        assert viewer.read_answer()[0] == 200
    edge.check_lives_on()


def test_half_a_request_is_no_request(edge):
    before = len(asked(edge.origin))
    with edge.connect() as viewer:
        viewer.send(edge.bytes(get()[:-2]))
    with edge.connect() as viewer:
        viewer.send(edge.bytes(post(b"Content-Length: 500\r\n")))
    edge.check_lives_on()
    assert len(asked(edge.origin)) <= before + 1  # the second one had a head
