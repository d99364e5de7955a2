#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes SQL files into a C file as the array `migrations`, in the order of their numbers.

Called by the build: embed_sql.py OUTPUT.c INPUT.sql... A file whose name starts with a number
(0001_x.sql) is a migration; any other gets the number 0 and is run at every start. The numbers
must run from 1 without a gap.
"""
import re
import sys
from pathlib import Path

HEAD = """\
// SPDX-License-Identifier: Apache-2.0
// Made by tools/embed_sql.py.
#include "control/store/migrate_priv.h"

#include "base/macros.h"

const struct migration migrations[] = {
"""
TAIL = """\
};
const size_t migration_count = ARRAY_LEN(migrations);
"""


def quoted(line):
    """One line as a C string literal."""
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def row_of(number, path):
    """The row of one file: its number, name and text."""
    lines = "\n     ".join(quoted(line) for line in path.read_text(encoding="utf-8").splitlines())
    return f'    {{{number}, "{path.stem}",\n     {lines}}},\n'


def main():
    """Writes the array."""
    output, *inputs = sys.argv[1:]
    rows = []
    for path in map(Path, inputs):
        match = re.match(r"(\d+)_", path.name)
        rows.append((int(match[1]) if match else 0, path))
    rows.sort()
    numbers = [number for number, _ in rows if number > 0]
    if numbers != list(range(1, len(numbers) + 1)):
        sys.exit(f"embed_sql.py: want the numbers 1 to {len(numbers)}, got {numbers}")
    Path(output).write_text(HEAD + "".join(row_of(*row) for row in rows) + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
