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


def test_a_search_for_no_messages_finds_none(place):
    base, _, _ = place
    anna, ben = Person(base), Person(base)
    where = anna.private(ben)
    with anna.socket() as here:
        say(here, conversation_id=where, content="needle")
        here.expect("message")
    find = lambda **query: anna.rest.get("/api/v1/messages/search", params={"q": "needle", **query})
    assert find(limit=0).json()["data"] == {"messages": []}
    assert find(limit=0, conversation_id=new_user()).status_code == 403
    assert len(find(limit=1, offset=0).json()["data"]["messages"]) == 1


def test_keys_that_are_none_are_refused_and_those_of_before_stay(place):
    base, _, _ = place
    anna, ben = Person(base), Person(base)
    bundle = {"device_id": "phone", "identity_key": "i", "signed_prekey": {"id": 1, "key": "k", "signature": "s"}, "one_time_prekeys": [{"id": 1, "key": "o"}]}
    assert anna.rest.post("/api/v1/e2ee/keys", bundle).json()["data"] == {"device_id": "phone", "one_time_prekey_count": 1}
    for bad in ({}, {"id": 1}, {"key": "o"}):
        assert anna.rest.post("/api/v1/e2ee/keys", {**bundle, "one_time_prekeys": [bad]}).status_code == 400
    device, = ben.rest.get(f"/api/v1/e2ee/keys/{anna.id}").json()["data"]["devices"]
    assert device["one_time_prekey"] == {"id": 1, "key": "o"}


def test_only_who_may_add_people_may_add_none(place):
    base, _, _ = place
    anna, ben = Person(base), Person(base)
    group = anna.rest.post("/api/v1/conversations/group", {"group_name": "g" * 100, "member_ids": [ben.id]}).json()["data"]["id"]
    members = lambda who, *ids: who.rest.post(f"/api/v1/conversations/{group}/members", {"member_ids": list(ids)})
    assert members(anna).json()["message"] == "members added successfully"
    refused = members(ben)
    assert refused.status_code == 403 and refused.json()["message"] == "only owner or admin can add members"
    remove = lambda who, whom: who.rest.post(f"/api/v1/conversations/{group}/members/remove", {"user_id": whom.id})
    assert remove(ben, ben).json()["message"] == "only owner or admin can remove members"   # leaving is another route
    assert remove(anna, anna).json()["message"] == "cannot remove owner"
    assert anna.rest.post("/api/v1/conversations/group", {"group_name": "g" * 101, "member_ids": []}).status_code == 400


def test_members_show_which_message_they_have_read_last(place):
    base, _, _ = place
    anna, ben = Person(base), Person(base)
    where = anna.rest.post("/api/v1/conversations/group", {"group_name": "g", "member_ids": [ben.id]}).json()["data"]["id"]
    with anna.socket() as here, ben.socket() as there:
        for text in ("one", "two"):
            say(here, conversation_id=where, content=text)
        first, second = (here.expect("message")["data"]["id"] for _ in range(2))
        members = lambda: {one["user_id"]: one for one in anna.conversations()[0]["members"]}
        assert "last_read_message_id" not in members()[ben.id]
        for message in (first, second):
            there.send({"type": "read", "data": {"conversation_id": where, "message_id": message}})
            here.expect("read", where=lambda frame: frame["data"]["message_id"] == message)
            assert members()[ben.id]["last_read_message_id"] == message
        assert "last_read_message_id" not in members()[anna.id]


def test_the_place_of_the_sockets_says_who_may_not_connect(place):
    base, _, _ = place
    anna = Person(base)
    for query, status, text in (("", 401, "missing token"), ("?token=junk", 401, "invalid token"), ("?token=" + anna.token, 400, "this is where a WebSocket is opened")):
        answer = Rest(base).get("/ws" + query)
        assert answer.status_code == status and answer.json() == {"code": 500, "message": text}


@pytest.mark.parametrize("change, text", [
    ({"message_type": None}, "unsupported message type"), ({"message_type": None, "conversation_id": None}, "conversation_id is required"),
    ({"message_type": "encrypted", "content": "x" * 65_537}, "message size exceeds limit: max 65536 characters"),
    ({"message_type": "video", "metadata": {"file_size": 60.0 * 1024 * 1024}}, "video file size exceeds limit: max 50MB, got 60.00MB"),
    ({"receiver_id": "self", "conversation_id": None, "content": "x" * 10_001}, "message size exceeds limit: max 10000 characters")])
def test_what_can_not_be_sent(place, change, text):
    base, _, _ = place
    anna = Person(base)
    where = anna.rest.post("/api/v1/conversations/group", {"group_name": "g", "member_ids": []}).json()["data"]["id"]
    asked = {"message_type": "text", "content": "x", "conversation_id": where, **change}
    if asked.get("receiver_id"):
        asked["receiver_id"] = anna.id
    with anna.socket() as here:
        here.send({"type": "message", "data": {name: value for name, value in asked.items() if value is not None}})
        assert here.expect("error")["data"]["message"] == text


def test_frames_that_say_nothing(place):
    base, _, _ = place
    anna = Person(base)
    with anna.socket() as here:
        for frame in (" null ", '{"type":"typing","data":[]}', '{"type":"read","data":"x"}'):
            here.send(frame)
        for frame in ('{"type":"recall","data":"x"}', '{"type":"recall"}'):
            here.send(frame)
            assert here.expect("error")["data"]["message"] == "Invalid recall format"
        here.send('{"type":"call","data":"x"}')
        assert here.expect("error")["data"]["message"] == "Invalid call format"


def test_when_the_last_notification_came_does_not_change_when_it_is_read(place):
    base, _, _ = place
    anna = Person(base)
    admin = Rest(base, {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"user_id": new_user(), "role": "admin"})})
    assert admin.post("/api/admin/notifications/batch-send", {"user_ids": [anna.id], "template_type": "system", "template_vars": {"content": "hi"}}).status_code == 200
    before = anna.rest.get("/api/v1/notifications").json()["data"]
    assert anna.rest.post("/api/v1/notifications/read-all").status_code == 200
    after = anna.rest.get("/api/v1/notifications").json()["data"]
    assert after["latest_notif_time"] == before["latest_notif_time"] == before["notifications"][0]["created_at"]
    assert (before["unread_count"], after["unread_count"]) == (1, 0)
