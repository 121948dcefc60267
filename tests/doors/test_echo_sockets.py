"""The sockets of the echo door (docs/wires/echo.md §7), and the calls that they relay (§11)."""
from __future__ import annotations

import json
import uuid

import pytest
import services
from client import Rest, Socket, new_user, ws_url
from echo import Person, body, data, gateway, jwt_only, of_message, people, refused, together
from echo_door import BINARY, base, server  # noqa: F401

# ---- 7. the socket

def test_the_first_frame_is_an_acknowledgement(base):
    with Socket(ws_url(base, "/ws?device_id=d1&platform=ios&app_version=1.2"), gateway(new_user())) as s:
        f = s.expect(lambda _: True)
        assert f["type"] == "connection_ack" and f["payload"]["status"] == "connected"
        assert uuid.UUID(f["payload"]["client_id"]) and f["payload"]["timestamp"]


def test_a_socket_by_token_in_the_address(base):
    token = jwt_only(new_user())["Authorization"].removeprefix("Bearer ")
    with Socket(ws_url(base, "/ws?token=" + token)) as s:
        s.expect("connection_ack")


@pytest.mark.parametrize("frame", ["{bad", "[]", "5", '{"payload":{}}', '{"type":5}', '{"type":"typing","payload":{}}',
                                   '{"type":"typing","payload":{"conversation_id":"x","is_typing":true}}', '{"type":"typing","payload":[]}',
                                   '{"type":"read_receipt","payload":{"message_id":7}}', '{"type":"read_receipt"}', b"\xff\xfe"])
def test_a_bad_frame_is_answered_and_the_socket_lives(frame):
    with Person().socket() as s:
        s.send(frame)
        f = body(s.expect("error"))
        assert f["code"] in ("INVALID_REQUEST", "VALIDATION_FAILED") and f["message"]
        s.send({"type": "ping"})
        s.expect("pong")


def test_an_error_names_the_frame_it_is_about():
    with Person().socket() as s:
        s.send({"type": "read_receipt", "payload": {"message_id": str(uuid.uuid4())}})
        f = body(s.expect("error"))
        assert f["code"] == "NOT_FOUND" and f["ref_type"] == "read_receipt"


def test_a_hundred_bad_frames_a_minute_are_enough():
    with Person().socket() as s:
        for _ in range(101):
            s.send("{")
        assert s.wait_closed()[0] == 1008


def test_a_frame_of_more_than_half_a_mebibyte_ends_the_connection():
    with Person().socket() as s:
        s.send(json.dumps({"type": "ping", "payload": {"x": "y" * (512 * 1024)}}))
        assert s.wait_closed()[0] == 1009


def test_sending_over_the_socket():
    a, b = people(2)
    c = a.conversation(b)
    with a.socket() as sa, b.socket() as sb:
        sa.send({"type": "send_message", "payload": {"conversation_id": c, "content": "by wire", "message_type": "text"}})
        ack = body(sa.expect("message_ack"))
        assert ack["content"] == "by wire" and isinstance(ack["created_at"], int)
        sb.expect("new_message", where=of_message(ack["id"]))
        sa.expect("new_message", where=of_message(ack["id"]))
        sa.send({"type": "send_message", "payload": {"conversation_id": c, "content": "", "message_type": "text"}})
        assert body(sa.expect("error"))["code"] == "VALIDATION_FAILED"


def test_frames_come_in_the_order_of_history():
    a, b = people(2)
    c = a.conversation(b)
    with b.socket() as s:
        together(*[lambda i=i: a.send(c, f"m{i}") for i in range(8)])
        seen = [body(s.expect("new_message"))["message"]["id"] for _ in range(8)]
    assert [m["id"] for m in b.history(c)][::-1] == seen


def test_edits_and_deletions_reach_all_devices():
    a, b = people(2)
    c = a.conversation(b)
    mid = a.send(c, "v1")["id"]
    with a.socket() as sa, b.socket("one") as s1, b.socket("two") as s2:
        data(a.edit(mid, "v2"))
        for s in (sa, s1, s2):
            f = body(s.expect("message_edited"))
            assert (f["message_id"], f["conversation_id"], f["message"]["content"], f["message"]["is_edited"]) == (mid, c, "v2", True)
        data(a.delete(mid))
        for s in (sa, s1, s2):
            f = body(s.expect("message_deleted"))
            assert (f["message_id"], f["conversation_id"], f["user_id"]) == (mid, c, a.id) and f["timestamp"]


def test_frames_are_flat_where_they_are_to_be():
    port = services.free_port()
    with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=echo", "--echo-flat-frames", "on"]):
        a, b = (Person(base=f"http://127.0.0.1:{port}") for _ in range(2))
        c = a.conversation(b)
        with b.socket() as s:
            sent = a.send(c, "flat")
            f = s.expect("new_message")
            assert set(f) == {"type", "message", "timestamp"} and f["message"]["id"] == sent["id"]
            s.send({"type": "ping"})
            assert set(s.expect("pong")) == {"type", "timestamp"}
            s.send({"type": "no_such_thing"})
            assert s.expect("error")["code"] == "INVALID_REQUEST"


def test_nobody_is_called_who_is_not_in_the_conversation():
    a, b, x = people(3)
    where = a.conversation(b)
    with a.socket() as sa, x.socket() as sx:
        offer = {"conversation_id": where, "call_id": "k", "kind": "offer"}
        sa.send({"type": "call_signal", "payload": {**offer, "to_user_id": x.id}})
        assert body(sa.expect("error"))["code"] == "PERMISSION_DENIED"
        sx.send({"type": "call_signal", "payload": offer})
        assert body(sx.expect("error"))["code"] == "PERMISSION_DENIED"
        sx.expect_none("call_signal", quiet=0.2)


def test_the_place_of_the_sockets_says_who_may_not_connect(base):
    for path in ("/ws", "/api/v1/messages/ws"):
        assert refused(Rest(base).get(path), 401)["code"] == "UNAUTHENTICATED"
        assert refused(Rest(base, gateway(new_user())).get(path), 400)["code"] == "INVALID_REQUEST"


def test_calls_are_relayed_unchanged():
    a, b, c = people(3)
    where = a.conversation(b, c)
    with a.socket() as sa, b.socket() as sb, c.socket() as sc:
        offer = {"conversation_id": where, "call_id": "k", "kind": "offer", "data": {"sdp": "v=0", "n": [1]}}
        sa.send({"type": "call_signal", "payload": offer})
        for s in (sb, sc):
            assert body(s.expect("call_signal")) == {**offer, "from_user_id": a.id}
        sb.send({"type": "call_signal", "payload": {**offer, "kind": "answer", "to_user_id": a.id}})
        assert body(sa.expect("call_signal"))["kind"] == "answer"
        sc.expect_none("call_signal", quiet=0.3)
        sa.send({"type": "call_signal", "payload": {**offer, "kind": "song"}})
        sa.expect("error")
