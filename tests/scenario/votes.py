# SPDX-License-Identifier: Apache-2.0
"""The votes of a checker, read as a node of its fleet reads them: over mutual TLS with the node's
own identity."""

import contextlib
import http.client
import ssl
import struct
import uuid

from harness import DEADLINE_S, split_address, wait_for

STATES = ["unknown", "healthy", "unhealthy"]
OUTCOMES = ["none", "passed", "not_resolved", "connect_timeout", "connect_failed", "tls_failed",
            "response_timeout", "bad_response", "bad_status", "body_timeout", "no_match", "closed",
            "own_failure"]


class Table:
    """One table: run, number, and {check id: vote} with votes as dicts."""

    def __init__(self, data):
        version, count, self.run, self.number, self.made_ms = struct.unpack(">BxxxIQQQ", data[:32])
        assert version == 1 and len(data) == 32 + 30 * count
        self.votes = {}
        for at in range(32, len(data), 30):
            check, state, outcome, detail, age_ms, connect_ms, tls_ms, first_byte_ms = (
                struct.unpack(">16sBBHIHHH", data[at : at + 30]))
            self.votes[str(uuid.UUID(bytes=check))] = {
                "state": STATES[state], "outcome": OUTCOMES[outcome], "detail": detail,
                "age_ms": age_ms, "connect_ms": connect_ms, "tls_ms": tls_ms,
                "first_byte_ms": first_byte_ms}


@contextlib.contextmanager
def follow(address, identity_dir):
    """(status, tables as they come) of the stream of votes; None for tables where it is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a node compares the key with its root's
    context.load_cert_chain(f"{identity_dir}/identity.pem", f"{identity_dir}/identity.key")
    connection = http.client.HTTPSConnection(
        *split_address(address), timeout=DEADLINE_S, context=context)
    with contextlib.closing(connection):
        connection.request("GET", "/feed/votes")
        answer = connection.getresponse()
        yield answer.status, tables_of(answer) if answer.status == 200 else None


def tables_of(answer):
    while True:
        head = answer.read(4)
        if len(head) < 4:
            return
        data = answer.read(struct.unpack(">I", head)[0])
        if data:
            yield Table(data)


def wait_votes(address, identity_dir, condition, what, tables=60):
    """The first of so many tables, a second apart, for which the condition holds."""
    table = None

    def is_welcome():
        with follow(address, identity_dir) as (status, _):
            return status == 200

    wait_for(is_welcome, "a checker that knows the nodes of its fleet")
    with follow(address, identity_dir) as (status, stream):
        assert status == 200
        for _, table in zip(range(tables), stream):
            if condition(table):
                return table
    raise AssertionError(f"{what}: {table and table.votes}")
