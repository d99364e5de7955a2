# SPDX-License-Identifier: Apache-2.0
"""CIDR collections as unmodified clients use them."""

import json
import uuid

import botocore.exceptions
import pytest


@pytest.fixture(scope="module")
def client(shared_node):
    return shared_node.boto()


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def put(location, *blocks):
    return {"LocationName": location, "Action": "PUT", "CidrList": list(blocks)}


def drop(location, *blocks):
    return {"LocationName": location, "Action": "DELETE_IF_EXISTS", "CidrList": list(blocks)}


def make(client, name):
    made = client.create_cidr_collection(Name=name, CallerReference=name)
    return made["Collection"]["Id"]


def blocks_of(client, collection_id, **arguments):
    pages = client.get_paginator("list_cidr_blocks").paginate(
        CollectionId=collection_id, PaginationConfig={"PageSize": 2}, **arguments)
    return [(b["LocationName"], b["CidrBlock"]) for page in pages for b in page["CidrBlocks"]]


def test_a_collection_from_its_making_to_its_end(shared_node, client):
    made = client.create_cidr_collection(Name="offices", CallerReference="offices")
    collection = made["Collection"]
    assert collection["Arn"] == f"arn:aws:route53:::cidrcollection/{collection['Id']}"
    assert collection["Version"] == 1 and str(uuid.UUID(collection["Id"])) == collection["Id"]
    location = made["ResponseMetadata"]["HTTPHeaders"]["location"]
    assert location.endswith(f"/2013-04-01/cidrcollection/{collection['Id']}")
    changed = client.change_cidr_collection(
        Id=collection["Id"], CollectionVersion=1,
        Changes=[put("zurich", "192.0.2.0/24", "2001:db8::/32"), put("geneva", "198.51.100.0/24")])
    shared_node.wait_insync(changed["Id"])
    assert blocks_of(client, collection["Id"]) == [
        ("geneva", "198.51.100.0/24"), ("zurich", "192.0.2.0/24"), ("zurich", "2001:db8::/32")]
    assert blocks_of(client, collection["Id"], LocationName="geneva") == [
        ("geneva", "198.51.100.0/24")]
    pages = client.get_paginator("list_cidr_locations").paginate(
        CollectionId=collection["Id"], PaginationConfig={"PageSize": 1})
    names = [entry["LocationName"] for page in pages for entry in page["CidrLocations"]]
    assert names == ["geneva", "zurich"]
    assert error_of(client.delete_cidr_collection, Id=collection["Id"]) == (
        "CidrCollectionInUseException", 400)
    client.change_cidr_collection(Id=collection["Id"], CollectionVersion=2, Changes=[
        drop("zurich", "192.0.2.0/24", "2001:db8::/32", "203.0.113.0/24"),
        drop("geneva", "198.51.100.0/24")])
    assert blocks_of(client, collection["Id"]) == []
    client.delete_cidr_collection(Id=collection["Id"])
    assert error_of(client.list_cidr_locations, CollectionId=collection["Id"]) == (
        "NoSuchCidrCollectionException", 404)


def test_collections_are_listed_by_pages(client):
    mine = {make(client, f"page-{number}") for number in range(5)}
    pages = client.get_paginator("list_cidr_collections").paginate(
        PaginationConfig={"PageSize": 2})
    listed = [c["Id"] for page in pages for c in page["CidrCollections"]]
    assert mine <= set(listed) and len(listed) == len(set(listed))


def test_refusals_have_the_codes_of_route_53(client):
    made = make(client, "refusals")
    other = "00000000-0000-4000-8000-000000000000"
    client.change_cidr_collection(Id=made, Changes=[put("a", "10.0.0.0/8")])

    def refused(*changes, **arguments):
        return error_of(client.change_cidr_collection, Id=made, Changes=list(changes), **arguments)

    assert refused(put("b", "10.0.0.0/8")) == ("CidrBlockInUseException", 400)
    assert refused(put("b", "10.0.0.1/24")) == ("InvalidInput", 400)
    assert refused(put("b", "10.0.0.0/25")) == ("InvalidInput", 400)
    assert refused(put("b", "2001:db8::/49")) == ("InvalidInput", 400)
    assert refused(put("*", "11.0.0.0/8")) == ("InvalidInput", 400)
    assert refused(put("seventeen-letters", "11.0.0.0/8")) == ("InvalidInput", 400)
    assert refused(put("b", "11.0.0.0/8"), CollectionVersion=1) == (
        "CidrCollectionVersionMismatchException", 409)
    assert blocks_of(client, made) == [("a", "10.0.0.0/8")]
    client.change_cidr_collection(
        Id=made, Changes=[put("b", "10.0.0.0/8"), drop("a", "10.0.0.0/8")])
    assert blocks_of(client, made) == [("b", "10.0.0.0/8")]
    assert error_of(client.create_cidr_collection, Name="refusals", CallerReference="x") == (
        "CidrCollectionAlreadyExistsException", 400)
    assert make(client, "refusals") == made  # the same call again
    assert error_of(client.delete_cidr_collection, Id=other) == (
        "NoSuchCidrCollectionException", 404)
    assert error_of(client.list_cidr_blocks, CollectionId=made, LocationName="c") == (
        "NoSuchCidrLocationException", 404)
    assert error_of(client.list_cidr_blocks, CollectionId=made, NextToken="x") == (
        "InvalidInput", 400)


def test_the_aws_cli_changes_and_lists(shared_node):
    made = shared_node.aws("create-cidr-collection", "--name", "cli", "--caller-reference", "cli")
    collection_id = made["Collection"]["Id"]
    shared_node.aws("change-cidr-collection", "--id", collection_id, "--changes",
                    json.dumps([put("a", "192.0.2.0/24")]))
    listed = shared_node.aws("list-cidr-blocks", "--collection-id", collection_id)
    assert listed["CidrBlocks"] == [{"CidrBlock": "192.0.2.0/24", "LocationName": "a"}]


def test_a_collection_survives_a_restart(fleet):
    node = fleet.node().start()
    client = node.boto()
    made = make(client, "kept")
    changed = client.change_cidr_collection(Id=made, Changes=[put("a", "10.0.0.0/8")])
    node.wait_insync(changed["Id"])
    node.kill()
    node.start()
    assert blocks_of(node.boto(), made) == [("a", "10.0.0.0/8")]
