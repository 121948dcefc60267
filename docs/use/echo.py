"""Two people at the echo door: Anna writes; that it was delivered and read comes back. Usage: echo.py path/to/parley"""
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


def post(user: str, path: str, body: dict) -> dict:
    request = urllib.request.Request(api + path, json.dumps(body).encode(), {"X-User-ID": user, "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def frame(ws, kind: str) -> dict:
    while True:
        doc = json.loads(ws.recv(timeout=10))
        if doc["type"] == kind:
            return doc["payload"]


with tempfile.TemporaryDirectory() as data:
    port = free_port()
    api = f"http://127.0.0.1:{port}/api/v1"
    server = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{port}=echo"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                time.sleep(0.05)
        talk = post(ANNA, "/conversations", {"conversation_type": "direct", "participant_ids": [BEN]})["id"]
        url = f"ws://127.0.0.1:{port}/ws"
        with connect(url, additional_headers={"X-User-ID": ANNA}) as anna, connect(url, additional_headers={"X-User-ID": BEN}) as ben:
            frame(anna, "connection_ack"), frame(ben, "connection_ack")
            post(ANNA, "/messages", {"conversation_id": talk, "content": "hello Ben", "message_type": "text"})
            message = frame(ben, "new_message")["message"]
            print("Ben got:", message["content"])
            print("Anna learns that it was delivered:", frame(anna, "message_delivered")["message_id"] == message["id"])
            ben.send(json.dumps({"type": "read_receipt", "payload": {"message_id": message["id"]}}))
            print("and that it was read:", frame(anna, "message_read")["message_id"] == message["id"])
    finally:
        server.terminate()
        server.wait()
