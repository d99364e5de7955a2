# SPDX-License-Identifier: Apache-2.0
"""What one viewer sends must not become part of what the others get: each test is one way in which
caches were poisoned, or gave one viewer what was another's."""

import pytest

from conftest import Fleet
from harness import cf_behavior, cf_config, cf_origin
from raw import Viewer
from web import Origin, Page

ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"


def echo_host(seen):
    return Page(body=seen.fields["host"].encode())


def by_host(origin):
    """A behaviour whose key holds the host."""
    return {
        "TargetOriginId": origin, "ViewerProtocolPolicy": "allow-all",
        "MinTTL": 0, "DefaultTTL": 3600, "MaxTTL": 3600,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"},
                            "Headers": {"Quantity": 1, "Items": ["Host"]}},
    }


@pytest.fixture(scope="module")
def scene():
    """A node, and an origin that answers with the host it was asked for."""
    made = Fleet()
    try:
        with Origin() as origin:
            node = made.node().start()
            origin.default = echo_host
            shop = node.create_distribution(cf_config(
                [cf_origin("o", origin.port)],
                cf_behavior("o", OriginRequestPolicyId=ALL_VIEWER),
                cf_behavior("o", "CachingDisabled", "/live/*", OriginRequestPolicyId=ALL_VIEWER),
                aliases=["shop.example.com"]))
            twins = node.create_distribution(cf_config(
                [cf_origin("o", origin.port)], by_host("o"),
                aliases=["one.example.com", "two.example.com"]))
            checked = node.create_distribution(cf_config(
                [cf_origin("o", origin.port)],
                {**by_host("o"), "DefaultTTL": 0}, aliases=["checked.example.com"]))
            for distribution in (shop, twins, checked):
                node.wait_deployed(distribution["Id"])
            yield node, origin
    finally:
        made.end()


def ask_raw(node, head):
    """The body of the answer to these bytes."""
    with Viewer(node.ready["http"]) as viewer:
        viewer.send(head)
        return viewer.read_answer()[2]


def test_an_absolute_target_makes_the_key_whatever_host_says(scene):
    node, _ = scene
    head = b"GET http://one.example.com/a HTTP/1.1\r\nHost: two.example.com\r\n\r\n"
    assert ask_raw(node, head) == b"one.example.com"
    assert node.get("two.example.com", "/a").body == b"two.example.com"
    assert node.get("one.example.com", "/a").cache == "Hit"


def test_a_request_without_host_is_not_shared_between_hosts(scene):
    node, _ = scene
    for host in (b"one.example.com", b"two.example.com"):
        assert ask_raw(node, b"GET http://" + host + b"/b HTTP/1.0\r\n\r\n") == host


@pytest.mark.parametrize("host", ["shop.example.com:81", "shop.example.com.", "SHOP.example.com"])
def test_a_host_written_otherwise_does_not_reach_a_shared_answer(scene, host):
    node, _ = scene
    path = f"/c/{len(host)}{host[0]}"
    assert node.get(host, path).body == b"shop.example.com"
    answer = node.get("shop.example.com", path)
    assert (answer.cache, answer.body) == ("Hit", b"shop.example.com")


def test_a_kept_error_does_not_bring_one_viewers_cookie_to_others(scene):
    node, origin = scene
    origin.pages["/live/gone"] = Page(status=404, fields={"Set-Cookie": "session=first"})
    first = node.get("shop.example.com", "/live/gone")
    second = node.get("shop.example.com", "/live/gone")
    assert first.fields["set-cookie"] == "session=first"
    assert origin.count("/live/gone") == 1
    assert second.status == 404
    assert "set-cookie" not in second.fields


def page_of_account(seen):
    token = seen.fields["x-auth-token"]
    if token == "bad":
        return Page(status=500)
    return Page(body=token.encode(), fields={"Cache-Control": "no-cache", "ETag": f'"{token}"'})


def test_whoever_makes_the_origin_fail_gets_no_page_of_another(scene):
    node, origin = scene
    origin.pages["/me"] = page_of_account
    answers = [node.get("checked.example.com", "/me", headers={"X-Auth-Token": token})
               for token in ("alice", "bob", "bad")]
    assert [a.status for a in answers] == [200, 200, 500]
    assert answers[1].body == b"bob"
