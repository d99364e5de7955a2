# SPDX-License-Identifier: Apache-2.0
"""Where clients are: files of geography and latency, taken, changed and damaged under load."""

import os
import pathlib

import dns.edns
import dns.message
import dns.query
import mmdb
import pytest
from harness import DEADLINE_S, replace, split_address, upsert, wait_for


def networks(node, file):
    return node.metric("weir_dns_networks", file=file)


def failures(node, file):
    return node.metric("weir_dns_network_file_failures_total", file=file)


def test_files_are_read_at_the_start_and_when_they_change(fleet):
    geo, table = fleet.path("geo.mmdb"), fleet.path("latency.csv")
    mmdb.write(geo, {"10.1.0.0/16": {"country": {"iso_code": "DE"}},
                     "10.2.0.0/16": {"country_code": "FR"}})
    replace(table, "10.0.0.0/8,eu-central-1,10\n10.0.0.0/8,mars-north-1,10\n")
    node = fleet.node("node", "--geo-db", geo, "--latency-table", table).start()
    wait_for(lambda: networks(node, "geo") == 2, "the geography")
    wait_for(lambda: networks(node, "latency") == 1, "the latencies")
    assert node.metric("weir_dns_latency_unknown_regions") == 1
    modified = os.stat(geo).st_mtime
    assert abs(node.metric("weir_dns_network_file_modified_seconds", file="geo") - modified) < 2
    mmdb.write(geo, {f"10.{i}.0.0/16": {"country": {"iso_code": "US"}} for i in range(7)})
    wait_for(lambda: networks(node, "geo") == 7, "the new geography")
    replace(table, "10.0.0.0/8,eu-central-1,10\n11.0.0.0/8,eu-central-1,10\n")
    wait_for(lambda: networks(node, "latency") == 2, "the new latencies")
    assert node.metric("weir_dns_latency_unknown_regions") == 0
    assert failures(node, "geo") == failures(node, "latency") == 0


def test_a_damaged_file_is_refused_and_the_one_before_stays(fleet):
    geo, table = fleet.path("geo.mmdb"), fleet.path("latency.csv")
    good = mmdb.build({"10.1.0.0/16": {"country": {"iso_code": "DE"}},
                       "10.2.0.0/16": {"country": {"iso_code": "FR"}}})
    pathlib.Path(geo).write_bytes(good)
    replace(table, "10.0.0.0/8,eu-central-1,10\n")
    node = fleet.node("node", "--geo-db", geo, "--latency-table", table).start()
    wait_for(lambda: networks(node, "geo") == 2, "the geography")
    # The search tree's first node leads back to itself, whatever it was.
    pathlib.Path(geo).write_bytes(bytes(6) + good[6:])
    wait_for(lambda: failures(node, "geo") == 1, "the refusal of a cyclic tree")
    assert "search tree" in node.log()
    pathlib.Path(geo).write_bytes(good[: len(good) // 2])
    wait_for(lambda: failures(node, "geo") == 2, "the refusal of half a file")
    os.unlink(geo)
    wait_for(lambda: failures(node, "geo") == 3, "the complaint that there is none")
    assert networks(node, "geo") == 2
    pathlib.Path(geo).write_bytes(good)
    replace(table, "10.0.0.0/8,eu-central-1\n")
    wait_for(lambda: failures(node, "latency") >= 1, "the refusal of a wrong line")
    assert "line 1: network,region,milliseconds" in node.log()
    assert networks(node, "latency") == 1
    replace(table, "10.0.0.0/8,eu-central-1,3\n11.0.0.0/8,eu-central-1,3\n")
    wait_for(lambda: networks(node, "latency") == 2, "the mended table")


def test_a_node_starts_with_what_can_be_read(fleet):
    geo, table = fleet.path("geo.mmdb"), fleet.path("latency.csv")
    pathlib.Path(geo).write_bytes(b"no geography at all")
    replace(table, "10.0.0.0/8,eu-central-1,10\n")
    node = fleet.node("node", "--geo-db", geo, "--latency-table", table).start()
    wait_for(lambda: networks(node, "latency") == 1, "the latencies")
    assert failures(node, "geo") >= 1
    zone = node.create_zone("alive.test")
    node.wait_insync(node.change(zone, upsert("www.alive.test", "A", "192.0.2.1")))
    assert node.values("www.alive.test") == ["192.0.2.1"]


@pytest.mark.skipif("WEIR_GEO_DB" not in os.environ, reason="./dev test gets the file from npm")
def test_a_published_file_of_countries_is_taken_whole(fleet):
    node = fleet.node("node", "--geo-db", os.environ["WEIR_GEO_DB"]).start()
    wait_for(lambda: networks(node, "geo") > 500_000, "the countries of the world")
    assert failures(node, "geo") == 0
    assert node.metric("weir_dns_networks_bytes") < 32 << 20


def test_locations_are_listed_page_by_page(shared_node):
    r53 = shared_node.boto()
    listed, start = [], {}
    while True:
        page = r53.list_geo_locations(MaxItems="50", **start)
        assert page["MaxItems"] == "50"
        listed += page["GeoLocationDetailsList"]
        if not page["IsTruncated"]:
            break
        assert len(page["GeoLocationDetailsList"]) == 50
        start = {f"Start{key[4:]}": page[key] for key in page if key.startswith("Next")}
    assert listed[0] == {"CountryCode": "*", "CountryName": "Default"}
    assert listed[1] == {"CountryCode": "AD", "CountryName": "Andorra"}
    assert listed[-1] == {"ContinentCode": "SA", "ContinentName": "South America"}
    codes = [(d.get("ContinentCode"), d.get("CountryCode"), d.get("SubdivisionCode"))
             for d in listed]
    assert len(set(codes)) == len(codes) == 1 + 246 + 51 + 27 + 7
    assert codes.index((None, "US", "AK")) == codes.index((None, "US", None)) + 1
    washington = {"CountryCode": "US", "CountryName": "United States", "SubdivisionCode": "WA",
                  "SubdivisionName": "Washington"}
    assert washington in listed
    assert r53.get_geo_location(CountryCode="us", SubdivisionCode="WA")[
        "GeoLocationDetails"] == washington
    assert r53.get_geo_location(CountryCode="*")["GeoLocationDetails"]["CountryName"] == "Default"
    assert r53.list_geo_locations(StartContinentCode="OC")["GeoLocationDetailsList"] == listed[-2:]


def test_locations_that_are_none_are_refused(shared_node):
    r53 = shared_node.boto()
    for codes in ({"CountryCode": "EH"}, {"CountryCode": "US", "SubdivisionCode": "ZZ"},
                  {"ContinentCode": "XX"}, {"CountryCode": "DE", "SubdivisionCode": "BE"}):
        with pytest.raises(r53.exceptions.NoSuchGeoLocation):
            r53.get_geo_location(**codes)
    for codes in ({}, {"ContinentCode": "EU", "CountryCode": "DE"}, {"SubdivisionCode": "WA"}):
        with pytest.raises(r53.exceptions.InvalidInput):
            r53.get_geo_location(**codes)


def ask_from(node, name, subnet):
    """(values, scope) of an answer to a resolver that passes its client's network on."""
    address, length = subnet.split("/")
    query = dns.message.make_query(
        name, "A", use_edns=0, options=[dns.edns.ECSOption(address, int(length))])
    host, port = split_address(node.ready["dns"])
    answer = dns.query.udp(query, host, port=port, timeout=DEADLINE_S)
    scopes = [o.scopelen for o in answer.options if isinstance(o, dns.edns.ECSOption)]
    return [r.to_text() for s in answer.answer for r in s], scopes[0]


def test_clients_get_the_records_of_their_place(fleet):
    geo, table = fleet.path("geo.mmdb"), fleet.path("latency.csv")
    washington = {"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "WA"}]}
    mmdb.write(geo, {"10.1.0.0/16": washington, "10.2.0.0/16": {"country": {"iso_code": "US"}},
                     "10.3.0.0/16": {"country": {"iso_code": "TR"}}})
    replace(table, "10.1.0.0/16,us-west-2,10\n10.1.0.0/16,eu-central-1,150\n")
    node = fleet.node("node", "--geo-db", geo, "--latency-table", table).start()
    zone = node.create_zone("places.test")
    places = {"wa": {"CountryCode": "US", "SubdivisionCode": "WA"}, "us": {"CountryCode": "US"},
              "eu": {"ContinentCode": "EU"}, "default": {"CountryCode": "*"}}
    changes = [upsert("geo.places.test", "A", f"192.0.2.{i}", SetIdentifier=name, GeoLocation=place)
               for i, (name, place) in enumerate(places.items())]
    changes += [upsert("near.places.test", "A", f"192.0.2.{i}", SetIdentifier=region, Region=region)
                for i, region in enumerate(("us-west-2", "eu-central-1"))]
    node.wait_insync(node.change(zone, *changes))
    assert ask_from(node, "geo.places.test", "10.1.2.0/24") == (["192.0.2.0"], 16)
    assert ask_from(node, "geo.places.test", "10.2.2.0/24") == (["192.0.2.1"], 16)
    assert ask_from(node, "geo.places.test", "10.3.2.0/24") == (["192.0.2.2"], 16)
    assert ask_from(node, "geo.places.test", "11.0.0.0/24") == (["192.0.2.3"], 8)
    assert ask_from(node, "near.places.test", "10.1.2.0/24") == (["192.0.2.0"], 16)
    # No latency is known of this network, but its country is: Istanbul is nearer to Frankfurt.
    assert ask_from(node, "near.places.test", "10.3.2.0/24")[0] == ["192.0.2.1"]
    mmdb.write(geo, {"10.1.0.0/16": {"country": {"iso_code": "DE"}}})
    replace(table, "10.1.0.0/16,us-west-2,150\n10.1.0.0/16,eu-central-1,10\n")
    wait_for(lambda: ask_from(node, "geo.places.test", "10.1.2.0/24")[0] == ["192.0.2.2"],
             "the network's new place")
    wait_for(lambda: ask_from(node, "near.places.test", "10.1.2.0/24")[0] == ["192.0.2.1"],
             "the network's new latencies")
