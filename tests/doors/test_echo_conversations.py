"""Conversations and who may do what in them, at the echo door (docs/wires/echo.md §4)."""
from __future__ import annotations

import pytest
from client import new_user
from echo import Person, body, data, people, refused
from echo_door import server  # noqa: F401


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


def test_an_admin_of_a_channel_has_power_there():
    a, b, c, x = people(4)
    where = a.conversation(b, c, kind="channel")
    refused(b.say(where, "no"), 403)
    seen = data(a.permit(where, b, role="admin"))
    assert (seen["role"], seen["can_send_messages"]) == ("admin", True)
    b.send(where, "yes")
    data(b.rest.post(f"/api/v1/conversations/{where}/participants", {"user_ids": [x.id]}))
    data(b.rest.delete(f"/api/v1/conversations/{where}/participants/{c.id}"))


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
