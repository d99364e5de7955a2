# SPDX-License-Identifier: Apache-2.0
"""`weir drill`: a failover pair in front of two small web servers."""

import contextlib
import http.server
import pathlib
import re
import subprocess
import threading

import pytest

from harness import DEADLINE_S, free_port, replace, upsert, wait_for

NAME = "www.drill.test"
PRIMARY, SECONDARY = "127.0.0.2", "127.0.0.3"
TTL_S = 2


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

    def __init__(self, fleet):
        self.health, self.out = fleet.path("health"), pathlib.Path(fleet.path("report"))
        replace(self.health, "")
        self.node = fleet.node("node", "--health-file", self.health, roles="control,dns").start()
        self.port = free_port()
        self.webs = {address: Web(address, self.port) for address in (PRIMARY, SECONDARY)}
        self.zone = self.node.create_zone("drill.test")
        self.check = self.node.health_check("primary")
        self.node.wait_insync(self.node.change(
            self.zone,
            upsert(NAME, "A", PRIMARY, ttl=TTL_S, SetIdentifier="one", Failover="PRIMARY",
                   HealthCheckId=self.check),
            upsert(NAME, "A", SECONDARY, ttl=TTL_S, SetIdentifier="two", Failover="SECONDARY")))

    def end(self):
        for web in self.webs.values():
            web.stop()

    def start(self, *arguments):
        """A drill under way, and its lines as they come."""
        command = [self.node.binary, "drill", NAME, "A", "--zone", "drill.test", "--http",
                   str(self.port), "--data", str(self.node.dir), *arguments]
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
    assert "objective met" in text
    # Lost from the first request on, until the resolver asked again and was told otherwise.
    changed = seconds(text, "Detection")
    served = seconds(text, "Clients served again")
    assert changed <= served + 0.2 and served <= changed + TTL_S + 1
    assert int(re.search(r"Requests lost +(\d+) of", text).group(1)) >= 3
    for name in ("report.md", "report.html", "runbook.md"):
        assert NAME in (pair.out / name).read_text()


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
    with contextlib.suppress(FileNotFoundError):
        assert not list(pair.out.iterdir())
