# SPDX-License-Identifier: Apache-2.0
"""Fills a Weir with the content of a bench through its API: batches of a thousand changes, several
zones at a time. It takes a minute for a million names."""

import concurrent.futures
import itertools

from harness import create

import dns_content

BATCH = 1000
CLIENTS = 4


def batches(items, size=BATCH):
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


def static_changes(records):
    return (create(owner, "A", value, ttl=dns_content.TTL_S) for owner, value in records.items())


def weighted_changes(records):
    for owner in records:
        for weight, value in dns_content.WEIGHTS:
            yield create(owner, "A", value, ttl=dns_content.TTL_S, SetIdentifier=f"w{weight}",
                         Weight=weight)


def networks_changes(records, collection):
    for owner in records:
        for place, value, _ in dns_content.NETWORKS:
            yield create(owner, "A", value, ttl=dns_content.TTL_S, SetIdentifier=place,
                         CidrRoutingConfig={"CollectionId": collection, "LocationName": place})
        yield create(owner, "A", dns_content.ELSEWHERE, ttl=dns_content.TTL_S,
                     SetIdentifier="elsewhere",
                     CidrRoutingConfig={"CollectionId": collection, "LocationName": "*"})


def make_collection(client):
    made = client.create_cidr_collection(Name="bench", CallerReference="bench")["Collection"]
    client.change_cidr_collection(Id=made["Id"], Changes=[
        {"LocationName": place, "Action": "PUT", "CidrList": blocks}
        for place, _, blocks in dns_content.NETWORKS
    ])
    return made["Id"]


def fill_zones(node, zones, changes_of):
    """Some zones by one client; the id of the last one."""
    client = node.boto()
    zone_id = None
    for apex, records in zones:
        zone_id = node.create_zone(apex, client=client)
        for batch in batches(changes_of(records)):
            node.change(zone_id, *batch, client=client)
    return zone_id


def fill(node, content):
    """Applies the content to a node that runs control."""
    if content.kind == "networks":
        collection = make_collection(node.boto())
        changes_of = lambda records: networks_changes(records, collection)  # noqa: E731
    else:
        changes_of = weighted_changes if content.kind == "weighted" else static_changes
    shares = [content.zones[i::CLIENTS] for i in range(CLIENTS)]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda share: fill_zones(node, share, changes_of), shares))
