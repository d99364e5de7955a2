# SPDX-License-Identifier: Apache-2.0
"""Invalidations from the API to every edge: what they reach and what not, while origins answer,
while nodes are away, and while control is killed."""

import http.server
import os
import random
import threading

import botocore.exceptions
import pytest

from harness import SANITIZER, cf_behavior, cf_config, cf_origin, wait_for
from relay import Relay
from test_static_stability import pending_id
from web import Origin, Page, Server

OPERATIONS = 200 if not SANITIZER else 40
KILL_EVERY = 20  # operations, on average; a control that was killed is away for up to 5 s


class Counter:
    """A page that is another one each time that the origin is asked: "PATH NUMBER"."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number = 0

    def __call__(self, seen):
        with self.lock:
            self.number += 1
            return Page(body=f"{seen.path} {self.number}".encode())


@pytest.fixture
def origin():
    with Origin() as made:
        yield made


def by_query(origin_id):
    """A default behaviour whose key has the query string."""
    behavior = cf_behavior(origin_id, MinTTL=1, DefaultTTL=86400, MaxTTL=31536000,
                           ForwardedValues={"QueryString": True, "Cookies": {"Forward": "none"}})
    del behavior["CachePolicyId"]
    return behavior


def distribution(node, origin, behavior=None):
    """(id, domain name) of a deployed distribution."""
    made = node.create_distribution(
        cf_config([cf_origin("o", origin.port)], behavior or cf_behavior("o")))
    node.wait_deployed(made["Id"])
    return made["Id"], made["DomainName"]


def fill(node, name, *paths):
    """Each path is in the cache afterwards."""
    for path in paths:
        assert node.get(name, path).status == 200
        assert node.get(name, path).cache == "Hit", path


def found(node, name, *paths):
    """Which of these paths are Hits; the others are Misses, and in the cache afterwards."""
    answers = {path: node.get(name, path).cache for path in paths}
    assert set(answers.values()) <= {"Hit", "Miss"}, answers
    return {path for path, cache in answers.items() if cache == "Hit"}


# ---- what is reached


@pytest.mark.smoke
def test_the_next_request_is_a_miss_once_it_is_completed(node, origin):
    distribution_id, name = distribution(node, origin)
    origin.pages["/a"] = Page(body=b"old")
    fill(node, name, "/a", "/b")
    origin.pages["/a"] = Page(body=b"new")
    assert node.get(name, "/a").body == b"old"
    node.invalidate(distribution_id, "/a")
    answer = node.get(name, "/a")
    assert (answer.cache, answer.body) == ("Miss", b"new")
    assert node.get(name, "/a").cache == "Hit"
    assert node.get(name, "/b").cache == "Hit"
    assert origin.count("/a") == 2
    assert origin.count("/b") == 1


def test_each_form_of_a_path_reaches_what_it_names_and_nothing_else(node, origin):
    distribution_id, name = distribution(node, origin, by_query("o"))
    paths = {"/", "/a", "/a?x=1", "/a?x=2", "/ab", "/a/b", "/a/b?x=1", "/A", "/b"}
    # What is invalidated, and which of the paths stay.
    cases = [
        (["/a"], paths - {"/a"}),
        (["/a?x=1"], paths - {"/a?x=1"}),
        (["/a?*"], paths - {"/a?x=1", "/a?x=2"}),
        (["/a*"], {"/", "/A", "/b"}),
        (["/a/*"], paths - {"/a/b", "/a/b?x=1"}),
        (["/"], paths - {"/"}),
        (["/none"], paths),
        (["/b", "/a/b"], paths - {"/b", "/a/b"}),
        (["/*"], set()),
    ]
    for invalidated, kept in cases:
        fill(node, name, *paths)
        node.invalidate(distribution_id, *invalidated)
        assert found(node, name, *paths) == kept, invalidated


def test_another_distribution_keeps_what_it_has(node, origin):
    first_id, first = distribution(node, origin)
    _, second = distribution(node, origin)
    fill(node, first, "/a")
    fill(node, second, "/a")
    node.invalidate(first_id, "/*")
    assert found(node, first, "/a") == set()
    assert found(node, second, "/a") == {"/a"}


def test_all_paths_of_a_large_invalidation_take_effect(node, origin):
    distribution_id, name = distribution(node, origin)
    count = 2990  # 3,000 may be in progress
    paths = [f"/{'x' * 200}/{i}" for i in range(count)]
    some = [paths[0], paths[count // 2], paths[-1], "/kept"]
    fill(node, name, *some)
    node.invalidate(distribution_id, *paths)
    assert found(node, name, *some) == {"/kept"}


# ---- while an origin answers


class HalfBody(http.server.BaseHTTPRequestHandler):
    """Answers with the server's `body`; the first answer stops halfway until `go_on` is set."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body, self.server.body = self.server.body, self.server.next_body
        self.send_response(200)
        self.send_header("Cache-Control", "max-age=3600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        if not self.server.is_halfway.is_set():
            self.server.is_halfway.set()
            self.server.go_on.wait(60)
        self.wfile.write(body[len(body) // 2 :])

    def log_message(self, *_):
        pass


class Viewer(threading.Thread):
    """A request on a thread of its own."""

    def __init__(self, node, name, path):
        super().__init__(daemon=True)
        self.node, self.name_, self.path = node, name, path
        self.answer = None
        self.start()

    def run(self):
        self.answer = self.node.get(self.name_, self.path)


def check_old_bytes_never_come_back(node, viewer, name, let_go):
    """An old answer to /a is on its way to `viewer`, and was invalidated."""
    answer = node.get(name, "/a")
    assert (answer.cache, answer.body) == ("Miss", b"new" * 1000), "it joined the old fetch"
    let_go()
    viewer.join(60)
    assert viewer.answer.body == b"old" * 1000  # what was asked for before is answered
    for _ in range(5):
        answer = node.get(name, "/a")
        assert (answer.cache, answer.body) == ("Hit", b"new" * 1000)


def test_an_answer_that_was_asked_for_before_is_never_stored(node, origin):
    distribution_id, name = distribution(node, origin)
    hold = threading.Event()
    origin.pages["/a"] = Page(body=b"old" * 1000, hold=hold)
    viewer = Viewer(node, name, "/a")
    wait_for(lambda: origin.count("/a") == 1, "the request at the origin")
    origin.pages["/a"] = Page(body=b"new" * 1000)
    node.invalidate(distribution_id, "/a")
    check_old_bytes_never_come_back(node, viewer, name, hold.set)
    assert origin.count("/a") == 2


def test_a_body_that_was_halfway_there_never_comes_back(node):
    server = Server(("127.0.0.1", 0), HalfBody)
    server.body, server.next_body = b"old" * 1000, b"new" * 1000
    server.is_halfway, server.go_on = threading.Event(), threading.Event()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    server.port = server.server_port
    try:
        distribution_id, name = distribution(node, server)
        viewer = Viewer(node, name, "/a")
        assert server.is_halfway.wait(60)
        node.invalidate(distribution_id, "/a")
        check_old_bytes_never_come_back(node, viewer, name, server.go_on.set)
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()


# ---- several nodes


def edge_node(fleet, name, control, nodes_address):
    """An edge of the control's fleet, admitted, that reaches control by this address."""
    node = fleet.node(name, "--control", f"https://{nodes_address}", "--fleet-root",
                      str(control.dir / "fleet-root.pem"), roles="edge")
    node.start(wait=False)
    node.id = wait_for(lambda: pending_id(control), f"{name} asks to be admitted")
    control.weir("node", "admit", node.id)
    node.wait_ready()
    wait_for(lambda: node.metric("weir_invalidation_feeds_up") == 1, f"the feed of {name}")
    return node


@pytest.fixture
def pair(fleet):
    """A control with DNS, an edge near it, and one at the end of a wire."""
    control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control,dns").start()
    near = edge_node(fleet, "near", control, control.ready["nodes"])
    with Relay(control.ready["nodes"]) as wire:
        far = edge_node(fleet, "far", control, wire.address)
        yield control, near, far, wire


def test_it_is_completed_when_both_edges_have_applied_it(pair, origin):
    control, near, far, wire = pair
    client = control.boto("cloudfront")
    distribution_id, name = distribution(control, origin)
    fill(near, name, "/a")
    fill(far, name, "/a")
    wire.hold()
    made = control.create_invalidation(distribution_id, "/a", client=client)
    wait_for(lambda: near.get(name, "/a").cache == "Miss", "the effect on the near edge")
    assert not control.is_completed(distribution_id, made, client)
    assert far.get(name, "/a").cache == "Hit"
    wire.go_on()
    control.wait_completed(distribution_id, made, client)
    assert far.get(name, "/a").cache == "Miss"


def test_an_edge_that_is_cut_off_serves_on_holds_nobody_up_and_catches_up(pair, origin):
    control, near, far, wire = pair
    distribution_id, name = distribution(control, origin)
    _, other = distribution(control, origin)
    for edge in (near, far):
        fill(edge, name, "/a", "/b")
        fill(edge, other, "/a")
    wire.cut()
    wait_for(lambda: far.metric("weir_invalidation_feeds_up") == 0, "the loss of the feed")
    for path in ("/a", "/c*"):
        control.invalidate(distribution_id, path)
    assert found(near, name, "/a", "/b") == {"/b"}
    assert found(far, name, "/a", "/b") == {"/a", "/b"}
    wire.go_on()
    wait_for(lambda: far.get(name, "/a").cache == "Miss", "the effect on the far edge")
    assert found(far, name, "/b") == {"/b"}  # no more than it missed
    assert found(far, other, "/a") == {"/a"}


def test_an_edge_that_began_anew_is_told_only_what_comes(pair, origin):
    control, near, far, _ = pair
    distribution_id, name = distribution(control, origin)
    control.invalidate(distribution_id, "/*")
    far.kill_process("edge")
    wait_for(lambda: far.metric("weir_invalidation_feeds_up") == 1 and
             far.metric("weir_process_starts_total", role="edge") == 2, "the new edge process")
    # Until it has heard where the stream stands, nothing stays in its cache.
    wait_for(lambda: far.get(name, "/a").cache == "Hit", "a stored answer")
    fill(near, name, "/a")
    control.invalidate(distribution_id, "/a")
    assert found(far, name, "/a") == set()
    assert found(near, name, "/a") == set()


# ---- kill -9 of control


class Model:
    """What was acknowledged: where each distribution's origin is, and from which answer of the
    origin on what it may serve of each path."""

    def __init__(self, names):
        self.names = names  # {distribution id: domain name}
        self.origin_path = {distribution_id: "" for distribution_id in names}
        self.least = {}  # {(distribution id, path): number of the oldest answer that is valid}


def origin_path(client, distribution_id):
    config = client.get_distribution_config(Id=distribution_id)["DistributionConfig"]
    return config["Origins"]["Items"][0]["OriginPath"]


def invalidations(client, distribution_id):
    """{caller reference: (id, paths)}"""
    pages = client.get_paginator("list_invalidations").paginate(DistributionId=distribution_id)
    listed = {}
    for page in pages:
        for item in page["InvalidationList"].get("Items", []):
            one = client.get_invalidation(DistributionId=distribution_id, Id=item["Id"])
            batch = one["Invalidation"]["InvalidationBatch"]
            listed[batch["CallerReference"]] = (item["Id"], sorted(batch["Paths"]["Items"]))
    return listed


class Storm:
    """Random updates and invalidations of three distributions, while control is killed."""

    def __init__(self, node, counter, model, rng):
        self.node, self.counter, self.model, self.rng = node, counter, model, rng
        self.client = node.boto("cloudfront")
        self.paths = [f"/{i}" for i in range(10)]

    def look(self):
        """A viewer comes by."""
        distribution_id = self.rng.choice(list(self.model.names))
        answer = self.node.get(self.model.names[distribution_id], self.rng.choice(self.paths))
        assert answer.status == 200

    def kill_control(self):
        pid = self.node.processes().get("control")
        if pid is not None:
            os.kill(pid, 9)

    def recover(self):
        """Waits until control's API answers again."""
        self.client = self.node.boto("cloudfront")

        def answers():
            try:
                return self.client.list_distributions()
            except (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError,
                    botocore.exceptions.ClientError):
                return None

        wait_for(answers, "the API after a kill")

    def update(self):
        """Moves a distribution's origin; unanswered: it happened or not, but wholly."""
        distribution_id = self.rng.choice(list(self.model.names))
        before = self.model.origin_path[distribution_id]
        wanted = f"/v{self.rng.randrange(10**6)}"

        def change(config):
            config["Origins"]["Items"][0]["OriginPath"] = wanted

        try:
            self.node.update_distribution(distribution_id, change, client=self.client)
            self.model.origin_path[distribution_id] = wanted
        except (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError):
            self.recover()
            now = origin_path(self.client, distribution_id)
            assert now in (before, wanted), "half an update"
            self.model.origin_path[distribution_id] = now

    def invalidate(self):
        """Whatever the origin answered so far is no longer valid for some paths."""
        distribution_id = self.rng.choice(list(self.model.names))
        paths = self.rng.sample(self.paths, self.rng.randint(1, 4))
        reference = f"r{self.rng.randrange(2**60)}"
        least = self.counter.number + 1
        try:
            self.node.create_invalidation(distribution_id, *paths, client=self.client,
                                          reference=reference)
        except (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError):
            self.recover()
            listed = invalidations(self.client, distribution_id)
            if reference not in listed:
                return
            assert listed[reference][1] == sorted(paths), "half an invalidation"
        for path in paths:
            self.model.least[distribution_id, path] = least

    def step(self):
        self.look()
        is_killed = self.rng.randrange(KILL_EVERY) == 0
        if is_killed and self.rng.random() < 0.5:
            self.kill_control()
        self.rng.choice([self.update, self.invalidate])()
        if is_killed:
            self.kill_control()
            self.recover()


def test_acknowledged_changes_survive_kill_9_of_control(fleet, origin):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    counter = Counter()
    origin.pages = type("Any", (dict,), {"get": lambda *_: counter})()
    node = fleet.node("node").start()
    model = Model(dict(distribution(node, origin) for _ in range(3)))
    storm = Storm(node, counter, model, random.Random(seed))
    for _ in range(OPERATIONS):
        storm.step()
    storm.recover()
    client = storm.client
    for distribution_id, name in model.names.items():
        assert origin_path(client, distribution_id) == model.origin_path[distribution_id]
        node.wait_deployed(distribution_id, client=client)
        for invalidation_id, _ in invalidations(client, distribution_id).values():
            node.wait_completed(distribution_id, invalidation_id, client)
        for path in storm.paths:
            number = int(node.get(name, path).body.split()[1])
            assert number >= model.least.get((distribution_id, path), 0), f"seed {seed}: old bytes"
        fresh = node.get(name, "/never-asked-before").body.split()[0].decode()
        assert fresh == model.origin_path[distribution_id] + "/never-asked-before"
