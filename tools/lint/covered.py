"""Which test covers what the contracts promise: writes docs/covered.md, or with --check says whether it is up to date.

What is counted:
  native  each row of §3, by its operations ("GET /v1/messages/{id}"), and each frame of §4 ("message.send")
  others  each line that is marked [R]: its README promises it

A test covers an operation if its own text has the path, and a frame if it has its name in quotes. Whatever else it covers
is said by a comment, in or directly above the test (a pytest function, or TEST(...) in C++):
  # covers: native GET /v1/messages/{id}
  // covers: native message.recall
  # covers: dinq [R] "the first words of the line"      (without marks such as ** and `)
A comment that names nothing of the contract is an error, so that it can't outlive what it was for.
"""
from __future__ import annotations

import ast
import collections
import pathlib
import re
import sys
from typing import Iterator, NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIRES = ROOT / "docs" / "wires"
PAGE = ROOT / "docs" / "covered.md"
DOORS = ["native", "dinq", "echo", "messaging", "pulse", "rtchat"]
SHOWN = 3          # tests named in a row
WORDS_SHOWN = 14   # of a line


class Promise(NamedTuple):
    door: str
    key: str      # what a comment names: an operation, a frame, or the words of a line
    section: str


class Test(NamedTuple):
    name: str     # tests/native/test_files.py::test_large
    text: str


# ---------------------------------------------------------------- the contracts

def section(text: str, number: int) -> str:
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", text, re.M | re.S)
    return found[0] if found else ""


def operations(text: str) -> Iterator[str]:
    """"GET / PATCH `/v1/a/{id}` · DELETE `…/b`" → each method with each of its paths."""
    for row in re.findall(r"^\| (.+?) \| .+\|$", section(text, 3), re.M):
        base = ""
        for part in row.split(" · "):
            methods = re.findall(r"\b(GET|HEAD|POST|PUT|PATCH|DELETE)\b", re.sub(r"`[^`]*`", "", part))
            paths = [whole(base, path.split("?")[0]) for path in re.findall(r"`((?:/|…)[^`\s]*)`", part)]
            for path in paths or [base] * bool(base):
                for method in methods or ["GET"]:
                    yield f"{method} {path}"
            base = base or "".join(paths[-1:])


def whole(base: str, path: str) -> str:
    """What a row says shortly, after its first path: "…/members/{user}", or "/receipts" beside "/edits"."""
    if path.endswith("…"):
        return path.rstrip("…")
    if path.startswith("…"):
        first = path.split("/")[1]
        return base.split(f"/{first}")[0] + path.removeprefix("…")
    if base.startswith("/v1/") and not path.startswith("/v1/"):
        return base.rpartition("/")[0] + path
    return path


def frames(text: str) -> Iterator[str]:
    for line in section(text, 4).splitlines():
        if not re.match(r"- (`hello |`message\.send`|Events )", line):
            continue
        # Of the line with its fields: only what stands at the beginning of a pair of backticks is a name.
        group = ""
        for name in re.findall(r"`(\.?[a-z]+(?:\.[a-z_]+)?)(?: \{[^`]*\})?`", line.split(": the REST bodies")[0].split("→")[0]):
            if name.startswith("."):
                name = group + name
            group = name.split(".")[0]
            if name not in ("conversation_id", "id", "emoji", "seq", "cursor", "ok"):
                yield name


def plain(line: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", line)).strip(" -|")


def marked(text: str) -> Iterator[tuple[str, str]]:
    """(section, line) of what is marked [R]. What a README says is a line, or a row of a table."""
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        if heading and re.search(r"\[R\b[^\]]*\]", line):
            yield heading, plain(line.removeprefix("## "))


def promises() -> list[Promise]:
    native = (WIRES / "native.md").read_text()
    found = [Promise("native", key, "REST") for key in dict.fromkeys(operations(native))]
    found += [Promise("native", key, "WebSocket") for key in dict.fromkeys(frames(native))]
    for door in DOORS[1:]:
        for heading, line in marked((WIRES / f"{door}.md").read_text()):
            found.append(Promise(door, line, heading))
    return found


# ---------------------------------------------------------------- the tests

def python_tests(path: pathlib.Path) -> Iterator[Test]:
    text = path.read_text()
    lines = text.splitlines()
    name = path.relative_to(ROOT)
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.name.startswith("test"):
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
        while first > 0 and lines[first - 1].lstrip().startswith("#"):
            first -= 1
        yield Test(f"{name}::{node.name}", "\n".join(lines[first:node.end_lineno]))


def cpp_tests(path: pathlib.Path) -> Iterator[Test]:
    text = path.read_text()
    for found in re.finditer(r"((?:^//[^\n]*\n)*)^TEST(?:_[FP])?\((\w+),\s*(\w+)\)(.*?)^}", text, re.M | re.S):
        yield Test(f"{path.relative_to(ROOT)}::{found[2]}.{found[3]}", found[0])


def tests() -> list[Test]:
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        found += python_tests(path)
    for path in sorted((ROOT / "src").rglob("*_test.cpp")):
        found += cpp_tests(path)
    return found


def named(test: Test) -> Iterator[tuple[str, str]]:
    for door, what in re.findall(r"(?:#|//) covers: (\w+) (.+)$", test.text, re.M):
        line = re.fullmatch(r'\[R\] "(.+)"', what.strip())
        yield door, line[1] if line else what.strip()


def path_pattern(operation: str) -> re.Pattern[str]:
    path = re.sub(r"\\\{[^}]*\\\}", r"(?:\\{[^}]*\\}|[^/\\s\"'?]+)", re.escape(operation.split(" ")[1]))
    return re.compile(path + r"(?=[\"'?\s]|$)")


def verb_used(method: str, text: str) -> bool:
    if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
        return bool(re.search(rf"\.{method.lower()}\(|\"{method}\"", text))
    return True


def covered(all_promises: list[Promise], all_tests: list[Test]) -> tuple[dict[Promise, list[str]], list[str]]:
    by_promise: dict[Promise, list[str]] = collections.defaultdict(list)
    wrong = []
    patterns = {one: path_pattern(one.key) for one in all_promises if one.section == "REST" and one.door == "native"}
    # The other doors have paths and frames of the same names.
    native_tests = [one for one in all_tests if re.match(r"tests/(native|acceptance/test_native|crash)", one.name)]
    for test in native_tests:
        for promise, pattern in patterns.items():
            if pattern.search(test.text) and verb_used(promise.key.split(" ")[0], test.text):
                by_promise[promise].append(test.name)
        for promise in all_promises:
            if promise.section == "WebSocket" and promise.door == "native" and f'"{promise.key}"' in test.text:
                by_promise[promise].append(test.name)
    for test in all_tests:
        for door, what in named(test):
            fits = [one for one in all_promises if one.door == door and
                    (one.key == what if door == "native" else one.key.startswith(plain(what)))]
            if not fits:
                wrong.append(f"{test.name}: covers: {door} {what}: the contract has nothing of that")
            for one in fits:
                if test.name not in by_promise[one]:
                    by_promise[one].append(test.name)
    return by_promise, wrong


# ---------------------------------------------------------------- the page

def cell(names: list[str]) -> str:
    if not names:
        return "—"
    shown = ", ".join(f"`{name.rpartition('/')[2]}`" for name in names[:SHOWN])
    return shown + (", …" if len(names) > SHOWN else "")   # no count, which each new test would change


def shortened(line: str) -> str:
    words = line.replace("|", "·").split(" ")
    return " ".join(words[:WORDS_SHOWN]) + (" …" if len(words) > WORDS_SHOWN else "")


def page(all_promises: list[Promise], by_promise: dict[Promise, list[str]]) -> str:
    out = ["# What the contracts promise, and the test that shows it", "",
           "Written by `tools/lint/covered.py`, which says how a test names what it covers; `./dev lint` checks that this is up to date.", ""]
    for door in DOORS:
        mine = [one for one in all_promises if one.door == door]
        done = sum(bool(by_promise.get(one)) for one in mine)
        out += [f"## {door}: {done} of {len(mine)}", "", "| promise | tests |", "| --- | --- |"]
        for one in mine:
            what = f"`{one.key}`" if door == "native" else shortened(one.key)
            out.append(f"| {what} | {cell(by_promise.get(one, []))} |")
        out.append("")
    return "\n".join(out)


def main() -> int:
    all_promises = promises()
    by_promise, wrong = covered(all_promises, tests())
    if wrong:
        print("\n".join(wrong))
        return 1
    fresh = page(all_promises, by_promise)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(fresh)
        return 0
    if not PAGE.exists() or PAGE.read_text() != fresh:
        print("docs/covered.md is not what tools/lint/covered.py writes: run it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
