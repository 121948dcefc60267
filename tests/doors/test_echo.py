"""The echo door where the acceptance cases leave off: its contract (docs/wires/echo.md), section by section."""
from __future__ import annotations

import json
import os
import subprocess
import time
import uuid

import pytest
import services
from client import Rest, Socket, new_user, ws_url
from echo import Person, about, body, data, gateway, jwt_only, of_message, people, refused, together
from echo_door import BINARY, base, server  # noqa: F401
from websockets.exceptions import InvalidStatus

# ---- 1. who is calling

@pytest.mark.parametrize("user, claims", [(None, {"token_type": "refresh"}), (None, {"nbf": time.time() + 3600}), ("anna", {})])
def test_a_token_for_something_else_is_401(base, user, claims):
    assert refused(Rest(base, jwt_only(user or new_user(), **claims)).get("/api/v1/conversations"), 401)["code"] == "UNAUTHENTICATED"


def test_an_access_token_is_taken(base):
    data(Rest(base, jwt_only(new_user(), token_type="access")).get("/api/v1/conversations"))


def test_token_and_header_must_agree(base):
    refused(Rest(base, {**jwt_only(new_user()), **gateway(new_user())}).get("/api/v1/conversations"), 401)


def test_a_header_that_is_no_uuid_is_401(base):
    refused(Rest(base, gateway("anna")).get("/api/v1/conversations"), 401)


def test_ids_are_taken_in_any_case_and_shown_in_lower(base):
    anna, ben = new_user(), new_user()
    made = data(Rest(base, gateway(anna.upper())).post(
        "/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [ben.upper()]}), 201)
    assert made["creator_user_id"] == anna and made["participant_ids"] == [anna, ben]
    got = Rest(base, gateway(anna)).get(f"/api/v1/conversations/{made['id'].upper()}")
    assert data(got)["id"] == made["id"] == made["id"].lower()


def test_preflight_knows_the_headers_of_this_wire(base):
    asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type,x-user-id,x-device-id"}
    r = Rest(base).call("OPTIONS", "/api/v1/messages", headers=asked)
    assert r.status_code == 204
    allowed = r.headers["access-control-allow-headers"].lower()
    for name in ("authorization", "content-type", "x-user-id", "x-session-id", "x-session-token", "x-device-id", "x-platform",
                 "x-app-version", "x-request-id"):
        assert name in allowed
    r = Rest(base).call("OPTIONS", "/api/v1/messages", headers={**asked, "Origin": "http://evil.example"})
    assert r.status_code == 204 and "access-control-allow-origin" not in r.headers


def test_a_socket_from_a_strange_page_is_refused(base):
    for origin, good in (("http://localhost:3000", True), ("http://evil.example", False)):
        try:
            Socket(ws_url(base, "/ws"), {**gateway(new_user()), "Origin": origin}).close()
            assert good
        except InvalidStatus as e:
            assert not good and e.response.status_code == 403


# ---- 2. the envelope

def test_every_answer_has_its_envelope(base):
    a = Person()
    for r in (a.rest.get("/api/v1/conversations"), a.rest.get("/api/v1/nothing"), Rest(base).get("/health"), Rest(base).get("/ready")):
        meta = r.json()["metadata"]
        assert set(meta) >= {"request_id", "timestamp", "timestamp_unix", "duration", "duration_ms", "method", "path", "status_code",
                             "service", "version", "environment"}
        assert meta["service"] == "message-service" and meta["status_code"] == r.status_code
        assert isinstance(meta["duration"], str) and isinstance(meta["duration_ms"], (int, float))
        assert r.headers["x-request-id"] == meta["request_id"] and r.headers["x-content-type-options"] == "nosniff"
        assert r.headers["content-type"] == "application/json; charset=utf-8"


def test_a_refusal_says_all_the_contract_asks_for():
    a, b = people(2)
    error = refused(a.say(a.conversation(b), "x", message_type="hologram"), 400)
    assert set(error) >= {"code", "type", "message", "description", "fields", "timestamp"}
    assert error["type"] == "ValidationError"
    assert error["fields"] == [{"field": "MessageType", "message": error["fields"][0]["message"], "code": "INVALID_FORMAT", "value": "hologram"}]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b'{"conversation_id":5}', b'{"content":"\xff"}',
                                     b'{"content":"\\ud800"}'])
def test_what_is_no_good_json_is_an_invalid_request(content):
    error = refused(Person().rest.call("POST", "/api/v1/messages", content=content, headers={"Content-Type": "application/json"}), 400)
    assert error["code"] == "INVALID_REQUEST" and error["type"] == "Bad Request"


def test_the_last_of_two_keys_wins_and_strange_keys_are_passed_over():
    a, b = people(2)
    c = a.conversation(b)
    raw = '{"conversation_id":"%s","content":"first","message_type":"text","surprise":[1],"content":"second"}' % c
    sent = data(a.rest.call("POST", "/api/v1/messages", content=raw, headers={"Content-Type": "application/json; charset=utf-8"}), 201)
    assert sent["content"] == "second"


@pytest.mark.parametrize("method, path", [("GET", "/api/v1/messages/nope"), ("PUT", "/api/v1/messages/nope"),
                                          ("GET", "/api/v1/conversations/nope"), ("GET", "/api/v1/conversations/nope/messages"),
                                          ("POST", "/api/v1/messages/nope/read"), ("DELETE", "/api/v1/messages/nope"),
                                          ("POST", "/api/v1/conversations/nope/typing"), ("GET", "/api/v1/messages/nope/delivery")])
def test_a_bad_id_in_a_path_is_an_invalid_request(method, path):
    assert refused(Person().rest.call(method, path, json={"content": "x", "is_typing": True}), 400)["code"] == "INVALID_REQUEST"


def test_a_bad_user_in_a_path_is_an_invalid_request():
    a, b, c = people(3)
    where = a.conversation(b, c)
    for call in (a.rest.call("PATCH", f"/api/v1/conversations/{where}/participants/nope", json={"can_send_messages": True}),
                 a.rest.delete(f"/api/v1/conversations/{where}/participants/nope")):
        assert refused(call, 400)["code"] == "INVALID_REQUEST"


def test_what_is_not_there_is_404_and_other_methods_405():
    a = Person()
    for path in ("/api/v1/nothing", "/nothing", "/nothing/at/all", f"/api/v1/messages/{uuid.uuid4()}", f"/{uuid.uuid4()}/history"):
        assert refused(a.rest.get(path), 404)["code"] == "NOT_FOUND", path
    for method, path in (("PATCH", "/api/v1/messages"), ("DELETE", "/api/v1/conversations"), ("POST", "/health")):
        r = a.rest.call(method, path)
        assert refused(r, 405)["code"] == "METHOD_NOT_ALLOWED" and r.headers["allow"]


def test_a_body_of_more_than_10_mib_is_413():
    a = Person()
    r = a.rest.call("POST", "/api/v1/messages", content=b'{"content":"' + b"x" * (10 * 1024 * 1024) + b'"}',
                    headers={"Content-Type": "application/json"})
    assert refused(r, 413)["code"] == "PAYLOAD_TOO_LARGE"


def test_a_body_of_9_mib_is_looked_at():
    a, b = people(2)
    error = refused(a.say(a.conversation(b), "x" * (9 * 1024 * 1024)), 400)
    assert error["fields"][0]["field"] == "Content" and error["fields"][0]["code"] == "TOO_LONG"


# ---- 3. addresses

@pytest.mark.parametrize("root", ["/api/v1/messages", ""])
def test_the_gateways_addresses_work_too(root):
    a, b = people(2)
    c = data(a.rest.post(f"{root}/conversations", {"conversation_type": "direct", "participant_ids": [b.id]}), 201)["id"]
    assert [one["id"] for one in data(a.rest.get(f"{root}/conversations"))["conversations"]] == [c]
    first, second = (data(a.rest.post(root or "/", {"conversation_id": c, "content": text, "message_type": "text"}), 201)["id"]
                     for text in ("one", "two"))
    page = data(b.rest.get(root or "/", params={"conversation_id": c, "limit": 1, "before": second}))
    assert [m["id"] for m in page["messages"]] == [first] and page["has_more"] is False
    assert data(b.rest.post(f"{root}/read", {"message_id": first}))["marked_count"] == 1
    assert data(b.rest.post(f"{root}/read", {"message_ids": [first, second]}))["marked_count"] == 1
    data(b.rest.post(f"{root}/typing", {"conversation_id": c, "is_typing": True}))
    data(a.rest.put(f"{root}/{first}", {"content": "uno"}))
    data(a.rest.delete(f"{root}/{second}"))
    assert [m["content"] for m in a.history(c)] == ["uno"]


def test_the_gateways_socket(base):
    a = Person()
    with Socket(ws_url(base, "/api/v1/messages/ws"), a.headers) as s:
        assert body(s.expect("connection_ack"))["status"] == "connected"


# ---- 4. conversations

@pytest.mark.parametrize("change, field, code", [
    ({"conversation_type": None}, "ConversationType", "REQUIRED_FIELD"), ({"conversation_type": "party"}, "ConversationType", "INVALID_FORMAT"),
    ({"participant_ids": None}, "ParticipantIDs", "REQUIRED_FIELD"), ({"participant_ids": []}, "ParticipantIDs", "REQUIRED_FIELD"),
    ({"participant_ids": ["anna"]}, "ParticipantIDs", "INVALID_FORMAT"), ({"title": "t" * 256}, "Title", "TOO_LONG"),
    ({"description": "d" * 1001}, "Description", "TOO_LONG")])
def test_a_bad_conversation_is_told_by_its_field(change, field, code):
    asked = {"conversation_type": "group", "participant_ids": [new_user()], **change}
    error = refused(Person().rest.post("/api/v1/conversations", {k: v for k, v in asked.items() if v is not None}), 400)
    assert error["code"] == "VALIDATION_FAILED" and (error["fields"][0]["field"], error["fields"][0]["code"]) == (field, code)


def test_titles_and_descriptions_up_to_their_limits():
    a, b = people(2)
    made = data(a.rest.post("/api/v1/conversations", {
        "conversation_type": "group", "participant_ids": [b.id, b.id, a.id], "title": "🙂" * 255, "description": "ü" * 1000,
        "is_public": True, "is_encrypted": False}), 201)
    assert made["title"] == "🙂" * 255 and made["description"] == "ü" * 1000 and made["member_count"] == 2
    assert made["is_public"] is True and made["is_encrypted"] is False and made["participant_ids"] == [a.id, b.id]


def test_five_thousand_participants_and_no_more():
    a = Person()
    crowd = [new_user() for _ in range(5000)]
    made = data(a.rest.post("/api/v1/conversations", {"conversation_type": "group", "participant_ids": crowd[:4999]}), 201)
    assert made["member_count"] == 5000
    error = refused(a.rest.post("/api/v1/conversations", {"conversation_type": "group", "participant_ids": [*crowd, new_user()]}), 400)
    assert error["fields"][0]["code"] == "TOO_LONG"


def test_a_direct_conversation_is_one_for_the_pair():
    a, b = people(2)
    first = a.rest.post("/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [b.id]})
    second = b.rest.post("/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [a.id]})
    assert data(first, 201) == data(second, 200)
    refused(a.rest.post("/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [b.id, new_user()]}), 400)
    refused(a.rest.post("/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [a.id]}), 400)


def test_the_list_of_conversations_has_pages():
    a = Person()
    made = [a.conversation(Person()) for _ in range(3)]
    a.send(made[0], "newest")
    got = data(a.rest.get("/api/v1/conversations", params={"limit": 2}))
    assert [c["id"] for c in got["conversations"]] == [made[0], made[2]]
    assert (got["total"], got["limit"], got["offset"], got["has_more"]) == (3, 2, 0, True)
    got = data(a.rest.get("/api/v1/conversations", params={"limit": 2, "offset": 2}))
    assert [c["id"] for c in got["conversations"]] == [made[1]] and got["has_more"] is False
    row = got["conversations"][0]
    assert set(row) >= {"id", "conversation_type", "is_encrypted", "is_public", "member_count", "unread_count", "mention_count", "created_at"}
    assert "last_message_at" not in row
    for bad in ({"limit": 0}, {"limit": 101}, {"limit": "x"}, {"limit": -1}, {"offset": -1}, {"offset": "x"}):
        assert refused(a.rest.get("/api/v1/conversations", params=bad), 400)["fields"][0]["field"] in ("Limit", "Offset")


def test_one_conversation_shows_its_participants():
    a, b, c = people(3)
    where = a.conversation(b, c, title="three")
    first, second = (a.send(where, text)["id"] for text in ("one", "two"))
    data(b.read(second))
    got = data(a.rest.get(f"/api/v1/conversations/{where}"))
    assert got["title"] == "three" and got["member_count"] == 3
    seen = {p["user_id"]: p for p in got["participants"]}
    assert {p["role"] for p in seen.values()} == {"owner", "member"} and seen[a.id]["role"] == "owner"
    assert seen[b.id]["last_read_message_id"] == second and seen[b.id]["unread_count"] == 0
    assert "last_read_message_id" not in seen[c.id] and seen[c.id]["unread_count"] == 2
    assert all(p["can_send_messages"] is True and p["joined_at"] for p in seen.values())
    refused(Person().rest.get(f"/api/v1/conversations/{where}"), 403)
    data(b.read(first))   # an earlier one does not take the place of the newest
    seen = {p["user_id"]: p for p in data(b.rest.get(f"/api/v1/conversations/{where}"))["participants"]}
    assert seen[b.id]["last_read_message_id"] == second


@pytest.mark.parametrize("kind", ["channel", "broadcast"])
def test_in_a_channel_new_members_may_not_send(kind):
    a, b, c = people(3)
    where = a.conversation(b, kind=kind)
    assert data(a.rest.get(f"/api/v1/conversations/{where}"))["conversation_type"] == kind
    refused(b.say(where, "no"), 403)
    added = data(a.rest.post(f"/api/v1/conversations/{where}/participants", {"user_ids": [c.id]}))
    refused(c.say(where, "no"), 403)
    data(a.permit(where, b, can_send_messages=True))
    b.send(where, "yes")
    a.send(where, "of course")


def test_roles_and_who_gives_them():
    a, b, c, x = people(4)
    where = a.conversation(b, c)
    assert data(a.permit(where, b, role="moderator"))["role"] == "moderator"
    assert data(a.permit(where, b, role="admin"))["role"] == "admin"
    refused(c.permit(where, b, can_send_messages=False), 403)   # a member has no say
    refused(b.permit(where, a, role="member"), 403)             # nobody changes a higher role
    assert data(b.permit(where, c, can_send_messages=False))["can_send_messages"] is False
    assert refused(a.permit(where, c, role="emperor"), 400)["code"] == "VALIDATION_FAILED"
    data(b.rest.post(f"/api/v1/conversations/{where}/participants", {"user_ids": [x.id], "can_send_messages": False}))
    refused(x.say(where, "no"), 403)
    refused(c.rest.post(f"/api/v1/conversations/{where}/participants", {"user_ids": [new_user()]}), 403)
    refused(c.rest.delete(f"/api/v1/conversations/{where}/participants/{x.id}"), 403)
    data(b.rest.delete(f"/api/v1/conversations/{where}/participants/{x.id}"))
    refused(x.rest.get(f"/api/v1/conversations/{where}/messages"), 403)
    data(c.rest.delete(f"/api/v1/conversations/{where}/participants/{c.id}"))   # oneself


def test_the_power_of_an_admin_leaves_what_they_may_send():
    a, b, c = people(3)
    where = a.conversation(b, c)
    data(a.permit(where, b, role="admin"))
    seen = data(a.permit(where, b, can_send_messages=False))
    assert (seen["role"], seen["can_send_messages"]) == ("admin", False)
    refused(b.say(where, "no"), 403)
    refused(b.permit(where, c, can_send_messages=False), 403)   # no power meanwhile
    assert data(a.permit(where, b, can_send_messages=True))["role"] == "admin"
    b.send(where, "again")


def test_a_moderator_has_no_power_over_the_roster():
    a, b, c = people(3)
    where = a.conversation(b, c)
    data(a.permit(where, b, role="moderator"))
    refused(b.permit(where, c, can_send_messages=False), 403)
    seen = {p["user_id"]: p for p in data(c.rest.get(f"/api/v1/conversations/{where}"))["participants"]}
    assert (seen[b.id]["role"], seen[b.id]["can_send_messages"]) == ("moderator", True)
    assert data(a.permit(where, b, can_send_messages=False))["role"] == "moderator"
    assert data(a.permit(where, b, role="member"))["can_send_messages"] is False   # what is not said stays
    assert refused(a.permit(where, b), 400)["code"] == "VALIDATION_FAILED"
    assert refused(a.permit(where, Person(), role="admin"), 404)["code"] == "NOT_FOUND"


def test_the_roster_of_a_direct_conversation_is_fixed():
    a, b = people(2)
    c = a.conversation(b)
    for r in (a.rest.post(f"/api/v1/conversations/{c}/participants", {"user_ids": [new_user()]}), a.permit(c, b, can_send_messages=False),
              a.rest.delete(f"/api/v1/conversations/{c}/participants/{b.id}")):
        assert refused(r, 409)["code"] == "CONFLICT"


def test_changes_of_the_roster_are_told():
    a, b, c = people(3)
    where = a.conversation(b, kind="group")
    with b.socket() as s:
        data(a.rest.post(f"/api/v1/conversations/{where}/participants", {"user_ids": [c.id]}))
        f = body(s.expect("conversation_updated"))
        assert (f["conversation_id"], f["change"], f["user_id"]) == (where, "participant_added", c.id) and f["timestamp"]
        data(a.permit(where, c, can_send_messages=False))
        assert body(s.expect("conversation_updated"))["change"] == "permissions"
        data(a.rest.delete(f"/api/v1/conversations/{where}/participants/{c.id}"))
        assert body(s.expect("conversation_updated"))["change"] == "participant_removed"


# ---- 5. messages

def test_a_message_in_full():
    a, b = people(2)
    c = a.conversation(b)
    sent = a.send(c, "hi")
    assert set(sent) == {"id", "conversation_id", "sender_user_id", "content", "message_type", "status", "mentions", "metadata", "created_at", "updated_at"}
    assert isinstance(sent["created_at"], int) and isinstance(sent["updated_at"], int) and sent["mentions"] == [] and sent["metadata"] == {}
    got = data(b.rest.get(f"/api/v1/messages/{sent['id']}"))
    assert set(got) == {"id", "conversation_id", "sender_user_id", "content", "message_type", "status", "is_edited", "is_deleted", "mentions",
                        "metadata", "created_at", "updated_at", "reply_count", "delivery_count", "read_count"}
    assert got["created_at"].endswith("Z") and got["is_edited"] is False and got["is_deleted"] is False


@pytest.mark.parametrize("change, field, code", [
    ({"conversation_id": None}, "ConversationID", "REQUIRED_FIELD"), ({"conversation_id": "x"}, "ConversationID", "INVALID_FORMAT"),
    ({"content": None}, "Content", "REQUIRED_FIELD"), ({"content": ""}, "Content", "REQUIRED_FIELD"),
    ({"content": "x" * 10001}, "Content", "TOO_LONG"), ({"content": "a\0b"}, "Content", "INVALID_FORMAT"),
    ({"message_type": None}, "MessageType", "REQUIRED_FIELD"), ({"message_type": "system"}, "MessageType", "INVALID_FORMAT"),
    ({"parent_message_id": "x"}, "ParentMessageID", "INVALID_FORMAT"),
    ({"parent_message_id": str(uuid.uuid4())}, "ParentMessageID", "INVALID_FORMAT"),
    ({"metadata": {"k": "x" * 16384}}, "Metadata", "TOO_LONG"),
    ({"mentions": [{"user_id": str(uuid.uuid4()), "offset": 0, "length": 1}]}, "Mentions", "INVALID_FORMAT"),
    ({"mentions": [{"offset": 0, "length": 1}]}, "Mentions", "REQUIRED_FIELD")])
def test_a_bad_message_is_told_by_its_field(change, field, code):
    a, b = people(2)
    asked = {"conversation_id": a.conversation(b), "content": "hello", "message_type": "text", **change}
    error = refused(a.rest.post("/api/v1/messages", {k: v for k, v in asked.items() if v is not None}), 400)
    assert error["code"] == "VALIDATION_FAILED" and (error["fields"][0]["field"], error["fields"][0]["code"]) == (field, code)


def test_ten_thousand_characters_are_taken():
    a, b = people(2)
    text = "🙂" * 10000
    assert a.send(a.conversation(b), text)["content"] == text


def test_a_picture_needs_no_words():
    a, b = people(2)
    c = a.conversation(b)
    got = data(a.rest.post("/api/v1/messages", {"conversation_id": c, "message_type": "image", "metadata": {"media_url": "https://x/y"}}), 201)
    assert got["content"] == "" and got["metadata"] == {"media_url": "https://x/y"}
    refused(a.rest.post("/api/v1/messages", {"conversation_id": c, "message_type": "image"}), 400)


def test_content_comes_back_as_it_was():
    a, b = people(2)
    c = a.conversation(b)
    text = "  <b>&amp;</b> \\ \" \t\n e\u0301 \u200d \x01 ' "
    assert a.send(c, text)["content"] == text and b.history(c)[0]["content"] == text


def test_the_same_client_id_again_is_the_first_message():
    a, b = people(2)
    c = a.conversation(b)
    first = a.send(c, "once", client_message_id="k1")
    assert data(a.say(c, "once", client_message_id="k1"), 200)["id"] == first["id"]
    assert len(b.history(c)) == 1
    both = together(*[lambda: a.say(c, "twin", client_message_id="k2")] * 4)
    assert sorted(r.status_code for r in both) == [200, 200, 200, 201] and len({r.json()["data"]["id"] for r in both}) == 1
    assert data(a.say(c, "something else", client_message_id="k1"), 200)["content"] == "once"
    refused(a.say(c, "long", client_message_id="k" * 65), 400)


def test_mentions_count_code_points_and_are_counted():
    a, b = people(2)
    c = a.conversation(b)
    a.send(c, "🙂🙂ab", mentions=[{"user_id": b.id, "offset": 2, "length": 2}])
    assert b.listed(c)["mention_count"] == 1 and a.listed(c)["mention_count"] == 0
    a.send(c, "🙂🙂ab", mentions=[{"user_id": b.id, "offset": 0, "length": 1}, {"user_id": b.id, "offset": 1, "length": 1}])
    assert b.listed(c)["mention_count"] == 2   # by one for each message
    for bad in ({"offset": 3, "length": 2}, {"offset": -1, "length": 1}, {"offset": 0, "length": 0}):
        refused(a.say(c, "🙂🙂ab", mentions=[{"user_id": b.id, **bad}]), 400)


def test_replies_are_counted_and_listed():
    a, b = people(2)
    c = a.conversation(b)
    root = a.send(c, "root")["id"]
    ids = [b.send(c, f"r{i}", parent_message_id=root)["id"] for i in range(3)]
    assert data(a.rest.get(f"/api/v1/messages/{root}"))["reply_count"] == 3
    page = data(a.rest.get(f"/api/v1/messages/{root}/replies", params={"limit": 2}))
    assert [m["id"] for m in page["messages"]] == [ids[2], ids[1]] and page["has_more"] is True
    page = data(a.rest.get(f"/api/v1/messages/{root}/replies", params={"limit": 2, "before_id": ids[1]}))
    assert [m["id"] for m in page["messages"]] == [ids[0]] and page["has_more"] is False
    data(b.delete(ids[0]))
    assert data(a.rest.get(f"/api/v1/messages/{root}"))["reply_count"] == 2
    data(a.delete(root))
    assert refused(b.say(c, "late", parent_message_id=root), 400)["fields"][0]["field"] == "ParentMessageID"


def test_pages_of_history_are_exact():
    a, b = people(2)
    c, other = a.conversation(b), a.conversation(Person())
    ids = [a.send(c, f"m{i}")["id"] for i in range(6)]
    foreign = a.send(other, "elsewhere")["id"]
    data(a.delete(ids[2]))
    page = b.page(c, limit=2, before_id=ids[4])
    assert [m["id"] for m in page["messages"]] == [ids[3], ids[1]] and page["has_more"] is True and page["next_cursor"] == ids[1]
    page = b.page(c, limit=2, before_id=page["next_cursor"])
    assert [m["id"] for m in page["messages"]] == [ids[0]] and page["has_more"] is False and "next_cursor" not in page
    page = b.page(c, limit=2, after_id=ids[0])
    assert [m["id"] for m in page["messages"]] == [ids[3], ids[1]] and page["has_more"] is True
    assert [m["id"] for m in b.page(c, after_id=ids[4])["messages"]] == [ids[5]]
    for bad in ({"limit": 0}, {"limit": 101}, {"limit": "ten"}, {"before_id": "x"}, {"before_id": foreign}, {"after_id": str(uuid.uuid4())}):
        refused(b.rest.get(f"/api/v1/conversations/{c}/messages", params=bad), 400)


def test_edits_keep_every_text_that_ever_was_also_when_they_race():
    a, b = people(2)
    c = a.conversation(b)
    mid = a.send(c, "start")["id"]
    data(a.edit(mid, "start"))   # the same again is no edit
    assert data(a.rest.get(f"/api/v1/messages/{mid}/history"))["edits"] == []
    together(*[lambda i=i: data(a.edit(mid, f"text {i}")) for i in range(6)])
    edits = [e["previous_content"] for e in data(b.rest.get(f"/api/v1/messages/{mid}/history"))["edits"]]
    now = b.history(c)[0]["content"]
    assert len(edits) == 6 and edits[0] == "start" and sorted(edits[1:] + [now]) == sorted(f"text {i}" for i in range(6))
    refused(Person().rest.get(f"/api/v1/messages/{mid}/history"), 403)
    assert refused(a.edit(mid, ""), 400)["fields"][0]["field"] == "Content"
    assert refused(a.edit(mid, "x" * 10001), 400)["fields"][0]["code"] == "TOO_LONG"


def test_an_edit_drops_mentions_that_no_longer_fit():
    a, b = people(2)
    c = a.conversation(b)
    mid = a.send(c, "hello ben", mentions=[{"user_id": b.id, "offset": 6, "length": 3}])["id"]
    assert data(a.edit(mid, "hi"))["mentions"] == []
    fresh = [{"user_id": b.id, "offset": 0, "length": 2}]
    assert data(a.rest.put(f"/api/v1/messages/{mid}", {"content": "yo", "mentions": fresh}))["mentions"] == fresh


def test_a_deleted_message_is_gone_for_all():
    a, b = people(2)
    c = a.conversation(b)
    keep, gone = a.send(c, "keep the secret word")["id"], a.send(c, "gone secret word")["id"]
    got = data(a.delete(gone))
    assert got["id"] == gone and got["is_deleted"] is True and got["deleted_at"]
    for r in (a.rest.get(f"/api/v1/messages/{gone}"), b.rest.get(f"/api/v1/messages/{gone}/history"), b.read(gone),
              b.rest.get(f"/api/v1/messages/{gone}/delivery"), a.edit(gone, "x")):
        refused(r, 404)
    row = b.listed(c)
    assert row["unread_count"] == 1
    assert abs(row["last_message_at"] - time.time()) < 60
    data(a.delete(keep))
    assert "last_message_at" not in b.listed(c)
    found = data(b.rest.get("/api/v1/messages/search", params={"q": "secret"}))
    assert found["messages"] == []


# ---- 6. delivery, read, unread

def test_reading_is_for_one_message_and_once():
    a, b = people(2)
    c = a.conversation(b)
    first, second, third = (a.send(c, f"m{i}")["id"] for i in range(3))
    with a.socket() as s:
        got = data(b.read(second))
        assert got["message_id"] == second and got["marked_count"] == 1 and got["read_at"]
        s.expect("message_read", where=about(message_id=second, user_id=b.id, conversation_id=c))
        assert data(b.read(second))["marked_count"] == 0
        s.expect_none("message_read", quiet=0.3)
        assert b.listed(c)["unread_count"] == 1   # those after the newest that was read
        assert data(a.rest.get(f"/api/v1/messages/{first}"))["status"] != "read"
        assert data(b.read(first))["marked_count"] == 1
        s.expect("message_read", where=about(message_id=first))
        assert b.listed(c)["unread_count"] == 1
        data(b.read(third))
        assert b.listed(c)["unread_count"] == 0
    assert data(a.read(first))["marked_count"] == 0   # one's own
    assert refused(Person().read(first), 403)["code"] == "PERMISSION_DENIED"
    refused(b.read(str(uuid.uuid4())), 404)


def test_the_state_of_a_message_is_its_weakest():
    a, b, c = people(3)
    where = a.conversation(b, c)
    mid = a.send(where, "all of you")["id"]
    look = lambda: (lambda m: (m["status"], m["delivery_count"], m["read_count"]))(data(a.rest.get(f"/api/v1/messages/{mid}")))
    assert look() == ("sent", 0, 0)
    data(b.read(mid))
    assert look() == ("sent", 1, 1)   # read implies delivered
    c.history(where)
    assert look() == ("delivered", 2, 1)
    data(c.read(mid))
    assert look() == ("read", 2, 2)
    got = a.delivery(mid)
    assert got[b.id]["status"] == got[c.id]["status"] == "read" and got[b.id]["delivered_at"] and got[b.id]["read_at"]
    refused(Person().rest.get(f"/api/v1/messages/{mid}/delivery"), 403)


def test_a_delivery_is_told_once_however_many_devices():
    a, b = people(2)
    c = a.conversation(b)
    with a.socket() as sa, b.socket("one"), b.socket("two"):
        mid = a.send(c, "there?")["id"]
        sa.expect("message_delivered", where=about(message_id=mid, user_id=b.id, conversation_id=c))
        sa.expect_none("message_delivered", quiet=0.5)


def test_what_is_fetched_is_delivered():
    a, b = people(2)
    c = a.conversation(b)
    mid = a.send(c, "fetch me")["id"]
    with a.socket() as s:
        b.history(c)
        s.expect("message_delivered", where=about(message_id=mid, user_id=b.id))
        assert a.delivery(mid)[b.id]["status"] == "delivered"


def test_typing_ends_with_a_message_and_is_not_for_strangers():
    a, b = people(2)
    c = a.conversation(b)
    with b.socket() as s:
        data(a.rest.post(f"/api/v1/conversations/{c}/typing", {"is_typing": True}))
        assert body(s.expect("typing"))["is_typing"] is True
        a.send(c, "done")
        assert body(s.expect("typing"))["is_typing"] is False
    refused(Person().rest.post(f"/api/v1/conversations/{c}/typing", {"is_typing": True}), 403)
    refused(a.rest.post(f"/api/v1/conversations/{c}/typing", {"is_typing": "yes"}), 400)


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


# ---- 10. operations

def test_health_and_readiness_in_full(base):
    got = data(Rest(base).get("/health"))
    assert got["status"] == "healthy" and got["service"] == "message-service"
    assert set(got) >= {"version", "uptime", "timestamp", "liveness", "readiness", "checks", "environment"}
    assert got["liveness"]["ok"] is True and got["readiness"]["ok"] is True
    assert set(got["checks"]["database"]) >= {"status", "message", "response_time"}
    got = data(Rest(base).get("/ready"))
    assert got["status"] == "healthy" and got["ok"] is True and got["checks"]["database"]["status"] == "healthy"


def test_all_metrics_are_there_from_the_start(base):
    text = Rest(base).get("/metrics").text
    for name in ("echo_websocket_connections", "echo_messages_sent_total", "echo_message_delivery_seconds", "echo_db_query_seconds",
                 "echo_kafka_publish_seconds", "echo_offline_push_total", "process_resident_memory_bytes"):
        assert f"# TYPE {name} " in text, name
    assert "echo_message_delivery_seconds_bucket" in text and "echo_db_query_seconds_bucket" in text


def test_limits_are_shown_to_known_callers():
    r = Person().rest.get("/api/v1/conversations")
    assert int(r.headers["x-ratelimit-limit"]) > int(r.headers["x-ratelimit-remaining"]) >= 0
    assert int(r.headers["x-ratelimit-reset"]) >= int(time.time()) - 1


# ---- 11. additions

def test_reactions_are_grouped_and_idempotent():
    a, b = people(2)
    c = a.conversation(b)
    mid = a.send(c, "nice")["id"]
    path = f"/api/v1/messages/{mid}/reactions"
    with a.socket() as s:
        data(a.rest.post(path, {"reaction_type": "👍"}), 201)
        data(b.rest.post(path, {"reaction_type": "👍"}), 201)
        data(b.rest.post(path, {"reaction_type": "👍"}), 200)
        data(b.rest.post(path, {"reaction_type": ":tada:"}), 201)
        seen = [body(s.expect("reaction_added")) for _ in range(3)]
        assert [(f["user_id"], f["reaction_type"]) for f in seen] == [(a.id, "👍"), (b.id, "👍"), (b.id, ":tada:")]
        assert all(f["message_id"] == mid and f["conversation_id"] == c and f["timestamp"] for f in seen)
        assert b.history(c)[0]["reactions"] == [{"reaction_type": "👍", "count": 2, "user_ids": [a.id, b.id]},
                                                {"reaction_type": ":tada:", "count": 1, "user_ids": [b.id]}]
        for _ in range(2):
            data(b.rest.delete(path + "/%F0%9F%91%8D"))
        assert body(s.expect("reaction_removed"))["user_id"] == b.id
        s.expect_none("reaction_removed", quiet=0.3)
    for bad in ("", "ab", "👍👍", "x" * 101, "no colons:"):
        refused(a.rest.post(path, {"reaction_type": bad}), 400)
    refused(Person().rest.post(path, {"reaction_type": "👍"}), 403)


def test_search():
    a, b, x = people(3)
    c, other = a.conversation(b), a.conversation(Person())
    first = a.send(c, "The Purple Elephant sleeps")["id"]
    second = a.send(c, "an elephant is PURPLE")["id"]
    a.send(other, "purple elephant elsewhere")
    ask = lambda who, **q: data(who.rest.get("/api/v1/messages/search", params=q))
    assert [m["id"] for m in ask(b, q="elephant purple")["messages"]] == [second, first]
    assert [m["id"] for m in ask(b, q='"purple elephant"')["messages"]] == [first]
    assert [m["id"] for m in ask(a, q="purple", conversation_id=c)["messages"]] == [second, first]
    page = ask(b, q="purple", limit=1)
    assert [m["id"] for m in page["messages"]] == [second] and page["has_more"] is True
    assert [m["id"] for m in ask(b, q="purple", limit=1, before_id=second)["messages"]] == [first]
    assert ask(x, q="purple")["messages"] == []
    for bad in ({}, {"q": " "}, {"q": "x", "limit": 0}):
        refused(b.rest.get("/api/v1/messages/search", params=bad), 400)


def test_a_text_for_its_readers_alone_is_not_found():
    a, b = people(2)
    c = a.conversation(b)
    sealed = a.send(c, "cipher needle", metadata={"e2ee": {"alg": "x"}})
    assert sealed["content"] == "cipher needle" and b.history(c)[0]["metadata"] == {"e2ee": {"alg": "x"}}
    assert data(b.rest.get("/api/v1/messages/search", params={"q": "needle"}))["messages"] == []
    refused(a.say(c, "x" * 10001, metadata={"e2ee": {"alg": "x"}}), 400)


def test_public_keys_are_kept_for_each_device():
    a, b = people(2)
    refused(b.rest.get(f"/api/v1/keys/{a.id}"), 404)
    for device, key in (("phone", "k1"), ("laptop", "k2"), ("phone", "k3")):
        got = data(a.rest.call("PUT", "/api/v1/keys", json={"identity": key, "n": [1, {"ü": None}]}, headers={"X-Device-ID": device}))
        assert got["device_id"] == device and got["bundle"] == {"identity": key, "n": [1, {"ü": None}]}
    got = data(b.rest.get(f"/api/v1/keys/{a.id}"))
    assert got["user_id"] == a.id
    assert {one["device_id"]: one["bundle"]["identity"] for one in got["bundles"]} == {"laptop": "k2", "phone": "k3"}
    assert all(one["updated_at"] for one in got["bundles"])
    for bad in (b"", b"{}", b"[1]"):
        refused(a.rest.call("PUT", "/api/v1/keys", content=bad), 400)
    refused(a.rest.call("PUT", "/api/v1/keys", json={"k": "x" * 17000}), 413)
    refused(b.rest.get("/api/v1/keys/anna"), 400)


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


def test_tokens_of_another_issuer_or_for_others_are_401():
    port = services.free_port()
    arguments = ["--listen", f"127.0.0.1:{port}=echo", "--echo-jwt-issuer", "us", "--echo-jwt-audience", "chat"]
    with services.Parley(BINARY, arguments=arguments):
        ask = lambda **claims: Rest(f"http://127.0.0.1:{port}", jwt_only(new_user(), **claims)).get("/api/v1/conversations")
        data(ask(iss="us", aud=["chat", "mail"]))
        for claims in ({}, {"iss": "us"}, {"iss": "them", "aud": "chat"}, {"iss": "us", "aud": "mail"}):
            refused(ask(**claims), 401)


def test_it_stands_in_for_the_original_by_its_own_variables(tmp_path):
    """No secret, but a trusted proxy: that is enough to start. With neither it refuses to."""
    port = services.free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    given = {**clean, "SERVER_HOST": "0.0.0.0", "SERVER_PORT": str(port), "LIMIT_MAX_MESSAGE_LENGTH": "5", "RATE_LIMIT_RPM": "300"}
    words = [BINARY, "serve", "--as", "echo", "--data", str(tmp_path / "data")]
    done = subprocess.run(words, env=given, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "JWT_SECRET_KEY" in done.stderr + done.stdout
    with open(tmp_path / "log", "wb") as log:
        running = subprocess.Popen(words, env={**given, "TRUSTED_PROXIES": "127.0.0.1/32"}, cwd=tmp_path, stdout=log, stderr=log)
    try:
        services.wait_until(lambda: b"listening" in (tmp_path / "log").read_bytes(), 30, "the server")
        base = f"http://127.0.0.1:{port}"
        rest = Rest(base, gateway(new_user()))
        c = data(rest.post("/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [new_user()]}), 201)["id"]
        r = rest.post("/api/v1/messages", {"conversation_id": c, "content": "short", "message_type": "text"})
        assert data(r, 201) and r.headers["x-ratelimit-limit"] == "300"
        refused(rest.post("/api/v1/messages", {"conversation_id": c, "content": "longer", "message_type": "text"}), 400)
        refused(Rest(base, jwt_only(new_user())).get("/api/v1/conversations"), 401)   # there is no key to check it with
    finally:
        running.terminate()
        running.wait(timeout=30)


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
