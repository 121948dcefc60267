"""Two people at the dinq door: Anna writes, Ben answers and reads. Usage: dinq.py path/to/parley"""
import json
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
ANNA, BEN = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def frame(ws, kind: str) -> dict:
    while True:
        doc = json.loads(ws.recv(timeout=10))
        if doc["type"] == kind:
            return doc["data"]


def send(ws, kind: str, **data) -> None:
    ws.send(json.dumps({"type": kind, "data": data}))


with tempfile.TemporaryDirectory() as data:
    port = free_port()
    server = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{port}=dinq"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                time.sleep(0.05)
        tokens = [subprocess.check_output([BINARY, "token", "--data", data, "--dialect", "dinq", "--user", who], text=True).strip() for who in (ANNA, BEN)]
        with connect(f"ws://127.0.0.1:{port}/ws?token={tokens[0]}") as anna, connect(f"ws://127.0.0.1:{port}/ws?token={tokens[1]}") as ben:
            send(anna, "message", receiver_id=BEN, message_type="text", content="hello Ben")
            hello = frame(ben, "message")
            print("Ben got:", hello["content"])
            send(ben, "message", conversation_id=hello["conversation_id"], message_type="text", content="hello Anna")
            send(ben, "read", conversation_id=hello["conversation_id"], message_id=hello["id"])
            print("Anna learns that it was read:", frame(anna, "read")["message_id"] == hello["id"])
    finally:
        server.terminate()
        server.wait()
