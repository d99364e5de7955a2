# SPDX-License-Identifier: Apache-2.0
"""Hints beside answers: what is accepted, and may still surprise."""

import pytest

from harness import upsert


@pytest.fixture(scope="module")
def client(shared_node):
    return shared_node.boto()


def hints_of(response):
    return response["ResponseMetadata"]["HTTPHeaders"].get("x-weir-hint", "").split(" | ")


def make_check(client, reference, **config):
    made = client.create_health_check(CallerReference=reference, HealthCheckConfig={
        "Type": "HTTP", "IPAddress": "10.0.0.1", **config})
    return made["HealthCheck"]["Id"], hints_of(made)


def put(client, zone_id, *changes):
    return hints_of(client.change_resource_record_sets(
        HostedZoneId=zone_id, ChangeBatch={"Changes": list(changes)}))


def pair(name, ttl, check_id=None):
    fields = {"HealthCheckId": check_id} if check_id else {}
    return [upsert(name, "A", "192.0.2.1", ttl=ttl, SetIdentifier="first", Failover="PRIMARY",
                   **fields),
            upsert(name, "A", "192.0.2.2", ttl=ttl, SetIdentifier="second", Failover="SECONDARY")]


def test_a_primary_without_a_check_is_pointed_out(shared_node, client):
    zone_id = shared_node.create_zone("hints-primary.example")
    hints = put(client, zone_id, *pair("www.hints-primary.example.", 10))
    assert hints == ["failover-without-check: www.hints-primary.example. 'first' is PRIMARY without"
                     " a health check: it never fails over."]
    assert "failover-without-check" in shared_node.log()
    assert put(client, zone_id, upsert("a.hints-primary.example.", "A", "192.0.2.1")) == [""]


def test_detection_and_ttl_over_a_minute_are_pointed_out(shared_node, client):
    zone_id = shared_node.create_zone("hints-slow.example")
    slow, _ = make_check(client, "hints-slow", RequestInterval=30)
    fast, _ = make_check(client, "hints-fast", RequestInterval=10)
    hints = put(client, zone_id, *pair("www.hints-slow.example.", 60, slow))
    assert hints == ["slow-recovery: www.hints-slow.example. 'first': clients may see a failure for"
                     " 157 s: 97 s until it is detected, and a TTL of 60 s."]
    assert put(client, zone_id, *pair("www.hints-slow.example.", 20, fast)) == [""]


def test_a_check_that_looks_behind_the_server_is_pointed_out(client):
    check_id, hints = make_check(client, "hints-deep", ResourcePath="/health/deep")
    assert len(hints) == 1
    assert hints[0].startswith(f"check-of-dependencies: Health check {check_id}")
    check_id, hints = make_check(client, "hints-shallow", ResourcePath="/health")
    assert hints == [""]
    updated = client.update_health_check(HealthCheckId=check_id, ResourcePath="/readiness")
    assert hints_of(updated)[0].startswith("check-of-dependencies")


def test_hints_of_many_names_stay_within_a_header_field(shared_node, client):
    zone_id = shared_node.create_zone("hints-many.example")
    label = "x" * 60
    hints = put(client, zone_id, *(change for i in range(40) for change in pair(
        f"n{i}.{label}.{label}.hints-many.example.", 10)))
    assert 2 <= len(hints) <= 16
    assert len(" | ".join(hints)) < 8192
