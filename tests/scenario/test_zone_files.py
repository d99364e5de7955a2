# SPDX-License-Identifier: Apache-2.0
"""Master files into zones and back, by `weir zone`: the plan, the changes, what stays, what is
refused, and that an interrupted import goes on."""

import os
import pty
import re
import subprocess

import pytest

from harness import DEADLINE_S, WEIR, alias, upsert

EVERY_TYPE = r"""
$ORIGIN %s.
$TTL 300
@ SOA ns1 hostmaster ( 1 7200 900 ; a comment
   1209600 86400 )
@ NS ns1
@ MX 10 mail
ns1 A 192.0.2.53
mail A 192.0.2.25
mail AAAA 2001:db8::25
www CNAME mail
caa CAA 0 issue "ca.example; a=b"
sub NS ns.sub
ns.sub A 192.0.2.54
sub DS 12345 13 2 8D02536C887482BC34FF54E41D2BA659BF85B341A0A20AFADB5813DCFBCF286D
web 60 HTTPS 1 . port=8443 alpn="h2,h3"
svc SVCB 0 web
num NAPTR 100 50 "u" "E2U+sip" "!^(\\+44)$!sip:\\1@example.com!" .
ptr PTR mail
spf SPF "v=spf1 -all"
_x._tcp SRV 1 2 3 mail
key SSHFP 1 1 09F6A01D2175742B257C6B98B7C72C44C4040683
_443._tcp TLSA 3 1 0 00ff
txt TXT "a\195\188b" two "c; \"q\" \\"
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
hi HINFO "cpu" "os"
odd TYPE65280 \# 4 0A000001
*.wild A 192.0.2.7
we\.ird\032 A 192.0.2.8
"""


def write(node, name, text):
    path = node.dir / name
    path.write_text(text)
    return str(path)


def sets_of(node, zone_id):
    pages = node.boto().get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    return {(s["Name"], s["Type"]): s for page in pages for s in page["ResourceRecordSets"]}


def zone_id_of(node, name):
    (zone,) = [z for z in node.boto().list_hosted_zones()["HostedZones"] if z["Name"] == name]
    return zone["Id"].rsplit("/", 1)[1]


def test_every_type_goes_in_and_comes_out_the_same(shared_node):
    node = shared_node
    path = write(node, "every.zone", EVERY_TYPE % "every.test")
    missing = node.weir("zone", "import", path, check=False)
    assert missing.returncode == 1
    assert "there is no zone every.test.; --create makes it" in missing.stderr
    dry = node.weir("zone", "import", path, "--create", "--dry-run", check=False)
    assert dry.returncode == 2 and "+ www.every.test. CNAME\n" in dry.stdout
    done = node.weir("zone", "import", path, "--create", "--replace-apex", "--wait")
    assert done.stdout.rstrip().endswith("INSYNC")
    assert node.values("mail.every.test", "AAAA") == ["2001:db8::25"]
    assert node.values("every.test", "NS") == ["ns1.every.test."]
    assert node.values("anything.wild.every.test", "A") == ["192.0.2.7"]
    assert node.values("odd.every.test", "TYPE65280") == ["\\# 4 0a000001"]
    again = node.weir("zone", "import", path, "--replace", "--replace-apex")
    assert again.stdout.startswith("0 to create, 0 to change, 0 to delete, ")
    first = node.weir("zone", "export", "every.test").stdout
    assert node.weir("zone", "export", zone_id_of(node, "every.test.")).stdout == first
    out = write(node, "every.out", first.replace("every.test.", "second.test."))
    node.weir("zone", "import", out, "--create", "--replace-apex")
    second = node.weir("zone", "export", "second.test").stdout
    assert second.replace("second.test.", "every.test.") == first


def test_a_dry_run_shows_what_a_replacement_then_does(shared_node):
    node = shared_node
    zone_id = node.create_zone("diff.test")
    node.change(zone_id, upsert("same.diff.test", "A", "192.0.2.1"),
                upsert("other.diff.test", "A", "192.0.2.2", "192.0.2.3"),
                upsert("old.diff.test", "A", "192.0.2.4"),
                upsert("turns.diff.test", "CNAME", "same.diff.test"))
    path = write(node, "diff.zone", "$TTL 300\nsame A 192.0.2.1\nother A 192.0.2.3\n"
                                    "new 60 TXT \"x\"\nturns A 192.0.2.5\n")
    arguments = ["zone", "import", path, "--zone", zone_id, "--replace"]
    plan = ("+ new.diff.test. TXT\n    + 60 \"x\"\n"
            "- old.diff.test. A\n    - 300 192.0.2.4\n"
            "~ other.diff.test. A\n    - 300 192.0.2.2\n"
            "- turns.diff.test. CNAME\n    - 300 same.diff.test.\n"
            "+ turns.diff.test. A\n    + 300 192.0.2.5\n")
    dry = node.weir(*arguments, "--dry-run", check=False)
    assert dry.returncode == 2
    assert dry.stdout.startswith(plan)
    assert ("old.diff.test.", "A") in sets_of(node, zone_id)
    done = node.weir(*arguments, "--diff")
    assert done.stdout.startswith(plan)
    names = [key for key in sets_of(node, zone_id) if key[0] != "diff.test."]
    assert names == [("new.diff.test.", "TXT"), ("other.diff.test.", "A"),
                     ("same.diff.test.", "A"), ("turns.diff.test.", "A")]
    dry = node.weir(*arguments, "--dry-run", check=False)
    assert dry.returncode == 0


def test_aliases_and_the_apex_stay_and_are_exported_as_comments(shared_node):
    node = shared_node
    zone_id = node.create_zone("kept.test")
    node.change(zone_id, upsert("real.kept.test", "A", "192.0.2.1"),
                alias("alias.kept.test", "A", zone_id, "real.kept.test"))
    path = write(node, "kept.zone", "$TTL 300\n@ SOA a b 1 2 3 4 5\n@ NS a\nreal A 192.0.2.1\n"
                                    "alias A 192.0.2.9\n")
    done = node.weir("zone", "import", path, "--zone", "kept.test", "--replace")
    assert f"{path}:5: left out: alias.kept.test. A is an alias in the zone" in done.stderr
    assert "the zone keeps its own SOA and NS" in done.stdout
    assert "0 to create, 0 to change, 0 to delete" in done.stdout
    sets = sets_of(node, zone_id)
    assert "AliasTarget" in sets["alias.kept.test.", "A"]
    assert len(sets["kept.test.", "NS"]["ResourceRecords"]) == 4
    text = node.weir("zone", "export", "kept.test").stdout
    assert (f"; ALIAS alias.kept.test. A real.kept.test. zone {zone_id}, evaluate target health: "
            "no\n") in text


def test_all_that_is_wrong_is_said_with_its_line_and_nothing_changes(shared_node):
    node = shared_node
    zone_id = node.create_zone("wrong.test")
    before = sets_of(node, zone_id)
    path = write(node, "wrong.zone", "$TTL 300\ngood A 192.0.2.1\n\nbad A 1.2.3\n"
                                     "d DNAME x.\ne TXT \"" + "x" * 300 + "\"\n")
    done = node.weir("zone", "import", path, "--zone", "wrong.test", check=False)
    assert done.returncode == 1
    assert [int(n) for n in re.findall(rf"^{path}:(\d+): ", done.stderr, re.M)] == [4, 5, 6]
    assert "3 errors in the file; nothing was changed" in done.stderr
    path = write(node, "place.zone", "$TTL 300\ngood A 192.0.2.1\nother.test. A 192.0.2.1\n"
                                     "@ CNAME good\nc CNAME a\nc TXT x\n")
    done = node.weir("zone", "import", path, "--zone", "wrong.test", check=False)
    assert done.returncode == 1
    assert f"{path}:3: other.test. A lies outside of the zone" in done.stderr
    assert f"{path}:4: wrong.test. CNAME is not permitted at the apex" in done.stderr
    assert "c.wrong.test. CNAME cannot stand beside c.wrong.test. TXT" in done.stderr
    assert sets_of(node, zone_id) == before
    path = write(node, "never.zone", "$ORIGIN never.test.\n$TTL 300\n@ SOA a b 1 2 3 4 5\n"
                                     "c CNAME a\nc TXT x\n")
    done = node.weir("zone", "import", path, "--create", check=False)
    assert done.returncode == 1 and "1 set does not fit; nothing was changed" in done.stderr
    done = node.weir("zone", "export", "never.test", check=False)
    assert "there is no zone 'never.test'" in done.stderr
    path = write(node, "include.zone", "$INCLUDE /etc/hostname\n")
    done = node.weir("zone", "import", path, "--zone", "wrong.test", check=False)
    assert f"{path}:1: $INCLUDE is not supported" in done.stderr


def test_a_file_must_say_which_zone_it_is(shared_node):
    path = write(shared_node, "which.zone", "www 60 A 192.0.2.1\n")
    done = shared_node.weir("zone", "import", path, check=False)
    assert done.returncode == 1 and "give --zone" in done.stderr
    done = shared_node.weir("zone", "import", path, "--zone", "ZNONE", check=False)
    assert done.returncode == 1 and "NoSuchHostedZone" in done.stderr
    for _ in range(2):
        shared_node.create_zone("twice.test")
    done = shared_node.weir("zone", "import", path, "--zone", "twice.test", check=False)
    assert "2 zones are called twice.test." in done.stderr


BIG = 3000


def big_zone(value="192.0.2.1", count=BIG):
    return "$TTL 300\n" + "".join(f"h{i} A {value}\n" for i in range(count))


def test_a_long_import_tells_how_far_it_is_and_goes_on_where_it_stopped(shared_node):
    node = shared_node
    zone_id = node.create_zone("big.test")
    part = write(node, "part.zone", big_zone(count=1000))
    node.weir("zone", "import", part, "--zone", zone_id)
    path = write(node, "big.zone", big_zone())
    done = node.weir("zone", "import", path, "--zone", zone_id)
    assert "2000 to create, 0 to change, 0 to delete, 1000 as they should be" in done.stdout
    assert re.search(r"^2000 records in 2 changes, ", done.stdout, re.M)
    assert re.search(r"^1000 of 2000 records, \d+/s$", done.stderr, re.M)
    changed = write(node, "changed.zone", big_zone("192.0.2.2"))
    done = node.weir("zone", "import", changed, "--zone", zone_id, "--wait")
    assert re.search(r"^3000 records in 6 changes, ", done.stdout, re.M)
    assert node.values("h2999.big.test") == ["192.0.2.2"]
    assert len(sets_of(node, zone_id)) == BIG + 2


def test_an_import_that_was_killed_is_finished_by_another(shared_node):
    node = shared_node
    zone_id = node.create_zone("killed.test")
    path = write(node, "killed.zone", big_zone(count=20000))
    command = [WEIR, "zone", "import", path, "--zone", zone_id, "--data", str(node.dir)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert b" of 20000 records" in process.stderr.readline()
    process.kill()
    process.stderr.close()
    process.wait(DEADLINE_S)
    done = node.weir("zone", "import", path, "--zone", zone_id)
    planned, there = map(int, re.search(r"^(\d+) to create, 0 to change, 0 to delete, (\d+) as",
                                        done.stdout, re.M).groups())
    assert planned + there == 20000 and 0 < there < 20000
    done = node.weir("zone", "import", path, "--zone", zone_id, "--replace", "--dry-run")
    assert "0 to create, 0 to change, 0 to delete, 20000 as" in done.stdout


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_bar_is_drawn_on_a_terminal_alone(shared_node, is_terminal):
    node = shared_node
    zone_id = node.create_zone("bar.test")
    path = write(node, f"bar-{is_terminal}.zone", big_zone(count=2500))
    command = [WEIR, "zone", "import", path, "--zone", zone_id, "--data", str(node.dir)]
    ours, theirs = pty.openpty() if is_terminal else os.pipe()
    try:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:
            pass  # a terminal without its program reads as an error
        assert process.wait(DEADLINE_S) == 0
    finally:
        os.close(ours)
    assert (b"\r[" in shown) == is_terminal
    assert b"2500 of 2500 records" in shown
