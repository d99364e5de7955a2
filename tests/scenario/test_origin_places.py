# SPDX-License-Identifier: Apache-2.0
"""Where origins are: names that resolve, change and stop resolving; places where they must not be;
how failures look to viewers."""

import contextlib
import socket
import threading

import dns.message
import dns.rcode
import dns.rrset
import pytest

from harness import cf_behavior, cf_config, cf_origin, free_port, wait_for
from web import Origin, Page


class NameServer:
    """Answers A questions over UDP. addresses: {name: address}; is_sick: SERVFAIL to everything."""

    def __init__(self):
        self.addresses = {}
        self.is_sick = False
        self.questions = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                data, peer = self.socket.recvfrom(4096)
                if not data:
                    return
                self.questions += 1
                self.socket.sendto(self.answer(dns.message.from_wire(data)).to_wire(), peer)

    def answer(self, query):
        answer = dns.message.make_response(query)
        name = query.question[0].name
        address = self.addresses.get(name.to_text(omit_final_dot=True))
        if self.is_sick:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif address is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif query.question[0].rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(name, 0, "IN", "A", address))
        return answer


@pytest.fixture(name="names")
def make_names():
    with NameServer() as made:
        yield made


@pytest.fixture(name="origin")
def make_origin():
    with Origin(**{"/": Page(b"from the origin\n")}) as made:
        yield made


def deploy(node, *origins, **behavior):
    """A distribution with a path pattern /ID* for each origin; its domain name."""
    patterns = [cf_behavior(o["Id"], "CachingDisabled", f"/{o['Id']}*", **behavior)
                for o in origins]
    made = node.create_distribution(
        cf_config(origins, cf_behavior(origins[0]["Id"], "CachingDisabled", **behavior),
                  *patterns))
    node.wait_deployed(made["Id"])
    return made["DomainName"]


def test_an_origin_is_found_by_name_and_not_lost_when_name_servers_fail(fleet, names, origin):
    names.addresses["origin.test"] = "127.0.0.1"
    # Each thread knows the names that it has asked for: with one it is always the same.
    node = fleet.node("node", "--resolver", names.address, "--edge-threads", "1").start()
    host = deploy(node, cf_origin("o", origin.port, "origin.test"))
    assert node.get(host, "/").body == b"from the origin\n"

    # Name servers fail for longer than a TTL: asked in vain, and the last good address serves.
    names.is_sick = True

    def is_asked_in_vain():
        assert node.get(host, "/").status == 200
        return node.metric("weir_resolver_stale_total", role="edge") > 0

    wait_for(is_asked_in_vain, "an answer with an address of before")

    # They are back, and say that there is no such name any more.
    names.is_sick = False
    names.addresses.clear()
    answer = wait_for(
        lambda: (a := node.get(host, "/")).status == 502 and a, "the end of the name")
    assert b"could not be resolved" in answer.body
    assert node.metric("weir_origin_failures_total", role="edge", **{"class": "no_address"}) > 0

    names.addresses["origin.test"] = "127.0.0.1"
    wait_for(lambda: node.get(host, "/").status == 200, "the name again")


def test_origins_are_never_the_nodes_own_listeners_or_metadata_services(fleet, names, origin):
    names.addresses["metadata.test"] = "169.254.169.254"
    names.addresses["inside.test"] = "127.0.0.1"
    api, admin = free_port(), free_port()
    node = fleet.node("node", "--resolver", names.address, "--api", f"127.0.0.1:{api}",
                      "--admin", f"127.0.0.1:{admin}").start()
    forbidden = [
        cf_origin("metadata", 80, "169.254.169.254"), cf_origin("named", 80, "metadata.test"),
        cf_origin("api", api), cf_origin("admin", admin), cf_origin("zero", admin, "0.0.0.0"),
        cf_origin("inside", api, "inside.test"),
    ]
    host = deploy(node, cf_origin("good", origin.port), *forbidden)
    for place in forbidden:
        answer = node.get(host, f"/{place['Id']}")
        assert (answer.status, answer.cache) == (502, "Error"), place
        assert b"must not" in answer.body
        assert place["DomainName"].encode() not in answer.body
    assert node.get(host, "/good").status == 200
    count = node.metric("weir_origin_failures_total", role="edge", **{"class": "forbidden"})
    assert count == len(forbidden)


def test_failures_of_origins_have_their_statuses_and_reasons(fleet):
    nobody = free_port()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        quick = {"ConnectionAttempts": 1}
        slow = cf_origin("slow", silent.getsockname()[1], **quick)
        slow["CustomOriginConfig"]["OriginReadTimeout"] = 1
        node = fleet.node("node").start()
        host = deploy(node, slow, cf_origin("nobody", nobody, **quick))
        answer = node.get(host, "/slow")
        assert (answer.status, answer.cache) == (504, "Error")
        assert b"did not answer in time" in answer.body
        answer = node.get(host, "/nobody")
        assert (answer.status, answer.cache) == (502, "Error")
        assert b"refused" in answer.body
        assert str(nobody).encode() not in answer.body


def test_an_https_origin_must_be_who_it_is(fleet, names, origin):
    # The origin is another machine of Weir, with a certificate of that one's local authority.
    first = fleet.node("first").start()
    name = deploy(first, cf_origin("o", origin.port))
    names.addresses[name] = names.addresses["other.test"] = "127.0.0.1"
    port = int(first.ready["https"].rsplit(":", 1)[1])

    def secure(origin_id, host):
        made = cf_origin(origin_id, 80, host, ConnectionAttempts=1)
        made["CustomOriginConfig"].update(HTTPSPort=port, OriginProtocolPolicy="https-only")
        return made

    second = fleet.node("second", "--resolver", names.address,
                        "--origin-ca", str(first.dir / "ca.pem")).start()
    host = deploy(second, secure("right", name), secure("wrong", "other.test"))
    assert second.get(host, "/").body == b"from the origin\n"
    answer = second.get(host, "/wrong")  # trusted, but for another name
    assert (answer.status, answer.cache) == (502, "Error")
    assert b"no secure connection" in answer.body
    assert second.metric("weir_origin_failures_total", role="edge", **{"class": "tls"}) == 1
