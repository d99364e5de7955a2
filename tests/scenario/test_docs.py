# SPDX-License-Identifier: Apache-2.0
"""Examples of README and docs/, pasted: every block marked sh. Only the addresses and paths are
this machine's."""

import pathlib
import re
import socket
import subprocess

from harness import DEADLINE_S, WEIR, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]


def examples(path):
    """The commands of all sh blocks of a page, as one script."""
    return "\n".join(re.findall(r"```sh\n(.*?)```", (ROOT / path).read_text(), re.S))


def here(node, text):
    """The same with what this test's node really has."""
    replacements = {
        "127.0.0.1 -p 5300": "127.0.0.1 -p " + node.ready["dns"].rsplit(":", 1)[1],
        "127.0.0.1:5380": node.ready["api"],
        "127.0.0.1:5390": node.ready["admin"],
        "127.0.0.1:8080": node.ready["http"],
        "weir-data/site": str(node.dir / "site"),
        "weir-data/credentials": str(node.dir / "credentials"),
        "build/weir status": f"{WEIR} status --data {node.dir}",
        "build/weir zone import": f"{WEIR} zone import --data {node.dir}",
        "build/weir zone test": f"{WEIR} zone test --data {node.dir}",
        "build/weir zone export": f"{WEIR} zone export --data {node.dir}",
        "build/weir health list": f"{WEIR} health list --data {node.dir}",
        "build/weir health set": f"{WEIR} health set --data {node.dir}",
        "build/weir health hold": f"{WEIR} health hold --data {node.dir}",
        "build/weir node list": f"{WEIR} node list --data {node.dir}",
        # Several tests run at once: the control of this node, not everybody's.
        "pkill -9 -x control": f"kill -9 {node.processes()['control']}",
    }
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def paste(script):
    """The finished shell; every command of the script must have succeeded. A page has some twenty
    calls of the aws CLI, each of which takes a second or more to start."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True,
                          text=True, timeout=5 * DEADLINE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_tour_of_the_readme_works_as_printed(node):
    script = here(node, examples("README.md")).replace("9000", str(free_port()))
    # A person takes longer than a script: each change has arrived when the next line is typed.
    server, port = node.ready["dns"].rsplit(":", 1)
    for name in ("www.example.com", "example.com", "app.example.com", "cdn.example.com"):
        line = f"dig @{server} -p {port} {name} +short\n"
        assert line in script
        address = "127.0.0.1" if name.startswith("cdn") else "192.0.2.1"
        until = f"until dig @{server} -p {port} {name} +short | grep -q {address}; do :; done\n"
        script = script.replace(line, until + line, 1)
    head, tail = script.rsplit("curl -s", 1)
    done = paste(head)
    assert re.findall(r"X-Cache: (\w+) from weir", done.stdout) == ["Miss", "Hit", "Hit", "Miss",
                                                                    "Hit"]
    assert re.findall(r"^(\w+) edition", done.stdout, re.M) == ["first"] * 3 + ["second"] * 2
    addresses = re.findall(r"^192\.0\.2\.\d$", done.stdout, re.M)
    assert sorted(addresses) == ["192.0.2.1"] * 3 + ["192.0.2.2"] * 3
    assert re.search(r"weighted, 2 sets: '(old|new)' is chosen", done.stdout)
    assert "is not permitted at apex in zone example.com." in done.stderr
    # The agent starts control again; what is asked of it waits until it answers.
    wait_for(lambda: (node.dir / "ready.json").exists(), "control again")
    done = paste("curl -s" + tail)
    assert '"serving"' in done.stdout and "ADMITTED" in done.stdout


def test_the_examples_of_the_route_53_page_work_as_printed(node):
    done = paste(here(node, examples("docs/route53.md")))
    assert "10 mail.records.example." in done.stdout
    assert '"any name"' in done.stdout
    assert "my-lb-1234.us-east-1.elb.amazonaws.com." in done.stdout
    assert "but it was not found" in done.stderr
    assert re.search(r"^192\.0\.2\.25$", done.stdout, re.M)
    assert "; failover, 2 sets: 'site' is chosen\n; alias, which evaluates" in done.stdout


def test_the_examples_of_the_operations_page_work_as_printed(node):
    assert paste(here(node, examples("docs/operations.md"))).stdout == "200\n"


def test_the_examples_of_the_cloudfront_page_work_as_printed(node, tmp_path):
    script = here(node, examples("docs/cloudfront.md"))
    done = paste(f"cd {tmp_path}\n{script}")
    assert "(PreconditionFailed)" in done.stderr
    assert "(InvalidWebACLId)" in done.stderr
    assert '"team"' in done.stdout and ".cdn.weir.test" in done.stdout
