"""./dev test: every kind of test in turn, one PostgreSQL for all of them, one count at the end.

Called by ./dev test after the build:  suite.py --preset asan [--room NAME | --folder NAME] [--filter GTEST] [--long]
"""
from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import signal
import sys
import time

import acceptance
import brokers
import cases
import gtests
import services
from tally import Tally

ROOT = pathlib.Path(__file__).resolve().parents[2]
APART = {"acceptance", "acceptance_run", "run"}  # folders of tests/ that are not simply run with pytest


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--preset", required=True)
    parser.add_argument("--room")
    parser.add_argument("--folder")
    parser.add_argument("--filter")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--without", choices=["links"], default="", help="links: what needs root, for network namespaces")
    options = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    os.environ["PARLEY_TEST_WITHOUT"] = options.without
    total = Tally()
    begin = time.monotonic()
    try:
        run(options, total)
    except services.Failed as failed:
        print(failed)
        total.fail(str(failed).splitlines()[0])
    print(f"\n{time.monotonic() - begin:.0f} s" + (f", left out as asked: {options.without}" if options.without else ""))
    return total.show()


def run(options: argparse.Namespace, total: Tally) -> None:
    build = ROOT / "build" / options.preset
    everything = not options.room and not options.folder
    with contextlib.ExitStack() as stack:
        postgres = mongo = None
        if not options.room or _needs("PARLEY_TEST_POSTGRES", options.room):
            postgres = stack.enter_context(services.Postgres())
            os.environ["PARLEY_TEST_POSTGRES"] = postgres.url
        if everything or (options.room and _needs("PARLEY_TEST_POSTGRES_REPLICA", options.room)):
            os.environ["PARLEY_TEST_POSTGRES_REPLICA"] = stack.enter_context(services.Replica(postgres)).server_url
        if everything or (options.room and _needs("PARLEY_TEST_S3", options.room)):
            os.environ["PARLEY_TEST_S3"] = stack.enter_context(brokers.S3()).wait().url
        slow: dict = {}   # what takes a while to start
        if everything or options.folder == "acceptance" or (options.room and _needs("PARLEY_TEST_MONGO", options.room)):
            mongo = stack.enter_context(brokers.Mongo())
            os.environ["PARLEY_TEST_MONGO"] = mongo.wait().url
        if everything or options.folder == "acceptance":
            slow = {"rabbitmq": stack.enter_context(brokers.RabbitMq()), "kafka": stack.enter_context(brokers.Kafka())}
        if everything or options.room:
            os.environ["PARLEY_TEST_LONG"] = "1" if options.long else ""
            print(f"rooms, {options.preset}:", flush=True)
            total.add(gtests.run_all(build, options.room, fuzz_seconds=20 if options.long else 1, filter_=options.filter))
        if everything and options.long:
            os.environ["PARLEY_TEST_LONG"] = ""
            print("\nrooms, tsan:", flush=True)
            total.add(gtests.run_all(ROOT / "build" / "tsan"))
        if everything or options.folder == "acceptance":
            for store in acceptance.STORES:
                doors = acceptance.ON_MONGO if store == "mongo" else []
                total.add(acceptance.check(build / "parley", store, doors, postgres=postgres, mongo=mongo, **slow))
        for folder in server_folders() if everything else filter(None, [options.folder]):
            if folder != "acceptance":
                total.add(with_server_folder(folder, build, postgres, options.long))


def _needs(service: str, room: str) -> bool:
    return any(service in file.read_text() for file in (ROOT / "src" / room).glob("*.cpp"))


def server_folders() -> list[str]:
    """tests/crash and its like: each starts the servers it needs through services.py."""
    folders = (folder for folder in (ROOT / "tests").iterdir() if folder.name not in APART)
    return sorted(folder.name for folder in folders if any(folder.glob("test_*.py")))


def with_server_folder(folder: str, build: pathlib.Path, postgres: services.Postgres, long: bool) -> Tally:
    print(f"\n{folder}:", flush=True)
    environment = {"PARLEY_BIN": str(build / "parley"), "PARLEY_TEST_POSTGRES": postgres.url,
                   "ACCEPT_JWT_SECRET": services.JWT_SECRET, "PARLEY_TEST_LONG": "1" if long else ""}
    return cases.run([f"tests/{folder}"], environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
