#!/usr/bin/env python3
"""Sets parley beside other servers: one to one, 64 senders with a message of each under way, in one sitting.

    ./dev bench --peers [--seconds 3]

Each server runs alone, on an empty folder, with its own defaults but for what is said below; its CPU is counted by its
process id. What "acknowledged" means differs, and is part of the table.
Everything started here is stopped by its own process id.

Programs are looked for in build/peers and then where all programs are. JetStream syncs each message from nats-server
2.10 on, which Debian 12 does not have:

    GOBIN=$PWD/build/peers go install github.com/nats-io/nats-server/v2@v2.10.24
"""
from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from typing import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "run"))
import services  # noqa: E402

# wire, program, how it keeps messages, what an acknowledgement says
PEERS = [
    ("nats", "nats-server", "", "passed on; kept nowhere"),
    ("jetstream", "nats-server", "", "written to a file, synced every 2 min"),
    ("jetstream", "nats-server", "synced", "written to a file and synced"),
    ("mqtt0", "mosquitto", "", "passed on; kept nowhere"),
    ("mqtt1", "mosquitto", "", "in memory, saved every 30 min"),
]
SHOWN = [("acks_per_s", "acks/s"), ("server_cpu_s_per_million", "CPU-s per million"), ("ack_p50_ms", "ack p50, ms"),
         ("ack_p99_ms", "ack p99, ms")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--seconds", type=float, default=3, help="of each server")
    parser.add_argument("--senders", type=int, default=64)
    return parser.parse_args()


def path_of(program: str) -> str | None:
    return shutil.which(program, path=str(ROOT / "build" / "peers")) or shutil.which(program)


def knows_sync_interval(program: str) -> bool:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.search(r"v(\d+)\.(\d+)", shown).groups()
    return (int(major), int(minor)) >= (2, 10)


def command_of(wire: str, program: str, keeps: str, port: int, folder: pathlib.Path) -> list:
    if keeps == "synced":
        config = folder / "nats.conf"
        config.write_text(f'jetstream {{ store_dir: "{folder}", sync_interval: always }}\n')
        return [program, "-a", "127.0.0.1", "-p", str(port), "-c", config]
    if wire in ("nats", "jetstream"):
        return [program, "-a", "127.0.0.1", "-p", str(port), *(["-js", "-sd", folder] if wire == "jetstream" else [])]
    config = folder / "mosquitto.conf"
    # Without delay, as parley and nats-server send; as root it would else take an account that can't write here.
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                      f"persistence_location {folder}/\nset_tcp_nodelay true\nuser root\n")
    return [program, "-c", config]


@contextlib.contextmanager
def running(wire: str, program: str, keeps: str) -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    with tempfile.TemporaryDirectory(prefix="parley-peer-") as name:
        folder, port = pathlib.Path(name), services.free_port()
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command_of(wire, program, keeps, port, folder), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
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
    for wire, program, keeps, promise in PEERS:
        path = path_of(program)
        if path is None or (keeps == "synced" and not knows_sync_interval(path)):
            print(f"there is no {program} for {wire} {keeps}; it is left out", file=sys.stderr)
            continue
        with running(wire, path, keeps) as (port, pid):
            rows.append(row(f"{program}, {wire}", promise, measure(options, port, pid, ["--wire", wire, "peer"]), ours))
    print("| server | acknowledged means | " + " | ".join(title for _, title in SHOWN) + " | CPU, times parley's |")
    print("| --- | --- |" + " ---: |" * (len(SHOWN) + 1))
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
