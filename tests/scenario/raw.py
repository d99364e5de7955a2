# SPDX-License-Identifier: Apache-2.0
"""Bytes as a test wants them on both sides of an edge: a viewer that sends anything, and an origin
that answers anything."""

import contextlib
import socket
import struct
import threading

from harness import DEADLINE_S, split_address


class Viewer:
    """One connection to a listener; what it reads is kept until it is taken."""

    def __init__(self, address):
        address = split_address(address if isinstance(address, str) else address[0])
        self.socket = socket.create_connection(address, DEADLINE_S)
        self.kept = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends; an edge that has closed already is fine, its answer may still be read."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def read_more(self):
        """False at the end of the connection, orderly or not."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.kept += data
        return bool(data)

    def read_until(self, mark):
        """What stands before the mark, or everything where the connection ends before it."""
        while mark not in self.kept and self.read_more():
            pass
        found, _, self.kept = self.kept.partition(mark)
        return found

    def read_all(self):
        """Everything up to the end of the connection."""
        while self.read_more():
            pass
        found, self.kept = self.kept, b""
        return found

    def read_bytes(self, count):
        """So many bytes, or fewer where the connection ends before."""
        while len(self.kept) < count and self.read_more():
            pass
        found, self.kept = self.kept[:count], self.kept[count:]
        return found

    def read_answer(self, is_head=False):
        """(status, fields by lower-case name, body, whole): one answer; status 0: none came."""
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        if not lines[0].startswith("HTTP/1.1 "):
            return 0, {}, b"", False
        status = int(lines[0].split(" ")[1])
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        if is_head or status in (204, 304):
            return status, fields, b"", True
        if fields.get("transfer-encoding") == "chunked":
            return (status, fields, *self.read_chunks())
        length = int(fields["content-length"])
        body = self.read_bytes(length)
        return status, fields, body, len(body) == length

    def read_chunks(self):
        """(body, whole) of a chunked body."""
        body = b""
        while True:
            line = self.read_until(b"\r\n")
            if not line:
                return body, False
            size = int(line, 16)
            data = self.read_bytes(size + 2)
            body += data[:size]
            if len(data) < size + 2 or size == 0:
                return body, size == 0 and len(data) == 2

    def is_closed(self):
        """Waits for the end of the connection; false where bytes come before it."""
        return not self.read_more()


class RawOrigin:
    """An origin that answers bytes. answers: {path: (bytes, how)}, how being "keep" for an answer
    behind which the connection goes on, "close", "reset", or "hold": open until the edge closes."""

    def __init__(self):
        self.answers = {}
        self.seen = []  # request lines
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with self.lock:
                    self.connections += 1
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            how = "keep"
            while how == "keep":
                head = b""
                while b"\r\n\r\n" not in head:
                    data = connection.recv(65536)
                    if not data:
                        return
                    head += data
                line = head.split(b"\r\n")[0].decode("latin-1")
                with self.lock:
                    self.seen.append(line)
                    answer, how = self.answers[line.split(" ")[1]]
                connection.sendall(answer)
            if how == "reset":
                connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            while how == "hold" and connection.recv(65536):
                pass

    def count(self, path):
        with self.lock:
            return len([line for line in self.seen if line.split(" ")[1] == path])
