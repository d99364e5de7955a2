# SPDX-License-Identifier: Apache-2.0
"""Record sets with routing policies through the API: what is stored, listed and taken by nodes."""

import pytest

from harness import alias, create, delete, upsert

COUNTRY = {"GeoLocation": {"CountryCode": "CH"}}
# Debian's botocore knows no GeoProximityLocation; test_traffic_policies.py has that policy.
POLICIES = {
    "weighted": [{"Weight": 0}, {"Weight": 255}],
    "latency": [{"Region": "eu-central-1"}, {"Region": "us-east-1"}],
    "failover": [{"Failover": "PRIMARY"}, {"Failover": "SECONDARY"}],
    "geolocation": [{"GeoLocation": {"ContinentCode": "EU"}}, {"GeoLocation": {"CountryCode": "*"}},
                    {"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "WA"}}, COUNTRY],
    "multivalue": [{"MultiValueAnswer": True}, {"MultiValueAnswer": True}],
}


@pytest.fixture(scope="module")
def client(shared_node):
    return shared_node.boto()


def listed(client, zone, name):
    pages = client.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone, PaginationConfig={"PageSize": 2})
    return [s for page in pages for s in page["ResourceRecordSets"] if s["Name"] == name]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_group_is_listed_as_it_was_sent_and_reaches_the_nodes(shared_node, client, policy):
    zone = shared_node.create_zone(f"{policy}.policies.example", client)
    name = f"www.{policy}.policies.example."
    sets = [{**fields, "SetIdentifier": f"set {number}",
             "HealthCheckId": shared_node.health_check(f"check-{number}", client)}
            for number, fields in enumerate(POLICIES[policy])]
    addresses = [f"192.0.2.{number}" for number in range(len(sets))]
    changes = [create(name, "A", address, **fields)
               for address, fields in zip(addresses, sets)]
    shared_node.wait_insync(shared_node.change(zone, *changes, client=client))
    assert listed(client, zone, name) == [
        {"Name": name, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": address}], **fields}
        for address, fields in zip(addresses, sets)]
    found = shared_node.values(name)
    assert found and set(found) <= set(addresses)
    gone = [delete(name, "A", address, **fields) for address, fields in zip(addresses, sets)]
    shared_node.wait_insync(shared_node.change(zone, *gone, client=client))
    assert not shared_node.values(name)
    client.delete_hosted_zone(Id=zone)


def test_ip_based_sets_keep_their_collection_and_location(shared_node, client):
    zone = shared_node.create_zone("ip.policies.example", client)
    name = "www.ip.policies.example."
    made = client.create_cidr_collection(Name="policies", CallerReference="policies")
    collection = made["Collection"]["Id"]

    def change(action):
        changed = client.change_cidr_collection(Id=collection, Changes=[
            {"LocationName": "here", "Action": action, "CidrList": ["127.0.0.0/8"]}])
        shared_node.wait_insync(changed["Id"])

    def routed(location):
        return {"SetIdentifier": location, "CidrRoutingConfig": {
            "CollectionId": collection, "LocationName": location}}

    def refused(*changes):
        with pytest.raises(client.exceptions.InvalidChangeBatch) as caught:
            shared_node.change(zone, *changes, client=client)
        return str(caught.value)

    absent = create(name, "A", "192.0.2.1", **routed("here"))
    assert "which the CIDR collection" in refused(absent)
    change("PUT")
    shared_node.wait_insync(shared_node.change(
        zone, absent, create(name, "A", "192.0.2.2", **routed("*")), client=client))
    for call, arguments in (
        (client.change_cidr_collection, {"Changes": [
            {"LocationName": "here", "Action": "DELETE_IF_EXISTS", "CidrList": ["127.0.0.0/8"]}]}),
        (client.delete_cidr_collection, {}),
    ):
        with pytest.raises(client.exceptions.ClientError) as caught:
            call(Id=collection, **arguments)
        assert caught.value.response["Error"]["Code"].endswith("InUseException")
    shared_node.wait_insync(shared_node.change(
        zone, delete(name, "A", "192.0.2.1", **routed("here")), client=client))
    change("DELETE_IF_EXISTS")
    with pytest.raises(client.exceptions.CidrCollectionInUseException):
        client.delete_cidr_collection(Id=collection)  # by the default location
    shared_node.wait_insync(shared_node.change(
        zone, delete(name, "A", "192.0.2.2", **routed("*")), client=client))
    client.delete_cidr_collection(Id=collection)


def test_a_simple_set_becomes_a_group_in_one_batch(shared_node, client):
    zone = shared_node.create_zone("turn.policies.example", client)
    name = "www.turn.policies.example."
    shared_node.change(zone, upsert(name, "A", "192.0.2.1"), client=client)
    weighted = create(name, "A", "192.0.2.2", SetIdentifier="one", Weight=1)
    with pytest.raises(client.exceptions.InvalidChangeBatch) as caught:
        shared_node.change(zone, weighted, client=client)
    assert ("SetIdentifier one cannot be created as a non-weighted set exists with the same name "
            "and type." in str(caught.value))
    shared_node.wait_insync(shared_node.change(
        zone, delete(name, "A", "192.0.2.1"), weighted, client=client))
    assert shared_node.values(name) == ["192.0.2.2"]


def test_an_alias_leads_into_another_zone_of_the_account(shared_node, client):
    near = shared_node.create_zone("near.policies.example", client)
    far = shared_node.create_zone("far.policies.example", client)

    def change(*changes):
        shared_node.wait_insync(shared_node.change(*changes, client=client))

    change(far, upsert("www.far.policies.example", "A", "192.0.2.1", ttl=77))
    change(near, alias("near.policies.example", "A", far, "www.far.policies.example"))
    answer = shared_node.ask("near.policies.example").answer
    assert [(str(s.name), s.ttl, [r.to_text() for r in s]) for s in answer] == [
        ("near.policies.example.", 77, ["192.0.2.1"])]
    change(far, upsert("www.far.policies.example", "A", "192.0.2.2"))
    assert shared_node.values("near.policies.example") == ["192.0.2.2"]
    back = alias("back.far.policies.example", "A", near, "near.policies.example")
    change(far, back)
    with pytest.raises(client.exceptions.InvalidChangeBatch) as caught:
        shared_node.change(
            near, alias("near.policies.example", "A", far, "back.far.policies.example"),
            client=client)
    assert "leads back to the alias" in str(caught.value)
    with pytest.raises(client.exceptions.InvalidChangeBatch) as caught:
        shared_node.change(near, alias("x.near.policies.example", "A", "Z00000000000000000000",
                                       "www.far.policies.example"), client=client)
    assert "that hosted zone was not found" in str(caught.value)
