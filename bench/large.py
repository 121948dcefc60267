#!/usr/bin/env python3
"""Measures what a very large upload and a very large export cost the server's memory, and everybody else.

    bench/large.py [--mib 1024] [--messages 1000000] [--seconds 8]

On SQLite. `live` runs at a fixed rate: alone, beside uploads of the file one after the other, and beside the export of a
conversation with so many messages. The server's memory is read ten times a second: what is its own, and how much of its files
it has mapped, which the kernel takes back when it needs it. Everything started here is stopped by its own process id.
"""
from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "run"), str(ROOT / "tests" / "acceptance"), str(ROOT / "bench")]
import services  # noqa: E402
from client import make_token  # noqa: E402
from run import WITHOUT_LIMITS  # noqa: E402

CHUNK = bytes(range(256)) * 4096    # one MiB that is no known type of file


class Memory:
    """The most that a process holds while this is open, in MiB, and what it held before."""

    def __init__(self, pid: int):
        self.pid = pid
        self.before, self.mapped = self.now()
        self.most = self.before
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def now(self) -> tuple[float, float]:
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        own, mapped = (int(text.split(f"Rss{which}:")[1].split()[0]) / 1024 for which in ("Anon", "File"))
        return own, mapped

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            own, mapped = self.now()
            self.most, self.mapped = max(self.most, own), max(self.mapped, mapped)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()


def token(user: str) -> dict[str, str]:
    return {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"sub": user})}


def live(options: argparse.Namespace, server: services.Parley) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.json"
        subprocess.run([options.binary, "bench", "--url", server.websocket_url, "--jwt-secret", services.JWT_SECRET,
                        "--seconds", str(options.seconds), "--rate", str(options.rate), "--json", out, "live"],
                       check=True, stdout=sys.stderr, timeout=120 + 10 * options.seconds)
        return json.loads(out.read_text())["outcomes"][0]["figures"]


def beside(options: argparse.Namespace, server: services.Parley, work=None) -> tuple[dict[str, float], Memory, int]:
    """`live` while the work is done again and again; how often it was done whole."""
    ended, done, failures = threading.Event(), 0, []

    def repeat() -> None:
        nonlocal done
        try:
            while work and not ended.is_set():
                work()
                done += 1
        except Exception as error:  # told below: a thread's own would only be printed
            failures.append(error)

    with Memory(server.process.pid) as memory:
        worker = threading.Thread(target=repeat)
        worker.start()
        figures = live(options, server)
        ended.set()
        worker.join()
    if failures:
        raise failures[0]
    return figures, memory, done


def upload(options: argparse.Namespace, server: services.Parley, expected: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("POST", "/v1/files")
    for name, value in {**token("uploader"), "Content-Disposition": "attachment; filename=large.bin",
                        "Content-Length": str(options.mib * len(CHUNK))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for _ in range(options.mib):
        connection.send(CHUNK)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 201 or json.loads(body)["sha256"] != expected:
        sys.exit(f"large: the upload was answered {answer.status}: {body[:300]!r}")
    connection.close()


def export(options: argparse.Namespace, server: services.Parley, user: str, where: str) -> None:
    def ask(method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request(method, path, body, {**token(user), "Content-Type": "application/json"})
        return connection.getresponse()

    made = json.loads(ask("POST", "/v1/exports", json.dumps({"conversation_id": where, "format": "jsonl"}).encode()).read())
    url = json.loads(ask("GET", f"/v1/exports/{made['id']}").read())["url"]
    with tempfile.TemporaryFile() as file:
        answer = ask("GET", url)
        while piece := answer.read(1 << 20):
            file.write(piece)
        with zipfile.ZipFile(file) as packed, packed.open("messages.jsonl") as lines:
            count = sum(1 for _ in lines)
    if count < options.messages:
        sys.exit(f"large: the export has {count} messages")


def fill(options: argparse.Namespace, server: services.Parley) -> tuple[str, str]:
    """Who is in the fullest conversation, and its id."""
    subprocess.run([options.binary, "bench", "--url", server.websocket_url, "--jwt-secret", services.JWT_SECRET, "--seconds", "1",
                    "--stored", str(options.messages), "--conversations", "1", "--members", "2", "growth"],
                   check=True, stdout=sys.stderr, timeout=120 + options.messages / 1000)
    with contextlib.closing(sqlite3.connect(server.data / "parley.db")) as data:
        raw, = data.execute("SELECT id FROM conversations ORDER BY last_seq DESC LIMIT 1").fetchone()
        user, = data.execute("SELECT user_id FROM members WHERE conversation_id = ? LIMIT 1", (raw,)).fetchone()
    url = http.client.HTTPConnection("127.0.0.1", server.port)
    url.request("GET", "/v1/conversations?limit=200", headers=token(user))
    items = json.loads(url.getresponse().read())["items"]
    return user, max(items, key=lambda one: one["last_seq"])["id"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--mib", type=int, default=1024, help="of the file")
    parser.add_argument("--messages", type=int, default=1_000_000, help="in the conversation")
    parser.add_argument("--rate", type=int, default=500, help="of live, messages a second")
    parser.add_argument("--seconds", type=float, default=8, help="of each measured part")
    options = parser.parse_args()
    digest = hashlib.sha256()
    for _ in range(options.mib):
        digest.update(CHUNK)
    arguments = [*WITHOUT_LIMITS, "--file-limit", f"{options.mib}MiB"]
    with services.Parley(options.binary, arguments=arguments) as server:
        user, where = fill(options, server)
        rows = {"alone": beside(options, server),
                f"uploads of {options.mib} MiB": beside(options, server, lambda: upload(options, server, digest.hexdigest())),
                f"exports of {options.messages} messages": beside(options, server, lambda: export(options, server, user, where))}
    print("| beside | delivery p50, ms | p99, ms | times p99 alone | own memory before, MiB | at most | files mapped at most | done |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    alone = rows["alone"][0]["delivery_p99_ms"]
    for name, (figures, memory, done) in rows.items():
        p99 = figures["delivery_p99_ms"]
        print(f"| {name} | {figures['delivery_p50_ms']:.2f} | {p99:.2f} | {p99 / alone:.1f} | {memory.before:.0f} | {memory.most:.0f} "
              f"| {memory.mapped:.0f} | {done if name != 'alone' else '–'} |")


if __name__ == "__main__":
    main()
