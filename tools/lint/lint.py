"""The checks of ./dev lint that only read text. Each prints what it found; any finding ends with 1."""
from __future__ import annotations

import filecmp
import pathlib
import re
import subprocess
import sys
from typing import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTSIDE = ROOT.parent / "shared"  # where the contracts and their tests come from; only some checkouts have it
CONTRACT_COPIES = {"acceptance": "tests/acceptance", "contract": "docs/wires"}
CHECKED_ELSEWHERE = ("docs/wires/",)  # copies, whose links point into the place they come from


def files(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(name for name in listed if name and (ROOT / name).is_file())


def rooms() -> set[str]:
    return {str(path.parent.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("CMakeLists.txt")} - {"."}


def includes_are_written_in_full() -> Iterator[str]:
    known = rooms()
    for name in files("src/*.h", "src/*.cpp"):
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not found:
                continue
            included = found[1]
            if ".." in included:
                yield f'{name}:{number}: "{included}" goes around the door; write it in full: "room/header.h"'
            elif included.rpartition("/")[0] not in known:
                yield f'{name}:{number}: "{included}" does not begin with the name of its room'


def each_header_is_included_once() -> Iterator[str]:
    for name in files("src/*.h"):
        if "#pragma once" not in (ROOT / name).read_text():
            yield f"{name}: no #pragma once"


def each_room_has_its_sentence() -> Iterator[str]:
    """One header of each room opens with its README."""
    for room in sorted(rooms()):
        headers = (ROOT / "src" / room).glob("*.h")
        if not any(header.read_text().startswith(f"// {room}: ") for header in headers):
            yield f'src/{room}: no header opens with "// {room}: …", what the room is'


def rooms_are_those_of_the_architecture() -> Iterator[str]:
    page = ROOT / "ARCHITECTURE.md"
    if not page.exists():
        yield "ARCHITECTURE.md is missing"
        return
    text = page.read_text()
    # A room is named in the first column of a table or at the start of a list entry, as `src/hub/` or `hub/`.
    named = {name.removeprefix("src/").rstrip("/") for name in re.findall(r"^\s*[|*-]\s*(?:\*\*)?`([a-z0-9_/]+?)/?`", text, re.M)}
    for room in sorted(rooms() - named):
        yield f"ARCHITECTURE.md does not name the room {room}"
    for room in sorted(name for name in named - rooms() if not (ROOT / name).exists()):
        yield f"ARCHITECTURE.md names {room}, but there is no such room"


def copies_equal_their_source() -> Iterator[str]:
    if not OUTSIDE.is_dir():
        return
    for source, copy in CONTRACT_COPIES.items():
        pattern = "*.md" if source == "contract" else "*"
        ours = {path.name for path in (ROOT / copy).glob(pattern) if path.is_file()}
        theirs = {path.name for path in (OUTSIDE / source).glob(pattern) if path.is_file()}
        for name in sorted(ours ^ theirs):
            yield f"{copy}/{name}: only {'here' if name in ours else 'in its source'}"
        for name in sorted(ours & theirs):
            if not filecmp.cmp(ROOT / copy / name, OUTSIDE / source / name, shallow=False):
                yield f"{copy}/{name} differs from its source"


def links_lead_somewhere() -> Iterator[str]:
    for name in files("*.md"):
        if name.startswith(CHECKED_ELSEWHERE):
            continue
        text = re.sub(r"```.*?```", "", (ROOT / name).read_text(), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = (ROOT / name).parent / path if path else ROOT / name
            if not there.exists():
                yield f"{name}: dead link {target}"
            elif anchor and there.suffix == ".md" and anchor not in anchors(there):
                yield f"{name}: {path or 'this page'} has no heading #{anchor}"


def anchors(page: pathlib.Path) -> set[str]:
    headings = re.findall(r"^#+\s+(.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def covered_is_up_to_date() -> Iterator[str]:
    done = subprocess.run([sys.executable, ROOT / "tools/lint/covered.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        yield (done.stdout + done.stderr).rstrip()


CHECKS = [includes_are_written_in_full, each_header_is_included_once, each_room_has_its_sentence,
          rooms_are_those_of_the_architecture, copies_equal_their_source, links_lead_somewhere, covered_is_up_to_date]


def main() -> int:
    findings = [finding for check in CHECKS for finding in check()]
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
