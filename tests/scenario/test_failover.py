# SPDX-License-Identifier: Apache-2.0
"""Failover by votes: checkers probe, name servers decide by themselves, whatever becomes of
control, of checkers, or of both."""

import signal
import subprocess
import sys
import time

import pytest
from endpoints import Endpoint
from harness import free_port, upsert, wait_for
from test_checker import FAST, create_check
from test_static_stability import pending_id

TTL = 1
FAST_S, SLOW_S = 0.2, 0.6  # the intervals of 10 and 30 s, scaled as FAST says
PRIMARY, SECONDARY = ["192.0.2.1"], ["192.0.2.2"]


def node_of(fleet, control, name, roles, *flags):
    """An admitted node of the control's fleet."""
    node = fleet.node(name, "--control", f"https://{control.ready['nodes']}",
                      "--fleet-root", str(control.dir / "fleet-root.pem"), *flags, roles=roles)
    node.start(wait=False)
    control.weir("node", "admit", wait_for(lambda: pending_id(control), f"{name} asks"))
    node.wait_ready()
    return node


def failover(name, check):
    """Two sets, of which the first is checked."""
    common = {"ttl": TTL}
    return [upsert(name, "A", *PRIMARY, SetIdentifier="one", Failover="PRIMARY",
                   HealthCheckId=check, **common),
            upsert(name, "A", *SECONDARY, SetIdentifier="two", Failover="SECONDARY", **common)]


def wait_checkers(node, count):
    wait_for(lambda: node.metric("weir_health_checkers_fresh", role="dns") == count,
             f"{count} checkers that {node.dir.name} hears", 30)


def wait_values(node, name, values):
    wait_for(lambda: node.values(name) == values, f"{values} at {name}; log:\n{node.log()[-3000:]}")


class Site:
    """Control, a name server, and checkers, each on a machine of its own."""

    def __init__(self, fleet, checkers=1):
        self.control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control").start()
        self.zone = self.control.create_zone("site.test")
        self.dns = node_of(fleet, self.control, "dns", "dns")
        # Fixed ports: one that changed would have to be told by control.
        self.checkers = [node_of(fleet, self.control, f"checker{n}", "check", *FAST, "--votes",
                                 f"127.0.0.1:{free_port()}") for n in range(checkers)]
        wait_checkers(self.dns, checkers)

    def serve(self, name, config):
        """A failover group with a check of this configuration, once all have it."""
        check = create_check(self.control, config)
        self.control.wait_insync(self.control.change(self.zone, *failover(name, check)))
        return check

    def wait_voted(self, *checks):
        """Each checker has a verdict about each check, and the name server has it."""
        for checker in self.checkers:
            wait_for(lambda: checker.metric("weir_votes", state="unknown") == 0 and
                     checker.metric("weir_probed_checks", role="check") >= len(checks), "verdicts")
        before = self.dns.metric("weir_health_tables_total", role="dns")
        wait_for(lambda: self.dns.metric("weir_health_tables_total", role="dns") >=
                 before + 3 * len(self.checkers), "tables that were made since")


class Origin:
    """A web server as a process that can be killed, and started again on its port."""

    def __init__(self, directory):
        self.port, self.directory, self.process = free_port(), directory, None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "http.server", str(self.port), "--bind", "127.0.0.1",
             "--directory", str(self.directory)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def origin(tmp_path):
    made = Origin(tmp_path).start()
    yield made
    made.kill()


def watch(node, wanted, values, began, deadline_s):
    """How long after `began` each name first answered so, in seconds."""
    changed = {}

    def all_changed():
        for name in wanted:
            if name not in changed and node.values(name) == values:
                changed[name] = time.monotonic() - began
        return len(changed) == len(wanted)

    wait_for(all_changed, f"{values}, of which came {changed}", deadline_s)
    return changed


def test_the_time_to_fail_over_and_back_is_what_interval_and_threshold_say(fleet, origin):
    """Thresholds 1, 3 and 10, both intervals, one origin that is killed, and control away."""
    site = Site(fleet)
    limits = {}
    for seconds, interval in ((10, FAST_S), (30, SLOW_S)):
        for threshold in (1, 3, 10):
            name = f"t{threshold}-i{seconds}.site.test"
            site.serve(name, {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": origin.port,
                              "ResourcePath": "/", "RequestInterval": seconds,
                              "FailureThreshold": threshold})
            limits[name] = interval * threshold + TTL + 1
    site.wait_voted(*limits)
    for name in limits:
        wait_values(site.dns, name, PRIMARY)
    site.control.kill()
    for change, values in ((origin.kill, SECONDARY), (origin.start, PRIMARY)):
        change()
        took = watch(site.dns, limits, values, time.monotonic(), max(limits.values()) + 5)
        for name, limit in limits.items():
            print(f"{name} -> {values[0]}: {took.get(name, -1):.2f} s, limit {limit:.1f} s")
        # A web server needs its time to come up.
        slack = 0 if change == origin.kill else 2
        assert all(took[name] <= limit + slack for name, limit in limits.items()), took


def test_states_stay_while_checkers_are_away_also_over_a_restart(fleet):
    site = Site(fleet, checkers=2)
    with Endpoint(status=503) as down, Endpoint() as up:
        site.serve("down.site.test", down.check())
        site.serve("up.site.test", up.check())
        wait_values(site.dns, "down.site.test", SECONDARY)
        site.wait_voted("down", "up")
        assert site.dns.values("up.site.test") == PRIMARY
        site.control.kill()
        for checker in site.checkers:
            checker.kill()
        wait_for(lambda: site.dns.metric("weir_health_checks_frozen", role="dns") == 2, "frozen")
        up.status, down.status = 503, 200  # nobody sees it
        site.dns.kill()
        site.dns.start()
        for _ in range(20):
            assert site.dns.values("down.site.test") == SECONDARY
            assert site.dns.values("up.site.test") == PRIMARY
        status = site.dns.status()["checks"]
        assert (status["count"], status["frozen"], status["unhealthy"]) == (2, 2, 1)
        assert (status["checkers"], status["checkers_fresh"]) == (2, 0)
        shown = site.dns.weir("status").stdout
        assert "2 health checks, 1 unhealthy, 2 frozen; 0 of 2 checkers heard" in shown
        wait_for(lambda: "no votes count: health checks stay as they were" in site.dns.log(),
                 "the alarm")
        site.checkers[0].start()  # one is enough, and control still away
        wait_values(site.dns, "down.site.test", PRIMARY)
        wait_values(site.dns, "up.site.test", SECONDARY)
        assert site.dns.metric("weir_health_checks_frozen", role="dns") == 0


def test_what_a_hung_checker_thinks_counts_no_longer(fleet):
    site = Site(fleet, checkers=2)
    with Endpoint() as endpoint:
        site.serve("www.site.test", endpoint.check())
        site.wait_voted("www")
        hung = site.checkers[0]
        began = time.monotonic()
        hung.kill_process("check", signo=signal.SIGSTOP)  # its stream stays open and is silent
        endpoint.status = 500
        wait_values(site.dns, "www.site.test", SECONDARY)  # by the vote of the other
        print(f"after {time.monotonic() - began:.1f} s")
        assert "votes of a checker count no longer" in site.dns.log()
        wait_checkers(site.dns, 2)  # its watchdog has ended it, and it began anew
        assert site.dns.values("www.site.test") == SECONDARY


def test_a_new_name_server_does_not_call_healthy_what_checkers_know_to_be_down(fleet):
    site = Site(fleet)
    with Endpoint(status=404) as endpoint:
        site.serve("www.site.test", endpoint.check())
        wait_values(site.dns, "www.site.test", SECONDARY)
        site.dns.stop()
        (site.dns.dir / "dns-health").unlink()
        site.dns.start()
        assert site.dns.values("www.site.test") == SECONDARY  # from its first answer on


def test_an_explanation_is_by_the_votes(fleet):
    node = fleet.node("node", *FAST, roles="control,dns,check").start()
    zone = node.create_zone("site.test")
    with Endpoint(status=500) as endpoint:
        check = create_check(node, endpoint.check())
        node.wait_insync(node.change(zone, *failover("www.site.test", check)))
        wait_values(node, "www.site.test", SECONDARY)
        wait_for(lambda: node.metric("weir_health_checks_unhealthy", role="control") == 1,
                 "control to see it")
        client = node.boto()
        tested = client.test_dns_answer(HostedZoneId=zone, RecordName="www.site.test",
                                        RecordType="A")
        assert tested["RecordData"] == SECONDARY
        explained = node.weir("zone", "test", "site.test", "www.site.test", "A").stdout
        assert "'one' is unhealthy" in explained
        endpoint.status = 200
        wait_values(node, "www.site.test", PRIMARY)


def test_an_operators_file_wins_over_the_votes(fleet):
    health = fleet.path("health")
    health_text = "# nothing yet\n"
    with open(health, "w", encoding="utf-8") as file:
        file.write(health_text)
    node = fleet.node("node", *FAST, "--health-file", str(health),
                      roles="control,dns,check").start()
    zone = node.create_zone("site.test")
    with Endpoint() as endpoint:
        check = create_check(node, endpoint.check())
        node.wait_insync(node.change(zone, *failover("www.site.test", check)))
        wait_checkers(node, 1)
        wait_values(node, "www.site.test", PRIMARY)
        with open(health, "w", encoding="utf-8") as file:
            file.write(f"{check} unhealthy\n")
        wait_values(node, "www.site.test", SECONDARY)
        endpoint.status = 503
        wait_for(lambda: node.metric("weir_health_checks_unhealthy", role="dns") == 1, "the votes")
        with open(health, "w", encoding="utf-8") as file:
            file.write(f"{check} healthy\n")
        wait_values(node, "www.site.test", PRIMARY)
        with open(health, "w", encoding="utf-8") as file:
            file.write("# nothing more\n")
        wait_values(node, "www.site.test", SECONDARY)
