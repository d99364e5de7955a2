# SPDX-License-Identifier: Apache-2.0
"""Random changes while processes are killed: what was acknowledged stays, nothing is half done."""

import os
import random
import signal

import botocore.exceptions
import dns.rcode

from harness import SANITIZER, create, delete, upsert, wait_for

BATCHES = 500 if not SANITIZER else 60
KILL_EVERY = 12  # batches, on average
NAMES = 40
VICTIMS = ("agent", "control", "dns", "supervisor")


class Model:
    """What the zone must hold: {name: values}, and what one unanswered call may have changed."""

    def __init__(self, zone_name):
        self.zone_name = zone_name
        self.sets = {}

    def random_batch(self, rng):
        """(changes, sets afterwards): one to five names, each changed once."""
        after = dict(self.sets)
        changes = []
        for index in rng.sample(range(NAMES), rng.randint(1, 5)):
            name = f"n{index}.{self.zone_name}"
            values = [f"192.0.2.{rng.randint(1, 254)}"]
            if name in after and rng.random() < 0.3:
                changes.append(delete(name, "A", *after.pop(name)))
            elif name in after:
                changes.append(upsert(name, "A", *values))
                after[name] = values
            else:
                changes.append(create(name, "A", *values))
                after[name] = values
        return changes, after


def listed(client, zone_id):
    pages = client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    return {
        s["Name"].rstrip("."): [r["Value"] for r in s["ResourceRecords"]]
        for page in pages
        for s in page["ResourceRecordSets"]
        if s["Type"] == "A"
    }


def kill_something(node, rng):
    """Ends one process at once; a dead supervisor is started again by hand."""
    victim = rng.choice(VICTIMS)
    if victim == "supervisor":
        node.kill()
        return victim
    pid = node.processes().get(victim)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return victim


def recover(node, api):
    """Starts the node again where it died, and waits until its API answers."""
    if node.process is None:
        node.start()

    def answers():
        try:
            return node.boto().get_hosted_zone_count()
        except (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError,
                botocore.exceptions.ClientError):
            return None

    wait_for(answers, f"the API at {api}")


def test_random_batches_survive_kill_9_of_any_process(fleet):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    rng = random.Random(seed)
    node = fleet.node("node", "--proven-after", "500").start()
    zone_id = node.create_zone("kill.test")
    model = Model("kill.test")
    client = node.boto()
    last_change = None
    for _ in range(BATCHES):
        changes, after = model.random_batch(rng)
        is_killed = rng.randrange(KILL_EVERY) == 0
        if is_killed and rng.random() < 0.5:
            kill_something(node, rng)
        try:
            last_change = node.change(zone_id, *changes, client=client)
            model.sets = after
        except (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError):
            # Unanswered: it may have happened or not, but wholly.
            recover(node, "its address")
            client = node.boto()
            found = listed(client, zone_id)
            assert found in (model.sets, after), f"seed {seed}: half a batch"
            model.sets = found
        if is_killed:
            kill_something(node, rng)
            recover(node, "its address")
            client = node.boto()
            assert listed(client, zone_id) == model.sets, f"seed {seed}: lost or half applied"
    recover(node, "its address")
    client = node.boto()
    assert listed(client, zone_id) == model.sets
    final = node.change(zone_id, upsert("end.kill.test", "TXT", '"end"'), client=client)
    node.wait_insync(final, client=client)
    assert last_change is not None
    for index in range(NAMES):
        name = f"n{index}.kill.test"
        wanted = sorted(model.sets.get(name, []))
        assert node.values(name) == wanted, f"seed {seed}: {name}"
        if not wanted:
            assert node.ask(name).rcode() == dns.rcode.NXDOMAIN
