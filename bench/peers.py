# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured: each serves the same zone text on a port of 127.0.0.1 from one
pinned core, in the foreground, from a directory of its own."""

import os
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent / "tests" / "scenario"))

ZONE = "bench.test"
NAMES = [f"www{i}" for i in range(10)]
ZONE_TEXT = "\n".join(
    [
        f"{ZONE}. 900 IN SOA ns-1.weir.test. hostmaster.weir.test. 1 7200 900 1209600 86400",
        f"{ZONE}. 172800 IN NS ns-1.weir.test.",
    ]
    + [f"{name}.{ZONE}. 300 IN A 192.0.2.{i + 1}" for i, name in enumerate(NAMES)]
    + [""]
)


def pinned(core, *command):
    return ["taskset", "-c", str(core), *command]


class Peer:
    """One server under test. `pids` are the processes whose CPU counts."""

    name = ""

    def __init__(self, directory, port, core):
        self.dir = pathlib.Path(directory) / self.name
        self.dir.mkdir()
        self.port = port
        self.core = core
        self.process = None

    def spawn(self, *command):
        log = open(self.dir / "log", "wb")
        self.process = subprocess.Popen(
            pinned(self.core, *command), stdout=log, stderr=log, cwd=self.dir
        )

    def pids(self):
        """The process and all its descendants."""
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
            if path.exists():
                queue += [int(child) for child in path.read_text().split()]
        return found

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Echo(Peer):
    name = "echo (floor)"

    def __init__(self, directory, port, core):
        self.name = "echo"
        super().__init__(directory, port, core)
        self.name = Echo.name

    def start(self):
        program = self.dir / "udp_echo"
        subprocess.run(
            ["cc", "-O2", "-D_GNU_SOURCE", "-o", program, BENCH / "udp_echo.c"], check=True
        )
        self.spawn(str(program), str(self.port))


class Nsd(Peer):
    name = "nsd"

    def start(self):
        (self.dir / "zone").write_text(ZONE_TEXT)
        (self.dir / "nsd.conf").write_text(
            f"""server:
    ip-address: 127.0.0.1@{self.port}
    server-count: 1
    username: ""
    database: ""
    zonesdir: "{self.dir}"
    pidfile: "{self.dir}/pid"
    xfrdfile: "{self.dir}/xfrd"
    zonelistfile: "{self.dir}/zonelist"
    cookie-secret-file: ""
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: {ZONE}
    zonefile: zone
"""
        )
        self.spawn("nsd", "-d", "-c", str(self.dir / "nsd.conf"))


class Knot(Peer):
    name = "knot"

    def start(self):
        (self.dir / "zone").write_text(ZONE_TEXT)
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
    storage: "{self.dir}"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: {ZONE}
    file: zone
"""
        )
        self.spawn("knotd", "-c", str(self.dir / "knot.conf"))


class Gdnsd(Peer):
    name = "gdnsd"

    def start(self):
        (self.dir / "zones").mkdir()
        (self.dir / "zones" / ZONE).write_text(ZONE_TEXT)
        (self.dir / "config").write_text(
            f"""options => {{
    listen => "127.0.0.1:{self.port}"
    udp_threads => 1
    tcp_threads => 1
    run_dir => "{self.dir}/run"
    state_dir => "{self.dir}/state"
}}
"""
        )
        self.spawn("gdnsd", "-c", str(self.dir), "start")


class Weir(Peer):
    name = "weir"

    def start(self):
        from harness import Node, upsert

        self.node = Node(self.dir / "data", "--dns", f"127.0.0.1:{self.port}", "--dns-threads",
                         "1", binary=os.environ["WEIR_BIN"])
        self.node.start()
        zone_id = self.node.create_zone(ZONE)
        changes = [
            upsert(f"{name}.{ZONE}", "A", f"192.0.2.{i + 1}") for i, name in enumerate(NAMES)
        ]
        self.node.wait_insync(self.node.change(zone_id, *changes))
        self.process = self.node.process
        for thread in pathlib.Path(f"/proc/{self.pids()[0]}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {self.core})

    def pids(self):
        """The dns role's process: what a query costs."""
        return [self.node.processes()["dns"]]

    def stop(self):
        self.node.stop()


ALL = [Echo, Gdnsd, Knot, Nsd, Weir]
