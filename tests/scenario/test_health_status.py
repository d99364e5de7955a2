# SPDX-License-Identifier: Apache-2.0
"""What checkers say of an endpoint, as clients are told it."""

import datetime
import json

import pytest

from endpoints import Endpoint
from harness import wait_for
from test_static_stability import dns_node, pending_id


@pytest.fixture
def endpoint():
    with Endpoint() as made:
        yield made


def test_clients_are_told_what_each_checker_sees(fleet, endpoint):
    node = fleet.node("node", "--check-interval-ms", "200", roles="control,dns,check").start()
    client = node.boto()
    check = client.create_health_check(CallerReference="told", HealthCheckConfig=endpoint.check(
        FailureThreshold=1))["HealthCheck"]["Id"]

    def seen(call):
        return [o["StatusReport"]["Status"]
                for o in call(HealthCheckId=check)["HealthCheckObservations"]]

    def wait_for_status(words):
        wait_for(lambda: seen(client.get_health_check_status) == [words], words)

    def states():
        listed = json.loads(node.weir("health", "list", "--json").stdout)
        return {c["Id"]: (c["State"], c["Frozen"]) for c in listed}

    good, bad = "Success: HTTP Status Code 200", "Failure: HTTP Status Code 503"
    wait_for_status(good)
    assert seen(client.get_health_check_last_failure_reason) == []
    wait_for(lambda: states() == {check: ("healthy", False)}, "the state")
    endpoint.status = 503
    wait_for_status(bad)
    wait_for(lambda: states() == {check: ("unhealthy", False)}, "the state")
    table = node.weir("health", "list").stdout
    assert f"http://127.0.0.1:{endpoint.port}/health" in table and "unhealthy" in table
    (failure,) = client.get_health_check_last_failure_reason(
        HealthCheckId=check)["HealthCheckObservations"]
    age = datetime.datetime.now(datetime.timezone.utc) - failure["StatusReport"]["CheckedTime"]
    assert failure["IPAddress"] == "127.0.0.1" and abs(age.total_seconds()) < 60
    endpoint.status = 200
    wait_for_status(good)
    assert seen(client.get_health_check_last_failure_reason) == [bad]
    assert client.get_checker_ip_ranges()["CheckerIpRanges"] == ["127.0.0.1/32"]


def test_a_control_without_other_roles_hears_checkers_of_other_machines(fleet, endpoint):
    control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control").start()
    dns_node(fleet, "dns", control)
    checker = fleet.node("checker", "--check-interval-ms", "200", "--votes", "127.0.0.1:0",
                         "--control", f"https://{control.ready['nodes']}", "--fleet-root",
                         str(control.dir / "fleet-root.pem"), roles="check")
    checker.start(wait=False)
    control.weir("node", "admit", wait_for(lambda: pending_id(control), "the checker in the list"))
    checker.wait_ready()
    client = control.boto()
    check = client.create_health_check(CallerReference="far", HealthCheckConfig={
        "Type": "TCP", "IPAddress": "127.0.0.1", "Port": endpoint.port, "RequestInterval": 10,
        "FailureThreshold": 1})["HealthCheck"]["Id"]
    wait_for(lambda: [o["StatusReport"]["Status"][:7] for o in client.get_health_check_status(
        HealthCheckId=check)["HealthCheckObservations"]] == ["Success"], "a vote")
    # Its votes come no more: the state stays, frozen, and is shown so.
    checker.kill()
    wait_for(lambda: "healthy, frozen" in control.weir("health", "list").stdout, "a frozen state")
    assert "unhealthy" not in control.weir("health", "list").stdout
