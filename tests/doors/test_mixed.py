"""People on different doors in one conversation: all see the same messages in the same order, also over a kill -9."""
from __future__ import annotations

import os
import pathlib
import threading
import time

import httpx
import pytest
import services
from client import Rest, Socket, make_token, new_user, ws_url
from websockets.exceptions import WebSocketException

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
MESSAGES = 150   # of each
DOORS = ["native", "dinq", "echo", "messaging", "pulse", "rtchat"]


class Place:
    """The server with a port for each door, all of which it has again after a kill."""

    def __init__(self, store: str | None):
        self.ports = {door: services.free_port() for door in DOORS}
        listening = [word for door in DOORS[1:] for word in ("--listen", f"127.0.0.1:{self.ports[door]}={door}")]
        self.server = services.Parley(BINARY, store, port=self.ports["native"], arguments=[*listening, "--rate-limit", "off", *(word for door in ("echo", "messaging", "pulse", "rtchat") for word in (f"--{door}-rate-limit", "off"))])

    def url(self, door: str) -> str:
        return f"http://127.0.0.1:{self.ports[door]}"

    def kill_and_restart(self) -> None:
        self.server.kill()
        self.server.start()


class Person:
    def __init__(self, place: Place, door: str):
        self.place, self.door, self.id = place, door, new_user()
        self.token = make_token(services.JWT_SECRET, {"dinq": {"user_id": self.id}, "messaging": {"user_id": self.id, "username": door}}.get(door, {"sub": self.id}))
        self.rest = Rest(place.url(door), {"Authorization": "Bearer " + self.token})
        self.sent: dict[str, str] = {}   # text → id, as acknowledged

    def patiently(self, call, *good: int) -> httpx.Response:
        end = time.monotonic() + 60
        while True:
            try:
                answer = call()
                if answer.status_code in good:
                    return answer
                assert answer.status_code == 503, answer.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < end, "the server did not come back"
            time.sleep(0.05)

    def say(self, where: str, text: str) -> None:
        if self.door == "native":
            body = {"text": text, "client_id": text}
            self.sent[text] = self.patiently(lambda: self.rest.post(f"/v1/conversations/{where}/messages", body), 200, 201).json()["id"]
        elif self.door == "messaging":
            body = {"content": text, "client_id": text}
            self.sent[text] = self.patiently(lambda: self.rest.post(f"/api/v1/conversations/{where}/messages", body), 200, 201).json()["id"]
        elif self.door == "echo":
            body = {"conversation_id": where, "content": text, "message_type": "text", "client_message_id": text}
            self.sent[text] = self.patiently(lambda: self.rest.post("/api/v1/messages", body), 200, 201).json()["data"]["id"]
        elif self.door == "pulse":
            body = {"conversation_id": hex_of(where), "content": text}
            answer = self.patiently(lambda: self.rest.call("POST", "/api/messages", json=body, headers={"Idempotency-Key": text}), 201).json()
            self.sent[text] = long_of(answer["data"]["id"])
        elif self.door == "rtchat":
            body = {"participants": self.everybody, "content": text}
            answer = self.patiently(lambda: self.rest.call("POST", "/api/messages", json=body, headers={"Idempotency-Key": text}), 202).json()
            self.sent[text] = long_of(answer["id"])
        else:
            self.sent[text] = self.say_by_socket(where, text)

    def say_by_socket(self, where: str, text: str) -> str:
        """dinq has no key for a repeat: whether a message whose socket broke was taken is in the history."""
        while True:
            try:
                if not hasattr(self, "socket"):
                    self.socket = Socket(ws_url(self.place.url("dinq"), "/ws?token=" + self.token))
                self.socket.send({"type": "message", "data": {"conversation_id": where, "message_type": "text", "content": text}})
                return self.socket.expect("message", where=lambda f: f["data"]["content"] == text)["data"]["id"]
            except (OSError, WebSocketException, AssertionError):
                del self.__dict__["socket"]
                time.sleep(0.05)
                taken = [one for one in self.history(where) if one[1] == text]
                if taken:
                    return taken[0][0]
            except AttributeError:
                time.sleep(0.05)

    def history(self, where: str) -> list[tuple[str, str]]:
        """(id, text), oldest first."""
        if self.door == "native":
            every: list[tuple[str, str]] = []
            after: dict[str, str] = {}
            while True:
                page = self.patiently(lambda: self.rest.get(f"/v1/conversations/{where}/messages", params={"limit": 200, **after}), 200).json()
                every += [(one["id"], one["text"]) for one in page["items"]]
                if not page["next"]:
                    return every[::-1]
                after = {"after": page["next"]}
        if self.door == "dinq":
            page = self.patiently(lambda: self.rest.get(f"/api/v1/conversations/{where}/messages", params={"limit": 1000, "order": "asc"}), 200).json()
            return [(one["id"], one["content"]) for one in page["data"]["messages"]]
        if self.door == "messaging":
            found = []
            while True:
                page = self.patiently(lambda: self.rest.get(f"/api/v1/conversations/{where}/messages", params={"limit": 100, "offset": len(found)}), 200).json()
                found += [(one["id"], one["content"]) for one in page]
                if len(page) < 100:
                    return found[::-1]
        if self.door == "pulse":
            found = []
            while True:
                page = self.patiently(lambda: self.rest.get(f"/api/messages/conversations/{hex_of(where)}/messages", params={"limit": 100, "offset": len(found)}), 200).json()
                found += [(long_of(one["id"]), one["content"]) for one in page["data"]]
                if page["count"] < 100:
                    return found[::-1]
        if self.door == "rtchat":
            found = []
            while True:
                query = {"participants": ",".join(self.everybody), "size": 100, "page": len(found) // 100}
                page = self.patiently(lambda: self.rest.get("/api/messages/get", params=query), 200).json()
                found += [(long_of(one["id"]), one["content"]) for one in page]
                if len(page) < 100:
                    return found[::-1]
        found: list[tuple[str, str]] = []
        more: dict[str, str] = {}
        while True:
            page = self.patiently(lambda: self.rest.get(f"/api/v1/conversations/{where}/messages", params={"limit": 100, **more}), 200).json()["data"]
            found += [(one["id"], one["content"]) for one in page["messages"]]
            if not page["has_more"]:
                return found[::-1]
            more = {"before_id": page["next_cursor"]}


def hex_of(id: str) -> str:
    """As pulse and rtchat write an id: the UUID without its version, its variant and the zeros at its end."""
    digits = id.replace("-", "")
    return digits[:12] + digits[13:16] + digits[17:26]


def long_of(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-8{digits[12:15]}-8{digits[15:18]}-{digits[18:]}000000"


class Listener:
    """What one door shows live until its socket breaks."""

    def __init__(self, person: Person, stop: threading.Event):
        self.person, self.stop, self.seen = person, stop, []
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.ready.wait(20)

    def open(self) -> Socket:
        path = "/v1/ws" if self.person.door == "native" else "/ws"
        socket = Socket(ws_url(self.person.place.url(self.person.door), f"{path}?token={self.person.token}"), max_queue=None)
        if self.person.door == "native":
            socket.send({"id": "h", "type": "hello", "data": {}})
            socket.expect("ok")
        elif self.person.door == "echo":
            socket.expect("connection_ack")
        elif self.person.door == "pulse":
            socket.expect("authenticated")
        elif self.person.door != "rtchat":   # whoever is told that this is no frame is also told of messages from here on
            socket.send("{")
            socket.expect("error")
        return socket

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                socket = self.open()
                stretch: list[str] = []
                self.seen.append(stretch)
                self.ready.set()
                while not self.stop.is_set() and not socket.closed:
                    socket._pull(0.2)
                    for frame in socket.seen:
                        stretch += [id_of(self.person.door, frame)] if id_of(self.person.door, frame) else []
                    socket.seen.clear()
                socket.close()
            except (OSError, WebSocketException, AssertionError):
                time.sleep(0.05)


def id_of(door: str, frame: dict) -> str | None:
    if door == "native":
        return frame["data"]["id"] if frame["type"] == "message.created" else None
    if door == "dinq":
        return frame["data"]["id"] if frame["type"] == "message" else None
    if door == "messaging":
        return frame["data"]["id"] if frame["type"] == "message.new" else None
    if door == "pulse":
        return long_of(frame["payload"]["id"]) if frame["type"] == "message" else None
    if door == "rtchat":
        return long_of(frame["id"])
    return frame["payload"]["message"]["id"] if frame["type"] == "new_message" else None


def in_order(stretch: list[str], everything: list[str]) -> bool:
    """Without a gap and without a repeat: a stretch of the history."""
    if not stretch:
        return True
    begin = everything.index(stretch[0])
    return everything[begin:begin + len(stretch)] == stretch


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_all_doors_show_one_order(store):
    url = os.environ.get("PARLEY_TEST_POSTGRES") if store == "postgres" else None
    assert url or store == "sqlite", "PARLEY_TEST_POSTGRES names no server; ./dev test starts one"
    place = Place(services.database_at(url) if url else None)
    with place.server:
        people = {door: Person(place, door) for door in DOORS}
        listeners = {door: Person(place, door) for door in DOORS}
        everybody = [one.id for one in (*people.values(), *listeners.values())]
        for one in (people["rtchat"], listeners["rtchat"]):
            one.everybody = everybody
        # At that door a conversation is who is in it: the first message makes it.
        people["rtchat"].say("", "rtchat 0")
        [where] = [one["id"] for one in people["native"].rest.get("/v1/conversations").json()["items"]]
        stop = threading.Event()
        ears = [Listener(one, stop) for one in listeners.values()]
        senders = [threading.Thread(target=lambda one=one: [one.say(where, f"{one.door} {i}") for i in range(len(one.sent), MESSAGES)]) for one in people.values()]
        for thread in senders:
            thread.start()
        services.wait_until(lambda: sum(len(one.sent) for one in people.values()) > len(DOORS) * MESSAGES // 3, 60, "a third of the messages")
        place.kill_and_restart()
        for thread in senders:
            thread.join(120)
        assert {door: len(one.sent) for door, one in people.items()} == {door: MESSAGES for door in DOORS}
        histories = {door: one.history(where) for door, one in people.items()}
        everything = [one[0] for one in histories["native"]]
        services.wait_until(lambda: all(ear.seen[-1] and ear.seen[-1][-1] == everything[-1] for ear in ears), 30, "the last message at every door")
        stop.set()
        for ear in ears:
            ear.thread.join(30)

    assert all(histories[door] == histories["native"] for door in DOORS)
    assert sorted(text for _, text in histories["native"]) == sorted(f"{door} {i}" for door in DOORS for i in range(MESSAGES))
    for door, one in people.items():
        assert [text for _, text in histories["native"] if text.startswith(door)] == [f"{door} {i}" for i in range(MESSAGES)]
        assert all(dict((text, id) for id, text in histories["native"])[text] == id for text, id in one.sent.items())
    for ear in ears:
        assert all(in_order(stretch, everything) for stretch in ear.seen), ear.person.door
