# SPDX-License-Identifier: Apache-2.0
"""`weir drill`: a failover pair in front of two small web servers."""

import html.parser
import http.server
import pathlib
import re
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree

import pytest

from harness import DEADLINE_S, free_port, replace, upsert, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]

NAME = "www.drill.test"
PRIMARY, SECONDARY = "127.0.0.2", "127.0.0.3"
TTL_S = 2
PROBE_THRESHOLD = 3


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers everything."""

    def do_GET(self):
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


class Web:
    """A web server that can be stopped and started again."""

    def __init__(self, address, port):
        self.place = (address, port)
        self.server = None
        self.start()

    def start(self):
        self.server = http.server.ThreadingHTTPServer(self.place, Handler)
        self.server.asked = 0
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Pair:
    """A node with a failover pair, and the servers that its addresses lead to."""

    def __init__(self, fleet, is_probed=False):
        """is_probed: the check looks at the primary; else its state is what the health file says"""
        self.health, self.out = fleet.path("health"), pathlib.Path(fleet.path("report"))
        replace(self.health, "")
        flags = ["--check-interval-ms", "200", "--votes", "127.0.0.1:0"] if is_probed else []
        roles = "control,dns,check" if is_probed else "control,dns"
        self.node = fleet.node("node", "--health-file", self.health, *flags, roles=roles).start()
        self.port = free_port()
        self.webs = {address: Web(address, self.port) for address in (PRIMARY, SECONDARY)}
        self.zone = self.node.create_zone("drill.test")
        # Where nothing is probed, nothing says where requests go.
        self.requests = [] if is_probed else ["--http", str(self.port)]
        self.check = self.probe() if is_probed else self.node.health_check("primary")
        self.node.wait_insync(self.node.change(
            self.zone,
            upsert(NAME, "A", PRIMARY, ttl=TTL_S, SetIdentifier="one", Failover="PRIMARY",
                   HealthCheckId=self.check),
            upsert(NAME, "A", SECONDARY, ttl=TTL_S, SetIdentifier="two", Failover="SECONDARY")))

    def probe(self):
        """The id of a check of the primary."""
        made = self.node.boto().create_health_check(CallerReference="primary", HealthCheckConfig={
            "Type": "HTTP", "IPAddress": PRIMARY, "Port": self.port, "ResourcePath": "/health",
            "RequestInterval": 10, "FailureThreshold": PROBE_THRESHOLD})
        return made["HealthCheck"]["Id"]

    def end(self):
        for web in self.webs.values():
            web.stop()

    def start(self, *arguments, name=NAME):
        """A drill under way, and its lines as they come."""
        command = [self.node.binary, "drill", name, "A", "--zone", "drill.test", "--data",
                   str(self.node.dir), *self.requests, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, drill):
        """(exit status, what it printed)."""
        out, err = drill.communicate(timeout=2 * DEADLINE_S)
        return drill.returncode, out + err

    def say(self, is_healthy):
        """What the node is told of the primary's health check."""
        said = "states of health checks read"
        before = self.node.log().count(said)
        replace(self.health, "" if is_healthy else f"{self.check} unhealthy\n")
        wait_for(lambda: self.node.log().count(said) > before, "the states of the checks")

    def answers(self, address):
        return self.node.values(NAME) == [address]


@pytest.fixture
def pair(fleet):
    made = Pair(fleet)
    try:
        yield made
    finally:
        made.end()


def until(drill, words):
    """Reads lines of the drill up to one with the words."""
    for line in drill.stdout:
        if words in line:
            return
    pytest.fail(f"no '{words}': {drill.stderr.read()}")


def seconds(text, label):
    """The first time in the line of the label."""
    line = next(line for line in text.splitlines() if line.strip().startswith(label))
    return float(re.search(r"([\d.]+) s", line).group(1))


class Page(html.parser.HTMLParser):
    """The elements of a page: each that is opened is closed, and none runs or loads anything."""

    EMPTY = {"meta", "line", "rect"}

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe", "object")
        assert not any(name in ("src", "href") or name.startswith("on") for name, _ in attributes)
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check_reports(out, pair):
    """The three files say what was drilled; the page is whole, its picture well-formed XML."""
    report, page, book = (out / name for name in ("report.md", "report.html", "runbook.md"))
    assert pair.check in report.read_text() and "| RTO " in report.read_text()
    text = page.read_text()
    assert Page(text).seen.count("svg") == 1
    picture = re.search(r"<svg.*?</svg>", text, re.S).group(0)
    assert len(list(xml.etree.ElementTree.fromstring(picture))) > 10
    assert f"update-health-check --health-check-id '{pair.check}' --inverted" in book.read_text()


def check_times(text):
    """The times of a failover fit each other, the TTL and the interval of a tenth of a second; one
    more second is what a busy machine may take for a request."""
    changed, served = seconds(text, "Detection"), seconds(text, "Clients served again")
    stale, worst = seconds(text, "Last stale answer of the resolver"), seconds(text, "RTO (any")
    assert changed - 0.2 <= served <= changed + TTL_S + 1
    assert stale <= served <= stale + 1.1
    assert served <= worst <= max(served, changed + TTL_S)


def run_example(pair):
    """What the example of the page on drills prints, with this machine's addresses."""
    example = re.search(r"```sh\n(.*?)```", (ROOT / "docs/drills.md").read_text(), re.S).group(1)
    for old, new in {"build/weir drill": f"{pair.node.binary} drill --data {pair.node.dir}",
                     "8000": str(pair.port), "drill-report": str(pair.out)}.items():
        assert old in example
        example = example.replace(old, new)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", example], capture_output=True,
                          text=True, timeout=2 * DEADLINE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_failover_by_override_is_made_measured_and_put_back(pair):
    text = run_example(pair)
    assert "objective met" in text
    check_times(text)
    check_reports(pair.out, pair)
    # The resolver had asked two looks before, so it held the primary for most of a TTL; each of the
    # requests of that time, a tenth of a second apart, counts.
    stale = seconds(text, "Last stale answer of the resolver")
    lost = int(re.search(r"Requests lost +(\d+) of", text).group(1))
    assert stale >= TTL_S - 1 and 1 <= lost <= 10 * stale + 2
    assert pair.answers(PRIMARY)


def test_one_of_several_weighted_sets_leaves_the_answers_and_returns(pair):
    name, changes = "shared.drill.test", []
    for identifier, address, weight in (("light", PRIMARY, 40), ("heavy", SECONDARY, 60)):
        changes.append(upsert(name, "A", address, ttl=1, SetIdentifier=identifier, Weight=weight,
                              HealthCheckId=pair.node.health_check(identifier)))
    pair.node.wait_insync(pair.node.change(pair.zone, *changes))
    status, text = pair.finish(pair.start("--objective-rto", "30", name=name))
    assert status == 0, text
    assert re.search(r"Set that failed +heavy$", text, re.M)
    # The resolver may have held the other set all the time; no resolver holds this one for longer.
    assert seconds(text, "RTO (any") <= seconds(text, "Detection") + 1 + 1


def test_an_objective_that_is_not_met_is_the_exit_status(pair):
    status, text = pair.finish(pair.start("--objective-rto", "1"))
    # The answers change after some time, and the worst resolver holds the one before for its TTL.
    assert status == 1, text
    assert "objective 1.0 s: not met" in text
    assert re.search(r"Failed over +yes\n +Failed back +yes\n", text)


def test_a_drill_that_is_interrupted_puts_the_primary_back_at_once(pair):
    drill = pair.start("--out", str(pair.out))
    until(drill, "said to have failed")
    wait_for(lambda: pair.answers(SECONDARY), "the secondary")
    drill.send_signal(signal.SIGINT)
    status, text = pair.finish(drill)
    assert status == 2 and "interrupted" in text
    # Long before its lease of a minute is over.
    wait_for(lambda: pair.answers(PRIMARY), "the primary", deadline_s=DEADLINE_S / 2)
    assert "it was interrupted" in (pair.out / "report.md").read_text()


def test_a_drill_that_is_killed_leaves_nothing_behind_its_lease(pair):
    lease_s = 6
    drill = pair.start("--lease", str(lease_s))
    until(drill, "said to have failed")
    wait_for(lambda: pair.answers(SECONDARY), "the secondary")
    drill.kill()
    drill.communicate()
    killed = time.monotonic()
    wait_for(lambda: pair.answers(PRIMARY), "the primary")
    # A node decides once a second, and a busy machine may take another for it.
    assert time.monotonic() - killed <= lease_s + 2


def test_a_real_outage_is_waited_for_and_measured(pair):
    drill = pair.start("--by", "wait", "--objective-rto", "60", "--out", str(pair.out))
    until(drill, "all is to be well")
    # It looks on for two seconds first; an outage before that is none that it could measure.
    asked = pair.node.metric("weir_dns_questions_total")
    wait_for(lambda: pair.node.metric("weir_dns_questions_total") > asked + 30, "its first look")
    pair.webs[PRIMARY].stop()
    until(drill, "the primary has failed")
    pair.say(is_healthy=False)
    wait_for(lambda: pair.webs[SECONDARY].server.asked > 5, "clients of the secondary")
    pair.webs[PRIMARY].start()
    pair.say(is_healthy=True)
    status, text = pair.finish(drill)
    assert status == 0, text
    assert text.count("the primary is back") == 1
    assert "objective met" in text
    check_times(text)
    # Three of them tell that it is an outage.
    assert int(re.search(r"Requests lost +(\d+) of", text).group(1)) >= 3
    check_reports(pair.out, pair)


def test_a_real_outage_that_checkers_find_is_measured_from_its_first_moment(fleet):
    pair = Pair(fleet, is_probed=True)
    try:
        drill = pair.start("--by", "wait", "--objective-rto", "60", "--out", str(pair.out))
        asked = pair.node.metric("weir_dns_questions_total")
        wait_for(lambda: pair.node.metric("weir_dns_questions_total") > asked + 30, "its look")
        pair.webs[PRIMARY].stop()
        wait_for(lambda: pair.webs[SECONDARY].server.asked > 5, "clients of the secondary")
        pair.webs[PRIMARY].start()
        status, text = pair.finish(drill)
    finally:
        pair.end()
    assert status == 0, text
    check_times(text)
    check_reports(pair.out, pair)
    # Two intervals pass between the probes that fail in a row; then votes, each second.
    assert seconds(text, "Detection") >= (PROBE_THRESHOLD - 1) * 0.2 - 0.2
    assert f"http, port {pair.port}, Host {NAME}, /health" in text


def test_what_cannot_be_drilled_is_said_and_nothing_begins(pair):
    def refused(*arguments):
        status, text = pair.finish(pair.start(*arguments))
        assert status == 2
        return text

    pair.webs[SECONDARY].stop()
    assert "the drill would be an outage" in refused()
    pair.webs[SECONDARY].start()
    assert "there is no set 'three'" in refused("--set", "three")
    assert "never fails over" in refused("--set", "two")
    assert "--by is override or wait" in refused("--by", "luck")
    pair.say(is_healthy=False)
    wait_for(lambda: pair.answers(SECONDARY), "the secondary")
    assert "the primary is not among the answers" in refused()
