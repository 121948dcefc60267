"""Two people at the pulse door: presence, typing, a message and its receipt. Usage: pulse.py path/to/parley"""
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from websockets.sync.client import connect

BINARY = sys.argv[1] if len(sys.argv) > 1 else "build/release/parley"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def frame(ws, kind: str) -> dict:
    while True:
        doc = json.loads(ws.recv(timeout=10))
        if doc["type"] == kind:
            return doc["payload"]


with tempfile.TemporaryDirectory() as data:
    port = free_port()
    server = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{port}=pulse"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                time.sleep(0.05)
        tokens = {who: subprocess.check_output([BINARY, "token", "--data", data, "--user", who], text=True).strip() for who in ("anna", "ben")}

        def call(who: str, method: str, path: str, body: dict | None = None) -> dict:
            headers = {"Authorization": "Bearer " + tokens[who], "Content-Type": "application/json"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/api/messages{path}", json.dumps(body or {}).encode(), headers, method=method)
            return json.load(urllib.request.urlopen(request))

        talk = call("anna", "POST", "/conversations", {"type": "DIRECT", "participants": ["ben"]})["data"]["id"]
        url = f"ws://127.0.0.1:{port}/ws?token="
        with connect(url + tokens["anna"]) as anna:
            frame(anna, "authenticated")
            with connect(url + tokens["ben"]) as ben:
                print("Ben is", frame(anna, "presence")["status"])
                anna.send(json.dumps({"type": "typing", "payload": {"conversation_id": talk, "is_typing": True}}))
                print("Anna is typing:", frame(ben, "typing")["is_typing"])
                call("anna", "POST", "", {"conversation_id": talk, "content": "hello Ben"})
                message = frame(ben, "message")
                print("Ben got:", message["content"])
                call("ben", "PUT", f"/{message['id']}/read")
                print("Anna learns that it was read:", frame(anna, "read")["message_id"] == message["id"])
            print("Ben is", frame(anna, "presence")["status"])
    finally:
        server.terminate()
        server.wait()
