# SPDX-License-Identifier: Apache-2.0
"""The HTTP caches that are measured: each has the same object of one origin in its cache, serves it
on a port of 127.0.0.1 from one pinned core, in the foreground, from a directory of its own."""

import os
import pathlib
import subprocess

from peers import BENCH, Peer
from harness import Node, cf_behavior, cf_config, cf_origin, free_port

OBJECT_BYTES = 1024
HOST = "www.bench.test"
PATH = "/object"


def build_floor(directory):
    program = pathlib.Path(directory) / "http_floor"
    if not program.exists():
        subprocess.run(
            ["cc", "-O2", "-D_GNU_SOURCE", "-o", program, BENCH / "http_floor.c"], check=True
        )
    return program


class HttpPeer(Peer):
    """`origin_port`: where all of them fetch the object."""

    host = HOST

    def __init__(self, directory, port, core, origin_port):
        super().__init__(directory, port, core)
        self.origin_port = origin_port


class Floor(HttpPeer):
    name = "epoll-floor"

    def start(self):
        self.spawn(str(build_floor(self.dir.parent)), str(self.port), str(OBJECT_BYTES))


class Nginx(HttpPeer):
    name = "nginx"

    def start(self):
        user = "user root;" if os.geteuid() == 0 else ""  # the directory is ours alone
        (self.dir / "nginx.conf").write_text(
            f"""daemon off;
{user}
worker_processes 1;
pid {self.dir}/pid;
error_log {self.dir}/log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=100 inactive=1h;
    open_file_cache_valid 1h;
    client_body_temp_path {self.dir}/body;
    fastcgi_temp_path {self.dir}/fastcgi;
    uwsgi_temp_path {self.dir}/uwsgi;
    scgi_temp_path {self.dir}/scgi;
    proxy_temp_path {self.dir}/proxy;
    proxy_cache_path {self.dir}/cache keys_zone=bench:1m;
    server {{
        listen 127.0.0.1:{self.port};
        location / {{
            proxy_pass http://127.0.0.1:{self.origin_port};
            proxy_cache bench;
            proxy_cache_key $host$uri;
            add_header X-Cache $upstream_cache_status;
        }}
    }}
}}
"""
        )
        self.spawn("nginx", "-c", str(self.dir / "nginx.conf"), "-p", str(self.dir))


class Haproxy(HttpPeer):
    name = "haproxy"

    def start(self):
        (self.dir / "haproxy.cfg").write_text(
            f"""global
    nbthread 1
    maxconn 1000
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
cache bench
    total-max-size 16
    max-age 3600
frontend front
    bind 127.0.0.1:{self.port}
    default_backend back
backend back
    http-request cache-use bench
    http-response cache-store bench
    server origin 127.0.0.1:{self.origin_port}
"""
        )
        self.spawn("haproxy", "-db", "-f", str(self.dir / "haproxy.cfg"))


class Varnish(HttpPeer):
    name = "varnish"

    def start(self):
        (self.dir / "bench.vcl").write_text(
            f"""vcl 4.1;
backend origin {{ .host = "127.0.0.1"; .port = "{self.origin_port}"; }}
"""
        )
        self.spawn("varnishd", "-F", "-n", str(self.dir / "run"), "-f",
                   str(self.dir / "bench.vcl"), "-a", f"127.0.0.1:{self.port}", "-s",
                   "malloc,64m", "-p", "thread_pools=1", "-p", "thread_pool_min=40", "-j", "none")


class Weir(HttpPeer):
    name = "weir"

    def start(self):
        self.node = Node(self.dir / "data", "--http", f"127.0.0.1:{self.port}",
                         "--edge-threads", "1", binary=os.environ["WEIR_BIN"])
        self.node.start()
        created = self.node.create_distribution(
            cf_config([cf_origin("o", self.origin_port)], cf_behavior("o"), aliases=[HOST]))
        self.node.wait_deployed(created["Id"])
        self.process = self.node.process
        for thread in pathlib.Path(f"/proc/{self.pids()[0]}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {self.core})

    def pids(self):
        """The edge role's process: what a request costs."""
        return [self.node.processes()["edge"]]

    def stop(self):
        self.node.stop()


ALL = [Floor, Nginx, Haproxy, Varnish, Weir]


class Origin(Peer):
    """Where the caches fetch; idle while they are measured."""

    name = "origin"

    def start(self):
        self.spawn(str(build_floor(self.dir.parent)), str(self.port), str(OBJECT_BYTES))


def make(directory, core):
    """(origin, servers), none of them started."""
    origin = Origin(directory, free_port(), core)
    return origin, [peer(directory, free_port(), core, origin.port) for peer in ALL]
