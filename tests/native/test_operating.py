"""What an operator sees: starting, refusing to start, reloading, stopping, a store that is away."""
from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import subprocess
import threading
import time

import httpx
import pytest
import services
from conftest import BINARY, new_server
from native import Person, eventually, problem


def run(*words: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60, env={**clean, **environment})


@pytest.mark.parametrize("words, reason", [
    (["serve", "--no-such-option"], "no-such-option"),
    (["serve", "--listen", "nonsense"], "listen"),
    (["serve", "--store", "mysql://x"], "store"),
    (["serve", "--store", "memory"], "memory"),
    (["serve", "--jwt-secret", "short"], "32"),
    (["serve", "--listen", "0.0.0.0:18080"], "jwt"),           # open to all needs a key
    (["serve", "--tls-cert", "/nowhere.pem"], "tls"),
    (["serve", "--config", "/nowhere.yaml"], "/nowhere.yaml"),
    (["frobnicate"], "frobnicate"),
    (["token"], "--user"),
])
def test_bad_configuration_stops_the_start_with_the_reason(words, reason, tmp_path):
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60, cwd=tmp_path,
                          env={name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")})
    assert done.returncode not in (0, None) and done.returncode > 0
    assert reason in done.stderr.lower() + done.stdout.lower(), done.stderr
    assert "password" not in done.stderr


def test_help_and_version():
    assert "serve" in run("help").stdout and "--listen" in run("serve", "--help").stdout
    assert run("version").returncode == 0


def test_two_servers_cannot_share_a_folder():
    with new_server() as first:
        done = run("serve", "--data", str(first.data), "--listen", f"127.0.0.1:{services.free_port()}", PARLEY_JWT_SECRET=services.JWT_SECRET)
        assert done.returncode != 0 and "another process" in done.stderr


def test_a_port_that_is_taken_stops_the_start(tmp_path):
    with new_server() as first:
        done = run("serve", "--data", str(tmp_path), "--listen", f"127.0.0.1:{first.port}", PARLEY_JWT_SECRET=services.JWT_SECRET)
        assert done.returncode != 0 and str(first.port) in done.stderr


def test_a_token_of_the_tool_is_taken():
    with new_server() as server:
        token = run("token", "--user", "zoe", "--data", str(server.data), PARLEY_JWT_SECRET=services.JWT_SECRET).stdout.strip()
        assert httpx.get(f"{server.url}/v1/conversations", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_logs_are_lines_of_json_and_hold_no_secret():
    with new_server("sqlite", "--log-format", "json") as server:
        anna, ben = Person(base=server.url), Person(base=server.url)
        anna.say(anna.direct(ben), "tell nobody")
        httpx.get(f"{server.url}/v1/conversations", headers={"Authorization": "Bearer not.a.token"})
        server.stop()
        text = server.log.read_text()
        for line in text.splitlines():
            json.loads(line)
        assert anna.token not in text and "tell nobody" not in text and services.JWT_SECRET not in text


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_stopping_server_says_so_and_finishes_what_it_took(store: str):
    """Senders go on through SIGTERM: what was acknowledged is there after the restart, sockets get drain and 1001, and the
    whole takes less than 10 s."""
    server = new_server(store, "--rate-limit", "off")
    with server:
        people = [Person(base=server.url) for _ in range(4)]
        group = people[0].group(*people[1:])
        acknowledged: list[str] = []
        stop = threading.Event()

        def send(person: Person) -> None:
            for i in range(100_000):
                try:
                    answer = person.rest.post(f"/v1/conversations/{group['id']}/messages", {"text": f"{person.id} {i}"})
                except httpx.HTTPError:
                    return
                if answer.status_code == 201:
                    acknowledged.append(answer.json()["id"])
                if stop.is_set():
                    return

        with people[0].socket() as live, concurrent.futures.ThreadPoolExecutor(4) as pool:
            senders = [pool.submit(send, person) for person in people]
            assert eventually(lambda: len(acknowledged) > 50, 10)
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            drain = live.expect("drain")
            assert drain["data"]["reconnect_in_ms"] >= 0
            assert live.wait_closed(10)[0] == 1001
            server.process.wait(timeout=10)
            assert time.monotonic() - began < 10 and server.process.returncode == 0
            stop.set()
            for sender in senders:
                sender.result(timeout=20)
        server.start()
        ids, after = set(), None
        while True:
            page = people[0].rest.get(f"/v1/conversations/{group['id']}/messages", params={"limit": 200, **({"after": after} if after else {})}).json()
            ids |= {message["id"] for message in page["items"]}
            after = page["next"]
            if after is None:
                break
        assert set(acknowledged) <= ids and len(acknowledged) == len(set(acknowledged))


def test_a_database_that_is_away_is_said_in_bounded_time_and_comes_back():
    with services.Postgres() as postgres:
        with services.Parley(BINARY, store=postgres.fresh_database(), arguments=["--store-timeout", "2s"]) as server:
            anna, ben = Person(base=server.url), Person(base=server.url)
            conversation = anna.direct(ben)
            anna.say(conversation, "before")
            postgres.halt()
            began = time.monotonic()
            problem(anna.rest.post(f"/v1/conversations/{conversation['id']}/messages", {"text": "lost?", "client_id": "k"}), 503, "unavailable")
            refused = anna.rest.get(f"/v1/conversations/{conversation['id']}/messages")
            problem(refused, 503, "unavailable")
            assert int(refused.headers["retry-after"]) >= 1
            assert time.monotonic() - began < 9
            ready = httpx.get(f"{server.url}/ready", timeout=10)
            assert ready.status_code == 503 and ready.json()["parts"]["store"]["status"] == "down"
            assert httpx.get(f"{server.url}/health").status_code == 200
            postgres.start()
            assert eventually(lambda: httpx.get(f"{server.url}/ready", timeout=10).status_code == 200, 15)
            anna.say(conversation, "lost?", client_id="k")
            assert [m["text"] for m in ben.history(conversation)] == ["lost?", "before"]


def test_new_keys_are_read_without_a_restart(tmp_path):
    """The JWKS file is replaced: tokens of the new key are taken, those of the old one no more."""
    import jwt
    from base64 import urlsafe_b64encode

    def key_set(secret: bytes, kid: str) -> str:
        return json.dumps({"keys": [{"kty": "oct", "kid": kid, "alg": "HS256", "k": urlsafe_b64encode(secret).rstrip(b"=").decode()}]})

    def status(server, secret: bytes, kid: str) -> int:
        token = jwt.encode({"sub": "anna", "exp": int(time.time()) + 60}, secret, algorithm="HS256", headers={"kid": kid})
        return httpx.get(f"{server.url}/v1/conversations", headers={"Authorization": f"Bearer {token}"}).status_code

    old, new = b"o" * 32, b"n" * 32
    keys = tmp_path / "keys.json"
    keys.write_text(key_set(old, "1"))
    with new_server("sqlite", "--jwks", str(keys)) as server:
        assert status(server, old, "1") == 200 and status(server, new, "2") == 401
        keys.write_text(key_set(new, "2"))
        server.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: status(server, new, "2") == 200, 10)
        assert status(server, old, "1") == 401
        keys.write_text("{")   # a broken file is told, and the last good keys stay
        server.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: "keys.json" in server.log.read_text(), 10)
        assert status(server, new, "2") == 200


def test_two_nodes_may_start_at_once_on_one_database():
    from conftest import postgres_database
    url = postgres_database()
    nodes = [services.Parley(BINARY, store=url) for _ in range(2)]
    try:
        for node in nodes:
            node.launch()
        for node in nodes:
            services.wait_until(node._ready, 30, "the node")
        anna, ben = Person(base=nodes[0].url), Person(base=nodes[1].url)
        conversation = anna.direct(ben)
        anna.say(conversation, "one")
        ben.say(conversation, "two")
        assert [m["text"] for m in anna.history(conversation)] == ["two", "one"]
        for node in nodes:
            node.stop()
    finally:
        for node in nodes:
            node.discard()
