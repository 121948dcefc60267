"""Two people at the messaging door: presence, typing, a message and its receipt. Usage: messaging.py path/to/parley"""
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


with tempfile.TemporaryDirectory() as data:
    port = free_port()
    api = f"http://127.0.0.1:{port}/api/v1"
    server = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{port}=messaging"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                time.sleep(0.05)
        tokens = [subprocess.check_output([BINARY, "token", "--data", data, "--user", who], text=True).strip() for who in (ANNA, BEN)]
        body = json.dumps({"type": "direct", "member_ids": [ANNA, BEN]}).encode()
        request = urllib.request.Request(api + "/conversations", body, {"Authorization": "Bearer " + tokens[0], "Content-Type": "application/json"})
        talk = json.load(urllib.request.urlopen(request))["id"]
        url = f"ws://127.0.0.1:{port}/ws?token="
        with connect(url + tokens[0]) as anna:
            with connect(url + tokens[1]) as ben:
                print("Ben is", frame(anna, "presence.changed")["status"])
                anna.send(json.dumps({"type": "typing.start", "conversation_id": talk}))
                print("Anna is typing:", frame(ben, "typing.indicator")["is_typing"])
                anna.send(json.dumps({"type": "message.send", "conversation_id": talk, "content": "hello Ben"}))
                message = frame(ben, "message.new")
                print("Ben got:", message["content"])
                ben.send(json.dumps({"type": "message.read", "message_id": message["id"]}))
                print("Anna learns that it was read:", frame(anna, "message.read")["message_id"] == message["id"])
            print("Ben is", frame(anna, "presence.changed")["status"])
    finally:
        server.terminate()
        server.wait()
