# SPDX-License-Identifier: Apache-2.0
"""Endpoints of health checks, and a name that fails over between two of them."""

import http.server
import subprocess
import sys
import threading

from harness import free_port, upsert

PRIMARY, SECONDARY = "192.0.2.1", "192.0.2.2"


class WebProcess:
    """A web server in a process of its own, to be killed, stopped and started again."""

    def __init__(self):
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "http.server", str(self.port), "--bind", "127.0.0.1",
             "--directory", "/proc/self/fdinfo"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_up = self.client_address[0] not in self.server.refused
        self.send_response(200 if is_up else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class PartialEndpoint:
    """A web server that is ill for probes from some addresses: a network that some cannot cross."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.refused = set()
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def refuse(self, *addresses):
        self.server.refused = set(addresses)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def http_check(node, reference, port, **config):
    """The id of a new check of a web server on loopback."""
    made = node.boto().create_health_check(CallerReference=reference, HealthCheckConfig={
        "Type": "HTTP", "IPAddress": "127.0.0.1", "Port": port, "RequestInterval": 10, **config})
    return made["HealthCheck"]["Id"]


def put_pair(node, zone_id, name, check_id, ttl=1):
    """A failover pair; the primary has the check."""
    node.wait_insync(node.change(
        zone_id,
        upsert(name, "A", PRIMARY, ttl=ttl, SetIdentifier="first", Failover="PRIMARY",
               HealthCheckId=check_id),
        upsert(name, "A", SECONDARY, ttl=ttl, SetIdentifier="second", Failover="SECONDARY")))
