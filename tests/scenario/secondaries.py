# SPDX-License-Identifier: Apache-2.0
"""Knot and NSD as secondaries of a node, and what a test compares: zones as sorted records."""

import os
import pathlib
import re
import subprocess

import dns.name
import dns.query
import dns.tsig
import dns.tsigkeyring
import dns.xfr
import dns.zone
from harness import split_address
from name_servers import Knot, Nsd

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="
NAME = "secondary.example."
KEYS = {NAME: ("hmac-sha256", SECRET), "two.": ("hmac-sha512", SECRET[:-4] + "AAAA")}


def write_keys(path, keys):
    """The file of --tsig-keys."""
    part = pathlib.Path(f"{path}.part")
    part.write_text("".join(f"{name} {algorithm} {secret}\n"
                            for name, (algorithm, secret) in keys.items()))
    part.chmod(0o600)
    os.replace(part, path)
    return path


def signing(name, keys=None):
    """Arguments of dnspython that sign with the key."""
    algorithm, secret = (keys or KEYS)[name]
    return {"keyring": dns.tsigkeyring.from_text({name: (algorithm, secret)}),
            "keyname": dns.name.from_text(name), "keyalgorithm": dns.name.from_text(algorithm)}


def transfer(address, zone, rdtype="AXFR", serial=0, sign=None, **options):
    """All messages of a transfer; raises where it is refused."""
    host, port = split_address(address)
    return list(dns.query.xfr(host, zone, rdtype=rdtype, serial=serial, port=port, relativize=False,
                              timeout=20, lifetime=60, **(signing(sign) if sign else {}),
                              **options))


def records(messages):
    """The records of the messages in order, as texts."""
    return [f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}"
            for message in messages for rrset in message.answer for rdata in rrset]


def zone_of(address, zone, **options):
    """The zone as its AXFR says, sorted, each record once."""
    return sorted(set(records(transfer(address, zone, **options))))


def example(kind, zone, primary):
    """The configuration of docs/route53.md, with the addresses that this test has."""
    text = (pathlib.Path(__file__).parents[2] / "docs" / "route53.md").read_text()
    block = re.search(rf"```{kind}\n(.*?)```", text, re.S).group(1)
    host, port = primary
    return (block.replace("192.0.2.53@53", f"{host}@{port}").replace("192.0.2.53", host)
            .replace("moved.example\n", f"{zone}\n"))


class KnotSecondary(Knot):
    """Takes a zone from a primary."""

    def __init__(self, directory, zone, primary):
        super().__init__(directory, {zone: ""})
        (self.dir / zone).unlink()
        self.zone, self.primary = zone, split_address(primary)

    def serves(self, apex):
        return self.process.poll() is None

    def command(self):
        (self.dir / "knot.conf").write_text(f"""server:
    rundir: "{self.dir}"
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 2
database:
    storage: "{self.dir}/db"
log:
  - target: stderr
    any: info
template:
  - id: default
    storage: "{self.dir}"
{example("knot.conf", self.zone, self.primary)}
""".replace("acl: told", "acl: [told, read]").replace("zone:\n", """acl:
  - id: read
    address: 127.0.0.1
    action: transfer
zone:
"""))
        return ["/usr/sbin/knotd", "-c", str(self.dir / "knot.conf")]

    def zone_read(self):
        """The zone as the server's own tool shows it."""
        done = subprocess.run(["/usr/sbin/knotc", "-s", str(self.dir / "knot.sock"), "zone-read",
                               self.zone], capture_output=True, text=True, timeout=20, check=True)
        return sorted(" ".join(line.split()[1:]) for line in done.stdout.splitlines())


class NsdSecondary(Nsd):
    """Takes a zone from a primary."""

    def __init__(self, directory, zone, primary):
        super().__init__(directory, {zone: ""})
        (self.dir / zone).unlink()
        self.zone, self.primary = zone, split_address(primary)

    def serves(self, apex):
        return self.process.poll() is None

    def command(self):
        (self.dir / "nsd.conf").write_text(f"""server:
    ip-address: 127.0.0.1@{self.port}
    server-count: 1
    username: ""
    database: ""
    zonesdir: "{self.dir}"
    xfrdir: "{self.dir}"
    pidfile: "{self.dir}/pid"
    xfrdfile: "{self.dir}/xfrd"
    zonelistfile: "{self.dir}/zonelist"
    cookie-secret-file: ""
    verbosity: 2
    xfrd-reload-timeout: 0
remote-control:
    control-enable: no
{example("nsd.conf", self.zone, self.primary)}
    provide-xfr: 127.0.0.1 NOKEY
""")
        return ["/usr/sbin/nsd", "-d", "-c", str(self.dir / "nsd.conf")]
