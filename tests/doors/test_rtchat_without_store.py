"""The rtchat door while its store is away: chat goes on, and afterwards history has all of it in the order of the frames."""
from __future__ import annotations

import os
import pathlib
import time

import httpx
import services
from client import Rest, Socket, make_token, new_user, ws_url

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


class Person:
    def __init__(self, base: str):
        self.base, self.id = base, new_user()
        self.token = make_token(services.JWT_SECRET, {"id": self.id})
        self.rest = Rest(base, {"Authorization": "Bearer " + self.token})

    def socket(self) -> Socket:
        return Socket(ws_url(self.base, f"/ws?token={self.token}"))

    def say(self, channel: list[Person], content: str, **headers: str) -> dict:
        answer = self.rest.call("POST", "/api/messages", json={"participants": [one.id for one in channel], "content": content}, headers=headers)
        assert answer.status_code == 202, (answer.status_code, answer.text)
        return answer.json()

    def history(self, channel: list[Person]):
        return self.rest.get("/api/messages/get", params={"participants": ",".join(one.id for one in channel), "size": "100"})


def expect(socket: Socket, content: str) -> dict:
    return socket.expect(lambda frame: frame["content"] == content)


def in_history(person: Person, channel: list[Person], count: int) -> list[dict]:
    """Oldest first, once there are so many."""
    def there() -> bool:
        answer = person.history(channel)
        return answer.status_code == 200 and len(answer.json()) >= count
    services.wait_until(there, 30, f"{count} messages in history")
    return person.history(channel).json()[::-1]


def arguments(port: int) -> list[str]:
    return ["--listen", f"127.0.0.1:{port}=rtchat", "--rtchat-rate-limit", "off", "--rtchat-connections-limit", "off"]


def test_chat_goes_on_while_the_store_is_away_and_is_in_history_afterwards():
    port = services.free_port()
    base = f"http://127.0.0.1:{port}"
    with services.Postgres() as postgres, services.Parley(BINARY, store=postgres.fresh_database(), arguments=arguments(port)):
        anna, ben, cleo, dora = (Person(base) for _ in range(4))
        pair, group, fresh = [anna, ben], [anna, ben, cleo], [anna, dora]
        here, there, third = anna.socket(), ben.socket(), cleo.socket()
        anna.say(pair, "before")
        expect(there, "before")

        postgres.halt()
        late = dora.socket()
        frames: dict[str, list[dict]] = {"pair": [], "group": []}
        slowest = 0.0
        for i in range(15):
            begun = time.monotonic()
            accepted = anna.say(pair, f"pair {i}") if i % 2 == 0 else ben.say(pair, f"pair {i}")
            slowest = max(slowest, time.monotonic() - begun)
            frame = expect(there if i % 2 == 0 else here, f"pair {i}")
            assert (frame["id"], frame["created_at"]) == (accepted["id"], accepted["created_at"])
            frames["pair"].append(frame)
            cleo.say(group, f"group {i}")
            frames["group"].append(expect(here, f"group {i}"))
            assert expect(there, f"group {i}") == frames["group"][-1]
        assert slowest < 3, "nobody waits for the store"
        anna.say(fresh, "a channel that is made while the store is away")
        expect(late, "a channel that is made while the store is away")
        key = anna.say(group, "once", **{"Idempotency-Key": "k"})
        assert anna.say(group, "once", **{"Idempotency-Key": "k"}) == key
        frames["group"].append(expect(third, "once"))
        assert expect(there, "once") == frames["group"][-1]

        begun = time.monotonic()
        answer = anna.history(pair)
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1 and time.monotonic() - begun < 3
        assert Rest(base).get("/health").status_code == 200
        assert Rest(base).get("/ready").status_code == 503

        postgres.start()
        kept = in_history(ben, pair, 16)
        assert kept[0]["content"] == "before" and kept[1:] == frames["pair"]
        assert in_history(ben, group, 16) == frames["group"]
        assert [one["content"] for one in in_history(dora, fresh, 1)] == ["a channel that is made while the store is away"]
        for socket in (here, there, third, late):
            socket.expect_none(lambda frame: True, quiet=0.5)
        cleo.say(group, "after")
        assert expect(here, "after")["content"] == "after" == expect(there, "after")["content"]
        third.expect_none(lambda frame: frame["sender"] == cleo.id, quiet=0.3)


def test_a_kill_while_the_store_is_away_loses_nothing_and_a_start_without_it_takes_what_comes():
    port = services.free_port()
    base = f"http://127.0.0.1:{port}"
    with services.Postgres() as postgres, services.Parley(BINARY, store=postgres.fresh_database(), arguments=arguments(port)) as server:
        anna, ben = Person(base), Person(base)
        anna.say([anna, ben], "before")
        postgres.halt()
        said = [anna.say([anna, ben], f"{i}") for i in range(5)]
        server.kill()

        server.launch()
        services.wait_until(lambda: answers(base), 30, "the server without its store")
        assert Rest(base).get("/ready").status_code == 503
        assert anna.history([anna, ben]).status_code == 503
        there = ben.socket()
        said.append(anna.say([anna, ben], "without a store from the start"))
        assert expect(there, "without a store from the start")["id"] == said[-1]["id"]
        postgres.start()
        services.wait_until(lambda: answers(base, "/ready"), 30, "the store")
        assert [one["id"] for one in in_history(ben, [anna, ben], 7)][1:] == [one["id"] for one in said]


def answers(base: str, path: str = "/health") -> bool:
    try:
        return Rest(base).get(path).status_code == 200
    except httpx.TransportError:
        return False
