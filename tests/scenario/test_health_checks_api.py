# SPDX-License-Identifier: Apache-2.0
"""Health checks and tags as unmodified clients use them."""

import uuid

import botocore.exceptions
import pytest

from harness import create, upsert


@pytest.fixture(scope="module")
def client(shared_node):
    return shared_node.boto()


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def words_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Message"]


def make(client, reference, **config):
    config = config or {"Type": "HTTP", "IPAddress": "10.0.0.1"}
    made = client.create_health_check(CallerReference=reference, HealthCheckConfig=config)
    return made["HealthCheck"]["Id"]


def calculated(*children, threshold=1):
    return {"Type": "CALCULATED", "HealthThreshold": threshold, "ChildHealthChecks": list(children)}


FILLED = {
    "web": ({"Type": "HTTP", "IPAddress": "10.0.0.1"},
            {"Port": 80, "RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False,
             "Inverted": False, "Disabled": False, "EnableSNI": False}),
    "tls": ({"Type": "HTTPS_STR_MATCH", "FullyQualifiedDomainName": "www.example.com",
             "ResourcePath": "/health?deep=1", "SearchString": "<ok> & \"well\"",
             "RequestInterval": 10, "FailureThreshold": 1, "MeasureLatency": True,
             "Regions": ["us-east-1", "eu-west-1", "sa-east-1"]},
            {"Port": 443, "Inverted": False, "Disabled": False, "EnableSNI": True}),
    "mail": ({"Type": "TCP", "IPAddress": "fd00::25", "Port": 25, "Inverted": True},
             {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False,
              "Disabled": False, "EnableSNI": False}),
    "alarm": ({"Type": "CLOUDWATCH_METRIC", "InsufficientDataHealthStatus": "LastKnownStatus",
               "AlarmIdentifier": {"Region": "us-east-1", "Name": "too slow"}},
              {"Inverted": False, "Disabled": False}),
    "control": ({"Type": "RECOVERY_CONTROL", "RoutingControlArn": "arn:x:::control/1"},
                {"Inverted": False, "Disabled": False}),
}


@pytest.mark.parametrize("kind", FILLED)
def test_a_check_reads_back_as_it_was_sent_with_what_route_53_fills_in(client, kind):
    sent, more = FILLED[kind]
    made = client.create_health_check(CallerReference=kind, HealthCheckConfig=sent)
    check = made["HealthCheck"]
    assert check["HealthCheckConfig"] == {**sent, **more}
    assert check["HealthCheckVersion"] == 1 and check["CallerReference"] == kind
    assert str(uuid.UUID(check["Id"])) == check["Id"]
    location = made["ResponseMetadata"]["HTTPHeaders"]["location"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert location.endswith(f"/2013-04-01/healthcheck/{check['Id']}")
    assert client.get_health_check(HealthCheckId=check["Id"])["HealthCheck"] == check


def test_a_caller_reference_makes_one_check_for_ever(client):
    check = make(client, "once")
    assert make(client, "once", Type="HTTP", IPAddress="10.0.0.1", Port=80) == check  # the default
    config = {"Type": "HTTP", "IPAddress": "10.0.0.2"}
    arguments = {"CallerReference": "once", "HealthCheckConfig": config}
    assert error_of(client.create_health_check, **arguments) == ("HealthCheckAlreadyExists", 409)
    client.delete_health_check(HealthCheckId=check)
    arguments["HealthCheckConfig"]["IPAddress"] = "10.0.0.1"
    assert error_of(client.create_health_check, **arguments) == ("HealthCheckAlreadyExists", 409)
    for call in (client.get_health_check, client.delete_health_check, client.update_health_check):
        assert error_of(call, HealthCheckId=check) == ("NoSuchHealthCheck", 404)


def test_updates_count_versions_and_reset_elements(client):
    check = make(client, "updated", Type="HTTP", IPAddress="10.0.0.1", ResourcePath="/a",
                 FullyQualifiedDomainName="www.example.com")
    done = client.update_health_check(HealthCheckId=check, HealthCheckVersion=1, Port=81,
                                      FailureThreshold=5, Disabled=True,
                                      ResetElements=["ResourcePath"])["HealthCheck"]
    assert done["HealthCheckVersion"] == 2
    config = done["HealthCheckConfig"]
    assert (config["Port"], config["FailureThreshold"], config["Disabled"]) == (81, 5, True)
    assert "ResourcePath" not in config and config["FullyQualifiedDomainName"] == "www.example.com"
    assert error_of(client.update_health_check, HealthCheckId=check, HealthCheckVersion=1) == (
        "HealthCheckVersionMismatch", 409)
    assert error_of(client.update_health_check, HealthCheckId=check, HealthThreshold=1) == (
        "InvalidInput", 400)
    assert client.get_health_check(HealthCheckId=check)["HealthCheck"] == done


def test_calculated_checks_have_children_and_no_circles(client):
    leaf, other = make(client, "leaf"), make(client, "other leaf")
    parent = make(client, "parent", **calculated(leaf, other))
    top = make(client, "top", **calculated(parent, threshold=0))
    assert "calculated from itself" in words_of(
        client.update_health_check, HealthCheckId=parent, ChildHealthChecks=[leaf, top])
    config = client.get_health_check(HealthCheckId=parent)["HealthCheck"]["HealthCheckConfig"]
    assert config["ChildHealthChecks"] == [leaf, other]
    nobody = str(uuid.uuid4())
    assert nobody in words_of(client.create_health_check, CallerReference="orphan",
                              HealthCheckConfig=calculated(nobody))
    assert error_of(client.delete_health_check, HealthCheckId=leaf) == ("HealthCheckInUse", 400)
    client.update_health_check(HealthCheckId=parent, ChildHealthChecks=[other])
    client.delete_health_check(HealthCheckId=leaf)
    client.update_health_check(HealthCheckId=parent, ResetElements=["ChildHealthChecks"])
    client.delete_health_check(HealthCheckId=other)
    client.delete_health_check(HealthCheckId=top)
    client.delete_health_check(HealthCheckId=parent)


REFUSED = [
    ({"Type": "HTTP"}, "must have an IP address or a fully qualified domain name"),
    ({"Type": "HTTP", "IPAddress": "10.0.0.1", "Port": 70000}, "65535"),
    ({"Type": "HTTP", "IPAddress": "10.0.0.1", "RequestInterval": 15}, "10 or 30"),
    ({"Type": "HTTP", "IPAddress": "10.0.0.1", "ResourcePath": "/" + 255 * "x"}, "255"),
    ({"Type": "HTTP", "IPAddress": "10.0.0.1", "ResourcePath": "/ HTTP/1.1"}, "visible ASCII"),
    ({"Type": "HTTP_STR_MATCH", "IPAddress": "10.0.0.1"}, "must have a search string"),
    ({"Type": "TCP", "IPAddress": "10.0.0.1"}, "must have a port"),
    ({"Type": "TCP", "IPAddress": "10.0.0.1", "Port": 1, "FullyQualifiedDomainName": "a.example"},
     "TCP health checks that have IP address must not have a fully qualified domain name"),
    ({"Type": "CALCULATED", "ChildHealthChecks": []},
     "Calculated health checks must have a health threshold specified."),
    ({"Type": "RECOVERY_CONTROL"}, "must have a routing control ARN"),
]


@pytest.mark.parametrize("config, words", REFUSED)
def test_configurations_that_cannot_be_are_refused(client, config, words):
    arguments = {"CallerReference": "refused", "HealthCheckConfig": config}
    assert error_of(client.create_health_check, **arguments) == ("InvalidInput", 400)
    assert words in words_of(client.create_health_check, **arguments)


def test_checks_are_counted_and_listed_by_pages(client):
    before = client.get_health_check_count()["HealthCheckCount"]
    mine = {make(client, f"page-{number}") for number in range(5)}
    assert client.get_health_check_count()["HealthCheckCount"] == before + 5
    pages = list(client.get_paginator("list_health_checks").paginate(
        PaginationConfig={"PageSize": 2}))
    listed = [check["Id"] for page in pages for check in page["HealthChecks"]]
    assert mine <= set(listed) and len(listed) == len(set(listed)) == before + 5
    assert listed == sorted(listed) and len(pages) >= 3
    assert pages[0]["MaxItems"] == "2" and pages[0]["NextMarker"] == listed[2]


def test_record_sets_name_checks_that_exist(shared_node, client):
    zone = shared_node.create_zone("checked.example", client)
    check = make(client, "of a record set")
    batch = {"Changes": [create(f"{name}.checked.example", "A", "192.0.2.1", SetIdentifier="a",
                                Weight=1, HealthCheckId=checked)
                         for name, checked in (("a", check), ("b", "nobody"), ("c", "nothing"))]}
    words = words_of(client.change_resource_record_sets, HostedZoneId=zone, ChangeBatch=batch)
    assert "nobody does not exist, " in words and words.startswith("[") and words.endswith("]")
    change = create("a.checked.example", "A", "192.0.2.1", SetIdentifier="a", Weight=1,
                    HealthCheckId=check)
    shared_node.wait_insync(shared_node.change(zone, change, client=client))
    client.delete_health_check(HealthCheckId=check)  # as in Route 53, where a set names it
    again = upsert("a.checked.example", "A", "192.0.2.2", SetIdentifier="a", Weight=1,
                   HealthCheckId=check)
    assert error_of(client.change_resource_record_sets, HostedZoneId=zone,
                    ChangeBatch={"Changes": [again]}) == ("InvalidChangeBatch", 400)
    change["Action"] = "DELETE"
    shared_node.wait_insync(shared_node.change(zone, change, client=client))


def tags_of(client, kind, name):
    answer = client.list_tags_for_resource(ResourceType=kind, ResourceId=name)["ResourceTagSet"]
    assert (answer["ResourceType"], answer["ResourceId"]) == (kind, name)
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def test_checks_and_zones_have_tags(shared_node, client):
    check, zone = make(client, "tagged"), shared_node.create_zone("tagged.example", client)
    for kind, name in (("healthcheck", check), ("hostedzone", zone)):
        assert tags_of(client, kind, name) == {}
        client.change_tags_for_resource(ResourceType=kind, ResourceId=name, AddTags=[
            {"Key": "Name", "Value": name}, {"Key": "team", "Value": "edge"}])
        client.change_tags_for_resource(ResourceType=kind, ResourceId=name,
                                        AddTags=[{"Key": "team", "Value": ""}],
                                        RemoveTagKeys=["absent"])
        assert tags_of(client, kind, name) == {"Name": name, "team": ""}
        sets = client.list_tags_for_resources(ResourceType=kind, ResourceIds=[name])
        assert [s["ResourceId"] for s in sets["ResourceTagSets"]] == [name]
    client.change_tags_for_resource(ResourceType="healthcheck", ResourceId=check,
                                    RemoveTagKeys=["Name", "team"])
    assert tags_of(client, "healthcheck", check) == {}
    client.delete_health_check(HealthCheckId=check)
    assert error_of(client.list_tags_for_resource, ResourceType="healthcheck",
                    ResourceId=check) == ("NoSuchHealthCheck", 404)
    assert error_of(client.list_tags_for_resource, ResourceType="hostedzone",
                    ResourceId=check) == ("NoSuchHostedZone", 404)
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(11)]
    assert error_of(client.change_tags_for_resource, ResourceType="hostedzone", ResourceId=zone,
                    AddTags=many) == ("InvalidInput", 400)


def test_the_nodes_have_a_check_whose_state_was_said(shared_node, client):
    check = make(client, "said", Type="RECOVERY_CONTROL", RoutingControlArn="arn:x:::control/2")
    told = shared_node.weir("health", "set", check, "unhealthy").stdout
    shared_node.wait_insync(told.split("change ")[1].split()[0])
    shared_node.weir("health", "hold", check, "5")
    refused = shared_node.weir("health", "set", check, "insufficient-data", check=False)
    assert refused.returncode == 1 and "healthy, unhealthy" in refused.stderr
    probed = make(client, "probed")
    assert "type HTTP" in shared_node.weir("health", "set", probed, "healthy", check=False).stderr


def test_the_aws_cli_makes_and_deletes_a_check(shared_node):
    made = shared_node.aws(
        "create-health-check", "--caller-reference", "cli", "--health-check-config",
        "Type=HTTP,IPAddress=10.0.0.9,ResourcePath=/up")
    check = made["HealthCheck"]["Id"]
    assert made["HealthCheck"]["HealthCheckConfig"]["Port"] == 80
    shared_node.aws("update-health-check", "--health-check-id", check, "--inverted")
    shown = shared_node.aws("get-health-check", "--health-check-id", check)
    assert shown["HealthCheck"]["HealthCheckConfig"]["Inverted"]
    shared_node.aws("get-checker-ip-ranges")
    shared_node.aws("delete-health-check", "--health-check-id", check)
