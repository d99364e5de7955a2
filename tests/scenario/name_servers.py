# SPDX-License-Identifier: Apache-2.0
"""NSD and Knot as a test sees them: in the foreground, on ports of 127.0.0.1, without privileges,
serving zone files."""

import contextlib
import pathlib
import subprocess

import dns.exception
import dns.message
import dns.query

from harness import DEADLINE_S, free_port, wait_for


class NameServer:
    """zones: {apex: zone file text}"""

    def __init__(self, directory, zones):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir()
        self.port = free_port()
        self.zones = zones
        self.process = None
        for apex, text in zones.items():
            (self.dir / apex).write_text(text)

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.dir,
                                            stdin=subprocess.DEVNULL)
        for apex in self.zones:
            wait_for(lambda name=apex: self.serves(name), f"{apex} of {self.dir}:\n{self.log()}")
        return self

    def serves(self, apex):
        assert self.process.poll() is None, self.log()
        with contextlib.suppress(dns.exception.DNSException, OSError):
            query = dns.message.make_query(apex, "SOA")
            return bool(dns.query.udp(query, "127.0.0.1", port=self.port, timeout=1).answer)
        return False

    def log(self):
        return (self.dir / "log").read_text(errors="replace")[-4000:]

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()


class Nsd(NameServer):
    def command(self):
        zones = "".join(f"zone:\n    name: {apex}\n    zonefile: {apex}\n" for apex in self.zones)
        (self.dir / "nsd.conf").write_text(f"""server:
    ip-address: 127.0.0.1@{self.port}
    server-count: 1
    username: ""
    database: ""
    zonesdir: "{self.dir}"
    pidfile: "{self.dir}/pid"
    xfrdfile: "{self.dir}/xfrd"
    zonelistfile: "{self.dir}/zonelist"
    cookie-secret-file: ""
    minimal-responses: yes
    rrl-ratelimit: 0
remote-control:
    control-enable: no
{zones}""")
        return ["/usr/sbin/nsd", "-d", "-c", str(self.dir / "nsd.conf")]


class Knot(NameServer):
    def command(self):
        zones = "".join(f"  - domain: {apex}\n    file: {apex}\n" for apex in self.zones)
        (self.dir / "knot.conf").write_text(f"""server:
    rundir: "{self.dir}"
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{self.dir}/db"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "{self.dir}"
    zonefile-sync: -1
    journal-content: none
zone:
{zones}""")
        return ["/usr/sbin/knotd", "-c", str(self.dir / "knot.conf")]
