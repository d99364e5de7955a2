# SPDX-License-Identifier: Apache-2.0
"""A disk without room: answers go on, whatever is restarted, and nothing is lost once there is room
again."""

import contextlib
import os
import subprocess

import botocore.exceptions
import pytest

from harness import upsert, wait_for
from test_static_stability import control_with_zone, dns_node


@pytest.fixture
def small_disk(fleet):
    """A directory on a file system of its own, of 8 MiB."""
    path = fleet.path("small")
    os.mkdir(path, 0o700)
    command = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", path]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(directory):
    with open(f"{directory}/filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))


def restart(node, name):
    pid = node.processes()[name]
    node.kill_process(name)
    wait_for(lambda: node.processes().get(name, pid) != pid, f"a new {name}")


def test_a_dns_node_answers_on_a_full_disk_and_catches_up_later(fleet, small_disk):
    control, zone_id = control_with_zone(fleet)
    node = dns_node(fleet, "small", control)
    wait_for(lambda: node.values("www.stable.test") == ["192.0.2.1"], "the first answer")
    fill(small_disk)
    texts = [f'"{i:0100}"' for i in range(100)]
    change = control.change(
        zone_id, *[upsert(f"t{i}.stable.test", "TXT", text) for i, text in enumerate(texts)]
    )
    wait_for(lambda: node.status()["disk_reason"], "a word about the disk")
    for name in ("dns", "agent", "dns"):
        restart(node, name)
        assert node.values("www.stable.test") == ["192.0.2.1"]
    os.unlink(f"{small_disk}/filler")
    control.wait_insync(change)
    assert node.values("t99.stable.test", "TXT") == [texts[99]]
    node.wait_ready()
    assert node.status()["disk_reason"] == ""
    assert "damaged" not in node.log()


def test_control_refuses_changes_on_a_full_disk_and_starts_there(fleet, small_disk):
    node = fleet.node("small").start()
    zone_id = node.create_zone("full.test")
    node.wait_insync(node.change(zone_id, upsert("www.full.test", "A", "192.0.2.1")))
    fill(small_disk)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        for i in range(20):
            node.change(zone_id, *[upsert(f"n{k}.full.test", "A", "192.0.2.2")
                                   for k in range(100 * i, 100 * i + 100)])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert node.values("www.full.test") == ["192.0.2.1"]
    node.stop()
    fill(small_disk)
    node.start(wait=False)
    wait_for(lambda: "dns" in node.processes(), "a dns process")  # ready.json waits for room
    os.unlink(f"{small_disk}/filler")
    node.wait_ready()
    node.wait_insync(node.change(zone_id, upsert("www.full.test", "A", "192.0.2.3")))
    assert node.values("www.full.test") == ["192.0.2.3"]
