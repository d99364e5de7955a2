# SPDX-License-Identifier: Apache-2.0
"""The protocol beside records: cookies, the server's name, CHAOS, who may ask, and how often."""

import socket

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from harness import DEADLINE_S, delete, split_address, upsert, wait_for

CLIENT = b"clientco"
BADCOOKIE = 23
COOKIE, NSID, EDE = 10, 3, 15


def ask(node, name="www.protocol.test", rdtype="A", *options, source=None, tcp=False, rdclass="IN"):
    """The answer to a query with the options, from a loopback address."""
    host, port = split_address(node.ready["dns"])
    query = dns.message.make_query(
        name, rdtype, rdclass, use_edns=0, options=[dns.edns.GenericOption(*o) for o in options])
    query.flags &= ~dns.flags.RD
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, host, port=port, timeout=DEADLINE_S, source=source)


def option(answer, code):
    """The data of the option; None where the answer has none."""
    found = [o for o in answer.options if int(o.otype) == code]
    return found[0].to_wire() if found else None


def ede(answer):
    data = option(answer, EDE)
    return None if data is None else int.from_bytes(data[:2], "big")


def serve(node):
    """The node with a zone."""
    zone = node.create_zone("protocol.test")
    node.wait_insync(node.change(zone, upsert("www.protocol.test", "A", "192.0.2.1")))
    return node


@pytest.fixture(scope="module")
def served(shared_node):
    return serve(shared_node)


def test_a_cookie_is_given_known_again_and_counted(served):
    first = ask(served, "www.protocol.test", "A", (COOKIE, CLIENT))
    cookie = option(first, COOKIE)
    assert len(cookie) == 24 and cookie[:8] == CLIENT and cookie[8] == 1
    assert first.rcode() == dns.rcode.NOERROR and first.answer
    assert option(ask(served, "www.protocol.test", "A", (COOKIE, cookie)), COOKIE) == cookie
    forged = cookie[:-1] + bytes([cookie[-1] ^ 1])
    again = ask(served, "www.protocol.test", "A", (COOKIE, forged))
    assert again.rcode() == dns.rcode.NOERROR and again.answer
    assert option(again, COOKIE)[:8] == CLIENT
    over_tcp = ask(served, "www.protocol.test", "A", (COOKIE, cookie), tcp=True)
    assert option(over_tcp, COOKIE) == cookie
    for shown, count in (("client", 1), ("valid", 2), ("invalid", 1)):
        assert served.metric("weir_dns_cookies_total", shown=shown) >= count


def test_a_cookie_is_of_one_address(served):
    cookie = option(ask(served, "www.protocol.test", "A", (COOKIE, CLIENT)), COOKIE)
    other = ask(served, "www.protocol.test", "A", (COOKIE, cookie), source="127.0.0.7")
    assert option(other, COOKIE) != cookie


def test_every_node_of_a_fleet_knows_the_cookies_of_the_others(fleet):
    control = serve(fleet.node("control", "--nodes", "127.0.0.1:0").start())
    follower = fleet.node(
        "follower", "--control", f"https://{control.ready['nodes']}",
        "--fleet-root", str(control.dir / "fleet-root.pem"), roles="dns",
    ).start(wait=False)
    waiting = wait_for(
        lambda: [line.split()[0] for line in control.weir("node", "list").stdout.splitlines()
                 if "pending" in line.lower()],
        "a node that asks to be admitted")
    control.weir("node", "admit", waiting[0])
    follower.wait_ready()
    cookie = option(ask(control, "www.protocol.test", "A", (COOKIE, CLIENT)), COOKIE)
    assert option(ask(follower, "www.protocol.test", "A", (COOKIE, cookie)), COOKIE) == cookie
    assert follower.metric("weir_dns_cookies_total", shown="valid") == 1
    follower.stop()
    follower.start()
    assert option(ask(follower, "www.protocol.test", "A", (COOKIE, cookie)), COOKIE) == cookie


def test_the_server_names_itself_where_that_is_switched_on(served, fleet):
    for name in ("version.bind", "version.server", "hostname.bind", "id.server"):
        assert ask(served, name, "TXT", rdclass="CH").rcode() == dns.rcode.REFUSED
    assert option(ask(served, "www.protocol.test", "A", (NSID, b"")), NSID) is None
    node = fleet.node("named", "--dns-nsid", "fra-1", "--dns-chaos").start()
    assert option(ask(node, "weir.test", "NS", (NSID, b"")), NSID) == b"fra-1"
    assert option(ask(node, "weir.test", "NS"), NSID) is None
    version = ask(node, "version.bind", "TXT", rdclass="CH")
    assert version.answer[0][0].strings[0].startswith(b"weir ")
    assert ask(node, "id.server", "TXT", rdclass="CH").answer[0][0].strings[0] == b"fra-1"


def test_a_refusal_says_why(served):
    assert ede(ask(served, "elsewhere.invalid")) == 20
    assert ede(ask(served, "www.protocol.test", "A", rdclass="HS")) == 21
    assert ede(ask(served)) is None


def test_who_may_ask_is_said_by_the_longest_network(fleet):
    node = fleet.node("lists", "--dns-deny", "127.0.0.0/24, ::1", "--dns-allow", "127.0.0.1",
                      "--dns-allow", "127.1.0.0/16").start()
    for source, is_allowed in (("127.0.0.1", True), ("127.0.0.2", False), ("127.1.2.3", True),
                               ("127.2.0.1", False)):
        for tcp in (False, True):
            answer = ask(node, "weir.test", "NS", source=source, tcp=tcp)
            assert answer.rcode() == (dns.rcode.NOERROR if is_allowed else dns.rcode.REFUSED)
            assert ede(answer) == (None if is_allowed else 18)
    assert node.metric("weir_dns_denied_total") == 4


def flood(node, source, queries):
    """The answers to many queries at once. The last one, to which no limit has come yet, says when
    all others are answered: one thread answers what one socket sends, in order."""
    last = dns.message.make_query("protocol.test", "NS")
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(DEADLINE_S)
        s.bind((source, 0))
        s.connect(split_address(node.ready["dns"]))
        for query in [*queries, last]:
            s.send(query.to_wire())
        while not answers or answers[-1].id != last.id:
            answers.append(dns.message.from_wire(s.recv(4096)))
    return answers[:-1]


def same(count, *options):
    """A name asked so many times."""
    return [dns.message.make_query(
        "www.protocol.test", "A", use_edns=0,
        options=[dns.edns.GenericOption(*o) for o in options])] * count


def with_answer(answers):
    return [a for a in answers if a.answer]


def limited_node(fleet, *flags):
    """Loopback is not exempt here, and one thread has the whole rate."""
    return serve(fleet.node("limited", "--dns-threads", "1", "--dns-rate-limit", "10",
                            "--dns-rate-exempt", "127.9.0.0/16", *flags).start())


def test_a_flood_is_cut_to_the_rate_and_slips_into_tc(fleet):
    node = limited_node(fleet)
    answers = flood(node, "127.5.0.1", same(110))
    # 10 at once, 10 more for each second that it took; of the others each second is truncated.
    whole = len(with_answer(answers))
    short = sum(1 for a in answers if a.flags & dns.flags.TC)
    assert 10 <= whole <= 40, "the rate"
    assert short == (110 - whole) // 2 and len(answers) == whole + short
    assert node.metric("weir_dns_rate_limited_total") == 110 - whole
    assert node.metric("weir_dns_rate_limited_total", action="truncated") == short
    # Others are not concerned: another network, another name, TCP, who is exempt, who has a cookie.
    assert ask(node, source="127.6.0.1").answer
    assert ask(node, "protocol.test", "SOA", source="127.5.0.1").answer
    assert ask(node, source="127.5.0.1", tcp=True).answer
    assert len(with_answer(flood(node, "127.9.0.1", same(100)))) == 100
    cookie = option(ask(node, "www.protocol.test", "A", (COOKIE, CLIENT), source="127.5.0.1",
                        tcp=True), COOKIE)
    assert len(with_answer(flood(node, "127.5.0.1", same(100, (COOKIE, cookie))))) == 100


def test_who_knows_cookies_gets_badcookie_beyond_the_rate(fleet):
    node = limited_node(fleet, "--dns-rate-slip", "1")
    answers = flood(node, "127.5.0.1", same(60, (COOKIE, CLIENT)))
    assert len(answers) == 60
    beyond = [a for a in answers if a.rcode() == BADCOOKIE]
    assert len(beyond) == 60 - len(with_answer(answers)) > 0
    assert all(len(option(a, COOKIE)) == 24 for a in beyond)
    assert node.metric("weir_dns_rate_limited_total", action="badcookie") == len(beyond)
    cookie = option(beyond[0], COOKIE)
    assert ask(node, "www.protocol.test", "A", (COOKIE, cookie), source="127.5.0.1").answer


@pytest.mark.parametrize("zone, rcode", [("protocol.test", "NXDOMAIN"), ("invalid", "REFUSED")])
def test_missing_names_of_a_zone_count_together_and_so_do_refusals(fleet, zone, rcode):
    node = limited_node(fleet, "--dns-rate-slip", "0")
    queries = [dns.message.make_query(f"x{i}.{zone}", "A") for i in range(60)]
    answers = flood(node, "127.7.0.1", queries)
    assert 10 <= len(answers) <= 40
    assert all(a.rcode() == dns.rcode.from_text(rcode) for a in answers)


def test_queries_are_counted_by_zone_and_type_over_restarts_of_the_role(fleet):
    node = serve(fleet.node("counted").start())
    other = node.create_zone("other.test")
    node.wait_insync(node.change(other, upsert("a.other.test", "TXT", '"x"')))
    for name, rdtype in (("www.protocol.test", "A"), ("no.protocol.test", "AAAA"),
                         ("a.other.test", "TXT"), ("elsewhere.invalid", "HTTPS")):
        ask(node, name, rdtype)
    ask(node, "a.other.test", "TYPE65280")
    zone = {"zone": "other.test.", "id": other}
    assert node.metric("weir_dns_zone_queries_total", zone="protocol.test.") == 2
    assert node.metric("weir_dns_zone_nxdomain_total", zone="protocol.test.") == 1
    assert node.metric("weir_dns_zone_queries_total", **zone) == 2
    assert node.metric("weir_dns_zone_nxdomain_total", **zone) == 0
    for qtype in ("A", "AAAA", "TXT", "HTTPS", "other"):
        assert node.metric("weir_dns_questions_total", qtype=qtype) == 1
    node.kill_process("dns")
    wait_for(lambda: node.admin("/healthz")[0] == 200, "the role's return")
    ask(node, "a.other.test", "TXT")
    assert node.metric("weir_dns_zone_queries_total", **zone) == 3
    node.wait_insync(node.change(other, delete("a.other.test", "TXT", '"x"')))
    node.boto().delete_hosted_zone(Id=other)
    wait_for(lambda: node.metric("weir_dns_zone_queries_total", **zone) == 0, "the zone's end")
    assert node.metric("weir_dns_zone_queries_total", zone="protocol.test.") == 2


@pytest.mark.parametrize("flags, reason", [
    (("--dnstap", "tcp:127.0.0.1:1"), "--dnstap: 'tcp:127.0.0.1:1' is not unix:PATH"),
    (("--dns-deny", "10.0.0.0/33"), "--dns-deny: '10.0.0.0/33' is no network"),
    (("--dns-nsid", "x" * 65), "--dns-nsid: at most 64 bytes"),
])
def test_a_setting_that_cannot_be_ends_the_start(fleet, flags, reason):
    node = fleet.node("bad", *flags).start(wait=False)
    assert node.process.wait(DEADLINE_S) == 1
    assert reason in node.log()


def test_a_tcp_client_is_told_how_long_it_may_be_idle(served):
    assert option(ask(served, "www.protocol.test", "A", (11, b""), tcp=True), 11) == b"\0\x64"
    assert option(ask(served, "www.protocol.test", "A", (11, b"")), 11) is None
    assert option(ask(served, tcp=True), 11) is None
