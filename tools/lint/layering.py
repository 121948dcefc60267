"""Tries the layering itself on a small project: what must not be possible has to fail, at the right step.

room() is CMake, which nobody reads twice; if it let everything through, no other test would notice.
"""
from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ["low", "low/part", "high"]
GOOD = {
    "low/CMakeLists.txt": "room(low)",
    "low/low.h": "#pragma once\nstruct Low {};",
    "low/part/CMakeLists.txt": "room(low/part SOURCES part.cpp USES low)",
    "low/part/part.h": '#pragma once\n#include "low/low.h"\nLow part();',
    "low/part/part.cpp": '#include "low/part/part.h"\nLow part() { return {}; }',
    "high/CMakeLists.txt": "room(high SOURCES high.cpp INSIDE low)",
    "high/high.h": "#pragma once\nstruct Low;\nvoid high(const Low& low);",
    "high/high.cpp": '#include "high/high.h"\n#include "low/low.h"\nvoid high(const Low& low) { Low copy = low; (void)copy; }',
}
# what is tried: the files that it changes, the step that must fail (None: no step), a word of the message
CASES = {
    "the project as it should be": ({}, None, ""),
    "a room names one above it": ({"low/CMakeLists.txt": "room(low INSIDE high)"}, "configure", "no such room below"),
    "a room names one that does not exist": ({"high/CMakeLists.txt": "room(high SOURCES high.cpp INSIDE low missing)"}, "configure", "no such room below"),
    "an include of a room that is not named": ({"high/high.cpp": '#include "low/low.h"\n#include "low/part/part.h"\nvoid f() { part(); }'}, "build", "file not found"),
    "a sub-room which does not name the room around it": ({"low/part/CMakeLists.txt": "room(low/part SOURCES part.cpp)"}, "build", "file not found"),
    "a warning": ({"high/high.cpp": "int f(long x); int f(long x) { return x; }"}, "build", "shorten"),
    "a header that needs another before it": ({"high/high.h": "#pragma once\nvoid high(const Low& low);",
                                               "high/high.cpp": '#include "low/low.h"\n#include "high/high.h"\nvoid high(const Low&) {}'}, "lone_headers", "Low"),
}


def attempt(folder: pathlib.Path, changed: dict[str, str]) -> tuple[str | None, str]:
    """(step that failed, its output)"""
    for name, text in {**GOOD, **changed}.items():
        path = folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    steps = {"configure": ["cmake", "--preset", "debug"],
             "build": ["ninja", "-C", "build/debug", *(f"parley_{room.replace('/', '_')}" for room in ROOMS)],
             "lone_headers": ["ninja", "-C", "build/debug", "lone_headers"]}
    for step, command in steps.items():
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            return step, done.stdout + done.stderr
    return None, ""


def main() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="parley-layering-") as name:
        folder = pathlib.Path(name)
        for part in ("CMakeLists.txt", "CMakePresets.json", "cmake"):
            os.symlink(ROOT / part, folder / part)
        (folder / "src").mkdir()
        (folder / "src/CMakeLists.txt").write_text("\n".join(f"add_subdirectory({room})" for room in ROOMS) + "\n")
        for case, (changed, step, word) in CASES.items():
            failed, output = attempt(folder, changed)
            if failed != step or word not in output:
                wrong += 1
                print(f"layering: {case}: expected {step or 'no'} failure, got {failed or 'none'}\n{output[-1500:]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
