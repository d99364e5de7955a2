# SPDX-License-Identifier: Apache-2.0
"""An origin as tests need one: it counts what it is asked, and answers as a test says."""

import dataclasses
import http.server
import threading
import time


@dataclasses.dataclass
class Page:
    """What the origin answers for a path."""

    body: bytes = b"hello\n"
    status: int = 200
    fields: dict = dataclasses.field(default_factory=lambda: {"Cache-Control": "max-age=3600"})
    delay_s: float = 0.0  # before the head
    hold: threading.Event = None  # the head waits for it


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection; the server's `origin` knows the rest."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length) if length else b""
        page = self.server.origin.take(self, body)
        if page.hold is not None:
            page.hold.wait(60)
        time.sleep(page.delay_s)
        self.send_response(page.status)
        for name, value in page.fields.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass  # a client that left


@dataclasses.dataclass
class Seen:
    """One request as it came to the origin."""

    method: str
    path: str
    fields: dict  # by lower-case name
    body: bytes


class Origin:
    """Listens on loopback while its context lasts.

    pages: {path: Page, or a function of Seen that makes one}; any other path gets `default`.
    seen: all requests so far, in the order in which they came."""

    def __init__(self, **pages):
        self.pages = dict(pages)
        self.default = Page()
        self.seen = []
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.origin = self
        self.port = self.server.server_port

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def take(self, handler, body):
        fields = {name.lower(): value for name, value in handler.headers.items()}
        seen = Seen(handler.command, handler.path, fields, body)
        with self.lock:
            self.seen.append(seen)
            page = self.pages.get(handler.path.split("?")[0], self.default)
        return page(seen) if callable(page) else page

    def count(self, path=None):
        """How many requests came, for the path or for all."""
        with self.lock:
            return len([s for s in self.seen if path is None or s.path.split("?")[0] == path])
