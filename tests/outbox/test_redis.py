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


def test_dinqs_keys_say_the_state_of_now_after_redis_was_away():
    port = services.free_port()
    with brokers.Redis() as redis, services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=dinq", "--redis", redis.url]):
        base = f"http://127.0.0.1:{port}"
        keys = redis_client.Redis(port=redis.port, decode_responses=True)
        anna, ben, cara = new_user(), new_user(), new_user()

        def rest(user: str) -> Rest:
            return Rest(base, {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"user_id": user})})

        def connect(user: str) -> Socket:
            return Socket(ws_url(base, "/ws?token=" + make_token(services.JWT_SECRET, {"user_id": user})), max_queue=None)

        def say(socket: Socket, where: str, text: str) -> str:
            socket.send({"type": "message", "data": {"conversation_id": where, "message_type": "text", "content": text}})
            return socket.expect("message", where=lambda frame: frame["data"]["content"] == text)["data"]["id"]

        group = rest(anna).post("/api/v1/conversations/group", {"group_name": "all", "member_ids": [ben, cara]}).json()["data"]["id"]
        talk = connect(anna)
        first = say(talk, group, "first")
        say(talk, group, "second")
        assert keys.get(f"unread_count:{ben}:{group}") == "2" and keys.llen(f"offline_messages:{ben}") == 2
        talk.send({"type": "recall", "data": {"message_id": first}})
        services.wait_until(lambda: keys.llen(f"offline_messages:{ben}") == 1, 5, "what was taken back to be gone")
        services.wait_until(lambda: keys.get(f"unread_count:{ben}:{group}") == "1", 5, "its count, too")

        redis.halt()
        begin = time.monotonic()
        third = say(talk, group, "third")
        assert time.monotonic() - begin < 3, "nobody waits for a Redis that is away"
        rest(anna).post(f"/api/v1/conversations/{group}/members/remove", {"user_id": cara})
        with connect(ben) as late:   # has seen the third, and goes again
            late.expect("offline_message", where=lambda frame: frame["data"]["content"] == "third")
            late.send({"type": "read", "data": {"conversation_id": group, "message_id": third}})
            talk.expect("read")
        fourth_said = time.monotonic()
        while rest(anna).get("/api/v1/conversations").json()["data"]["conversations"][0]["online_status"].get(ben):
            assert time.monotonic() - fourth_said < 5
        say(talk, group, "fourth")

        redis.start()
        services.wait_until(lambda: keys.get(f"unread_count:{ben}:{group}") == "1", 20, "the count of now")
        services.wait_until(lambda: keys.llen(f"offline_messages:{ben}") == 1, 5, "the fourth to wait")
        assert "fourth" in keys.lindex(f"offline_messages:{ben}", 0)
        assert not keys.exists(f"unread_count:{cara}:{group}")
        services.wait_until(lambda: keys.sismember("online_users", anna), 15, "anna to be there")
        assert keys.get(f"online:{anna}") == "1" and not keys.sismember("online_users", ben)
