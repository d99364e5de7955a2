# SPDX-License-Identifier: Apache-2.0
"""weir node and weir status, as an operator uses them."""

import json
import os
import subprocess

import pytest

from harness import WEIR, wait_for

ROOT = "0123456789abcdef" * 4


def weir(*arguments, **env):
    """A command in a clean environment; the finished process."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "WEIR_"))}
    return subprocess.run(
        [WEIR, *arguments], capture_output=True, text=True, env={**plain, **env}, check=False
    )


def refused(*arguments, **env):
    """The one line that a command that fails says."""
    done = weir(*arguments, **env)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_node_is_listed_over_tls_and_in_the_clear(fleet):
    node = fleet.node("node", "--api-https", "127.0.0.1:0").start()
    data = ("--data", str(node.dir))
    clear = json.loads(weir("node", "list", "--json", *data).stdout)["Nodes"]
    endpoint = ("--endpoint", f"https://{node.ready['api_https']}/")
    tls = json.loads(weir("node", "list", "--json", *data, *endpoint).stdout)["Nodes"]
    assert [n["Id"] for n in tls] == [n["Id"] for n in clear] == [node.status()["node"]]
    table = weir("node", "list", WEIR_DATA=str(node.dir)).stdout.splitlines()
    assert table[0].split() == [
        "ID", "STATE", "ROLES", "POP", "HEARD", "APPLIED", "SEQUENCE", "PINNED", "REJECTED"
    ]
    assert table[1].startswith(clear[0]["Id"]) and "ADMITTED" in table[1]


def test_a_tls_endpoint_must_be_certified_by_our_authority(fleet):
    node = fleet.node("node", "--api-https", "127.0.0.1:0").start()
    other = fleet.node("other", "--api-https", "127.0.0.1:0").start()
    words = refused("node", "list", "--data", str(node.dir),
                    "--endpoint", f"https://{other.ready['api_https']}")
    assert "certificate" in words.lower()


def test_what_goes_wrong_is_said_in_one_line(fleet, tmp_path):
    assert "ready.json" in refused("node", "list", "--data", str(tmp_path))
    assert "ready.json" in refused("status", "--data", str(tmp_path))
    assert "usage: weir node admit" in refused("node", "admit", "--data", str(tmp_path))
    assert "--nonsense" in refused("status", "--nonsense")
    assert weir("node", "dance").returncode == 1
    node = fleet.node().start()
    data = ("--data", str(node.dir))
    assert "NoSuchNode" in refused("node", "cordon", "nosuchnode", *data)
    assert "NoSuchNode" in refused("node", "cordon", 'a"\\b', *data)
    key, secret = node.keys()
    assert "SignatureDoesNotMatch" in refused(
        "node", "list", *data, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY="x" + secret
    )
    assert "InvalidClientTokenId" in refused(
        "node", "list", *data, AWS_ACCESS_KEY_ID="AKIANOBODY", AWS_SECRET_ACCESS_KEY=secret
    )
    assert "refused" in refused("node", "list", *data, "--endpoint", "http://127.0.0.1:1")
    assert "no endpoint" in refused("node", "list", *data, "--endpoint", "127.0.0.1:1")


def test_a_pin_needs_nothing_but_the_data_directory(tmp_path):
    data = ("--data", str(tmp_path))
    pin = tmp_path / "pin"
    assert ROOT in weir("node", "pin", ROOT.upper(), *data).stdout.lower()
    assert pin.read_text() == ROOT + "\n"
    assert "running node" in refused("node", "pin", "current", *data)
    assert pin.read_text() == ROOT + "\n"
    assert "64 hex digits" in refused("node", "pin", ROOT[1:], *data)
    assert weir("node", "unpin", *data).returncode == 0
    assert not pin.exists()
    assert weir("node", "unpin", *data).returncode == 0
    assert "No such file" in refused("node", "pin", ROOT, "--data", str(tmp_path / "gone"))


def test_current_and_proven_are_what_the_node_says(fleet):
    node = fleet.node("node", "--proven-after", "100").start()
    data = ("--data", str(node.dir))
    wait_for(lambda: node.status()["proven"], "a proven root")
    for word, key in (("current", "serving"), ("proven", "proven")):
        root = node.status()[key]
        assert root in weir("node", "pin", word, *data).stdout
        wait_for(lambda r=root: node.status()["pin"] == r, "the pin")
    assert weir("node", "unpin", *data).returncode == 0
    wait_for(lambda: node.status()["pin"] == "", "no pin")


def test_status_shows_the_node_and_its_page(fleet):
    node = fleet.node().start()
    data = ("--data", str(node.dir))
    shown = weir("status", *data).stdout
    assert node.status()["node"] in shown
    assert node.status()["serving"] in shown
    page = json.loads(weir("status", "--json", *data).stdout)
    assert page["node"] == node.status()["node"]
    assert page["pid"] == node.processes()["agent"]


@pytest.mark.parametrize("flags", [
    ("--control", "https://name:1"), ("--peer", "http://127.0.0.1:1"), ("--platform", "weir..test"),
    ("--platform", "weir.test."), ("--advertise", "127.0.0.1:53"), ("--account-id", "12"),
    ("--cdn-domain", "CDN.weir.test"), ("--pop", "a b"),
    ("--roles", "dns,dns"), ("--dns", "127.0.0.1"), ("--api", "0.0.0.0:0"),
    ("--resolver", "name", "--roles", "dns"), ("--resolver", "name", "--roles", "edge"),
])
def test_a_bad_setting_ends_the_start_and_is_named(fleet, flags):
    done = weir("up", "--data", fleet.path("bad"), *flags)
    assert done.returncode == 1
    assert flags[0] in done.stderr
