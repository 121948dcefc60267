"""Presence and the sockets of the messaging door (docs/wires/messaging.md §8–9)."""
from __future__ import annotations

import json
import time
import uuid
from datetime import datetime, timedelta

import pytest
import services
from client import new_user
from messaging import Person, about, good, people
from messaging_door import BINARY, code_of, server  # noqa: F401

# ---- 8. presence

def test_a_user_never_seen_is_404():
    assert code_of(Person().rest.get(f"/api/v1/users/{new_user()}/presence"), 404) == "not_found"


def test_invisible_people_still_receive():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as sa, b.socket() as sb:
        sa.send({"type": "presence.update", "status": "offline"})
        sb.expect("presence.changed", where=about(user_id=a.id, status="offline"))
        assert b.presence(a.id)["status"] == "offline"
        assert a.id not in good(b.rest.get("/api/v1/users/online"))["users"]
        b.send(conv, "psst")
        sa.expect("message.new")
        sa.send({"type": "presence.update", "data": {"status": "away"}})
        f = sb.expect("presence.changed", where=about(status="away"))
        assert f["user_id"] == a.id and f["data"] == {"user_id": a.id, "status": "away"}
        sa.send({"type": "presence.update", "status": "away"})
        sb.expect_none("presence.changed", quiet=0.3)
        sa.send({"type": "presence.update", "status": "sleeping", "request_id": "r"})
        f = sa.expect("error")
        assert f["data"]["code"] == "HANDLE_ERROR" and f["data"]["request_id"] == "r"


def test_people_are_shown_with_when_they_were_there_last():
    a, b, c = people(3)
    conv = a.conversation(b, c)
    sent = a.send(conv, "hello")
    shown = lambda who: {one["id"]: one for one in good(who.rest.get(f"/api/v1/conversations/{conv}"))["members"]}
    assert all("last_seen" not in one for one in shown(b).values())   # of those who never were
    with b.socket() as sb:
        def a_comes_and_goes():
            a.socket().close()
            for status in ("online", "offline"):
                sb.expect("presence.changed", where=about(user_id=a.id, status=status))

        a_comes_and_goes()
        seen = shown(b)
        assert seen[a.id]["status"] == "offline" and seen[a.id]["last_seen"] == b.presence(a.id)["last_seen"]
        assert seen[b.id]["status"] == "online" and "last_seen" not in seen[b.id]
        first = seen[a.id]["last_seen"]
        a_comes_and_goes()
        later = shown(b)[a.id]["last_seen"]
        assert later > first
        assert b.get(sent["id"])["sender"]["last_seen"] == b.history(conv)[0]["sender"]["last_seen"] == later
        a.send(conv, "again")
        assert sb.expect("message.new")["data"]["sender"]["last_seen"] == later
        listed = good(b.rest.get("/api/v1/conversations"))[0]
        assert listed["last_message"]["sender"]["last_seen"] == later


def test_when_somebody_was_there_last_is_known_after_a_restart():
    port = services.free_port()
    base = f"http://127.0.0.1:{port}"
    with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=messaging"]) as running:
        a, b = Person(base=base), Person(base=base)
        conv = a.conversation(b)
        a.socket().close()
        member = lambda: next(one for one in good(b.rest.get(f"/api/v1/conversations/{conv}"))["members"] if one["id"] == a.id)
        services.wait_until(lambda: "last_seen" in member(), 5, "their leaving")
        before = member()["last_seen"]
        running.stop()
        running.start()
        b = Person(b.id, base)
        assert abs(datetime.fromisoformat(member()["last_seen"]) - datetime.fromisoformat(before)) < timedelta(seconds=5)


def test_presence_is_for_those_who_share_a_conversation_and_the_last_socket():
    a, b, x = people(3)
    a.conversation(b)
    with b.socket() as sb, x.socket() as sx:
        with a.socket() as s1:
            sb.expect("presence.changed", where=about(user_id=a.id, status="online"))
            with a.socket() as s2:
                sb.expect_none("presence.changed", quiet=0.3)
                s1.send({"type": "presence.update", "status": "busy"})
                s2.expect("presence.changed", where=about(user_id=a.id, status="busy"))   # one's own other device
            sb.expect("presence.changed", where=about(status="busy"))
            sb.expect_none("presence.changed", quiet=0.3)
        sb.expect("presence.changed", where=about(user_id=a.id, status="offline"))
        sx.expect_none("presence.changed", quiet=0.1)
    assert good(b.rest.get("/api/v1/users/online"))["count"] >= 0


# ---- 9. the socket

def test_acknowledgements_are_for_who_asks():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as s:
        s.send({"type": "message.send", "conversation_id": conv, "content": "one", "request_id": "r1"})
        ack = s.expect("ack")
        assert ack["request_id"] == "r1" and ack["data"]["content"] == "one"
        mid = ack["data"]["id"]
        for frame in ({"type": "message.edit", "message_id": mid, "content": "uno"}, {"type": "reaction.add", "message_id": mid, "emoji": "👍"},
                      {"type": "reaction.remove", "data": {"message_id": mid, "emoji": "👍"}}, {"type": "message.read", "message_id": mid},
                      {"type": "typing.start", "conversation_id": conv}, {"type": "presence.update", "status": "away"},
                      {"type": "message.delete", "message_id": mid}):
            s.send({**frame, "request_id": "r"})
            assert s.expect(lambda f: f.get("type") in ("ack", "error"))["type"] == "ack", frame
        s.send({"type": "message.send", "conversation_id": conv, "content": "quiet"})
        s.expect("message.new", where=lambda f: f["data"]["content"] == "quiet")
        s.expect_none("ack", quiet=0.2)


def test_what_a_frame_asks_for_is_answered_by_its_request_id():
    a, b = people(2)
    conv = a.conversation(b)
    mid = a.send(conv, "hi")["id"]
    with a.socket() as s:
        s.send({"type": "ping", "request_id": "p"})
        s.expect("pong")
        assert s.expect("ack")["request_id"] == "p"
        good(a.delete(mid))
        for frame in ({"type": "message.delete"}, {"type": "message.read"}, {"type": "message.edit", "content": "x"}, {"type": "reaction.add", "emoji": "x"}):
            s.send({**frame, "message_id": mid, "request_id": "gone"})
            assert s.expect("error")["data"]["request_id"] == "gone", frame
        s.send({"type": "message.send", "conversation_id": conv, "content": "x", "request_id": "a" + "é" * 70})
        assert s.expect("ack")["request_id"] == "a" + "é" * 63   # cut, and not inside a character


def test_who_was_not_seen_goes_unseen():
    a, b = people(2)
    a.conversation(b)
    with b.socket() as sb:
        with a.socket() as sa:
            sa.send({"type": "presence.update", "status": "offline"})
            sb.expect("presence.changed", where=about(user_id=a.id, status="offline"))
        with a.socket():
            sb.expect("presence.changed", where=about(user_id=a.id, status="online"))
        sb.expect("presence.changed", where=about(user_id=a.id, status="offline"))
        assert [frame["status"] for frame in sb.seen if frame["type"] == "presence.changed"] == ["online", "offline", "online", "offline"]


def test_data_wins_over_what_stands_beside_the_type():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as s:
        s.send({"type": "message.send", "conversation_id": str(uuid.uuid4()), "content": "outside",
                "data": {"conversation_id": conv, "content": "inside", "type": "image"}})
        got = s.expect("message.new")["data"]
        assert got["content"] == "inside" and got["type"] == "image"
        s.send({"type": "message.send", "conversation_id": conv, "content": "outside", "message_type": "video", "data": {"content": "inside"}})
        got = s.expect("message.new")["data"]
        assert got["content"] == "inside" and got["type"] == "video"


@pytest.mark.parametrize("frame, code", [("{bad", "INVALID_MESSAGE"), ("[]", "INVALID_MESSAGE"), ("{}", "INVALID_MESSAGE"), ('{"type":5}', "INVALID_MESSAGE"),
                                         (b"\xff", "INVALID_MESSAGE"), ('{"type":"x"}', "HANDLE_ERROR"),
                                         ('{"type":"message.read"}', "HANDLE_ERROR"), ('{"type":"message.read","message_id":"x"}', "HANDLE_ERROR"),
                                         ('{"type":"message.read","message_id":5}', "HANDLE_ERROR"),
                                         ('{"type":"typing.start","conversation_id":"6b01c14f-7854-8e24-8315-45955d000000"}', "HANDLE_ERROR")])
def test_bad_frames(frame, code):
    with Person().socket() as s:
        s.send(frame)
        assert s.expect("error")["data"]["code"] == code
        s.send(b'{"type":"ping"}')   # binary is read as text
        s.expect("pong")


def test_typing_ends_by_itself():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as sa, b.socket() as sb:
        sa.send({"type": "typing.start", "conversation_id": conv})
        assert sb.expect("typing.indicator")["is_typing"] is True
        begun = time.monotonic()
        assert sb.expect("typing.indicator", timeout=8)["is_typing"] is False
        assert 3.5 < time.monotonic() - begun < 7


def test_a_frame_of_more_than_half_a_mebibyte_ends_the_connection():
    with Person().socket() as s:
        s.send(json.dumps({"type": "ping", "x": "y" * (512 * 1024)}))
        assert s.wait_closed()[0] == 1009


def test_too_many_frames_are_refused_and_the_socket_lives():
    with Person().socket() as s:
        for _ in range(400):
            s.send({"type": "ping"})
        assert s.expect("error")["data"]["code"] == "RATE_LIMITED"
        assert s.closed is None


def test_conversations_are_told_of_as_they_come():
    a, b, c = people(3)
    with b.socket() as s:
        conv = a.conversation(b, c, name="fresh")
        got = s.expect("conversation.created")["data"]
        assert got["id"] == conv and got["name"] == "fresh" and got["member_count"] == 3 and got["unread_count"] == 0
