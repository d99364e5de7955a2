# SPDX-License-Identifier: Apache-2.0
"""Releases come and go under viewers' requests, and control does: what viewers see of it."""

import threading

import pytest

from harness import SANITIZER, cf_behavior, cf_config, cf_origin, wait_for
from test_static_stability import nodes_of
from web import Origin, Page

HOST = "www.releases.test"
VIEWERS = 8
UPDATES = 20 if not SANITIZER else 6


@pytest.fixture
def origin():
    with Origin() as made:
        yield made


def distribution(node, origin, client, host=HOST):
    made = node.create_distribution(
        cf_config([cf_origin("o", origin.port)], cf_behavior("o"), aliases=[host]), client=client)
    node.wait_deployed(made["Id"], client=client)
    return made


def with_behavior(pattern):
    """A change of a configuration: one more behaviour, in place of that of the last change."""

    def change(config):
        behavior = cf_behavior("o", "CachingDisabled", pattern)
        config["CacheBehaviors"] = {"Quantity": 1, "Items": [behavior]}

    return change


@pytest.mark.smoke
def test_releases_and_invalidations_under_load_are_not_seen_by_viewers(node, origin):
    client = node.boto("cloudfront")
    made = distribution(node, origin, client)
    own_name, made = made["DomainName"], made["Id"]
    is_over = threading.Event()
    wrong, answered = [], []

    def view(number):
        count = 0
        while not is_over.is_set():
            is_tls = number == 0
            answer = node.get(own_name if is_tls else HOST, f"/{count % 5}", tls=is_tls)
            if answer.status != 200 or answer.body != b"hello\n":
                wrong.append((answer.status, answer.fields, answer.body))
            count += 1
        answered.append(count)

    viewers = [threading.Thread(target=view, args=(i,)) for i in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    try:
        for i in range(UPDATES):
            node.update_distribution(made, with_behavior(f"/api/{i}/*"), client=client)
            node.invalidate(made, "/0", f"/{i % 5}*", client=client)
        node.wait_deployed(made, client=client)
    finally:
        is_over.set()
        for viewer in viewers:
            viewer.join()
    assert wrong == []
    assert len(answered) == VIEWERS and min(answered) > 0
    assert node.metric("weir_process_crashes_total", role="edge") == 0


def test_a_request_ends_under_the_release_it_began_with(node, origin):
    hold = threading.Event()
    origin.pages["/slow"] = Page(b"old\n", hold=hold)
    client = node.boto("cloudfront")
    made = distribution(node, origin, client)["Id"]
    answers = []
    viewer = threading.Thread(target=lambda: answers.append(node.get(HOST, "/slow")))
    viewer.start()
    wait_for(lambda: origin.count("/slow") == 1, "the request at the origin")
    with Origin() as other:

        def elsewhere(config):
            custom = config["Origins"]["Items"][0]["CustomOriginConfig"]
            custom["HTTPPort"] = other.port

        node.update_distribution(made, elsewhere, client=client)
        node.wait_deployed(made, client=client)
        assert node.get(HOST, "/new").status == 200
        assert (other.count("/new"), origin.count("/new")) == (1, 0)
        wait_for(lambda: node.metric("weir_edge_retired_roots") >= 1, "the old root to be held")
        hold.set()
        viewer.join()
        assert (answers[0].status, answers[0].body) == (200, b"old\n")
        wait_for(lambda: node.metric("weir_edge_retired_roots") == 0, "the old root to be let go")


def test_a_killed_edge_serves_again_without_losing_its_port(node, origin):
    client = node.boto("cloudfront")
    distribution(node, origin, client)
    assert node.get(HOST, "/a").status == 200
    before = dict(node.ready)
    for _ in range(3):
        pid = node.processes()["edge"]
        node.kill_process("edge")
        wait_for(lambda p=pid: node.processes().get("edge", p) != p, "a new edge process")
        answer = wait_for(lambda: try_get(node, "/a"), "service again")
        assert (answer.status, answer.body) == (200, b"hello\n")
    assert node.ready == before


def try_get(node, path, host=HOST):
    """An answer, or None where the connection was lost."""
    try:
        return node.get(host, path)
    except OSError:
        return None


def edge_of(fleet, control, name="edge"):
    """An admitted node with the role edge alone."""
    edge = fleet.node(
        name, "--control", f"https://{control.ready['nodes']}", "--fleet-root",
        str(control.dir / "fleet-root.pem"), roles="edge",
    ).start(wait=False)

    def admitted():
        pending = [n["Id"] for n in nodes_of(control) if n["State"].lower() == "pending"]
        for node_id in pending:
            control.weir("node", "admit", node_id)
        return bool(pending)

    wait_for(admitted, f"{name} in the list")
    edge.wait_ready()
    return edge


def test_without_control_hits_and_misses_go_on_also_after_a_restart(fleet, origin):
    control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control,dns").start()
    edge = edge_of(fleet, control)
    distribution(control, origin, control.boto("cloudfront"))
    assert edge.get(HOST, "/a").cache == "Miss"
    control.kill()
    assert edge.get(HOST, "/a").cache == "Hit"
    assert edge.get(HOST, "/b").cache == "Miss"
    edge.kill()
    edge.start()
    assert edge.get(HOST, "/a").cache == "Miss"
    assert edge.get(HOST, "/a").cache == "Hit"
    edge.stop()


def test_a_draining_edge_finishes_what_it_has_begun(node, origin):
    hold = threading.Event()
    origin.pages["/slow"] = Page(b"slow\n", hold=hold)
    distribution(node, origin, node.boto("cloudfront"))
    answers = []
    viewer = threading.Thread(target=lambda: answers.append(node.get(HOST, "/slow")))
    viewer.start()
    wait_for(lambda: origin.count("/slow") == 1, "the request at the origin")
    stopper = threading.Thread(target=node.stop)
    stopper.start()
    wait_for(lambda: try_get(node, "/other") is None, "no new connections")
    hold.set()
    viewer.join()
    stopper.join()
    assert (answers[0].status, answers[0].body) == (200, b"slow\n")


def test_two_nodes_share_their_releases_but_not_their_caches(fleet, origin):
    control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control,dns").start()
    edges = [edge_of(fleet, control, f"edge{i}") for i in range(2)]
    client = control.boto("cloudfront")
    made = distribution(control, origin, client)["Id"]
    for edge in edges:
        assert [edge.get(HOST, "/a").cache for _ in range(2)] == ["Miss", "Hit"]
    assert origin.count("/a") == 2
    control.invalidate(made, "/a", client=client)
    for edge in edges:
        assert edge.get(HOST, "/a").cache == "Miss"
    control.update_distribution(made, with_behavior("/api/*"), client=client)
    control.wait_deployed(made, client=client)
    for edge in edges:
        assert edge.get(HOST, "/api/x").cache == "Miss"
        assert edge.get(HOST, "/api/x").cache == "Miss"
