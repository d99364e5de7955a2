# SPDX-License-Identifier: Apache-2.0
"""Checkers that are away, hang, come back without their disk, or see what no other sees: nothing
fails over or back for the faults of our own parts alone."""

import contextlib
import os
import signal
import time

import pytest

from failover_site import (
    PRIMARY, SECONDARY, PartialEndpoint, WebProcess, http_check, put_pair)
from harness import SANITIZER, free_port, wait_for
from test_static_stability import pending_id

INTERVAL_S = 0.2  # of the 10 s class, by --check-interval-ms
# What a machine that is busy with other tests adds; the bound itself is printed beside.
SLACK_S = 10 if not SANITIZER else 60
FAST = ("--check-interval-ms", "200")


def answer(node, name):
    return node.values(name)


def wait_answer(node, name, value, what):
    """Seconds until the name server answers with it."""
    start = time.monotonic()
    wait_for(lambda: answer(node, name) == [value], what)
    return time.monotonic() - start


def test_an_endpoint_that_swallows_requests_fails_over(fleet):
    node = fleet.node("node", *FAST, roles="control,dns,check").start()
    zone_id = node.create_zone("failover.test")
    with WebProcess() as endpoint:
        check = http_check(node, "primary", endpoint.port, FailureThreshold=1)
        put_pair(node, zone_id, "www.failover.test", check)
        wait_for(lambda: node.metric("weir_votes", state="healthy") == 1, "a healthy vote")
        os.kill(endpoint.process.pid, signal.SIGSTOP)
        away_s = wait_answer(node, "www.failover.test", SECONDARY, "failover")
        assert node.metric("weir_probes_total", outcome="response_timeout") >= 1
        os.kill(endpoint.process.pid, signal.SIGCONT)
        wait_answer(node, "www.failover.test", PRIMARY, "fail back")
    assert away_s <= INTERVAL_S + 6 + 1 + SLACK_S  # connect and answer: 6 s at most


# ---- a fleet: control, a name server, three checkers, each a node of its own

ADDRESSES = ["127.0.0.11", "127.0.0.12", "127.0.0.13"]  # that the checkers probe from


class Site:
    """A fleet, and www.failover.test with a primary that is checked."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.control = fleet.node("control", "--nodes", f"127.0.0.1:{free_port()}",
                                  roles="control").start()
        self.peer_port = free_port()
        self.dns = self.join("dns1", "--peer-listen", f"127.0.0.1:{self.peer_port}", roles="dns")
        self.checkers = [
            self.join(f"check{i}", *FAST, "--check-source", address,
                      "--votes", f"127.0.0.1:{free_port()}", roles="check")
            for i, address in enumerate(ADDRESSES, 1)]
        self.zone_id = self.control.create_zone("failover.test")

    def join(self, name, *flags, roles):
        """A node, admitted."""
        node = self.fleet.node(
            name, "--control", f"https://{self.control.ready['nodes']}",
            "--fleet-root", str(self.control.dir / "fleet-root.pem"), *flags, roles=roles)
        node.start(wait=False)
        node.id = wait_for(lambda: pending_id(self.control), f"{name} asks to be admitted")
        self.control.weir("node", "admit", node.id)
        node.wait_ready()
        return node

    def watch(self, port):
        """The pair, with a check of the port by all three."""
        check = http_check(self.control, f"primary-{port}", port, FailureThreshold=2)
        put_pair(self.control, self.zone_id, "www.failover.test", check)
        self.wait_fresh(3)
        for checker in self.checkers:
            wait_for(lambda c=checker: c.metric("weir_votes", state="healthy") == 1,
                     "a healthy vote")
        self.expect(PRIMARY)

    def wait_fresh(self, count):
        wait_for(lambda: self.dns.metric("weir_health_checkers_fresh") == count,
                 f"{count} fresh checkers")

    def expect(self, value):
        assert answer(self.dns, "www.failover.test") == [value]

    def wait(self, value):
        wait_answer(self.dns, "www.failover.test", value, f"the answer {value}")

    @contextlib.contextmanager
    def hung(self, *checkers):
        """Their processes hold their connections and do nothing."""
        pids = [checker.processes()["check"] for checker in checkers]
        for checker in checkers:  # its supervisor, too, lest it starts another
            pids.append(checker.process.pid)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


@pytest.fixture
def site(fleet):
    return Site(fleet)


@pytest.mark.parametrize("away", [1, 2])
def test_without_some_checkers_the_others_decide(site, away):
    with WebProcess() as endpoint:
        site.watch(endpoint.port)
        with site.hung(*site.checkers[:away]):
            site.wait_fresh(3 - away)
            site.expect(PRIMARY)
            assert site.dns.metric("weir_health_checks_frozen") == 0
            endpoint.kill()
            site.wait(SECONDARY)
        site.wait_fresh(3)
        site.expect(SECONDARY)


def test_a_checker_without_its_disk_comes_back_with_and_without_control(site):
    with WebProcess() as endpoint:
        site.watch(endpoint.port)
        lost = site.checkers[0]
        lost.flags += ["--peer", f"https://127.0.0.1:{site.peer_port}"]
        for has_control in True, False:
            if not has_control:
                site.control.kill()
            lost.kill()
            for path in lost.dir.glob("node.db*"):
                path.unlink()
            site.wait_fresh(2)
            lost.start()
            site.wait_fresh(3)
            site.expect(PRIMARY)
        endpoint.kill()
        site.wait(SECONDARY)


def test_a_checker_that_cannot_reach_the_endpoint_is_an_outlier_and_can_be_excluded(site):
    with PartialEndpoint() as endpoint:
        site.watch(endpoint.port)
        endpoint.refuse(*ADDRESSES[:2])  # one of three still reaches it: more than 18%
        for checker in site.checkers[:2]:
            wait_for(lambda c=checker: c.metric("weir_votes", state="unhealthy") == 1, "its vote")
        site.expect(PRIMARY)
        endpoint.refuse(*ADDRESSES)
        site.wait(SECONDARY)
        endpoint.refuse(ADDRESSES[0])
        site.wait(PRIMARY)
        wait_for(lambda: site.dns.metric("weir_health_checkers_outliers") == 1, "an outlier",
                 deadline_s=120)
        outlier = site.checkers[0]
        assert outlier.id in site.dns.log()
        endpoint.refuse(*ADDRESSES[1:])  # it alone is well now, which is enough ...
        for checker in site.checkers[1:]:
            wait_for(lambda c=checker: c.metric("weir_votes", state="unhealthy") == 1, "its vote")
        wait_for(lambda: outlier.metric("weir_votes", state="healthy") == 1, "its vote")
        site.expect(PRIMARY)
        site.control.weir("checker", "exclude", outlier.id)
        site.wait(SECONDARY)  # ... unless its votes do not count
        assert outlier.id in site.control.weir("checker", "list").stdout
        site.control.weir("checker", "include", outlier.id)
        site.wait(PRIMARY)


def test_a_new_name_server_without_checkers_calls_healthy_what_was_never_checked(site):
    with site.hung(*site.checkers), WebProcess() as endpoint:
        check = http_check(site.control, "never", endpoint.port)
        put_pair(site.control, site.zone_id, "www.failover.test", check)
        endpoint.kill()
        site.expect(PRIMARY)


def test_the_state_of_a_check_is_as_the_checkers_see_it(site):
    client = site.control.boto()
    with PartialEndpoint() as endpoint:
        check = http_check(site.control, "status", endpoint.port, FailureThreshold=1)
        put_pair(site.control, site.zone_id, "www.failover.test", check)

        def reports(call):
            found = call(HealthCheckId=check)["HealthCheckObservations"]
            return sorted(o["StatusReport"]["Status"] for o in found)

        wait_for(lambda: [s[:7] for s in reports(client.get_health_check_status)] ==
                 ["Success"] * 3, "three reports of success")
        endpoint.refuse(*ADDRESSES)
        wait_for(lambda: all("503" in s for s in reports(client.get_health_check_status)),
                 "three reports of failure")
        endpoint.refuse()
        wait_for(lambda: [s[:7] for s in reports(client.get_health_check_status)] ==
                 ["Success"] * 3, "three reports of success")
        assert all("503" in s
                   for s in reports(client.get_health_check_last_failure_reason))
