# SPDX-License-Identifier: Apache-2.0
"""A wire between two machines that a test can hold and cut: TCP, byte for byte."""

import contextlib
import selectors
import socket
import threading

PIECE_BYTES = 65536


class Relay:
    """Forwards every connection to `target` ("ADDR:PORT") while its context lasts.

    hold(): nothing passes, connections stay. cut(): connections end, new ones are closed at once.
    go_on(): ends either."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host.strip("[]"), int(port))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.passes = threading.Event()
        self.passes.set()
        self.is_cut = False
        self.is_over = False
        self.lock = threading.Lock()
        self.sockets = set()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.cut()
        self.listener.close()

    def hold(self):
        self.passes.clear()

    def cut(self):
        self.is_cut = True
        self.passes.set()
        with self.lock:
            for one in self.sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def go_on(self):
        self.is_cut = False
        self.passes.set()

    def _accept(self):
        while not self.is_over:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
            else:
                threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near):
        with contextlib.suppress(OSError), near, socket.create_connection(self.target) as far:
            pair = {near, far}
            with self.lock:
                self.sockets |= pair
            try:
                self._pump(near, far)
            finally:
                with self.lock:
                    self.sockets -= pair

    def _pump(self, near, far):
        with selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while not self.is_cut:
                for key, _ in selector.select():
                    piece = key.fileobj.recv(PIECE_BYTES)
                    self.passes.wait()
                    if not piece or self.is_cut:
                        return
                    key.data.sendall(piece)
