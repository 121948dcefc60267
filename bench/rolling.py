#!/usr/bin/env python3
"""Restarts three nodes one after the other while people send through HAProxy, and prints a Markdown table of what they notice.

    bench/rolling.py [--people 200] [--every 4]

Over one PostgreSQL and NATS. Times are those that the clients see, which are one process here. Everything started here is stopped
by its own process id; it fails where something was lost, came twice or out of order.
"""
from __future__ import annotations

import argparse
import asyncio
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "run"))
import rolling  # noqa: E402
import services  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--every", type=float, default=4, help="seconds between two sends of one person")
    parser.add_argument("--seconds", type=float, default=15, help="of the quiet part")
    options = parser.parse_args()
    with services.Postgres() as postgres:
        outcome = asyncio.run(rolling.run(options.binary, postgres.fresh_database(), options.people, options.every, options.seconds))
    print(outcome.table())
    if outcome.findings:
        sys.exit("rolling: " + "\n".join(outcome.findings[:20]))


if __name__ == "__main__":
    main()
