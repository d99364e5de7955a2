#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares every #include under src/ and tests/unit/ with tools/layers.txt.

Run by `./dev test`. Prints one line a finding and ends with `layers: N passed, N failed`, where a
check is a room, or the table itself.
"""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
SRC = TOP / "src"
TESTS = TOP / "tests/unit"

# The rows of the house, from the top down: a room may include only rooms of lower rows.
ROWS = [
    ["cmd"],
    ["tool", "control"],
    ["authority", "check", "edge"],
    ["node"],
    ["cache", "health", "routing", "lint"],
    ["feed"],
    ["aws", "release", "http"],
    ["dns", "net", "places"],
    ["os"],
    ["crypto", "metrics"],
    ["base"],
]

# Pairs that the order of the table alone would allow, and the house forbids.
NEVER = {
    ("control/api", "control/rollout"),
    ("control/rollout", "control/api"),
    ("control/compile", "control/api"),
    ("control/compile", "control/rollout"),
}

# Libraries that only these rooms may list at all.
SOLE = {
    "sqlite3": {"control/store", "node"},
    "libpq": {"control/store", "node"},
    "ssl": {"net", "http"},
}

# <header> -> library of layers.txt; the first pattern that matches counts.
LIBRARIES = [
    (r"openssl/(ssl\d*|tls1|dtls1|srtp)\.h", "ssl"),
    (r"openssl/.*", "crypto"),
    (r"xxhash\.h", "xxhash"),
    (r"ares(_.*)?\.h", "cares"),
    (r"ev\.h|ev\+\+\.h", "ev"),
    (r"urcu.*", "urcu"),
    (r"sys/capability\.h", "cap"),
    (r"libxml/.*", "xml2"),
    (r"jansson.*", "jansson"),
    (r"protobuf-c/.*", "protobuf-c"),
    (r"zstd.*", "zstd"),
    (r"sqlite3.*", "sqlite3"),
    (r"libpq.*|postgres.*", "libpq"),
    (r"nghttp2/.*", "nghttp2"),
    (r"nghttp3/.*", "nghttp3"),
    (r"ngtcp2/.*", "ngtcp2"),
    (r"gnutls/.*", "gnutls"),
    (r"ldns/.*", "ldns"),
    (r"fstrm.*", "fstrm"),
    (r"ares.*", "cares"),
    (r"maxminddb.*", "maxminddb"),
    (r"zlib\.h|zconf\.h", "zlib"),
    (r"brotli/.*", "brotli"),
]

# Rooms that are functions of their arguments: no sockets, no threads, no clock.
PURE = {"dns", "places", "routing", "lint"}
IMPURE_HEADERS = re.compile(
    r"sys/(socket|epoll|time|timerfd|eventfd)\.h|poll\.h|netdb\.h|pthread\.h")
IMPURE_CALLS = re.compile(r"\b(clock_gettime|gettimeofday|time|socket|getrandom|rand|random)\s*\(")

INCLUDE = re.compile(r"^\s*#\s*include\s+(.*?)\s*$")


class Room:
    """One line of layers.txt."""

    def __init__(self, name, includes, links, sentence):
        self.name = name
        self.includes = includes
        self.links = links
        self.sentence = sentence


def read_table(path, findings):
    """The rooms of layers.txt in order, as {name: Room}; findings about the table are appended."""
    rooms = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = [c.strip() for c in line.split("|")]
        where = f"{path.relative_to(TOP)}:{number}"
        if len(columns) != 4 or not columns[3].endswith("."):
            findings.append(f"{where}: want: folder | includes | links | one sentence.")
            continue
        name, includes, links, sentence = columns
        listed = list(rooms) if includes == "*" else includes.replace("-", "").split()
        for lower in listed:
            if lower not in rooms:
                findings.append(f"{where}: '{lower}' must stand above '{name}' to be included")
        if name in rooms:
            findings.append(f"{where}: '{name}' is listed twice")
        linked = links.split() if links != "-" else []
        rooms[name] = Room(name, set(listed), set(linked), sentence)
    return rooms


def row_of(name):
    """The number of the room's row, 0 at the top; None for a room that no row names."""
    head = name.split("/")[0]
    for number, row in enumerate(ROWS):
        if head in row:
            return number
    return None


def check_rows(rooms, findings):
    """The table narrows the rows and never widens them; each folder with code is listed."""
    for room in rooms.values():
        where = f"tools/layers.txt: {room.name}"
        if row_of(room.name) is None:
            findings.append(f"{where}: in no row of the house")
            continue
        if not (SRC / room.name).is_dir():
            findings.append(f"{where}: no such folder")
        for lower in sorted(room.includes):
            both_control = room.name.startswith("control/") and lower.startswith("control/")
            if (room.name, lower) in NEVER:
                findings.append(f"{where}: may never include {lower}")
            elif lower in rooms and not both_control and row_of(lower) <= row_of(room.name):
                findings.append(f"{where}: {lower} is not in a lower row")
        for library in sorted(room.links):
            if library in SOLE and room.name not in SOLE[library]:
                findings.append(f"{where}: {library} is for {', '.join(sorted(SOLE[library]))}")
    for path in sorted(SRC.rglob("*.[ch]")):
        if room_of(path.relative_to(SRC), rooms) is None:
            findings.append(f"{path.relative_to(TOP)}: in a folder that layers.txt does not list")


def room_of(relative, rooms):
    """The room that holds a path relative to src/, or None."""
    parent = relative.parent.as_posix()
    return parent if parent in rooms else None


def library_of(header):
    """The library that a system header belongs to, or None for libc and the kernel."""
    for pattern, library in LIBRARIES:
        if re.fullmatch(pattern, header):
            return library
    return None


def check_helper(header, room, rooms):
    """What is wrong with a test's #include of a helper in another room's tests, or None."""
    of_tests = {name.replace("/", "_"): name for name in rooms}
    owner = of_tests.get(Path(header).parent.as_posix())
    if owner is not None and owner != room.name and owner not in room.includes:
        return f'"{header}": {room.name} may not include {owner}'
    return None


def check_quoted(header, room, rooms, in_test):
    """What is wrong with #include "header" in a room, or None."""
    target = Path(header)
    owner = room_of(target, rooms)
    if in_test and "/" not in header:
        return None
    if in_test and (TESTS / target).exists():
        return check_helper(header, room, rooms)
    if owner is None:
        return f'"{header}": include with the folder of a listed room'
    if header.endswith(".c"):
        return f'"{header}": never include a .c file'
    if not (SRC / target).exists() and not header.endswith(".pb-c.h"):
        return f'"{header}": no such file'
    if owner == room.name:
        return None
    if header.endswith("_priv.h"):
        return f'"{header}": private to {owner}'
    if owner not in room.includes:
        return f'"{header}": {room.name} may not include {owner}'
    return None


def check_system(header, room, in_test):
    """What is wrong with #include <header> in a room, or None."""
    library = library_of(header)
    if library and library not in room.links and not in_test:
        return f"<{header}>: {room.name} may not use {library}"
    if room.name in PURE and not in_test and IMPURE_HEADERS.fullmatch(header):
        return f"<{header}>: {room.name} is pure"
    return None


def check_file(path, room, rooms, in_test):
    """The findings about one file's includes and, in a pure room, its calls."""
    findings = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.relative_to(TOP)}:{number}"
        match = INCLUDE.match(line)
        wrong = None
        if match and match[1].startswith('"'):
            wrong = check_quoted(match[1].split('"')[1], room, rooms, in_test)
        elif match and match[1].startswith("<"):
            wrong = check_system(match[1][1:].split(">")[0], room, in_test)
        elif match:
            wrong = "#include of a macro"
        elif room.name in PURE and not in_test and not line.lstrip().startswith(("*", "/*", "//")):
            call = IMPURE_CALLS.search(line)
            wrong = f"{call[1]}(): {room.name} is pure" if call else None
        if wrong:
            findings.append(f"{where}: {wrong}")
    return findings


def check_room(room, rooms):
    """The findings about one room's sources and its unit tests."""
    findings = []
    for path in sorted((SRC / room.name).glob("*.[ch]")):
        findings += check_file(path, room, rooms, in_test=False)
    for path in sorted((TESTS / room.name.replace("/", "_")).glob("*.[ch]")):
        findings += check_file(path, room, rooms, in_test=True)
    return findings


def main():
    """Checks the table, then each room."""
    findings = []
    rooms = read_table(TOP / "tools/layers.txt", findings)
    check_rows(rooms, findings)
    failed = 1 if findings else 0
    for room in rooms.values():
        found = check_room(room, rooms)
        failed += 1 if found else 0
        findings += found
    for finding in findings:
        print(finding)
    print(f"layers: {len(rooms) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
