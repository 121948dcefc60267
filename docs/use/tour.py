"""The tour of the README: two sockets, a kill -9, and a resume that misses nothing. Usage: tour.py path/to/parley"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import warnings

from websockets.sync.client import connect

warnings.simplefilter("ignore", DeprecationWarning)

BINARY = sys.argv[1] if len(sys.argv) > 1 else "build/release/parley"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(data: str, port: int) -> subprocess.Popen:
    server = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1)
            return server
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not become ready")


def token(data: str, user: str) -> str:
    out = subprocess.run([BINARY, "token", "--user", user, "--data", data], capture_output=True, text=True, check=True)
    return out.stdout.strip()


class Client:
    """Says hello, asks, and remembers the cursor of what it has seen."""

    def __init__(self, port: int, jwt: str, cursor: str | None = None):
        self.ws = connect(f"ws://127.0.0.1:{port}/v1/ws", additional_headers={"Authorization": f"Bearer {jwt}"},
                          subprotocols=["parley.v1"], proxy=None)
        hello = self.ask("hello", {"cursor": cursor} if cursor else {})
        self.cursor = hello["cursor"]

    def ask(self, kind: str, data: dict) -> dict:
        self.ws.send(json.dumps({"id": "1", "type": kind, "data": data}))
        while True:
            frame = self.next()
            if frame.get("ref") == "1":
                assert frame["type"] == "ok", frame
                return frame["data"]

    def next(self) -> dict:
        frame = json.loads(self.ws.recv(timeout=5))
        self.cursor = frame.get("cursor", self.cursor) if hasattr(self, "cursor") else None
        return frame


def rest(port: int, jwt: str, path: str, body: dict) -> dict:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     {"Authorization": f"Bearer {jwt}", "Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=5))


def main() -> None:
    data, port = tempfile.mkdtemp(prefix="parley-tour-"), free_port()
    server = start(data, port)
    anna_token, ben_token = token(data, "anna"), token(data, "ben")
    talk = rest(port, anna_token, "/v1/conversations", {"type": "direct", "members": ["ben"]})["id"]

    ben = Client(port, ben_token)
    anna = Client(port, anna_token)
    anna.ask("message.send", {"conversation_id": talk, "text": "can you hear me?", "client_id": "m1"})
    frame = ben.next()
    print("ben hears, live:     ", frame["data"]["text"], "  seq", frame["seq"])

    ben.ws.close()
    missed = [anna.ask("message.send", {"conversation_id": talk, "text": f"missed {i}", "client_id": f"m{i + 2}"}) for i in range(3)]
    print("ben is away; acknowledged to anna: seqs", [m["seq"] for m in missed])
    server.send_signal(signal.SIGKILL)
    server.wait()
    print("the server was killed with -9")

    server = start(data, port)
    ben = Client(port, ben_token, cursor=ben.cursor)
    while (frame := ben.next())["type"] != "synced":
        if frame["type"] == "message.created":
            print("ben resumes and gets:", frame["data"]["text"], "  seq", frame["seq"])
    server.terminate()
    server.wait(timeout=15)
    print("done; the data is in", pathlib.Path(data))


if __name__ == "__main__":
    os.environ.pop("PARLEY_JWT_SECRET", None)
    main()
