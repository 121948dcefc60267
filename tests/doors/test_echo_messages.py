"""Messages, and how far they have come, at the echo door (docs/wires/echo.md §5–6)."""
from __future__ import annotations

import time
import uuid

import pytest
from echo import Person, about, body, data, people, refused, together
from echo_door import server  # noqa: F401

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


def test_a_refusal_names_the_field_that_is_wrong():
    a, b = people(2)
    c = a.conversation(b)
    root = a.send(c, "root")["id"]
    stranger = [{"user_id": str(uuid.uuid4()), "offset": 0, "length": 1}]
    field = lambda **more: refused(a.say(c, "text", **more), 400)["fields"][0]["field"]
    assert field(parent_message_id=root, mentions=stranger) == "Mentions"
    assert field(parent_message_id=str(uuid.uuid4()), mentions=stranger) == "ParentMessageID"


def test_who_fetches_a_message_has_it():
    a, b = people(2)
    c = a.conversation(b)
    mid = a.send(c, "hello")["id"]
    assert a.delivery(mid)[b.id]["status"] == "sent"
    data(a.rest.get(f"/api/v1/messages/{mid}"))
    assert a.delivery(mid)[b.id]["status"] == "sent"
    data(b.rest.get(f"/api/v1/messages/{mid}"))
    assert a.delivery(mid)[b.id]["status"] == "delivered"


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
    refused(Person().rest.get(f"/api/v1/conversations/{c}/messages", params={"before_id": ids[4]}), 403)


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
