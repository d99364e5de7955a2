# SPDX-License-Identifier: Apache-2.0
"""What checkers say of an endpoint, as clients are told it."""

import datetime
import http.server
import json
import threading

import pytest

from harness import wait_for


class Endpoint(http.server.ThreadingHTTPServer):
    """An HTTP server on a port of its own that answers with `status`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answerer)
        self.status = 200
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answerer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def endpoint():
    server = Endpoint()
    yield server
    server.shutdown()
    server.server_close()


def test_clients_are_told_what_each_checker_sees(fleet, endpoint):
    node = fleet.node("node", "--check-interval-ms", "200", roles="control,dns,check").start()
    client = node.boto()
    check = client.create_health_check(CallerReference="told", HealthCheckConfig={
        "Type": "HTTP", "IPAddress": "127.0.0.1", "Port": endpoint.port, "RequestInterval": 10,
        "FailureThreshold": 1})["HealthCheck"]["Id"]

    def seen(call):
        return [o["StatusReport"]["Status"]
                for o in call(HealthCheckId=check)["HealthCheckObservations"]]

    def wait_for_status(words):
        wait_for(lambda: seen(client.get_health_check_status) == [words], words)

    def states():
        listed = json.loads(node.weir("health", "list", "--json").stdout)
        return {c["Id"]: (c["State"], c["Frozen"]) for c in listed}

    good, bad = "Success: HTTP Status Code 200", "Failure: HTTP Status Code 503"
    wait_for_status(good)
    assert seen(client.get_health_check_last_failure_reason) == []
    wait_for(lambda: states() == {check: ("healthy", False)}, "the state")
    endpoint.status = 503
    wait_for_status(bad)
    wait_for(lambda: states() == {check: ("unhealthy", False)}, "the state")
    table = node.weir("health", "list").stdout
    assert f"http://127.0.0.1:{endpoint.port}/" in table and "unhealthy" in table
    (failure,) = client.get_health_check_last_failure_reason(
        HealthCheckId=check)["HealthCheckObservations"]
    age = datetime.datetime.now(datetime.timezone.utc) - failure["StatusReport"]["CheckedTime"]
    assert failure["IPAddress"] == "127.0.0.1" and abs(age.total_seconds()) < 60
    endpoint.status = 200
    wait_for_status(good)
    assert seen(client.get_health_check_last_failure_reason) == [bad]
    assert client.get_checker_ip_ranges()["CheckerIpRanges"] == ["127.0.0.1/32"]
