# SPDX-License-Identifier: Apache-2.0
"""TestDNSAnswer: what a client gets of a zone, and why, by boto3 and by `weir zone test`."""

import botocore.exceptions
import pytest

from conftest import Fleet
from harness import alias, create, replace, wait_for


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """(node, zone id, health file): failover over weighted sets."""
    health = tmp_path_factory.mktemp("explained") / "health"
    health.write_text("")
    fleet = Fleet()
    try:
        node = fleet.node("node", "--health-file", str(health)).start()
        zone = node.create_zone("explained.example")

        def branch(identifier, role, target):
            change = alias("www.explained.example", "A", zone, target, evaluate=True)
            change["ResourceRecordSet"].update(SetIdentifier=identifier, Failover=role)
            return change

        weighted = [
            create("eu.explained.example", "A", value, SetIdentifier=name, Weight=1,
                   HealthCheckId=node.health_check(name))
            for name, value in (("eu-a", "192.0.2.1"), ("eu-b", "192.0.2.2"))
        ]
        node.wait_insync(node.change(
            zone, *weighted,
            create("us.explained.example", "A", "192.0.2.3"),
            create("*.explained.example", "TXT", '"wild"'),
            branch("one", "PRIMARY", "eu.explained.example"),
            branch("two", "SECONDARY", "us.explained.example"),
        ))
        yield node, zone, health
    finally:
        fleet.end()


def test_the_answer_is_that_of_the_name_servers(explained):
    node, zone, _ = explained
    client = node.boto()

    def ask(name, rdtype, **more):
        return client.test_dns_answer(HostedZoneId=zone, RecordName=name, RecordType=rdtype,
                                      **more)

    answer = ask("www.explained.example", "A", ResolverIP="198.51.100.7")
    assert answer["ResponseCode"] == "NOERROR"
    assert answer["RecordData"] in (["192.0.2.1"], ["192.0.2.2"])
    assert answer["Protocol"] == "UDP"
    assert answer["Nameserver"].endswith(".weir.test")
    assert ask("no.such.explained.example", "TXT")["RecordData"] == ['"wild"']
    assert ask("us.explained.example", "AAAA")["RecordData"] == []


def test_each_decision_is_explained(explained):
    node, _, health = explained

    def explain(*words):
        return node.weir("zone", "test", "explained.example", *words).stdout

    text = explain("www.explained.example", "A")
    assert "; failover, 2 sets: 'one' is chosen\n" in text
    assert "to eu.explained.example." in text
    assert "weighted, 2 sets: 'eu-" in text
    health.write_text("".join(f"{node.health_check(name)} unhealthy\n"
                              for name in ("eu-a", "eu-b")))
    text = explain("www.explained.example", "A")
    assert "'eu-a' is unhealthy" in text and "'eu-b' is unhealthy" in text
    assert "'one' is unhealthy" in text
    assert "; failover, 2 sets: 'two' is chosen\n" in text
    assert text.endswith("; NOERROR\n192.0.2.3\n")
    # The name server says the same, once it has read the file.
    wait_for(lambda: node.values("www.explained.example") == ["192.0.2.3"], "the failover")
    health.write_text("")
    text = explain("deep.explained.example", "TXT", "--subnet", "192.0.2.0/24")
    assert "the wildcard \\052.explained.example. stands for it" in text
    assert "client: its subnet, /24" in text
    assert explain("explained.example", "MX").endswith("; NOERROR\n")


def test_a_file_that_is_missing_or_damaged_is_not_taken_for_a_missing_zone(fleet):
    health, geo = fleet.path("health"), fleet.path("geo")
    node = fleet.node("node", "--health-file", health).start()
    assert node.log().count("no file of health checks yet") == 1
    zone = node.create_zone("files.example")
    node.wait_insync(node.change(zone, create("www.files.example", "A", "192.0.2.1")))
    ask = ("zone", "test", "files.example", "www.files.example", "A")
    assert node.weir(*ask).stdout.endswith("; NOERROR\n192.0.2.1\n")  # all are healthy
    replace(health, "a sick\n")
    with pytest.raises(botocore.exceptions.ClientError, match="states of health cannot be read"):
        node.boto().test_dns_answer(HostedZoneId=zone, RecordName="www.files.example",
                                    RecordType="A")
    assert "want: ID healthy|unhealthy" in node.log()
    node.stop()
    node.flags = ["--geo-db", geo]
    node.start()
    with pytest.raises(botocore.exceptions.ClientError, match="file of networks"):
        node.boto().test_dns_answer(HostedZoneId=zone, RecordName="www.files.example",
                                    RecordType="A")


@pytest.mark.parametrize("more, code", [
    ({"ResolverIP": "nowhere"}, "InvalidInput"),
    ({"EDNS0ClientSubnetMask": "24"}, "InvalidInput"),
    ({"EDNS0ClientSubnetIP": "192.0.2.0", "EDNS0ClientSubnetMask": "33"}, "InvalidInput"),
    ({"RecordName": "www.example.org"}, "InvalidInput"),
    ({"HostedZoneId": "ZNOSUCHZONE"}, "NoSuchHostedZone"),
])
def test_what_cannot_be_asked_is_refused(explained, more, code):
    node, zone, _ = explained
    question = {"HostedZoneId": zone, "RecordName": "explained.example", "RecordType": "A"}
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        node.boto().test_dns_answer(**{**question, **more})
    assert refusal.value.response["Error"]["Code"] == code
