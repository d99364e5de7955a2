# SPDX-License-Identifier: Apache-2.0
"""A bug in the answering code meets a change: the trial stops it, or the node goes back by itself.
The bug is injected into a test build: a TXT value that crashes the answer."""

import dns.exception
import pytest

from harness import SANITIZER, WEIR_FAULTS, upsert, wait_for
from test_static_stability import nodes_of

pytestmark = pytest.mark.skipif(SANITIZER != "", reason="the test build has no sanitizer")

BAD_VALUE = '"weir-fault-crash"'


def arm(node, *faults):
    """Faults that are on from now on; read by the program each time."""
    path = node.dir.with_suffix(".faults")
    path.write_text(",".join(faults) + "\n")
    node.env["WEIR_FAULTS_FILE"] = str(path)


def faulty_node(fleet, *flags):
    node = fleet.node("node", *flags, binary=WEIR_FAULTS)
    arm(node, "dns-crash-value")
    node.start()
    zone_id = node.create_zone("fault.test")
    node.wait_insync(node.change(zone_id, upsert("www.fault.test", "A", "192.0.2.1")))
    return node, zone_id


def answers(node, name, rdtype, values):
    """Whether the node answers so now; a query that a dying process took has no answer."""
    try:
        return node.values(name, rdtype, timeout_s=1) == values
    except (dns.exception.DNSException, OSError):
        return False


def crashes(node):
    return node.metric("weir_process_crashes_total", role="dns")


def test_the_trial_stops_a_value_that_crashes_the_answer(fleet):
    node, zone_id = faulty_node(fleet)
    client = node.boto()
    bad = node.change(zone_id, upsert("bad.fault.test", "TXT", BAD_VALUE), client=client)
    reason = wait_for(
        lambda: client.get_change(Id=bad)["ChangeInfo"].get("Comment"), "the reason in GetChange"
    )
    assert "trial" in reason and "SEGV" in reason
    assert client.get_change(Id=bad)["ChangeInfo"]["Status"] == "PENDING"
    good = node.change(zone_id, upsert("good.fault.test", "A", "192.0.2.2"), client=client)
    node.wait_insync(good, client=client)
    assert node.values("good.fault.test") == ["192.0.2.2"]
    assert node.values("bad.fault.test", "TXT") == []
    assert client.get_change(Id=bad)["ChangeInfo"]["Status"] == "PENDING"
    assert crashes(node) == 0  # no role process ever saw it
    # The mended value goes through, and the change that was held with it.
    mended = node.change(zone_id, upsert("bad.fault.test", "TXT", '"mended"'), client=client)
    node.wait_insync(mended, client=client)
    assert node.values("bad.fault.test", "TXT") == ['"mended"']
    node.wait_insync(bad, client=client)


def test_one_bad_change_among_good_ones_is_held_alone(fleet):
    node, zone_id = faulty_node(fleet)
    client = node.boto()
    ids = []
    for i in range(12):
        value = BAD_VALUE if i == 5 else f'"value {i}"'
        ids.append(node.change(zone_id, upsert(f"n{i}.fault.test", "TXT", value), client=client))
    for i, change_id in enumerate(ids):
        if i != 5:
            node.wait_insync(change_id, client=client)
            assert node.values(f"n{i}.fault.test", "TXT") == [f'"value {i}"']
    info = client.get_change(Id=ids[5])["ChangeInfo"]
    assert info["Status"] == "PENDING" and "trial" in info["Comment"]
    assert crashes(node) == 0


def test_a_bad_change_is_rejected_on_every_node(fleet):
    control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control", binary=WEIR_FAULTS)
    control.start()
    nodes = []
    for i in range(2):
        node = fleet.node(
            f"dns{i}", "--control", f"https://{control.ready['nodes']}",
            "--fleet-root", str(control.dir / "fleet-root.pem"), roles="dns", binary=WEIR_FAULTS,
        )
        arm(node, "dns-crash-value")
        node.start(wait=False)
        nodes.append(node)

    def all_pending():
        return len([n for n in nodes_of(control) if n["State"].lower() == "pending"]) == 2

    wait_for(all_pending, "both nodes in the list")
    for known in nodes_of(control):
        if known["State"].lower() == "pending":
            control.weir("node", "admit", known["Id"])
    for node in nodes:
        node.wait_ready()
    client = control.boto()
    zone_id = control.create_zone("fault.test", client=client)
    control.wait_insync(
        control.change(zone_id, upsert("a.fault.test", "A", "192.0.2.1"), client=client)
    )
    bad = control.change(zone_id, upsert("bad.fault.test", "TXT", BAD_VALUE), client=client)
    wait_for(lambda: client.get_change(Id=bad)["ChangeInfo"].get("Comment"), "the reason")
    good = control.change(zone_id, upsert("good.fault.test", "A", "192.0.2.2"), client=client)
    control.wait_insync(good, client=client)
    for node in nodes:
        assert node.values("good.fault.test") == ["192.0.2.2"]
        assert node.values("bad.fault.test", "TXT") == []
        assert crashes(node) == 0


def test_two_crashes_bring_back_the_proven_root(fleet):
    node, zone_id = faulty_node(fleet, "--proven-after", "300")
    client = node.boto()
    wait_for(lambda: node.status()["proven"], "a proven root")
    good_root = wait_for(
        lambda: node.status()["proven"] == node.status()["serving"] and node.status()["serving"],
        "the root with the record to be proven",
    )
    arm(node, "dns-crash-hidden-from-trial")
    # A root must not count as proven before the bad query comes.
    bad = node.change(zone_id, upsert("bad.fault.test", "TXT", BAD_VALUE), client=client)
    wait_for(lambda: node.status()["serving"] != good_root, "the bad root to be served")

    def poke():
        """Asks the question that crashes, until the node has gone back."""
        try:
            node.ask("bad.fault.test", "TXT", timeout_s=1)
        except (dns.exception.DNSException, OSError):
            pass
        return node.status()["serving"] == good_root or crashes(node) >= 2

    wait_for(poke, "two crashes")
    wait_for(lambda: answers(node, "www.fault.test", "A", ["192.0.2.1"]), "service again")
    wait_for(lambda: answers(node, "bad.fault.test", "TXT", []), "the proven root")
    assert "crash" in node.log()
    # The next good change goes through.
    good = node.change(zone_id, upsert("good.fault.test", "A", "192.0.2.2"), client=client)
    node.wait_insync(good, client=client)
    assert node.values("good.fault.test") == ["192.0.2.2"]
    assert node.values("bad.fault.test", "TXT") == []
    assert bad


def test_a_crash_leaves_a_backtrace_in_the_log(fleet):
    node, zone_id = faulty_node(fleet)
    node.kill_process("dns", 11)
    wait_for(lambda: "signal=SIGSEGV" in node.log(), "the crash line")
    wait_for(lambda: "node_role_main" in node.log(), "the backtrace with symbols")
    wait_for(lambda: answers(node, "www.fault.test", "A", ["192.0.2.1"]), "service again")
    assert node.metric("weir_process_crashes_total", role="dns") == 1
