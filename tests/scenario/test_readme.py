# SPDX-License-Identifier: Apache-2.0
"""The tour of the README, pasted: only the addresses and paths are this machine's."""

import pathlib
import re
import subprocess

from harness import DEADLINE_S, WEIR, wait_for

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def tour():
    """The commands of the one sh block."""
    (block,) = re.findall(r"```sh\n(.*?)```", README.read_text(), re.S)
    return block


def here(node, text):
    """The same with what this test's node really has."""
    replacements = {
        "127.0.0.1 -p 5300": "127.0.0.1 -p " + node.ready["dns"].rsplit(":", 1)[1],
        "127.0.0.1:5380": node.ready["api"],
        "127.0.0.1:5390": node.ready["admin"],
        "weir-data/credentials": str(node.dir / "credentials"),
        "build/weir status": f"{WEIR} status --data {node.dir}",
        "build/weir node list": f"{WEIR} node list --data {node.dir}",
        # Several tests run at once: the control of this node, not everybody's.
        "pkill -9 -x control": f"kill -9 {node.processes()['control']}",
    }
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_the_tour_of_the_readme_works_as_printed(node):
    script = here(node, tour())
    # A person takes longer than a script: each change has arrived when the next line is typed.
    server, port = node.ready["dns"].rsplit(":", 1)
    await_answer = (
        f"until dig @{server} -p {port} %s +short | grep -q 192.0.2.1; do :; done\n"
    )
    script = script.replace("dig @", "AWAIT\ndig @", 2)
    for name in ("www.example.com", "example.com"):
        script = script.replace("AWAIT\n", await_answer % name, 1)
    # The agent starts control again; what is asked of it waits until it answers.
    head, tail = script.rsplit("curl -s", 1)
    done = subprocess.run(["bash", "-euc", head], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    addresses = re.findall(r"^192\.0\.2\.\d$", done.stdout, re.M)
    assert sorted(addresses) == ["192.0.2.1"] * 3 + ["192.0.2.2"] * 3
    assert "is not permitted at apex in zone example.com." in done.stderr
    wait_for(lambda: (node.dir / "ready.json").exists(), "control again")
    done = subprocess.run(["bash", "-euc", "curl -s" + tail], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert '"serving"' in done.stdout and "ADMITTED" in done.stdout
