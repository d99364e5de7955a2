# SPDX-License-Identifier: Apache-2.0
"""The check role by itself: what it probes, what it votes, who may read its votes."""

import json
import time

import pytest
from endpoints import Endpoint
from harness import free_port, wait_for
from test_static_stability import pending_id
from votes import follow, wait_votes

FAST = ("--check-interval-ms", "200")


@pytest.fixture
def checker(fleet):
    """One machine with a checker that probes five times a second."""
    return fleet.node("node", *FAST, roles="control,dns,check").start()


def create_check(node, config):
    made = node.boto().create_health_check(
        CallerReference=f"c-{time.monotonic_ns()}", HealthCheckConfig=config)
    return made["HealthCheck"]["Id"]


def wait_vote(node, check, **wanted):
    """The vote about the check once it has these fields."""
    def has(table):
        vote = table.votes.get(check)
        return vote is not None and all(vote[k] == v for k, v in wanted.items())

    table = wait_votes(node.ready["votes"], node.dir, has, f"{wanted} of {check}")
    return table.votes[check]


def test_votes_follow_the_endpoint(checker):
    with Endpoint() as endpoint:
        check = create_check(checker, endpoint.check())
        vote = wait_vote(checker, check, state="healthy", outcome="passed")
        assert vote["detail"] == 200 and vote["age_ms"] < 2000
        assert vote["first_byte_ms"] >= vote["connect_ms"] > 0
        path, fields = endpoint.requests[0]
        assert path == "/health"
        assert fields["Host"] == f"127.0.0.1:{endpoint.port}"
        assert check in fields["User-Agent"] and "Weir" in fields["User-Agent"]
        endpoint.status = 503
        vote = wait_vote(checker, check, state="unhealthy")
        assert (vote["outcome"], vote["detail"]) == ("bad_status", 503)
        endpoint.status = 301
        wait_vote(checker, check, state="healthy")
    wait_vote(checker, check, state="unhealthy", outcome="connect_failed")
    assert checker.metric("weir_probes_total", outcome="passed", role="check") > 2
    assert checker.metric("weir_probes_total", outcome="connect_failed", role="check") >= 2
    assert checker.metric("weir_probes_total", outcome="own_failure") == 0
    assert checker.metric("weir_probed_checks", role="check") == 1
    wait_for(lambda: checker.metric("weir_votes", state="unhealthy") == 1, "the vote in metrics")


def test_string_match_and_tcp_checks(checker):
    with Endpoint(body=b"x" * 5113 + b"healthy") as endpoint:
        match = create_check(checker, endpoint.check(Type="HTTP_STR_MATCH", SearchString="healthy"))
        behind = create_check(
            checker, endpoint.check(Type="HTTP_STR_MATCH", SearchString="healthy too"))
        tcp = create_check(checker, {"Type": "TCP", "IPAddress": "127.0.0.1",
                                     "Port": endpoint.port, "FailureThreshold": 1})
        closed = create_check(checker, {"Type": "TCP", "IPAddress": "127.0.0.1",
                                        "Port": free_port(), "FailureThreshold": 1})
        wait_vote(checker, match, state="healthy")
        wait_vote(checker, behind, state="unhealthy", outcome="no_match")
        wait_vote(checker, tcp, state="healthy")
        wait_vote(checker, closed, state="unhealthy", outcome="connect_failed")


def test_a_check_that_is_deleted_is_probed_no_more(checker):
    with Endpoint() as endpoint:
        check = create_check(checker, endpoint.check())
        wait_vote(checker, check, state="healthy")
        checker.boto().delete_health_check(HealthCheckId=check)
        wait_votes(checker.ready["votes"], checker.dir, lambda t: check not in t.votes, "its end")
        wait_for(lambda: checker.metric("weir_probed_checks", role="check") == 0, "no checks")


def test_tables_are_numbered_and_another_process_is_another_run(checker):
    with follow(checker.ready["votes"], checker.dir) as (status, tables):
        assert status == 200
        first, second, third = (next(tables) for _ in range(3))
        assert first.run == second.run == third.run
        assert [second.number, third.number] == [first.number + 1, first.number + 2]
        assert 800 <= third.made_ms - second.made_ms <= 5000
    checker.kill_process("check")
    wait_for(lambda: "check" in checker.processes(), "the checker again")
    again = wait_votes(checker.ready["votes"], checker.dir, lambda t: True, "a table")
    assert again.run != first.run


def test_votes_are_for_nodes_of_the_fleet_alone(fleet, checker):
    stranger = fleet.node("stranger", roles="control,dns").start()
    with follow(checker.ready["votes"], stranger.dir) as (status, _):
        assert status == 403
    with follow(checker.ready["votes"], checker.dir) as (status, tables):
        assert status == 200 and next(tables).number > 0


def test_a_checker_on_a_machine_of_its_own_probes_while_control_is_away(fleet):
    control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control,dns").start()
    node = fleet.node("checker", *FAST, "--control", f"https://{control.ready['nodes']}",
                      "--fleet-root", str(control.dir / "fleet-root.pem"), roles="check")
    node.start(wait=False)
    control.weir("node", "admit", wait_for(lambda: pending_id(control), "the checker asks"))
    node.wait_ready()
    with Endpoint() as endpoint:
        check = create_check(control, endpoint.check())
        wait_vote(node, check, state="healthy")
        control.kill()
        endpoint.status = 500
        wait_vote(node, check, state="unhealthy")
        node.kill()
        node.start()  # from its own disk
        wait_vote(node, check, state="unhealthy")


def listed(node):
    return json.loads(node.weir("checker", "list", "--json").stdout)["Checkers"]


def test_a_checker_is_known_by_itself_and_excluded_by_an_operator(checker):
    wait_for(lambda: len(listed(checker)) == 1, "the checker in the list")
    node_id = checker.status()["node"]
    (entry,) = listed(checker)
    assert (entry["Id"], entry["Votes"]) == (node_id, checker.ready["votes"])
    assert not entry["Excluded"]
    ranges = checker.boto().get_checker_ip_ranges()["CheckerIpRanges"]
    assert ranges == ["127.0.0.1/32"]
    checker.weir("checker", "exclude", node_id)
    assert listed(checker)[0]["Excluded"]
    wait_for(lambda: listed(checker)[0].get("Fresh"), "its votes at control")
    assert not listed(checker)[0]["Outlier"]
    row = checker.weir("checker", "list").stdout.splitlines()[1].split()
    assert row[0] == node_id and row[-1] == "yes"
    checker.stop()
    checker.start()
    wait_for(lambda: listed(checker)[0]["Votes"] == checker.ready["votes"], "its new address")
    assert listed(checker)[0]["Excluded"]
    checker.weir("checker", "include", node_id)
    assert not listed(checker)[0]["Excluded"]
    refused = checker.weir("checker", "exclude", "nobody", check=False)
    assert refused.returncode == 1 and "NoSuchNode" in refused.stderr
