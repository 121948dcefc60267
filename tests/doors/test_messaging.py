"""The messaging door where the acceptance cases leave off (docs/wires/messaging.md): callers, errors, objects, operations."""
from __future__ import annotations

import json
import time
import uuid

import jwt
import pytest
import services
from client import Rest, Socket, make_token, new_user, ws_url
from messaging import Person, field, good, is_receipt, people
from messaging_door import base, code_of, server  # noqa: F401
from websockets.exceptions import InvalidStatus

# ---- 1. who is calling

@pytest.mark.parametrize("change", [{"user_id": str(uuid.UUID(int=0))}, {"user_id": "anna"}, {"user_id": None}, {"nbf": time.time() + 600},
                                    {"exp": time.time() - 1}, {"exp": None}])
def test_a_token_that_does_not_count_is_401(base, change):
    claims = {"user_id": new_user(), "exp": int(time.time()) + 600, **change}
    text = jwt.encode({k: v for k, v in claims.items() if v is not None}, services.JWT_SECRET, algorithm="HS256")
    assert code_of(Rest(base, {"Authorization": "Bearer " + text}).get("/api/v1/conversations"), 401) == "unauthorized"
    with pytest.raises(InvalidStatus) as e:
        Socket(ws_url(base, "/ws?token=" + text))
    assert e.value.response.status_code == 401


def test_the_place_of_the_sockets_says_who_may_not_connect(base):
    assert code_of(Rest(base).get("/ws"), 401) == "unauthorized"
    assert code_of(Person().rest.get("/ws"), 400) == "bad_request"


def test_a_refused_handshake_is_an_answer_like_any_other(base):
    with pytest.raises(InvalidStatus) as e:
        Socket(ws_url(base, "/ws?token=x"))
    headers = e.value.response.headers
    assert headers["x-request-id"] and headers["x-content-type-options"] == "nosniff"
    assert json.loads(e.value.response.body)["code"] == "unauthorized"


def test_sub_names_the_user_where_user_id_does_not_and_the_header_will_do_for_a_socket(base):
    anna = new_user()
    text = make_token(services.JWT_SECRET, {"sub": anna})
    good(Rest(base, {"Authorization": "Bearer " + text}).get("/api/v1/conversations"))
    with Socket(ws_url(base, "/ws"), {"Authorization": "Bearer " + text}) as s:
        s.send({"type": "ping"})
        assert s.expect("pong") == {"type": "pong"}


def test_people_are_shown_as_their_tokens_say_and_placeholders_until_then(base):
    a = Person(username="anna", email="anna@example.org", display_name="Anna", avatar_url="https://x/a.png")
    b_id = new_user()
    conv = good(a.rest.post("/api/v1/conversations", {"type": "direct", "member_ids": [a.id, b_id]}), 201)
    seen = {m["id"]: m for m in conv["members"]}
    assert {k: seen[a.id][k] for k in ("username", "email", "display_name", "avatar_url", "role")} == {
        "username": "anna", "email": "anna@example.org", "display_name": "Anna", "avatar_url": "https://x/a.png", "role": "owner"}
    assert seen[b_id]["username"] == b_id and seen[b_id]["role"] in ("member", "owner") and "email" not in seen[b_id]
    assert seen[a.id]["created_at"] and seen[a.id]["updated_at"] and seen[a.id]["status"] == "offline"


# ---- 2. errors

def test_every_answer_has_an_id_and_no_sniffing(base):
    a = Person()
    for r in (a.rest.get("/api/v1/conversations"), a.rest.get("/nothing"), Rest(base).get("/api/v1/conversations"), Rest(base).get("/health")):
        assert r.headers["x-request-id"] and r.headers["x-content-type-options"] == "nosniff", r.url
    assert a.rest.get("/api/v1/conversations", headers={"X-Request-ID": "mine"}).headers["x-request-id"] == "mine"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"content":5}', b'{"content":"\xff"}', b'{"content":"\\ud800"}'])
def test_bad_bodies_are_400(content):
    a, b = people(2)
    conv = a.conversation(b)
    r = a.rest.call("POST", f"/api/v1/conversations/{conv}/messages", content=content, headers={"Content-Type": "application/json"})
    assert code_of(r, 400) == "bad_request"


def test_codes_of_refusals():
    a, b, x = people(3)
    conv = a.conversation(b)
    mid = a.send(conv, "hi")["id"]
    assert code_of(a.rest.get("/api/v1/conversations/nope"), 400) == "bad_request"
    assert code_of(a.rest.get("/api/v1/messages/nope"), 400) == "bad_request"
    assert code_of(a.rest.get("/api/v1/files/nope"), 400) == "bad_request"
    assert code_of(a.rest.get("/api/v1/users/nope/presence"), 400) == "bad_request"
    assert code_of(a.rest.get(f"/api/v1/messages/{uuid.uuid4()}"), 404) == "not_found"
    assert code_of(a.rest.get("/api/v1/nothing"), 404) == "not_found"
    r = a.rest.call("PATCH", "/api/v1/conversations")
    assert r.status_code == 405 and r.json()["code"] and r.headers["allow"]
    assert code_of(x.rest.get(f"/api/v1/conversations/{conv}"), 404) == "not_found"
    assert code_of(x.say(conv, "hi"), 403) == "forbidden"
    assert code_of(x.rest.get(f"/api/v1/conversations/{conv}/messages"), 403) == "forbidden"
    assert code_of(x.rest.get(f"/api/v1/messages/{mid}"), 403) == "forbidden"
    assert code_of(x.react(mid, "👍"), 403) == "forbidden"
    assert code_of(x.unreact(mid, "👍"), 403) == "forbidden"
    assert code_of(x.read(mid), 403) == "forbidden"
    assert code_of(x.edit(mid, "mine"), 403) == "forbidden"
    assert code_of(x.delete(mid), 403) == "forbidden"
    assert code_of(a.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": x.id}), 409) == "conflict"
    # Reading it says nothing of a conversation to a stranger; changing it is refused.
    for r in (x.rest.put(f"/api/v1/conversations/{conv}", {"name": "mine", "description": "mine"}), x.rest.delete(f"/api/v1/conversations/{conv}"),
              x.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": x.id}), x.rest.delete(f"/api/v1/conversations/{conv}/members/{a.id}")):
        assert code_of(r, 403) == "forbidden"
    assert code_of(x.rest.put(f"/api/v1/conversations/{uuid.uuid4()}", {"name": "mine"}), 404) == "not_found"


def test_pages_fall_back_and_are_cut():
    a, b = people(2)
    conv = a.conversation(b)
    ids = [a.send(conv, f"m{i}")["id"] for i in range(3)][::-1]
    for bad in ({"limit": 0}, {"limit": -5}, {"limit": "x"}, {"limit": 1000}, {"offset": -1}, {"offset": "x"}):
        assert [m["id"] for m in b.history(conv, **bad)] == ids, bad
    assert good(Person().rest.get("/api/v1/conversations")) == []


# ---- 3. objects

def test_a_message_in_full():
    a, b = people(2)
    conv = a.conversation(b)
    root = a.send(conv, "root")
    assert set(root) == {"id", "conversation_id", "sender_id", "content", "type", "is_edited", "is_deleted", "created_at", "updated_at", "sender"}
    b.react(root["id"], "👍")
    b.read(root["id"])
    reply = b.send(conv, "reply", reply_to_id=root["id"], metadata={"k": 1})
    assert reply["reply_to"]["id"] == root["id"] and reply["reply_to"]["content"] == "root"
    for got in (a.get(root["id"]), a.history(conv)[1]):
        assert [(r["message_id"], r["user_id"], r["emoji"]) for r in got["reactions"]] == [(root["id"], b.id, "👍")]
        assert [(r["message_id"], r["user_id"]) for r in got["read_by"]] == [(root["id"], b.id)]
        assert uuid.UUID(got["reactions"][0]["id"]) and uuid.UUID(got["read_by"][0]["id"]) and got["read_by"][0]["read_at"]
    assert a.history(conv)[0]["reply_to"]["id"] == root["id"]
    assert len(root["created_at"].split(".")[1]) == 7   # microseconds and Z


def test_receipts_are_for_the_message_that_was_read():
    a, b = people(2)
    conv = a.conversation(b)
    ids = [a.send(conv, f"m{i}")["id"] for i in range(3)]
    with a.socket() as s:
        good(b.read(ids[1]))
        assert field(s.expect(is_receipt), "message_id") == ids[1]
        unread = lambda: good(b.rest.get(f"/api/v1/conversations/{conv}"))["unread_count"]
        assert unread() == 1   # those after the last one read
        readers = lambda mid: [r["user_id"] for r in a.get(mid).get("read_by", [])]
        assert (readers(ids[0]), readers(ids[1]), readers(ids[2])) == ([], [b.id], [])
        good(b.read(ids[0]))
        assert field(s.expect(is_receipt), "message_id") == ids[0]
        good(b.read(ids[0]))
        s.expect_none(is_receipt, quiet=0.3)
        assert readers(ids[0]) == [b.id] and unread() == 1
        good(a.read(ids[2]))   # one's own: no receipt
        assert readers(ids[2]) == []
        s.expect_none(is_receipt, quiet=0.3)


# ---- 11. operations

def test_readiness_names_its_checks(base):
    got = good(Rest(base).get("/ready"))
    assert got["status"] == "ready" and got["checks"]["database"] == "up" and got["checks"]["storage"] == "up"


def test_conversations_are_counted_whoever_is_there(base, server):
    def counted() -> float:
        line = next(one for one in Rest(base).get("/metrics").text.splitlines() if one.startswith("messaging_conversations_total "))
        return float(line.split()[1])

    a = Person()
    before = counted()
    conv = a.conversation(Person())
    services.wait_until(lambda: counted() == before + 1, 10, "the count of conversations")
    server.stop()
    server.start()
    services.wait_until(lambda: counted() == before + 1, 10, "the count after a restart")
    good(a.rest.delete(f"/api/v1/conversations/{conv}"))
    services.wait_until(lambda: counted() == before, 10, "the count of conversations")
