# SPDX-License-Identifier: Apache-2.0
"""Malformed and odd messages, byte by byte, over UDP and TCP: what each is answered with. One that
is not answered is known by the answer to the query behind it."""

import contextlib
import socket
import struct

import dns.message
import pytest

from harness import DEADLINE_S, split_address, upsert

DROPPED = None
ID = 0x1234
SENTINEL_ID = 0xFEED

NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 3, 4, 5
BADVERS, BADCOOKIE = 16, 23

IN, CH, HS, NONE, ANY = 1, 3, 4, 254, 255
A, NS, SOA, TXT, OPT, TSIG, IXFR, AXFR, TYPE_ANY = 1, 2, 6, 16, 41, 250, 251, 252, 255


def name(text):
    """Wire form, in the case of the text."""
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


WWW = name("www.messages.test")


def header(flags=0, counts=(1, 0, 0, 0)):
    return struct.pack(">6H", ID, flags, *counts)


def question(qname=WWW, qtype=A, qclass=IN):
    return qname + struct.pack(">2H", qtype, qclass)


def record(owner, rtype, data=b"", rclass=IN, ttl=0):
    return owner + struct.pack(">2HIH", rtype, rclass, ttl, len(data)) + data


def option(code, data=b"", length=None):
    return struct.pack(">2H", code, len(data) if length is None else length) + data


def opt(options=b"", size=1232, version=0, flags=0, owner=b"\0", rcode=0):
    return record(owner, OPT, options, size, rcode << 24 | version << 16 | flags)


def query(qname=WWW, qtype=A, qclass=IN, flags=0):
    return header(flags) + question(qname, qtype, qclass)


def with_opt(*options, **fields):
    return header(counts=(1, 0, 0, 1)) + question() + opt(b"".join(options), **fields)


def subnet(family, source, scope, address):
    return option(8, struct.pack(">HBB", family, source, scope) + address)


LONG = b"\x3f" + b"x" * 63
CLIENT = b"clientco"

# What is sent, and the RCODE of the answer. A question that can be read is echoed byte for byte.
MESSAGES = {
    # the header
    "nothing": (b"", DROPPED),
    "one byte": (b"\x12", DROPPED),
    "a header cut short": (header()[:11], DROPPED),
    "a response": (query(flags=0x8000), DROPPED),
    "a response of another opcode": (query(flags=0xA800), DROPPED),
    "a header alone": (header(), FORMERR),
    "a header that counts nothing": (header(counts=(0, 0, 0, 0)), FORMERR),
    "flags that a query does not have": (query(flags=0x0660 | 0x0200), NOERROR),
    "recursion desired": (query(flags=0x0100), NOERROR),
    "checking disabled": (query(flags=0x0010), NOERROR),
    "an RCODE in a query": (query(flags=0x000F), NOERROR),
    # opcodes
    "inverse query": (query(flags=1 << 11), NOTIMP),
    "status": (query(flags=2 << 11), NOTIMP),
    "opcode 3": (query(flags=3 << 11), NOTIMP),
    "notify": (query(qtype=SOA, flags=4 << 11), NOTIMP),
    "update": (query(qtype=SOA, flags=5 << 11), NOTIMP),
    "stateful operations": (header(6 << 11, (0, 0, 0, 0)), NOTIMP),
    "opcode 15": (query(flags=15 << 11), NOTIMP),
    # questions
    "two questions": (header(counts=(2, 0, 0, 0)) + question() * 2, FORMERR),
    "two questions counted, one there": (header(counts=(2, 0, 0, 0)) + question(), FORMERR),
    "65535 questions": (header(counts=(65535, 0, 0, 0)) + question(), FORMERR),
    "no question": (header(counts=(0, 0, 0, 0)) + question(), FORMERR),
    "a question cut in its class": (query()[:-1], FORMERR),
    "a question without a class": (query()[:-2], FORMERR),
    "a question without a type": (query()[:-4], FORMERR),
    "a name without an end": (header() + WWW[:-1], FORMERR),
    "a label longer than the message": (header() + b"\x3fwww", FORMERR),
    "a name of 255 bytes": (query(LONG * 3 + b"\x3d" + b"y" * 61 + b"\0"), REFUSED),
    "a name of 256 bytes": (query(LONG * 3 + b"\x3e" + b"y" * 62 + b"\0"), FORMERR),
    "a label of 64 bytes": (query(b"\x40" + b"x" * 64 + b"\0"), FORMERR),
    "an extended label": (query(b"\x41\x01\x80\0"), FORMERR),
    "a reserved label": (query(b"\x80\0"), FORMERR),
    "a pointer to itself": (query(b"\xc0\x0c"), FORMERR),
    "a pointer to the header": (query(b"\xc0\x00"), FORMERR),
    "a pointer forward": (query(b"\xc0\x20"), FORMERR),
    "a pointer behind a label": (query(b"\x03www\xc0\x0c"), FORMERR),
    "half a pointer": (header() + b"\xc0", FORMERR),
    "the root": (query(b"\0", NS), REFUSED),
    "a zero byte in a label": (query(b"\x03w\0w" + name("messages.test")), NXDOMAIN),
    "a dot in a label": (query(b"\x03w.w" + name("messages.test")), NXDOMAIN),
    "bytes above 127": (query(b"\x03\xff\xfe\xfd" + name("messages.test")), NXDOMAIN),
    "127 labels": (query(b"\x01a" * 127 + b"\0"), REFUSED),
    "a name in mixed case": (query(name("wWw.MeSSages.TEST")), NOERROR),
    # classes and types
    "class CHAOS": (query(name("version.bind"), TXT, CH), REFUSED),
    "class HESIOD": (query(qclass=HS), REFUSED),
    "class NONE": (query(qclass=NONE), REFUSED),
    "class ANY": (query(qclass=ANY), REFUSED),
    "class 0": (query(qclass=0), REFUSED),
    "type 0": (query(qtype=0), NOERROR),
    "type 65535": (query(qtype=65535), NOERROR),
    "type OPT as a question": (query(qtype=OPT), NOERROR),
    "type TSIG as a question": (query(qtype=TSIG), NOERROR),
    "type ANY": (query(qtype=TYPE_ANY), NOERROR),
    "another name": (query(name("elsewhere.invalid")), REFUSED),
    # other sections
    "an answer in a query": (header(counts=(1, 1, 0, 0)) + question() + record(WWW, A, b"\1\2\3\4"),
                             FORMERR),
    "an authority record": (header(counts=(1, 0, 1, 0)) + question() + record(WWW, A, b"\1\2\3\4"),
                            NOERROR),
    "an additional record": (
        header(counts=(1, 0, 0, 1)) + question() + record(b"\xc0\x0c", A, b"\0"), NOERROR),
    "an additional record that is not there": (header(counts=(1, 0, 0, 1)) + question(), FORMERR),
    "an additional record cut short": (
        header(counts=(1, 0, 0, 1)) + question() + b"\0\0\1\0", FORMERR),
    "data longer than the message": (
        header(counts=(1, 0, 0, 1)) + question() + record(b"\0", A, b"123456789")[:-1], FORMERR),
    "a byte behind": (query() + b"\0", FORMERR),
    "a query behind": (query() + query(), FORMERR),
    # EDNS
    "EDNS": (with_opt(), NOERROR),
    "EDNS with DO": (with_opt(flags=0x8000), NOERROR),
    "EDNS with flags of the future": (with_opt(flags=0x7FFF), NOERROR),
    "EDNS version 1": (with_opt(version=1), BADVERS),
    "EDNS version 255 with options of its own": (with_opt(b"\0", version=255), BADVERS),
    "EDNS of a size below 512": (with_opt(size=0), NOERROR),
    "EDNS of 65535 bytes": (with_opt(size=65535), NOERROR),
    "EDNS with an RCODE": (with_opt(rcode=255), NOERROR),
    "two OPT": (header(counts=(1, 0, 0, 2)) + question() + opt() + opt(), FORMERR),
    "OPT of a name": (with_opt(owner=WWW), FORMERR),
    "OPT in the authority section": (header(counts=(1, 0, 1, 0)) + question() + opt(), FORMERR),
    "OPT in the answer section": (header(counts=(1, 1, 0, 0)) + question() + opt(), FORMERR),
    "OPT before another record": (
        header(counts=(1, 0, 0, 2)) + question() + opt() + record(WWW, A, b"\1\2\3\4"), NOERROR),
    "OPT without a question": (header(counts=(0, 0, 0, 1)) + opt(), FORMERR),
    "an option cut short": (with_opt(b"\0\x0a\0"), FORMERR),
    "an option longer than OPT": (with_opt(option(10, CLIENT, length=9)), FORMERR),
    "an unknown option": (with_opt(option(65001, b"x" * 20)), NOERROR),
    "an empty unknown option": (with_opt(option(65001)), NOERROR),
    "padding": (with_opt(option(12, b"\0" * 100)), NOERROR),
    "17 options": (with_opt(*[option(65001)] * 17), FORMERR),
    # options that are understood
    "a client's cookie": (with_opt(option(10, CLIENT)), NOERROR),
    "a cookie of somebody": (with_opt(option(10, CLIENT + b"s" * 16)), NOERROR),
    "a cookie of 7 bytes": (with_opt(option(10, CLIENT[:7])), FORMERR),
    "a cookie of 15 bytes": (with_opt(option(10, CLIENT + b"s" * 7)), FORMERR),
    "a cookie of 40 bytes": (with_opt(option(10, CLIENT + b"s" * 32)), NOERROR),
    "a cookie of 41 bytes": (with_opt(option(10, CLIENT + b"s" * 33)), FORMERR),
    "an empty cookie": (with_opt(option(10)), FORMERR),
    "a request for a cookie": (header(counts=(0, 0, 0, 1)) + opt(option(10, CLIENT)), NOERROR),
    "a request with a wrong cookie": (
        header(counts=(0, 0, 0, 1)) + opt(option(10, CLIENT + b"s" * 16)), BADCOOKIE),
    "a client subnet": (with_opt(subnet(1, 24, 0, b"\xc0\0\2")), NOERROR),
    "a client subnet of nobody": (with_opt(subnet(0, 0, 0, b"")), NOERROR),
    "a client subnet with a scope": (with_opt(subnet(1, 24, 24, b"\xc0\0\2")), FORMERR),
    "a client subnet that is too long": (with_opt(subnet(1, 24, 0, b"\xc0\0\2\1")), FORMERR),
    "a client subnet with spare bits": (with_opt(subnet(1, 23, 0, b"\xc0\0\3")), FORMERR),
    "a client subnet of 33 bits": (with_opt(subnet(1, 33, 0, b"\xc0\0\2\1\0")), FORMERR),
    "a client subnet of no family": (with_opt(subnet(9, 0, 0, b"")), FORMERR),
    "a client subnet cut short": (with_opt(option(8, b"\0\1\x18")), FORMERR),
    "a name of the server wanted": (with_opt(option(3)), NOERROR),
}

assert len(MESSAGES) >= 60


@pytest.fixture(scope="module")
def served(shared_node):
    node = shared_node
    zone = node.create_zone("messages.test")
    node.wait_insync(node.change(zone, upsert("www.messages.test", "A", "192.0.2.1")))
    return node


def sentinel():
    return struct.pack(">6H", SENTINEL_ID, 0, 1, 0, 0, 0) + question()


def ask_udp(node, message):
    """The answer to the message; None where the query behind it is answered first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(DEADLINE_S)
        s.connect(split_address(node.ready["dns"]))
        s.send(message)
        s.send(sentinel())
        answers = [s.recv(65535)]
        if struct.unpack(">H", answers[0][:2])[0] == ID:
            answers.append(s.recv(65535))
    assert struct.unpack(">H", answers[-1][:2])[0] == SENTINEL_ID
    return answers[0] if len(answers) == 2 else None


def framed(message):
    return struct.pack(">H", len(message)) + message


def read_framed(stream):
    head = stream.read(2)
    return stream.read(struct.unpack(">H", head)[0]) if len(head) == 2 else None


def ask_tcp(node, message):
    """The answer to the message; None where the server ends the connection instead."""
    with socket.create_connection(split_address(node.ready["dns"]), DEADLINE_S) as s:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            s.sendall(framed(message) + framed(sentinel()))
        with s.makefile("rb") as stream:
            try:
                answer = read_framed(stream)
                behind = read_framed(stream)
            except ConnectionResetError:
                return None
    assert (answer is None) == (behind is None)
    return answer


def readable_question(message):
    """The bytes that the answer must echo; empty where there is no question to read."""
    try:
        at = 12
        while message[at] != 0:
            if message[at] > 63 or at - 12 + message[at] + 1 > 254:
                return b""
            at += message[at] + 1
        end = at + 5
        return message[12:end] if end <= len(message) else b""
    except IndexError:
        return b""


class Answer:
    """What a test looks at. dnspython does not know every opcode and option that is sent here."""

    def __init__(self, wire):
        self.flags, self.questions, *self.counts = struct.unpack(">5H", wire[2:12])
        self.rcode = self.flags & 15
        at = 12
        for _ in range(self.questions):
            at = self.skip_name(wire, at) + 4
        for _ in range(sum(self.counts)):
            at = self.skip_name(wire, at)
            rtype, _, ttl, length = struct.unpack(">2HIH", wire[at : at + 10])
            at += 10 + length
            if rtype == OPT:
                self.rcode |= ttl >> 24 << 4
        assert at == len(wire)

    @staticmethod
    def skip_name(wire, at):
        while 0 < wire[at] < 0xC0:
            at += wire[at] + 1
        return at + (2 if wire[at] else 1)


def check(message, answer, expected):
    if expected is DROPPED:
        assert answer is None
        return
    assert answer is not None
    sent_flags, sent_questions = struct.unpack(">2H", message[2:6])
    got = Answer(answer)
    assert got.flags & 0x8000, "QR"
    assert got.flags & 0x7900 == sent_flags & 0x7900, "opcode and RD are those of the query"
    assert got.flags & 0x00F0 == 0, "RA, Z, AD and CD are clear"
    assert got.rcode == expected
    if got.questions == 1:
        asked = readable_question(message)
        assert answer[12 : 12 + len(asked)] == asked
    elif expected not in (NOTIMP, FORMERR):
        assert sent_questions == 0
    if expected not in (NOERROR, NXDOMAIN):
        assert got.counts[:2] == [0, 0]
    if expected == NXDOMAIN:
        assert got.counts[:2] == [0, 1]


@pytest.mark.parametrize("case", MESSAGES)
def test_a_message_gets_its_answer_over_udp(served, case):
    message, expected = MESSAGES[case]
    check(message, ask_udp(served, message), expected)


@pytest.mark.parametrize("case", MESSAGES)
def test_and_the_same_over_tcp(served, case):
    message, expected = MESSAGES[case]
    check(message, ask_tcp(served, message), expected)


def test_a_question_comes_back_in_the_case_it_was_asked_in(served):
    asked = query(name("wWw.MeSSages.TEST"))
    answer = ask_udp(served, asked)
    assert answer[12 : len(asked)] == asked[12:]
    parsed = dns.message.from_wire(answer)
    assert parsed.answer[0].name.to_text() == "wWw.MeSSages.TEST."


def test_any_over_udp_is_one_set_and_over_tcp_all(served):
    any_query = query(name("messages.test"), TYPE_ANY)
    assert len(dns.message.from_wire(ask_udp(served, any_query)).answer) == 1
    assert len(dns.message.from_wire(ask_tcp(served, any_query)).answer) == 2


def test_negative_answers_last_as_long_as_the_soa_says(served):
    """RFC 2308: the SOA's TTL in a negative answer is the lesser of its TTL and its minimum."""
    soa = dns.message.from_wire(ask_udp(served, query(name("messages.test"), SOA))).answer[0]
    for asked in (query(name("no.messages.test")), query(qtype=TXT)):
        negative = dns.message.from_wire(ask_udp(served, asked)).authority[0]
        assert negative.ttl == min(soa.ttl, soa[0].minimum)
        assert negative[0] == soa[0]


def test_edns_is_answered_with_edns_and_only_then(served):
    assert dns.message.from_wire(ask_udp(served, query())).edns == -1
    answered = dns.message.from_wire(ask_udp(served, with_opt(flags=0xFFFF)))
    assert answered.edns == 0
    assert answered.ednsflags == 0x8000, "DO is echoed, what is reserved is not"
    assert answered.payload == 1232
