#!/usr/bin/env python3
"""Measures the release build on SQLite and on a private PostgreSQL, and prints a Markdown table.

    bench/run.py                        both stores, every workload, some ten minutes
    bench/run.py --store sqlite --seconds 2 --keep DIR fanout durable live idle

Each store gets servers of its own in new folders: a fresh one for each workload whose memory or log must not be that
of the load before it. Everything started here is stopped by its own process id. --keep leaves the client's JSON, for
`parley bench compare`, and its pages with drawings.
"""
from __future__ import annotations

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "run"))
import services  # noqa: E402

PARTS = [["fanout", "durable", "live", "routed"], ["idle"], ["storm"], ["slow"], ["doors"], ["mixed"], ["growth"]]  # one server each
DOORS = ["dinq", "echo", "messaging", "pulse", "rtchat"]
WITHOUT_LIMITS = [word for limit in ("rate", "echo-rate", "messaging-rate", "messaging-frames", "pulse-rate", "rtchat-rate")
                  for word in (f"--{limit}-limit", "off")]
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
    ("durable", "lone_sync_p99_ms", "p99 of as much appended and synced alone, ms"),
    ("durable", "ack_p99_times_lone_sync", "ack p99 ÷ that"),
    ("live", "total_cpu_s_per_million", "CPU-s per million messages"),
    ("live", "delivery_p50_ms", "delivery p50, ms"),
    ("live", "delivery_p99_ms", "delivery p99, ms"),
    ("idle", "rss_kib_per_connection", "RSS, KiB per connection"),
    ("idle", "pss_kib_per_connection", "PSS, KiB per connection"),
    ("idle", "connect_server_cpu_s", "connecting them all, CPU-s of the server"),
    ("idle", "connects_per_s", "connects/s"),
    ("routed", "total_cpu_s_per_million", "CPU-s per million signals"),
    ("routed", "acks_per_s", "acks/s"),
    ("routed", "ack_p50_ms", "ack p50, ms"),
    ("storm", "caught_up", "connections cut and back"),
    ("storm", "all_caught_up_s", "until all have caught up, s"),
    ("storm", "without_the_others_cpu_s", "CPU-s without that of the others"),
    ("storm", "others_ack_before_p99_ms", "the others' ack p99 before, ms"),
    ("storm", "others_ack_meanwhile_p99_ms", "and meanwhile"),
    ("slow", "without_slow_p99_ms", "delivery p99 where all keep up, ms"),
    ("slow", "with_slow_p99_ms", "and beside a slow reader"),
    ("slow", "slow_was_closed", "closed as too slow, times"),
    ("slow", "rss_before_kib", "RSS before, KiB"),
    ("slow", "rss_most_kib", "and at most"),
    ("doors", "total_cpu_s_per_million", "CPU-s per million messages"),
    ("doors", "native_cpu_times", "times the native door's CPU"),
    ("doors", "acks_per_s", "acks/s"),
    ("doors", "ack_p50_ms", "ack p50, ms"),
    ("mixed", "total_cpu_s_per_million", "CPU-s per million deeds"),
    *[("mixed", f"{deed}_p99_ms", f"{deed} p99, ms")
      for deed in ("direct", "group", "read", "typing", "history", "reconnect", "delivery")],
    ("growth", "total_cpu_s_per_million", "CPU-s per million messages"),
    ("growth", "page_cpu_ms", "CPU of a history page, ms"),
    ("growth", "page_p50_ms", "history page p50, ms"),
    ("growth", "hello_cpu_ms", "CPU of a hello, ms"),
    ("growth", "hello_p50_ms", "hello p50, ms"),
    ("growth", "resume_p50_ms", "resume p50, ms"),
]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--store", choices=STORES, action="append", help="only this one (repeatable)")
    parser.add_argument("--seconds", type=float, default=5, help="of each measured part")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the JSON files and pages")
    parser.add_argument("--sockets", type=int, default=min(20_000, descriptors() * 3 // 4), help="of storm")
    parser.add_argument("--stored", type=int, default=1_000_000, help="messages in the fullest conversation of growth")
    parser.add_argument("--conversations", type=int, default=10_000, help="of the busiest user of growth")
    parser.add_argument("--members", type=int, action="append", help="of a group of growth (repeatable)")
    parser.add_argument("workload", nargs="*", help="only these; default: all")
    return parser.parse_args()


def descriptors() -> int:
    """How many sockets one process may have here: the server is short of them as well as the client."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def measure(options: argparse.Namespace, store: str, workloads: list[str], folder: pathlib.Path,
            postgres: services.Postgres | None) -> tuple[dict, int]:
    """Starts a server, runs the load client against it; the client's JSON and its exit code."""
    url = postgres.fresh_database() if postgres else None
    ports = {door: services.free_port() for door in DOORS} if "doors" in workloads else {}
    listen = [word for door, port in ports.items() for word in ("--listen", f"127.0.0.1:{port}={door}")]
    with services.Parley(options.binary, store=url, arguments=[*WITHOUT_LIMITS, *listen]) as server:
        pids = [server.process.pid, *([postmaster(postgres)] if postgres else [])]
        out = folder / f"{store}-{workloads[0]}.json"
        command = [options.binary, "bench", "--url", server.websocket_url, "--jwt-secret", services.JWT_SECRET,
                   "--label", store, "--json", out, "--html", out.with_suffix(".html"), "--seconds", str(options.seconds),
                   "--sync-folder", server.data, "--sockets", str(options.sockets), "--stored", str(options.stored),
                   "--conversations", str(options.conversations)]
        for members in options.members or []:
            command += ["--members", str(members)]
        for door, port in ports.items():
            command += ["--door", f"{door}=ws://127.0.0.1:{port}"]
        for pid in pids:
            command += ["--pid", str(pid)]
        seconds = 60 + 40 * (options.seconds + 10) + (options.stored + 100 * options.conversations) / 1000
        ended = subprocess.run([*command, *workloads], timeout=seconds, stdout=sys.stderr)
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


def figures(reports: list[dict]) -> dict[tuple[str, str], dict[str, float]]:
    """(workload, variant) → figures."""
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
            found[outcome["workload"], outcome["variant"]] = values
    return found


def shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(measured: dict[str, list[dict]]) -> str:
    by_store = {store: figures(reports) for store, reports in measured.items()}
    lines = ["| work | figure | " + " | ".join(STORES[store] for store in by_store) + " |",
             "| --- | --- |" + " ---: |" * len(by_store)]
    for work in dict.fromkeys(key for values in by_store.values() for key in values):
        title = ", ".join(filter(None, work))
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
