# SPDX-License-Identifier: Apache-2.0
"""Endpoints of health checks on loopback, whose answers a test changes as it goes."""

import http.server
import threading


class Endpoint:
    """An HTTP server that answers every GET with its present status and body."""

    def __init__(self, status=200, body=b"all is well"):
        self.status = status
        self.body = body
        self.requests = []
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                endpoint.requests.append((self.path, dict(self.headers)))
                self.send_response(endpoint.status)
                self.send_header("Content-Length", str(len(endpoint.body)))
                self.end_headers()
                self.wfile.write(endpoint.body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A checker that has seen enough closes."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def check(self, **fields):
        """A HealthCheckConfig of it."""
        return {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": self.port,
                "ResourcePath": "/health", "RequestInterval": 10, "FailureThreshold": 2, **fields}
