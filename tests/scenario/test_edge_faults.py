# SPDX-License-Identifier: Apache-2.0
"""A bug in the edge meets a change: the trial stops it and viewers see nothing, or the node goes
back by itself. The bug is injected into a test build: a path pattern that crashes its matching."""

import http.client

import pytest

from harness import SANITIZER, WEIR_FAULTS, cf_behavior, cf_config, cf_origin, wait_for
from test_faults import arm
from web import Origin

pytestmark = pytest.mark.skipif(SANITIZER != "", reason="the test build has no sanitizer")

BAD_PATTERN = "/weir-fault-crash/*"
HOST = "www.fault.test"


@pytest.fixture
def origin():
    with Origin() as made:
        yield made


def faulty_node(fleet, origin, *flags):
    """A node whose distribution serves; (node, client, distribution id)."""
    node = fleet.node("node", *flags, binary=WEIR_FAULTS)
    arm(node, "edge-crash-pattern")
    node.start()
    client = node.boto("cloudfront")
    config = cf_config([cf_origin("o", origin.port)], cf_behavior("o"), aliases=[HOST])
    made = node.create_distribution(config, client=client)
    node.wait_deployed(made["Id"], client=client)
    assert node.get(HOST, "/a").status == 200
    return node, client, made["Id"]


def add_pattern(pattern):
    """A change of a configuration: one more behaviour."""

    def change(config):
        behavior = cf_behavior("o", "CachingDisabled", pattern)
        config["CacheBehaviors"] = {"Quantity": 1, "Items": [behavior]}

    return change


def status_of(client, distribution_id):
    return client.get_distribution(Id=distribution_id)["Distribution"]["Status"]


def crashes(node):
    return node.metric("weir_process_crashes_total", role="edge")


def test_the_trial_stops_a_pattern_that_crashes_the_edge(fleet, origin):
    node, client, bad_id = faulty_node(fleet, origin)
    node.update_distribution(bad_id, add_pattern(BAD_PATTERN), client=client)
    wait_for(lambda: "SEGV" in node.log() and "trial" in node.log(), "the reason in the log")
    assert wait_for(lambda: [r for r in node.status()["roots"] if "SEGV" in r.get("reason", "")],
                    "the reason in /status")
    assert status_of(client, bad_id) == "InProgress"
    # Viewers see nothing of it, and others' changes go on.
    answer = node.get(HOST, "/a")
    assert answer.status == 200 and answer.cache == "Hit"
    config = cf_config([cf_origin("o", origin.port)], cf_behavior("o"), aliases=["good.test"])
    good = node.create_distribution(config, client=client)
    node.wait_deployed(good["Id"], client=client)
    assert node.get("good.test", "/b").status == 200
    assert status_of(client, bad_id) == "InProgress"
    assert crashes(node) == 0  # no role process ever saw it
    # The next good update goes through.
    node.update_distribution(bad_id, add_pattern("/api/*"), client=client)
    node.wait_deployed(bad_id, client=client)
    assert node.get(HOST, "/api/x").status == 200
    assert crashes(node) == 0


def test_two_crashes_bring_back_the_proven_root(fleet, origin):
    node, client, bad_id = faulty_node(fleet, origin, "--proven-after", "300")
    good_root = wait_for(
        lambda: node.status()["proven"] == node.status()["serving"] and node.status()["serving"],
        "the root with the distribution to be proven",
    )
    arm(node, "edge-crash-hidden-from-trial")
    # A root must not count as proven before the bad request comes.
    node.update_distribution(bad_id, add_pattern(BAD_PATTERN), client=client)
    wait_for(lambda: node.status()["serving"] != good_root, "the bad root to be served")

    def poke():
        """Makes the request that crashes, until the node has gone back."""
        try:
            node.get(HOST, "/weir-fault-crash/x", timeout_s=5)
        except (OSError, http.client.HTTPException):
            pass
        return node.status()["serving"] == good_root or crashes(node) >= 2

    wait_for(poke, "two crashes")

    def serves():
        try:
            return node.get(HOST, "/a", timeout_s=5).status == 200
        except (OSError, http.client.HTTPException):
            return False

    wait_for(lambda: node.status()["serving"] == good_root and serves(), "the proven root")
    assert "crash" in node.log()
    # The next good change goes through.
    node.update_distribution(bad_id, add_pattern("/api/*"), client=client)
    node.wait_deployed(bad_id, client=client)
    assert node.get(HOST, "/api/x").status == 200
