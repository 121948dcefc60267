"""./dev up, ./dev down: a real PostgreSQL that stays until it is told to go, for tests by hand."""
from __future__ import annotations

import os
import pathlib
import shutil
import signal
import sys
import time

import services

NOTE = pathlib.Path(__file__).resolve().parents[2] / "build" / "up" / "postgres"  # its folder and port
LATER = "The tests start MongoDB, Kafka, NATS, RabbitMQ and Redis themselves: tests/run/brokers.py"


def running() -> tuple[pathlib.Path, int, int] | None:
    """(folder, port, process) of the one that is up."""
    if not NOTE.exists():
        return None
    folder, port = NOTE.read_text().split()
    pid_file = pathlib.Path(folder) / "data" / "postmaster.pid"
    if not pid_file.exists():
        return None
    pid = int(pid_file.read_text().split()[0])
    try:
        alive = b"postgres" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        alive = False
    return (pathlib.Path(folder), int(port), pid) if alive else None


def up() -> int:
    there = running()
    if not there:
        postgres = services.Postgres()
        try:
            postgres.start()
        except BaseException:
            postgres.stop()
            raise
        NOTE.parent.mkdir(parents=True, exist_ok=True)
        NOTE.write_text(f"{postgres.home} {postgres.port}\n")
    port = there[1] if there else postgres.port
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    print(f"PostgreSQL is up: {url}")
    print(f"  ./dev serve --store {url}")
    print(LATER)
    return 0


def down() -> int:
    there = running()
    if not there:
        print("nothing is up")
        return 0
    folder, _, pid = there
    os.kill(pid, signal.SIGINT)
    for _ in range(300):
        if not (folder / "data" / "postmaster.pid").exists():
            break
        time.sleep(0.1)
    else:
        print(f"PostgreSQL (process {pid}) did not stop within 30 s", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    NOTE.unlink()
    print("PostgreSQL is down, its data is gone")
    return 0


if __name__ == "__main__":
    try:
        sys.exit({"up": up, "down": down}[sys.argv[1]]())
    except services.Failed as failed:
        sys.exit(f"dev: {failed}")
