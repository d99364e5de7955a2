# SPDX-License-Identifier: Apache-2.0
"""Several machines: admission, cordon, drain, pin, and changes that reach every node."""

from harness import upsert, wait_for
from test_static_stability import control_with_zone, dns_node, nodes_of, pending_id


def state_of(control, node_id):
    (found,) = [n for n in nodes_of(control) if n["Id"] == node_id]
    return found["State"].lower()


def test_a_change_is_insync_when_three_nodes_serve_it(fleet):
    control, zone_id = control_with_zone(fleet)
    nodes = [dns_node(fleet, f"dns{i}", control) for i in range(3)]
    for i in range(5):
        change = control.change(zone_id, upsert("www.stable.test", "A", f"198.51.100.{i}"))
        control.wait_insync(change)
        for node in nodes:
            assert node.values("www.stable.test") == [f"198.51.100.{i}"]


def test_a_node_that_is_not_admitted_gets_nothing(fleet):
    control, _ = control_with_zone(fleet)
    stranger = fleet.node(
        "stranger", "--control", f"https://{control.ready['nodes']}",
        "--fleet-root", str(control.dir / "fleet-root.pem"), roles="dns",
    )
    stranger.start(wait=False)
    wait_for(lambda: pending_id(control), "the stranger in the list")
    assert "dns" not in stranger.processes()
    assert not (stranger.dir / "ready.json").exists()


def test_a_node_trusts_only_the_fleet_root_that_it_pins(fleet):
    control, _ = control_with_zone(fleet)
    other = fleet.node("other", "--nodes", "127.0.0.1:0", roles="control").start()
    node = fleet.node(
        "dns1", "--control", f"https://{control.ready['nodes']}",
        "--fleet-root", str(other.dir / "fleet-root.pem"), roles="dns",
    )
    node.start(wait=False)
    wait_for(lambda: "feed" in node.log(), "a word about the feed")
    assert not (node.dir / "ready.json").exists()
    assert pending_id(control) is None


def test_a_cordoned_node_does_not_hold_up_insync_and_comes_back(fleet):
    control, zone_id = control_with_zone(fleet)
    first = dns_node(fleet, "dns1", control)
    second = dns_node(fleet, "dns2", control)
    control.weir("node", "cordon", second.id)
    assert state_of(control, second.id) == "cordoned"
    second.kill()
    change = control.change(zone_id, upsert("www.stable.test", "A", "198.51.100.1"))
    control.wait_insync(change)
    assert first.values("www.stable.test") == ["198.51.100.1"]
    second.start()
    control.weir("node", "uncordon", second.id)
    wait_for(lambda: second.values("www.stable.test") == ["198.51.100.1"], "the change there, too")


def test_a_drained_node_turns_unready_but_answers_on(fleet):
    control, _ = control_with_zone(fleet)
    first = dns_node(fleet, "dns1", control)
    dns_node(fleet, "dns2", control)
    control.weir("node", "drain", first.id)
    wait_for(lambda: first.admin("/healthz")[0] == 503, "an unready /healthz")
    assert first.values("www.stable.test") == ["192.0.2.1"]
    control.weir("node", "uncordon", first.id)
    wait_for(lambda: first.admin("/healthz")[0] == 200, "a ready /healthz")


def test_a_removed_node_gets_nothing_more(fleet):
    control, zone_id = control_with_zone(fleet)
    first = dns_node(fleet, "dns1", control)
    second = dns_node(fleet, "dns2", control)
    control.weir("node", "remove", second.id)
    change = control.change(zone_id, upsert("www.stable.test", "A", "198.51.100.1"))
    control.wait_insync(change)
    assert first.values("www.stable.test") == ["198.51.100.1"]
    assert second.values("www.stable.test") == ["192.0.2.1"]


def test_a_pinned_node_keeps_its_root_until_it_is_unpinned(fleet):
    control, zone_id = control_with_zone(fleet)
    first = dns_node(fleet, "dns1", control)
    second = dns_node(fleet, "dns2", control)
    wait_for(lambda: first.values("www.stable.test") == ["192.0.2.1"], "the first answer")
    first.weir("node", "pin", "current")
    wait_for(lambda: first.status().get("pin") or first.status().get("pinned"), "the pin")
    change = control.change(zone_id, upsert("www.stable.test", "A", "198.51.100.1"))
    wait_for(lambda: second.values("www.stable.test") == ["198.51.100.1"], "the change elsewhere")
    control.wait_insync(change)
    assert first.values("www.stable.test") == ["192.0.2.1"]
    first.weir("node", "unpin")
    wait_for(lambda: first.values("www.stable.test") == ["198.51.100.1"], "the change here, too")
