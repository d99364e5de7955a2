# SPDX-License-Identifier: Apache-2.0
"""Fixtures: nodes that are stopped, and whose files are gone, whatever a test did."""

import contextlib
import shutil
import tempfile

import pytest

from harness import Node


class Fleet:
    """Makes nodes in one temporary directory and ends them all."""

    def __init__(self):
        self.base = tempfile.mkdtemp(prefix="weir-")
        self.nodes = []

    def node(self, name="node", *flags, **options):
        """A node that is not started yet."""
        node = Node(f"{self.base}/{name}", *flags, **options)
        self.nodes.append(node)
        return node

    def path(self, name):
        return f"{self.base}/{name}"

    def end(self):
        try:
            for node in self.nodes:
                with contextlib.suppress(KeyError, ProcessLookupError):
                    node.kill()
        finally:
            shutil.rmtree(self.base, ignore_errors=True)


@pytest.fixture
def fleet():
    made = Fleet()
    yield made
    made.end()


@pytest.fixture
def node(fleet):
    """One fresh machine with all roles."""
    return fleet.node().start()


@pytest.fixture(scope="module")
def shared_node():
    """One machine for a whole file, for tests that only add zones of their own."""
    made = Fleet()
    try:
        yield made.node().start()
    finally:
        made.end()
