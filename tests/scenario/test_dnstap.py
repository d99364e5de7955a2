# SPDX-License-Identifier: Apache-2.0
"""dnstap, as a reader sees it that knows no more than the two specifications: Frame Streams, and
the field numbers of dnstap.proto."""

import contextlib
import os
import socket
import struct
import threading

import dns.message
import pytest

from harness import DEADLINE_S, split_address, upsert, wait_for

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
AUTH_QUERY, AUTH_RESPONSE = 1, 2
INET, UDP, TCP = 1, 1, 2


def fields(data):
    """{number: value} of a Protocol Buffers message; lengths as bytes, all else as int."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        number, kind = key >> 3, key & 7
        if kind == 0:
            found[number] = varint()
        elif kind == 2:
            length = varint()
            found[number] = data[at : at + length]
            at += length
        else:
            assert kind == 5
            found[number] = struct.unpack("<I", data[at : at + 4])[0]
            at += 4
    return found


class Reader:
    """A reader of one stream at a time. `frames`: what came, as Dnstap messages."""

    def __init__(self, path):
        self.path, self.frames, self.starts, self.ended = path, [], 0, 0
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(1)
        self.connection = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in (self.listener, self.connection):
            if s is not None:
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)
                s.close()
        self.thread.join(DEADLINE_S)
        os.unlink(self.path)

    def run(self):
        with contextlib.suppress(OSError, EOFError):
            while True:
                self.connection, _ = self.listener.accept()
                with contextlib.suppress(OSError, EOFError):
                    self.read_stream(self.connection.makefile("rwb"))

    @staticmethod
    def read(stream, count):
        data = stream.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def read_u32(self, stream):
        return struct.unpack(">I", self.read(stream, 4))[0]

    def read_control(self, stream):
        """(type, content types) of the control frame behind the escape."""
        data = self.read(stream, self.read_u32(stream))
        kind, at, types = struct.unpack(">I", data[:4])[0], 4, []
        while at < len(data):
            field, length = struct.unpack(">II", data[at : at + 8])
            assert field == 1
            types.append(data[at + 8 : at + 8 + length])
            at += 8 + length
        return kind, types

    @staticmethod
    def control(kind, *types):
        body = struct.pack(">I", kind)
        for text in types:
            body += struct.pack(">II", 1, len(text)) + text
        return struct.pack(">II", 0, len(body)) + body

    def read_stream(self, stream):
        assert self.read_u32(stream) == 0
        assert self.read_control(stream) == (READY, [CONTENT_TYPE])
        stream.write(self.control(ACCEPT, CONTENT_TYPE))
        stream.flush()
        assert self.read_u32(stream) == 0
        assert self.read_control(stream) == (START, [CONTENT_TYPE])
        self.starts += 1
        while True:
            length = self.read_u32(stream)
            if length > 0:
                self.frames.append(fields(self.read(stream, length)))
                continue
            kind, _ = self.read_control(stream)
            assert kind == STOP
            stream.write(self.control(FINISH))
            stream.flush()
            self.ended += 1
            return

    def messages(self, name):
        """The Message fields of the frames about the name."""
        wanted = dns.name.from_text(name)
        found = []
        for frame in list(self.frames):
            message = fields(frame[14])
            wire = message.get(10) or message.get(14)
            if dns.message.from_wire(wire).question[0].name == wanted:
                found.append((frame, message))
        return found


@pytest.fixture
def tapped(fleet):
    """A node that writes to a socket that is not there yet, and the socket's path."""
    path = fleet.path("tap.sock")
    node = fleet.node("tapped", "--dnstap", f"unix:{path}", "--dns-nsid", "tap-1").start()
    zone = node.create_zone("tap.test")
    node.wait_insync(node.change(
        zone, upsert("www.tap.test", "A", "192.0.2.1"),
        upsert("big.tap.test", "TXT", *[f'"{i:0>200}"' for i in range(40)])))
    return node, path


def wait_for_stream(reader, count=1):
    wait_for(lambda: reader.starts >= count, "the stream's start")


def test_a_reader_gets_each_query_and_its_answer(tapped):
    node, path = tapped
    host, port = split_address(node.ready["dns"])
    node.ask("before.tap.test")
    assert node.metric("weir_dnstap_frames_total", result="no-reader") >= 2
    with Reader(path) as reader:
        wait_for_stream(reader)
        for tcp in (False, True):
            name = "www.tap.test" if not tcp else "big.tap.test"
            answer = node.ask(name, "A" if not tcp else "TXT", tcp=tcp)
            pair = wait_for(lambda n=name: len(reader.messages(n)) == 2 and reader.messages(n),
                            "two frames")
            (frame, query), (_, response) = pair
            assert frame[1] == b"tap-1" and frame[2].startswith(b"weir ") and frame[15] == 1
            assert (query[1], response[1]) == (AUTH_QUERY, AUTH_RESPONSE)
            for message in (query, response):
                assert message[2] == INET and message[3] == (TCP if tcp else UDP)
                assert message[4] == socket.inet_aton("127.0.0.1") and message[6] > 0
                assert message[5] == socket.inet_aton(host) and message[7] == port
                assert message[9] < 10**9
            assert dns.message.from_wire(response[14]).answer == answer.answer
            assert query[8] == response[12] > 1_600_000_000
        node.stop()
        wait_for(lambda: reader.ended == 1, "the end of the stream")


def test_a_reader_that_goes_or_stands_still_holds_nobody_up(tapped):
    node, path = tapped
    with Reader(path) as reader:
        wait_for_stream(reader)
        node.ask("www.tap.test")
        wait_for(lambda: len(reader.messages("www.tap.test")) == 2, "two frames")
    node.ask("www.tap.test")
    # One that accepts, and never reads: the socket's buffer is full, then the queue.
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as still:
        still.bind(path)
        still.listen(1)
        for _ in range(20):
            assert node.ask("www.tap.test").answer
    os.unlink(path)
    assert node.ask("www.tap.test").answer
    with Reader(path) as reader:
        wait_for_stream(reader)
        node.ask("www.tap.test")
        wait_for(lambda: len(reader.messages("www.tap.test")) >= 2, "two frames")
    node.stop()
