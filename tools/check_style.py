#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what the house's style asks for and a machine can see.

Run by `./dev test`. Prints one line a finding, the lengths of our functions, and ends with
`style: N passed, N failed`, where a check is one of RULES.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 700
LINE_COLUMNS_MAX = 100
NESTING_MAX = 4
PARAMETERS_MAX = 6

SKIPPED_FOLDERS = {"__pycache__", "corpus", "node_modules", "weir-data", "fuzz-finds"}
CODE_SUFFIXES = {".c", ".h", ".def", ".proto", ".sql", ".py", ".sh", ".js", ".css", ".build"}
CODE_NAMES = {"dev", "meson_options.txt", "layers.txt", "deps-debian12.txt", "run"}
SPDX = "SPDX-License-Identifier: Apache-2.0"

LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
DEAD_C = [
    re.compile(r"^\s*#\s*if\s+0\b"),
    re.compile(r"^\s*//\s*(return\b.*|[\w>.\-\[\]*]+\s*(\(.*\)|[-+|&]?=[^=].*));\s*$"),
    re.compile(r"^\s*//\s*(if|for|while|switch)\s*\(.*\)\s*\{?\s*$"),
    re.compile(r"^\s*/\*\s*(return\b.*|[\w>.\-\[\]*]+\s*(\(.*\)|[-+|&]?=[^=].*));\s*\*/\s*$"),
]
DEAD_PYTHON = re.compile(
    r"^\s*#\s*(return\b.*\)|(if|for|while|def)\b.*:|import \w+|\w[\w.]*\(.*\))$")
SLEEP_PYTHON = re.compile(r"\bsleep\(\s*[\d.]")
SLEEP_C = re.compile(r"\bu?sleep\(\s*\d")

COMMENT_OR_LITERAL = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.S | re.X)

COMPOUND_LITERAL = re.compile(r"[=,(]\s*\((const\s+)?(struct\s+)?\w+(\[\w*\])?\)$")

# A prototype in a header; a life-cycle word says all there is to say about its function.
PROTOTYPE = re.compile(r"(?!static|typedef|extern|return\b)[a-z_][\w\s*]*\b\w+\(")
LIFE_CYCLE = re.compile(r"_(init|fini|free|unref)\(")


class Source:
    """One file: its path, lines, and for C the text with comments and literals blanked."""

    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(TOP).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()
        self.is_c = path.suffix in (".c", ".h")
        self.bare = COMMENT_OR_LITERAL.sub(blank, self.text) if self.is_c else ""
        self.functions = list(functions_of(self)) if self.is_c else []

    def at(self, number, message):
        """A finding at a line."""
        return f"{self.name}:{number}: {message}"


class Function:
    """A C function: its name, first line, line count, deepest nesting, number of parameters."""

    def __init__(self, name, number, length, nesting, parameters):
        self.name = name
        self.number = number
        self.length = length
        self.nesting = nesting
        self.parameters = parameters


def blank(match):
    """A comment or literal as spaces, its line breaks kept."""
    return re.sub(r"[^\n]", " ", match[0])


def functions_of(source):
    """The functions of a formatted C file: a body starts and ends with a brace in column 0."""
    lines = source.bare.splitlines()
    start = None
    for index, line in enumerate(lines):
        if line.rstrip() == "{":
            start = index
        elif line.startswith("}") and start is not None:
            first = start
            while first > 0 and re.match(r"\s*[\w(*),]", lines[first - 1]) and not re.search(
                    r"[;}]\s*$", lines[first - 1]):
                first -= 1
            signature = " ".join(lines[first:start])
            match = re.search(r"(\w+)\s*\((.*)\)", signature)
            if match:
                body = "\n".join(lines[start:index + 1])
                yield Function(match[1], first + 1, index - first + 1, nesting_of(body),
                               parameters_of(match[2]))
            start = None


def nesting_of(body):
    """How deep blocks nest inside a function body; braces of initialisers do not count."""
    stack = []
    deepest = 0
    for match in re.finditer(r"[{}]", body):
        if match[0] == "}":
            if stack:
                stack.pop()
            continue
        before = body[:match.start()].rstrip()
        is_value = before.endswith(("=", ",", "(", "{")) or COMPOUND_LITERAL.search(before)
        stack.append(0 if stack and is_value else 1)
        deepest = max(deepest, sum(stack) - 1)
    return deepest


def parameters_of(text):
    """The number of parameters in the text between a signature's parentheses."""
    depth = 0
    count = 1
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        count += 1 if char == "," and depth == 0 else 0
    return 0 if text.strip() in ("", "void") else count


def all_sources():
    """Every file that the rules apply to: code, and the markdown for its words."""
    found = []
    for folder, subfolders, names in os.walk(TOP):
        subfolders[:] = sorted(s for s in subfolders if s not in SKIPPED_FOLDERS
                               and not s.startswith("build") and s != ".git")
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix in CODE_SUFFIXES or name in CODE_NAMES:
                found.append(Source(path))
    return found


def in_folder(sources, *folders):
    """Those sources that lie under one of the folders."""
    return [s for s in sources if s.name.startswith(folders)]


def rule_spdx(sources):
    """The first line names the licence; in a script the second may."""
    for source in sources:
        head = source.lines[:2] if source.text.startswith("#!") else source.lines[:1]
        if not any(SPDX in line for line in head):
            yield source.at(1, f"first line must hold {SPDX}")


def rule_file_says_what_it_is(sources):
    """A C file under src/ has a paragraph right after its licence line."""
    for source in in_folder(sources, "src/"):
        if source.is_c and not re.match(r"\s*(//|/\*)", "".join(source.lines[1:2])):
            yield source.at(2, "want a paragraph: what this is, who calls it, on which thread")


def rule_file_length(sources):
    """Files stay within FILE_LINES_MAX."""
    for source in sources:
        if len(source.lines) > FILE_LINES_MAX:
            yield source.at(len(source.lines), f"more than {FILE_LINES_MAX} lines")


def rule_line_length(sources):
    """Lines stay within LINE_COLUMNS_MAX; the table of layers may be wider."""
    for source in sources:
        if source.name == "tools/layers.txt":
            continue
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_COLUMNS_MAX:
                yield source.at(number, f"{len(line)} columns, {LINE_COLUMNS_MAX} at most")


def rule_functions(sources):
    """Functions stay within length, nesting and number of parameters."""
    for source in sources:
        for f in source.functions:
            for what, is_now, most in [("lines", f.length, FUNCTION_LINES_MAX),
                                       ("levels of nesting", f.nesting, NESTING_MAX),
                                       ("parameters", f.parameters, PARAMETERS_MAX)]:
                if is_now > most:
                    yield source.at(f.number, f"{f.name}(): {is_now} {what}, {most} at most")


def rule_no_typedef_struct(sources):
    """A struct is called a struct."""
    for source in sources:
        for match in re.finditer(r"\btypedef\s+(struct|union)\b[^;(]*[;{]", source.bare):
            yield source.at(source.bare.count("\n", 0, match.start()) + 1, "typedef of a struct")


def rule_nothing_for_later(sources):
    """No notes for later, no dead code."""
    for source in sources:
        for number, line in enumerate(source.lines, 1):
            if LATER.search(line):
                yield source.at(number, "a note for later: do it, or open an issue")
            if source.is_c and any(p.search(line) for p in DEAD_C):
                yield source.at(number, "dead code")
            if source.path.suffix == ".py" and DEAD_PYTHON.search(line):
                yield source.at(number, "dead code")


def rule_docstrings(sources):
    """Each function of a public header stands in a paragraph that has a comment."""
    for source in in_folder(sources, "src/"):
        if source.path.suffix != ".h" or source.path.stem.endswith("_priv"):
            continue
        for number in undocumented(source):
            yield source.at(number, "public function without a comment above it")


def undocumented(source):
    """Line numbers of prototypes in paragraphs of a header that hold no comment."""
    number = 1
    for paragraph in re.split(r"\n[ \t]*\n", source.text):
        lines = paragraph.splitlines()
        if not re.search(r"/\*|//", paragraph):
            for offset, line in enumerate(lines):
                if PROTOTYPE.match(line) and not LIFE_CYCLE.search(line):
                    yield number + offset
        number += len(lines) + 1


def rule_room_readme(_sources):
    """Each room has a README.md."""
    for line in (TOP / "tools/layers.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            room = line.split("|")[0].strip()
            if not (TOP / "src" / room / "README.md").is_file():
                yield f"src/{room}/README.md:1: missing"


def rule_no_sleep_in_tests(sources):
    """Tests wait for what they want to see, with a deadline, never for a fixed time."""
    for source in in_folder(sources, "tests/"):
        pattern = SLEEP_C if source.is_c else SLEEP_PYTHON
        for number, line in enumerate(source.lines, 1):
            if pattern.search(line):
                yield source.at(number, "a fixed sleep: wait for the thing itself, with a deadline")


def run_pool(commands):
    """Runs (name, command) pairs, a few at once; yields (name, output) of those that failed."""
    def run(pair):
        done = subprocess.run(pair[1], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        return pair[0], done.stdout if done.returncode else None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, output in pool.map(run, commands):
            if output is not None:
                yield name, output


def generated_headers(folder):
    """Writes the headers that protoc-c makes into a folder of their own."""
    protos = sorted((TOP / "src").rglob("*.proto"))
    if protos:
        subprocess.run(["protoc-c", f"--proto_path={TOP}/src", f"--c_out={folder}", *protos],
                       check=True)


def rule_headers_stand_alone(sources):
    """Each header compiles by itself."""
    with tempfile.TemporaryDirectory() as folder:
        generated_headers(folder)
        flags = ["gcc", "-std=gnu17", "-D_GNU_SOURCE", '-DWEIR_VERSION=""', "-fsyntax-only",
                 "-Wall", "-Werror", f"-I{TOP}/src", f"-I{folder}",
                 "-isystem", "/usr/include/libxml2",
                 "-x", "c", "/dev/null", "-include"]
        headers = [(s, flags + [str(s.path)]) for s in in_folder(sources, "src/")
                   if s.path.suffix == ".h"]
        for source, output in run_pool(headers):
            yield source.at(1, "does not compile alone:\n" + output.rstrip())


def rule_formatted(sources):
    """clang-format 14 would change nothing."""
    paths = [str(s.path) for s in sources if s.is_c]
    batch = 8
    commands = [(None, ["clang-format-14", "--dry-run", "-Werror", *paths[i:i + batch]])
                for i in range(0, len(paths), batch)]
    for _, output in run_pool(commands):
        wrong = sorted(set(re.findall(r"^(/.*?):(\d+):\d+: ", output, re.M)))
        for path in sorted({p for p, _ in wrong}):
            number = min(int(n) for p, n in wrong if p == path)
            name = Path(path).relative_to(TOP)
            yield f"{name}:{number}: not formatted (./dev format)"
        if not wrong:
            yield output.rstrip()


RULES = [
    rule_spdx,
    rule_file_says_what_it_is,
    rule_file_length,
    rule_line_length,
    rule_functions,
    rule_no_typedef_struct,
    rule_nothing_for_later,
    rule_docstrings,
    rule_room_readme,
    rule_no_sleep_in_tests,
    rule_headers_stand_alone,
    rule_formatted,
]


def print_lengths(sources):
    """Median, p90 and p99 of the lengths of the functions under src/, beside gdnsd's."""
    lengths = sorted(f.length for s in in_folder(sources, "src/") for f in s.functions)
    if lengths:
        median, p90, p99 = (lengths[min(len(lengths) - 1, len(lengths) * p // 100)]
                            for p in (50, 90, 99))
        print(f"{len(lengths)} functions; lines: median {median}, p90 {p90}, p99 {p99}, "
              f"longest {lengths[-1]} (gdnsd: 14, 50, 100)")


def main():
    """Runs every rule."""
    sources = all_sources()
    failed = 0
    for rule in RULES:
        findings = list(rule(sources))
        for finding in findings:
            print(finding)
        failed += 1 if findings else 0
    print_lengths(sources)
    print(f"style: {len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
