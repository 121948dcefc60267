#!/usr/bin/env python3
"""Measures the release build on SQLite and on a private PostgreSQL, and prints a Markdown table.

    bench/run.py                        both stores, every workload, about two minutes
    bench/run.py --store sqlite --seconds 2 --keep DIR

Each store gets a server of its own in a new folder; `idle` gets a fresh one, so that its memory is not that of the
load before it. Everything started here is stopped by its own process id.
"""
from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "run"))
import services  # noqa: E402

PARTS = [["fanout", "durable", "live"], ["idle"]]  # one server each
STORES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}

# workload, figure, what it says in the table
ROWS = [
    ("fanout", "total_cpu_s_per_million", "CPU-s per million deliveries"),
    ("fanout", "bare_sender_cpu_s_per_million", "the same of a bare sender in this run"),
    ("fanout", "times_bare_sender", "server ÷ bare sender"),
    ("fanout", "deliveries_per_s", "deliveries/s"),
    ("fanout", "delivery_p99_ms", "delivery p99, ms"),
    ("fanout", "client_cpu_s_per_million", "(client's CPU-s per million)"),
    ("durable", "total_cpu_s_per_million", "CPU-s per million acks"),
    ("durable", "store_cpu_s_per_million", "of it the database"),
    ("durable", "acks_per_s", "acks/s"),
    ("durable", "ack_p50_ms", "ack p50, ms"),
    ("durable", "ack_p99_ms", "ack p99, ms"),
    ("durable", "ack_p99_9_ms", "ack p99.9, ms"),
    ("live", "total_cpu_s_per_million", "CPU-s per million messages"),
    ("live", "delivery_p50_ms", "delivery p50, ms"),
    ("live", "delivery_p99_ms", "delivery p99, ms"),
    ("idle", "rss_kib_per_connection", "RSS, KiB per connection"),
    ("idle", "pss_kib_per_connection", "PSS, KiB per connection"),
    ("idle", "connect_server_cpu_s", "connecting them all, CPU-s of the server"),
    ("idle", "connects_per_s", "connects/s"),
]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--store", choices=STORES, action="append", help="only this one (repeatable)")
    parser.add_argument("--seconds", type=float, default=5, help="of each measured part")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the JSON files")
    parser.add_argument("workload", nargs="*", help="only these; default: all")
    return parser.parse_args()


def measure(options: argparse.Namespace, store: str, workloads: list[str], folder: pathlib.Path,
            postgres: services.Postgres | None) -> tuple[dict, int]:
    """Starts a server, runs the load client against it; the client's JSON and its exit code."""
    url = postgres.fresh_database() if postgres else None
    with services.Parley(options.binary, store=url, arguments=["--rate-limit", "off"]) as server:
        pids = [server.process.pid, *([postmaster(postgres)] if postgres else [])]
        out = folder / f"{store}-{workloads[0]}.json"
        command = [options.binary, "bench", "--url", server.websocket_url, "--jwt-secret", services.JWT_SECRET,
                   "--label", store, "--json", out, "--seconds", str(options.seconds)]
        for pid in pids:
            command += ["--pid", str(pid)]
        ended = subprocess.run([*command, *workloads], timeout=60 + 40 * (options.seconds + 10), stdout=sys.stderr)
        return (json.loads(out.read_text()) if out.exists() else {}), ended.returncode


def postmaster(postgres: services.Postgres) -> int:
    return int((postgres.data / "postmaster.pid").read_text().split()[0])


def measure_store(options: argparse.Namespace, store: str, folder: pathlib.Path) -> tuple[list[dict], int]:
    postgres = services.Postgres() if store == "postgres" else None
    reports, failed = [], 0
    try:
        if postgres:
            postgres.start()
        for part in PARTS:
            workloads = [name for name in part if not options.workload or name in options.workload]
            if workloads:
                report, code = measure(options, store, workloads, folder, postgres)
                reports.append(report)
                failed |= code
    finally:
        if postgres:
            postgres.stop()
    return reports, failed


def figures(reports: list[dict]) -> dict[tuple[str, int], dict[str, float]]:
    """(workload, window) → figures."""
    found = {}
    for report in reports:
        for outcome in report.get("outcomes", []):
            values = dict(outcome["figures"])
            if "server_cpu_s_per_million" in values:
                values["total_cpu_s_per_million"] = (values["server_cpu_s_per_million"]
                                                     + values.get("store_cpu_s_per_million", 0))
            if values.get("bare_sender_cpu_s_per_million") and "total_cpu_s_per_million" in values:
                values["times_bare_sender"] = (values["total_cpu_s_per_million"]
                                               / values["bare_sender_cpu_s_per_million"])
            found[outcome["workload"], int(outcome["parameters"].get("window", 0))] = values
    return found


def shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(measured: dict[str, list[dict]]) -> str:
    by_store = {store: figures(reports) for store, reports in measured.items()}
    lines = ["| work | figure | " + " | ".join(STORES[store] for store in by_store) + " |",
             "| --- | --- |" + " ---: |" * len(by_store)]
    for work in sorted({key for values in by_store.values() for key in values}):
        title = work[0] + (f", window {work[1]}" if work[1] else "")
        for workload, name, what in ROWS:
            values = [by_store[store].get(work, {}).get(name) for store in by_store]
            if workload == work[0] and any(value is not None for value in values):
                lines.append(f"| {title} | {what} | " + " | ".join(map(shown, values)) + " |")
    return "\n".join(lines)


def machine(measured: dict[str, list[dict]]) -> str:
    for report in (report for reports in measured.values() for report in reports if report):
        shape = report["machine"]
        return (f"{shape['cores']} cores of {shape['cpu']}, {shape['memory_gib']:.0f} GiB, {shape['kernel']}; "
                f"{report['measured_at'][:10]}; {report['seconds']:g} s each")
    return "nothing was measured"


def main() -> int:
    options = arguments()
    measured, failed = {}, 0
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for store in options.store or STORES:
            measured[store], code = measure_store(options, store, folder)
            failed |= code
    print(f"{machine(measured)}\n\n{table(measured)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
