# SPDX-License-Identifier: Apache-2.0
"""Traffic policies and their instances as unmodified clients use them."""

import json

import botocore.exceptions
import dns.edns
import mmdb
import pytest

from harness import replace, upsert, wait_for


@pytest.fixture(scope="module")
def client(shared_node):
    return shared_node.boto()


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def value(text):
    return {"Type": "value", "Value": text}


def document(rtype="A", start="site", endpoints=None, **members):
    """A policy that starts at an endpoint, or with `Rules` at a rule."""
    kind = "StartRule" if "Rules" in members else "StartEndpoint"
    return json.dumps({
        "AWSPolicyFormatVersion": "2015-10-01", "RecordType": rtype, kind: start,
        "Endpoints": endpoints or {"site": value("192.0.2.1")}, **members,
    })


def make(client, name, text=None):
    return client.create_traffic_policy(Name=name, Document=text or document())["TrafficPolicy"]


def make_instance(client, zone, name, policy, ttl=60):
    made = client.create_traffic_policy_instance(
        HostedZoneId=zone, Name=name, TTL=ttl, TrafficPolicyId=policy["Id"],
        TrafficPolicyVersion=policy["Version"])
    return made["TrafficPolicyInstance"]


def wait_applied(client, instance_id):
    def is_applied():
        instance = client.get_traffic_policy_instance(Id=instance_id)["TrafficPolicyInstance"]
        assert instance["State"] != "Failed", instance["Message"]
        return instance["State"] == "Applied" and instance

    return wait_for(is_applied, "the instance to be applied")


def test_versions_of_a_policy_from_the_first_to_the_last(client):
    text = document()
    made = client.create_traffic_policy(Name="versions", Document=text, Comment="first")
    policy = made["TrafficPolicy"]
    assert policy == {"Id": policy["Id"], "Version": 1, "Name": "versions", "Type": "A",
                      "Document": text, "Comment": "first"}
    location = made["ResponseMetadata"]["HTTPHeaders"]["location"]
    assert location.endswith(f"/2013-04-01/trafficpolicy/{policy['Id']}/1")
    other = document("AAAA", endpoints={"site": value("2001:db8::1")})
    second = client.create_traffic_policy_version(Id=policy["Id"], Document=other)
    assert second["TrafficPolicy"]["Version"] == 2 and second["TrafficPolicy"]["Type"] == "AAAA"
    assert "Comment" not in second["TrafficPolicy"]
    changed = client.update_traffic_policy_comment(Id=policy["Id"], Version=1, Comment="new")
    assert changed["TrafficPolicy"]["Comment"] == "new"
    assert client.get_traffic_policy(Id=policy["Id"], Version=1)["TrafficPolicy"] == {
        **policy, "Comment": "new"}
    page = client.list_traffic_policy_versions(Id=policy["Id"], MaxItems="1")
    assert [p["Version"] for p in page["TrafficPolicies"]] == [1] and page["IsTruncated"]
    page = client.list_traffic_policy_versions(
        Id=policy["Id"], TrafficPolicyVersionMarker=page["TrafficPolicyVersionMarker"])
    assert [p["Version"] for p in page["TrafficPolicies"]] == [2] and not page["IsTruncated"]
    client.delete_traffic_policy(Id=policy["Id"], Version=2)
    third = client.create_traffic_policy_version(Id=policy["Id"], Document=text)
    assert third["TrafficPolicy"]["Version"] == 3  # no number is given twice
    client.delete_traffic_policy(Id=policy["Id"], Version=1)
    client.delete_traffic_policy(Id=policy["Id"], Version=3)
    for call in (client.delete_traffic_policy, client.get_traffic_policy):
        assert error_of(call, Id=policy["Id"], Version=3) == ("NoSuchTrafficPolicy", 404)
    assert error_of(client.list_traffic_policy_versions, Id=policy["Id"]) == (
        "NoSuchTrafficPolicy", 404)
    make(client, "versions")  # the name is free again


def test_policies_are_listed_by_pages(client):
    mine = {make(client, f"page-{number}")["Id"] for number in range(5)}
    listed, marker = [], {}
    while True:
        page = client.list_traffic_policies(MaxItems="2", **marker)
        listed += page["TrafficPolicySummaries"]
        if not page["IsTruncated"]:
            break
        marker = {"TrafficPolicyIdMarker": page["TrafficPolicyIdMarker"]}
    ids = [summary["Id"] for summary in listed]
    assert mine <= set(ids) and len(ids) == len(set(ids))
    assert all(s["LatestVersion"] >= 1 and s["Type"] in ("A", "AAAA") for s in listed)
    assert {s["TrafficPolicyCount"] for s in listed} == {len(listed)}


def test_documents_are_refused_by_name(client):
    def message_of(text):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            client.create_traffic_policy(Name="refused", Document=text)
        error = caught.value.response["Error"]
        assert error["Code"] == "InvalidTrafficPolicyDocument"
        return error["Message"]

    assert "Endpoint 'site'" in message_of(document(endpoints={"site": value("192.0.2")}))
    loop = {"a": {"RuleType": "weighted", "Items": [{"RuleReference": "a", "Weight": 1},
                                                    {"EndpointReference": "site", "Weight": 1}]}}
    assert "leads back to itself" in message_of(document(start="a", Rules=loop))
    assert "there is no rule 'b'" in message_of(document(start="b", Rules={}))
    assert error_of(client.create_traffic_policy, Name="refused", Document="{") == (
        "InvalidTrafficPolicyDocument", 400)
    policy = make(client, "accepted")
    assert error_of(client.create_traffic_policy_version, Id=policy["Id"], Document="{}") == (
        "InvalidTrafficPolicyDocument", 400)
    assert error_of(client.create_traffic_policy, Name="accepted", Document=document()) == (
        "TrafficPolicyAlreadyExists", 409)


def test_an_instance_answers_with_its_endpoint_until_it_goes(node):
    client = node.boto()
    zone = node.create_zone("traffic.example", client)
    policy = make(client, "one-site")
    made = client.create_traffic_policy_instance(
        HostedZoneId=zone, Name="WWW.traffic.example", TTL=30, TrafficPolicyId=policy["Id"],
        TrafficPolicyVersion=1)
    instance = made["TrafficPolicyInstance"]
    assert instance["State"] == "Creating" and instance["Name"] == "www.traffic.example."
    assert made["ResponseMetadata"]["HTTPHeaders"]["location"].endswith(
        f"/trafficpolicyinstance/{instance['Id']}")
    assert wait_applied(client, instance["Id"]) == {
        "Id": instance["Id"], "HostedZoneId": zone, "Name": "www.traffic.example.", "TTL": 30,
        "State": "Applied", "Message": "", "TrafficPolicyId": policy["Id"],
        "TrafficPolicyVersion": 1, "TrafficPolicyType": "A"}
    answer = node.ask("www.traffic.example").answer
    assert [(str(s.name), s.ttl, [str(r) for r in s]) for s in answer] == [
        ("www.traffic.example.", 30, ["192.0.2.1"])]
    sets = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    mine = [s for s in sets if s["Name"] == "www.traffic.example."]
    assert [s["TrafficPolicyInstanceId"] for s in mine] == [instance["Id"]]
    assert client.get_traffic_policy_instance_count()["TrafficPolicyInstanceCount"] == 1

    second = client.create_traffic_policy_version(
        Id=policy["Id"], Document=document(endpoints={"site": value("192.0.2.2")}))
    updated = client.update_traffic_policy_instance(
        Id=instance["Id"], TTL=45, TrafficPolicyId=policy["Id"],
        TrafficPolicyVersion=second["TrafficPolicy"]["Version"])
    assert updated["TrafficPolicyInstance"]["State"] == "Updating"
    wait_applied(client, instance["Id"])
    answer = node.ask("www.traffic.example").answer
    assert [(s.ttl, [str(r) for r in s]) for s in answer] == [(45, ["192.0.2.2"])]
    client.delete_traffic_policy(Id=policy["Id"], Version=1)

    client.delete_traffic_policy_instance(Id=instance["Id"])
    assert error_of(client.get_traffic_policy_instance, Id=instance["Id"]) == (
        "NoSuchTrafficPolicyInstance", 404)
    wait_for(lambda: not node.ask("www.traffic.example").answer, "the instance to be gone")
    client.delete_traffic_policy(Id=policy["Id"], Version=2)
    client.delete_hosted_zone(Id=zone)


def test_nobody_asks_for_the_names_of_a_tree(node):
    client = node.boto()
    zone = node.create_zone("hidden.example", client)
    instance = make_instance(client, zone, "www.hidden.example", make(client, "hidden"))
    wait_applied(client, instance["Id"])
    for name in ("start.", "start.hidden.example"):
        assert not node.ask(name).answer
    sets = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert not [s for s in sets if s["Name"].startswith("start")]


def tree(*addresses):
    """A document with every type of rule, whose endpoints are these addresses."""
    ends = {f"e{number}": value(address) for number, address in enumerate(addresses)}

    def to(number, **fields):
        return {"EndpointReference": f"e{number}", **fields}

    return document(start="places", endpoints=ends, Rules={
        "places": {"RuleType": "geo", "Locations": [
            {"RuleReference": "near", "IsDefault": "true"},
            {"RuleReference": "shares", "Continent": "EU", "EvaluateTargetHealth": True},
            to(0, Country="US", Subdivision="WA")]},
        "near": {"RuleType": "geoproximity", "GeoproximityLocations": [
            {"RuleReference": "fast", "Region": "aws:route53:us-east-1", "Bias": "-20"},
            to(1, Latitude="47.37", Longitude="8.54")]},
        "fast": {"RuleType": "latency", "Regions": [
            {"RuleReference": "switch", "Region": "eu-central-1"}, to(2, Region="us-west-2")]},
        "switch": {"RuleType": "failover", "Primary": to(0, HealthCheck="check-1"),
                   "Secondary": {"RuleReference": "shares"}},
        "shares": {"RuleType": "weighted", "Items": [
            to(1, Weight=1), {"RuleReference": "all", "Weight": "3"}]},
        "all": {"RuleType": "multivalue", "Items": [to(0), to(1), to(2)]},
    })


def test_a_tree_of_all_rules_is_served_and_replaced(node):
    client = node.boto()
    zone = node.create_zone("tree.example", client)
    addresses = [f"192.0.2.{number}" for number in range(3)]
    policy = make(client, "tree", tree(*addresses))
    instance = make_instance(client, zone, "www.tree.example", policy)
    wait_applied(client, instance["Id"])
    found = node.values("www.tree.example")
    assert found and set(found) <= set(addresses)
    simple = client.create_traffic_policy_version(
        Id=policy["Id"], Document=document(endpoints={"site": value("192.0.2.99")}))
    client.update_traffic_policy_instance(
        Id=instance["Id"], TTL=60, TrafficPolicyId=policy["Id"],
        TrafficPolicyVersion=simple["TrafficPolicy"]["Version"])
    wait_applied(client, instance["Id"])
    assert node.values("www.tree.example") == ["192.0.2.99"]
    client.delete_traffic_policy_instance(Id=instance["Id"])
    wait_for(lambda: not node.ask("www.tree.example").answer, "the instance to be gone")


def place(country, latitude, longitude, *subdivisions):
    return {"country": {"iso_code": country},
            "subdivisions": [{"iso_code": code} for code in subdivisions],
            "location": {"latitude": latitude, "longitude": longitude}}


def say_health(path, **states):
    replace(path, "".join(f"{check} {state}\n" for check, state in states.items()))


def test_each_rule_of_a_tree_chooses(fleet):
    health, geo = fleet.path("health"), fleet.path("geo.mmdb")
    say_health(health, one="healthy")
    mmdb.write(geo, {"10.1.0.0/16": place("CH", 47.4, 8.5),
                     "10.2.0.0/16": place("US", 47.6, -122.3, "WA"),
                     "10.3.0.0/16": place("US", 40.7, -74.0, "NY"),
                     "10.4.0.0/16": place("JP", 35.7, 139.7)})
    node = fleet.node("node", "--health-file", health, "--geo-db", geo).start()
    client = node.boto()
    zone = node.create_zone("chosen.example", client)
    names = ("swiss", "swiss-spare", "state", "west", "east", "far", "spare", "never")
    ends = {name: value(f"192.0.2.{number}") for number, name in enumerate(names, 1)}

    def to(name, **fields):
        return {"EndpointReference": name, **fields}

    policy = make(client, "chosen", document(start="places", endpoints=ends, Rules={
        "places": {"RuleType": "geo", "Locations": [
            {"RuleReference": "switch", "Continent": "EU"},
            to("state", Country="US", Subdivision="WA"),
            {"RuleReference": "coasts", "Country": "US"},
            {"RuleReference": "shares", "IsDefault": True}]},
        "switch": {"RuleType": "failover", "Primary": to("swiss", HealthCheck="one"),
                   "Secondary": to("swiss-spare")},
        "coasts": {"RuleType": "latency", "Regions": [
            to("west", Region="us-west-2"), to("east", Region="us-east-1")]},
        "shares": {"RuleType": "weighted", "Items": [
            {"RuleReference": "near", "Weight": 255, "EvaluateTargetHealth": True},
            to("never", Weight=0)]},
        "near": {"RuleType": "geoproximity", "GeoproximityLocations": [
            to("far", Region="aws:route53:ap-northeast-1", HealthCheck="two"),
            to("spare", Latitude="47.37", Longitude="8.54", HealthCheck="three")]},
    }))
    instance = make_instance(client, zone, "www.chosen.example", policy)
    wait_applied(client, instance["Id"])

    def asked_from(address):
        answer = node.ask("www.chosen.example", use_edns=0,
                          options=[dns.edns.ECSOption(address, 24)])
        values = [rdata.to_text() for s in answer.answer for rdata in s]
        assert len(values) == 1
        return names[int(values[0].rsplit(".", 1)[1]) - 1]

    def is_asked(address, name):
        wait_for(lambda: asked_from(address) == name, f"{address} to get {name}")

    is_asked("10.4.0.0", "far")  # once the files were read
    assert asked_from("10.1.0.0") == "swiss"
    assert asked_from("10.2.0.0") == "state"
    assert asked_from("10.3.0.0") == "east"
    say_health(health, one="unhealthy")
    is_asked("10.1.0.0", "swiss-spare")
    assert asked_from("10.4.0.0") == "far"
    say_health(health, two="unhealthy")
    is_asked("10.4.0.0", "spare")
    assert asked_from("10.1.0.0") == "swiss"
    say_health(health, two="unhealthy", three="unhealthy")
    is_asked("10.4.0.0", "never")  # the heavy branch has nothing healthy left


def test_an_alias_may_lead_to_an_instance(node):
    client = node.boto()
    zone = node.create_zone("aliased.example", client)
    instance = make_instance(client, zone, "www.aliased.example", make(client, "aliased"))
    change = node.change(zone, {"Action": "CREATE", "ResourceRecordSet": {
        "Name": "aliased.example", "Type": "A", "AliasTarget": {
            "HostedZoneId": zone, "DNSName": "www.aliased.example",
            "EvaluateTargetHealth": False}}}, client=client)
    node.wait_insync(change)
    wait_applied(client, instance["Id"])
    assert node.values("aliased.example") == ["192.0.2.1"]


def test_what_stands_in_the_way_of_an_instance(shared_node, client):
    zone = shared_node.create_zone("ways.example", client)
    policy = make(client, "ways")
    instance = make_instance(client, zone, "www.ways.example", policy)

    def refused(name, policy=policy, zone=zone):
        return error_of(client.create_traffic_policy_instance, HostedZoneId=zone, Name=name,
                        TTL=60, TrafficPolicyId=policy["Id"],
                        TrafficPolicyVersion=policy["Version"])

    shared_node.change(zone, upsert("taken.ways.example", "A", "192.0.2.9"),
                       upsert("alias.ways.example", "CNAME", "www.ways.example."), client=client)
    assert refused("www.ways.example") == ("TrafficPolicyInstanceAlreadyExists", 409)
    assert refused("taken.ways.example") == ("InvalidInput", 400)
    assert refused("alias.ways.example") == ("InvalidInput", 400)
    assert refused("www.elsewhere.example") == ("InvalidInput", 400)
    assert refused("x.ways.example", zone="Z00000000000000000000") == ("NoSuchHostedZone", 404)
    assert refused("x.ways.example", policy={"Id": policy["Id"], "Version": 9}) == (
        "NoSuchTrafficPolicy", 404)
    absent = make(client, "absent", document(endpoints={
        "site": {"Type": "cloudfront", "Value": "e0.cdn.weir.test"}}))
    assert refused("x.ways.example", policy=absent) == ("InvalidInput", 400)

    assert error_of(client.delete_traffic_policy, Id=policy["Id"], Version=1) == (
        "TrafficPolicyInUse", 400)
    other = client.create_traffic_policy_version(Id=policy["Id"], Document=document(
        "AAAA", endpoints={"site": value("2001:db8::1")}))["TrafficPolicy"]
    assert error_of(client.update_traffic_policy_instance, Id=instance["Id"], TTL=60,
                    TrafficPolicyId=policy["Id"], TrafficPolicyVersion=other["Version"]) == (
        "ConflictingTypes", 400)
    assert error_of(client.delete_hosted_zone, Id=zone) == ("HostedZoneNotEmpty", 400)

    def change(action):
        return error_of(client.change_resource_record_sets, HostedZoneId=zone, ChangeBatch={
            "Changes": [{"Action": action, "ResourceRecordSet": {
                "Name": "www.ways.example", "Type": "A", "TTL": 60,
                "ResourceRecords": [{"Value": "192.0.2.1"}]}}]})

    for action in ("CREATE", "UPSERT", "DELETE"):
        assert change(action) == ("InvalidChangeBatch", 400)
    # Another type at the name is nobody's business.
    shared_node.change(zone, upsert("www.ways.example", "TXT", '"text"'), client=client)
    client.delete_traffic_policy_instance(Id=instance["Id"])
    sets = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [s["Type"] for s in sets if s["Name"] == "www.ways.example."] == ["TXT"]


def pages_of(call, **arguments):
    """All instances of a listing, two a page, with the markers that it answers."""
    markers = ("HostedZoneIdMarker", "TrafficPolicyInstanceNameMarker",
               "TrafficPolicyInstanceTypeMarker")
    found, more = [], {}
    while True:
        page = call(MaxItems="2", **arguments, **more)
        found += page["TrafficPolicyInstances"]
        if not page["IsTruncated"]:
            return [(i["HostedZoneId"], i["Name"], i["TrafficPolicyType"]) for i in found]
        more = {name: page[name] for name in markers if name in page}


def test_instances_are_listed_by_zone_and_by_policy(node):
    client = node.boto()
    first = make(client, "first")
    second = make(client, "second", document("AAAA", endpoints={"site": value("2001:db8::1")}))
    zones = sorted(node.create_zone(f"list-{i}.example", client) for i in range(2))
    names = {z: client.get_hosted_zone(Id=z)["HostedZone"]["Name"] for z in zones}
    made = []
    for zone in zones:
        for label in ("b", "a"):
            for policy in (first, second):
                name = f"{label}.{names[zone]}"
                make_instance(client, zone, name, policy)
                made.append((zone, name, policy["Type"]))
    made.sort()
    assert pages_of(client.list_traffic_policy_instances) == made
    assert pages_of(client.list_traffic_policy_instances_by_hosted_zone,
                    HostedZoneId=zones[1]) == [i for i in made if i[0] == zones[1]]
    assert pages_of(client.list_traffic_policy_instances_by_policy, TrafficPolicyId=first["Id"],
                    TrafficPolicyVersion=1) == [i for i in made if i[2] == "A"]
    assert error_of(client.list_traffic_policy_instances_by_policy, TrafficPolicyId=first["Id"],
                    TrafficPolicyVersion=2) == ("NoSuchTrafficPolicy", 404)
    assert error_of(client.list_traffic_policy_instances_by_hosted_zone,
                    HostedZoneId="Z00000000000000000000") == ("NoSuchHostedZone", 404)


def test_the_aws_cli_makes_policies_and_instances(shared_node, client):
    zone = shared_node.create_zone("cli.example", client)
    made = shared_node.aws("create-traffic-policy", "--name", "cli", "--document", document())
    instance = shared_node.aws(
        "create-traffic-policy-instance", "--hosted-zone-id", zone, "--name", "cli.example",
        "--ttl", "60", "--traffic-policy-id", made["TrafficPolicy"]["Id"],
        "--traffic-policy-version", "1")["TrafficPolicyInstance"]
    wait_applied(client, instance["Id"])
    assert shared_node.values("cli.example") == ["192.0.2.1"]
