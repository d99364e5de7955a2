# SPDX-License-Identifier: Apache-2.0
"""The manual says what the program says."""

import pathlib
import subprocess

from harness import WEIR

PAGE = pathlib.Path(__file__).parents[2] / "man" / "weir.8"


def test_the_options_of_the_manual_are_those_of_the_program():
    printed = subprocess.run(
        [WEIR, "help", "--man-options"], capture_output=True, text=True, check=True
    ).stdout
    section = PAGE.read_text().split("\n.Sh OPTIONS\n")[1].split("\n.Sh ")[0]
    assert printed.strip() in section, "put the output of 'weir help --man-options' into man/weir.8"
    assert section.strip().endswith(printed.strip())


def test_every_command_tells_its_usage():
    for command in ("up", "node", "checker", "health", "set", "tsig", "zone", "drill", "status"):
        told = subprocess.run([WEIR, command, "--help"], capture_output=True, text=True)
        assert told.returncode == 0, command
        assert told.stdout.startswith("usage:"), command


def test_the_manual_names_every_command():
    printed = subprocess.run([WEIR, "help"], capture_output=True, text=True, check=True).stdout
    commands = {line.split()[1] for line in printed.splitlines() if line.startswith("  weir ")}
    page = PAGE.read_text()
    for command in commands:
        assert f"\n.It Cm {command}" in page, command
