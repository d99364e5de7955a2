# SPDX-License-Identifier: Apache-2.0
"""The HTTPS listeners of the edge: their certificate, the hosts it does not fit, and viewers that
are sent there."""

import ssl

import pytest

from harness import ask_http, cf_behavior, cf_config, cf_origin, wait_for
from test_static_stability import nodes_of
from web import Origin


@pytest.fixture
def origin():
    with Origin() as made:
        yield made


def distribution(node, origin, **behavior):
    """A deployed distribution; its domain name."""
    made = node.create_distribution(
        cf_config([cf_origin("o", origin.port)], cf_behavior("o", **behavior),
                  aliases=["www.tls.test"]))
    node.wait_deployed(made["Id"])
    return made["DomainName"]


@pytest.mark.smoke
def test_a_distribution_is_served_by_its_own_name_under_the_local_authority(node, origin):
    name = distribution(node, origin)
    answer = node.get(name, "/a", tls=True)
    assert (answer.status, answer.cache, answer.body) == (200, "Miss", b"hello\n")
    assert node.get(name, "/a", tls=True).cache == "Hit"
    assert node.get(name, "/a").cache == "Hit"  # one cache for both
    # Whoever does not trust the local authority is not fooled.
    with pytest.raises(ssl.SSLCertVerificationError):
        ask_http(node.ready["https"], "www.tls.test", "/a", authority=node.dir / "ca.pem")


def test_hosts_that_the_certificate_does_not_fit_are_misdirected(node, origin):
    name = distribution(node, origin)
    address, authority = node.ready["https"], node.dir / "ca.pem"

    def ask(host):
        """Connects by the distribution's name, asks for another host."""
        return ask_http(address, host, "/a", authority=authority, server_name=name).status

    assert ask(name) == 200
    assert ask("www.elsewhere.test") == 421
    assert ask("nobody.cdn.weir.test") == 403
    # A name of a distribution is served, whatever certificate was shown.
    assert ask("www.tls.test") == 200


def test_viewers_are_sent_to_https_where_a_behaviour_says_so(node, origin):
    name = distribution(node, origin, ViewerProtocolPolicy="redirect-to-https")
    port = node.ready["https"].rsplit(":", 1)[1]
    answer = node.get(name, "/a?b=c")
    assert answer.status == 301
    assert answer.fields["location"] == f"https://{name}:{port}/a?b=c"
    assert answer.fields["x-cache"] == "Redirect from weir"
    assert node.get(name, "/a?b=c", tls=True).status == 200
    assert origin.count() == 1


def test_the_certificate_survives_a_restart(node, origin):
    name = distribution(node, origin)
    before = (node.dir / "edge.pem").read_bytes()
    node.stop()
    node.start()
    assert (node.dir / "edge.pem").read_bytes() == before
    assert node.get(name, "/a", tls=True).status == 200


def test_an_edge_without_control_has_an_authority_of_its_own(fleet, origin):
    control = fleet.node("control", "--nodes", "127.0.0.1:0", roles="control,dns").start()
    edge = fleet.node(
        "edge", "--control", f"https://{control.ready['nodes']}", "--fleet-root",
        str(control.dir / "fleet-root.pem"), roles="edge",
    ).start(wait=False)

    def admitted():
        pending = [n["Id"] for n in nodes_of(control) if n["State"].lower() == "pending"]
        for node_id in pending:
            control.weir("node", "admit", node_id)
        return bool(pending)

    wait_for(admitted, "the edge in the list")
    edge.wait_ready()
    name = distribution(control, origin)
    assert (edge.dir / "ca.pem").read_bytes() != (control.dir / "ca.pem").read_bytes()
    assert edge.get(name, "/a", tls=True).status == 200
    control.stop()
    assert edge.get(name, "/a", tls=True).cache == "Hit"
    assert edge.get(name, "/b", tls=True).cache == "Miss"
