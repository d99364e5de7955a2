# SPDX-License-Identifier: Apache-2.0
"""Writes MMDB files (MaxMind DB File Format Specification 2.0), as small as tests want them."""

import ipaddress
import os
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"
TEXT, DOUBLE, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 3, 5, 6, 7, 9, 11


class Small(int):
    """A number that is written as 16 bits."""


class Large(int):
    """A number that is written as 64 bits."""


def _control(kind, size):
    assert size < 29 + 256
    short = size if size < 29 else 29
    head = bytes([kind << 5 | short]) if kind < 8 else bytes([short, kind - 7])
    return head if size < 29 else head + bytes([size - 29])


def _unsigned(kind, value):
    data = int(value).to_bytes(8, "big").lstrip(b"\0")
    return _control(kind, len(data)) + data


def encode(value):
    """A value of Python as data of the format."""
    if isinstance(value, str):
        data = value.encode()
        return _control(TEXT, len(data)) + data
    if isinstance(value, float):
        return _control(DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        return _unsigned({Small: UINT16, Large: UINT64}.get(type(value), UINT32), value)
    if isinstance(value, dict):
        return _control(MAP, len(value)) + b"".join(
            encode(k) + encode(v) for k, v in value.items())
    return _control(ARRAY, len(value)) + b"".join(encode(v) for v in value)


def _insert(tree, bits, record):
    node = tree
    for bit in bits[:-1]:
        if not isinstance(node[bit], list):
            node[bit] = [node[bit], node[bit]]  # what holds for all of it, for now
        node = node[bit]
    node[bits[-1]] = record


def _bits(network, is_v6_tree):
    bits = [int(b) for b in f"{int(network.network_address):0{network.max_prefixlen}b}"]
    bits = bits[: network.prefixlen]
    return [0] * 96 + bits if is_v6_tree and network.version == 4 else bits


def build(networks, ip_version=6, record_size=24):
    """The bytes of a file: {network: record}; longer networks within shorter ones win."""
    tree = [None, None]
    parsed = sorted(((ipaddress.ip_network(n), r) for n, r in networks.items()),
                    key=lambda item: (item[0].version == 6, item[0].prefixlen))
    for network, record in parsed:
        _insert(tree, _bits(network, ip_version == 6), (record,))
    nodes, waiting = {id(tree): 0}, [tree]
    for node in waiting:
        for side in node:
            if isinstance(side, list):
                nodes[id(side)] = len(nodes)
                waiting.append(side)
    data, offsets = b"", {}

    def reference(side):
        nonlocal data
        if side is None:
            return len(nodes)
        if isinstance(side, list):
            return nodes[id(side)]
        encoded = encode(side[0])
        if encoded not in offsets:
            offsets[encoded] = len(data)
            data += encoded
        return len(nodes) + 16 + offsets[encoded]

    search = b""
    for node in waiting:
        left, right = reference(node[0]), reference(node[1])
        if record_size == 28:
            search += (left & 0xFFFFFF).to_bytes(3, "big")
            search += bytes([left >> 24 << 4 | right >> 24])
            search += (right & 0xFFFFFF).to_bytes(3, "big")
        else:
            search += left.to_bytes(record_size // 8, "big")
            search += right.to_bytes(record_size // 8, "big")
    metadata = encode({
        "binary_format_major_version": Small(2),
        "binary_format_minor_version": Small(0),
        "build_epoch": Large(1700000000),
        "database_type": "Weir-Test",
        "description": {"en": "for tests"},
        "ip_version": Small(ip_version),
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": Small(record_size),
    })
    return search + bytes(16) + data + MARKER + metadata


def write(path, networks, **options):
    """Writes the file in place of the one that was there, at once."""
    part = f"{path}.part"
    with open(part, "wb") as f:
        f.write(build(networks, **options))
    os.replace(part, path)
