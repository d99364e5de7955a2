# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured, each on a port of 127.0.0.1 from one pinned core, in the
foreground, from a directory of its own; the DNS servers all serve the same content."""

import os
import pathlib
import subprocess

from harness import Node, free_port

import dns_content
import measure
import weir_fill

BENCH = pathlib.Path(__file__).resolve().parent


def pinned(core, *command):
    return ["taskset", "-c", str(core), *command]


def compiled(source, directory):
    """A C program of this folder, built into the directory."""
    program = pathlib.Path(directory) / pathlib.Path(source).stem
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", program, BENCH / source], check=True)
    return str(program)


class Peer:
    """One server under test. `pids` are the processes whose CPU counts."""

    name = ""

    def __init__(self, directory, port, core):
        self.dir = pathlib.Path(directory) / self.name.split(" ", maxsplit=1)[0]
        self.dir.mkdir()
        self.port = port
        self.core = core
        self.process = None

    def start(self):
        raise NotImplementedError

    def spawn(self, *command):
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen(
                pinned(self.core, *command), stdout=log, stderr=log, cwd=self.dir
            )

    def pids(self):
        """The process and all its descendants."""
        return measure.descendants(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
        self.process = None

    def log(self):
        path = self.dir / "log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""


class DnsPeer(Peer):
    """Serves content of the kinds that it knows."""

    kinds = ("static",)

    def __init__(self, directory, content):
        super().__init__(directory, free_port(), measure.SERVER_CORE)
        self.content = content

    def prepare(self):
        """Writes what it serves and its configuration: not part of its start."""
        raise NotImplementedError

    def memory_pids(self):
        return self.pids()


class Echo(DnsPeer):
    name = "echo (floor)"
    kinds = ("static", "weighted", "networks")

    def prepare(self):
        self.program = compiled("udp_echo.c", self.dir)

    def start(self):
        self.spawn(self.program, str(self.port))


class Nsd(DnsPeer):
    name = "nsd"

    def prepare(self):
        dns_content.write_zones(self.content, self.dir / "zones")
        zones = "".join(f"zone:\n    name: {apex}\n    zonefile: {apex}\n"
                        for apex in self.content.apexes())
        (self.dir / "nsd.conf").write_text(
            f"""server:
    ip-address: 127.0.0.1@{self.port}
    server-count: 1
    username: ""
    database: ""
    zonesdir: "{self.dir}/zones"
    pidfile: "{self.dir}/pid"
    xfrdfile: "{self.dir}/xfrd"
    zonelistfile: "{self.dir}/zonelist"
    cookie-secret-file: ""
    minimal-responses: yes
    rrl-ratelimit: 0
remote-control:
    control-enable: no
{zones}"""
        )

    def start(self):
        self.spawn("nsd", "-d", "-c", str(self.dir / "nsd.conf"))


class Knot(DnsPeer):
    name = "knot"

    def prepare(self):
        dns_content.write_zones(self.content, self.dir / "zones")
        zones = "".join(f"  - domain: {apex}\n    file: {apex}\n"
                        for apex in self.content.apexes())
        (self.dir / "knot.conf").write_text(
            f"""server:
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
    storage: "{self.dir}/zones"
    zonefile-sync: -1
    journal-content: none
zone:
{zones}"""
        )

    def start(self):
        self.spawn("knotd", "-c", str(self.dir / "knot.conf"))


class Gdnsd(DnsPeer):
    name = "gdnsd"
    kinds = ("static", "weighted", "networks")

    def prepare(self):
        lines = {"static": None,
                 "weighted": lambda owner, _: f"{owner}. {dns_content.TTL_S} DYNA weighted!w\n",
                 "networks": lambda owner, _: f"{owner}. {dns_content.TTL_S} DYNA geoip!n\n"}
        dns_content.write_zones(self.content, self.dir / "zones", lines[self.content.kind])
        (self.dir / "config").write_text(
            f"""options => {{
    listen => "127.0.0.1:{self.port}"
    udp_threads => 1
    tcp_threads => 1
    run_dir => "{self.dir}/run"
    state_dir => "{self.dir}/state"
}}
{self.plugins()}"""
        )

    def plugins(self):
        if self.content.kind == "weighted":
            choices = "".join(f"        a{weight} => [ {value}, {weight} ]\n"
                              for weight, value in dns_content.WEIGHTS)
            return ("plugins => { weighted => {\n    w => {\n        service_types = up\n"
                    f"        multi = false\n{choices}    }}\n}} }}\n")
        if self.content.kind == "networks":
            places = dns_content.NETWORKS
            names = ", ".join(name for name, _, _ in places)
            nets = "".join(f"            {net} => [ {name} ]\n"
                           for name, _, blocks in places for net in blocks)
            values = "".join(f"            {name} => {value}\n" for name, value, _ in places)
            return f"""plugins => {{ geoip => {{
    maps => {{ m => {{
        datacenters => [ elsewhere, {names} ],
        nets => {{
{nets}        }}
    }} }}
    resources => {{ n => {{
        map => m
        service_types => up
        dcmap => {{
            elsewhere => {dns_content.ELSEWHERE}
{values}        }}
    }} }}
}} }}
"""
        return ""

    def start(self):
        self.spawn("gdnsd", "-c", str(self.dir), "start")


class Pdns(DnsPeer):
    name = "pdns"

    def prepare(self):
        dns_content.write_zones(self.content, self.dir / "zones")
        (self.dir / "named.conf").write_text("".join(
            f'zone "{apex}" {{ type master; file "{self.dir}/zones/{apex}"; }};\n'
            for apex in self.content.apexes()))
        (self.dir / "pdns.conf").write_text(
            f"""launch=bind
bind-config={self.dir}/named.conf
local-address=127.0.0.1
local-port={self.port}
receiver-threads=1
distributor-threads=1
socket-dir={self.dir}
guardian=no
daemon=no
loglevel=3
edns-subnet-processing=no
"""
        )

    def start(self):
        self.spawn("pdns_server", f"--config-dir={self.dir}")


class Weir(DnsPeer):
    name = "weir"
    kinds = ("static", "weighted", "networks")
    # Rate limiting at work, but with a limit that nobody reaches, and nobody exempt.
    exempt = "192.0.2.0/24"

    def prepare(self):
        """Fills the store through the API; the node then starts from its own disk."""
        binary = os.environ["WEIR_BIN"]
        control = Node(self.dir / "data", "--api-rate", "1000000", roles="control", binary=binary)
        control.start()
        weir_fill.fill(control, self.content)
        control.stop()
        self.node = Node(self.dir / "data", "--dns", f"127.0.0.1:{self.port}", "--dns-threads",
                         "1", "--api-rate", "1000000", "--dns-rate-limit", "1000000",
                         "--dns-rate-exempt", self.exempt, roles="control,dns", binary=binary)

    def start(self):
        self.node.start(wait=False)
        self.process = self.node.process

    def pin(self):
        """The dns role alone, so that nothing else of the node runs beside it."""
        for thread in pathlib.Path(f"/proc/{self.pids()[0]}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {self.core})

    def pids(self):
        """The dns role's process: what a query costs."""
        return [self.node.processes()["dns"]]

    def memory_pids(self):
        """All that a node of the dns role runs: supervisor, agent, its trials, the role."""
        parts = self.node.processes()
        below = [measure.descendants(pid) for name, pid in parts.items() if name != "control"]
        return [self.process.pid, *(pid for pids in below for pid in pids)]

    def stop(self):
        self.node.stop()
        self.process = None

    def log(self):
        return self.node.log()[-2000:]


ALL = [Echo, Gdnsd, Knot, Nsd, Pdns, Weir]
