#!/usr/bin/env python3
"""Counts the instructions of the small works that a message is made of, and compares them with those last accepted.

    bench/instructions.py            # fails where one has grown by more than 15 %
    bench/instructions.py --accept   # what it is now is what it may be

Instructions and not time: a busy machine doesn't change them. They are counted by callgrind in the release build, as the
difference of two runs, so that neither the start nor the preparation counts.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
MICRO = ROOT / "build" / "release" / "parley_micro"
ACCEPTED = ROOT / "bench" / "instructions.json"
MAY_GROW = 0.15
# How often: enough that what happens now and then (a checkpoint, a growing table) is in both runs alike.
TIMES = {"decode_frame": 2_000, "parse_command": 2_000, "encode_event": 2_000, "deliver_to_a_thousand": 200, "tokens_of_a_text": 2_000,
         "commit_a_hundred": 60}


def counted(micro: pathlib.Path, work: str, times: int) -> int:
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", micro, "--do", work, str(times)],
                          capture_output=True, text=True, timeout=600)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"instructions: {work} failed with {done.returncode}:\n{done.stderr[-2000:]}")
    return int(found[1])


def of_one(micro: pathlib.Path, work: str) -> int:
    few, many = TIMES[work], 3 * TIMES[work]
    return round((counted(micro, work, many) - counted(micro, work, few)) / (many - few))


@contextlib.contextmanager
def without_debugging():
    """Debian's valgrind can't read what clang 19 writes there."""
    with tempfile.TemporaryDirectory() as folder:
        bare = pathlib.Path(folder) / MICRO.name
        subprocess.run(["llvm-objcopy-19", "--strip-debug", MICRO, bare], check=True)
        yield bare


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--accept", action="store_true", help="write what it is now to bench/instructions.json")
    asked = options.parse_args()
    if not MICRO.exists():
        sys.exit(f"instructions: {MICRO.relative_to(ROOT)} is not there: ./dev bench --check builds it")
    accepted = json.loads(ACCEPTED.read_text()) if ACCEPTED.exists() else {}
    now, grown = {}, []
    with without_debugging() as micro:
        for work in TIMES:
            now[work] = of_one(micro, work)
            before = accepted.get(work)
            ratio = now[work] / before if before else 1.0
            print(f"{work:24} {now[work]:>10,} instructions" + (f"  {ratio:5.2f} times the accepted" if before else "  (new)"), flush=True)
            if ratio > 1 + MAY_GROW:
                grown.append(work)
    if asked.accept:
        ACCEPTED.write_text(json.dumps(now, indent=2) + "\n")
        return 0
    if grown:
        print(f"grown by more than {MAY_GROW:.0%}: {', '.join(grown)}; if that is right: bench/instructions.py --accept", file=sys.stderr)
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
