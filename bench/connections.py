#!/usr/bin/env python3
"""What an idle connection keeps of the server's memory: plain, over TLS, and with permessage-deflate.

    build/venv/bin/python bench/connections.py [--connections 2000]

Each kind has a server of its own. A connection says hello and one ping, whose answers may be compressed, and
then nothing; memory is looked at when all have been quiet for --quiet seconds.
"""
from __future__ import annotations

import argparse
import base64
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "run"), str(ROOT / "tests" / "acceptance")]
import services  # noqa: E402
from client import make_token  # noqa: E402

KINDS = {"plain": (False, False), "deflate": (False, True), "TLS": (True, False), "TLS and deflate": (True, True)}
WARM_UP = 64  # what the first ones allocate once is not theirs


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "parley")
    parser.add_argument("--connections", type=int, default=2_000)
    parser.add_argument("--quiet", type=float, default=5)
    return parser.parse_args()


def frame(text: str) -> bytes:
    """A whole text frame, masked with zeros."""
    body = text.encode()
    size = bytes([0x80 | len(body)]) if len(body) < 126 else struct.pack("!BH", 0x80 | 126, len(body))
    return b"\x81" + size + bytes(4) + body


class Connection:
    def __init__(self, port: int, user: str, context: ssl.SSLContext | None, deflate: bool):
        raw = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket = context.wrap_socket(raw, server_hostname="localhost") if context else raw
        self.deflate = deflate
        token = make_token(services.JWT_SECRET, {"sub": user})
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /v1/ws HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 f"Sec-WebSocket-Key: {key}", f"Authorization: Bearer {token}",
                 *(["Sec-WebSocket-Extensions: permessage-deflate"] if deflate else []), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)
        accepted = b"permessage-deflate" in head
        if b" 101 " not in head.split(b"\r\n")[0] or accepted != deflate:
            raise SystemExit(f"refused, or not as asked for: {head!r}")
        for text in ('{"id":"1","type":"hello","data":{}}', '{"id":"2","type":"ping"}'):
            self.socket.sendall(frame(text))
            self.answer()

    def answer(self) -> None:
        first, second = self.exactly(2)
        size = second & 127
        if size == 126:
            size = struct.unpack("!H", self.exactly(2))[0]
        self.exactly(size)
        if first & 0x0F != 1:
            self.answer()  # a ping of the server's

    def exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            some = self.socket.recv(size - len(got))
            if not some:
                raise SystemExit("the server closed a connection")
            got += some
        return got


def certificate(folder: pathlib.Path) -> list[str]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
    return ["--tls-cert", str(cert), "--tls-key", str(key)]


def rss_kib(pid: int) -> int:
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def measure(options: argparse.Namespace, tls: bool, deflate: bool) -> tuple[float, float]:
    """KiB a connection: at once when all are there, and when they have been quiet."""
    with tempfile.TemporaryDirectory(prefix="parley-connections-") as name:
        server = services.Parley(options.binary, arguments=["--rate-limit", "off", *(certificate(pathlib.Path(name)) if tls else [])])
        context = ssl._create_unverified_context() if tls else None
        try:
            server.launch()
            services.wait_until(lambda: listens(server.port), 30, "the server")
            open_ = lambda user: Connection(server.port, user, context, deflate)  # noqa: E731
            for one in [open_(f"warm{i}") for i in range(WARM_UP)]:
                one.socket.close()
            time.sleep(options.quiet)
            before = rss_kib(server.process.pid)
            there = [open_(f"idle{i}") for i in range(options.connections)]
            at_once = rss_kib(server.process.pid)
            time.sleep(options.quiet)
            quiet = rss_kib(server.process.pid)
            for one in there:
                one.socket.close()
            return (at_once - before) / options.connections, (quiet - before) / options.connections
        finally:
            server.stop()
            server.discard()


def main() -> int:
    options = arguments()
    print(f"| {options.connections} connections | KiB each when the last has come | {options.quiet:g} s later |\n| --- | ---: | ---: |")
    for kind, (tls, deflate) in KINDS.items():
        at_once, quiet = measure(options, tls, deflate)
        print(f"| {kind} | {at_once:.2f} | {quiet:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
