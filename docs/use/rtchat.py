"""Two people at the rtchat door: one listens, the other writes. Usage: rtchat.py path/to/parley"""
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


with tempfile.TemporaryDirectory() as data:
    port = free_port()
    server = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", f"127.0.0.1:{port}=rtchat"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                time.sleep(0.05)
        tokens = {who: subprocess.check_output([BINARY, "token", "--data", data, "--user", who], text=True).strip() for who in ("anna", "ben")}

        def post(path: str, body: dict, who: str) -> dict:
            headers = {"Authorization": "Bearer " + tokens[who], "Content-Type": "application/json"}
            return json.load(urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/api/{path}", json.dumps(body).encode(), headers)))

        with connect(f"ws://127.0.0.1:{port}/ws", additional_headers={"Authorization": "Bearer " + tokens["ben"]}) as ben:
            print("sockets:", post("connections", {"users": ["anna", "ben"]}, "anna"))
            sent = post("messages", {"participants": ["anna", "ben"], "content": "hello Ben"}, "anna")
            got = json.loads(ben.recv(timeout=10))
            print("Ben got:", got["content"], "from", got["sender"], "- the same id:", got["id"] == sent["id"])
    finally:
        server.terminate()
        server.wait()
