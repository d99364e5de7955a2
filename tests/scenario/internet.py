# SPDX-License-Identifier: Apache-2.0
"""A name server that stands for the internet: answers over UDP on a port of 127.0.0.1 what a test
says, and remembers what it was asked."""

import collections
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class Internet:
    """sets: {(name with final dot, type): (ttl, [values])}; a name without sets does not exist.
    `mode`: "answer", "fail" (SERVFAIL) or "silent"."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.sets = {}
        self.mode = "answer"
        self.questions = collections.Counter()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def put(self, name, rdtype, ttl, *values):
        self.sets[name, rdtype] = (ttl, list(values))

    def serve(self):
        while True:
            try:
                wire, client = self.socket.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return
            answer = self.answer(dns.message.from_wire(wire))
            if answer is not None:
                self.socket.sendto(answer.to_wire(), client)

    def answer(self, query):
        name = query.question[0].name.to_text().lower()
        rdtype = dns.rdatatype.to_text(query.question[0].rdtype)
        self.questions[name, rdtype] += 1
        if self.mode == "silent":
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if self.mode == "fail":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, rdtype) in self.sets:
            ttl, values = self.sets[name, rdtype]
            answer.answer.append(dns.rrset.from_text(name, ttl, "IN", rdtype, *values))
        elif all(other != name for other, _ in self.sets):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join(10)
        self.socket.close()
