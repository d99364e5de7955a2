# SPDX-License-Identifier: Apache-2.0
"""No query waits for control: nodes go on without it, start without it, and help each other."""

import json
import os
import signal
import socket
import threading

import dns.exception
import dns.rcode

from harness import free_port, split_address, upsert, wait_for


def control_with_zone(fleet, *flags):
    """A control that runs no DNS, and a zone on it."""
    control = fleet.node("control", "--nodes", "127.0.0.1:0", *flags, roles="control").start()
    zone_id = control.create_zone("stable.test")
    control.change(zone_id, upsert("www.stable.test", "A", "192.0.2.1"))
    return control, zone_id


def dns_node(fleet, name, control, *flags):
    """A DNS node of the control's fleet, admitted."""
    node = fleet.node(
        name, "--control", f"https://{control.ready['nodes']}",
        "--fleet-root", str(control.dir / "fleet-root.pem"), *flags, roles="dns",
    )
    node.start(wait=False)
    node_id = wait_for(lambda: pending_id(control), f"{name} asks to be admitted")
    control.weir("node", "admit", node_id)
    node.wait_ready()
    node.id = node_id
    return node


def nodes_of(control):
    return json.loads(control.weir("node", "list", "--json").stdout)["Nodes"]


def pending_id(control):
    pending = [n["Id"] for n in nodes_of(control) if n["State"].lower() == "pending"]
    return pending[0] if pending else None


def test_dns_goes_on_without_control_and_starts_without_it(fleet):
    control, zone_id = control_with_zone(fleet)
    node = dns_node(fleet, "dns1", control)
    wait_for(lambda: node.values("www.stable.test") == ["192.0.2.1"], "the first answer")
    control.kill()
    assert node.values("www.stable.test") == ["192.0.2.1"]
    node.stop()
    node.start()  # control is away
    assert node.values("www.stable.test") == ["192.0.2.1"]
    assert node.admin("/healthz")[0] == 200
    node.kill()
    node.start()
    assert node.values("www.stable.test") == ["192.0.2.1"]


def test_a_node_that_hears_nothing_turns_unready_where_that_is_asked_for(fleet):
    control, _ = control_with_zone(fleet, "--nodes", f"127.0.0.1:{free_port()}")
    node = dns_node(fleet, "dns1", control, "--unready-after", "3")
    assert node.admin("/healthz") == (200, "ok\n")
    control.stop()
    status, why = wait_for(lambda: node.admin("/healthz")[0] == 503 and node.admin("/healthz"),
                           "an unready /healthz")
    assert why.startswith("no word from control for ")
    assert node.metric("weir_stale_seconds") >= 3
    assert node.values("www.stable.test") == ["192.0.2.1"], "answers go on"
    control.start()
    wait_for(lambda: node.admin("/healthz") == (200, "ok\n"), "a ready /healthz")
    assert node.metric("weir_stale_seconds") <= 3


def test_a_node_without_a_release_binds_nothing_and_is_unready(fleet):
    port = free_port()
    node = fleet.node("lonely", "--control", f"https://127.0.0.1:{free_port()}", "--admin",
                      f"127.0.0.1:{port}", "--dns", "127.0.0.1:0", roles="dns")
    node.start(wait=False)
    node.ready = {"admin": f"127.0.0.1:{port}"}

    def unready():
        try:
            return node.admin("/healthz")[0] == 503
        except OSError:
            return False

    wait_for(unready, "an unready /healthz")
    assert "dns" not in node.processes()
    assert not (node.dir / "ready.json").exists()


def test_a_node_with_an_empty_disk_gets_its_release_from_a_peer(fleet):
    control, zone_id = control_with_zone(fleet)
    peer_port = free_port()
    first = dns_node(fleet, "dns1", control, "--peer-listen", f"127.0.0.1:{peer_port}")
    second = dns_node(fleet, "dns2", control, "--peer", f"https://127.0.0.1:{peer_port}")
    wait_for(lambda: second.values("www.stable.test") == ["192.0.2.1"], "the first answer")
    # Both know each other once the release that admits the second is served by the first.
    insync = control.change(zone_id, upsert("both.stable.test", "A", "192.0.2.2"))
    control.wait_insync(insync)
    control.kill()
    second.stop()
    for path in second.dir.glob("node.db*"):
        path.unlink()
    second.start()
    assert second.values("www.stable.test") == ["192.0.2.1"]
    assert second.values("both.stable.test") == ["192.0.2.2"]
    assert first.values("both.stable.test") == ["192.0.2.2"]


def test_no_query_is_lost_while_roles_restart_and_releases_change(node):
    zone_id = node.create_zone("steady.test")
    node.wait_insync(node.change(zone_id, upsert("www.steady.test", "A", "192.0.2.1")))
    failures, asked, stop = [], [0], threading.Event()

    def ask_all_the_time():
        while not stop.is_set():
            try:
                answer = node.ask("www.steady.test")
                if answer.rcode() != dns.rcode.NOERROR or not answer.answer:
                    failures.append(answer.to_text())
            except dns.exception.DNSException as error:
                failures.append(repr(error))
            asked[0] += 1

    asker = threading.Thread(target=ask_all_the_time)
    asker.start()
    try:
        for i in range(20):
            change = node.change(zone_id, upsert("www.steady.test", "A", f"192.0.2.{i + 1}"))
            node.wait_insync(change)
        for name in ("control", "agent"):
            pid = node.processes()[name]
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda n=name, p=pid: node.processes().get(n, p) != p, f"a new {name}")
        node.wait_ready()
    finally:
        stop.set()
        asker.join()
    assert not failures and asked[0] > 100


def test_a_hung_agent_is_replaced(fleet):
    node = fleet.node("node", "--watchdog", "500").start()
    pid = node.processes()["agent"]
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: node.processes().get("agent", pid) != pid, "a new agent")
    zone_id = node.create_zone("hung.test")
    node.wait_insync(node.change(zone_id, upsert("www.hung.test", "A", "192.0.2.1")))


def test_sigterm_drains_and_leaves_nothing_behind(fleet):
    node = fleet.node().start()
    pids = list(node.processes().values())
    node.stop()
    assert not (node.dir / "ready.json").exists()
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def test_sigterm_drains_from_the_first_moment_and_in_pairs(fleet):
    node = fleet.node().start(wait=False)
    wait_for(lambda: (node.dir / "lock").exists(), "the lock")
    node.stop()
    node.start()
    node.process.send_signal(signal.SIGTERM)
    node.stop()  # as timeout(1) and some init systems send it: to the process and to its group
    assert "KILL" not in node.log()


def test_sighup_reopens_the_log(fleet):
    log = fleet.path("moved.log")
    node = fleet.node("node", "--log-file", log).start()
    os.rename(log, log + ".1")
    node.process.send_signal(signal.SIGHUP)
    wait_for(lambda: os.path.exists(log), "a new log file")
    node.kill_process("dns")
    wait_for(lambda: "process started" in open(log).read(), "a line in the new file")


def test_an_address_that_the_edge_cannot_have_silences_no_other_role(fleet):
    """As after an upgrade of a machine where something else has the port: names are answered, and
    the edge begins once the port is free."""
    ports = {name: f"127.0.0.1:{free_port()}" for name in ("dns", "api", "admin", "http")}
    flags = [word for name, address in ports.items() for word in (f"--{name}", address)]
    node = fleet.node("node", *flags)
    node.command = lambda: [node.binary, "up", "--data", str(node.dir), "--https", "127.0.0.1:0",
                            *flags]
    node.start()
    zone_id = node.create_zone("taken.test")
    node.wait_insync(node.change(zone_id, upsert("www.taken.test", "A", "192.0.2.7")))
    node.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(split_address(ports["http"]))
        other.listen(1)
        node.start(wait=False)
        wait_for(lambda: "address not bound" in node.log(), "the line of the address")
        wait_for(lambda: has_value(node, "www.taken.test", "192.0.2.7"), "the answer")
        wait_for(lambda: node.admin("/healthz") == (503, "edge does not run\n"), "the reason")
        assert node.log().count("address not bound") == 1
    node.wait_ready()
    assert node.get("unknown.test").status == 403


def has_value(node, name, value):
    try:
        return node.values(name, timeout_s=1) == [value]
    except (OSError, dns.exception.Timeout):
        return False
