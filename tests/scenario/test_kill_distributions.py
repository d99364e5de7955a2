# SPDX-License-Identifier: Apache-2.0
"""Random updates and invalidations of distributions while control is killed: what was acknowledged
takes effect, nothing is half done, and viewers see nothing of it."""

import os
import random
import signal
import threading

import botocore.exceptions

from harness import SANITIZER, cf_behavior, cf_config, cf_origin, wait_for
from web import Origin, Page

CALLS = 200 if not SANITIZER else 40
KILL_EVERY = 20  # calls, on average
DISTRIBUTIONS = 3
UNANSWERED = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)


class VersionedOrigin(Origin):
    """Tells which path and version header a request came with; under /cached the newest number of
    its distribution, to be kept for an hour."""

    def __init__(self):
        super().__init__()
        self.numbers = {}  # by the header that names the distribution

    def take(self, handler, body):
        name = handler.headers["X-Distribution"]
        if handler.path.endswith("/cached"):
            return Page(str(self.numbers[name]).encode())
        version = handler.headers["X-Version"]
        return Page(f"{handler.path} {version}".encode(), fields={"Cache-Control": "no-store"})


class Model:
    """One distribution: what was acknowledged of it."""

    def __init__(self, node, origin, name):
        self.name = name
        self.origin = origin
        self.version = 0
        self.least_number = 0  # of /cached that a viewer may still see
        self.invalidations = []
        self.origin.numbers[name] = 0
        config = cf_config(
            [cf_origin("o", origin.port, **self.fields(0))],
            cf_behavior("o", "CachingDisabled"),
            cf_behavior("o", "CachingOptimized", "/cached"), Comment="0",
        )
        made = node.boto("cloudfront").create_distribution(DistributionConfig=config)
        self.id = made["Distribution"]["Id"]
        self.host = made["Distribution"]["DomainName"]
        self.config = made["Distribution"]["DistributionConfig"]
        self.etag = made["ETag"]

    def fields(self, version):
        """Two fields of the origin that must always agree."""
        headers = [{"HeaderName": "X-Version", "HeaderValue": str(version)},
                   {"HeaderName": "X-Distribution", "HeaderValue": self.name}]
        return {"OriginPath": f"/v{version}",
                "CustomHeaders": {"Quantity": len(headers), "Items": headers}}

    def config_of(self, version):
        origin = {**self.config["Origins"]["Items"][0], **self.fields(version)}
        return {**self.config, "Comment": str(version),
                "Origins": {"Quantity": 1, "Items": [origin]}}

    def update(self, session, version):
        """A whole configuration; one that is not answered happened wholly or not at all."""
        try:
            done = session.client.update_distribution(
                Id=self.id, IfMatch=self.etag, DistributionConfig=self.config_of(version)
            )
            self.version, self.etag = version, done["ETag"]
        except UNANSWERED:
            session.recover()
            got = session.client.get_distribution_config(Id=self.id)
            found = int(got["DistributionConfig"]["Comment"])
            assert found in (self.version, version)
            assert got["DistributionConfig"] == self.config_of(found), "half an update"
            assert (got["ETag"] == self.etag) == (found == self.version)
            self.version, self.etag = found, got["ETag"]

    def invalidate(self, session, reference):
        """The origin has something newer first; a call that is not answered is repeated."""
        self.origin.numbers[self.name] += 1
        batch = {"CallerReference": reference,
                 "Paths": {"Quantity": 2, "Items": ["/cached", f"/other/{reference}"]}}
        while True:
            try:
                made = session.client.create_invalidation(
                    DistributionId=self.id, InvalidationBatch=batch
                )["Invalidation"]
                break
            except UNANSWERED:
                session.recover()
        self.least_number = self.origin.numbers[self.name]
        self.invalidations.append(made["Id"])

    def look(self, node):
        """What a viewer sees is one version, whichever."""
        answer = node.get(self.host, "/live")
        assert answer.status == 200, answer.body
        path, version = answer.body.decode().split()
        assert path == f"/v{version}/live", "half an update at the edge"
        assert node.get(self.host, "/cached").status == 200
        return int(version)


class Session:
    """A client of a node whose control dies now and then."""

    def __init__(self, node):
        self.node = node
        self.client = node.boto("cloudfront")

    def kill_control(self):
        pid = self.node.processes().get("control")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def recover(self):
        """Waits until control answers again."""
        self.client = self.node.boto("cloudfront")

        def answers():
            try:
                return self.client.list_distributions(MaxItems="1")
            except UNANSWERED:
                return None

        wait_for(answers, "the API after its end")


def run_calls(rng, session, models):
    """CALLS calls, some of them with an end of control in their midst."""
    for number in range(1, CALLS + 1):
        model = rng.choice(models)
        killer = None
        if rng.randrange(KILL_EVERY) == 0:
            killer = threading.Timer(rng.uniform(0, 0.03), session.kill_control)
            killer.start()
        if rng.random() < 0.6:
            model.update(session, number)
        else:
            model.invalidate(session, f"i-{number}")
        if killer is not None:
            killer.join()
            session.recover()
        rng.choice(models).look(session.node)


def test_distributions_survive_kill_9_of_control(fleet):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    rng = random.Random(seed)
    node = fleet.node("node", "--proven-after", "500").start()
    with VersionedOrigin() as origin:
        models = [Model(node, origin, f"d{i}") for i in range(DISTRIBUTIONS)]
        for model in models:
            node.wait_deployed(model.id)
        session = Session(node)
        run_calls(rng, session, models)
        for model in models:
            node.wait_deployed(model.id, client=session.client)
            assert model.look(node) == model.version
            listed = session.client.get_paginator("list_invalidations").paginate(
                DistributionId=model.id
            )
            ids = [i["Id"] for page in listed for i in page["InvalidationList"].get("Items", [])]
            assert ids == model.invalidations[::-1]
            for identity in ids:
                wait_for(
                    lambda i=identity, m=model: session.client.get_invalidation(
                        DistributionId=m.id, Id=i
                    )["Invalidation"]["Status"] == "Completed",
                    f"Completed of {identity}; log:\n{node.log()[-3000:]}",
                )
            assert int(node.get(model.host, "/cached").body) >= model.least_number
