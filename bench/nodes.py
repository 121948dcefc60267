#!/usr/bin/env python3
"""Measures one, two and three nodes over one PostgreSQL and one bus, and prints a Markdown table.

    bench/nodes.py [--bus nats|redis] [--seconds 4]

Connections take turns at the nodes, so of three nodes two thirds of all deliveries cross the bus. CPU is that of all nodes and of
PostgreSQL; that of the bus is counted apart. Everything started here is stopped by its own process id.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "run"), str(ROOT / "bench")]
import brokers  # noqa: E402
import services  # noqa: E402
from run import WITHOUT_LIMITS, postmaster  # noqa: E402

BUSES = {"nats": lambda: brokers.Nats(jetstream=False), "redis": brokers.Redis}
WORKLOADS = {"durable": ("total_cpu_s_per_million", "acks_per_s", "ack_p50_ms", "ack_p99_ms"),
             "fanout": ("total_cpu_s_per_million", "deliveries_per_s", "delivery_p50_ms", "delivery_p99_ms")}


def measure(options: argparse.Namespace, count: int, postgres: services.Postgres) -> dict:
    with contextlib.ExitStack() as stack:
        arguments = list(WITHOUT_LIMITS)
        if count > 1:
            bus = stack.enter_context(BUSES[options.bus]())
            arguments += ["--bus", bus.url]
        store = postgres.fresh_database()
        nodes = [stack.enter_context(services.Parley(options.binary, store=store, arguments=arguments)) for _ in range(count)]
        out = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())) / "out.json"
        command = [options.binary, "bench", "--url", nodes[0].websocket_url, "--jwt-secret", services.JWT_SECRET, "--json", out,
                   "--seconds", str(options.seconds), "--window", "16"]
        for node in nodes[1:]:
            command += ["--also", node.websocket_url]
        for pid in [*(node.process.pid for node in nodes), postmaster(postgres)]:
            command += ["--pid", str(pid)]
        ended = subprocess.run([*command, *WORKLOADS], timeout=120 + 20 * options.seconds, stdout=sys.stderr)
        if ended.returncode != 0:
            sys.exit(f"nodes: the load client ended with {ended.returncode}")
        found = {outcome["workload"]: outcome["figures"] for outcome in json.loads(out.read_text())["outcomes"]}
        for figures in found.values():   # the first node's, and that of all others with the database
            figures["total_cpu_s_per_million"] = figures["server_cpu_s_per_million"] + figures["store_cpu_s_per_million"]
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--bus", choices=BUSES, default="nats")
    parser.add_argument("--seconds", type=float, default=4, help="of each measured part")
    options = parser.parse_args()
    with services.Postgres() as postgres:
        found = {count: measure(options, count, postgres) for count in (1, 2, 3)}
    print("| work, window 16 | figure | one node | two | three |\n| --- | --- | ---: | ---: | ---: |")
    for work, figures in WORKLOADS.items():
        for figure in figures:
            cells = " | ".join(f"{found[count][work][figure]:,.4g}" for count in found)
            print(f"| {work} | {figure} | {cells} |")


if __name__ == "__main__":
    main()
