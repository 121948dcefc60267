#!/usr/bin/env python3
"""Sets parley beside other servers of Debian: one to one, 64 senders with a message of each under way, in one sitting.

    ./dev bench --peers [--seconds 3]

Each server runs alone, on an empty folder, with its own defaults but for what is said below; its CPU is counted by its
process id. What "acknowledged" means differs, and is part of the table: only parley has synced to disk by then.
Everything started here is stopped by its own process id.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
from typing import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "run"))
import services  # noqa: E402

# wire, program, what an acknowledgement says
PEERS = [
    ("nats", "nats-server", "passed on; kept nowhere"),
    ("jetstream", "nats-server", "written to a file, synced every 2 min"),
    ("mqtt0", "mosquitto", "passed on; kept nowhere"),
    ("mqtt1", "mosquitto", "in memory, saved every 30 min"),
]
SHOWN = [("acks_per_s", "acks/s"), ("server_cpu_s_per_million", "CPU-s per million"), ("ack_p50_ms", "ack p50, ms"),
         ("ack_p99_ms", "ack p99, ms")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--seconds", type=float, default=3, help="of each server")
    parser.add_argument("--senders", type=int, default=64)
    return parser.parse_args()


def command_of(wire: str, program: str, port: int, folder: pathlib.Path) -> list:
    if program == "nats-server":
        return [program, "-a", "127.0.0.1", "-p", str(port), *(["-js", "-sd", folder] if wire == "jetstream" else [])]
    config = folder / "mosquitto.conf"
    # Without delay, as parley and nats-server send; as root it would else take an account that can't write here.
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                      f"persistence_location {folder}/\nset_tcp_nodelay true\nuser root\n")
    return [program, "-c", config]


@contextlib.contextmanager
def running(wire: str, program: str) -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    with tempfile.TemporaryDirectory(prefix="parley-peer-") as name:
        folder, port = pathlib.Path(name), services.free_port()
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command_of(wire, program, port, folder), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            services.wait_until(lambda: listens(port), 20, program)
            yield port, process.pid
        finally:
            process.terminate()
            services.wait_or_kill(process, 20)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def measure(options: argparse.Namespace, port: int, pid: int, workload: list[str]) -> dict:
    with tempfile.NamedTemporaryFile(prefix="parley-bench-", suffix=".json") as out:
        subprocess.run([options.binary, "bench", "--url", f"ws://127.0.0.1:{port}", "--jwt-secret", services.JWT_SECRET, "--pid", str(pid),
                        "--seconds", str(options.seconds), "--senders", str(options.senders), "--json", out.name, *workload],
                       check=True, stdout=sys.stderr, timeout=120 + 4 * options.seconds)
        outcome, = json.loads(pathlib.Path(out.name).read_text())["outcomes"]
        return outcome["figures"]


def row(name: str, promise: str, figures: dict, ours: dict) -> str:
    shown = [f"{figures.get(key, 0):,.3g}" if figures.get(key, 0) < 100 else f"{figures[key]:,.0f}" for key, _ in SHOWN]
    times = figures["server_cpu_s_per_million"] / ours["server_cpu_s_per_million"]
    return f"| {name} | {promise} | " + " | ".join([*shown, f"{times:.2f}"]) + " |"


def main() -> int:
    options = arguments()
    rows = []
    with services.Parley(options.binary, arguments=["--rate-limit", "off"]) as server:
        ours = measure(options, server.port, server.process.pid, ["doors"])
        rows.append(row("parley, SQLite", "committed and synced", ours, ours))
    for wire, program, promise in PEERS:
        if shutil.which(program) is None:
            print(f"{program} is not installed; {wire} is left out", file=sys.stderr)
            continue
        with running(wire, program) as (port, pid):
            rows.append(row(f"{program}, {wire}", promise, measure(options, port, pid, ["--wire", wire, "peer"]), ours))
    print("| server | acknowledged means | " + " | ".join(title for _, title in SHOWN) + " | CPU, times parley's |")
    print("| --- | --- |" + " ---: |" * (len(SHOWN) + 1))
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
