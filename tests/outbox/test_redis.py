"""The keys of pulse in Redis: there while somebody is, also after Redis was away."""
from __future__ import annotations

import os
import pathlib
import time

import brokers
import redis as redis_client
import services
from client import Rest, Socket, make_token, new_user, ws_url

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


def test_the_state_of_now_is_written_when_redis_is_back():
    port = services.free_port()
    with brokers.Redis() as redis, services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=pulse", "--redis", redis.url]):
        base = f"http://127.0.0.1:{port}"

        def connect(user: str) -> Socket:
            socket = Socket(ws_url(base, "/ws?token=" + make_token(services.JWT_SECRET, {"userId": user})))
            assert socket.expect(lambda frame: True)["type"] == "authenticated"
            return socket

        keys = redis_client.Redis(port=redis.port, decode_responses=True)
        anna, ben = new_user(), new_user()
        phone, laptop = connect(anna), connect(anna)
        newest = keys.hget(f"presence:{anna}", "connection_id")
        phone.close()
        time.sleep(0.2)   # nothing may come of it
        assert keys.hgetall(f"presence:{anna}")["status"] == "online" and keys.hget(f"presence:{anna}", "connection_id") == newest
        laptop.send({"type": "presence", "payload": {"status": "away"}})
        services.wait_until(lambda: keys.hget(f"presence:{anna}", "status") == "away", 5, "away")

        redis.halt()
        begin = time.monotonic()
        connect(ben)
        assert time.monotonic() - begin < 3, "nobody waits for a Redis that is away"
        services.wait_until(lambda: Rest(base).get("/ready").json()["redis"] == "unhealthy", 10, "/ready to say so")
        assert Rest(base).get("/ready").status_code == 200
        redis.start()
        services.wait_until(lambda: keys.hget(f"presence:{ben}", "status") == "online", 15, "the state of now")
        assert keys.hget(f"presence:{anna}", "status") == "away" and 0 < keys.ttl(f"presence:{ben}") <= 300
        assert Rest(base).get("/ready").json()["redis"] == "healthy"
