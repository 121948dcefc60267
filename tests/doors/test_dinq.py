"""What the contract of dinq says beyond its acceptance cases."""
from __future__ import annotations

import json
import os
import pathlib

import brokers
import pytest
import redis as redis_client
import services
from client import Rest, Socket, make_token, new_user, ws_url

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


class Person:
    def __init__(self, base: str):
        self.base, self.id = base, new_user()
        self.token = make_token(services.JWT_SECRET, {"user_id": self.id})
        self.rest = Rest(base, {"Authorization": "Bearer " + self.token})

    def socket(self) -> Socket:
        return Socket(ws_url(self.base, "/ws?token=" + self.token), max_queue=None)

    def private(self, other: Person) -> str:
        return self.rest.post("/api/v1/conversations/private", {"receiver_id": other.id}).json()["data"]["conversation"]["id"]

    def conversations(self) -> list[dict]:
        return self.rest.get("/api/v1/conversations").json()["data"]["conversations"]


@pytest.fixture(scope="module")
def place():
    port = services.free_port()
    with brokers.Redis() as redis, services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=dinq", "--redis", redis.url, "--dinq-devices", "2"]) as server:
        yield f"http://127.0.0.1:{port}", redis_client.Redis(port=redis.port, decode_responses=True), server


def say(socket: Socket, **data) -> None:
    socket.send({"type": "message", "data": {"message_type": "text", "content": "hello", **data}})


def test_what_the_original_left_for_somebody_comes_once_and_before_the_rest(place):
    base, keys, _ = place
    anna, ben = Person(base), Person(base)
    where = anna.private(ben)
    left = [{"id": new_user(), "conversation_id": where, "sender_id": anna.id, "message_type": "text", "content": f"left {i}", "status": "sent"} for i in range(3)]
    keys.rpush(f"offline_msg:{ben.id}", *(json.dumps(one) for one in left[:2]), "junk", json.dumps({"type": "message", "data": left[2]}))
    with anna.socket() as here:
        say(here, conversation_id=where, content="of now")
        here.expect("message")
    services.wait_until(lambda: keys.exists(f"offline_messages:{ben.id}"), 5, "the message to wait")
    with ben.socket() as there:
        got = [there.expect("offline_message")["data"] for _ in range(4)]
        assert got[:3] == left and got[3]["content"] == "of now"
        # Until these are gone nobody has noted yet that it was shown, and who comes back at once would see it again.
        services.wait_until(lambda: not keys.exists(f"offline_msg:{ben.id}", f"offline_messages:{ben.id}"), 5, "the keys to go")
    with ben.socket() as there:
        there.expect_none("offline_message", quiet=0.5)


def test_devices_of_other_doors_are_not_counted(place):
    base, _, server = place
    anna = Person(base)
    native = Socket(server.websocket_url + "/v1/ws?token=" + make_token(services.JWT_SECRET, {"sub": anna.id}))
    here, there = anna.socket(), anna.socket()
    third = anna.socket()
    assert third.expect("error")["data"] == {"code": "too_many_devices", "message": "Maximum 2 devices allowed"}
    assert third.wait_closed()[0] == 1000
    for socket in (here, there, native):
        socket.close()
    services.wait_until(lambda: anna.socket().drain(0.2) == [], 5, "a place to be free again")


def test_who_has_to_wait_for_an_answer_can_type_and_is_told_that_a_video_is_too_large(place):
    base, _, _ = place
    anna, ben = Person(base), Person(base)
    where = anna.private(ben)
    here, there = anna.socket(), ben.socket()
    say(here, conversation_id=where)
    here.expect("message")
    say(here, conversation_id=where)
    assert here.expect("error")["data"]["message"].startswith("first message limit")
    here.send({"type": "typing", "data": {"conversation_id": where}})
    assert there.expect("typing")["data"] == {"conversation_id": where, "user_id": anna.id}
    say(here, conversation_id=where, message_type="video", metadata={"file_size": 60 * 1024 * 1024})
    assert here.expect("error")["data"]["message"] == "video file size exceeds limit: max 50MB, got 60.00MB"


def test_forwarding_makes_no_conversation_where_it_may_not_or_has_nothing_to_copy(place):
    base, _, _ = place
    anna, ben, cleo = Person(base), Person(base), Person(base)
    where = anna.private(ben)
    here = anna.socket()
    say(here, conversation_id=where)
    message = here.expect("message")["data"]["id"]
    assert cleo.rest.post("/api/v1/relationships/block", {"target_user_id": anna.id}).status_code == 200
    forward = lambda message, **to: anna.rest.post(f"/api/v1/messages/{message}/forward", to)
    answer = forward(message, receiver_ids=[cleo.id]).json()["data"]
    assert answer == {"forwarded": [], "failed": [{"target": cleo.id, "message": "you are blocked by this user"}]}
    assert forward(new_user(), receiver_ids=[cleo.id]).status_code == 404
    assert forward(message, receiver_ids=[new_user(), "nobody"]).status_code == 400
    stranger = new_user()
    assert forward(message, conversation_ids=[stranger]).json()["data"]["failed"][0]["target"] == stranger
    assert cleo.conversations() == [] and [one["id"] for one in anna.conversations()] == [where]
