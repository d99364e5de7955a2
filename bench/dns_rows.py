# SPDX-License-Identifier: Apache-2.0
"""Cost and delay of DNS answers, row by row, all peers of a row in one interleaved run."""

import pathlib
import re
import statistics
import subprocess
import tempfile

import dns.exception
import dns.message
import dns.query

import dns_content
import measure
import peers

OUTSTANDING = 64
CLIENTS = 8


class Row:
    """A table: content, questions, and how they are sent."""

    def __init__(self, title, content, queries=1000, is_tcp=False, **questions):
        self.title = title
        self.content = content
        self.queries = queries
        self.is_tcp = is_tcp
        self.questions = questions

    def peers(self, directory):
        kinds = [peer for peer in peers.ALL if self.content.kind in peer.kinds]
        found = [peer(directory, self.content) for peer in kinds
                 if not (self.is_tcp and peer is peers.Echo)]
        for peer in found:
            if self.is_tcp and isinstance(peer, peers.Weir):
                peer.exempt = "127.0.0.0/8"  # from the limit of queries over TCP
        return found


def rows():
    """Made one at a time: some are large."""
    ten = dns_content.names_of_one_zone(10)
    static = dns_content.Content(ten)
    yield Row("10 names", static)
    yield Row("10 names, EDNS with a cookie", static, options=dns_content.client_cookies)
    yield Row("100,000 names, 10% NXDOMAIN",
              dns_content.Content(dns_content.names_of_one_zone(100_000)), 200_000,
              absent_percent=10)
    yield Row("10,000 zones", dns_content.Content(dns_content.zones_of_one_name(10_000)), 100_000)
    yield Row("weighted, 4 sets, client subnet", dns_content.Content(ten, "weighted"), 20_000,
              options=dns_content.client_subnets)
    yield Row("by network, 1,000 blocks, client subnet", dns_content.Content(ten, "networks"),
              20_000, options=dns_content.client_subnets)
    yield Row("10 names over TCP", static, is_tcp=True)


def does_answer(peer, name, timeout=0.2):
    query = dns.message.make_query(name, "A")
    query.flags = 0
    try:
        answer = dns.query.udp(query, "127.0.0.1", port=peer.port, timeout=timeout,
                               ignore_trailing=True)
        return bool(answer.answer) or isinstance(peer, peers.Echo)
    except (dns.exception.DNSException, OSError):
        return False


def wait_serving(peer):
    name = peer.content.first_name()
    measure.wait_until(lambda: does_answer(peer, name), f"{peer.name}:\n{peer.log()}", 600)
    if isinstance(peer, peers.Weir):
        peer.pin()


def load(peer, queries, is_tcp):
    """Answers of one burst."""
    done = subprocess.run(
        peers.pinned(measure.CLIENT_CORE, "dnsperf", "-s", "127.0.0.1", "-p", str(peer.port), "-d",
                     str(queries), "-B", "-m", "tcp" if is_tcp else "udp", "-l",
                     str(measure.SECONDS), "-c", str(CLIENTS), "-q", str(OUTSTANDING)),
        capture_output=True, text=True, check=True,
    )
    codes = re.search(r"Response codes:\s+(.*)", done.stdout)
    good = r"(NOERROR|NXDOMAIN) \d+ \(\d+\.\d+%\)"
    if not isinstance(peer, peers.Echo) and not re.fullmatch(f"{good}(, {good})?", codes.group(1)):
        raise SystemExit(f"{peer.name} answers {codes.group(1)}")
    return int(re.search(r"Queries completed:\s+(\d+)", done.stdout).group(1))


def half_load(servers, samples, pace, queries):
    """{name: text of the delays}: each server at half of what it did at saturation."""
    found = {None: "p50, p99 at half load, us", **{server.name: [] for server in servers}}
    for _ in range(measure.ROUNDS):
        for server in servers:
            rate = int(measure.medians(samples[server.name])[0] / 2)
            done = subprocess.run(
                peers.pinned(measure.CLIENT_CORE, pace, str(server.port), str(rate), "2",
                             str(queries)), capture_output=True, text=True, check=True)
            sent, answered, p50, p99, _ = map(int, done.stdout.split())
            found[server.name].append((p50, p99, sent - answered))
    for server in servers:
        p50, p99, lost = zip(*found[server.name])
        found[server.name] = (f"{statistics.median(p50):.0f}, {statistics.median(p99):.0f}"
                              + (f" (lost {sum(lost)})" if any(lost) else ""))
    return found


def run_row(row):
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        queries = pathlib.Path(directory) / "queries"
        dns_content.write_queries(queries, row.content, row.queries, **row.questions)
        pace = peers.compiled("udp_pace.c", directory)
        servers = row.peers(directory)
        for server in servers:
            server.prepare()
        delays = {None: ""}

        def then(samples):
            if not row.is_tcp:
                delays.update(half_load(servers, samples, pace, queries))

        samples = measure.interleaved(
            servers, wait_serving, lambda peer: load(peer, queries, row.is_tcp), then)
        print(f"\n{row.title}")
        floor = peers.Gdnsd.name if row.is_tcp else peers.Echo.name
        measure.report(samples, floor, delays)


def run():
    for row in rows():
        run_row(row)
