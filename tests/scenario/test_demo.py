# SPDX-License-Identifier: Apache-2.0
"""The demo: what it prints works as it stands when pasted into a shell."""

import os
import re
import subprocess

import mmdb
import pytest

from harness import DEADLINE_S, replace, upsert, wait_for

# What must be in the output of the commands, by what is in the command; the first that fits counts.
EXPECTED = [
    (r"^dig .* pool\.demo\.test A$", [r"status: NOERROR", r"192\.0\.2\.10\b", r"192\.0\.2\.11\b"]),
    (r"^dig .* mirror\.demo\.test A$", [r"mirror\.demo\.test\..*\bA\s+192\.0\.2\.1[01]\b"]),
    (r"^dig .* (www\.)?demo\.test A$", [r"demo\.test\.\s+\d+\s+IN\s+A\s+127\.0\.0\.1\b"]),
    (r"^dig .* shop\.apps\.demo\.test A$", [r"shop\.apps\.demo\.test\..*\bA\s+192\.0\.2\.30\b"]),
    (r"^dig .* docs\.demo\.test A$", [r"CNAME\s+pool\.demo\.test\.", r"192\.0\.2\.10\b"]),
    (r"^dig .* _sip\._tcp\.demo\.test SRV \+tcp$", [r"SRV\s+10 60 5060 mail\.demo\.test\."]),
    (r"^dig .* nobody\.demo\.test A$", [r"status: NXDOMAIN", r"SOA"]),
    (r"^dig .* pool\.demo\.test AAAA$", [r"status: NOERROR", r"ANSWER: 0", r"SOA"]),
    (r"^dig .* lab\.demo\.test A$", [r"status: NOERROR", r"ANSWER: 0", r"SOA"]),
    (r"^dig .* share\.demo\.test A$", [r"\bA\s+192\.0\.2\.5[01]\b"]),
    (r"^dig .* ha\.demo\.test A$", [r"\bA\s+192\.0\.2\.6[01]\b"]),
    (r"^dig .* many\.demo\.test A$", [r"ANSWER: 8,"]),
    (r"^dig .* tree\.demo\.test A$", [r"^tree\.demo\.test\..*\bA\s+192\.0\.2\.[56]\d\b"]),
    (r"^dig .* geo\.demo\.test A \+subnet=", [r"CLIENT-SUBNET", r"\bA\s+192\.0\.2\.7[012]\b"]),
    (r" zone test demo\.test tree\.demo\.test A ",
     [r"^; weighted, 2 sets: '(steady|trial)' is chosen", r"which evaluates its target's health",
      r"^192\.0\.2\.[56]\d$"]),
    (r" zone test demo\.test geo\.demo\.test A ", [r"geolocation, 3 sets", r"^192\.0\.2\.7[012]$"]),
    (r" drill ha\.demo\.test A ", [r"^ +Outcome +objective met$", r"^ +Failed back +yes$"]),
    (r"^echo '[0-9a-f-]{36} unhealthy' >", []),
    (r"^echo '# all as their checks say' >", []),
    (r"^dig .* new\.demo\.test A$", [r"status: (NOERROR|NXDOMAIN)"]),
    (r"^curl .* --cacert .*/hello$", [r"HTTP/1\.1 200 OK", r"The pages origin, answer \d+"]),
    (r"^curl .* http://\S+/hello$", [r"HTTP/1\.1 200 OK", r"The pages origin, answer \d+"]),
    (r"^curl .* http://\S+/api/time$", [r"X-Cache: Miss from weir", r"The api origin, answer \d+"]),
    (r"^curl .* http://\S+/slow$", [r"200 after \d"]),
    (r"^export ", []),
    (r" get-change ", [r"INSYNC|PENDING"]),
    (r" list-hosted-zones$", [r"demo\.test\."]),
    (r" list-resource-record-sets ", [r"_sip\._tcp\.demo\.test\.", r"v=spf1"]),
    (r" change-resource-record-sets ", [r"PENDING|INSYNC"]),
    (r" get-distribution ", [r'"Status": "Deployed"', r"www\.demo\.test"]),
    (r" wait invalidation-completed ", []),
    (r"/healthz$", [r"^ok"]),
    (r"/status$", [r'"serving"']),
    (r"/metrics$", [r"^# HELP"]),
    (r" status --data ", [r"health\s+ok", r"\bdns\s+yes\s+yes\b", r"\bedge\s+yes\s+yes\b"]),
    (r" node list --data ", [r"^ID\s+STATE", r"ADMITTED.*control.*ago"]),
]


def plain_environment():
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "WEIR_"))}
    env["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin:" + env.get("PATH", "")
    env["no_proxy"] = "*"
    return env


def demo_texts(node):
    """What the demo printed at each start, oldest first."""
    return re.findall(r"^Weir serves.*?^Ctrl-C ends it.*?$", node.log(), re.S | re.M)


def start_demo(fleet, name="demo", **options):
    node = fleet.node(name, "--demo", **options).start()
    wait_for(lambda: demo_texts(node), f"the words of the demo; log:\n{node.log()}")
    return node


def commands_of(text):
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def paste(command, before=()):
    """Runs the line in a fresh shell that got the lines `before`, too; everything it printed."""
    script = "\n".join([*before, command])
    done = subprocess.run(
        ["bash", "-c", script], env=plain_environment(), cwd="/", text=True, timeout=DEADLINE_S,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def paste_all(text):
    """Pastes every command in order; [(command, what it printed)]."""
    commands, pasted = commands_of(text), []
    exports = [c for c in commands if c.startswith("export ")]
    for command in commands:
        wanted = next((want for fits, want in EXPECTED if re.search(fits, command)), None)
        assert wanted is not None, f"no expectation for: {command}"
        printed = paste(command, exports)
        for pattern in wanted:
            assert re.search(pattern, printed, re.M), f"{command}: no {pattern} in\n{printed}"
        pasted.append((command, printed))
    return pasted


def check_of(node):
    """The id of the demo's health check."""
    (check,) = node.boto().list_health_checks()["HealthChecks"]
    return check["Id"]


def caches(pasted, path):
    """What X-Cache said to each request for the path over plain HTTP, in order."""
    return [re.search(r"^X-Cache: (\w+)", printed, re.M).group(1) for command, printed in pasted
            if command.startswith("curl") and command.endswith(path) and "http://" in command]


@pytest.mark.smoke
def test_every_printed_command_works_when_pasted(fleet):
    node = start_demo(fleet, "it's a demo")
    pasted = paste_all(demo_texts(node)[0])
    assert len(pasted) >= len(EXPECTED) - 1
    # Miss, Hit, invalidation, Miss; and the other origin is never cached.
    assert caches(pasted, "/hello") == ["Miss", "Hit", "Miss"]
    assert caches(pasted, "/api/time") == ["Miss", "Miss"]
    seconds = [float(re.search(r"after ([\d.]+) s", printed).group(1))
               for command, printed in pasted if command.endswith("/slow")]
    assert seconds[0] >= 1.0 > seconds[1]
    # The UPSERT among them is real.
    wait_for(lambda: node.values("new.demo.test") == ["192.0.2.99"], "the pasted change")


def test_the_printed_failover_fails_over_and_back(fleet):
    node = start_demo(fleet, "it's a demo")
    fails, returns = [c for c in commands_of(demo_texts(node)[0]) if c.startswith("echo ")]
    assert node.values("ha.demo.test") == ["192.0.2.60"]
    paste(fails)
    wait_for(lambda: node.values("ha.demo.test") == ["192.0.2.61"], "the standby")
    paste(returns)
    wait_for(lambda: node.values("ha.demo.test") == ["192.0.2.60"], "the primary again")
    check = check_of(node)
    node.stop()
    (node.dir / "health").write_text(f"{check} unhealthy\n")
    node.start()
    assert node.values("ha.demo.test") == ["192.0.2.61"]


def test_places_and_health_come_from_the_files_that_are_named(fleet):
    geo, health = fleet.path("geo.mmdb"), fleet.path("states")
    mmdb.write(geo, {"193.0.0.0/16": {"country": {"iso_code": "NL"}},
                     "8.8.8.0/24": {"country": {"iso_code": "US"}}})
    replace(health, "")
    node = fleet.node("demo", "--demo", "--geo-db", geo, "--health-file", health).start()
    (text,) = wait_for(lambda: demo_texts(node), "the words of the demo")
    assert "echo" not in text and not (node.dir / "health").exists()  # the file is somebody's
    replace(health, f"{check_of(node)} unhealthy\n")
    wait_for(lambda: node.values("ha.demo.test") == ["192.0.2.61"], "the standby")
    wait_for(lambda: node.metric("weir_dns_networks", file="geo") == 2, "the geography")
    places = [c for c in commands_of(text) if c.startswith("dig") and " geo.demo.test " in c]
    found = [re.search(r"\bA\s+(192\.0\.2\.\d+)", paste(c)).group(1) for c in places]
    assert found == ["192.0.2.70", "192.0.2.71", "192.0.2.72"]


def test_a_restart_prints_only_and_what_it_prints_works(fleet):
    node = start_demo(fleet)
    zone_id = node.boto().list_hosted_zones()["HostedZones"][0]["Id"].rsplit("/", 1)[1]
    node.wait_insync(node.change(zone_id, upsert("pool.demo.test", "A", "192.0.2.10",
                                                 "192.0.2.11", "192.0.2.77")))
    node.kill()
    node.start()
    wait_for(lambda: len(demo_texts(node)) == 2, "the words of the second start")
    paste_all(demo_texts(node)[1])
    assert "192.0.2.77" in node.values("pool.demo.test")
    assert len(node.boto().list_hosted_zones()["HostedZones"]) == 1
    assert node.boto("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 1
    node.stop()


def test_a_node_without_an_edge_has_a_demo_of_dns_alone(fleet):
    node = start_demo(fleet, roles="control,dns")
    (text,) = demo_texts(node)
    assert "www.demo.test" not in text and "cloudfront" not in text
    assert node.values("demo.test") == ["192.0.2.10", "192.0.2.11"]  # by an ALIAS at the apex
    exports = [c for c in commands_of(text) if c.startswith("export ")]
    for command in commands_of(text):
        paste(command, exports)


def test_an_account_with_zones_is_left_alone(fleet):
    node = fleet.node("own").start()
    node.create_zone("own.test")
    node.stop()
    node.flags.append("--demo")
    node.start()
    (text,) = wait_for(lambda: demo_texts(node), "the words of the demo")
    assert "demo.test" not in text
    zones = node.boto().list_hosted_zones()["HostedZones"]
    assert [zone["Name"] for zone in zones] == ["own.test."]
    exports = [c for c in commands_of(text) if c.startswith("export ")]
    for command in commands_of(text):
        paste(command, exports)


def test_the_demo_uses_the_key_of_the_node_whatever_the_environment_holds(fleet):
    foreign = {"AWS_ACCESS_KEY_ID": "AKIAFOREIGN", "AWS_SECRET_ACCESS_KEY": "foreign"}
    node = start_demo(fleet, env=foreign)
    text = demo_texts(node)[0]
    (unset,) = [c for c in commands_of(text) if c.startswith("unset ")]
    (export,) = [c for c in commands_of(text) if c.startswith("export ")]
    before = [f"export {name}={value}" for name, value in foreign.items()] + [unset, export]
    listing = next(c for c in commands_of(text) if c.endswith(" list-hosted-zones"))
    assert "demo.test." in paste(listing, before)
