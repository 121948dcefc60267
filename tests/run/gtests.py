"""Runs the rooms' gtest programs and, for a second each, their fuzz targets."""
from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile
import time

from tally import Tally

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM_SECONDS = 480
LONG_PROGRAM_SECONDS = 3_600   # where PARLEY_TEST_LONG asks for more


def programs(build: pathlib.Path, room: str | None = None) -> list[tuple[str, pathlib.Path]]:
    """(room, program) of each room that has tests, as CMake wrote them down."""
    rows = [line.split() for line in (build / "tests.txt").read_text().splitlines()]
    return [(name, build / program) for name, program in rows if room in (None, name)]


def fuzzers(build: pathlib.Path, room: str | None = None) -> list[tuple[str, str, pathlib.Path]]:
    """(room, target, program)."""
    rows = [line.split() for line in (build / "fuzzers.txt").read_text().splitlines()]
    return [(name, stem, build / program) for name, stem, program in rows if room in (None, name)]


def run_all(build: pathlib.Path, room: str | None = None, fuzz_seconds: int = 1, filter_: str | None = None) -> Tally:
    total = Tally()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        jobs = [pool.submit(run_program, name, program, filter_) for name, program in programs(build, room)]
        if not filter_:
            jobs += [pool.submit(run_fuzzer, *row, fuzz_seconds) for row in fuzzers(build, room)]
        for job in concurrent.futures.as_completed(jobs):
            output, tally = job.result()
            print(output, flush=True)
            total.add(tally)
    return total


def run_program(room: str, program: pathlib.Path, filter_: str | None = None) -> tuple[str, Tally]:
    tally = Tally()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="parley-test-") as folder:
        report = pathlib.Path(folder) / "report.json"
        command = [program, "--gtest_brief=1", f"--gtest_output=json:{report}"]
        if filter_:
            command.append(f"--gtest_filter={filter_}")
        output, code = _run(command, folder, LONG_PROGRAM_SECONDS if os.environ.get("PARLEY_TEST_LONG") else PROGRAM_SECONDS)
        if report.exists():
            _count(room, json.loads(report.read_text()), tally)
        if code != 0 and tally.failed == 0:
            tally.fail(f"{room}: {program.name} ended with {code}")
    lines = f"{room:<18} {tally}  ({time.monotonic() - begin:.1f} s)"
    return (f"{output}\n{lines}" if tally.failed else lines), tally


def _count(room: str, report: dict, tally: Tally) -> None:
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{room}: {suite['name']}.{case['name']}"
            if case.get("failures"):
                tally.fail(name)
            elif case.get("status") != "RUN":
                tally.fail(f"{name} is disabled")
            elif case.get("result") == "SKIPPED":
                tally.fail(f"{name} was skipped")
            else:
                tally.passed += 1


def run_fuzzer(room: str, stem: str, program: pathlib.Path, seconds: int) -> tuple[str, Tally]:
    """From a copy of the committed corpus, so that a run leaves nothing in the source tree."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="parley-fuzz-") as folder:
        command = [program, folder, f"-max_total_time={seconds}", "-timeout=10", "-verbosity=0"]
        corpus = corpus_of(room, stem)
        if corpus.is_dir():
            command.append(corpus)
        output, code = _run(command, folder, seconds + 120)
    if code == 0:
        tally.passed += 1
        return f"{room:<18} {stem} ran {seconds} s from {_count_files(corpus)} inputs", tally
    tally.fail(f"{room}: {stem}")
    return f"{output}\n{room:<18} {stem} failed", tally


def corpus_of(room: str, stem: str) -> pathlib.Path:
    return ROOT / "src" / room / "corpus" / stem


def _count_files(folder: pathlib.Path) -> int:
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def _run(command: list, folder: str, seconds: float) -> tuple[str, int | str]:
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              timeout=seconds)
        return done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), f"a timeout of {seconds:g} s"
    except FileNotFoundError:
        return "", f"no program {command[0]}"
