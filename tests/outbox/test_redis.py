"""The keys of the doors in Redis: there while somebody is, also after Redis was away."""
from __future__ import annotations

import json
import os
import pathlib
import time

import brokers
import echo
import messaging
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


def test_echos_keys_follow_what_happens():
    port = services.free_port()
    arguments = ["--listen", f"127.0.0.1:{port}=echo"]
    with brokers.Redis() as redis, services.Parley(BINARY, arguments=[*arguments, "--redis", redis.url]):
        base = f"http://127.0.0.1:{port}"
        keys = redis_client.Redis(port=redis.port, decode_responses=True)
        anna, ben = echo.Person(base=base), echo.Person(base=base)
        where = anna.conversation(ben)
        with ben.socket("phone"), ben.socket("laptop"):
            services.wait_until(lambda: set(keys.hgetall(f"echo:presence:{ben.id}")) == {"phone", "laptop"}, 5, "ben's devices")
            seen = keys.hget(f"echo:presence:{ben.id}", "phone")
            assert abs(int(seen) - time.time()) < 60 and 0 < keys.ttl(f"echo:presence:{ben.id}") <= 300
        services.wait_until(lambda: not keys.exists(f"echo:presence:{ben.id}"), 5, "ben to be gone")

        def recent() -> list[dict]:
            return [json.loads(one) for one in keys.lrange(f"echo:recent:{where}", 0, -1)]

        ids = [anna.send(where, f"m{i}")["id"] for i in range(53)][::-1]
        services.wait_until(lambda: [one["id"] for one in recent()] == ids[:50], 10, "the newest 50")
        assert 0 < keys.ttl(f"echo:recent:{where}") <= 3600 and recent()[0]["content"] == "m52"
        echo.data(anna.edit(ids[0], "edited"))
        echo.data(anna.delete(ids[1]))
        services.wait_until(lambda: [one["id"] for one in recent()] == [ids[0], *ids[2:51]], 10, "what is left of them")
        assert recent()[0]["content"] == "edited" and recent()[0]["is_edited"] is True
        limits = keys.hgetall(f"echo:rl:{anna.id}")
        assert int(limits["limit"]) > int(limits["remaining"]) >= 0 and keys.ttl(f"echo:rl:{anna.id}") > 0

        redis.halt()
        begin = time.monotonic()
        last = anna.send(where, "while it is away")["id"]
        assert time.monotonic() - begin < 3, "nobody waits for a Redis that is away"
        services.wait_until(lambda: echo.data(Rest(base).get("/ready"))["status"] == "degraded", 10, "/ready to say so")
        redis.start()
        services.wait_until(lambda: bool(recent()) and recent()[0]["id"] == last, 20, "what was said meanwhile")
        services.wait_until(lambda: echo.data(Rest(base).get("/ready"))["checks"]["cache"]["status"] == "healthy", 10, "/ready to say so")


def test_messagings_keys_follow_what_happens():
    port = services.free_port()
    with brokers.Redis() as redis, services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=messaging", "--redis", redis.url]):
        base = f"http://127.0.0.1:{port}"
        keys = redis_client.Redis(port=redis.port, decode_responses=True)
        anna, ben, cara = (messaging.Person(base=base) for _ in range(3))
        where = anna.conversation(ben, kind="group")
        services.wait_until(lambda: keys.smembers(f"messaging:conv:{where}") == {anna.id, ben.id}, 5, "who is in it")
        assert 0 < keys.ttl(f"messaging:conv:{where}") <= 60
        messaging.good(anna.rest.post(f"/api/v1/conversations/{where}/members", {"user_id": cara.id}))
        services.wait_until(lambda: keys.smembers(f"messaging:conv:{where}") == {anna.id, ben.id, cara.id}, 5, "cara to be in it")
        with anna.socket() as first, anna.socket():
            services.wait_until(lambda: sorted(keys.hgetall(f"messaging:presence:{anna.id}").values()) == ["online", "online"], 5, "both connections")
            assert 0 < keys.ttl(f"messaging:presence:{anna.id}") <= 90
            first.send({"type": "presence.update", "status": "busy"})
            services.wait_until(lambda: set(keys.hgetall(f"messaging:presence:{anna.id}").values()) == {"busy"}, 5, "what she says")
            first.send({"type": "typing.start", "conversation_id": where})
            services.wait_until(lambda: keys.zrange(f"messaging:typing:{where}", 0, -1) == [anna.id], 5, "who types")
            assert 0 < keys.zscore(f"messaging:typing:{where}", anna.id) - time.time() <= 6
            first.send({"type": "typing.stop", "conversation_id": where})
            services.wait_until(lambda: not keys.exists(f"messaging:typing:{where}"), 5, "nobody to type")
            redis.halt()
            redis.start()   # it keeps nothing
            services.wait_until(lambda: set(keys.hgetall(f"messaging:presence:{anna.id}").values()) == {"busy"}, 20, "the state of now")
            assert Rest(base).get("/ready").json()["checks"]["redis"] == "up"
        services.wait_until(lambda: not keys.exists(f"messaging:presence:{anna.id}"), 5, "anna to be gone")
        messaging.good(anna.rest.delete(f"/api/v1/conversations/{where}"))
        services.wait_until(lambda: not keys.exists(f"messaging:conv:{where}"), 5, "the conversation to be gone")
